//! What the fold shows against the model, and against itself.

use std::collections::{BTreeMap, BTreeSet};

use clickd::derived::{
    ActionFlags, ActionState, Derived, SubmissionOutcome, Update, UpdateKind, View,
};
use clickd::log::Log;
use clickd::model::entry::Entry;
use clickd::model::id::{EventNumber, ProgramId, Slot, SubmissionId};
use clickd::model::tally::Stored;
use clickd::model::time::{Day, Millis};
use clickd::registry::cube::CubeId;
use jiff::civil::Date;

use super::model::{Action, Kind, Model, Outcome, Sealed, Sums};
use super::said::{Notes, Order, Said};
use super::terms::PROGRAMS;

/// The measures of [`Sums`], in their order.
const MEASURES: [Stored; 5] = [
    Stored::GrossActions,
    Stored::Actions,
    Stored::SaleAmount,
    Stored::ActionCost,
    Stored::GrossActionCost,
];

/// A sealed slot; its entries must be those that were answered as stored there, no other, each
/// once.
pub(crate) fn sealed(log: &Log, slot: u32, notes: &mut Notes) -> Sealed {
    let footer = log.footer(Slot(slot)).unwrap().unwrap();
    let mut clicks = Vec::new();
    log.for_each_click(footer.slot, &mut |row| {
        clicks.push((row.number.0, row.partner.0));
    })
    .unwrap();
    let entries = log.entries(footer.slot).unwrap();
    for (id, entry) in &entries {
        if let Entry::Settlement(settlement) = entry {
            let (program, event_type, order) = entry.order();
            let order = (program.0, event_type.0, order.to_owned());
            let locked = notes.locked.remove(&order).expect("said once");
            assert_eq!(*settlement, locked.entry());
            notes.said.insert(*id, Said::Locked(locked));
        }
    }
    let mut entries: Vec<SubmissionId> = entries.into_iter().map(|row| row.0).collect();
    let said = notes.said.keys().filter(|id| id.slot == footer.slot);
    let mut said: Vec<SubmissionId> = said.copied().collect();
    entries.sort_by_key(|id| id.number);
    said.sort_by_key(|id| id.number);
    assert_eq!(entries, said, "{slot}");
    let arrivals = log.visits(footer.slot).unwrap();
    for (number, visit) in &arrivals {
        let arrival = notes.arrivals.get(&number.0).expect("somebody arrived");
        assert_eq!(*visit, arrival.entry());
    }
    let arrivals: BTreeSet<EventNumber> = arrivals.into_iter().map(|row| row.0).collect();
    Sealed {
        slot,
        wall_end: footer.wall_end.0,
        catalogue: footer.catalog.0,
        clicks,
        arrivals,
        entries,
    }
}

/// An action as the fold shows it, by its order.
struct Shown {
    number: u64,
    row: clickd::derived::Action,
    updates: Vec<Update>,
}

/// Everything shown must be what the model says; the numbers of the actions.
pub(crate) fn same(derived: &Derived, model: &Model) -> BTreeMap<Order, u64> {
    let generation = derived.serving();
    let view = generation.view().unwrap();
    let shown = shown(&view);
    assert_eq!(shown.len(), model.actions.len());
    for action in &model.actions {
        let found = shown.get(&action.order);
        same_action(found.unwrap_or_else(|| panic!("lost: {action:?}")), action);
    }
    let cells = cells(derived);
    assert_eq!(cells, model.figures());
    sums_agree(&shown, &cells);
    for (id, expected) in &model.outcomes {
        let settled = view.outcome(*id).unwrap();
        let settled = settled.unwrap_or_else(|| panic!("no outcome of {id}"));
        assert_eq!(&outcome(settled.outcome), expected, "{id}");
    }
    let mut outcomes = 0;
    view.for_each_outcome(&mut |_, _| outcomes += 1).unwrap();
    assert_eq!(outcomes, model.outcomes.len());
    shown
        .into_iter()
        .map(|(order, one)| (order, one.number))
        .collect()
}

fn shown(view: &View<'_>) -> BTreeMap<Order, Shown> {
    let mut updates: BTreeMap<_, Vec<Update>> = BTreeMap::new();
    view.for_each_update(&mut |key, update| {
        let of_action = updates.entry(key.action).or_default();
        of_action.push(update);
        assert_eq!(usize::try_from(key.number).unwrap(), of_action.len());
    })
    .unwrap();
    let mut shown = BTreeMap::new();
    view.for_each_action(&mut |id, row| {
        let order = (id.program.0, id.event_type.0, row.order_id.to_string());
        let one = Shown {
            number: id.order,
            updates: updates.remove(&id).unwrap_or_default(),
            row,
        };
        assert!(shown.insert(order, one).is_none(), "two actions: {id}");
    })
    .unwrap();
    assert!(updates.is_empty(), "{updates:?}");
    shown
}

fn same_action(shown: &Shown, action: &Action) {
    let (row, now, first) = (&shown.row, action.now(), &action.history[0]);
    let of = |amount: Option<clickd::model::money::Money>| amount.map(|amount| amount.0);
    let epoch = jiff::civil::date(1970, 1, 1);
    let day = epoch + jiff::Span::new().days(row.day.0);
    assert_eq!(
        (row.partner.0, row.date.0, day, row.submission),
        (action.partner, action.date, action.day, first.by),
        "{action:?}"
    );
    assert_eq!(
        (of(row.amount), row.cost.0, row.gross_cost.0),
        (now.amount, now.cost, now.gross),
        "{action:?}"
    );
    assert_eq!(
        (of(row.intended_amount), row.intended_cost.0),
        (first.amount, action.intended),
        "{action:?}"
    );
    assert_eq!(
        (
            row.flags.any(ActionFlags::OVERLIMIT_BUDGET),
            row.flags.any(ActionFlags::OVERLIMIT_COUNT)
        ),
        (now.over_budget, now.over_count),
        "{action:?}"
    );
    let is_settled = row.flags.any(ActionFlags::SETTLED);
    assert_eq!(
        (row.is_reversed(), is_settled),
        (now.reversed, action.settled),
        "{action:?}"
    );
    assert_eq!(row.customer_status.as_deref(), now.status, "{action:?}");
    assert_eq!(row.updated, now.by.number.time(), "{action:?}");
    assert_eq!(row.locking.map(|at| at.0), action.locks, "{action:?}");
    let last = action.locks.unwrap_or(i64::MAX);
    let locks = action.locks.map(|locks| (locks, "APPROVED"));
    for (at, word) in [(last - 1, "PENDING")].into_iter().chain(locks) {
        let word = if now.reversed { "REVERSED" } else { word };
        let state: ActionState = row.state(Millis(at));
        assert_eq!(state.word(), word, "{action:?} at {at}");
    }
    assert_eq!(shown.updates.len(), action.history.len(), "{action:?}");
    let mut before = (0, 0);
    for (update, happened) in shown.updates.iter().zip(&action.history) {
        let after = (happened.amount.unwrap_or(0), happened.cost);
        let kind = match happened.kind {
            Kind::Tracked => UpdateKind::Tracked,
            Kind::Modified => UpdateKind::Modified,
            Kind::Reversed => UpdateKind::Reversed,
            Kind::Settled => UpdateKind::Settled,
        };
        assert_eq!((update.kind, update.submission), (kind, happened.by));
        assert_eq!((update.amount.0, update.cost.0), after, "{action:?}");
        let deltas = (after.0 - before.0, after.1 - before.1);
        assert_eq!((update.delta_amount, update.delta_cost), deltas);
        before = after;
    }
}

fn cells(derived: &Derived) -> BTreeMap<(u32, Date, u32), Sums> {
    let mut cells = BTreeMap::new();
    let epoch = jiff::civil::date(1970, 1, 1);
    let days = Day(i32::MIN)..=Day(i32::MAX);
    for program in PROGRAMS {
        let id = ProgramId(program.id);
        derived
            .for_each_cell(CubeId(1), id, days.clone(), &mut |cell| {
                let day = epoch + jiff::Span::new().days(cell.day.0);
                let sums = MEASURES.map(|measure| cell.tally.get(measure));
                // Cells of clicks alone.
                if sums != Sums::default() {
                    cells.insert((program.id, day, cell.partner.0), sums);
                }
            })
            .unwrap();
    }
    cells
}

/// What all actions come to is what all cells and what all updates come to.
fn sums_agree(shown: &BTreeMap<Order, Shown>, cells: &BTreeMap<(u32, Date, u32), Sums>) {
    let mut actions = [0_i128; 2];
    let mut updates = [0_i128; 2];
    for one in shown.values() {
        let amount = one.row.amount.map_or(0, |amount| amount.0);
        actions[0] += i128::from(amount);
        actions[1] += i128::from(one.row.cost.0);
        for update in &one.updates {
            updates[0] += i128::from(update.delta_amount);
            updates[1] += i128::from(update.delta_cost);
        }
    }
    let mut reports = [0_i128; 2];
    for sums in cells.values() {
        reports[0] += sums[2];
        reports[1] += sums[3];
    }
    assert_eq!((actions, actions), (updates, reports));
}

fn outcome(outcome: SubmissionOutcome) -> Outcome {
    match outcome {
        SubmissionOutcome::Test(result) => panic!("nobody tests: {result:?}"),
        SubmissionOutcome::Waiting => Outcome::Waits,
        SubmissionOutcome::Refused(refusal) => Outcome::Refused(refusal.code()),
        SubmissionOutcome::Credited(_) => Outcome::Tracked,
        SubmissionOutcome::Changed(_, update) => Outcome::Changed(usize::try_from(update).unwrap()),
        SubmissionOutcome::Unchanged(_) => Outcome::Unchanged,
        SubmissionOutcome::NotChanged(refusal) => Outcome::NotChanged(refusal.code()),
        SubmissionOutcome::Settled(_, update) => Outcome::Settled(usize::try_from(update).unwrap()),
    }
}
