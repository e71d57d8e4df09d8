//! Actions of contracts with open locking: they lock when the brand gives a reason that locks.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use clickd::catalog::{parse_toml, to_stored};
use clickd::derived::{Action, ActionId, Derived, IndexKind, OrderKey, SubmissionOutcome};
use clickd::fold::{Folder, rebuild, verify};
use clickd::log::{Clock, Log, Options};
use clickd::model::action::change::{Change, ChangeRefusal, What};
use clickd::model::action::settlement::Settlement;
use clickd::model::id::{EventTypeId, JobId, PartnerId, ProgramId, SubmissionId};
use clickd::model::money::Money;
use clickd::model::submission::{Order, Origin, PayloadHash, Reference, Submission};
use clickd::model::time::Millis;

use super::same::{catch_up, dump, open};

/// 10 %, at most 10.00 a month; `LOCKING` stands for the reasons that lock.
const CATALOG: &str = r#"
version = 0
[[brand]]
sid = "IRone"
name = "One"
[[program]]
id = 1
brand = "IRone"
name = "One"
time_zone = "UTC"
currency = "USD"
landing_page = "https://one.example/"
[[event_type]]
program = 1
id = 1
name = "Sale"
category = "SALE"
dispositions = ["CHECKED"]
locking_dispositions = [LOCKING]
[[partner]]
id = 10
name = "Ten"
[[contract]]
program = 1
partner = 10
start = 2026-01-01
locking = "OPEN"
payouts = [{ event_type = 1, rate = "10%", limits = [
  { of = "PAYOUT", amount = "10", period = "MONTH" }] }]
"#;
/// 2026-03-25T12:00:00Z.
const START: Millis = Millis(1_774_440_000_000);
const JOB: JobId = JobId(7);

struct Open {
    root: tempfile::TempDir,
    log: Log,
    derived: Derived,
    said: u128,
}

impl Open {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let log = Log::open(
            &Options::new(root.path().join("log")),
            Clock::start_at(START),
        );
        let log = log.unwrap();
        let derived = open(&root.path().join("live"), &log);
        let own = Self {
            root,
            log,
            derived,
            said: 0,
        };
        own.lock_by("\"CHECKED\", \"ITEM_RETURNED\"");
        own
    }

    fn lock_by(&self, reasons: &str) {
        let doc = parse_toml(&CATALOG.replace("LOCKING", reasons)).unwrap();
        let stored = to_stored(&doc).unwrap();
        self.log
            .put_catalog(self.log.current_catalog(), &stored)
            .unwrap();
    }

    fn payload(&mut self) -> PayloadHash {
        self.said += 1;
        PayloadHash(self.said.to_be_bytes())
    }

    fn sell(&mut self, order: &str, dollars: i64) {
        let submission = Submission {
            program: ProgramId(1),
            event_type: EventTypeId(1),
            order_id: order.into(),
            references: vec![Reference::Partner(PartnerId(10))],
            order: Order {
                amount: Some(Money(dollars * 1_000_000)),
                items: Vec::new(),
            },
            payload: self.payload(),
            ..Submission::default()
        };
        self.log.submit(&submission).unwrap();
    }

    fn change(&mut self, order: &str, reason: &str, dollars: Option<i64>) -> SubmissionId {
        let payload = self.payload();
        let line = u64::try_from(self.said).unwrap();
        let change = Change {
            program: ProgramId(1),
            event_type: EventTypeId(1),
            order_id: order.into(),
            action: None,
            what: dollars.map_or(What::Reverse, |dollars| What::Modify {
                amount: Some(Money(dollars * 1_000_000)),
                customer_status: None,
                items: Vec::new(),
            }),
            reason: reason.into(),
            origin: Origin::Batch { job: JOB, line },
            is_signed: false,
            payload,
            fields: Vec::new(),
        };
        self.log.change(&change).unwrap().id
    }

    /// Folds everything, by a folder that knows nothing but what is stored.
    fn fold(&self) {
        self.log.seal().unwrap();
        let mut folder = Folder::new(self.log.clone(), self.derived.serving());
        catch_up(&mut folder, &self.log);
    }

    fn outcome(&self, id: SubmissionId) -> SubmissionOutcome {
        self.derived.outcome(id).unwrap().unwrap().outcome
    }

    fn action(&self, order: &str) -> (ActionId, Action) {
        let serving = self.derived.serving();
        let view = serving.view().unwrap();
        let key = OrderKey::new(ProgramId(1), EventTypeId(1), order);
        let id = view.actions_of(&key).unwrap()[0];
        (id, view.action(id).unwrap().unwrap())
    }

    /// Times at which actions are in an index.
    fn index(&self, kind: IndexKind) -> BTreeMap<ActionId, Millis> {
        let serving = self.derived.serving();
        let view = serving.view().unwrap();
        let mut found = BTreeMap::new();
        let times = Millis(i64::MIN)..=Millis(i64::MAX);
        view.for_each_indexed(ProgramId(1), kind, times, &mut |key| {
            assert_eq!(found.insert(key.action(), key.at), None);
            ControlFlow::Continue(())
        })
        .unwrap();
        found
    }

    /// The same rows by a rebuild, and a clean verification of both.
    fn rebuilt(self) {
        // No slot ends after this, so both fold the same ones.
        self.log.stop().unwrap();
        let mut folder = Folder::new(self.log.clone(), self.derived.serving());
        catch_up(&mut folder, &self.log);
        drop(folder);
        let report = verify(&self.log, &self.derived).unwrap();
        assert!(report.is_clean(), "{report:#?}");
        let Self {
            root, log, derived, ..
        } = self;
        drop(derived);
        let live = root.path().join("live");
        let rows = dump(&live, &log);
        let derived = open(&live, &log);
        assert!(rebuild(&log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
        drop(derived);
        assert!(rows == dump(&live, &log), "a rebuild gives other rows");
    }
}

#[test]
fn an_open_action_locks_by_a_reason_and_by_no_other() {
    let mut open = Open::new();
    open.sell("a", 50);
    let other = open.change("a", "OTHER", Some(40));
    open.fold();
    let (id, action) = open.action("a");
    assert!(matches!(
        open.outcome(other),
        SubmissionOutcome::Changed(_, 2)
    ));
    assert_eq!((action.locking, action.cost), (None, Money(4_000_000)));
    assert_eq!(open.index(IndexKind::Due), BTreeMap::new());
    let locking = open.change("a", "CHECKED", Some(30));
    let late = open.change("a", "OTHER", Some(20));
    let gone = open.change("a", "ITEM_RETURNED", None);
    open.fold();
    let at = locking.number.time();
    assert_eq!(open.outcome(locking), SubmissionOutcome::Changed(id, 3));
    let locked = SubmissionOutcome::NotChanged(ChangeRefusal::ActionLocked);
    assert_eq!((open.outcome(late), open.outcome(gone)), (locked, locked));
    let (_, action) = open.action("a");
    assert_eq!((action.locking, action.cost), (Some(at), Money(3_000_000)));
    assert!(!action.is_locked(at.plus(-1)) && action.is_locked(at));
    let serving = open.derived.serving();
    let view = serving.view().unwrap();
    let [(program, count)] = view.upload(JOB).unwrap()[..] else {
        panic!("one file of one program");
    };
    assert_eq!(
        (program, count.settled, count.refused),
        (ProgramId(1), 4, 2)
    );
    let lines = view.refused_lines(JOB).unwrap();
    let lines: Vec<_> = lines.iter().map(|line| (line.line, line.id)).collect();
    assert_eq!(lines, [(4, late), (5, gone)]);
    drop((view, lines));
    drop(serving);
    let indexed = BTreeMap::from([(id, at)]);
    assert_eq!(open.index(IndexKind::Locking), indexed);
    assert_eq!(open.index(IndexKind::Due), indexed);
    let settlement = Settlement {
        program: id.program,
        event_type: id.event_type,
        order_id: "a".into(),
        action: id.order,
        partner: action.partner,
        date: action.date,
        day: action.day,
        locking: at,
        amount: action.amount,
        cost: action.cost,
        gross_cost: action.gross_cost,
        reversed: false,
    };
    assert_eq!(open.log.settle(&[settlement]).unwrap(), 1);
    open.fold();
    assert_eq!(open.index(IndexKind::Due), BTreeMap::new());
    assert_eq!(open.index(IndexKind::Locking), indexed);
    open.rebuilt();
}

#[test]
fn a_reversal_locks_as_well_and_what_locks_as_it_stands_costs_what_it_did() {
    let mut open = Open::new();
    open.sell("a", 90);
    open.sell("b", 90);
    let gone = open.change("a", "ITEM_RETURNED", None);
    // There is room for all of it now, but nothing of it changes.
    let kept = open.change("b", "CHECKED", Some(90));
    open.fold();
    let (a, b) = (open.action("a").1, open.action("b").1);
    assert!(a.is_reversed());
    assert_eq!(a.locking, Some(gone.number.time()));
    assert_eq!(b.locking, Some(kept.number.time()));
    assert_eq!((b.cost, b.updates), (Money(1_000_000), 2));
    open.rebuilt();
}

#[test]
fn a_reason_means_what_the_catalogue_of_the_change_says() {
    let mut open = Open::new();
    open.sell("a", 50);
    open.sell("b", 50);
    open.fold();
    open.lock_by("\"OTHER\"");
    open.fold();
    open.change("a", "CHECKED", Some(40));
    let locking = open.change("b", "OTHER", Some(40));
    open.fold();
    assert_eq!(open.action("a").1.locking, None);
    assert_eq!(open.action("b").1.locking, Some(locking.number.time()));
    open.rebuilt();
}

#[test]
fn a_settlement_of_another_time_leaves_one_time_in_the_index() {
    let mut open = Open::new();
    open.sell("a", 50);
    let locking = open.change("a", "CHECKED", Some(40));
    open.fold();
    let (id, action) = open.action("a");
    let later = locking.number.time().plus(1);
    let settlement = Settlement {
        program: id.program,
        event_type: id.event_type,
        order_id: "a".into(),
        action: id.order,
        partner: action.partner,
        date: action.date,
        day: action.day,
        locking: later,
        amount: action.amount,
        cost: action.cost,
        gross_cost: action.gross_cost,
        reversed: false,
    };
    assert_eq!(open.log.settle(&[settlement]).unwrap(), 1);
    open.fold();
    assert_eq!(open.index(IndexKind::Due), BTreeMap::new());
    assert_eq!(
        open.index(IndexKind::Locking),
        BTreeMap::from([(id, later)])
    );
    open.rebuilt();
}
