//! What the reports of the file's days must say, counted from its rows.
//!
//! Raw clicks and unique clicks belong to the UTC day of the click, actions to that of the install.
//! Two clicks of one program and partner by one visitor (address, device, operating system) are
//! duplicates if less than the window lies between the later and the click before it, whichever
//! kind that was (a rolling window), also over midnight. Clicks of one minute have no order among
//! themselves; whichever counts, the others do not. Written for being read, and sharing no code
//! with the daemon.

use std::collections::{BTreeMap, HashMap};

use super::sample::Row;
use crate::traffic::visit::Visit;

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// A partner's day; days are counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The partner.
    pub(super) partner: u32,
    /// The UTC day.
    pub(super) day: i64,
}

/// Figures of a partner's day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// All clicks.
    pub(super) raw: u64,
    /// Clicks that are no duplicates.
    pub(super) unique: u64,
    /// Installs.
    pub(super) actions: u64,
}

/// Takes rows in any order.
#[derive(Debug, Default)]
pub(super) struct Recount {
    clicks: Vec<(i64, Visit)>,
    figures: BTreeMap<Place, Figures>,
}

impl Recount {
    /// Counts a row.
    pub(super) fn add(&mut self, row: &Row) {
        self.clicks.push((row.clicked.millis, row.visit));
        self.of(&row.visit, row.clicked.millis).raw += 1;
        if let Some(installed) = &row.installed {
            self.of(&row.visit, installed.millis).actions += 1;
        }
    }

    /// The figures under a rolling window of `window` milliseconds.
    pub(super) fn finish(mut self, window: i64) -> BTreeMap<Place, Figures> {
        let mut clicks = std::mem::take(&mut self.clicks);
        clicks.sort_by_key(|(millis, _)| *millis);
        let mut last: HashMap<(u32, u32, u32, u32), i64> = HashMap::new();
        for (millis, visit) in clicks {
            let visitor = (visit.partner, visit.ip, visit.device, visit.os);
            let before = last.insert(visitor, millis);
            if before.is_none_or(|before| millis - before >= window) {
                self.of(&visit, millis).unique += 1;
            }
        }
        self.figures
    }

    fn of(&mut self, visit: &Visit, millis: i64) -> &mut Figures {
        let place = Place {
            partner: visit.partner,
            day: millis.div_euclid(DAY),
        };
        self.figures.entry(place).or_default()
    }
}

/// All figures together.
pub(super) fn sum<'a>(figures: impl IntoIterator<Item = &'a Figures>) -> Figures {
    let mut sum = Figures::default();
    for one in figures {
        sum.raw += one.raw;
        sum.unique += one.unique;
        sum.actions += one.actions;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::sample::Moment;
    use super::*;

    const MINUTE: i64 = 60_000;
    /// The first midnight of the sample.
    const MIDNIGHT: i64 = 17_477 * DAY;

    fn at(minute: i64) -> Moment {
        Moment {
            millis: MIDNIGHT + minute * MINUTE,
            text: String::new(),
        }
    }

    fn click(partner: u32, ip: u32, minute: i64) -> Row {
        Row {
            number: 1,
            visit: Visit {
                partner,
                ad: 1,
                ip,
                device: 1,
                os: 1,
            },
            clicked: at(minute),
            installed: None,
        }
    }

    fn count(rows: &[Row]) -> BTreeMap<Place, Figures> {
        let mut recount = Recount::default();
        for row in rows {
            recount.add(row);
        }
        recount.finish(30 * MINUTE)
    }

    fn unique(minutes: &[i64]) -> u64 {
        let rows: Vec<Row> = minutes.iter().map(|minute| click(1, 1, *minute)).collect();
        sum(count(&rows).values()).unique
    }

    #[test]
    fn a_gap_of_exactly_the_window_is_unique_and_duplicates_prolong_it() {
        for (minutes, expected) in [
            ([0, 29].as_slice(), 1),
            (&[0, 30], 2),
            (&[0, 0, 0], 1),
            (&[0, 20, 40, 60, 90], 2),
            (&[60, 0, 40, 20, 90], 2),
        ] {
            assert_eq!(unique(minutes), expected, "{minutes:?}");
        }
    }

    #[test]
    fn days_and_partners_are_apart_and_the_window_reaches_over_midnight() {
        let mut install = click(280, 9, -1);
        install.installed = Some(at(5));
        let rows = [click(3, 1, -10), click(3, 1, 10), click(3, 1, 40), install];
        let place = |partner, day| Place { partner, day };
        let figures = |raw, unique, actions| Figures {
            raw,
            unique,
            actions,
        };
        let expected = BTreeMap::from([
            (place(3, 17_476), figures(1, 1, 0)),
            (place(3, 17_477), figures(2, 1, 0)),
            (place(280, 17_476), figures(1, 1, 0)),
            (place(280, 17_477), figures(0, 0, 1)),
        ]);
        assert_eq!(count(&rows), expected);
        assert_eq!(sum(expected.values()), figures(4, 3, 1));
    }

    #[test]
    fn every_part_of_a_visitor_and_the_partner_tell_apart_and_the_ad_does_not() {
        let one = click(1, 1, 0);
        let (mut device, mut os, mut ad) = (one.clone(), one.clone(), one.clone());
        device.visit.device = 2;
        os.visit.os = 2;
        ad.visit.ad = 2;
        let (ip, partner) = (click(1, 2, 0), click(2, 1, 0));
        assert_eq!(sum(count(&[one.clone(), ad]).values()).unique, 1);
        let found = count(&[one, device, os, ip, partner]);
        assert_eq!(sum(found.values()).unique, 5);
    }
}
