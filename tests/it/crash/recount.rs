//! The figures of the reports, counted again from what is stored and from what the clients know of
//! it, by the plainest rules that can be written down.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::known::{Agent, Change, Kind, Known, Payload, Reference, minted};
use super::store::Stored;
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

/// The figures of everything stored. What is stored was compared with what was sent before.
pub(crate) fn recount(known: &Known, stored: &Stored) -> Figures {
    let mut figures = Figures::default();
    clicks(known, stored, &mut figures);
    actions(known, stored, &mut figures);
    figures
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

/// An action as it stands.
struct Action {
    program: u32,
    partner: u32,
    /// When its conversion was received.
    at: i64,
    amount: u64,
    cost: u64,
    reversed: bool,
}

fn actions(known: &Known, stored: &Stored, figures: &mut Figures) {
    let conversions = stored.submissions.iter().map(|one| {
        let note: usize = one.fields["Note"].parse().unwrap();
        (
            (one.slot, one.number),
            Said::Conversion(&known.payloads[note]),
        )
    });
    let changes = stored.changes.iter().map(|one| {
        let note: usize = one.fields["Note"].parse().unwrap();
        ((one.slot, one.number), Said::Change(&known.changes[note]))
    });
    let ordered: BTreeMap<(u32, u64), Said<'_>> = conversions.chain(changes).collect();
    let mut actions: BTreeMap<(u32, u64), Action> = BTreeMap::new();
    for ((_, number), said) in ordered {
        match said {
            Said::Conversion(payload) => {
                let Some(partner) = earns(payload) else {
                    continue;
                };
                let order = (payload.program, payload.order);
                actions.entry(order).or_insert_with(|| Action {
                    program: payload.program,
                    partner,
                    at: minted(number),
                    amount: payload.amount,
                    cost: cost(payload.program, partner, payload.amount),
                    reversed: false,
                });
            }
            Said::Change(change) => {
                let action = actions.get_mut(&(change.program, change.order));
                let Some(action) = action.filter(|action| !action.reversed) else {
                    continue;
                };
                match change.amount {
                    None => action.reversed = true,
                    Some(amount) => {
                        action.amount = amount;
                        action.cost = cost(action.program, action.partner, amount);
                    }
                }
            }
        }
    }
    for action in actions.values() {
        let stands = u64::from(!action.reversed);
        figures.add(action.program, action.partner, action.at, |row| {
            row.actions += stands;
            row.gross_actions += 1;
            row.sales += stands * action.amount;
            row.cost += stands * action.cost;
            row.gross_cost += action.cost;
        });
    }
}

/// What the brand said, in the order in which it counts.
enum Said<'a> {
    Conversion(&'a Payload),
    Change(&'a Change),
}

/// Whom a conversion credits.
fn earns(payload: &Payload) -> Option<u32> {
    let Reference::Click(id) = payload.reference else {
        return None;
    };
    let pay = Program::of(id.program).pay(id.partner);
    (id.program == payload.program && pay.is_some()).then_some(id.partner)
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
