//! `loadtest robots`: what the list of robots says of user agents that it was not made from.
//!
//! Every user agent becomes one click of an import, of one partner for the browsers and of another
//! for the robots, each at a second of its own by which the listing of clicks tells it again. The
//! daemon is the judge, with the list that it ships with. Too many browsers taken for robots, or
//! too few robots found, is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde_json::Value;

use crate::daemon::settings::Ack;
use crate::daemon::stage::{Stage, clickd};
use crate::http::brand::{Brand, Days};
use crate::traffic::catalogue::PROGRAM;

/// Browsers of a million that may be taken for robots.
const BROWSERS_MAX: u64 = 1_000;
/// Robots of a million that must be found.
const ROBOTS_MIN: u64 = 970_000;
const MILLION: u64 = 1_000_000;
/// User agents of one file, each of which has a day of its own: fewer than a page of the listing.
const FILE_MAX: usize = 10_000;
/// Longest user agent that an import takes.
const TEXT_MAX: usize = 1_024;
/// How long the fold may take.
const LIMIT: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);
/// The first day.
const FIRST: Date = Date::constant(2017, 11, 6);

/// Counts which user agents the shipped list takes for robots.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// User agents of people: one a line, or a JSON list of texts or of objects with `userAgent` or
    /// `instances`
    #[arg(long, value_name = "FILE")]
    browsers: PathBuf,
    /// User agents of robots, in the same form
    #[arg(long, value_name = "FILE")]
    robots: PathBuf,
    /// The program to test [default: clickd beside this program]
    #[arg(long, value_name = "PATH")]
    clickd: Option<PathBuf>,
    /// Misses of each list that are shown
    #[arg(long, default_value_t = 20)]
    misses: usize,
    /// Keep the temporary folder
    #[arg(long)]
    keep: bool,
}

/// A list and what the daemon says of it.
struct List {
    partner: u32,
    name: &'static str,
    are_robots: bool,
    agents: Vec<String>,
}

/// Runs it; an error is a bound that is missed.
pub(crate) async fn run(options: Options, out: &mut impl Write) -> Result<()> {
    let list = |partner, name, are_robots, path: &Path| -> Result<List> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let agents = agents(&text).with_context(|| format!("reading {}", path.display()))?;
        ensure!(!agents.is_empty(), "{} is empty", path.display());
        Ok(List {
            partner,
            name,
            are_robots,
            agents,
        })
    };
    let lists = [
        list(1, "browsers", false, &options.browsers)?,
        list(2, "robots", true, &options.robots)?,
    ];
    let (partners, ads) = (BTreeSet::from([1, 2]), BTreeSet::from([1]));
    let clickd = clickd(options.clickd)?;
    let stage = Stage::set(&clickd, Ack::Fast, &partners, &ads, options.keep).await?;
    let mut missed = Vec::new();
    let mut day = FIRST;
    for list in &lists {
        let mut flagged = BTreeSet::new();
        for part in list.agents.chunks(FILE_MAX) {
            flagged.extend(judged(&stage, list.partner, day, part).await?);
            day = day.checked_add(Span::new().days(1))?;
        }
        let said = said(list, &flagged, options.misses)?;
        out.write_all(said.as_bytes())?;
        let (count, all) = (flagged.len() as u64, list.agents.len() as u64);
        if !fits(list.are_robots, count, all) {
            missed.push(list.name);
        }
    }
    stage.strike(out).await?;
    ensure!(missed.is_empty(), "out of bounds: {}", missed.join(", "));
    Ok(())
}

/// Whether `flagged` of `all` lie within the bound.
fn fits(are_robots: bool, flagged: u64, all: u64) -> bool {
    let flagged = flagged.saturating_mul(MILLION);
    if are_robots {
        flagged >= all.saturating_mul(ROBOTS_MIN)
    } else {
        flagged <= all.saturating_mul(BROWSERS_MAX)
    }
}

/// Imports a part of a list as clicks of one day; those that are classed as robots.
async fn judged(
    stage: &Stage,
    partner: u32,
    day: Date,
    agents: &[String],
) -> Result<BTreeSet<String>> {
    let path = stage.folder().join(format!("{partner}-{day}.csv"));
    let mut file = csv::Writer::from_path(&path)?;
    file.write_record([
        "ExternalClickId",
        "EventDate",
        "CampaignId",
        "MediaId",
        "AdId",
        "Visitor",
        "UserAgent",
    ])?;
    let midnight: Timestamp = format!("{day}T00:00:00Z").parse()?;
    let mut times = BTreeMap::new();
    for (nth, agent) in (0_i64..).zip(agents) {
        let time = midnight.checked_add(Span::new().try_seconds(nth)?)?;
        times.insert(time, agent);
        let (time, nth) = (time.to_string(), format!("{partner}-{day}-{nth}"));
        let (program, partner) = (PROGRAM.to_string(), partner.to_string());
        file.write_record([&nth, &time, &program, &partner, "1", &nth, agent])?;
    }
    file.flush()?;
    stage.verbs.import("clicks", &path).await?;
    let mut brand = Brand::new(&stage.account);
    let deadline = Instant::now() + LIMIT;
    let (start, end) = (day.to_string(), day.to_string());
    let days = Days { start, end };
    loop {
        let records = brand.clicks(&days).await?.records;
        if records.len() == agents.len() {
            let field = |record: &serde_json::Map<String, Value>, name: &str| {
                let text = record.get(name).and_then(Value::as_str).map(str::to_owned);
                text.with_context(|| format!("a click without {name}"))
            };
            let mut robots = BTreeSet::new();
            for record in &records {
                let time: Timestamp = field(record, "ClickDate")?.parse()?;
                let agent = times.get(&time).context("a click of another time")?;
                if field(record, "Classification")? == "R" {
                    robots.insert((*agent).clone());
                }
            }
            return Ok(robots);
        }
        ensure!(
            Instant::now() < deadline,
            "{} of {} clicks are listed",
            records.len(),
            agents.len()
        );
        tokio::time::sleep(LOOK).await;
    }
}

/// The figure of a list, and its misses by the words that most of them share.
fn said(list: &List, flagged: &BTreeSet<String>, misses: usize) -> Result<String> {
    let (count, all) = (flagged.len() as u64, list.agents.len() as u64);
    let thousandths = count.saturating_mul(100_000).checked_div(all).unwrap_or(0);
    let mut text = format!(
        "{}: {count} of {all} taken for robots, {}.{:03} % ({})\n",
        list.name,
        thousandths / 1_000,
        thousandths % 1_000,
        if list.are_robots {
            "at least 97 % must be"
        } else {
            "at most 0.1 % may be"
        }
    );
    let missed: Vec<&String> = list
        .agents
        .iter()
        .filter(|agent| flagged.contains(*agent) != list.are_robots)
        .collect();
    let mut shared: BTreeMap<&str, usize> = BTreeMap::new();
    for agent in &missed {
        let words: BTreeSet<&str> = agent.split([' ', '/', ';', '(', ')']).collect();
        for word in words.into_iter().filter(|word| word.len() > 3) {
            *shared.entry(word).or_default() += 1;
        }
    }
    let rank = |agent: &&&String| {
        let words = agent.split([' ', '/', ';', '(', ')']);
        let most = words.filter_map(|word| shared.get(word)).max();
        std::cmp::Reverse(most.copied().unwrap_or(0))
    };
    let mut ranked: Vec<&&String> = missed.iter().collect();
    ranked.sort_by_key(rank);
    for agent in ranked.into_iter().take(misses) {
        writeln!(text, "  missed: {agent}")?;
    }
    Ok(text)
}

/// The user agents of a file, each once; what an import would refuse is left out.
fn agents(text: &str) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    if text.trim_start().starts_with('[') {
        let items: Vec<Value> = serde_json::from_str(text)?;
        for item in &items {
            let texts = match item {
                Value::Object(fields) => {
                    fields.get("userAgent").or_else(|| fields.get("instances"))
                }
                other => Some(other),
            };
            match texts {
                Some(Value::String(text)) => found.push(text.clone()),
                Some(Value::Array(texts)) => {
                    found.extend(texts.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                _ => anyhow::bail!("{item}: allowed are texts, `userAgent` and `instances`"),
            }
        }
    } else {
        found.extend(text.lines().map(str::to_owned));
    }
    let mut known = BTreeSet::new();
    let kept = found.iter().map(|agent| agent.trim()).filter(|agent| {
        let is_whole = !agent.is_empty() && agent.len() <= TEXT_MAX;
        is_whole && !agent.contains(char::is_control) && known.insert(*agent)
    });
    Ok(kept.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_lines_or_json_and_holds_each_agent_once() {
        for text in [
            "a/1\n\n b/2 \na/1\n",
            r#"["a/1", "b/2", ""]"#,
            r#"[{"userAgent": "a/1", "weight": 1}, {"userAgent": "b/2"}, {"userAgent": "a/1"}]"#,
            r#"[{"pattern": "x", "instances": ["a/1", "b/2"]}]"#,
        ] {
            assert_eq!(agents(text).unwrap(), ["a/1", "b/2"], "{text}");
        }
        assert!(agents(r#"[{"name": "a"}]"#).is_err());
        assert!(agents(r#"["a"#).is_err());
        assert!(agents(&"x".repeat(TEXT_MAX + 1)).unwrap().is_empty());
    }

    #[test]
    fn the_bounds_are_met_exactly() {
        assert!(fits(true, 97, 100) && !fits(true, 96, 100));
        assert!(fits(false, 1, 1_000) && !fits(false, 1, 999));
    }

    #[test]
    fn misses_are_browsers_that_are_flagged_and_robots_that_are_not() {
        let flagged = BTreeSet::from(["a/1".to_owned()]);
        for (are_robots, missed) in [(true, "missed: b/2"), (false, "missed: a/1")] {
            let agents = vec!["a/1".to_owned(), "b/2".to_owned()];
            let list = List {
                partner: 1,
                name: "list",
                are_robots,
                agents,
            };
            let text = said(&list, &flagged, 9).unwrap();
            assert!(text.contains("1 of 2 taken for robots, 50.000 %"), "{text}");
            assert!(text.contains(missed) && text.matches("missed").count() == 1);
        }
    }
}
