//! How partners stand: what speaks against each, with points, by the cells of the risk cube.
//!
//! In: the sums of a judged report and the buckets beside their cells. Out: the same sums with the
//! made figures, and the reasons, the most telling first. Pure; the same figures give the same
//! judgement. Nothing here reaches a payout: a person decides.
//!
//! A share is taken at the lower end of what chance leaves open ([`Share::at_least`]), so a few
//! events never accuse anybody. Reasons of level Critical and High have their share in per cent as
//! points, inherited ones half of it. All others have points only beyond a bound that is a fixed
//! share, and beyond a multiple of the median partner of the query.

#![expect(
    clippy::float_arithmetic,
    reason = "shares and points are no money, and nothing is stored"
)]

use ahash::AHashMap;

use crate::model::id::PartnerId;
use crate::model::tally::{BUCKETS, Stored, Tally};
use crate::registry::dimension::{Detail, RowKey};
use crate::registry::risk::{BUCKETS_OF_KIND, KINDS, Level, REASONS};

use super::answer::Sums;

/// Events that may be chance, whatever their share: where they are rare, two come together often.
const EVENTS_MIN: f64 = 3.0;
/// Partners without which there is no median.
const PARTNERS_MIN: usize = 3;

/// Buckets of the clicks of one row.
type Buckets = [[i128; BUCKETS_OF_KIND]; KINDS];

/// The kinds of buckets: the figures made of the fullest one and of all.
const MADE: [(Stored, Stored); KINDS] = [
    (Stored::TopNetworkClicks, Stored::PeopleClicks),
    (Stored::TopAgentClicks, Stored::PeopleClicks),
    (Stored::TopSubIdClicks, Stored::SubIdClicks),
];

/// A part of a row's events that is compared with the median partner's.
#[derive(Clone, Copy, Debug)]
struct Compared {
    code: &'static str,
    /// What it is, behind "% of".
    words: &'static str,
    over: Stored,
    under: Stored,
    /// Events without which it says nothing.
    at_least: i128,
    /// The share that is never too much.
    usual: f64,
    /// How many times the median's share is too much.
    times: f64,
    /// Points at the bound, and for the rest of the way to all events.
    points: (f64, f64),
}

const fn compared(
    code: &'static str,
    words: &'static str,
    (over, under): (Stored, Stored),
    (at_least, usual, times): (i128, f64, f64),
    points: (f64, f64),
) -> Compared {
    Compared {
        code,
        words,
        over,
        under,
        at_least,
        usual,
        times,
        points,
    }
}

const COMPARED: &[Compared] = &[
    compared(
        "TOO_SOON",
        "actions came less than 5 s after their click",
        (Stored::Under5sActions, Stored::ClickedActions),
        (10, 0.02, 3.0),
        (10.0, 80.0),
    ),
    compared(
        "TOO_SOON",
        "actions came less than 10 s after their click",
        (Stored::Under10sActions, Stored::ClickedActions),
        (10, 0.05, 3.0),
        (10.0, 60.0),
    ),
    compared(
        "UNTRUE_CLAIMS",
        "conversions name clicks that can't have led to them",
        (Stored::RefusedClaims, Stored::Conversions),
        (10, 0.05, 3.0),
        (10.0, 80.0),
    ),
    compared(
        "ADDRESS_CONCENTRATION",
        "clicks come from one network, estimated",
        (Stored::TopNetworkClicks, Stored::PeopleClicks),
        (200, 0.2, 3.0),
        (10.0, 60.0),
    ),
    compared(
        "AGENT_CONCENTRATION",
        "clicks come from one user agent, estimated",
        (Stored::TopAgentClicks, Stored::PeopleClicks),
        (200, 0.4, 1.5),
        (10.0, 40.0),
    ),
    compared(
        "SUB_ID_CONCENTRATION",
        "clicks with sub ids carry the same ones, estimated",
        (Stored::TopSubIdClicks, Stored::SubIdClicks),
        (200, 0.9, 2.0),
        (5.0, 4.0),
    ),
    compared(
        "REVERSALS",
        "actions are reversed",
        (Stored::ReversedActions, Stored::GrossActions),
        (10, 0.2, 3.0),
        (10.0, 50.0),
    ),
    compared(
        "DUPLICATE",
        "clicks are duplicates",
        (Stored::DuplicateClicks, Stored::RawClicks),
        (200, 0.2, 2.0),
        (10.0, 50.0),
    ),
    compared(
        "FOREIGN_PAGE",
        "clicks come from pages of others",
        (Stored::ForeignPageClicks, Stored::RawClicks),
        (50, 0.2, 2.0),
        (10.0, 50.0),
    ),
    compared(
        "NO_FETCH_METADATA",
        "clicks do not say what they are for",
        (Stored::NoFetchClicks, Stored::RawClicks),
        (50, 0.5, 2.0),
        (10.0, 50.0),
    ),
];

/// A share of events.
#[derive(Clone, Copy, Debug)]
struct Share {
    count: f64,
    of: f64,
}

/// Standard deviations that chance is given.
const CHANCE: f64 = 2.6;

#[expect(
    clippy::cast_precision_loss,
    reason = "shares need no more than 52 bits"
)]
fn real(count: i128) -> f64 {
    count as f64
}

impl Share {
    fn of(tally: &Tally, over: Stored, under: Stored) -> Self {
        let (count, of) = (figure(tally, over), figure(tally, under));
        Self {
            count: real(count),
            of: real(of),
        }
    }

    fn value(self) -> f64 {
        if self.of > 0.0 {
            self.count / self.of
        } else {
            0.0
        }
    }

    /// The ends of Wilson's interval.
    fn between(self) -> (f64, f64) {
        if self.of <= 0.0 {
            return (0.0, 1.0);
        }
        let (share, z) = (self.value().clamp(0.0, 1.0), CHANCE * CHANCE / self.of);
        let middle = share + z / 2.0;
        let half = (z * (share * (1.0 - share) + z / 4.0)).max(0.0).sqrt();
        let end = |at: f64| (at / (1.0 + z)).clamp(0.0, 1.0);
        (end(middle - half), end(middle + half))
    }

    fn at_least(self) -> f64 {
        self.between().0
    }

    fn words(self) -> String {
        let (count, of) = (self.count, self.of);
        format!("{:.1} % ({count} of {of})", 100.0 * self.value())
    }
}

/// A figure of a row, those included that no cell and no column holds.
fn figure(tally: &Tally, stored: Stored) -> i128 {
    let get = |stored| tally.get(stored);
    match stored {
        Stored::Conversions => get(Stored::GrossActions) + get(Stored::RefusedClaims),
        Stored::ReversedActions => get(Stored::GrossActions) - get(Stored::Actions),
        stored => get(stored),
    }
}

/// Judges the rows of an answer.
#[derive(Debug, Default)]
pub(super) struct Judge {
    buckets: AHashMap<RowKey, Box<Buckets>>,
}

impl Judge {
    /// Takes the numbered cell of buckets of a row.
    pub(super) fn take(&mut self, key: RowKey, part: u32, tally: &Tally) {
        let none = || Box::new([[0; BUCKETS_OF_KIND]; KINDS]);
        let buckets = self.buckets.entry(key).or_insert_with(none);
        let first = usize::try_from(part).unwrap_or(usize::MAX);
        let first = first.saturating_mul(BUCKETS.len());
        let all = buckets.iter_mut().flatten().skip(first);
        for (count, measure) in all.zip(BUCKETS) {
            *count += tally.get(measure);
        }
    }

    /// Completes the sums of the rows with made figures; the reasons against each.
    pub(super) fn judge(self, sums: &mut Sums) -> AHashMap<RowKey, Vec<Detail>> {
        for (key, buckets) in &self.buckets {
            let Some((tally, _)) = sums.get_mut(key) else {
                continue;
            };
            for (nth, (buckets, (top, all))) in buckets.iter().zip(MADE).enumerate() {
                let clicks: i128 = buckets.iter().sum();
                tally.add(top, fullest(buckets, clicks));
                // Addresses and user agents are spread over as many clicks.
                if nth != 1 {
                    tally.add(all, clicks);
                }
            }
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
        let early = medians.share(Stored::Under2hActions, Stored::ClickedActions, 10);
        let mut found = AHashMap::new();
        for (key, (tally, _)) in sums {
            let mut reasons = Reasons::default();
            reasons.at_risk(tally);
            for (one, median) in COMPARED.iter().zip(&compared) {
                reasons.compare(tally, one, *median);
            }
            reasons.rate(tally, rate);
            reasons.flat(tally, early);
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
fn fullest(buckets: &[i128; BUCKETS_OF_KIND], clicks: i128) -> i128 {
    let full = buckets.iter().max().copied().unwrap_or(0);
    let other = i128::try_from(BUCKETS_OF_KIND).unwrap_or(1) - 1;
    ((full * (other + 1) - clicks) / other.max(1)).max(0)
}

/// The figures of all partners that are known.
struct Medians<'a>(&'a [&'a Tally]);

impl Medians<'_> {
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

/// What speaks against one partner: code, words, points.
#[derive(Debug, Default)]
struct Reasons(Vec<(&'static str, String, f64)>);

impl Reasons {
    fn add(&mut self, code: &'static str, words: String, points: f64) {
        if points < 1.0 {
            return;
        }
        // Of two bounds of one reason the one that tells more counts.
        match self.0.iter_mut().find(|(held, ..)| *held == code) {
            Some(held) if held.2 < points => *held = (code, words, points),
            Some(_) => {}
            None => self.0.push((code, words, points)),
        }
    }

    /// Reasons of level Critical and High.
    fn at_risk(&mut self, tally: &Tally) {
        for reason in REASONS {
            let (Some(over), Some(under)) = reason.parts() else {
                continue;
            };
            if reason.level == Level::Suspect || reason.code == "TOO_SOON" {
                continue;
            }
            let share = Share::of(tally, over, under);
            let (what, weight) = if reason.code.starts_with("REF_") {
                ("actions", 50.0)
            } else {
                ("clicks", 100.0)
            };
            let words = format!("{} {what}, level {}", share.words(), reason.level.word());
            self.add(reason.code, words, share.at_least() * weight);
        }
    }

    fn compare(&mut self, tally: &Tally, one: &Compared, median: Option<f64>) {
        let share = Share::of(tally, one.over, one.under);
        if share.of < real(one.at_least) || share.count < EVENTS_MIN {
            return;
        }
        let bound = one.usual.max(one.times * median.unwrap_or(0.0));
        let beyond = share.at_least() - bound;
        if beyond <= 0.0 || bound >= 1.0 {
            return;
        }
        let points = one.points.0 + one.points.1 * beyond / (1.0 - bound);
        let words = format!("{} {}{}", share.words(), one.words, against(median));
        self.add(one.code, words, points);
    }

    /// Conversions for each click, both ways.
    fn rate(&mut self, tally: &Tally, median: Option<f64>) {
        let share = Share::of(tally, Stored::GrossActions, Stored::PeopleClicks);
        let (low, high) = share.between();
        let words = || format!("{} clicks have an action{}", share.words(), against(median));
        // Where actions are rare, chance leaves a tenth of the median open for long.
        let is_low = |median: f64| share.value() < median / 10.0 && high < median / 2.0;
        if share.of >= 1_000.0 && median.is_some_and(is_low) {
            self.add("LOW_RATE", words(), 12.0);
        }
        let most = median.filter(|median| *median > 0.0);
        let most = most.map_or(0.3, |median| (5.0 * median).min(0.3));
        if share.count >= 10.0 && low > most {
            let points = 12.0 + 10.0 * (low - most) / (1.0 - most);
            self.add("HIGH_RATE", words(), points);
        }
    }

    /// Actions spread evenly over days after their clicks: those came for other reasons.
    fn flat(&mut self, tally: &Tally, early: Option<f64>) {
        let clicked = real(tally.get(Stored::ClickedActions));
        let within = |stored| real(tally.get(stored));
        let first = within(Stored::Under2hActions);
        let (day, week) = (
            within(Stored::Under24hActions),
            within(Stored::Under7dActions),
        );
        let soon = Share {
            count: first,
            of: clicked,
        };
        // By the hour: of twenty-two, and of a hundred and twenty.
        let is_even = soon.between().1 < 0.25 && day / 22.0 <= 6.0 * week / 120.0;
        let late = Share {
            count: day + week,
            of: clicked,
        };
        let is_slow = early.is_some_and(|early| early < 0.3);
        if clicked < 20.0 || is_slow || !is_even || late.at_least() < 0.5 {
            return;
        }
        let words = format!(
            "{} actions spread evenly from two hours to seven days after their click, {first} \
             before{}",
            late.words(),
            early.map_or_else(String::new, |early| format!(
                "; the median partner has {:.1} % before",
                100.0 * early
            ))
        );
        self.add("FLAT_TIMES", words, 25.0);
    }

    /// The reasons with their points, the most telling first, and 100 points together at most.
    fn ranked(mut self) -> Vec<Detail> {
        self.0
            .sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.0.cmp(b.0)));
        let mut left = 100;
        let mut ranked = Vec::with_capacity(self.0.len());
        for (code, words, points) in self.0 {
            let points = whole(points).min(left);
            left -= points;
            ranked.push((format!("{code}: {words}").into(), points));
        }
        ranked
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "points lie between 1 and some hundred"
)]
fn whole(points: f64) -> i128 {
    points.floor() as i128
}

fn against(median: Option<f64>) -> String {
    median.map_or_else(String::new, |median| {
        format!("; the median partner has {:.1} %", 100.0 * median)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_clicks_of_one_user_agent_speak_where_a_quarter_is_usual() {
        let code = "AGENT_CONCENTRATION";
        let agent = COMPARED.iter().find(|one| one.code == code).unwrap();
        for (clicks, codes) in [(500, vec![code]), (400, vec![])] {
            let mut tally = Tally::default();
            tally.add(Stored::TopAgentClicks, clicks);
            tally.add(Stored::PeopleClicks, 1_000);
            let mut reasons = Reasons::default();
            reasons.compare(&tally, agent, Some(0.24));
            let found: Vec<&str> = reasons.0.iter().map(|(code, ..)| *code).collect();
            assert_eq!(found, codes, "{clicks}");
        }
    }

    #[test]
    fn two_actions_that_came_soon_are_chance() {
        let soon = COMPARED
            .iter()
            .find(|one| one.over == Stored::Under5sActions);
        for (count, spoken) in [(2, 0), (3, 1)] {
            let mut tally = Tally::default();
            tally.add(Stored::Under5sActions, count);
            tally.add(Stored::ClickedActions, 12);
            let mut reasons = Reasons::default();
            reasons.compare(&tally, soon.unwrap(), Some(0.0));
            assert_eq!(reasons.0.len(), spoken, "{count}");
        }
    }

    #[test]
    fn few_actions_speak_only_where_chance_leaves_no_half_of_the_median() {
        for (clicks, actions, codes) in [
            (12_000, 1, vec!["LOW_RATE"]),
            (12_000, 6, vec![]),
            (3_000, 0, vec![]),
        ] {
            let mut tally = Tally::default();
            tally.add(Stored::PeopleClicks, clicks);
            tally.add(Stored::GrossActions, actions);
            let mut reasons = Reasons::default();
            reasons.rate(&tally, Some(0.003));
            let found: Vec<&str> = reasons.0.iter().map(|(code, ..)| *code).collect();
            assert_eq!(found, codes, "{actions} of {clicks}");
        }
    }
}
