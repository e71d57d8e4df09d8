//! The bounds that a measurement must keep, and the ones aimed at.

use super::figures::Finding;
use super::request::Mode;
use super::rounds::Results;
use super::servers::Kind;
use super::turn::Sample;
use super::wrk::Load;

/// Connections of the ratios of CPU time.
const USUAL: u16 = 64;
/// Connections of a crowd.
const CROWD: u16 = 1_024;

/// On which side of a bound a figure must lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Not above it.
    AtMost,
    /// Not below it.
    AtLeast,
}

/// What came of a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The median keeps it.
    Holds,
    /// The median does not.
    Missed,
    /// The options left out what it needs.
    NotMeasured,
}

/// A ratio and its bounds in thousandths.
pub(crate) struct Gate {
    /// Of what to what.
    pub(crate) what: &'static str,
    /// What was found.
    pub(crate) found: Option<Finding>,
    /// Where it must lie.
    pub(crate) side: Side,
    /// The bound that fails a run.
    pub(crate) bound: u64,
    /// The bound that is aimed at.
    pub(crate) goal: Option<u64>,
}

impl Verdict {
    /// In a word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Missed => "missed",
            Self::NotMeasured => "not measured",
        }
    }
}

impl Gate {
    /// Whether the bound is kept.
    pub(crate) fn verdict(&self) -> Verdict {
        self.against(self.bound)
    }

    /// Whether the goal is reached, where there is one.
    pub(crate) fn goal_verdict(&self) -> Option<Verdict> {
        self.goal.map(|goal| self.against(goal))
    }

    fn against(&self, bound: u64) -> Verdict {
        let Some(found) = &self.found else {
            return Verdict::NotMeasured;
        };
        let keeps = match self.side {
            Side::AtMost => found.spread.median <= bound,
            Side::AtLeast => found.spread.median >= bound,
        };
        if keeps {
            Verdict::Holds
        } else {
            Verdict::Missed
        }
    }
}

/// Every gate.
pub(crate) fn gates(results: &Results) -> Vec<Gate> {
    let load = |connections| Load {
        mode: Mode::KeepAlive,
        connections,
    };
    let cpu = |of, to| {
        let values = |kind| results.values(load(USUAL), kind, |sample: &Sample| sample.cpu);
        Finding::of_ratios(&values(of), &values(to))
    };
    let rate =
        |connections| results.values(load(connections), Kind::ClickdFast, |sample| sample.rate);
    let p99 = |kind| results.paced(kind, |turn| turn.latency.p99);
    let gate = |what, found, side, bound, goal| Gate {
        what,
        found,
        side,
        bound,
        goal,
    };
    vec![
        gate(
            "CPU of clickd-fast to nginx, keep-alive × 64",
            cpu(Kind::ClickdFast, Kind::Nginx),
            Side::AtMost,
            900,
            Some(700),
        ),
        gate(
            "CPU of clickd-fast to hyper, keep-alive × 64",
            cpu(Kind::ClickdFast, Kind::Hyper),
            Side::AtMost,
            1_600,
            Some(1_250),
        ),
        gate(
            "CPU of clickd-durable to nginx, keep-alive × 64",
            cpu(Kind::ClickdDurable, Kind::Nginx),
            Side::AtMost,
            1_100,
            Some(900),
        ),
        gate(
            "answers/s of clickd-fast, keep-alive × 1024 to × 64",
            Finding::of_ratios(&rate(CROWD), &rate(USUAL)),
            Side::AtLeast,
            900,
            None,
        ),
        gate(
            "p99 of clickd-fast to nginx, open loop",
            Finding::of_ratios(&p99(Kind::ClickdFast), &p99(Kind::Nginx)),
            Side::AtMost,
            1_250,
            Some(1_000),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::rounds::tests::{kept, sample};
    use crate::compare::turn::Paced;
    use crate::measure::latency::Percentiles;

    fn verdicts(results: &Results) -> Vec<(Verdict, Option<Verdict>)> {
        let gates = gates(results);
        gates
            .iter()
            .map(|gate| (gate.verdict(), gate.goal_verdict()))
            .collect()
    }

    fn results(fast: u64, durable: u64, crowd: u64, p99: u64) -> Results {
        let mut results = Results::default();
        for (connections, kind, found) in [
            (64, Kind::Nginx, sample(10_000, 1)),
            (64, Kind::Hyper, sample(5_600, 1)),
            (64, Kind::ClickdFast, sample(fast, 1_000)),
            (64, Kind::ClickdDurable, sample(durable, 1)),
            (1_024, Kind::ClickdFast, sample(1, crowd)),
        ] {
            let kinds = results.closed.entry(kept(connections)).or_default();
            kinds.insert(kind, vec![found; 3]);
        }
        for (kind, p99) in [(Kind::Nginx, 1_000), (Kind::ClickdFast, p99)] {
            let latency = Percentiles {
                p99,
                ..Percentiles::default()
            };
            let paced = Paced {
                latency,
                ..Paced::default()
            };
            results.open.insert(kind, vec![paced; 3]);
        }
        results
    }

    #[test]
    fn a_bound_is_kept_up_to_itself() {
        use Verdict::{Holds, Missed};
        let at_the_goals = verdicts(&results(7_000, 9_000, 900, 1_000));
        assert_eq!(
            at_the_goals,
            [
                (Holds, Some(Holds)),
                (Holds, Some(Holds)),
                (Holds, Some(Holds)),
                (Holds, None),
                (Holds, Some(Holds)),
            ]
        );
        let at_the_gates = verdicts(&results(8_960, 11_000, 900, 1_250));
        assert_eq!(
            at_the_gates,
            [
                (Holds, Some(Missed)),
                (Holds, Some(Missed)),
                (Holds, Some(Missed)),
                (Holds, None),
                (Holds, Some(Missed)),
            ]
        );
        let beyond = verdicts(&results(9_010, 11_010, 899, 1_251));
        assert!(beyond.iter().all(|(gate, _)| *gate == Missed));
    }

    #[test]
    fn what_was_left_out_is_not_judged() {
        let nothing = verdicts(&Results::default());
        assert_eq!(nothing.len(), 5);
        for (gate, goal) in nothing {
            assert_eq!(gate, Verdict::NotMeasured);
            assert!(matches!(goal, None | Some(Verdict::NotMeasured)));
        }
    }
}
