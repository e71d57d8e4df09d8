//! A server over derived rows that the test makes itself.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::derived::{
    Action, ActionFlags, ActionId, ActionItem, Derived, Mark, Options, OrderKey, Update, UpdateKind,
};
use crate::model::id::{
    AdId, EventNumber, EventTypeId, JudgementVersion, PartnerId, ProgramId, Slot, SubmissionId,
};
use crate::model::money::Money;
use crate::model::referral::ReferringType;
use crate::model::time::{DAY, Day, Millis};
use crate::server::api::Limits;
use crate::server::api::tests::bench::{Bench, Reply};

/// 2020-01-01T00:00:00Z, from which event numbers count.
const EPOCH: Millis = Millis(1_577_836_800_000);

pub(super) const ACTIONS: &str = "/Advertisers/IRacme/Actions";
pub(super) const UPDATES: &str = "/Advertisers/IRacme/ActionUpdates";

/// An action to be made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) program: u32,
    pub(super) order: &'static str,
    pub(super) partner: u32,
    pub(super) ad: u32,
    /// When it came to be, and when each update after it was received.
    pub(super) updates: Vec<Millis>,
    pub(super) date: Millis,
    pub(super) locking: Option<Millis>,
    /// The last update took it back.
    pub(super) reversed: bool,
    pub(super) items: Vec<ActionItem>,
}

pub(super) struct World {
    pub(super) bench: Bench,
    derived: Derived,
    /// The time that the figures are as of, some hours before now.
    pub(super) now: Millis,
}

/// The number of an event of `at`.
fn number(at: Millis) -> EventNumber {
    let since = u64::try_from(at.since(EPOCH)).unwrap();
    EventNumber(since << 22)
}

pub(super) fn submission(program: u32, at: Millis) -> SubmissionId {
    SubmissionId {
        slot: Slot(1),
        program: ProgramId(program),
        number: number(at),
    }
}

impl World {
    pub(super) fn new() -> Self {
        let held = Mutex::new(None);
        let bench = Bench::over(Limits::default(), |_, folder| {
            let derived = Derived::open(&folder.join("derived"), &Options::new(1), None).unwrap();
            *held.lock() = Some(derived.clone());
            (Arc::new(derived), Box::new(|_| None))
        });
        // The hour begins at a whole second, as most times in queries do.
        let now = bench.log.clock().now();
        Self {
            derived: held.lock().take().unwrap(),
            now: Millis(now.0 / 1_000 * 1_000 - 3_600_000),
            bench,
        }
    }

    /// An action of program 1000 that came to be `days` ago and locks in ten days.
    pub(super) fn action(&self, order: &'static str, days: i64) -> Made {
        let at = self.now.plus(-days * DAY);
        Made {
            program: 1000,
            order,
            partner: 7,
            ad: 3,
            updates: vec![at],
            date: at.plus(-60_000),
            locking: Some(self.now.plus(10 * DAY)),
            reversed: false,
            items: Vec::new(),
        }
    }

    /// Makes actions; their ids.
    pub(super) fn make(&self, actions: &[Made]) -> Vec<ActionId> {
        let serving = self.derived.serving();
        let mut batch = serving.families().unwrap().batch();
        let mut ids = Vec::new();
        for made in actions {
            let program = ProgramId(made.program);
            let event_type = EventTypeId(made.program * 10 + 1);
            let key = OrderKey::new(program, event_type, made.order);
            let before = batch.actions_of(&key).unwrap();
            let id = batch.free_id(&key, &before).unwrap();
            let action = row(made);
            batch.track(&key, &before, id, &action);
            batch.set_action(id, &action, &made.items);
            for (update, at) in made.updates.iter().enumerate() {
                let number = u32::try_from(update + 1).unwrap();
                let is_last = number == action.updates;
                let (kind, delta) = match number {
                    1 => (UpdateKind::Tracked, 12_340_000),
                    _ if is_last && made.reversed => (UpdateKind::Reversed, -12_340_000),
                    _ => (UpdateKind::Modified, 0),
                };
                let update = Update {
                    kind,
                    submission: submission(made.program, *at),
                    delta_amount: delta,
                    delta_cost: delta / 10,
                    amount: action.amount.unwrap(),
                    cost: action.cost,
                    reason: if number == 1 { "" } else { "OTHER" }.into(),
                };
                batch.update(id, number, &update);
            }
            ids.push(id);
        }
        let mark = Mark {
            slot: Slot(1),
            wall_end: self.now,
            checksum: 0,
            newest: self.now,
            judgement: JudgementVersion(0),
        };
        batch.commit(&mark).unwrap();
        ids
    }

    pub(super) fn get(&self, target: &str) -> Reply {
        self.bench.get(target)
    }

    /// The order ids of a list, in its order.
    pub(super) fn orders(&self, query: &str) -> Vec<String> {
        let reply = self.get(&format!("{ACTIONS}?CampaignId=1000{query}"));
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        let json = reply.json();
        let actions = json["Actions"].as_array().unwrap().iter();
        actions
            .map(|action| action["Oid"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The order id and number of each update of a list, in its order.
    pub(super) fn updates(&self, query: &str) -> Vec<String> {
        let reply = self.get(&format!("{UPDATES}?CampaignId=1000{query}"));
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        let json = reply.json();
        let updates = json["ActionUpdates"].as_array().unwrap().iter();
        updates
            .map(|update| {
                let (_, number) = update["Id"].as_str().unwrap().rsplit_once('.').unwrap();
                format!("{}.{number}", update["Oid"].as_str().unwrap())
            })
            .collect()
    }
}

fn row(made: &Made) -> Action {
    let first = *made.updates.first().unwrap();
    let amount = Money(if made.reversed { 0 } else { 12_340_000 });
    Action {
        order_id: made.order.into(),
        occurrence: 0,
        partner: PartnerId(made.partner),
        ad: AdId(made.ad),
        referring_type: ReferringType::Promocode,
        contract: Millis(0),
        holds: Vec::new(),
        ruled: None,
        click: None,
        submission: submission(made.program, first),
        date: made.date,
        day: Day(0),
        locking: made.locking,
        amount: Some(amount),
        cost: Money(amount.0 / 10),
        intended_amount: Some(Money(12_340_000)),
        intended_cost: Money(1_234_000),
        gross_cost: Money(1_234_000),
        updated: *made.updates.last().unwrap(),
        updates: u32::try_from(made.updates.len()).unwrap(),
        group: None,
        customer_status: None,
        flags: ActionFlags::NONE.with(ActionFlags::REVERSED, made.reversed),
    }
}
