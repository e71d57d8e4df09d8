//! Who clicks on what: the same visitors on the links of the small catalogue or of a big one.
//!
//! Click `n` of a seed is always the same. In a big catalogue ads and partners follow Zipf's law,
//! each on its own, and the popular ones are scattered over the numbers, as they are where age and
//! success have little to do with each other.

use super::big::Size;
use super::catalogue::PROGRAM;
use super::generator::{mix, visit};
use super::visit::Visit;
use super::zipf::Zipf;

/// A click on a link of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Click {
    /// The link's program.
    pub(crate) program: u32,
    /// Its partner, ad and visitor.
    pub(crate) visit: Visit,
}

/// Where clicks come from.
pub(crate) enum Crowd {
    /// Clicks of the small catalogue.
    Small,
    /// Clicks of a catalogue of this size.
    Big(Size, Zipf, Zipf),
}

impl Crowd {
    /// Clicks of a catalogue of this size.
    pub(crate) fn big(size: Size) -> Self {
        Self::Big(size, Zipf::new(size.ads), Zipf::new(size.partners))
    }

    /// Click `n` of a seed.
    pub(crate) fn click(&self, seed: u64, n: u64) -> Click {
        let visit = visit(seed, n);
        match self {
            Self::Small => Click {
                program: PROGRAM,
                visit,
            },
            Self::Big(size, ads, partners) => {
                // Independent of the visitor, whose numbers come from the seed as it is.
                let random = mix(!seed ^ mix(n));
                let ad = 1 + scatter(ads.rank(random), size.ads);
                let partner = 1 + scatter(partners.rank(mix(random)), size.partners);
                Click {
                    program: size.program(ad),
                    visit: Visit {
                        partner,
                        ad,
                        ..visit
                    },
                }
            }
        }
    }

    /// So many clicks of a seed.
    pub(crate) fn clicks(&self, seed: u64, count: u64) -> impl Iterator<Item = Click> {
        (0..count).map(move |n| self.click(seed, n))
    }
}

/// The number below `count` that a rank below `count` has; every number has one rank.
pub(crate) fn scatter(rank: u32, count: u32) -> u32 {
    let count = u64::from(count.max(1));
    // About the golden section of the range, and without a divisor in common with it.
    let step = (count * 618 / 1_000..=count).find(|step| gcd(*step, count) == 1);
    let number = u64::from(rank) * step.unwrap_or(1) % count;
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;
    use crate::traffic::generator::{ADS, PARTNERS};

    const SIZE: Size = Size {
        programs: 10,
        ads: 1_000,
        partners: 100,
    };

    #[test]
    fn ranks_are_scattered_one_to_one() {
        for count in [1, 2, 10, 97, 100, 1_000, 10_000] {
            let seen: HashSet<u32> = (0..count).map(|rank| scatter(rank, count)).collect();
            assert_eq!(seen.len(), usize::try_from(count).unwrap());
            assert!(seen.iter().all(|number| *number < count));
        }
        assert!(scatter(1, 10_000).abs_diff(scatter(0, 10_000)) > 1_000);
    }

    #[test]
    fn clicks_stay_in_the_catalogue_and_follow_the_law() {
        let crowd = Crowd::big(SIZE);
        let mut ads = BTreeMap::new();
        let mut partners = BTreeMap::new();
        for click in crowd.clicks(3, 100_000) {
            assert!((1..=SIZE.ads).contains(&click.visit.ad));
            assert!((1..=SIZE.partners).contains(&click.visit.partner));
            assert_eq!(click.program, SIZE.program(click.visit.ad));
            *ads.entry(click.visit.ad).or_insert(0) += 1;
            *partners.entry(click.visit.partner).or_insert(0) += 1;
        }
        let place = |rank, count| 1 + scatter(rank, count);
        // The harmonic numbers of 1,000 and 100 are 7.49 and 5.19.
        assert!((13_000..13_700).contains(&ads[&place(0, SIZE.ads)]));
        assert!((6_300..7_000).contains(&ads[&place(1, SIZE.ads)]));
        assert!((18_900..19_700).contains(&partners[&place(0, SIZE.partners)]));
        assert!((4_500..5_100).contains(&partners[&place(3, SIZE.partners)]));
    }

    #[test]
    fn both_crowds_are_the_same_visitors() {
        let big = Crowd::big(SIZE);
        for n in 0..1_000 {
            let (one, other) = (Crowd::Small.click(9, n), big.click(9, n));
            assert_eq!(one.program, PROGRAM);
            assert!(one.visit.ad <= ADS && one.visit.partner <= PARTNERS);
            let same = Visit {
                partner: one.visit.partner,
                ad: one.visit.ad,
                ..other.visit
            };
            assert_eq!(same, one.visit);
        }
        assert_ne!(big.click(1, 0), big.click(2, 0));
    }
}
