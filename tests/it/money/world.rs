//! Random things that a brand and its customers do, said to a real log in the log's own time.
//!
//! What the log answers is checked on the spot: an exact retry gets the first answer, everything
//! else is stored as new.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clickd::log::{Accepted, Clock, Log, Options, TurnWriter};
use clickd::model::arrival::Outcome;
use clickd::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use clickd::model::click_id::ClickId;
use clickd::model::id::{AdId, EventNumber, PartnerId, ProgramId, StringRef};
use clickd::model::time::{DAY, HOUR, MINUTE, Millis, SECOND};

use super::model::Action;
use super::said::{Arrival, Locked, Meant, Name, Named, New, Notes, Order, Revision, Said, Sale};
use super::terms::{Catalogue, EVENT_TYPES, LOCKS, PARTNERS, PROGRAMS, Program};
use crate::support::dice::Dice;

/// 2026-01-20T12:00:00Z.
pub(crate) const START: Millis = Millis(1_768_910_400_000);
/// No catalogue knows it.
const STRANGER: u32 = 99;

pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) notes: Notes,
    now: Millis,
    counter: u32,
    /// Clicks that a sale may name, stored or not.
    known: Vec<ClickId>,
    /// Clicks to be stored in the next slot only.
    held: Vec<ClickId>,
    sales: Vec<(Sale, Accepted)>,
    /// The changes of every order, in the order in which they were stored.
    revisions: BTreeMap<Order, Vec<(Revision, Accepted)>>,
    /// Numbers of actions by their orders.
    pub(crate) numbers: BTreeMap<Order, u64>,
    /// Actions as they were shown last.
    pub(crate) actions: Vec<Action>,
    /// Orders of which an action was settled.
    settled: BTreeSet<Order>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed),
            notes: Notes::default(),
            now: START,
            counter: 0,
            known: Vec::new(),
            held: Vec::new(),
            sales: Vec::new(),
            revisions: BTreeMap::new(),
            numbers: BTreeMap::new(),
            actions: Vec::new(),
            settled: BTreeSet::new(),
        }
    }

    /// Opens the log some time after it was open last, often at the very instant at which actions
    /// lock.
    pub(crate) fn open(&mut self, dir: &Path) -> Log {
        let waits = [4 * SECOND, 2 * MINUTE, 3 * HOUR, 2 * DAY, 12 * DAY];
        let mut next = self.now.plus(*self.dice.pick(&waits));
        let locks = self.actions.iter().filter_map(|action| action.locks);
        let ahead = locks.filter(|at| *at > next.0);
        if let Some(lock) = ahead.min()
            && self.dice.chance(40)
        {
            let before = i64::try_from(self.dice.below(12)).unwrap();
            next = Millis(lock - before);
        }
        self.now = next;
        Log::open(&Options::new(dir), Clock::start_at(self.now)).unwrap()
    }

    /// Puts another catalogue in force.
    pub(crate) fn catalogue(&mut self, log: &Log) {
        let catalogue = Catalogue::random(&mut self.dice, self.now.0);
        let version = log.put_catalog(log.current_catalog(), &catalogue.stored());
        let version = version.unwrap().0;
        self.notes.catalogues.insert(version, catalogue);
    }

    /// Says a slot's worth of things, and ends the slot.
    pub(crate) fn slot(&mut self, log: &Log, writer: &mut TurnWriter) {
        for id in std::mem::take(&mut self.held) {
            push(writer, id);
        }
        for _ in 0..=self.dice.below(12) {
            self.click(writer);
        }
        writer.commit().unwrap();
        for _ in 0..self.dice.below(16) {
            if self.dice.chance(30) {
                self.arrive(log);
            }
            if self.sales.is_empty() || self.dice.chance(45) {
                self.sell(log);
            } else {
                self.change(log);
            }
        }
        if self.dice.chance(40) {
            self.settle(log);
        }
        log.seal().unwrap();
    }

    /// Settles actions that have locked, mostly as they were shown.
    fn settle(&mut self, log: &Log) {
        let now = log.clock().now().0;
        let (mut settlements, mut new) = (Vec::new(), 0);
        let locked = |action: &&Action| action.locks.is_some_and(|locks| locks <= now);
        for action in self.actions.iter().filter(locked) {
            let is_new = !self.settled.contains(&action.order);
            // Some of those that were settled come again.
            if !is_new && !self.dice.chance(10) {
                continue;
            }
            let more = if is_new && !action.now().reversed && self.dice.chance(20) {
                Program::of(action.order.0).unit
            } else {
                0
            };
            let locked = Locked {
                action: action.clone(),
                number: self.numbers[&action.order],
                more,
            };
            settlements.push(locked.entry());
            if is_new {
                new += 1;
                self.settled.insert(action.order.clone());
                self.notes.locked.insert(action.order.clone(), locked);
            }
        }
        assert_eq!(log.settle(&settlements).unwrap(), new, "once, for ever");
    }

    fn click(&mut self, writer: &mut TurnWriter) {
        let dice = &mut self.dice;
        let ago = if dice.chance(70) { 2 * HOUR } else { 40 * DAY };
        let at = self
            .now
            .plus(-i64::try_from(dice.below(ago.cast_unsigned())).unwrap());
        let partner = if dice.chance(4) {
            STRANGER
        } else {
            *dice.pick(&PARTNERS)
        };
        let program = dice.pick(&PROGRAMS).id;
        let unrecorded = dice.chance(4);
        let fate = dice.below(10);
        // One in ten is never stored; of those the youngest are waited for.
        let at = if fate == 0 { self.now } else { at };
        let id = self.mint(at, partner, program, unrecorded);
        if unrecorded {
            writer.count(id.program, Outcome::Received);
            writer.count(id.program, Outcome::Unrecorded);
        } else if fate == 1 {
            self.held.push(id);
        } else if fate > 1 {
            push(writer, id);
        }
        self.known.push(id);
    }

    fn mint(&mut self, at: Millis, partner: u32, program: u32, unrecorded: bool) -> ClickId {
        self.counter += 1;
        let number = EventNumber::first_at(at, 500).0 + u64::from(self.counter % 4_096);
        ClickId {
            number: EventNumber(number),
            partner: PartnerId(partner),
            ad: AdId(5),
            program: ProgramId(program),
            unrecorded,
            key_number: 0,
        }
    }

    fn arrive(&mut self, log: &Log) {
        let click = self.recent();
        let dice = &mut self.dice;
        let program = if dice.chance(97) {
            click.program.0
        } else {
            dice.pick(&PROGRAMS).id
        };
        let mut names = vec![name(dice)];
        if dice.chance(60) {
            names.push(name(dice));
            names.sort_unstable();
            names.dedup();
        }
        let arrival = Arrival {
            program,
            names,
            click: dice.chance(80).then_some(click),
        };
        let (number, _) = log.visit(&arrival.entry()).unwrap();
        self.notes.arrivals.insert(number.0, arrival);
    }

    /// Mostly a click of the last ones.
    fn recent(&mut self) -> ClickId {
        let all = self.known.len();
        let reach = if self.dice.chance(70) {
            all.min(20)
        } else {
            all
        };
        self.known[all - 1 - self.dice.place(reach)]
    }

    fn sell(&mut self, log: &Log) {
        if !self.sales.is_empty() && self.dice.chance(15) {
            let at = self.dice.place(self.sales.len());
            let (sale, first) = self.sales[at].clone();
            let again = log.submit(&sale.entry()).unwrap();
            assert!(again.retry && again.id == first.id, "{sale:?}: {again:?}");
            return;
        }
        let sale = self.sale(log.clock().now().0);
        let accepted = log.submit(&sale.entry()).unwrap();
        assert!(!accepted.retry, "{sale:?}: {accepted:?}");
        let before = self
            .notes
            .said
            .insert(accepted.id, Said::Sale(sale.clone()));
        assert!(before.is_none(), "{accepted:?}");
        self.sales.push((sale, accepted));
    }

    fn sale(&mut self, now: i64) -> Sale {
        let click = self.recent();
        let dice = &mut self.dice;
        let named = match dice.below(100) {
            0..2 => Named::Nothing,
            2..4 => Named::Forged,
            4..24 => Named::Person(name(dice)),
            _ => Named::Click(click),
        };
        let program = if dice.chance(97) {
            click.program.0
        } else {
            dice.pick(&PROGRAMS).id
        };
        let order = match self.sales.last() {
            Some(_) if dice.chance(20) => {
                let at = dice.place(self.sales.len());
                self.sales[at].0.order.2.clone()
            }
            _ => format!("order-{}", self.sales.len()),
        };
        let event = match dice.below(6) {
            0 => Some((now - now.rem_euclid(DAY), DAY)),
            1 => Some((now - i64::try_from(dice.below(3 * 86_400_000)).unwrap(), 1)),
            2 | 3 => Some((click.number.time().0 + MINUTE, SECOND)),
            _ => None,
        };
        Sale {
            order: (program, *dice.pick(&EVENT_TYPES), order),
            event,
            named,
            amount: amount(dice, program),
            payload: u128::from(dice.next()),
        }
    }

    fn change(&mut self, log: &Log) {
        let revision = self.revision();
        let accepted = log.change(&revision.entry()).unwrap();
        let stored = self.revisions.entry(revision.order.clone()).or_default();
        if let Some((last, first)) = stored.last()
            && last.payload == revision.payload
        {
            assert!(accepted.retry, "{revision:?}: {accepted:?}");
            assert_eq!(accepted.id, first.id, "{revision:?}");
            return;
        }
        assert!(!accepted.retry, "{revision:?}: {accepted:?}");
        stored.push((revision.clone(), accepted));
        let before = self
            .notes
            .said
            .insert(accepted.id, Said::Revision(revision));
        assert!(before.is_none(), "{accepted:?}");
    }

    fn revision(&mut self) -> Revision {
        let dice = &mut self.dice;
        let reach = if dice.chance(60) {
            self.sales.len().min(6)
        } else {
            self.sales.len()
        };
        let at = self.sales.len() - 1 - dice.place(reach);
        let mut order = self.sales[at].0.order.clone();
        // The last one again is a retry, an older one again is a change of its own.
        if let Some(stored) = self.revisions.get(&order)
            && dice.chance(20)
        {
            return dice.pick(stored).0.clone();
        }
        if dice.chance(3) {
            order.2.push('x');
        }
        let number = self.numbers.get(&order).copied();
        let meant = match (number, dice.below(10)) {
            (Some(number), 0..4) => Meant::Number(number),
            (_, 4) => Meant::Stranger(number.unwrap_or(6) + 1),
            _ => Meant::Newest,
        };
        let is_status = dice.chance(30);
        let new = match dice.below(21) {
            0..5 => New::Reversed,
            5 | 20 => New::Modified {
                amount: None,
                status: None,
                item: Some(("SKU", 1_000_000)),
            },
            fate => New::Modified {
                amount: match fate {
                    6 => Some(0),
                    // As it is already.
                    7..9 => self.sales[at].0.amount,
                    _ => amount(dice, order.0),
                },
                status: is_status.then(|| *dice.pick(&["NEW", "KNOWN"])),
                item: None,
            },
        };
        Revision {
            order,
            meant,
            new,
            reason: if dice.chance(25) { LOCKS } else { "OTHER" },
            payload: u128::from(dice.next()),
        }
    }
}

/// One of few.
fn name(dice: &mut Dice) -> Name {
    let number = u32::try_from(dice.below(5)).unwrap();
    if dice.chance(45) {
        Name::Customer(number)
    } else {
        Name::Profile(number)
    }
}

/// Often so small that shares of it end in a half.
pub(crate) fn amount(dice: &mut Dice, program: u32) -> Option<i64> {
    let pieces = match dice.below(10) {
        0 => return None,
        1 => 0,
        2..6 => 1 + dice.below(60),
        6..9 => 1 + dice.below(50_000),
        _ => 1 + dice.below(90_000_000_000),
    };
    Some(i64::try_from(pieces).unwrap() * Program::of(program).unit)
}

/// Hands a click of a visitor of its own to the log.
fn push(writer: &mut TurnWriter, id: ClickId) {
    let none: [(Parameter, &[u8]); 0] = [];
    writer.count(id.program, Outcome::Received);
    let mut flags = ClickFlags::NONE;
    if id.partner.0 == STRANGER {
        flags.set(ClickFlags::UNKNOWN_PARTNER);
    }
    let click = Click {
        flags,
        program: id.program,
        ad: id.ad,
        network: Network::V4([192, 0, 2]),
        visitor: Visitor(id.number.0),
        visitor_before: None,
        cookie: None,
        user_agent: StringRef(0),
        referrer: StringRef(0),
        shape: StringRef(0),
        landing: StringRef(0),
        parameters: none.into_iter(),
    };
    writer.push(id.partner, id.number, &click);
}
