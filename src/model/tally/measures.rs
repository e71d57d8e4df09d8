//! The stored measures of one aggregate cell, and how cells merge.

/// What a stored measure counts in, and how two of them become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number of events; they add up.
    Count,
    /// Millionths of the currency's major unit; they add up.
    Money,
    /// Unix milliseconds; the latest one stays.
    Latest,
}

macro_rules! measures {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $kind:ident;)*) => {
        /// A measure that is counted and stored; ratios of these are made by the report.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Stored {
            $($(#[$doc])* $name = $code,)*
        }

        impl Stored {
            /// Every stored measure in code order; a code never changes.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// What it counts in.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self {
                    $(Self::$name => Kind::$kind,)*
                }
            }

            /// The measure stored as `code`.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

measures! {
    /// Every click, duplicates and robots included.
    RawClicks = 0, Count;
    /// Clicks that are unique within the program's window.
    Clicks = 1, Count;
    /// Unique clicks that nothing keeps from being paid.
    PayableClicks = 2, Count;
    /// Actions, reversed ones included.
    GrossActions = 3, Count;
    /// Actions not reversed.
    Actions = 4, Count;
    /// Sale amount of the actions.
    SaleAmount = 5, Money;
    /// Payout of the actions.
    ActionCost = 6, Money;
    /// Payout of the actions, and of reversed ones what it was before.
    GrossActionCost = 7, Money;
    /// Texts that are kept apart of a day and partner; held by the cell of all others.
    Texts = 8, Count;
    /// Own time of the last click.
    LastClick = 9, Latest;
    /// Whole seconds from the first step of the path to the action.
    SecondsToConvert = 10, Count;
    /// Actions whose first step is the partner's, and which others took part in.
    Introducer = 11, Count;
    /// Actions that the partner has a step of, but neither the first nor the last one.
    Influencer = 12, Count;
    /// Actions whose last step is the partner's, and which others took part in.
    Closer = 13, Count;
    /// Actions that all steps of are the partner's.
    Solo = 14, Count;
    /// Actions that the partner is credited with.
    Credited = 15, Count;
    /// Actions that the partner took part in and another is credited with.
    Assisted = 16, Count;
    /// Actions that the partner took part in.
    Participations = 17, Count;
    /// Clicks of the partner that are steps of paths.
    ParticipatingClicks = 18, Count;
    /// What clicks are paid by themselves, not rounded.
    CpcCost = 30, Money;
    /// What judgements of the past pay more for clicks and settled actions.
    Adjusted = 31, Money;
    /// Clicks of people that say no page they come from.
    NoReferrerClicks = 40, Count;
    /// Conversions refused that name a click of the partner and an order of another's action.
    TakenOrders = 41, Count;
    /// Clicks of people in the fullest bucket of pages; made by the report.
    TopPageClicks = 45, Count;
    /// Clicks of people with the sub ids of an average one of them; made by the report.
    SameSubIdClicks = 46, Count;
    /// Clicks of people in the two fullest buckets of the day in a row; made by the report.
    BurstClicks = 47, Count;
    /// Clicks that a reason of level Critical or High speaks against.
    RiskClicks = 50, Count;
    /// Clicks of listed robots.
    RobotClicks = 51, Count;
    /// Clicks whose user agent names no browser.
    NoBrowserClicks = 52, Count;
    /// Clicks fired by an image.
    ImageClicks = 53, Count;
    /// Clicks whose headers do not fit a browser that follows a link.
    AnomalousClicks = 54, Count;
    /// Clicks from networks of hosts.
    HostingClicks = 55, Count;
    /// Clicks of browsers that say what a request is for, and did not.
    NoFetchClicks = 56, Count;
    /// Clicks from pages of others than the partner.
    ForeignPageClicks = 57, Count;
    /// Clicks of a visitor who had clicked before.
    DuplicateClicks = 58, Count;
    /// Actions that are reversed; made by the report.
    ReversedActions = 59, Count;
    /// Actions that a reason of level Critical or High speaks against, reversed ones included.
    RiskActions = 60, Count;
    /// Actions by a click of a listed robot.
    RefRobotActions = 61, Count;
    /// Actions by a click whose user agent names no browser.
    RefNoBrowserActions = 62, Count;
    /// Actions by a click fired by an image.
    RefImageActions = 63, Count;
    /// Actions by a click whose headers do not fit.
    RefAnomalousActions = 64, Count;
    /// Actions by a click from a network of hosts.
    RefHostingActions = 65, Count;
    /// Actions by a click that is known.
    ClickedActions = 66, Count;
    /// Of those, actions less than five seconds after the click.
    Under5sActions = 67, Count;
    /// Actions less than ten seconds after the click.
    Under10sActions = 68, Count;
    /// Actions less than two hours after the click.
    Under2hActions = 69, Count;
    /// Actions from two hours to a day after the click.
    Under24hActions = 70, Count;
    /// Actions from two to seven days after the click.
    Under7dActions = 71, Count;
    /// Conversions refused that name a click of the partner, or no valid one.
    RefusedClaims = 72, Count;
    /// Actions, refused claims and taken orders; made by the report.
    Conversions = 73, Count;
    /// Clicks of people that fell into the fullest bucket of addresses; made by the report.
    TopNetworkClicks = 74, Count;
    /// Those of the fullest bucket of user agents; made by the report.
    TopAgentClicks = 75, Count;
    /// Those of the fullest bucket of sub ids; made by the report.
    TopSubIdClicks = 76, Count;
    /// Clicks of people that carry a sub id; made by the report.
    SubIdClicks = 77, Count;
    /// Clicks of people, unique ones and duplicates; made by the report.
    PeopleClicks = 78, Count;
    /// How much speaks against a partner, 0 to 100; made by the report.
    RiskScore = 79, Count;
    /// Clicks of people in a bucket.
    Bucket0 = 80, Count;
    /// Clicks of people in a bucket.
    Bucket1 = 81, Count;
    /// Clicks of people in a bucket.
    Bucket2 = 82, Count;
    /// Clicks of people in a bucket.
    Bucket3 = 83, Count;
    /// Clicks of people in a bucket.
    Bucket4 = 84, Count;
    /// Clicks of people in a bucket.
    Bucket5 = 85, Count;
    /// Clicks of people in a bucket.
    Bucket6 = 86, Count;
    /// Clicks of people in a bucket.
    Bucket7 = 87, Count;
    /// Clicks of people in a bucket.
    Bucket8 = 88, Count;
    /// Clicks of people in a bucket.
    Bucket9 = 89, Count;
    /// Clicks of people in a bucket.
    Bucket10 = 90, Count;
    /// Clicks of people in a bucket.
    Bucket11 = 91, Count;
    /// Clicks of people in a bucket.
    Bucket12 = 92, Count;
    /// Clicks of people in a bucket.
    Bucket13 = 93, Count;
    /// Clicks of people in a bucket.
    Bucket14 = 94, Count;
    /// Clicks of people in a bucket.
    Bucket15 = 95, Count;
    /// What arrived, whatever became of it.
    Received = 100, Count;
    /// Of that, what is in the log.
    Recorded = 101, Count;
    /// Clicks of customers who were sent on, which are not in the log.
    Unrecorded = 102, Count;
    /// What was turned away, for whatever reason.
    Refused = 103, Count;
    /// Of that, what had a wrong field.
    RefusedInvalid = 104, Count;
    /// What is stored already.
    RefusedRetry = 105, Count;
    /// What the store could not take.
    RefusedUnavailable = 106, Count;
    /// Arrivals of people who do not want to be followed.
    RefusedNoConsent = 108, Count;
}

/// Measures of one cell that clicks are spread over by what they have in common.
pub const BUCKETS: [Stored; 16] = [
    Stored::Bucket0,
    Stored::Bucket1,
    Stored::Bucket2,
    Stored::Bucket3,
    Stored::Bucket4,
    Stored::Bucket5,
    Stored::Bucket6,
    Stored::Bucket7,
    Stored::Bucket8,
    Stored::Bucket9,
    Stored::Bucket10,
    Stored::Bucket11,
    Stored::Bucket12,
    Stored::Bucket13,
    Stored::Bucket14,
    Stored::Bucket15,
];

impl Stored {
    /// Its stored code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Whether a report makes it of others, so that no cell holds it.
    #[must_use]
    pub const fn is_made(self) -> bool {
        matches!(self.code(), 45..=47 | 59 | 73..=79)
    }
}

/// The measures of one cell that are not 0, by code. Merging is associative and commutative. Sums
/// are held in 128 bits, so that no number of largest amounts overflows one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(Vec<(Stored, i128)>);

impl Tally {
    /// The value of one measure.
    #[must_use]
    pub fn get(&self, measure: Stored) -> i128 {
        let found = self.0.iter().find(|(held, _)| *held == measure);
        found.map_or(0, |(_, value)| *value)
    }

    /// Adds to one measure, or keeps the later of two instants.
    pub fn add(&mut self, measure: Stored, amount: i128) {
        if !self.push(measure, amount) && amount != 0 {
            let at = self.0.partition_point(|(held, _)| *held < measure);
            self.add_at(at, measure, amount);
        }
    }

    /// Adds to the measure whose place is `at`.
    fn add_at(&mut self, at: usize, measure: Stored, amount: i128) {
        match self.0.get_mut(at) {
            Some((held, value)) if *held == measure => {
                *value = match measure.kind() {
                    Kind::Count | Kind::Money => value.saturating_add(amount),
                    Kind::Latest => amount.max(*value),
                };
                if *value == 0 {
                    self.0.remove(at);
                }
            }
            _ => self.0.insert(at, (measure, amount)),
        }
    }

    /// Adds every measure of `other`.
    pub fn merge(&mut self, other: &Self) {
        let mut at = 0;
        for (measure, amount) in &other.0 {
            let rest = self.0.get(at..).unwrap_or_default();
            at += rest.iter().take_while(|(held, _)| held < measure).count();
            self.add_at(at, *measure, *amount);
        }
    }

    /// Adds a measure behind all that are held; whether it is such a one.
    pub fn push(&mut self, measure: Stored, amount: i128) -> bool {
        let is_last = self.0.last().is_none_or(|(held, _)| *held < measure);
        if is_last && amount != 0 {
            self.0.push((measure, amount));
        }
        is_last
    }

    /// Sets every measure to 0.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Only those of `measures`.
    #[must_use]
    pub fn only(&self, measures: &[Stored]) -> Self {
        let held = self.iter();
        Self(held.filter(|(held, _)| measures.contains(held)).collect())
    }

    /// The measures that are not 0, by code.
    pub fn iter(&self) -> impl Iterator<Item = (Stored, i128)> {
        self.0.iter().copied()
    }

    /// Whether every measure is 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_read_back_by_their_code() {
        assert!(Stored::ALL.is_sorted_by_key(|measure| measure.code()));
        for measure in Stored::ALL {
            assert_eq!(Stored::from_code(measure.code()), Some(*measure));
        }
        assert_eq!(Stored::from_code(255), None);
    }

    #[test]
    fn what_adds_up_to_nothing_is_not_held() {
        let mut tally = Tally::default();
        tally.add(Stored::ActionCost, 5);
        tally.add(Stored::RawClicks, 2);
        tally.add(Stored::RawClicks, 0);
        let held: Vec<_> = tally.iter().collect();
        assert_eq!(held, [(Stored::RawClicks, 2), (Stored::ActionCost, 5)]);
        let mut back = Tally::default();
        back.add(Stored::RawClicks, -2);
        back.add(Stored::ActionCost, -5);
        tally.merge(&back);
        assert!(tally.is_zero());
        assert_eq!(tally, Tally::default());
    }
}
