//! The catalogue as plain data: what the model goes by, and the text the daemon is given.

use std::fmt::Write as _;

use clickd::catalog::{parse_toml, to_stored};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::support::dice::Dice;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) id: u32,
    zone: &'static str,
    currency: &'static str,
    /// Millionths of its smallest piece of money.
    pub(crate) unit: i64,
    /// Milliseconds.
    pub(crate) late_limit: i64,
}

pub(crate) const PROGRAMS: [Program; 3] = [
    Program {
        id: 1,
        zone: "America/New_York",
        currency: "USD",
        unit: 10_000,
        late_limit: 2 * DAY,
    },
    Program {
        id: 2,
        zone: "Pacific/Apia",
        currency: "JPY",
        unit: 1_000_000,
        late_limit: DAY,
    },
    Program {
        id: 3,
        zone: "Asia/Kolkata",
        currency: "INR",
        unit: 10_000,
        late_limit: 2 * DAY,
    },
];

/// When contracts began that go on from one catalogue to the next: 2017-07-14.
const LONG_AGO: i64 = 1_500_000_000_000;

/// Partners of the catalogue.
pub(crate) const PARTNERS: [u32; 3] = [10, 11, 12];
/// The reason that locks.
pub(crate) const LOCKS: &str = "ITEM_RETURNED";
/// Event types of every program.
pub(crate) const EVENT_TYPES: [u32; 2] = [1, 2];

impl Program {
    pub(crate) fn of(id: u32) -> Self {
        PROGRAMS[usize::try_from(id - 1).unwrap()]
    }

    pub(crate) fn time_zone(&self) -> TimeZone {
        TimeZone::get(self.zone).unwrap()
    }

    /// The calendar's date at a time.
    pub(crate) fn date(&self, at: i64) -> Date {
        let at = Timestamp::from_millisecond(at).unwrap();
        at.to_zoned(self.time_zone()).date()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payout {
    /// Millionths.
    Flat(i64),
    /// Millionths of the sale.
    Rate(i64),
}

/// The most that is paid to one partner for one event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) of: LimitOf,
    pub(crate) period: Period,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitOf {
    /// Millionths.
    Payout(i64),
    Actions(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    Day,
    Month,
    Contract,
}

impl Period {
    /// Whether two days lie in one of these.
    pub(crate) fn is_one(self, a: Date, b: Date) -> bool {
        match self {
            Self::Day => a == b,
            Self::Month => a.first_of_month() == b.first_of_month(),
            Self::Contract => true,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Contract {
    pub(crate) program: u32,
    pub(crate) partner: u32,
    /// In force in `start .. end`.
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Milliseconds from the click to the action date.
    pub(crate) window: i64,
    /// Its actions lock when the brand says so.
    pub(crate) open: bool,
    pub(crate) payouts: Vec<(u32, Payout, Vec<Limit>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    /// Programs and event types that are switched off.
    pub(crate) off: Vec<(u32, u32)>,
    /// Partners that are switched off.
    pub(crate) left: Vec<u32>,
    /// Event types of every program that lock open actions by [`LOCKS`].
    pub(crate) locking: Vec<u32>,
    pub(crate) contracts: Vec<Contract>,
}

impl Catalogue {
    /// A catalogue with other contracts, payouts and states.
    pub(crate) fn random(dice: &mut Dice, now: i64) -> Self {
        let mut catalogue = Self {
            off: Vec::new(),
            left: Vec::new(),
            locking: Vec::new(),
            contracts: Vec::new(),
        };
        for event_type in EVENT_TYPES {
            if dice.chance(80) {
                catalogue.locking.push(event_type);
            }
        }
        for program in PROGRAMS {
            for event_type in EVENT_TYPES {
                if dice.chance(8) {
                    catalogue.off.push((program.id, event_type));
                }
            }
            for partner in PARTNERS {
                if !dice.chance(8) {
                    let contract = contract(dice, program, partner, now);
                    catalogue.contracts.push(contract);
                }
            }
        }
        for partner in PARTNERS {
            if dice.chance(8) {
                catalogue.left.push(partner);
            }
        }
        catalogue
    }

    /// As the log stores it.
    pub(crate) fn stored(&self) -> Vec<u8> {
        let text = self.text();
        let doc = parse_toml(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
        to_stored(&doc).unwrap()
    }

    fn text(&self) -> String {
        let mut text = "version = 0\n[[brand]]\nsid = \"IR\"\nname = \"B\"\n".to_owned();
        let state = |off: bool| if off { "state = \"INACTIVE\"\n" } else { "" };
        for program in PROGRAMS {
            let Program {
                id, zone, currency, ..
            } = program;
            let late = program.late_limit / HOUR;
            writeln!(
                text,
                "[[program]]\nid = {id}\nbrand = \"IR\"\nname = \"P\"\ntime_zone = \"{zone}\"\n\
                 currency = \"{currency}\"\nlanding_page = \"https://b.example/\"\n\
                 late_limit = \"{late}h\""
            )
            .unwrap();
            for event_type in EVENT_TYPES {
                let state = state(self.off.contains(&(id, event_type)));
                let locking = if self.locking.contains(&event_type) {
                    format!("locking_dispositions = [\"{LOCKS}\"]\n")
                } else {
                    String::new()
                };
                writeln!(
                    text,
                    "[[event_type]]\nprogram = {id}\nid = {event_type}\nname = \"E\"\n\
                     category = \"SALE\"\n{state}{locking}"
                )
                .unwrap();
            }
        }
        for partner in PARTNERS {
            let state = state(self.left.contains(&partner));
            writeln!(text, "[[partner]]\nid = {partner}\nname = \"P\"\n{state}").unwrap();
        }
        for contract in &self.contracts {
            text.push_str(&contract.text());
        }
        text
    }
}

impl Contract {
    fn text(&self) -> String {
        let unit = Program::of(self.program).unit;
        let instant = |at| Timestamp::from_millisecond(at).unwrap();
        let payouts: Vec<String> = self
            .payouts
            .iter()
            .map(|(event_type, payout, limits)| {
                let price = match payout {
                    Payout::Flat(amount) => format!("amount = \"{}\"", written(*amount, unit)),
                    Payout::Rate(rate) => {
                        format!("rate = \"{}.{:04}%\"", rate / 10_000, rate % 10_000)
                    }
                };
                let limits: Vec<String> = limits.iter().map(|limit| limit.text(unit)).collect();
                let limits = limits.join(", ");
                format!("{{ event_type = {event_type}, {price}, limits = [{limits}] }}")
            })
            .collect();
        let locking = if self.open {
            "locking = \"OPEN\"\n"
        } else {
            ""
        };
        format!(
            "[[contract]]\nprogram = {}\npartner = {}\nstart = {}\nend = {}\n\
             referral_window = \"{}h\"\n{locking}payouts = [{}]\n",
            self.program,
            self.partner,
            instant(self.start),
            instant(self.end),
            self.window / HOUR,
            payouts.join(", ")
        )
    }
}

impl Limit {
    fn text(&self, unit: i64) -> String {
        let of = match self.of {
            LimitOf::Payout(most) => {
                format!("of = \"PAYOUT\", amount = \"{}\"", written(most, unit))
            }
            LimitOf::Actions(most) => format!("of = \"ACTIONS\", count = {most}"),
        };
        let period = match self.period {
            Period::Day => "DAY",
            Period::Month => "MONTH",
            Period::Contract => "CONTRACT",
        };
        format!("{{ {of}, period = \"{period}\" }}")
    }

    fn random(dice: &mut Dice, unit: i64) -> Self {
        let of = if dice.chance(60) {
            LimitOf::Payout(i64::try_from(1 + dice.below(30_000)).unwrap() * unit)
        } else {
            LimitOf::Actions(1 + dice.place(2))
        };
        let periods = [Period::Day, Period::Month, Period::Contract];
        let period = *dice.pick(&periods);
        Self { of, period }
    }
}

/// An amount as it is written.
fn written(amount: i64, unit: i64) -> String {
    let pieces = amount / unit;
    if unit == 1_000_000 {
        return pieces.to_string();
    }
    format!("{}.{:02}", pieces / 100, pieces % 100)
}

fn contract(dice: &mut Dice, program: Program, partner: u32, now: i64) -> Contract {
    let mut payouts = Vec::new();
    for event_type in EVENT_TYPES {
        let payout = match dice.below(10) {
            0 => continue,
            1..4 => Payout::Flat(i64::try_from(1 + dice.below(5_000)).unwrap() * program.unit),
            // Rates whose shares of small sales often end in a half.
            4..8 => Payout::Rate(*dice.pick(&[25_000, 50_000, 125_000, 500_000])),
            _ => Payout::Rate(i64::try_from(1 + dice.below(999_999)).unwrap()),
        };
        let limits = if dice.chance(60) {
            1 + dice.below(2)
        } else {
            0
        };
        let limits = (0..limits).map(|_| Limit::random(dice, program.unit));
        payouts.push((event_type, payout, limits.collect()));
    }
    Contract {
        program: program.id,
        partner,
        start: if dice.chance(10) { now - DAY } else { LONG_AGO },
        end: if dice.chance(10) {
            now + 2 * DAY
        } else {
            now + 3_000 * DAY
        },
        window: *dice.pick(&[2 * HOUR, DAY, 30 * DAY, 30 * DAY]),
        open: dice.chance(40),
        payouts,
    }
}
