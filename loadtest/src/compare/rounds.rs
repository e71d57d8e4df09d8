//! Rounds of turns: every server in every round, in an order that is turned round each time.
//!
//! A ratio is taken within a round, between turns that lie seconds apart, so a machine that gets
//! slower over minutes changes both sides of it. Turning the order round cancels what a server
//! owes to its place in it.

use std::collections::BTreeMap;
use std::fs::File;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};

use super::figures::{Finding, Value};
use super::request::Mode;
use super::servers::{Kind, Server};
use super::turn::{Paced, Sample, closed, is_disturbed, paced};
use super::wrk::{Load, Wrk};

/// How often what is measured.
pub(crate) struct Plan {
    /// Rounds of each load, and of the open loop.
    pub(crate) rounds: u32,
    /// Seconds of one turn.
    pub(crate) seconds: u32,
    /// Loads of the closed loop.
    pub(crate) loads: Vec<Load>,
}

/// What was measured.
#[derive(Default)]
pub(crate) struct Results {
    /// Of every load and server the samples of all rounds.
    pub(crate) closed: BTreeMap<Load, BTreeMap<Kind, Vec<Sample>>>,
    /// The same of the open loop.
    pub(crate) open: BTreeMap<Kind, Vec<Paced>>,
    /// Requests a second of the open loop; 0 if there was none.
    pub(crate) rate: u32,
    /// What records and clients said against a turn.
    pub(crate) faults: Vec<String>,
}

impl Results {
    /// A figure of every round.
    pub(crate) fn values(&self, load: Load, kind: Kind, figure: fn(&Sample) -> u64) -> Vec<Value> {
        let samples = self.closed.get(&load).and_then(|kinds| kinds.get(&kind));
        let samples = samples.map(Vec::as_slice).unwrap_or_default();
        samples
            .iter()
            .map(|sample| Value {
                figure: figure(sample),
                is_disturbed: is_disturbed(sample.stolen, sample.foreign),
            })
            .collect()
    }

    /// A figure of every round of the open loop.
    pub(crate) fn paced(&self, kind: Kind, figure: fn(&Paced) -> u64) -> Vec<Value> {
        let turns = self.open.get(&kind).map(Vec::as_slice).unwrap_or_default();
        turns
            .iter()
            .map(|turn| Value {
                figure: figure(turn),
                is_disturbed: is_disturbed(turn.stolen, turn.foreign),
            })
            .collect()
    }

    /// Half of what nginx answered a second at most, over keep-alive connections.
    fn half_of_peak(&self) -> Option<u32> {
        let loads = self.closed.keys();
        let rates = loads
            .filter(|load| load.mode == Mode::KeepAlive)
            .filter_map(|load| Finding::of(&self.values(*load, Kind::Nginx, |sample| sample.rate)));
        let peak = rates.map(|rate| rate.spread.median).max()?;
        u32::try_from(peak / 2).ok().filter(|rate| *rate > 0)
    }
}

/// Runs every round.
pub(crate) async fn run(
    plan: &Plan,
    servers: &mut [Server],
    wrk: &Wrk,
    mut runs: Option<csv::Writer<File>>,
) -> Result<Results> {
    let mut results = Results::default();
    let bar = bar(plan, servers.len())?;
    for round in 0..plan.rounds {
        for load in &plan.loads {
            for server in order(servers, round) {
                let kind = server.kind;
                let name = format!(
                    "{}, {} × {}",
                    kind.name(),
                    load.connections,
                    load.mode.name()
                );
                bar.set_message(name.clone());
                let (sample, faults) = closed(server, wrk, *load, plan.seconds)
                    .await
                    .with_context(|| format!("{name}\n{}", server.tail()))?;
                let faults = faults.into_iter().map(|fault| format!("{name}: {fault}"));
                results.faults.extend(faults);
                if let Some(runs) = &mut runs {
                    write(runs, round, *load, kind, &sample)?;
                }
                let kinds = results.closed.entry(*load).or_default();
                kinds.entry(kind).or_default().push(sample);
                bar.inc(1);
            }
        }
    }
    if let Some(rate) = results.half_of_peak() {
        results.rate = rate;
        for round in 0..plan.rounds {
            for server in order(servers, round) {
                let kind = server.kind;
                let name = format!("{}, open loop", kind.name());
                bar.set_message(name.clone());
                let (turn, faults) = paced(server, rate, plan.seconds)
                    .await
                    .with_context(|| format!("{name}\n{}", server.tail()))?;
                let faults = faults.into_iter().map(|fault| format!("{name}: {fault}"));
                results.faults.extend(faults);
                results.open.entry(kind).or_default().push(turn);
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    Ok(results)
}

/// The servers in the order of a round.
fn order(servers: &mut [Server], round: u32) -> Vec<&mut Server> {
    turned(servers.iter_mut().collect(), round)
}

fn turned<T>(mut list: Vec<T>, round: u32) -> Vec<T> {
    if !round.is_multiple_of(2) {
        list.reverse();
    }
    list
}

fn bar(plan: &Plan, servers: usize) -> Result<ProgressBar> {
    let style = "{elapsed_precise} {wide_bar} {pos}/{len} turns {msg}";
    let each = u64::from(plan.rounds) * u64::try_from(servers)?;
    let turns = each * u64::try_from(plan.loads.len() + 1)?;
    // Drawn on stderr, and only if that is a terminal.
    Ok(ProgressBar::new(turns).with_style(ProgressStyle::with_template(style)?))
}

/// The heads of the file of runs.
pub(crate) const HEADS: [&str; 14] = [
    "round",
    "connection",
    "connections",
    "server",
    "cpu_ns",
    "requests_per_second",
    "p50_us",
    "p99_us",
    "p999_us",
    "resident_bytes",
    "written_bytes",
    "steal_per_mille",
    "foreign_per_mille",
    "kernel_per_mille",
];

fn write(
    runs: &mut csv::Writer<File>,
    round: u32,
    load: Load,
    kind: Kind,
    sample: &Sample,
) -> Result<()> {
    let figures = [
        sample.cpu,
        sample.rate,
        sample.p50,
        sample.p99,
        sample.p999,
        sample.resident,
        sample.written,
        sample.stolen,
        sample.foreign,
        sample.kernel,
    ];
    let mut record = vec![
        (round + 1).to_string(),
        load.mode.name().to_owned(),
        load.connections.to_string(),
        kind.name().to_owned(),
    ];
    record.extend(figures.map(|figure| figure.to_string()));
    runs.write_record(&record)?;
    runs.flush()?;
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Keep-alive connections.
    pub(crate) fn kept(connections: u16) -> Load {
        Load {
            mode: Mode::KeepAlive,
            connections,
        }
    }

    /// A sample of this CPU time and rate.
    pub(crate) fn sample(cpu: u64, rate: u64) -> Sample {
        Sample {
            cpu,
            rate,
            ..Sample::default()
        }
    }

    #[test]
    fn the_order_is_turned_round_each_time() {
        let orders = [0, 1, 2, 3].map(|round| turned(vec!['a', 'b', 'c'], round));
        let text: Vec<String> = orders.map(|order| order.into_iter().collect()).into();
        assert_eq!(text, ["abc", "cba", "abc", "cba"]);
    }

    #[test]
    fn the_open_loop_runs_at_half_of_the_best_median_of_nginx() {
        let mut results = Results::default();
        assert_eq!(results.half_of_peak(), None);
        let once = Load {
            mode: Mode::PerClick,
            connections: 16,
        };
        for (load, kind, rates) in [
            (kept(16), Kind::Nginx, [10_000, 30_000, 20_000]),
            (kept(64), Kind::Nginx, [24_000, 25_001, 90_000]),
            (once, Kind::Nginx, [70_000, 70_000, 70_000]),
            (kept(64), Kind::Hyper, [80_000, 80_000, 80_000]),
        ] {
            let samples = rates.map(|rate| sample(1, rate)).to_vec();
            results
                .closed
                .entry(load)
                .or_default()
                .insert(kind, samples);
        }
        assert_eq!(results.half_of_peak(), Some(12_500));
    }

    #[test]
    fn a_round_is_disturbed_by_steal_or_foreign_load() {
        let mut results = Results::default();
        let mut samples = [sample(7, 1); 3];
        samples[1].stolen = 11;
        samples[2].foreign = 31;
        let kinds = results.closed.entry(kept(64)).or_default();
        kinds.insert(Kind::Hyper, samples.to_vec());
        let values = results.values(kept(64), Kind::Hyper, |sample| sample.cpu);
        assert!(values.iter().all(|value| value.figure == 7));
        let disturbed: Vec<bool> = values.iter().map(|value| value.is_disturbed).collect();
        assert_eq!(disturbed, [false, true, true]);
        assert!(results.values(kept(16), Kind::Hyper, |_| 1).is_empty());
    }

    #[test]
    fn every_run_is_a_line_with_every_figure() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut runs = csv::Writer::from_path(file.path()).unwrap();
        runs.write_record(HEADS).unwrap();
        write(&mut runs, 0, kept(64), Kind::ClickdFast, &sample(12, 34)).unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let (_, line) = text.split_once('\n').unwrap();
        assert_eq!(line, "1,keep-alive,64,clickd-fast,12,34,0,0,0,0,0,0,0,0\n");
    }
}
