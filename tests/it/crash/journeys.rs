//! By which clicks a person came, counted from the arrivals alone.

use std::collections::BTreeMap;

use super::known::{By, Known, minted};
use super::store::{Stored, Visit};
use super::world::Program;

/// The journeys of everybody who has arrived so far.
pub(super) struct Journeys<'a> {
    known: &'a Known,
    /// Number and partner of the clicks that carry a label.
    labels: BTreeMap<u64, (u64, u32)>,
    /// Time, number and partner of the last click that may earn, by program and person.
    last: BTreeMap<(u32, u64), (i64, u64, u32)>,
}

impl<'a> Journeys<'a> {
    pub(super) fn new(known: &'a Known, stored: &Stored) -> Self {
        let clicks = stored.clicks.iter();
        let labels = clicks.map(|own| (own.label.parse().unwrap(), (own.number, own.partner)));
        Self {
            known,
            labels: labels.collect(),
            last: BTreeMap::new(),
        }
    }

    /// Somebody arrives; by what, the client knows.
    pub(super) fn arrive(&mut self, visit: &Visit) {
        let arrival = self.known.arrivals[visit.label.parse::<usize>().unwrap()];
        let (number, partner) = match arrival.by {
            By::Click(id) => (id.number, id.partner),
            By::Link(label) => self.labels[&label],
            By::Stray | By::Channel => return,
        };
        // A click without a contract can't earn.
        if Program::of(arrival.program).pay(partner).is_some() {
            let person = (arrival.program, arrival.person);
            let click = (minted(number), number, partner);
            let last = self.last.entry(person).or_insert(click);
            *last = click.max(*last);
        }
    }

    /// The partner of the last click that led this person of a program.
    pub(super) fn last(&self, person: (u32, u64)) -> Option<u32> {
        self.last.get(&person).map(|click| click.2)
    }
}
