//! What a comparison prints.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use super::figures::{Finding, Thousandths, Value, ratio};
use super::gates::{Gate, Side};
use super::rounds::Results;
use super::servers::{Kind, Server, cpu_of_tree};
use super::turn::{OPEN_CONNECTIONS, Sample};
use super::wrk::Load;
use crate::daemon::pin::Pins;
use crate::table;

/// The daemon in its two modes.
const OURS: [Kind; 2] = [Kind::ClickdFast, Kind::ClickdDurable];
/// What it is compared with.
const OTHERS: [Kind; 4] = [Kind::Nginx, Kind::NginxBuffered, Kind::Haproxy, Kind::Hyper];

/// What is measured where, and what the words of the tables mean.
pub(crate) fn head(
    clickd: &Path,
    folder: &Path,
    pins: Pins,
    seconds: u32,
    out: &mut impl Write,
) -> Result<()> {
    writeln!(
        out,
        "{} in {}\n{pins}; turns of {seconds} s, one server at a time\n\
         CPU: time of the server and its children for each answer, what it does later included; \
         the kernel's work for a packet on loopback is its sender's\n\
         foreign: what other programs took of the machine; kernel: what its threads took, which \
         write to disk for whomever\n\
         written: write_bytes of /proc/PID/io; latencies of the closed loops are as wrk says\n\
         worthless, spread: the median absolute deviation is over a tenth of the median\n\
         worthless, disturbed: in over a third of the rounds the host took over 1 % of the \
         machine or other programs over 3 %",
        clickd.display(),
        folder.display(),
    )?;
    Ok(())
}

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
        "kernel ‰",
        "CPU is",
    ];
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let of = |figure| Finding::of(&results.values(load, kind, figure));
        let figures: [fn(&Sample) -> u64; 10] = [
            |sample| sample.cpu,
            |sample| sample.rate,
            |sample| sample.p50,
            |sample| sample.p99,
            |sample| sample.p999,
            |sample| sample.resident >> 20,
            |sample| sample.written,
            |sample| sample.stolen,
            |sample| sample.foreign,
            |sample| sample.kernel,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::rounds::tests::{kept, sample};
    use crate::compare::turn::Paced;
    use crate::measure::latency::Percentiles;

    fn text(print: impl Fn(&mut Vec<u8>) -> Result<()>) -> String {
        let mut out = Vec::new();
        print(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The words of the line that begins so.
    fn row<'a>(text: &'a str, begin: &str) -> Vec<&'a str> {
        let mut lines = text.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with(begin)).unwrap();
        line.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect()
    }

    #[test]
    fn every_figure_has_its_place_and_worthless_ones_their_word() {
        let mut results = Results::default();
        let kinds = results.closed.entry(kept(64)).or_default();
        for (place, kind) in (1_u64..).zip(Kind::ALL) {
            let mut found = sample(place * 10_000, 90_000 / place);
            (found.p50, found.p99, found.p999) = (11, 12, 13);
            (found.resident, found.written) = (14 << 20, 15);
            (found.stolen, found.foreign, found.kernel) = (place, 7, 8);
            kinds.insert(kind, vec![found]);
        }
        if let Some(samples) = kinds.get_mut(&Kind::Hyper) {
            samples[0].foreign = 31;
        }
        let text = text(|out| closed(&results, out));
        assert!(
            text.contains("keep-alive × 64: medians of 1 rounds"),
            "{text}"
        );
        assert_eq!(
            row(&text, "nginx-buffered "),
            [
                "nginx-buffered",
                "20.000",
                "0.000",
                "45000",
                "0",
                "11",
                "12",
                "13",
                "14",
                "15",
                "2",
                "7",
                "8",
                "steady"
            ]
        );
        assert_eq!(
            row(&text, "hyper ").last(),
            Some(&"worthless: disturbed 1/1")
        );
        let ratio = row(&text, "clickd-fast to nginx ");
        assert_eq!(
            ratio,
            [
                "clickd-fast to nginx",
                "5.000 ±0.000 (5.000 to 5.000)",
                "steady",
                "0.200 ±0.000 (0.200 to 0.200)",
                "steady"
            ]
        );
        let disturbed = row(&text, "clickd-durable to hyper ");
        assert!(
            disturbed.contains(&"worthless: disturbed 1/1"),
            "{disturbed:?}"
        );
    }

    #[test]
    fn the_open_loop_shows_how_much_is_the_clients_own() {
        let mut results = Results::default();
        let none = text(|out| open(&results, out));
        assert!(none.contains("not run"), "{none}");
        results.rate = 12_345;
        for (kind, p99) in [(Kind::Nginx, 500), (Kind::ClickdFast, 400)] {
            let latency = Percentiles {
                p50: 300,
                p99,
                p999: 900,
                ..Percentiles::default()
            };
            let turn = Paced {
                latency,
                delay: 55,
                ..Paced::default()
            };
            results.open.insert(kind, vec![turn; 2]);
        }
        let text = text(|out| open(&results, out));
        assert!(text.contains("12345 clicks/s"), "{text}");
        let ratio = "0.800 ±0.000 (0.800 to 0.800)";
        assert_eq!(
            row(&text, "clickd-fast "),
            [
                "clickd-fast",
                "300",
                "400",
                "0",
                "900",
                "55",
                ratio,
                "steady"
            ]
        );
    }
}
