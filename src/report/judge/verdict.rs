//! The figures that are made of buckets, the medians, and the reasons against every row.

use ahash::AHashMap;

use crate::model::id::PartnerId;
use crate::model::tally::{BUCKETS, Stored, Tally};
use crate::registry::dimension::{Detail, RowKey};
use crate::registry::risk::{BUCKETS_OF_KIND, KINDS};

use super::super::answer::Summed;
use super::super::sums::Sums;
use super::compared::COMPARED;
use super::reasons::{Reasons, SUB_ID_CLICKS_MIN};
use super::share::{Share, figure};

/// Partners without which there is no median.
const PARTNERS_MIN: usize = 3;
/// The other buckets of a kind.
const OTHERS: i128 = BUCKETS_OF_KIND as i128 - 1;

/// Buckets of one kind.
type Kind = [i128; BUCKETS_OF_KIND];
/// Buckets of the clicks of one row; none before the first.
type Buckets = Option<Box<[Kind; KINDS]>>;

/// Judges the rows of an answer.
#[derive(Debug, Default)]
pub(in crate::report) struct Judge {
    buckets: Sums<Buckets>,
}

impl Judge {
    /// Takes the numbered cell of buckets of a row.
    pub(in crate::report) fn take(&mut self, key: RowKey, part: u32, tally: &Tally) {
        let none = || Box::new([[0; BUCKETS_OF_KIND]; KINDS]);
        let first = usize::try_from(part).unwrap_or(usize::MAX);
        let first = first.saturating_mul(BUCKETS.len());
        self.buckets.change(key, |buckets| {
            let buckets = buckets.get_or_insert_with(none).as_flattened_mut();
            let counts = buckets.get_mut(first..).unwrap_or_default();
            let mut counts = counts.iter_mut().zip(BUCKETS);
            for (measure, more) in tally.iter() {
                let found = counts.find(|(_, own)| *own == measure);
                if let Some((count, _)) = found {
                    *count += more;
                }
            }
        });
    }

    /// Completes the sums of the rows with made figures; the reasons against each.
    pub(in crate::report) fn judge(self, sums: &mut Summed) -> AHashMap<RowKey, Vec<Detail>> {
        for (key, buckets) in self.buckets.iter() {
            let (Some((tally, _)), Some(buckets)) = (sums.get_mut(key), buckets) else {
                continue;
            };
            let [networks, agents, sub_ids, pages, stretches] = &**buckets;
            for (top, buckets) in [
                (Stored::TopNetworkClicks, networks),
                (Stored::TopAgentClicks, agents),
                (Stored::TopSubIdClicks, sub_ids),
            ] {
                tally.add(top, fullest(buckets));
            }
            // Every click that counts has an address.
            tally.add(Stored::PeopleClicks, networks.iter().sum());
            tally.add(Stored::SubIdClicks, sub_ids.iter().sum());
            tally.add(Stored::SameSubIdClicks, same(sub_ids));
            let most = pages.iter().max().copied();
            tally.add(Stored::TopPageClicks, most.unwrap_or(0));
            tally.add(Stored::BurstClicks, burst(stretches));
        }
        let known = sums
            .iter()
            .filter(|(key, _)| key.partner != Some(PartnerId::UNKNOWN))
            .map(|(_, (tally, _))| tally);
        let known: Vec<&Tally> = known.collect();
        let medians = Medians(&known);
        let compared: Vec<Option<f64>> = COMPARED
            .iter()
            .map(|one| medians.share(one.over, one.under, one.at_least))
            .collect();
        let rate = medians.share(Stored::GrossActions, Stored::PeopleClicks, 200);
        let same = medians.figure(Stored::SameSubIdClicks, Stored::SubIdClicks);
        let early = medians.share(Stored::Under2hActions, Stored::ClickedActions, 10);
        let mut found = AHashMap::new();
        for (key, (tally, _)) in sums.iter_mut() {
            let mut reasons = Reasons::default();
            reasons.at_risk(tally);
            for (one, median) in COMPARED.iter().zip(&compared) {
                reasons.compare(tally, one, *median);
            }
            reasons.rate(tally, rate);
            reasons.flat(tally, early);
            reasons.spread(tally, same);
            let ranked = reasons.ranked();
            let score: i128 = ranked.iter().map(|(_, points)| points).sum();
            tally.add(Stored::RiskScore, score);
            found.insert(key.clone(), ranked);
        }
        found
    }
}

/// Clicks of the most frequent value, estimated: the fullest bucket, less what the others leave in
/// it on average.
fn fullest(buckets: &Kind) -> i128 {
    let clicks: i128 = buckets.iter().sum();
    let full = buckets.iter().max().copied().unwrap_or(0);
    ((full * (OTHERS + 1) - clicks) / OTHERS).max(0)
}

/// Clicks with the value of an average one, estimated: from the squares of the buckets, less what
/// other values leave there on average; whole, halves up.
fn same(buckets: &Kind) -> i128 {
    let clicks: i128 = buckets.iter().sum();
    if clicks == 0 {
        return 0;
    }
    let squares: i128 = buckets.iter().map(|count| count * count).sum();
    let twice = 2 * ((OTHERS + 1) * squares - clicks * clicks) / (OTHERS * clicks);
    ((twice + 1) / 2).max(1)
}

/// Clicks of the two buckets of the day in a row that have most; the first one follows the last.
fn burst(buckets: &Kind) -> i128 {
    let next = buckets.iter().cycle().skip(1);
    let pairs = buckets.iter().zip(next).map(|(one, next)| one + next);
    pairs.max().unwrap_or(0)
}

/// The figures of all partners that are known.
struct Medians<'a>(&'a [&'a Tally]);

impl Medians<'_> {
    /// The median partner's figure, among those with enough clicks that carry sub ids.
    fn figure(&self, of: Stored, under: Stored) -> Option<i128> {
        let known = self.0.iter();
        let known = known.filter(|tally| figure(tally, under) >= SUB_ID_CLICKS_MIN);
        let mut figures: Vec<i128> = known.map(|tally| figure(tally, of)).collect();
        if figures.len() < PARTNERS_MIN {
            return None;
        }
        figures.sort_unstable();
        figures.get(figures.len() / 2).copied()
    }

    /// The median partner's share, among those with at least so many events.
    fn share(&self, over: Stored, under: Stored, at_least: i128) -> Option<f64> {
        let mut shares: Vec<f64> = self
            .0
            .iter()
            .filter(|tally| figure(tally, under) >= at_least)
            .map(|tally| Share::of(tally, over, under).value())
            .collect();
        if shares.len() < PARTNERS_MIN {
            return None;
        }
        shares.sort_unstable_by(f64::total_cmp);
        shares.get(shares.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_ids_of_their_own_come_once_and_one_comes_with_all_clicks() {
        let mut buckets = [0; BUCKETS_OF_KIND];
        assert_eq!(same(&buckets), 0);
        buckets[7] = 1_000;
        assert_eq!(same(&buckets), 1_000);
        // Two of as many clicks each: what they leave in each other's bucket is taken off.
        buckets[8] = 1_000;
        assert_eq!(same(&buckets), 984);
        // As many as chance leaves there of different ones.
        let chance: [i128; BUCKETS_OF_KIND] = std::array::from_fn(|nth| 12 + (nth as i128 % 9));
        assert_eq!(same(&chance), 1);
    }

    #[test]
    fn a_burst_may_lie_over_midnight() {
        let mut buckets = [10; BUCKETS_OF_KIND];
        assert_eq!(burst(&buckets), 20);
        buckets[BUCKETS_OF_KIND - 1] = 300;
        buckets[0] = 200;
        assert_eq!(burst(&buckets), 500);
    }
}
