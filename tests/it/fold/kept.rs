//! Years of customers: what is forgotten of them changes nothing that is credited, and what limits
//! and clicks have used up is never forgotten.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use clickd::catalog::{parse_toml, to_stored};
use clickd::derived::{Action, ActionFlags, Family, OrderKey, SubmissionOutcome};
use clickd::fold::{Folder, rebuild, verify};
use clickd::log::{Clock, Log, Options};
use clickd::model::click_id::ClickId;
use clickd::model::id::{
    AdId, CatalogVersion, EventNumber, EventTypeId, JobId, PartnerId, ProgramId, SubmissionId,
};
use clickd::model::money::Money;
use clickd::model::refusal::Refusal;
use clickd::model::submission::{
    Claim, EventTime, Order, Origin, PayloadHash, Person, Reference, Submission,
};
use clickd::model::time::{DAY, HOUR, MINUTE, Millis};
use clickd::model::visit::{Came, Visit};

use super::same::{Dump, catch_up, dump, open};
use super::world::Dice;

/// Program 1 reaches back 450 days, program 2 90.
const CATALOG: &str = r#"
version = 0
[[brand]]
sid = "IRone"
name = "One"
[[program]]
id = 1
brand = "IRone"
name = "Far"
time_zone = "America/New_York"
currency = "USD"
landing_page = "https://one.example/"
late_limit = "200d"
[[program]]
id = 2
brand = "IRone"
name = "Near"
time_zone = "Asia/Tokyo"
currency = "JPY"
landing_page = "https://one.example/"
late_limit = "30d"
[[event_type]]
program = 1
id = 1
name = "Sale"
category = "SALE"
[[event_type]]
program = 1
id = 2
name = "Lead"
category = "LEAD"
credit_policy = "FIRST_CLICK"
[[event_type]]
program = 2
id = 1
name = "Sale"
category = "SALE"
[[channel]]
program = 1
name = "Mail"
credit_group = "PREFERRED"
rules = [{ part = "UTM_MEDIUM", operator = "IS", values = ["email"] }]
[[partner]]
id = 10
name = "Ten"
[[partner]]
id = 11
name = "Eleven"
[[contract]]
program = 1
partner = 10
start = 2020-01-01
referral_window = "250d"
payouts = [{ event_type = 1, rate = "5%", recurrences_max = 1,
             limits = [{ of = "ACTIONS", count = 1, period = "MONTH" }] },
           { event_type = 2, amount = "1.50" }]
[[contract]]
program = 1
partner = 11
start = 2020-01-01
referral_window = "100d"
credit_group = "STANDARD"
payouts = [{ event_type = 1, rate = "7%" }, { event_type = 2, amount = "2.50" }]
[[contract]]
program = 2
partner = 10
start = 2020-01-01
referral_window = "60d"
payouts = [{ event_type = 1, rate = "3%", recurrences_max = 2 }]
"#;

/// 2026-03-08T00:00:00Z.
const START: Millis = Millis(1_772_928_000_000);

/// Somebody whose names are sent together once, at the beginning.
#[derive(Clone, Copy)]
struct Customer {
    program: ProgramId,
    number: u64,
    born: Millis,
}

impl Customer {
    fn name(self, field: &str) -> Person {
        let value = format!("{}-{}", self.number, self.born.0);
        Person::named(self.program, field, &value).unwrap()
    }

    /// How long she is seen: no longer than her names are remembered.
    fn life(self) -> i64 {
        if self.program.0 == 1 {
            450 * DAY
        } else {
            399 * DAY
        }
    }
}

struct Years {
    dice: Dice,
    now: Millis,
    said: u64,
    customers: Vec<Customer>,
}

impl Years {
    fn open(&self, dir: &Path) -> Log {
        let log = Log::open(&Options::new(dir), Clock::start_at(self.now)).unwrap();
        if log.current_catalog() == CatalogVersion(0) {
            let doc = parse_toml(CATALOG).unwrap_or_else(|problems| panic!("{problems:?}"));
            let stored = to_stored(&doc).unwrap();
            log.put_catalog(CatalogVersion(0), &stored).unwrap();
        }
        log
    }

    fn days(&mut self, from: u64, to: u64) -> i64 {
        let hours = self.dice.below((to - from) * 24) + from * 24;
        i64::try_from(hours).unwrap() * HOUR
    }

    /// Some days later, what happens in one slot.
    fn slot(&mut self, log: &Log) {
        for _ in 0..=self.dice.below(3) {
            let customer = Customer {
                program: ProgramId(1 + u32::try_from(self.dice.below(2)).unwrap()),
                number: self.said,
                born: self.now,
            };
            let names = ["CustomerId", "CustomProfileId"].map(|field| customer.name(field));
            self.arrive(log, customer, names.into());
            self.customers.push(customer);
        }
        let now = self.now;
        let is_seen = |one: &Customer| now.since(one.born) < one.life();
        self.customers.retain(is_seen);
        for customer in self.customers.clone() {
            // The last of her time is what matters most.
            let is_old = now.since(customer.born) > customer.life() - 50 * DAY;
            if self.dice.below(8) == 0 {
                self.arrive(log, customer, vec![customer.name("CustomProfileId")]);
            }
            if self.dice.below(if is_old { 2 } else { 12 }) == 0 {
                self.order(log, customer, is_old);
            }
        }
        log.seal().unwrap();
    }

    fn click(&mut self, program: ProgramId, at: Millis) -> ClickId {
        self.said += 1;
        ClickId {
            number: EventNumber(EventNumber::first_at(at, 600).0 + self.said % 4_096),
            partner: PartnerId(10 + u32::try_from(self.dice.below(2)).unwrap()),
            ad: AdId(5),
            program,
            unrecorded: true,
            key_number: 0,
        }
    }

    fn arrive(&mut self, log: &Log, customer: Customer, mut persons: Vec<Person>) {
        persons.sort_unstable();
        self.said += 1;
        let at = self.now.plus(-MINUTE);
        let claim = if self.dice.below(4) > 0 {
            Claim::Verified(self.click(customer.program, at))
        } else {
            Claim::None
        };
        let utm_medium = ["", "email", "cpc"][usize::try_from(self.dice.below(3)).unwrap()];
        let visit = Visit {
            program: customer.program,
            event: EventTime::Now,
            claim,
            persons,
            came: Came {
                utm_medium: utm_medium.into(),
                ..Came::default()
            },
            ..Visit::default()
        };
        log.visit(&visit).unwrap();
    }

    fn order(&mut self, log: &Log, customer: Customer, is_old: bool) {
        let late = if customer.program.0 == 1 { 200 } else { 30 };
        let back = match self.dice.below(4) {
            _ if is_old => i64::try_from(late).unwrap() * DAY - HOUR,
            0 => 0,
            1 => self.days(late, late + 20),
            _ => self.days(0, late),
        };
        let event_type = if customer.program.0 == 1 {
            1 + u32::try_from(self.dice.below(2)).unwrap()
        } else {
            1
        };
        self.said += 1;
        let submission = Submission {
            program: customer.program,
            event_type: EventTypeId(event_type),
            order_id: format!("order-{}", self.said).into(),
            event: EventTime::At {
                start: self.now.plus(-back),
                precision: 1,
            },
            references: vec![Reference::Person(customer.name("CustomerId"))],
            order: Order {
                amount: Some(Money(50_000_000)),
                items: Vec::new(),
            },
            payload: PayloadHash(u128::from(self.said).to_be_bytes()),
            ..Submission::default()
        };
        log.submit(&submission).unwrap();
    }
}

/// How the log is folded.
fn fold(dir: &Path, log: &Log, forgets: bool) -> Dump {
    let derived = open(dir, log);
    let mut folder = Folder::new(log.clone(), derived.serving());
    if !forgets {
        folder.forget_nobody();
    }
    catch_up(&mut folder, log);
    drop(derived);
    drop(folder);
    dump(dir, log)
}

/// Folds with a new folder for every slot.
fn fold_restarted(dir: &Path, log: &Log) -> Dump {
    let derived = open(dir, log);
    loop {
        let mut folder = Folder::new(log.clone(), derived.serving());
        match folder.next_slot().unwrap() {
            Some(slot) if slot <= log.sealed() => {
                folder.fold(slot, &|| false).unwrap().unwrap();
            }
            _ => break,
        }
    }
    drop(derived);
    dump(dir, log)
}

const OF_PEOPLE: [Family; 3] = [Family::People, Family::Touches, Family::Horizons];

fn rows(dump: &Dump, family: Family) -> usize {
    dump.keys().filter(|key| key.0 == family.name()).count()
}

#[test]
fn what_is_forgotten_of_people_changes_nothing_that_is_credited() {
    for seed in 1..=2 {
        let root = tempfile::tempdir().unwrap();
        let dir = |name: &str| root.path().join(name);
        let mut years = Years {
            dice: Dice(seed),
            now: START,
            said: 0,
            customers: Vec::new(),
        };
        for _ in 0..110 {
            years.now = years.now.plus(years.days(2, 20));
            let log = years.open(&dir("log"));
            years.slot(&log);
            log.stop().unwrap();
        }
        let log = years.open(&dir("log"));
        log.stop().unwrap();
        let forgot = fold(&dir("forgot"), &log, true);
        let mut all = fold(&dir("all"), &log, false);
        for family in [Family::People, Family::Touches] {
            let (forgot, all) = (rows(&forgot, family), rows(&all, family));
            assert!(forgot * 4 < all * 3, "{family:?}: {forgot} of {all}");
        }
        assert!(rows(&forgot, Family::Actions) > 50);
        assert_eq!(forgot, fold_restarted(&dir("restarted"), &log));
        let derived = open(&dir("forgot"), &log);
        assert!(verify(&log, &derived).unwrap().is_clean());
        assert!(rebuild(&log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
        drop(derived);
        let mut forgot = dump(&dir("forgot"), &log);
        assert_eq!(
            forgot,
            dump(&dir("restarted"), &log),
            "rebuilt, seed {seed}"
        );
        for family in OF_PEOPLE {
            forgot.retain(|key, _| key.0 != family.name());
            all.retain(|key, _| key.0 != family.name());
        }
        let differing = all
            .iter()
            .filter(|(key, row)| forgot.get(*key) != Some(row));
        let differing: Vec<_> = differing.map(|(key, _)| key).collect();
        assert!(differing.is_empty(), "seed {seed}: {differing:?}");
        assert_eq!(forgot.len(), all.len(), "seed {seed}");
    }
}

/// An order of partner 10 that is dated at `date` and names a click of the day before.
fn sale(order_id: &str, date: Millis, click: u64, origin: Origin) -> Submission {
    let number = EventNumber(EventNumber::first_at(date.plus(-DAY), 600).0 + click);
    Submission {
        program: ProgramId(1),
        event_type: EventTypeId(1),
        order_id: order_id.into(),
        event: EventTime::At {
            start: date,
            precision: 1,
        },
        claim: Claim::Verified(ClickId {
            number,
            partner: PartnerId(10),
            ad: AdId(5),
            program: ProgramId(1),
            unrecorded: true,
            key_number: 0,
        }),
        order: Order {
            amount: Some(Money(50_000_000)),
            items: Vec::new(),
        },
        payload: PayloadHash(u128::from(date.0.unsigned_abs()).to_be_bytes()),
        origin,
        ..Submission::default()
    }
}

#[test]
fn an_imported_order_of_long_ago_finds_what_its_month_and_its_click_have_used_up() {
    let root = tempfile::tempdir().unwrap();
    let dir = |name: &str| root.path().join(name);
    let mut years = Years {
        dice: Dice(1),
        now: START,
        said: 0,
        customers: Vec::new(),
    };
    let log = years.open(&dir("log"));
    log.submit(&sale("first", START, 1, Origin::Api)).unwrap();
    log.stop().unwrap();
    drop(log);
    for _ in 0..4 {
        years.now = years.now.plus(500 * DAY);
        let log = years.open(&dir("log"));
        years.slot(&log);
        log.stop().unwrap();
    }
    let log = years.open(&dir("log"));
    let row = |row| Origin::Import { job: JobId(1), row };
    let same_month = sale("same month", START.plus(DAY), 2, row(1));
    let same_month = log.submit(&same_month).unwrap();
    let same_click = sale("same click", START, 1, row(2));
    let same_click = log.submit(&same_click).unwrap();
    log.stop().unwrap();
    fold(&dir("derived"), &log, true);
    let derived = open(&dir("derived"), &log);
    let outcome = |id: SubmissionId| derived.outcome(id).unwrap().unwrap().outcome;
    let action = |order_id: &str| -> Action {
        let serving = derived.serving();
        let view = serving.view().unwrap();
        let key = OrderKey::new(ProgramId(1), EventTypeId(1), order_id);
        let found = view.actions_of(&key).unwrap();
        view.action(found[0]).unwrap().unwrap()
    };
    assert_eq!(action("first").cost, Money(2_500_000));
    assert!(matches!(
        outcome(same_month.id),
        SubmissionOutcome::Credited(_)
    ));
    let clipped = action("same month");
    assert_eq!(clipped.cost, Money::ZERO);
    assert!(clipped.flags.any(ActionFlags::OVERLIMIT_COUNT));
    let refused = SubmissionOutcome::Refused(Refusal::MaxRecurrencesReached);
    assert_eq!(outcome(same_click.id), refused);
}
