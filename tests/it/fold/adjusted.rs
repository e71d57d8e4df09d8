//! What is settled stands, whatever judges the past later, and what the lists make of it is
//! adjusted.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use clickd::derived::{ActionFlags, ActionId, Derived, View};
use clickd::fold::{adjustments, rebuild, verify};
use clickd::log::{Adjusted, Adjustment, Judgement, Log};
use clickd::model::action::settlement::Settlement;
use clickd::model::id::{PartnerId, ProgramId};
use clickd::model::tally::Stored;
use clickd::model::time::{DAY, Day, Millis};
use clickd::registry::cube::{CubeId, Granularity};

use super::paid::listed::{ADJUSTMENTS, Clicks};
use super::rescored::{Past, dump_of, try_lists};
use super::settled::settlement;
use super::world::ROBOTS;

/// Programs, partners and adjustments.
pub(super) type Rows = Vec<(ProgramId, PartnerId, Adjustment)>;

/// The judgement of all so far by `lists`, made at `at`, what it adjusts, and what `read` reads of
/// its trial.
pub(super) fn judge<T>(
    log: &Log,
    derived: &Derived,
    lists: &str,
    at: Millis,
    read: &dyn Fn(&View<'_>) -> T,
) -> (Judgement, Rows, T) {
    let next = log.next_judgement(log.sealed(), lists.as_bytes()).unwrap();
    let (trial, _) = try_lists(log, derived, next, lists);
    let (before, after) = (derived.serving(), trial.generation());
    let (before, after) = (before.view().unwrap(), after.view().unwrap());
    let mut rows = Rows::new();
    adjustments(log, &before, &after, &mut |program, partner, row| {
        rows.push((program, partner, row));
        Ok(())
    })
    .unwrap();
    let judgement = Judgement {
        at,
        settled: before.watermark().unwrap().unwrap().slot,
        adjustments: rows.len().try_into().unwrap(),
        ..next
    };
    (judgement, rows, read(&after))
}

/// Lets a judgement stand.
pub(super) fn commit(log: &Log, judgement: &Judgement, lists: &str, rows: &Rows) {
    log.clear_adjustments(judgement.version).unwrap();
    let rows: Vec<_> = rows.iter().map(|row| row.2).collect();
    log.put_adjustments(judgement.version, &rows).unwrap();
    log.put_judgement(judgement, lists.as_bytes()).unwrap();
}

/// Settles every action that has locked.
fn settle(past: &Past) -> Vec<Settlement> {
    let derived = past.live();
    let serving = derived.serving();
    let mut settlements = Vec::new();
    let view = serving.view().unwrap();
    view.for_each_action(&mut |id, action| {
        if action.locking.is_some() {
            settlements.push(settlement(id, &action));
        }
    })
    .unwrap();
    past.log.settle(&settlements).unwrap();
    past.log.seal().unwrap();
    settlements
}

type Paid = BTreeMap<(ActionId, PartnerId), i128>;

/// What the rules make of settled actions, whatever they are paid.
fn ruled(view: &View<'_>) -> Paid {
    let mut found = Paid::new();
    view.for_each_action(&mut |id, action| {
        if action.flags.any(ActionFlags::SETTLED) {
            let own = (action.partner, action.cost);
            let (partner, cost) = action.ruled.unwrap_or(own);
            found.insert((id, partner), cost.0.into());
        }
    })
    .unwrap();
    found
}

/// What each partner was paid by adjustments, over all days and by day.
fn adjusted(derived: &Derived) -> BTreeMap<(ProgramId, PartnerId, Day), i128> {
    let mut found = BTreeMap::new();
    let serving = derived.serving();
    let view = serving.view().unwrap();
    view.for_each_cell_of_all(CubeId::PARTNER_PERFORMANCE, &mut |cell| {
        let more = cell.tally.get(Stored::Adjusted);
        if more != 0 && cell.granularity == Granularity::Day {
            found.insert((cell.program, cell.partner, cell.day), more);
        }
    })
    .unwrap();
    found
}

/// The settlements of a log, and all that was adjusted so far.
struct Settled {
    past: Past,
    settlements: Vec<Settlement>,
    booked: Paid,
}

impl Settled {
    /// Lets `lists` judge the past at `at`; what they adjust, by program and partner.
    fn judge(
        &mut self,
        derived: &Derived,
        lists: &str,
        at: Millis,
    ) -> (BTreeMap<(ProgramId, PartnerId), i128>, Paid) {
        let (judgement, rows, ruled) = judge(&self.past.log, derived, lists, at, &ruled);
        let mut by_partner = BTreeMap::<_, i128>::new();
        for (program, partner, row) in &rows {
            let Adjusted::Action {
                event_type, action, ..
            } = row.of
            else {
                panic!("{row:?} of a click");
            };
            let id = ActionId {
                program: *program,
                event_type,
                order: action,
            };
            *self.booked.entry((id, *partner)).or_default() += i128::from(row.more);
            *by_partner.entry((*program, *partner)).or_default() += i128::from(row.more);
        }
        commit(&self.past.log, &judgement, lists, &rows);
        by_partner.retain(|_, more| *more != 0);
        (by_partner, ruled)
    }

    /// Whether every settled action is as it was; what all are paid with their adjustments.
    fn stand(&self, view: &View<'_>) -> Paid {
        let mut due = self.booked.clone();
        for settlement in &self.settlements {
            let id = ActionId {
                program: settlement.program,
                event_type: settlement.event_type,
                order: settlement.action,
            };
            let action = view.action(id).unwrap().unwrap();
            assert_eq!(
                (action.partner, action.cost, action.amount),
                (settlement.partner, settlement.cost, settlement.amount),
            );
            let (partner, cost) = (settlement.partner, settlement.cost);
            *due.entry((id, partner)).or_default() += i128::from(cost.0);
        }
        due.retain(|_, paid| *paid != 0);
        due
    }

    /// How many actions are paid to another partner than they were settled for.
    fn moved(&self, due: &Paid) -> usize {
        let is_moved = |(id, partner): &(ActionId, PartnerId)| {
            let mut settlements = self.settlements.iter();
            let settled = settlements.find(|own| own.action == id.order).unwrap();
            settled.partner != *partner
        };
        due.keys().filter(|key| is_moved(key)).count()
    }
}

/// Whether the listing of the first program has the adjustments of the day, an action a row.
fn are_listed(
    log: &Log,
    derived: &Derived,
    at: Millis,
    today: &BTreeMap<(ProgramId, PartnerId), i128>,
) {
    let listing = Clicks {
        log,
        derived,
        rows: Vec::new(),
    };
    let date = |days| {
        let text = at.plus(days * DAY).to_string();
        text.split('T').next().unwrap().to_owned()
    };
    let days = format!("StartDate={}&EndDate={}", date(-1), date(1));
    let query = format!("SUBAID=1&{days}&PageSize=3");
    let mut found = BTreeMap::<_, i128>::new();
    for record in listing.pages(ADJUSTMENTS, &query, &mut || {}) {
        let text = |name: &str| record[name].as_str().unwrap();
        let id: ActionId = text("ActionId").parse().unwrap();
        assert_eq!((id.program, text("ClickId")), (ProgramId(1), ""));
        assert_eq!(text("AdjustmentDate"), at.to_string());
        let (major, minor) = text("ClickCost").split_once('.').unwrap();
        let more: i128 = format!("{major}{minor:0<6}").parse().unwrap();
        let partner = PartnerId(text("MediaId").parse().unwrap());
        *found.entry((id.program, partner)).or_default() += more;
    }
    found.retain(|_, more| *more != 0);
    let first = |(key, more): (&(ProgramId, PartnerId), &i128)| (*key, *more);
    let today = today.iter().filter(|(key, _)| key.0 == ProgramId(1));
    assert_eq!(found, today.map(first).collect());
    // An action is kept apart by nothing that clicks are.
    let query = format!("SUBAID=1&{days}&SharedId=friend");
    assert!(listing.pages(ADJUSTMENTS, &query, &mut || {}).is_empty());
}

#[test]
fn what_is_settled_stands_and_what_the_lists_make_of_it_is_adjusted() {
    // Nobody is a customer; those of one browser are not; those of the world.
    let nobody = "date = \"2026-12-01\"\nrobots = ['.']";
    let firefox = "date = \"2026-12-02\"\nrobots = ['Firefox']";
    let (mut less, mut more, mut moved) = (0, 0, 0);
    for seed in 1..=3 {
        let past = Past::of(seed, 20);
        let mut settled = Settled {
            settlements: settle(&past),
            past,
            booked: Paid::new(),
        };
        for (nth, lists) in (0..).zip([nobody, firefox, ROBOTS]) {
            let at = Millis(2_000_000_000_000).plus(nth * 9 * DAY);
            let (by_partner, mut ruled) = settled.judge(&settled.past.live(), lists, at);
            let derived = settled.past.live();
            let stop = AtomicBool::new(false);
            assert!(rebuild(&settled.past.log, &derived, &stop, &mut |_, _| {}).unwrap());
            let due = settled.stand(&derived.serving().view().unwrap());
            ruled.retain(|_, paid| *paid != 0);
            assert_eq!(due, ruled, "seed {seed}, {lists}");
            moved += settled.moved(&due);
            let all = adjusted(&derived);
            // A zone may be a day behind.
            let today = all
                .iter()
                .filter(|((.., day), _)| day.0.abs_diff(at.utc_day().0) < 2);
            let today: BTreeMap<_, _> = today
                .map(|((program, partner, _), more)| ((*program, *partner), *more))
                .collect();
            assert_eq!(today, by_partner, "seed {seed}");
            are_listed(&settled.past.log, &derived, at, &today);
            less += today.values().filter(|more| **more < 0).count();
            more += today.values().filter(|more| **more > 0).count();
            assert_eq!(
                all.values().sum::<i128>(),
                settled.booked.values().sum::<i128>()
            );
            let report = verify(&settled.past.log, &derived).unwrap();
            assert!(report.is_clean(), "seed {seed}: {report:#?}");
        }
        // Slots end by the clock, and what waits in them with them, so the log has to stand still.
        settled.past.log.stop().unwrap();
        let derived = settled.past.live();
        let live = dump_of(&derived);
        let stop = AtomicBool::new(false);
        assert!(rebuild(&settled.past.log, &derived, &stop, &mut |_, _| {}).unwrap());
        assert!(live == dump_of(&derived), "seed {seed}");
    }
    assert!(less > 0 && more > 0, "{less}, {more}");
    assert!(moved > 0, "no list has given an action to another partner");
}
