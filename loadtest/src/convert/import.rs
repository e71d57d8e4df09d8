//! `loadtest import`: the sample with its own times in two daemons, every figure of its days
//! compared with the recount.
//!
//! The first daemon gets the files as they are, and then once more. The second gets them shuffled;
//! of each file the import is killed at a quarter of the rows, the daemon with the next one at the
//! half, and a third goes on to the end. Both must say the same of their rows, hold each of them
//! once, and show the recount, in the same bytes.
//!
//! Installs are few, so strays ([`Files::stray`]) lie among them: the conversions take many chunks,
//! and a kill meets them on the way.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::files::Files;
use super::recount::{Figures, Place, Recount};
use super::sample::{self, Row};
use crate::check::compare::{Record, count};
use crate::daemon::settings::Ack;
use crate::daemon::stage::{Stage, clickd};
use crate::http::brand::{Brand, Days};
use crate::traffic::catalogue::{EVENT_TYPE, PROGRAM, WINDOW};
use crate::traffic::generator::mix;

/// Between two looks at how far an import is.
const LOOK: Duration = Duration::from_millis(20);
/// How long an import may take to get as far as it is to be killed.
const LIMIT: Duration = Duration::from_secs(300);
/// One row in so many that led to no install makes a stray.
const STRAYS: u64 = 4;
/// Differences that are named.
const SAID: usize = 20;

/// Imports the sample with its own times, whole and interrupted.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The sample: a gzip CSV file with the columns ip, app, device, os, channel, `click_time`,
    /// `attributed_time`, `is_attributed`
    file: PathBuf,
    /// The program to test [default: clickd beside this program]
    #[arg(long, value_name = "PATH")]
    clickd: Option<PathBuf>,
    /// Leave the conversions out
    #[arg(long)]
    clicks_only: bool,
    /// What the rows are shuffled by
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep the temporary folders
    #[arg(long)]
    keep: bool,
}

/// Runs it; an error is any difference.
pub(crate) async fn run(options: Options, out: &mut impl Write) -> Result<()> {
    let clickd = clickd(options.clickd.clone())?;
    let mut rows = sample::read(&options.file)?.collect::<Result<Vec<Row>>>()?;
    let mut recount = Recount::default();
    for row in &rows {
        recount.add(row);
    }
    let mut expected = recount.finish(WINDOW);
    if options.clicks_only {
        for figures in expected.values_mut() {
            figures.actions = 0;
        }
        expected.retain(|_, figures| figures.raw > 0);
    }
    let total = super::recount::sum(expected.values());
    writeln!(
        out,
        "recount: {} raw clicks, {} unique clicks, {} actions",
        total.raw, total.unique, total.actions
    )?;
    let trial = Trial {
        options: &options,
        clickd: &clickd,
        expected: &expected,
    };
    let whole = trial.whole(&rows, out).await?;
    shuffle(&mut rows, options.seed);
    let interrupted = trial.interrupted(&rows, out).await?;
    ensure!(
        whole.said == interrupted.said,
        "the two daemons say of the rows {:?} and {:?}",
        whole.said,
        interrupted.said
    );
    ensure!(
        whole.reports == interrupted.reports,
        "the reports of the two daemons are not the same bytes"
    );
    writeln!(
        out,
        "import: no difference, {} bytes of reports",
        whole.reports.len()
    )?;
    Ok(())
}

struct Trial<'a> {
    options: &'a Options,
    clickd: &'a Path,
    expected: &'a BTreeMap<Place, Figures>,
}

/// A file to import.
struct Input {
    kind: &'static str,
    path: PathBuf,
    rows: u64,
}

/// What a daemon made of the files.
struct Made {
    /// What became of the rows of each.
    said: Vec<String>,
    /// The reports.
    reports: Vec<u8>,
}

impl Trial<'_> {
    /// The files as they are, twice.
    async fn whole(&self, rows: &[Row], out: &mut impl Write) -> Result<Made> {
        let (stage, inputs) = self.stage(rows).await?;
        let mut first: Option<Made> = None;
        for run in ["in order", "once more"] {
            let mut said = Vec::new();
            for input in &inputs {
                let begun = Instant::now();
                let line = stage.verbs.import(input.kind, &input.path).await?;
                let took = begun.elapsed().as_secs_f64();
                writeln!(out, "{run}: {} · {took:.1} s", line.trim())?;
                said.push(of_rows(&line)?);
            }
            let reports = self.reports(&stage, &inputs).await?;
            let made = Made { said, reports };
            if let Some(first) = &first {
                ensure!(
                    first.said == made.said,
                    "the second run of a file says something else"
                );
                ensure!(
                    first.reports == made.reports,
                    "a file that was imported twice adds something"
                );
            }
            first.get_or_insert(made);
        }
        stage.strike(out).await?;
        first.context("nothing was imported")
    }

    /// The files shuffled, of each the import killed and the daemon killed.
    async fn interrupted(&self, rows: &[Row], out: &mut impl Write) -> Result<Made> {
        let (mut stage, inputs) = self.stage(rows).await?;
        let mut said = Vec::new();
        for input in &inputs {
            self.kill_twice(&mut stage, input, out).await?;
            let line = stage.verbs.import(input.kind, &input.path).await?;
            writeln!(out, "shuffled: {}", line.trim())?;
            said.push(of_rows(&line)?);
        }
        let reports = self.reports(&stage, &inputs).await?;
        stage.strike(out).await?;
        Ok(Made { said, reports })
    }

    /// Begins to import a file and kills the import, then the daemon.
    async fn kill_twice(
        &self,
        stage: &mut Stage,
        input: &Input,
        out: &mut impl Write,
    ) -> Result<()> {
        let kind = input.kind;
        let importing = start(stage, input)?;
        let stopped = reached(stage, input, input.rows / 4).await?;
        drop(importing);
        writeln!(
            out,
            "shuffled: the import of {kind} was killed at row {stopped}"
        )?;
        let mut importing = start(stage, input)?;
        let stopped = reached(stage, input, input.rows / 2).await?;
        stage.crash(self.clickd).await?;
        writeln!(
            out,
            "shuffled: the daemon was killed at row {stopped} of {kind}"
        )?;
        ensure!(
            !importing.0.wait()?.success(),
            "an import whose daemon was killed says that all is well"
        );
        Ok(())
    }

    /// A daemon, and the files it is to get.
    async fn stage(&self, rows: &[Row]) -> Result<(Stage, Vec<Input>)> {
        let partners = rows.iter().map(|row| row.visit.partner).collect();
        let ads = rows.iter().map(|row| row.visit.ad).collect();
        let keep = self.options.keep;
        let stage = Stage::set(self.clickd, Ack::Fast, &partners, &ads, keep).await?;
        let paths = ["clicks", "conversions"].map(|kind| stage.folder().join(kind));
        let [clicks, conversions] = paths.map(|path| path.with_extension("csv"));
        let create = |path: &Path| -> Result<BufWriter<File>> {
            let file = File::create(path);
            Ok(BufWriter::new(
                file.with_context(|| format!("creating {}", path.display()))?,
            ))
        };
        let files = (create(&clicks)?, create(&conversions)?);
        let mut files = Files::new(files.0, files.1, PROGRAM, EVENT_TYPE)?;
        let mut count: u64 = 0;
        for row in rows {
            files.write(row)?;
            let is_stray = row.installed.is_none() && row.number % STRAYS == 0;
            if is_stray {
                files.stray(row)?;
            }
            count += u64::from(is_stray || row.installed.is_some());
        }
        files.finish()?;
        let mut inputs = vec![Input {
            kind: "clicks",
            path: clicks,
            rows: u64::try_from(rows.len())?,
        }];
        if !self.options.clicks_only {
            inputs.push(Input {
                kind: "conversions",
                path: conversions,
                rows: count,
            });
        }
        Ok((stage, inputs))
    }

    /// Verifies the store, compares the reports of every day with the recount; their rows.
    async fn reports(&self, stage: &Stage, inputs: &[Input]) -> Result<Vec<u8>> {
        let ledger = stage.verify().await?;
        for (input, line) in inputs
            .iter()
            .zip([ledger.imported_clicks, ledger.conversions])
        {
            ensure!(
                line.balances() && line.stored == input.rows,
                "{} rows of {} were imported, the ledger says: {line}",
                input.rows,
                input.kind
            );
        }
        let mut brand = Brand::new(&stage.account);
        let mut bytes = Vec::new();
        let mut found: BTreeMap<Place, Figures> = BTreeMap::new();
        let mut days: Vec<i64> = self.expected.keys().map(|place| place.day).collect();
        days.dedup();
        days.sort_unstable();
        days.dedup();
        for day in days {
            let date = jiff::civil::Date::constant(1970, 1, 1);
            let date = date.checked_add(jiff::Span::new().try_days(day)?)?;
            let (start, end) = (date.to_string(), date.to_string());
            let report = brand.by_partner(&Days { start, end }).await?;
            serde_json::to_writer(&mut bytes, &figures(&report.records))?;
            for record in &report.records {
                let number = |column| -> Result<u64> { Ok(u64::try_from(count(record, column)?)?) };
                let place = Place {
                    partner: u32::try_from(number("MediaId")?)?,
                    day,
                };
                let figures = Figures {
                    raw: number("RawClicks")?,
                    unique: number("Clicks")?,
                    actions: number("Actions")?,
                };
                let payable = number("PayableClicks")?;
                ensure!(
                    payable == figures.unique,
                    "{place:?}: {payable} are payable"
                );
                if figures != Figures::default() {
                    found.insert(place, figures);
                }
            }
        }
        self.compare(&found)?;
        Ok(bytes)
    }

    fn compare(&self, found: &BTreeMap<Place, Figures>) -> Result<()> {
        let mut places: Vec<&Place> = self.expected.keys().chain(found.keys()).collect();
        places.sort();
        places.dedup();
        let differing: Vec<String> = places
            .into_iter()
            .filter(|place| self.expected.get(place) != found.get(place))
            .map(|place| {
                let (want, have) = (self.expected.get(place), found.get(place));
                format!("{place:?}: {want:?} by the recount, {have:?} by the report")
            })
            .collect();
        if differing.is_empty() {
            return Ok(());
        }
        let said = differing.iter().take(SAID).cloned().collect::<Vec<_>>();
        bail!(
            "{} figures differ\n  {}",
            differing.len(),
            said.join("\n  ")
        )
    }
}

/// What `clickd import` says of the rows, without the name of the job.
fn of_rows(said: &str) -> Result<String> {
    let (_, rows) = said.split_once(": ").context("`import` names no job")?;
    Ok(rows.trim().to_owned())
}

/// An import that is killed when it is let go of.
struct Importing(std::process::Child);

impl Drop for Importing {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn start(stage: &Stage, input: &Input) -> Result<Importing> {
    let mut command = stage.verbs.import_command(input.kind, &input.path);
    let log = File::create(stage.folder().join("killed.log"))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?);
    Ok(Importing(command.stderr(log).spawn()?))
}

/// Waits until the import of a file is at `row`; where it is.
async fn reached(stage: &Stage, input: &Input, row: u64) -> Result<u64> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let done = done(&stage.verbs.imports().await?, input.kind)?;
        ensure!(
            done < input.rows,
            "the import of {} was over before it could be killed",
            input.kind
        );
        if done >= row {
            return Ok(done);
        }
        ensure!(Instant::now() < deadline, "the import stands at row {done}");
        tokio::time::sleep(LOOK).await;
    }
}

/// How many rows are done of the only import of `kind` in a list of all.
fn done(listed: &str, kind: &str) -> Result<u64> {
    for line in listed.lines().skip(1) {
        // Job, kind, rows, done.
        let mut words = line.split_whitespace().skip(1);
        if words.next() == Some(kind) {
            let done = words.nth(1).context("import list")?;
            return done.parse().context("import list");
        }
    }
    Ok(0)
}

/// Brings the rows into an order that depends on the seed and on no time.
fn shuffle(rows: &mut [Row], seed: u64) {
    rows.sort_by_key(|row| mix(seed ^ mix(row.number)));
}

/// The records without their links, which name the slot that they were answered at.
fn figures(records: &[Record]) -> Vec<Record> {
    let mut records = records.to_vec();
    for record in &mut records {
        record.retain(|column, _| !column.ends_with("Uri"));
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_no_figures() {
        let record = |text| serde_json::from_str::<Record>(text).unwrap();
        let shown = record(r#"{"Clicks": 1, "ClicksUri": "/a?AsOf=2"}"#);
        assert_eq!(figures(&[shown]), [record(r#"{"Clicks": 1}"#)]);
    }

    #[test]
    fn an_import_is_found_in_the_list_by_its_kind() {
        let listed = "job  of  rows  done  stored  known  refused  finished  file\n\
                      J-1  clicks  900  900  900  0  0  2026-11-01T00:00:00Z  a.csv\n\
                      J-2  conversions  70  21  21  0  0  -  clicks\n";
        assert_eq!(done(listed, "clicks").unwrap(), 900);
        assert_eq!(done(listed, "conversions").unwrap(), 21);
        assert_eq!(done("job of rows done\n", "clicks").unwrap(), 0);
        assert!(done("job\nJ-1 clicks 9 x\n", "clicks").is_err());
    }

    #[test]
    fn the_job_is_no_part_of_what_is_said_of_rows() {
        let said = "J-0f: 7 clicks stored, 0 known before, 0 rejected\n";
        let rows = "7 clicks stored, 0 known before, 0 rejected";
        assert_eq!(of_rows(said).unwrap(), rows);
        assert!(of_rows("nothing").is_err());
    }
}
