//! Random clicks of programs that pay for them and of one that does not, live and imported, and a
//! recount that adds up all that was paid before anew for every click.

use std::collections::BTreeMap;
use std::path::Path;

use clickd::catalog::{parse_toml, to_stored};
use clickd::derived::{Class, Derived, Judged, VerdictKey};
use clickd::fold::{Folder, verify};
use clickd::log::{Clock, Imported, Log, Options};
use clickd::model::arrival::Outcome;
use clickd::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use clickd::model::id::{
    AdId, CatalogVersion, EventNumber, JobId, PartnerId, ProgramId, StringRef,
};
use clickd::model::submission::Fingerprint;
use clickd::model::tally::{Facet, Stored};
use clickd::model::time::{Day, HOUR, Millis};
use clickd::registry::cube::CubeId;
use jiff::Timestamp;
use jiff::civil::Date;

use super::super::same::catch_up;
use super::super::world::Dice;

const CATALOG: &str = r#"
version = VERSION
[[brand]]
sid = "IRone"
name = "One"
[[program]]
id = 1
brand = "IRone"
name = "One"
time_zone = "America/New_York"
currency = "USD"
landing_page = "https://one.example/"
pay_expired_ads = false
[[program]]
id = 2
brand = "IRone"
name = "Two"
time_zone = "UTC"
currency = "USD"
landing_page = "https://two.example/"
[[event_type]]
program = 1
id = 1
name = "Sale"
category = "SALE"
[[event_type]]
program = 1
id = 2
name = "Click"
category = "CLICK"
state = "STATE"
[[ad]]
program = 1
id = 5
name = "Five"
type = "TEXT_LINK"
[[ad]]
program = 1
id = 6
name = "Six"
type = "TEXT_LINK"
[[ad]]
program = 2
id = 5
name = "Other five"
type = "TEXT_LINK"
[[partner]]
id = 10
name = "Ten"
[[partner]]
id = 11
name = "Eleven"
[[partner]]
id = 12
name = "Twelve"
[[contract]]
program = 1
partner = 10
start = 2026-01-01
payouts = [{ event_type = 1, rate = "10%" }, { event_type = 2, amount = "0.05",
  restrictions = [[{ variable = "SHARED_ID", operator = "IS", values = ["spam"] }]],
  groups = [
    { name = "Six", amount = "0.0125",
      rules = [{ variable = "AD_ID", operator = "IS", values = ["6"] }],
      limits = [{ of = "PAYOUT", amount = "0.04", period = "DAY" }] },
    { name = "House", amount = "0.3",
      rules = [{ variable = "PROPERTY_ID", operator = "IS", values = ["77"] }] },
  ], limits = [{ of = "PAYOUT", amount = "AMOUNT", period = "WEEK" },
               { of = "ACTIONS", count = COUNT, period = "MONTH" },
               { of = "ACTIONS", count = 25, period = "CONTRACT" }] }]
[[contract]]
program = 1
partner = 11
start = 2026-01-01
payouts = [{ event_type = 1, rate = "10%" }]
"#;

/// 2026-03-30T23:00:00Z: a day, a week, a month and a quarter end in New York around then.
pub(super) const START: Millis = Millis(1_774_911_600_000);
const SHARED: [&str; 3] = ["", "friend", "spam"];
const PROPERTIES: [&str; 3] = ["", "76", "77"];

/// The first catalogue, and one with other limits or without the event type.
fn catalog(version: u32, amount: &str, count: u32, state: &str) -> Vec<u8> {
    let text = CATALOG
        .replace("VERSION", &version.to_string())
        .replace("AMOUNT", amount)
        .replace("COUNT", &count.to_string())
        .replace("STATE", state);
    let doc = parse_toml(&text).unwrap_or_else(|problems| panic!("{problems:?}"));
    to_stored(&doc).unwrap()
}

/// A click as it was stored.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    pub(super) program: u32,
    pub(super) partner: u32,
    pub(super) ad: u32,
    pub(super) time: i64,
    flags: ClickFlags,
    pub(super) shared: &'static str,
    property: &'static str,
}

/// What limits the catalogue has.
#[derive(Clone, Copy)]
struct Set {
    week: i64,
    month: usize,
    active: bool,
}

/// What the recount says of a click.
#[derive(Clone, Debug)]
pub(super) struct Paid {
    pub(super) stamp: Stamp,
    pub(super) date: Date,
    pub(super) cost: i64,
    pub(super) code: &'static str,
}

pub(super) struct World {
    dice: Dice,
    pub(super) log: Log,
    counter: u64,
    set: Set,
    /// In the order of the fold.
    pub(super) paid: BTreeMap<u64, Paid>,
    order: Vec<u64>,
}

fn parameters(stamp: &Stamp) -> Vec<(Parameter, &'static [u8])> {
    let pairs = [
        (Parameter::SharedId, stamp.shared),
        (Parameter::Property, stamp.property),
    ];
    let pairs = pairs.into_iter().filter(|pair| !pair.1.is_empty());
    pairs.map(|(name, text)| (name, text.as_bytes())).collect()
}

impl World {
    pub(super) fn open(dir: &Path, seed: u64) -> Self {
        let log = Log::open(&Options::new(dir), Clock::start_at(START)).unwrap();
        let first = catalog(0, "0.7", 12, "ACTIVE");
        log.put_catalog(CatalogVersion(0), &first).unwrap();
        log.put_rules(b"date = \"2026-11-01\"\nrobots = ['bot']\nnot_robots = []")
            .unwrap();
        Self {
            dice: Dice(seed),
            log,
            counter: 0,
            set: Set {
                week: 700_000,
                month: 12,
                active: true,
            },
            paid: BTreeMap::new(),
            order: Vec::new(),
        }
    }

    pub(super) fn change(&mut self, nth: u64) {
        let set = match nth {
            0 => (("1.5", 1_500_000), 30, true),
            1 => (("0.9", 900_000), 4, true),
            _ => (("2", 2_000_000), 90, false),
        };
        let ((amount, week), month, active) = set;
        let state = if active { "ACTIVE" } else { "INACTIVE" };
        let current = self.log.current_catalog();
        let count = u32::try_from(month).unwrap();
        let stored = catalog(current.0, amount, count, state);
        self.log.put_catalog(current, &stored).unwrap();
        self.set = Set {
            week,
            month,
            active,
        };
    }

    fn stamp(&mut self) -> Stamp {
        let dice = &mut self.dice;
        let mut pick = |end: usize| usize::try_from(dice.below(end as u64)).unwrap();
        let partner = [10, 10, 10, 10, 10, 11, 12, 99][pick(8)];
        let mut stamp = Stamp {
            program: if pick(6) == 0 { 2 } else { 1 },
            partner,
            ad: if pick(3) == 0 { 6 } else { 5 },
            time: 0,
            flags: ClickFlags::NONE,
            shared: SHARED[pick(3).min(pick(4))],
            property: PROPERTIES[pick(3)],
        };
        if partner == 99 {
            stamp.flags.set(ClickFlags::UNKNOWN_PARTNER);
        } else if pick(5) == 0 {
            let flags = ClickFlags::ALL;
            stamp.flags.set(flags[pick(flags.len())].0);
        }
        let back = i64::try_from(pick(60)).unwrap() * HOUR + i64::try_from(pick(9)).unwrap();
        stamp.time = START.plus(HOUR * 40 - back).0;
        stamp
    }

    fn row(
        &mut self,
        stamp: &Stamp,
        agent: StringRef,
    ) -> Click<std::vec::IntoIter<(Parameter, &'static [u8])>> {
        self.counter += 1;
        Click {
            flags: stamp.flags,
            program: ProgramId(stamp.program),
            ad: AdId(stamp.ad),
            network: Network::V4([192, 0, 2]),
            cookie: None,
            // Some come back.
            visitor: Visitor(self.dice.below(200) + 1_000 * (self.counter % 7)),
            visitor_before: None,
            user_agent: agent,
            referrer: StringRef(0),
            shape: StringRef(0),
            landing: StringRef(0),
            parameters: parameters(stamp).into_iter(),
        }
    }

    /// Stores live clicks and an import, ends the slot and counts it.
    pub(super) fn slot(&mut self, derived: &Derived) {
        let mut writer = self.log.writer();
        let agents = [&b"Mozilla/5.0"[..], b"some bot"].map(|name| writer.intern(name).unwrap());
        let mut stored: Vec<(Stamp, u64, bool)> = Vec::new();
        for _ in 0..self.dice.below(40) {
            let stamp = self.stamp();
            let agent = agents[usize::from(self.dice.below(9) == 0)];
            let row = self.row(&stamp, agent);
            let at = EventNumber::first_at(Millis(stamp.time), 7).0;
            let number = EventNumber(at + self.counter % 4_096);
            writer.count(row.program, Outcome::Received);
            writer.push(PartnerId(stamp.partner), number, &row);
            stored.push((stamp, number.0, false));
        }
        writer.commit().unwrap();
        let mut importer = self.log.importer();
        let agent = importer.intern(b"Mozilla/5.0");
        let job = JobId(1);
        for _ in 0..self.dice.below(6) {
            let stamp = self.stamp();
            let row = self.row(&stamp, agent);
            let program = row.program;
            let name = Fingerprint::of_external_click(program, &self.counter.to_string());
            let imported = Imported {
                job,
                time: Millis(stamp.time),
                external: name,
                click: row,
            };
            importer.push(PartnerId(stamp.partner), &imported);
            stored.push((stamp, 0, true));
        }
        importer.commit(job, b"{}").unwrap();
        let slot = self.log.seal().unwrap();
        let mut numbers = Vec::new();
        self.log
            .for_each_imported(slot, &mut |partner, number, imported| {
                let place = (imported.click.program.0, partner.0, imported.time.0);
                numbers.push((place, number.0));
            })
            .unwrap();
        numbers.sort_unstable();
        // Imported clicks get their numbers in the order in which they were pushed.
        for (stamp, number, _) in stored.iter_mut().filter(|row| row.2) {
            let place = (stamp.program, stamp.partner, stamp.time);
            let at = numbers.iter().position(|row| row.0 == place).unwrap();
            *number = numbers.remove(at).1;
        }
        stored.sort_by_key(|(stamp, number, imported)| {
            (*imported, stamp.program, stamp.partner, stamp.time, *number)
        });
        catch_up(
            &mut Folder::new(self.log.clone(), derived.serving()),
            &self.log,
        );
        let judged = judged(derived);
        for (stamp, number, _) in stored {
            let (_, judged) = &judged[&number];
            self.count(stamp, number, judged.verdict.class == Class::Unique);
        }
    }

    fn count(&mut self, stamp: Stamp, number: u64, unique: bool) {
        let zone = if stamp.program == 1 {
            "America/New_York"
        } else {
            "UTC"
        };
        let at = Timestamp::from_millisecond(stamp.time).unwrap();
        let date = at.in_tz(zone).unwrap().date();
        let (cost, code) = self.price(&stamp, date, unique);
        self.order.push(number);
        let paid = Paid {
            stamp,
            date,
            cost,
            code,
        };
        assert!(self.paid.insert(number, paid).is_none());
    }

    fn price(&self, stamp: &Stamp, date: Date, unique: bool) -> (i64, &'static str) {
        let flags = stamp.flags;
        let spoiled = [
            (ClickFlags::UNKNOWN_PARTNER, "CONTRACT_NOT_FOUND"),
            (ClickFlags::NOT_JOINED, "CONTRACT_NOT_FOUND"),
            (ClickFlags::ENDED_CONTRACT, "CONTRACT_NOT_FOUND"),
            (ClickFlags::INACTIVE_PARTNER, "INACTIVE_PARTNER"),
            (ClickFlags::PAUSED_PROGRAM, "PAUSED_PROGRAM"),
            (ClickFlags::MALFORMED_DEEP_LINK, "MALFORMED_DEEP_LINK"),
            (ClickFlags::EXPIRED_AD, "EXPIRED_AD"),
        ];
        if !unique {
            return (0, "INVALID_CLASSIFICATION");
        }
        if stamp.program == 2 {
            return (0, "CLICK_TRACKER_NOT_FOUND");
        }
        if let Some((_, code)) = spoiled.iter().find(|(flag, _)| flags.any(*flag)) {
            return (0, code);
        }
        match stamp.partner {
            10 if self.set.active => {}
            10 | 11 => return (0, "CLICK_TRACKER_NOT_FOUND"),
            _ => return (0, "CONTRACT_NOT_FOUND"),
        }
        if stamp.shared == "spam" {
            return (0, "RESTRICTED");
        }
        let price = match stamp {
            stamp if stamp.ad == 6 => 12_500,
            stamp if stamp.property == "77" => 300_000,
            _ => 50_000,
        };
        let monday = |date: Date| {
            date.saturating_sub(jiff::Span::new().days(date.weekday().to_monday_zero_offset()))
        };
        // All that was paid before to this partner.
        let before = || {
            let own = self.paid.values();
            own.filter(|paid| paid.stamp.program == 1 && paid.cost > 0)
        };
        let sum = |same: &dyn Fn(&Paid) -> bool| -> i64 {
            before()
                .filter(|paid| same(paid))
                .map(|paid| paid.cost)
                .sum()
        };
        let mut left = price;
        let mut budget = false;
        if stamp.ad == 6 {
            let room = 40_000 - sum(&|paid| paid.stamp.ad == 6 && paid.date == date);
            budget |= left > room.max(0);
            left = left.min(room.max(0));
        }
        let room = self.set.week - sum(&|paid| monday(paid.date) == monday(date));
        budget |= left > room.max(0);
        left = left.min(room.max(0));
        let in_month = before().filter(|paid| paid.date.first_of_month() == date.first_of_month());
        let over = in_month.count() >= self.set.month || before().count() >= 25;
        match (over && left > 0, budget) {
            (true, _) => (0, "OVERLIMIT_ACTIONCAP"),
            (false, true) => (left, "OVERLIMIT_BUDGET"),
            (false, false) => (left, ""),
        }
    }

    /// Compares verdicts, cells and the listing with the recount.
    pub(super) fn compare(&self, derived: &Derived, seed: u64) {
        let found = judged(derived);
        assert_eq!(found.len(), self.paid.len());
        for (number, (_, judged)) in &found {
            let paid = &self.paid[number];
            let code = judged.error().map_or("", |error| error.code());
            let at = format!("seed {seed}: {paid:?}, {judged:?}");
            assert_eq!((judged.cost().0, code), (paid.cost, paid.code), "{at}");
            let pays = paid.stamp.program == 1 && judged.verdict.class == Class::Unique;
            assert_eq!(judged.charge.is_some(), pays, "{at}");
        }
        for cube in [CubeId::PARTNER_PERFORMANCE, CubeId::AD, CubeId::SHARED_ID] {
            let facet = |paid: &Paid| match cube {
                CubeId::AD => Facet::Number(paid.stamp.ad),
                CubeId::SHARED_ID => Facet::Text(paid.stamp.shared.into()),
                _ => Facet::None,
            };
            let mut expected: BTreeMap<(i32, Facet), i128> = BTreeMap::new();
            for paid in self.paid.values().filter(|paid| paid.cost > 0) {
                let day = jiff::civil::date(1970, 1, 1).until(paid.date).unwrap();
                let place = (day.get_days(), facet(paid));
                *expected.entry(place).or_default() += i128::from(paid.cost);
            }
            let mut found = BTreeMap::new();
            let days = Day(i32::MIN)..=Day(i32::MAX);
            let generation = derived.serving();
            let view = generation.view().unwrap();
            let program = ProgramId(1);
            view.for_each_cell(cube, program, days, None, &mut |cell| {
                let cost = cell.tally.get(Stored::CpcCost);
                if cost != 0 {
                    assert_eq!(cell.partner, PartnerId(10));
                    assert!(
                        found
                            .insert((cell.day.0, cell.facet.clone()), cost)
                            .is_none()
                    );
                }
            })
            .unwrap();
            assert_eq!(found, expected, "seed {seed}");
        }
        let report = verify(&self.log, derived).unwrap();
        assert!(report.is_clean(), "seed {seed}: {report:#?}");
    }
}

pub(super) fn judged(derived: &Derived) -> BTreeMap<u64, (VerdictKey, Judged)> {
    let generation = derived.serving();
    let mut found = BTreeMap::new();
    let view = generation.view().unwrap();
    view.for_each_verdict_of_all(&mut |key, judged| {
        found.insert(key.number.0, (key, judged));
    })
    .unwrap();
    found
}
