//! The model's people: who arrived by what, and which names are one person's.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::said::{Arrival, Name};
use super::terms::PARTNERS;

/// How long somebody who came by themselves is still there, milliseconds.
const SESSION: i64 = 1_800_000;

/// Something that led a person; ordered by when it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub(crate) time: i64,
    pub(crate) number: u64,
    /// Whose click it was; none where they came by themselves.
    pub(crate) partner: Option<u32>,
}

/// Everybody who has arrived so far.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// Names that came together, both ways, by program.
    links: BTreeSet<(u32, Name, Name)>,
    steps: BTreeMap<(u32, Name), BTreeSet<Step>>,
}

impl People {
    /// Somebody arrives, as the event with this number, received at `received`.
    pub(crate) fn arrive(&mut self, (number, received): (u64, i64), arrival: &Arrival) {
        let own = arrival.click.filter(|click| {
            click.program.0 == arrival.program && PARTNERS.contains(&click.partner.0)
        });
        let step = match own {
            Some(click) => Step {
                time: click.number.time().0,
                number: click.number.0,
                partner: Some(click.partner.0),
            },
            None => Step {
                time: received,
                number,
                partner: None,
            },
        };
        let near = received - SESSION..=received;
        let is_there = || {
            let all = arrival.names.iter();
            all.flat_map(|name| self.journey(arrival.program, *name, &near))
                .next()
                .is_some()
        };
        let is_new = own.is_some() || !is_there();
        for name in &arrival.names {
            for other in arrival.names.iter().filter(|other| *other != name) {
                self.links.insert((arrival.program, *name, *other));
            }
            if is_new {
                let steps = self.steps.entry((arrival.program, *name)).or_default();
                steps.insert(step);
            }
        }
    }

    fn linked(&self, program: u32, name: Name) -> impl Iterator<Item = Name> {
        let all = self.links.iter();
        let own = all.filter(move |link| (link.0, link.1) == (program, name));
        own.map(|link| link.2)
    }

    /// What led whoever has this name: under it, under those it came with, and under those that a
    /// customer among these came with.
    pub(crate) fn journey(
        &self,
        program: u32,
        name: Name,
        reach: &RangeInclusive<i64>,
    ) -> BTreeSet<Step> {
        let mut names = BTreeSet::from([name]);
        for near in self.linked(program, name) {
            names.insert(near);
            if let Name::Customer(_) = near {
                names.extend(self.linked(program, near));
            }
        }
        let steps = names
            .iter()
            .filter_map(|name| self.steps.get(&(program, *name)));
        let steps = steps.flatten().copied();
        steps.filter(|step| reach.contains(&step.time)).collect()
    }
}
