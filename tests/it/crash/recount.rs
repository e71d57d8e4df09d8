//! The figures of the reports, counted again from what is stored and from what the clients know of
//! it, by the plainest rules that can be written down.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::journeys::Journeys;
use super::known::{Agent, Change, Kind, Known, Payload, Reference, Way, minted};
use super::store::{Stored, Visit};
use super::world::{PARTNERS, Pay, Program, WINDOW};

/// One row of a report; money in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) raw: u64,
    pub(crate) unique: u64,
    pub(crate) payable: u64,
    pub(crate) actions: u64,
    pub(crate) gross_actions: u64,
    pub(crate) sales: u64,
    pub(crate) cost: u64,
    pub(crate) gross_cost: u64,
}

/// Rows by program and by what they stand for: the partner's number or the day.
pub(crate) type Rows = BTreeMap<(u32, String), Row>;

/// Rows by partner, and rows by day.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) partners: Rows,
    pub(crate) days: Rows,
}

impl Figures {
    fn add(&mut self, program: u32, partner: u32, at: i64, add: impl Fn(&mut Row)) {
        let bucket = if PARTNERS.contains(&partner) {
            partner
        } else {
            0
        };
        add(self
            .partners
            .entry((program, bucket.to_string()))
            .or_default());
        let zone = TimeZone::get(Program::of(program).zone).unwrap();
        let at = Timestamp::from_millisecond(at).unwrap();
        let day = zone.to_datetime(at).date().to_string();
        add(self.days.entry((program, day)).or_default());
    }
}

/// The figures of everything stored, and the actions they are made of. What is stored was compared
/// with what was sent before.
pub(crate) fn recount(known: &Known, stored: &Stored) -> (Figures, Vec<Action>) {
    let mut figures = Figures::default();
    clicks(known, stored, &mut figures);
    imported(known, &mut figures);
    let actions = actions(known, stored);
    for action in &actions {
        let last = action.updates.last().unwrap();
        let stands = u64::from(!last.reverses);
        // What it cost when it was taken back, if it was.
        let gross = action.updates.iter().rfind(|update| !update.reverses);
        figures.add(action.program, action.partner, action.at, |row| {
            row.actions += stands;
            row.gross_actions += 1;
            row.sales += last.amount;
            row.cost += last.cost;
            row.gross_cost += gross.unwrap().cost;
        });
    }
    (figures, actions)
}

/// Last unique and last click of one visitor of one partner in one program.
type Seen = BTreeMap<(u32, u32, u16, Agent), (i64, i64)>;

fn clicks(known: &Known, stored: &Stored, figures: &mut Figures) {
    let mut ordered: Vec<_> = stored.clicks.iter().collect();
    ordered.sort_by_key(|click| (click.slot, minted(click.number), click.number));
    let mut seen = Seen::new();
    for click in ordered {
        let sent = &known.clicks[&click.label.parse().unwrap()];
        let at = minted(click.number);
        let mut unique = false;
        if sent.kind == Kind::Plain {
            let visitor = (sent.program, sent.partner, sent.address, sent.agent);
            let before = seen.get(&visitor).copied();
            let reference = before.map(|(last_unique, last)| {
                if Program::of(sent.program).rolling {
                    last
                } else {
                    last_unique
                }
            });
            unique = reference.is_none_or(|reference| at - reference >= WINDOW);
            let (last_unique, last) = before.unwrap_or((at, at));
            let last_unique = if unique { at } else { last_unique };
            seen.insert(visitor, (last_unique, last.max(at)));
        }
        let joined = Program::of(sent.program).pay(sent.partner).is_some();
        figures.add(sent.program, sent.partner, at, |row| {
            row.raw += 1;
            row.unique += u64::from(unique);
            row.payable += u64::from(unique && joined);
        });
    }
}

/// Imported clicks of complete imports: each import for itself, by own times.
fn imported(known: &Known, figures: &mut Figures) {
    let mut ordered: Vec<_> = known.imported.iter().collect();
    ordered.sort_by_key(|click| (click.import, click.time));
    let mut seen = BTreeMap::new();
    for click in ordered {
        let mut unique = false;
        if !click.is_robot {
            let visitor = (click.import, click.program, click.partner, click.visitor);
            let (last_unique, last) = seen.get(&visitor).copied().unwrap_or((None, None));
            let program = Program::of(click.program);
            let reference: Option<i64> = if program.rolling { last } else { last_unique };
            unique = reference.is_none_or(|reference| click.time - reference >= WINDOW);
            let last_unique = if unique {
                Some(click.time)
            } else {
                last_unique
            };
            seen.insert(visitor, (last_unique, Some(click.time)));
        }
        let joined = Program::of(click.program).pay(click.partner).is_some();
        figures.add(click.program, click.partner, click.time, |row| {
            row.raw += 1;
            row.unique += u64::from(unique);
            row.payable += u64::from(unique && joined);
        });
    }
}

/// An action, from its conversion on.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) program: u32,
    pub(crate) order: u64,
    pub(crate) partner: u32,
    /// When its conversion was received, or happened where it was imported.
    pub(crate) at: i64,
    pub(crate) is_imported: bool,
    /// What it came to at first and by each change.
    pub(crate) updates: Vec<Update>,
}

/// What an action came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) amount: u64,
    pub(crate) cost: u64,
    pub(crate) reverses: bool,
}

impl Action {
    fn begun(payload: &Payload, partner: u32, number: u64) -> Self {
        let mut action = Self {
            program: payload.program,
            order: payload.order,
            partner,
            at: payload.own_time.unwrap_or_else(|| minted(number)),
            is_imported: matches!(payload.way, Way::Import(..)),
            updates: Vec::new(),
        };
        action.amount_to(payload.amount);
        action
    }

    fn amount_to(&mut self, amount: u64) {
        self.updates.push(Update {
            amount,
            cost: cost(self.program, self.partner, amount),
            reverses: false,
        });
    }

    /// Changes it, unless it was taken back before or the change changes nothing.
    fn change(&mut self, change: &Change) {
        let last = self.updates.last().unwrap();
        match change.amount {
            _ if last.reverses => {}
            None => self.updates.push(Update {
                amount: 0,
                cost: 0,
                reverses: true,
            }),
            Some(amount) if amount == last.amount => {}
            Some(amount) => self.amount_to(amount),
        }
    }
}

/// What happened, in the order in which it counts.
enum Said<'a> {
    Conversion(&'a Payload),
    Change(&'a Change),
    Arrival(&'a Visit),
}

fn actions(known: &Known, stored: &Stored) -> Vec<Action> {
    let note = |fields: &BTreeMap<String, String>| fields["Note"].parse::<usize>().unwrap();
    let conversions = stored.submissions.iter().map(|one| {
        let said = Said::Conversion(&known.payloads[note(&one.fields)]);
        ((one.slot, one.number), said)
    });
    let changes = stored.changes.iter().map(|one| {
        let said = Said::Change(&known.changes[note(&one.fields)]);
        ((one.slot, one.number), said)
    });
    let visits = stored.visits.iter();
    let visits = visits.map(|one| ((one.slot, one.number), Said::Arrival(one)));
    let ordered: BTreeMap<_, _> = conversions.chain(changes).chain(visits).collect();
    let mut journeys = Journeys::new(known, stored);
    let mut actions: BTreeMap<(u32, u64), Action> = BTreeMap::new();
    for ((_, number), said) in ordered {
        match said {
            Said::Arrival(visit) => journeys.arrive(visit),
            Said::Conversion(payload) => {
                let Some(partner) = earns(known, &journeys, payload) else {
                    continue;
                };
                let order = (payload.program, payload.order);
                let begun = || Action::begun(payload, partner, number);
                actions.entry(order).or_insert_with(begun);
            }
            Said::Change(change) => {
                if let Some(action) = actions.get_mut(&(change.program, change.order)) {
                    action.change(change);
                }
            }
        }
    }
    actions.into_values().collect()
}

/// Whom a conversion credits.
fn earns(known: &Known, journeys: &Journeys<'_>, payload: &Payload) -> Option<u32> {
    let (program, partner) = match payload.reference {
        Reference::Click(id) => (id.program, id.partner),
        Reference::Imported(number) => {
            let click = known.imported[number];
            (click.program, click.partner)
        }
        Reference::Person(person) => {
            let partner = journeys.last((payload.program, person))?;
            (payload.program, partner)
        }
        Reference::Forged | Reference::Absent => return None,
    };
    let pay = Program::of(program).pay(partner);
    (program == payload.program && pay.is_some()).then_some(partner)
}

/// What a sale costs.
fn cost(program: u32, partner: u32, amount: u64) -> u64 {
    match Program::of(program).pay(partner).unwrap() {
        Pay::Flat(minor) => minor,
        Pay::Rate(millionths) => half_even(amount * millionths, 1_000_000),
    }
}

/// The quotient, rounded to the nearest number and from the middle to the even one.
fn half_even(dividend: u64, divisor: u64) -> u64 {
    let (down, twice) = (dividend / divisor, dividend % divisor * 2);
    match twice.cmp(&divisor) {
        std::cmp::Ordering::Less => down,
        std::cmp::Ordering::Equal => down + down % 2,
        std::cmp::Ordering::Greater => down + 1,
    }
}

#[test]
fn halves_go_to_the_even_number() {
    let rounded = [0, 4, 5, 6, 14, 15, 16, 25].map(|dividend| half_even(dividend, 10));
    assert_eq!(rounded, [0, 0, 0, 1, 1, 2, 2, 2]);
}
