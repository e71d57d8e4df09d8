//! Ranks drawn after Zipf's law with exponent 1: rank `r` is `r` times as rare as the first.
//!
//! A cumulative table of whole numbers and a binary search; the same random number gives the same
//! rank on every machine.

/// The weight of the first rank, which the others divide.
const FIRST: u64 = 1 << 40;

/// Ranks from 0 to one below their count.
pub(crate) struct Zipf {
    cumulative: Vec<u64>,
    total: u64,
}

impl Zipf {
    /// A law of so many ranks, at least one.
    pub(crate) fn new(ranks: u32) -> Self {
        let mut total = 0;
        let cumulative = (1..=u64::from(ranks.max(1)))
            .map(|rank| {
                total += FIRST / rank;
                total
            })
            .collect();
        Self { cumulative, total }
    }

    /// The rank of an even `random`.
    pub(crate) fn rank(&self, random: u64) -> u32 {
        let scaled = (u128::from(random) * u128::from(self.total)) >> 64;
        let place = u64::try_from(scaled).unwrap_or(u64::MAX);
        let rank = self.cumulative.partition_point(|end| *end <= place);
        u32::try_from(rank).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::generator::mix;

    #[test]
    fn the_ends_are_the_first_and_the_last_rank() {
        for ranks in [1, 2, 1_000, 100_000] {
            let zipf = Zipf::new(ranks);
            assert_eq!((zipf.rank(0), zipf.rank(u64::MAX)), (0, ranks - 1));
        }
    }

    #[test]
    fn a_rank_is_drawn_as_often_as_the_law_says() {
        const DRAWS: u64 = 1_000_000;
        const RANKS: u32 = 1_000;
        let zipf = Zipf::new(RANKS);
        let mut counts = vec![0_u64; 1_000];
        for n in 0..DRAWS {
            counts[usize::try_from(zipf.rank(mix(n))).unwrap()] += 1;
        }
        // The 1000th harmonic number is 7.4855.
        for rank in [1_u64, 2, 3, 10, 30, 100] {
            let want = DRAWS * 10_000 / (74_855 * rank);
            let found = counts[usize::try_from(rank).unwrap() - 1];
            assert!(
                found.abs_diff(want) < want / 10,
                "rank {rank}: {found} draws, the law says {want}"
            );
        }
        let rare: u64 = counts[500..].iter().sum();
        let want = DRAWS * 6_926 / 74_855;
        assert!(rare.abs_diff(want) < want / 20, "{rare} {want}");
    }
}
