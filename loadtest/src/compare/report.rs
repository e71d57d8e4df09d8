//! What a comparison prints.

use std::io::Write;

use anyhow::Result;

use super::figures::{Finding, Thousandths, Value, ratio};
use super::gates::{Gate, Side};
use super::rounds::Results;
use super::servers::{Kind, Server, cpu_of_tree};
use super::turn::{OPEN_CONNECTIONS, Sample};
use super::wrk::Load;
use crate::table;

/// The daemon in its two modes.
const OURS: [Kind; 2] = [Kind::ClickdFast, Kind::ClickdDurable];
/// What it is compared with.
const OTHERS: [Kind; 4] = [Kind::Nginx, Kind::NginxBuffered, Kind::Haproxy, Kind::Hyper];

/// Both tables of every load.
pub(crate) fn closed(results: &Results, out: &mut impl Write) -> Result<()> {
    for load in results.closed.keys() {
        writeln!(
            out,
            "\n{} × {}: medians of {} rounds, ± median absolute deviation",
            load.mode.name(),
            load.connections,
            results.values(*load, Kind::Nginx, |_| 0).len()
        )?;
        medians(results, *load, out)?;
        ratios(results, *load, out)?;
    }
    Ok(())
}

fn medians(results: &Results, load: Load, out: &mut impl Write) -> Result<()> {
    let heads = [
        "server",
        "CPU µs",
        "±",
        "answers/s",
        "±",
        "p50 µs",
        "p99 µs",
        "p99.9 µs",
        "RSS MiB",
        "written B",
        "steal ‰",
        "foreign ‰",
        "CPU is",
    ];
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let of = |figure| Finding::of(&results.values(load, kind, figure));
        let figures: [fn(&Sample) -> u64; 9] = [
            |sample| sample.cpu,
            |sample| sample.rate,
            |sample| sample.p50,
            |sample| sample.p99,
            |sample| sample.p999,
            |sample| sample.resident >> 20,
            |sample| sample.written,
            |sample| sample.stolen,
            |sample| sample.foreign,
        ];
        let mut row = vec![kind.name().to_owned()];
        for (place, figure) in figures.into_iter().enumerate() {
            let Some(found) = of(figure) else { continue };
            let spread = found.spread;
            match place {
                0 => {
                    row.push(Thousandths(spread.median).to_string());
                    row.push(Thousandths(spread.deviation).to_string());
                }
                1 => row.extend([spread.median, spread.deviation].map(|n| n.to_string())),
                _ => row.push(spread.median.to_string()),
            }
        }
        row.push(in_words(of(|sample| sample.cpu).as_ref()));
        rows.push(row);
    }
    table::write(out, &heads, &rows)?;
    Ok(())
}

fn ratios(results: &Results, load: Load, out: &mut impl Write) -> Result<()> {
    let heads = [
        "ratio, round by round",
        "CPU",
        "CPU is",
        "answers/s",
        "answers/s are",
    ];
    let mut rows = Vec::new();
    for of in OURS {
        for to in OTHERS {
            let found = |figure: fn(&Sample) -> u64| {
                let values = |kind| results.values(load, kind, figure);
                Finding::of_ratios(&values(of), &values(to))
            };
            let mut row = vec![format!("{} to {}", of.name(), to.name())];
            for found in [found(|sample| sample.cpu), found(|sample| sample.rate)] {
                row.extend(with_words(found.as_ref()));
            }
            rows.push(row);
        }
    }
    table::write(out, &heads, &rows)?;
    Ok(())
}

/// The table of the open loop.
pub(crate) fn open(results: &Results, out: &mut impl Write) -> Result<()> {
    if results.rate == 0 {
        writeln!(
            out,
            "\nopen loop: not run, for want of nginx's peak over keep-alive"
        )?;
        return Ok(());
    }
    writeln!(
        out,
        "\nopen loop: {} clicks/s, half of nginx's peak, over {OPEN_CONNECTIONS} keep-alive \
         connections; latency from when due",
        results.rate
    )?;
    let heads = [
        "server",
        "p50 µs",
        "p99 µs",
        "±",
        "p99.9 µs",
        "client's own p99 µs",
        "p99 to nginx",
        "p99 to nginx is",
    ];
    let nginx = results.paced(Kind::Nginx, |turn| turn.latency.p99);
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let median = |values: &[Value]| {
            let found = Finding::of(values);
            found.map_or_else(String::new, |found| found.spread.median.to_string())
        };
        let p99 = results.paced(kind, |turn| turn.latency.p99);
        let deviation = Finding::of(&p99).map(|found| found.spread.deviation.to_string());
        let mut row = vec![
            kind.name().to_owned(),
            median(&results.paced(kind, |turn| turn.latency.p50)),
            median(&p99),
            deviation.unwrap_or_default(),
            median(&results.paced(kind, |turn| turn.latency.p999)),
            median(&results.paced(kind, |turn| turn.delay)),
        ];
        row.extend(with_words(Finding::of_ratios(&p99, &nginx).as_ref()));
        rows.push(row);
    }
    table::write(out, &heads, &rows)?;
    Ok(())
}

/// What each server recorded, and what it did between its turns.
pub(crate) fn records(servers: &[Server], out: &mut impl Write) -> Result<()> {
    writeln!(out, "\nrecords and rest")?;
    let heads = ["server", "recorded", "sent", "CPU between turns ‰"];
    let mut rows = Vec::new();
    for server in servers {
        let recorded = match server.kind {
            Kind::Haproxy | Kind::Hyper => "nothing".to_owned(),
            _ => server.recorded.clicks.to_string(),
        };
        let between = server.between.per_mille(cpu_of_tree(server.pid())?);
        rows.push(vec![
            server.kind.name().to_owned(),
            recorded,
            server.sent.to_string(),
            between.to_string(),
        ]);
    }
    table::write(out, &heads, &rows)?;
    Ok(())
}

/// The table of the gates.
pub(crate) fn gates(gates: &[Gate], out: &mut impl Write) -> Result<()> {
    writeln!(out, "\nGates")?;
    let heads = ["gate", "found", "allowed", "", "goal", "", "found is"];
    let mut rows = Vec::new();
    for gate in gates {
        let sign = match gate.side {
            Side::AtMost => '≤',
            Side::AtLeast => '≥',
        };
        let bound = |bound| format!("{sign} {}", Thousandths(bound));
        let verdict = gate.goal_verdict().map(|verdict| verdict.name().to_owned());
        let [found, words] = with_words(gate.found.as_ref());
        rows.push(vec![
            gate.what.to_owned(),
            found,
            bound(gate.bound),
            gate.verdict().name().to_owned(),
            gate.goal.map(bound).unwrap_or_default(),
            verdict.unwrap_or_default(),
            words,
        ]);
    }
    table::write(out, &heads, &rows)?;
    Ok(())
}

fn with_words(found: Option<&Finding>) -> [String; 2] {
    let figures = found.map(|found| ratio(&found.spread));
    [figures.unwrap_or_default(), in_words(found)]
}

fn in_words(found: Option<&Finding>) -> String {
    match found {
        None => String::new(),
        Some(Finding { doubt: None, .. }) => "steady".to_owned(),
        Some(Finding {
            doubt: Some(doubt), ..
        }) => doubt.clone(),
    }
}
