//! What is sent: payloads, the tries of each, and the order of all tries.
//!
//! Most orders have one payload; some have further ones with another amount, which count as
//! attempts of the same order and must come to nothing. The last try of a payload is whole and is
//! repeated until it is answered; the tries before it are cut. Tries of one order lie close
//! together, so that a retry meets the try that was cut and other attempts of its order.

use crate::traffic::generator::{below, halves, mix};

/// How a connection ends before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// In the middle of the body: nothing was asked.
    InBody,
    /// At once after the last byte.
    AtOnce,
    /// When the answer may be under way: it is not read.
    Unread,
}

/// One conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    /// The number of its order.
    pub(crate) order: u32,
    /// The place of its click.
    pub(crate) click: u32,
    /// Sale amount in cents.
    pub(crate) cents: u32,
}

/// One time that a payload is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Try {
    /// The place of the payload.
    pub(crate) payload: usize,
    /// How it is cut; whole without.
    pub(crate) cut: Option<Cut>,
}

/// Everything that is sent.
#[derive(Debug)]
pub(crate) struct Deck {
    /// The conversions.
    pub(crate) payloads: Vec<Payload>,
    /// Their tries, in the order in which they begin.
    pub(crate) tries: Vec<Try>,
    /// Payloads with a try that is cut.
    pub(crate) cut: usize,
}

/// How much is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Orders; each has one payload, and further ones come on top.
    pub(crate) orders: u32,
    /// Of a hundred payloads so many are cut at least once.
    pub(crate) cut: u8,
    /// Clicks to name.
    pub(crate) clicks: u32,
}

/// How far a try may be put off, in places.
const SPREAD: u32 = 48;

impl Deck {
    /// The deck of a seed.
    pub(crate) fn new(seed: u64, size: Size) -> Self {
        let mut payloads: Vec<Payload> = Vec::new();
        let mut placed: Vec<(u64, Try)> = Vec::new();
        let (mut order, mut cut) = (0, 0);
        for place in 0_u32.. {
            let random = |n: u64| mix(seed ^ mix(u64::from(place) << 8 | n));
            let [further, click] = halves(random(0));
            let [amount, fate] = halves(random(1));
            // One payload of six is a further attempt of the order before it.
            let is_further = place > 0 && below(6, further) == 0;
            if order == size.orders && !is_further {
                break;
            }
            order += u32::from(!is_further);
            let payload = payloads.len();
            payloads.push(Payload {
                order,
                click: below(size.clicks, click),
                // Ten in a row differ, so no attempt of an order repeats another.
                cents: below(9_000, amount) * 10 + 1 + place % 10,
            });
            let mut at = u64::from(place) + u64::from(below(SPREAD, halves(random(2))[0]));
            let cuts = if below(100, fate) < u32::from(size.cut) {
                cut += 1;
                1 + below(2, halves(random(3))[0])
            } else {
                0
            };
            for n in 0..cuts {
                let kinds = [Cut::InBody, Cut::AtOnce, Cut::Unread, Cut::Unread];
                let [kind, later] = halves(random(4 + u64::from(n)));
                let kind = usize::try_from(below(4, kind)).unwrap_or(0);
                let kind = kinds.get(kind).copied();
                placed.push((at, Try { payload, cut: kind }));
                at += 1 + u64::from(below(SPREAD, later));
            }
            placed.push((at, Try { payload, cut: None }));
            // A few are sent again although they were answered.
            if below(20, halves(random(9))[0]) == 0 {
                let later = at + 1 + u64::from(SPREAD);
                placed.push((later, Try { payload, cut: None }));
            }
        }
        placed.sort_by_key(|(at, _)| *at);
        Self {
            payloads,
            tries: placed.into_iter().map(|(_, one)| one).collect(),
            cut,
        }
    }

    /// How many orders there are.
    pub(crate) fn orders(&self) -> u32 {
        self.payloads.last().map_or(0, |last| last.order)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SIZE: Size = Size {
        orders: 5_000,
        cut: 20,
        clicks: 100,
    };

    #[test]
    fn every_payload_ends_with_a_whole_try_and_a_fifth_is_cut() {
        let deck = Deck::new(1, SIZE);
        let fifth = deck.payloads.len() / 5;
        assert!(deck.cut.abs_diff(fifth) < fifth / 6, "{}", deck.cut);
        let mut last = vec![None; deck.payloads.len()];
        let mut cut = vec![false; deck.payloads.len()];
        for one in &deck.tries {
            last[one.payload] = Some(one.cut);
            cut[one.payload] |= one.cut.is_some();
        }
        assert!(last.iter().all(|cut| *cut == Some(None)));
        assert_eq!(cut.iter().filter(|cut| **cut).count(), deck.cut);
        for kind in [Cut::InBody, Cut::AtOnce, Cut::Unread] {
            assert!(deck.tries.iter().any(|one| one.cut == Some(kind)));
        }
    }

    #[test]
    fn attempts_of_one_order_differ_and_stand_together() {
        let deck = Deck::new(2, SIZE);
        let mut further = 0;
        for pair in deck.payloads.windows(2) {
            if pair[0].order == pair[1].order {
                further += 1;
                assert_ne!(pair[0].cents, pair[1].cents);
            } else {
                assert_eq!(pair[0].order + 1, pair[1].order);
            }
        }
        assert!(further > 500, "{further}");
        assert_eq!(deck.payloads.len(), 5_000 + further);
    }

    #[test]
    fn there_are_as_many_orders_as_asked_for_and_further_attempts_on_top() {
        for orders in [1, 2, 7, 5_000] {
            for seed in 0..20 {
                let deck = Deck::new(seed, Size { orders, ..SIZE });
                let named: BTreeSet<u32> = deck.payloads.iter().map(|one| one.order).collect();
                assert_eq!(named, (1..=orders).collect());
                assert_eq!(deck.orders(), orders);
                let further = deck.payloads.len() - named.len();
                assert!(
                    orders < 5_000 || (800..1_200).contains(&further),
                    "{further}"
                );
            }
        }
    }

    #[test]
    fn a_seed_repeats_itself() {
        let of = |seed| Deck::new(seed, SIZE);
        assert_eq!(of(3).tries, of(3).tries);
        assert_ne!(of(3).tries, of(4).tries);
    }
}
