//! What every partner's figures must be, counted from the clicks that were answered.
//!
//! A click's own time is the mint time inside its click id. Two clicks of one partner by one
//! visitor (address, device, operating system) are duplicates if less than the window lies between
//! the later and the click before it, whichever kind that was (a rolling window). Written for
//! being read, not for speed.

use std::collections::{BTreeMap, HashMap};

use crate::traffic::visit::Visit;

/// A click that was answered as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// What was sent.
    pub(crate) visit: Visit,
    /// Own time in Unix milliseconds.
    pub(crate) millis: i64,
    /// The number inside its click id, which orders clicks of one millisecond.
    pub(crate) number: u64,
    /// Whether a conversion was submitted with its click id.
    pub(crate) converted: bool,
}

/// Figures of one partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// All clicks.
    pub(crate) raw: u64,
    /// Clicks that are no duplicates.
    pub(crate) unique: u64,
    /// Conversions credited.
    pub(crate) actions: u64,
}

/// The figures per partner under a rolling window of `window` milliseconds.
pub(crate) fn recount(clicks: &[Counted], window: i64) -> BTreeMap<u32, Figures> {
    let mut ordered: Vec<&Counted> = clicks.iter().collect();
    ordered.sort_by_key(|click| (click.millis, click.number));
    let mut last = HashMap::new();
    let mut figures: BTreeMap<u32, Figures> = BTreeMap::new();
    for click in ordered {
        let visit = click.visit;
        let visitor = (visit.partner, visit.ip, visit.device, visit.os);
        let before = last.insert(visitor, click.millis);
        let figures = figures.entry(visit.partner).or_default();
        figures.raw += 1;
        figures.unique += u64::from(before.is_none_or(|before| click.millis - before >= window));
        figures.actions += u64::from(click.converted);
    }
    figures
}

/// The figures of all partners together.
pub(crate) fn sum(figures: &BTreeMap<u32, Figures>) -> Figures {
    figures
        .values()
        .fold(Figures::default(), |sum, one| Figures {
            raw: sum.raw + one.raw,
            unique: sum.unique + one.unique,
            actions: sum.actions + one.actions,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn click(partner: u32, ip: u32, millis: i64) -> Counted {
        Counted {
            visit: Visit {
                partner,
                ad: 1,
                ip,
                device: 1,
                os: 1,
            },
            millis,
            number: u64::try_from(millis).unwrap(),
            converted: false,
        }
    }

    fn unique(clicks: &[Counted]) -> u64 {
        sum(&recount(clicks, 30 * MINUTE)).unique
    }

    #[test]
    fn a_gap_of_exactly_the_window_is_unique() {
        let pair = |gap| [click(1, 1, 5), click(1, 1, 5 + gap)];
        assert_eq!(unique(&pair(30 * MINUTE - 1)), 1);
        assert_eq!(unique(&pair(30 * MINUTE)), 2);
    }

    #[test]
    fn a_duplicate_prolongs_the_window() {
        let clicks = [0, 20, 40, 60, 90].map(|minute| click(1, 1, minute * MINUTE));
        assert_eq!(unique(&clicks), 2);
    }

    #[test]
    fn clicks_are_counted_in_the_order_of_their_own_times() {
        let clicks = [0, 40, 20].map(|minute| click(1, 1, minute * MINUTE));
        assert_eq!(unique(&clicks), 1);
    }

    #[test]
    fn partners_and_every_part_of_a_visitor_are_apart() {
        let one = click(1, 1, 1);
        let (mut device, mut os, mut ad) = (one, one, one);
        device.visit.device = 2;
        os.visit.os = 2;
        ad.visit.ad = 2;
        assert_eq!(
            unique(&[one, device, os, click(2, 1, 1), click(1, 2, 1)]),
            5
        );
        assert_eq!(unique(&[one, ad]), 1, "an ad is no part of a visitor");
    }

    #[test]
    fn every_partner_has_figures_of_its_own() {
        let mut converted = click(280, 9, 7);
        converted.converted = true;
        let figures = recount(&[click(3, 1, 1), click(3, 1, 2), converted], 30 * MINUTE);
        let of = |raw, unique, actions| Figures {
            raw,
            unique,
            actions,
        };
        assert_eq!(
            figures,
            BTreeMap::from([(3, of(2, 1, 0)), (280, of(1, 1, 1))])
        );
        assert_eq!(sum(&figures), of(3, 2, 1));
    }
}
