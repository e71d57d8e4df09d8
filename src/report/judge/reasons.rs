//! What speaks against one partner, by its figures and those of the median partner.

#![expect(
    clippy::float_arithmetic,
    reason = "shares and points are no money, and nothing is stored"
)]

use crate::model::tally::{Stored, Tally};
use crate::registry::dimension::Detail;
use crate::registry::risk::{Level, REASONS};

use super::compared::Compared;
use super::share::{Share, real};

/// Events that may be chance, whatever their share: where they are rare, two come together often.
const EVENTS_MIN: f64 = 3.0;
/// Clicks with sub ids without which how they are spread says nothing.
pub(super) const SUB_ID_CLICKS_MIN: i128 = 200;
/// Clicks with the same sub ids at the median partner without which sub ids of their own are usual.
const SAME_USUAL: i128 = 10;

/// What speaks against one partner: code, words, points.
#[derive(Debug, Default)]
pub(super) struct Reasons(Vec<(&'static str, String, f64)>);

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
    pub(super) fn at_risk(&mut self, tally: &Tally) {
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

    pub(super) fn compare(&mut self, tally: &Tally, one: &Compared, median: Option<f64>) {
        let share = Share::of(tally, one.over, one.under);
        if share.of < real(one.at_least) || share.count < EVENTS_MIN {
            return;
        }
        if one.is_relative && median.is_none() {
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
    pub(super) fn rate(&mut self, tally: &Tally, median: Option<f64>) {
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
    pub(super) fn flat(&mut self, tally: &Tally, early: Option<f64>) {
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

    /// Sub ids that are each click's own, where others use theirs again.
    pub(super) fn spread(&mut self, tally: &Tally, median: Option<i128>) {
        let clicks = tally.get(Stored::SubIdClicks);
        let is_spread = tally.get(Stored::SameSubIdClicks) == 1;
        let Some(median) = median.filter(|median| *median >= SAME_USUAL) else {
            return;
        };
        if clicks >= SUB_ID_CLICKS_MIN && is_spread {
            let words = format!(
                "{clicks} clicks carry sub ids of their own, estimated; those of the median \
                 partner come {median} times"
            );
            self.add("SUB_ID_SPREAD", words, 15.0);
        }
    }

    /// The reasons with their points, the most telling first, and 100 points together at most.
    pub(super) fn ranked(mut self) -> Vec<Detail> {
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
    use super::super::compared::COMPARED;
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

    #[test]
    fn another_way_of_working_speaks_only_beside_a_median_that_works_otherwise() {
        for code in [
            "SUB_ID_CONCENTRATION",
            "NO_REFERRER",
            "ONE_REFERRER",
            "BURST",
        ] {
            let one = COMPARED.iter().find(|one| one.code == code).unwrap();
            for (median, spoken) in [(None, 0), (Some(0.2), 1), (Some(0.6), 0)] {
                let mut tally = Tally::default();
                tally.add(one.over, 1_000);
                tally.add(one.under, 1_000);
                let mut reasons = Reasons::default();
                reasons.compare(&tally, one, median);
                assert_eq!(reasons.0.len(), spoken, "{code} {median:?}");
                assert!(reasons.0.iter().all(|(_, _, points)| *points >= 10.0));
            }
        }
    }

    #[test]
    fn sub_ids_of_their_own_speak_where_those_of_others_come_again() {
        for (clicks, same, median, codes) in [
            (200, 1, Some(10), vec!["SUB_ID_SPREAD"]),
            (199, 1, Some(10), vec![]),
            (200, 2, Some(10), vec![]),
            (200, 1, Some(9), vec![]),
            (200, 1, None, vec![]),
        ] {
            let mut tally = Tally::default();
            tally.add(Stored::SubIdClicks, clicks);
            tally.add(Stored::SameSubIdClicks, same);
            let mut reasons = Reasons::default();
            reasons.spread(&tally, median);
            let found: Vec<&str> = reasons.0.iter().map(|(code, ..)| *code).collect();
            assert_eq!(found, codes, "{clicks} {same} {median:?}");
        }
    }
}
