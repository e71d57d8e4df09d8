//! What a report has one row for, and the columns that name the row.

use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};
use crate::model::tally::Facet;
use crate::model::time::{Day, Millis, calendar};

use super::bucket::Bucket;
use super::facet::FacetKind;
use super::ledger;
use super::path;
use super::risk::{self, Band};

/// What one row of a report stands for: the parts that tell rows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// A stretch of time, in the program's time zone.
    pub bucket: Option<Bucket>,
    /// The program.
    pub program: bool,
    /// The partner.
    pub partner: bool,
    /// The facet of the cube; [`FacetKind::None`] adds its values up.
    pub facet: FacetKind,
    /// Rows are judged: their details are the reasons against them, with the points of each.
    pub is_judged: bool,
}

/// What tells a row from the others; rows sort by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// First day of the stretch of time.
    pub bucket: Option<Day>,
    /// The program.
    pub program: Option<ProgramId>,
    /// The partner.
    pub partner: Option<PartnerId>,
    /// The value of the facet.
    pub facet: Facet,
}

/// A column that names the row.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Column name in answers.
    pub name: &'static str,
    /// What it holds.
    pub kind: AttributeKind,
    /// What it means, as a sentence.
    pub help: &'static str,
}

/// What a naming column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// The program's number.
    ProgramId,
    /// The program's name in the catalogue.
    ProgramName,
    /// The name of the brand whose program it is.
    BrandName,
    /// The partner's number.
    PartnerId,
    /// The partner's name in the catalogue.
    PartnerName,
    /// The first day of the stretch of time, `YYYY-MM-DD`.
    Day,
    /// The number that is the facet.
    Number,
    /// The text that is the facet.
    Text,
    /// One of the parts of the facet's text, which tabs keep apart.
    Part(u8),
    /// The name of the partner's property whose number is the facet.
    PropertyName,
    /// When the ad ended whose number is the facet.
    AdEnd,
    /// Where customers are sent after the end of the ad whose number is the facet.
    AdPage,
    /// What the catalogue says of the partner.
    OfPartner(Said),
    /// The details with the largest figures.
    Details,
    /// What to do about a partner, by the sum of the figures of all details.
    Band,
    /// The name of the ad whose number is the facet.
    AdName,
    /// The name of the event type whose number is the facet.
    EventTypeName,
    /// The steps of the path that is the facet, by names.
    PathNames,
    /// The same by numbers of partners.
    PathIds,
    /// How many steps it has.
    PathLength,
    /// The minute that the facet tells.
    Minute,
    /// What flowed in, which the facet tells.
    Stream,
}

/// What the catalogue says of a partner beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Whom to write to.
    Contact,
    /// The group that it is filed under.
    Group,
    /// The name of its first property.
    FirstProperty,
    /// How it advertises.
    MediaType,
    /// One of the values that brands note, from 1.
    Value(u8),
}

/// Names that the catalogue gives, for the programs of a query.
pub trait Names {
    /// The names of a program and of its brand.
    fn program(&self, id: ProgramId) -> Option<(&str, &str)>;
    /// The name of a partner.
    fn partner(&self, id: PartnerId) -> Option<&str>;
    /// The name of an ad.
    fn ad(&self, id: AdId) -> Option<&str>;
    /// The name of an event type.
    fn event_type(&self, id: EventTypeId) -> Option<&str>;
    /// The name of a partner's property.
    fn property(&self, partner: PartnerId, id: u32) -> Option<&str>;
    /// What the catalogue says of a partner.
    fn said(&self, partner: PartnerId, what: Said) -> Option<&str>;
    /// When an ad ends.
    fn ad_end(&self, id: AdId) -> Option<Millis>;
    /// Where customers are sent after the end of an ad.
    fn ad_page(&self, id: AdId) -> Option<&str>;
}

/// A detail of a row and its figure.
pub type Detail = (Box<str>, i128);

/// Details that a row shows.
pub const DETAILS_MAX: usize = 10;

/// Shown for the clicks whose link names no known partner.
pub const UNKNOWN_PARTNER: &str = "Unknown partner";
/// Shown for the values beyond those that are kept apart.
pub const OTHER: &str = "(other)";

const PROGRAM: &[Attribute] = &[
    Attribute {
        name: "CampaignId",
        kind: AttributeKind::ProgramId,
        help: "Number of the program.",
    },
    Attribute {
        name: "Campaign",
        kind: AttributeKind::ProgramName,
        help: "Name of the program.",
    },
    Attribute {
        name: "Advertiser",
        kind: AttributeKind::BrandName,
        help: "Name of the brand whose program it is.",
    },
];

const PARTNER: &[Attribute] = &[
    Attribute {
        name: "MediaId",
        kind: AttributeKind::PartnerId,
        help: "Number of the partner; 0 gathers the clicks of unknown partners.",
    },
    Attribute {
        name: "Partner",
        kind: AttributeKind::PartnerName,
        help: "Name of the partner.",
    },
];

impl Dimension {
    /// One row for each partner.
    pub const PARTNER: Self = Self {
        bucket: None,
        program: false,
        partner: true,
        facet: FacetKind::None,
        is_judged: false,
    };

    /// One row for each program.
    pub const PROGRAM: Self = Self {
        program: true,
        partner: false,
        ..Self::PARTNER
    };

    /// One row for each stretch of time.
    #[must_use]
    pub const fn time(bucket: Bucket) -> Self {
        Self {
            bucket: Some(bucket),
            program: false,
            partner: false,
            facet: FacetKind::None,
            is_judged: false,
        }
    }

    /// One row for each value of a facet.
    #[must_use]
    pub const fn facet(facet: FacetKind) -> Self {
        Self {
            bucket: None,
            program: false,
            partner: false,
            facet,
            is_judged: false,
        }
    }

    /// The row that a cell belongs to, and the detail of the row that it adds to.
    #[must_use]
    pub fn row(
        self,
        (program, day, partner): (ProgramId, Day, PartnerId),
        facet: &Facet,
    ) -> (RowKey, Option<Box<str>>) {
        let (facet, detail) = self.facet.split(facet);
        let key = RowKey {
            bucket: self.bucket.map(|bucket| bucket.first(day)),
            program: self.program.then_some(program),
            partner: self.partner.then_some(partner),
            facet,
        };
        (key, detail)
    }

    /// The columns that name its rows.
    pub fn attributes(self) -> impl Iterator<Item = &'static Attribute> {
        let bucket = self.bucket.map_or(&[][..], Bucket::attributes);
        let program = if self.program { PROGRAM } else { &[] };
        let partner = if self.partner { PARTNER } else { &[] };
        let judged = if self.is_judged { risk::JUDGED } else { &[] };
        let facet = self.facet.attributes();
        let spot = bucket.iter().chain(program).chain(partner);
        spot.chain(facet).chain(judged)
    }

    /// What a row is for, in words.
    #[must_use]
    pub fn words(self) -> String {
        let bucket = self.bucket.map(Bucket::word);
        let program = self.program.then_some("program");
        let partner = self.partner.then_some("partner");
        let facet = self.facet.word();
        let words: Vec<&str> = bucket
            .into_iter()
            .chain(program)
            .chain(partner)
            .chain(facet)
            .collect();
        words.join(" and ")
    }
}

impl Attribute {
    /// What it shows for a row with these details, the largest first.
    #[must_use]
    pub fn text(&self, row: &RowKey, details: &[Detail], names: &dyn Names) -> String {
        let number = match &row.facet {
            Facet::Number(number) => *number,
            Facet::Text(text) => text.parse().unwrap_or(0),
            Facet::None | Facet::Other => 0,
        };
        let plain = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let partner = row.partner.unwrap_or(PartnerId::UNKNOWN);
        let named = |name: Option<&str>, what: &str| {
            name.map_or_else(|| format!("{what} {number}"), ToOwned::to_owned)
        };
        let program = row.program.unwrap_or_default();
        match self.kind {
            AttributeKind::ProgramId => program.to_string(),
            AttributeKind::ProgramName => names
                .program(program)
                .map_or_else(|| format!("Program {program}"), |(name, _)| name.to_owned()),
            AttributeKind::BrandName => plain(names.program(program).map(|(_, brand)| brand)),
            AttributeKind::PartnerId => partner.to_string(),
            AttributeKind::PartnerName if partner == PartnerId::UNKNOWN => {
                UNKNOWN_PARTNER.to_owned()
            }
            AttributeKind::PartnerName => partner_name(partner, names),
            AttributeKind::Day => day_text(row.bucket.unwrap_or(Day(0))),
            AttributeKind::Number => number.to_string(),
            AttributeKind::Text => facet_text(row).to_owned(),
            AttributeKind::Part(nth) => match facet_text(row) {
                OTHER => OTHER.to_owned(),
                text => plain(text.split('\t').nth(nth.into())),
            },
            AttributeKind::PropertyName => plain(names.property(partner, number)),
            AttributeKind::AdEnd => names
                .ad_end(AdId(number))
                .map_or_else(String::new, |end| end.to_string()),
            AttributeKind::AdPage => plain(names.ad_page(AdId(number))),
            AttributeKind::OfPartner(what) => plain(names.said(partner, what)),
            AttributeKind::Minute => ledger::minute(number).to_string(),
            AttributeKind::Stream => ledger::stream_name(number).to_owned(),
            AttributeKind::Details => details_text(details),
            AttributeKind::Band => {
                let score = details.iter().map(|(_, points)| points).sum();
                Band::of(score).words().to_owned()
            }
            AttributeKind::AdName => named(names.ad(AdId(number)), "Ad"),
            AttributeKind::EventTypeName => {
                named(names.event_type(EventTypeId(number)), "Event type")
            }
            AttributeKind::PathNames => match &row.facet {
                Facet::Text(path) => path::named(path, |id| partner_name(id, names)),
                _ => facet_text(row).to_owned(),
            },
            AttributeKind::PathIds => match &row.facet {
                Facet::Text(path) => path::numbered(path),
                _ => facet_text(row).to_owned(),
            },
            AttributeKind::PathLength => {
                path::length(&row.facet).map_or_else(String::new, |steps| steps.to_string())
            }
        }
    }

    /// Whether it is a number or a day, which rows sort by as such.
    #[must_use]
    pub const fn is_number(&self) -> bool {
        matches!(
            self.kind,
            AttributeKind::ProgramId
                | AttributeKind::PartnerId
                | AttributeKind::Number
                | AttributeKind::Day
                | AttributeKind::PathLength
                | AttributeKind::Minute
        )
    }

    /// The number or day that it shows for a row.
    #[must_use]
    pub fn number(&self, row: &RowKey) -> i64 {
        match self.kind {
            AttributeKind::Day => row.bucket.map_or(0, |day| day.0.into()),
            AttributeKind::ProgramId => row.program.map_or(0, |program| program.0.into()),
            AttributeKind::PartnerId => row.partner.map_or(0, |partner| partner.0.into()),
            AttributeKind::PathLength => path::length(&row.facet).unwrap_or(0),
            _ => match row.facet {
                Facet::Number(number) => number.into(),
                _ => 0,
            },
        }
    }
}

fn facet_text(row: &RowKey) -> &str {
    match &row.facet {
        Facet::Text(text) => text,
        Facet::Other => OTHER,
        Facet::None | Facet::Number(_) => "",
    }
}

fn partner_name(partner: PartnerId, names: &dyn Names) -> String {
    names
        .partner(partner)
        .map_or_else(|| format!("Partner {partner}"), ToOwned::to_owned)
}

fn details_text(details: &[Detail]) -> String {
    let shown = details.iter().take(DETAILS_MAX).map(|(text, figure)| {
        let text = if text.is_empty() { "(unknown)" } else { text };
        format!("{text} ({figure})")
    });
    shown.collect::<Vec<String>>().join("; ")
}

/// A calendar day as `YYYY-MM-DD`.
#[must_use]
pub fn day_text(day: Day) -> String {
    calendar::date(day).map_or_else(|| day.0.to_string(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Names for Sevens {
        fn program(&self, id: ProgramId) -> Option<(&str, &str)> {
            (id.0 == 7).then_some(("Shop", "Acme"))
        }
        fn partner(&self, id: PartnerId) -> Option<&str> {
            (id.0 == 7).then_some("Seven")
        }
        fn ad(&self, id: AdId) -> Option<&str> {
            (id.0 == 7).then_some("Banner")
        }
        fn event_type(&self, id: EventTypeId) -> Option<&str> {
            (id.0 == 7).then_some("Sale")
        }
        fn property(&self, partner: PartnerId, id: u32) -> Option<&str> {
            ((partner.0, id) == (7, 3)).then_some("blog.example")
        }
        fn said(&self, partner: PartnerId, what: Said) -> Option<&str> {
            (partner.0 == 7 && what == Said::Contact).then_some("seven@example.com")
        }
        fn ad_end(&self, id: AdId) -> Option<Millis> {
            (id.0 == 7).then_some(Millis(0))
        }
        fn ad_page(&self, id: AdId) -> Option<&str> {
            (id.0 == 7).then_some("https://shop.example/")
        }
    }

    fn texts(dimension: Dimension, day: i32, partner: u32, facet: &Facet) -> Vec<String> {
        let (row, detail) = dimension.row((ProgramId(7), Day(day), PartnerId(partner)), facet);
        let details: Vec<Detail> = detail.into_iter().map(|detail| (detail, 2)).collect();
        let attributes = dimension.attributes();
        attributes
            .map(|a| a.text(&row, &details, &Sevens))
            .collect()
    }

    #[test]
    fn rows_name_themselves() {
        let partner = |id| texts(Dimension::PARTNER, 0, id, &Facet::None);
        assert_eq!(partner(7), ["7", "Seven"]);
        assert_eq!(partner(0), ["0", "Unknown partner"]);
        assert_eq!(partner(9), ["9", "Partner 9"]);
        let ad = |id| texts(Dimension::facet(FacetKind::Ad), 0, 1, &Facet::Number(id));
        assert_eq!(ad(7), ["7", "Banner"]);
        assert_eq!(ad(8), ["8", "Ad 8"]);
        let both = Dimension {
            partner: true,
            ..Dimension::facet(FacetKind::EventType)
        };
        assert_eq!(
            texts(both, 0, 7, &Facet::Number(7)),
            ["7", "Seven", "7", "Sale"]
        );
        assert_eq!(both.words(), "partner and event type");
        let program = texts(Dimension::PROGRAM, 0, 1, &Facet::None);
        assert_eq!(program, ["7", "Shop", "Acme"]);
    }

    #[test]
    fn texts_are_shown_by_their_parts() {
        let partner = |facet| Dimension {
            partner: true,
            ..Dimension::facet(facet)
        };
        let text = |text: &str| Facet::Text(text.into());
        let shown = |kind, facet| texts(partner(kind), 0, 7, &facet)[2..].join("|");
        assert_eq!(shown(FacetKind::Property, text("3")), "3|blog.example");
        assert_eq!(shown(FacetKind::Property, text("x")), "x|");
        assert_eq!(shown(FacetKind::Device, text("TV\ta\tb")), "TV|a|b");
        assert_eq!(
            shown(FacetKind::Device, Facet::Other),
            "(other)|(other)|(other)"
        );
        assert_eq!(shown(FacetKind::Domain, text("")), "");
        assert_eq!(
            shown(FacetKind::ExpiredAd, text("7\thttps://blog.example/a")),
            "7|Banner|1970-01-01T00:00:00.000Z|https://shop.example/|\
             https://blog.example/a (2)|seven@example.com"
        );
        assert_eq!(
            shown(FacetKind::ExpiredAd, text("8\t")),
            "8|Ad 8|||(unknown) (2)|seven@example.com"
        );
    }

    #[test]
    fn days_are_gathered_by_weeks_from_monday_and_by_months() {
        let first = |bucket, day| texts(Dimension::time(bucket), day, 1, &Facet::None);
        // 2024-10-04 was a Friday.
        assert_eq!(first(Bucket::Day, 20_000), ["2024-10-04"]);
        assert_eq!(first(Bucket::Week, 20_000), ["2024-09-30"]);
        assert_eq!(first(Bucket::Week, 19_996), ["2024-09-30"]);
        assert_eq!(first(Bucket::Week, 19_995), ["2024-09-23"]);
        assert_eq!(first(Bucket::Month, 20_000), ["2024-10-01"]);
        assert_eq!(first(Bucket::Day, -1), ["1969-12-31"]);
        assert_eq!(first(Bucket::Week, -1), ["1969-12-29"]);
        assert_eq!(first(Bucket::Month, -1), ["1969-12-01"]);
    }

    #[test]
    fn a_report_that_does_not_show_the_facet_adds_it_up() {
        const SPOT: (ProgramId, Day, PartnerId) = (ProgramId(1), Day(3), PartnerId(7));
        let row = |facet| Dimension::PARTNER.row(SPOT, &Facet::Number(facet));
        assert_eq!(row(1), row(2));
        let row = |facet| Dimension::facet(FacetKind::Ad).row(SPOT, &Facet::Number(facet));
        assert!(row(1) < row(2));
    }
}
