//! What speaks against clicks and actions: the closed table of reason codes, and the columns that
//! are made of it.
//!
//! Codes, levels and bands are the trade's where it publishes them, and ours where a row says so.
//! A reason never keeps a partner from being paid by itself: what the key `risk` of a program says
//! of single clicks is all that does.

use crate::model::tally::Stored;

use super::dimension::{Attribute, AttributeKind};
use super::measure::{self, Measure, Source};

/// Kinds of what clicks may have in common: address, user agent, sub ids, page, and which stretch
/// of the day they come in.
pub const KINDS: usize = 5;
/// Buckets of each kind.
pub const BUCKETS_OF_KIND: usize = 64;

/// How much a reason says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// No person did that.
    Critical,
    /// Hardly a person did that.
    High,
    /// It says something only where it is far from what is usual in the program.
    Suspect,
}

impl Level {
    /// The word in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::High => "High",
            Self::Suspect => "Suspect",
        }
    }
}

/// What to do about a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// 0 to 5.
    Monitor,
    /// 5 to 10.
    LookCloser,
    /// 10 to 20.
    Investigate,
    /// Above 20.
    Stop,
}

impl Band {
    /// The band of a score.
    #[must_use]
    pub const fn of(score: i128) -> Self {
        match score {
            ..5 => Self::Monitor,
            5..10 => Self::LookCloser,
            10..=20 => Self::Investigate,
            _ => Self::Stop,
        }
    }

    /// The words in answers.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::LookCloser => "look closer",
            Self::Investigate => "investigate",
            Self::Stop => "stop",
        }
    }
}

/// Columns of rows that are judged.
pub const JUDGED: &[Attribute] = &[
    Attribute {
        name: "RiskLevel",
        kind: AttributeKind::Band,
        help: "What to do, by the score: monitor below 5, look closer below 10, investigate up to \
            20, stop above.",
    },
    Attribute {
        name: "Reasons",
        kind: AttributeKind::Details,
        help: "What speaks against the partner, the most telling first, with its figures and, in \
            brackets, its points (ours). Only what chance does not explain has points; Suspect \
            reasons have them only far from the median partner of the same query.",
    },
];

/// One reason code: how many events it speaks against, among how many.
#[derive(Clone, Copy, Debug)]
pub struct Reason {
    /// The code; one with `REF_` is inherited from the click of an action.
    pub code: &'static str,
    /// How much it says.
    pub level: Level,
    /// The events that it speaks against.
    pub count: Measure,
    /// Their share.
    pub share: Measure,
}

impl Reason {
    /// What its share divides, and by what.
    #[must_use]
    pub const fn parts(&self) -> (Option<Stored>, Option<Stored>) {
        match self.share.source {
            Source::Quotient {
                over: &[over],
                under,
            } => (Some(over), Some(under)),
            Source::Quotient { .. } | Source::Stored(_) | Source::Sum(_) => (None, None),
        }
    }
}

/// Columns of the report that other reports have too.
const SHARED: usize = 3;

/// The measures that this report alone shows.
pub fn measures() -> impl Iterator<Item = &'static Measure> {
    COLUMNS.iter().skip(SHARED)
}

macro_rules! reasons {
    ($($code:literal, $level:ident, $name:literal, $share:literal, $over:ident / $under:ident,
        $help:literal;)*) => {
        /// Every reason that is a share of events.
        pub const REASONS: &[Reason] = &[$(Reason {
            code: $code,
            level: Level::$level,
            count: Measure {
                name: $name,
                source: Source::Stored(Stored::$over),
                help: $help,
            },
            share: Measure {
                name: $share,
                source: Source::Quotient { over: &[Stored::$over], under: Stored::$under },
                help: concat!("Reason ", $code, ", level ", stringify!($level),
                    ", as a share of all."),
            },
        }),*];
        /// The columns of the report: clicks and actions, the figures that are no share of a
        /// reason, and count and share of each reason.
        pub const COLUMNS: &[Measure] = &[
            measure::RAW_CLICKS,
            measure::GROSS_ACTIONS,
            measure::ACTIONS,
            SCORE,
            RISK_CLICKS,
            RISK_CLICK_SHARE,
            RISK_ACTIONS,
            RISK_ACTION_SHARE,
            count(
                "ClickedActions",
                Stored::ClickedActions,
                "Actions whose time after the click is known.",
            ),
            count(
                "Under10sActions",
                Stored::Under10sActions,
                "Actions less than ten seconds after their click.",
            ),
            count(
                "Under2hActions",
                Stored::Under2hActions,
                "Actions less than two hours after their click.",
            ),
            count(
                "Under24hActions",
                Stored::Under24hActions,
                "Actions from two hours to a day after their click.",
            ),
            count(
                "Under7dActions",
                Stored::Under7dActions,
                "Actions from two to seven days after their click.",
            ),
            count(
                "RefusedClaims",
                Stored::RefusedClaims,
                "Conversions refused that name a click of the partner which can't have led to \
                 them; the unknown partner has those with forged click ids. They count on the day \
                 they came, imported ones on their own.",
            ),
            count(
                "TakenOrders",
                Stored::TakenOrders,
                "Conversions refused that name a click of the partner and an order whose first \
                 action is another partner's (ours), on the same days.",
            ),
            count(
                "PeopleClicks",
                Stored::PeopleClicks,
                "Clicks that count, unique ones and duplicates.",
            ),
            count(
                "TopNetworkClicks",
                Stored::TopNetworkClicks,
                "Clicks that count from the network (/24 or /48) with most of them, an estimate \
                 within 2 % of all.",
            ),
            share(
                "TopNetworkShare",
                &[Stored::TopNetworkClicks],
                Stored::PeopleClicks,
                "Share of one network, an estimate within 2 %.",
            ),
            count(
                "TopAgentClicks",
                Stored::TopAgentClicks,
                "Clicks that count of the user agent with most of them, an estimate within 2 %.",
            ),
            share(
                "TopAgentShare",
                &[Stored::TopAgentClicks],
                Stored::PeopleClicks,
                "Share of one user agent, an estimate within 2 %.",
            ),
            count(
                "TopPageClicks",
                Stored::TopPageClicks,
                "The most clicks that count which one page can have (ours), no estimate but a \
                 bound: pages are told apart by one in 64, and this is the fullest of these.",
            ),
            share(
                "TopPageShare",
                &[Stored::TopPageClicks],
                Stored::PeopleClicks,
                "The most that can be the share of one page.",
            ),
            count(
                "SubIdClicks",
                Stored::SubIdClicks,
                "Clicks that count and carry a sub id.",
            ),
            count(
                "TopSubIdClicks",
                Stored::TopSubIdClicks,
                "Clicks that count of the sub ids with most of them, an estimate within 2 %. Which \
                 they are is the partner's own affair.",
            ),
            share(
                "TopSubIdShare",
                &[Stored::TopSubIdClicks],
                Stored::SubIdClicks,
                "Share of one combination of sub ids, an estimate within 2 %.",
            ),
            count(
                "SameSubIdClicks",
                Stored::SameSubIdClicks,
                "Clicks that count with the same sub ids as an average one of them, itself \
                 included (ours), an estimate within 2 %: 1 where each has its own.",
            ),
            share(
                "SameSubIdShare",
                &[Stored::SameSubIdClicks],
                Stored::SubIdClicks,
                "How likely two clicks carry the same sub ids, an estimate within 2 %.",
            ),
            $(
                Measure {
                    name: $name,
                    source: Source::Stored(Stored::$over),
                    help: $help,
                },
                Measure {
                    name: $share,
                    source: Source::Quotient { over: &[Stored::$over], under: Stored::$under },
                    help: concat!("Reason ", $code, ", level ", stringify!($level),
                        ", as a share of all."),
                },
            )*
        ];
    };
}

reasons! {
    "SPIDERS_AND_BOTS", Critical, "RobotClicks", "RobotShare", RobotClicks / RawClicks,
        "Clicks whose user agent is on the list of robots.";
    "IMAGE_CLICK", Critical, "ImageClicks", "ImageShare", ImageClicks / RawClicks,
        "Clicks that an image fired, not a person.";
    "NO_BROWSER", High, "NoBrowserClicks", "NoBrowserShare", NoBrowserClicks / RawClicks,
        "Clicks whose user agent is empty or names no browser (ours).";
    "REQUEST_ANOMALY", High, "AnomalousClicks", "AnomalyShare", AnomalousClicks / RawClicks,
        "Clicks whose headers do not fit the browser that they name, or no link that was followed.";
    "DATA_CENTER", High, "HostingClicks", "HostingShare", HostingClicks / RawClicks,
        "Clicks from networks of hosts, by a dated list. A partner that forwards its own traffic \
         from a server looks like that too.";
    "NO_FETCH_METADATA", Suspect, "NoFetchClicks", "NoFetchShare", NoFetchClicks / RawClicks,
        "Clicks of browsers that say over https what a request is for, and did not (ours). All of \
         them where links are not https.";
    "FOREIGN_PAGE", Suspect, "ForeignPageClicks", "ForeignPageShare", ForeignPageClicks / RawClicks,
        "Clicks from pages whose host is none of the partner's properties (ours); none where no \
         property is named by its host.";
    "NO_REFERRER", Suspect, "NoReferrerClicks", "NoReferrerShare", NoReferrerClicks / PeopleClicks,
        "Clicks that count and do not say which page they come from (ours).";
    "BURST", Suspect, "BurstClicks", "BurstShare", BurstClicks / PeopleClicks,
        "Clicks that count within the 45 minutes of the day that have most of them (ours), of all \
         days together; they begin with a 64th of a day in UTC.";
    "DUPLICATE", Suspect, "DuplicateClicks", "DuplicateShare", DuplicateClicks / RawClicks,
        "Clicks of a visitor who had clicked before within the program's window.";
    "REF_SPIDERS_AND_BOTS", Critical, "RefRobotActions", "RefRobotShare",
        RefRobotActions / GrossActions, "Actions whose click is one of a robot.";
    "REF_IMAGE_CLICK", Critical, "RefImageActions", "RefImageShare",
        RefImageActions / GrossActions, "Actions whose click an image fired.";
    "REF_NO_BROWSER", High, "RefNoBrowserActions", "RefNoBrowserShare",
        RefNoBrowserActions / GrossActions, "Actions whose click names no browser (ours).";
    "REF_REQUEST_ANOMALY", High, "RefAnomalousActions", "RefAnomalyShare",
        RefAnomalousActions / GrossActions, "Actions whose click has headers that do not fit.";
    "REF_DATA_CENTER", High, "RefHostingActions", "RefHostingShare",
        RefHostingActions / GrossActions, "Actions whose click came from a network of hosts.";
    "TOO_SOON", High, "Under5sActions", "Under5sShare", Under5sActions / ClickedActions,
        "Actions less than five seconds after their click (ours).";
}

const fn count(name: &'static str, stored: Stored, help: &'static str) -> Measure {
    let source = Source::Stored(stored);
    Measure { name, source, help }
}

const fn share(
    name: &'static str,
    over: &'static [Stored],
    under: Stored,
    help: &'static str,
) -> Measure {
    let source = Source::Quotient { over, under };
    Measure { name, source, help }
}

/// How much speaks against a partner.
pub const SCORE: Measure = count(
    "RiskScore",
    Stored::RiskScore,
    "How much speaks against the partner, 0 to 100 (ours): the points of its reasons together. It \
     decides nothing; a person does.",
);
/// Clicks at risk.
pub const RISK_CLICKS: Measure = count(
    "RiskClicks",
    Stored::RiskClicks,
    "Clicks that a reason of level Critical or High speaks against.",
);
/// Their share.
pub const RISK_CLICK_SHARE: Measure = share(
    "RiskClickShare",
    &[Stored::RiskClicks],
    Stored::RawClicks,
    "Share of clicks at risk.",
);
/// Actions at risk.
pub const RISK_ACTIONS: Measure = count(
    "RiskActions",
    Stored::RiskActions,
    "Actions, reversed ones included, that a reason of level Critical or High speaks against.",
);
/// Their share.
pub const RISK_ACTION_SHARE: Measure = share(
    "RiskActionShare",
    &[Stored::RiskActions],
    Stored::GrossActions,
    "Share of actions at risk.",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_bands_are_those_of_the_trade() {
        for (at, reason) in REASONS.iter().enumerate() {
            assert!(REASONS[at + 1..].iter().all(|r| r.code != reason.code));
            assert!(reason.share.help.contains(reason.code));
            assert!(reason.share.help.contains(reason.level.word()));
        }
        let words = |score| Band::of(score).words();
        assert_eq!(
            [0, 4, 5, 9, 10, 20, 21, 100].map(words),
            [
                "monitor",
                "monitor",
                "look closer",
                "look closer",
                "investigate",
                "investigate",
                "stop",
                "stop"
            ]
        );
    }
}
