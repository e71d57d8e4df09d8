//! The naive model: a list of actions with everything that happened to each; every figure is
//! counted from the whole list whenever it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use clickd::model::id::{EventNumber, SubmissionId};
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::credit::{Credit, Known, credit};
use super::people::People;
use super::price::{Paid, cost, paid};
use super::said::{Locked, Meant, New, Notes, Order, Revision, Said, Sale};
use super::terms::{LOCKS, Limit, Payout, Program};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tracked,
    Modified,
    Reversed,
    Settled,
}

/// One thing that happened to an action, and how it stood afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) kind: Kind,
    pub(crate) by: SubmissionId,
    pub(crate) amount: Option<i64>,
    pub(crate) cost: i64,
    /// What it costs, or cost before its reversal.
    pub(crate) gross: i64,
    /// What it uses up of limits.
    pub(crate) held: i64,
    pub(crate) over_budget: bool,
    pub(crate) over_count: bool,
    pub(crate) reversed: bool,
    pub(crate) status: Option<&'static str>,
}

/// An action with its whole history, the oldest first and never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) order: Order,
    pub(crate) partner: u32,
    pub(crate) date: i64,
    pub(crate) day: Date,
    /// First instant at which it can't be changed any more; none while that is open.
    pub(crate) locks: Option<i64>,
    pub(crate) settled: bool,
    payout: Payout,
    pub(crate) limits: Vec<Limit>,
    /// When its contract began.
    pub(crate) contract: i64,
    /// What it was to cost at first without limits.
    pub(crate) intended: i64,
    pub(crate) history: Vec<Happened>,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Waits,
    Refused(&'static str),
    Tracked,
    /// As this update of the action.
    Changed(usize),
    Unchanged,
    NotChanged(&'static str),
    /// As this update of the action, 0 when its figures stood so already.
    Settled(usize),
}

/// Gross actions, actions, sale amount, cost, gross cost.
pub(crate) type Sums = [i128; 5];

#[derive(Debug, Default)]
pub(crate) struct Model {
    clicks: BTreeSet<(u64, u32)>,
    people: People,
    waiting: Vec<SubmissionId>,
    /// Catalogue version of every slot.
    versions: BTreeMap<u32, u32>,
    pub(crate) actions: Vec<Action>,
    pub(crate) outcomes: BTreeMap<SubmissionId, Outcome>,
}

/// What the log says of a sealed slot.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) slot: u32,
    pub(crate) wall_end: i64,
    pub(crate) catalogue: u32,
    /// Number and partner of its clicks.
    pub(crate) clicks: Vec<(u64, u32)>,
    /// Who arrived in it.
    pub(crate) arrivals: BTreeSet<EventNumber>,
    /// Its entries, in the order of their numbers.
    pub(crate) entries: Vec<SubmissionId>,
}

impl Action {
    pub(crate) fn now(&self) -> &Happened {
        self.history.last().unwrap()
    }
}

impl Happened {
    fn pay(&mut self, paid: Paid) {
        self.cost = paid.cost;
        self.gross = paid.cost;
        self.held = paid.cost;
        self.over_budget = paid.over_budget;
        self.over_count = paid.over_count;
    }
}

impl Model {
    /// Goes on by one slot.
    pub(crate) fn slot(&mut self, sealed: Sealed, notes: &Notes) {
        self.versions.insert(sealed.slot, sealed.catalogue);
        self.clicks.extend(sealed.clicks);
        let mut due = std::mem::take(&mut self.waiting);
        due.sort_by_key(|id| (id.slot, id.number));
        due.extend(sealed.entries);
        // Orders of which something waits in this slot.
        let mut open = BTreeSet::new();
        let mut arrivals = sealed.arrivals.into_iter().peekable();
        let slot = sealed.slot;
        for id in due {
            // What waited comes before everything of the slot, the rest in the order of numbers.
            let before = |number: &EventNumber| id.slot.0 == slot && *number < id.number;
            while let Some(number) = arrivals.next_if(before) {
                self.arrive(number, notes);
            }
            let (order, outcome) = match &notes.said[&id] {
                Said::Sale(sale) => (&sale.order, self.sale(id, sale, sealed.wall_end, notes)),
                Said::Revision(revision) => {
                    let is_open = open.contains(&&revision.order);
                    let at = self.versions[&id.slot.0];
                    let locks = notes.catalogues[&at].locking.contains(&revision.order.1)
                        && revision.reason == LOCKS;
                    let outcome = self.revise(id, revision, is_open, locks);
                    (&revision.order, outcome)
                }
                Said::Locked(locked) => (&locked.action.order, self.lock(id, locked)),
            };
            if outcome == Outcome::Waits {
                self.waiting.push(id);
                open.insert(order);
            }
            self.outcomes.insert(id, outcome);
        }
        for number in arrivals {
            self.arrive(number, notes);
        }
    }

    fn arrive(&mut self, number: EventNumber, notes: &Notes) {
        let arrival = &notes.arrivals[&number.0];
        self.people.arrive((number.0, number.time().0), arrival);
    }

    fn sale(&mut self, id: SubmissionId, sale: &Sale, wall_end: i64, notes: &Notes) -> Outcome {
        let known = Known {
            received: id.number.time().0,
            wall_end,
            clicks: &self.clicks,
            people: &self.people,
            doubled: self.actions.iter().any(|one| one.order == sale.order),
            terms: &notes.catalogues[&self.versions[&id.slot.0]],
        };
        let earned = match credit(sale, &known) {
            Credit::Waits => return Outcome::Waits,
            Credit::Refused(code) => return Outcome::Refused(code),
            Credit::Earned(earned) => earned,
        };
        let program = Program::of(sale.order.0);
        let day = program.date(earned.date);
        let cost = cost(sale.amount, earned.payout, program.unit);
        let mut action = Action {
            order: sale.order.clone(),
            partner: earned.partner,
            date: earned.date,
            day,
            locks: (!earned.open).then(|| locks(&program, day)),
            settled: false,
            payout: earned.payout,
            limits: earned.limits,
            contract: earned.contract,
            intended: cost,
            history: vec![Happened {
                kind: Kind::Tracked,
                by: id,
                amount: sale.amount,
                cost,
                gross: cost,
                held: cost,
                over_budget: false,
                over_count: false,
                reversed: false,
                status: None,
            }],
        };
        let paid = paid(&action, cost, &self.actions);
        action.history[0].pay(paid);
        self.actions.push(action);
        Outcome::Tracked
    }

    fn revise(
        &mut self,
        id: SubmissionId,
        revision: &Revision,
        is_open: bool,
        locks: bool,
    ) -> Outcome {
        let mut actions = self.actions.iter();
        let place = match revision.meant {
            Meant::Stranger(_) => None,
            Meant::Newest | Meant::Number(_) => actions.position(|one| one.order == revision.order),
        };
        let Some(place) = place else {
            return if is_open {
                Outcome::Waits
            } else {
                Outcome::NotChanged("ACTION_NOT_FOUND")
            };
        };
        let action = &self.actions[place];
        let before = action.now().clone();
        if action
            .locks
            .is_some_and(|locks| id.number.time().0 >= locks)
        {
            return Outcome::NotChanged("ACTION_LOCKED");
        }
        if before.reversed {
            return Outcome::NotChanged("ACTION_REVERSED");
        }
        let mut after = before.clone();
        let reversed = match revision.new {
            New::Reversed => true,
            New::Modified { item: Some(_), .. } => return Outcome::NotChanged("ITEM_NOT_FOUND"),
            New::Modified { amount, status, .. } => {
                after.amount = amount.or(before.amount);
                after.status = status.or(before.status);
                amount == Some(0)
            }
        };
        if reversed {
            after = Happened {
                kind: Kind::Reversed,
                amount: before.amount.map(|_| 0),
                cost: 0,
                gross: before.cost,
                held: 0,
                reversed: true,
                status: after.status,
                ..before.clone()
            };
        }
        let is_same = after == before;
        let locks = locks && action.locks.is_none();
        if is_same && !locks {
            return Outcome::Unchanged;
        }
        after.by = id;
        if !reversed {
            after.kind = Kind::Modified;
        }
        if !reversed && !is_same {
            let unit = Program::of(action.order.0).unit;
            let exact = cost(after.amount, action.payout, unit);
            after.pay(paid(action, exact, &self.actions));
        }
        let action = &mut self.actions[place];
        if locks {
            action.locks = Some(id.number.time().0);
        }
        action.history.push(after);
        Outcome::Changed(action.history.len())
    }

    fn lock(&mut self, id: SubmissionId, locked: &Locked) -> Outcome {
        let order = &locked.action.order;
        let mut actions = self.actions.iter_mut();
        let action = actions.find(|one| one.order == *order).unwrap();
        action.settled = true;
        let (before, said) = (action.now().clone(), locked.action.now());
        let after = Happened {
            amount: said.amount,
            cost: said.cost + locked.more,
            gross: said.gross + locked.more,
            held: if before.held > 0 {
                said.cost + locked.more
            } else {
                0
            },
            reversed: said.reversed,
            ..before
        };
        if after == before {
            return Outcome::Settled(0);
        }
        action.history.push(Happened {
            kind: Kind::Settled,
            by: id,
            ..after
        });
        Outcome::Settled(action.history.len())
    }

    /// Sums by program, day and partner.
    pub(crate) fn figures(&self) -> BTreeMap<(u32, Date, u32), Sums> {
        let mut figures: BTreeMap<_, Sums> = BTreeMap::new();
        for action in &self.actions {
            let now = action.now();
            let sums = figures
                .entry((action.order.0, action.day, action.partner))
                .or_default();
            for (sum, more) in sums.iter_mut().zip([
                1,
                i64::from(!now.reversed),
                now.amount.unwrap_or(0),
                now.cost,
                now.gross,
            ]) {
                *sum += i128::from(more);
            }
        }
        figures
    }
}

/// The end of the month after the one of `day`, on the program's clock.
fn locks(program: &Program, day: Date) -> i64 {
    let end = day.first_of_month() + 2.months();
    let end = end.to_zoned(program.time_zone()).unwrap();
    end.timestamp().as_millisecond()
}
