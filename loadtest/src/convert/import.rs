//! `loadtest import`: the sample with its own times in two daemons, every figure of its days
//! compared with the recount.
//!
//! The first daemon gets the files as they are, and then once more. The second gets them shuffled;
//! the import is killed at a quarter of the rows, the daemon with the next one at the half, and a
//! third goes on to the end. Both must show the recount, and the same bytes.

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
use crate::check::compare::count;
use crate::daemon::settings::Ack;
use crate::daemon::stage::{Stage, clickd};
use crate::http::brand::{Brand, Days};
use crate::traffic::catalogue::{EVENT_TYPE, PROGRAM, WINDOW};
use crate::traffic::generator::mix;

/// Between two looks at how far an import is.
const LOOK: Duration = Duration::from_millis(20);
/// How long an import may take to get as far as it is to be killed.
const LIMIT: Duration = Duration::from_secs(300);
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
        whole == interrupted,
        "the reports of the two daemons are not the same bytes"
    );
    writeln!(
        out,
        "import: no difference, {} bytes of reports",
        whole.len()
    )?;
    Ok(())
}

struct Trial<'a> {
    options: &'a Options,
    clickd: &'a Path,
    expected: &'a BTreeMap<Place, Figures>,
}

impl Trial<'_> {
    /// The files as they are, twice; the reports.
    async fn whole(&self, rows: &[Row], out: &mut impl Write) -> Result<Vec<u8>> {
        let stage = self.stage(rows).await?;
        let begun = Instant::now();
        let said = stage.verbs.import("clicks", &clicks(&stage)).await?;
        let took = begun.elapsed();
        writeln!(
            out,
            "in order: {} · {:.1} s",
            said.trim(),
            took.as_secs_f64()
        )?;
        self.conversions(&stage, out).await?;
        let first = self.reports(&stage).await?;
        let again = stage.verbs.import("clicks", &clicks(&stage)).await?;
        writeln!(out, "once more: {}", again.trim())?;
        ensure!(
            said == again,
            "the second run of a file says something else"
        );
        self.conversions(&stage, out).await?;
        ensure!(
            first == self.reports(&stage).await?,
            "a file that was imported twice adds something"
        );
        stage.strike(out).await?;
        Ok(first)
    }

    /// The files shuffled, the import killed, the daemon killed; the reports.
    async fn interrupted(&self, rows: &[Row], out: &mut impl Write) -> Result<Vec<u8>> {
        let mut stage = self.stage(rows).await?;
        let count = u64::try_from(rows.len())?;
        let stopped = until(&stage, count / 4, count).await?;
        writeln!(out, "shuffled: the import was killed at row {stopped}")?;
        let mut importing = start(&stage)?;
        let stopped = reached(&stage, count / 2, count).await?;
        stage.crash(self.clickd).await?;
        writeln!(out, "shuffled: the daemon was killed at row {stopped}")?;
        ensure!(
            !importing.0.wait()?.success(),
            "an import whose daemon was killed says that all is well"
        );
        let said = stage.verbs.import("clicks", &clicks(&stage)).await?;
        writeln!(out, "shuffled: {}", said.trim())?;
        self.conversions(&stage, out).await?;
        let reports = self.reports(&stage).await?;
        stage.strike(out).await?;
        Ok(reports)
    }

    async fn stage(&self, rows: &[Row]) -> Result<Stage> {
        let partners = rows.iter().map(|row| row.visit.partner).collect();
        let ads = rows.iter().map(|row| row.visit.ad).collect();
        let keep = self.options.keep;
        let stage = Stage::set(self.clickd, Ack::Fast, &partners, &ads, keep).await?;
        let create = |path: PathBuf| -> Result<BufWriter<File>> {
            let file = File::create(&path);
            Ok(BufWriter::new(
                file.with_context(|| format!("creating {}", path.display()))?,
            ))
        };
        let files = (create(clicks(&stage))?, create(conversions(&stage))?);
        let mut files = Files::new(files.0, files.1, PROGRAM, EVENT_TYPE)?;
        for row in rows {
            files.write(row)?;
        }
        files.finish()?;
        Ok(stage)
    }

    async fn conversions(&self, stage: &Stage, out: &mut impl Write) -> Result<()> {
        if self.options.clicks_only {
            return Ok(());
        }
        let said = stage
            .verbs
            .import("conversions", &conversions(stage))
            .await?;
        writeln!(out, "{}", said.trim())?;
        Ok(())
    }

    /// Verifies the store, compares the reports of every day with the recount; their rows.
    async fn reports(&self, stage: &Stage) -> Result<Vec<u8>> {
        let ledger = stage.verify().await?.imported_clicks;
        ensure!(ledger.balances(), "the ledger of the import: {ledger}");
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
            serde_json::to_writer(&mut bytes, &report.records)?;
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

fn clicks(stage: &Stage) -> PathBuf {
    stage.folder().join("clicks.csv")
}

fn conversions(stage: &Stage) -> PathBuf {
    stage.folder().join("conversions.csv")
}

/// An import that is killed when it is let go of.
struct Importing(std::process::Child);

impl Drop for Importing {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn start(stage: &Stage) -> Result<Importing> {
    let mut command = stage.verbs.import_command(&clicks(stage));
    let log = File::create(stage.folder().join("killed.log"))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?);
    Ok(Importing(command.stderr(log).spawn()?))
}

/// Imports up to `row` of `rows` and kills the command; where it was.
async fn until(stage: &Stage, row: u64, rows: u64) -> Result<u64> {
    let importing = start(stage)?;
    let at = reached(stage, row, rows).await?;
    drop(importing);
    Ok(at)
}

/// Waits until the only import is at `row` of `rows`; where it is.
async fn reached(stage: &Stage, row: u64, rows: u64) -> Result<u64> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let listed = stage.verbs.imports().await?;
        let line = listed.lines().nth(1);
        // Job, kind, rows, done.
        let done = line.and_then(|line| line.split_whitespace().nth(3));
        let done: u64 = done.map_or(Ok(0), str::parse).context("import list")?;
        ensure!(done < rows, "the import was over before it could be killed");
        if done >= row {
            return Ok(done);
        }
        ensure!(Instant::now() < deadline, "the import stands at row {done}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Brings the rows into an order that depends on the seed and on no time.
fn shuffle(rows: &mut [Row], seed: u64) {
    rows.sort_by_key(|row| mix(seed ^ mix(row.number)));
}
