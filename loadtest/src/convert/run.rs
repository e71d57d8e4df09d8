//! The command: its options, and the files it writes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::files::Files;
use super::recount::{Recount, sum};
use super::sample;
use crate::traffic::catalogue::{EVENT_TYPE, PROGRAM, WINDOW};

/// Writes the sample as files for `clickd import`.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The sample: a gzip CSV file with the columns ip, app, device, os, channel, `click_time`,
    /// `attributed_time`, `is_attributed`
    file: PathBuf,
    /// Where the clicks go
    #[arg(long, value_name = "CSV")]
    out: PathBuf,
    /// Where the conversions go
    #[arg(long, value_name = "CSV")]
    conversions: PathBuf,
    /// Where the figures go that the reports of these days must show
    #[arg(long, value_name = "CSV")]
    recount: Option<PathBuf>,
    /// Program number of all rows
    #[arg(long, default_value_t = PROGRAM)]
    program: u32,
    /// Event type of the conversions
    #[arg(long, default_value_t = EVENT_TYPE)]
    event_type: u32,
}

/// Runs it.
pub(crate) fn run(options: &Options, out: &mut impl Write) -> Result<()> {
    let (clicks, conversions) = (create(&options.out)?, create(&options.conversions)?);
    let mut files = Files::new(clicks, conversions, options.program, options.event_type)?;
    let mut recount = options.recount.as_ref().map(|_| Recount::default());
    let (mut clicks, mut installs): (u64, u64) = (0, 0);
    for row in sample::read(&options.file)? {
        let row = row.with_context(|| format!("reading {}", options.file.display()))?;
        files.write(&row)?;
        clicks += 1;
        installs += u64::from(row.installed.is_some());
        if let Some(recount) = &mut recount {
            recount.add(&row);
        }
    }
    files.finish()?;
    writeln!(out, "{clicks} clicks, {installs} conversions")?;
    if let (Some(path), Some(recount)) = (&options.recount, recount) {
        let figures = recount.finish(WINDOW);
        let unique = sum(figures.values()).unique;
        writeln!(out, "{unique} unique clicks")?;
        let mut file = csv::Writer::from_writer(create(path)?);
        file.write_record(["Partner", "Day", "RawClicks", "Clicks", "Actions"])?;
        for (place, figures) in &figures {
            let day = jiff::civil::Date::constant(1970, 1, 1);
            let day = day.checked_add(jiff::Span::new().try_days(place.day)?)?;
            file.write_record([
                place.partner.to_string(),
                day.to_string(),
                figures.raw.to_string(),
                figures.unique.to_string(),
                figures.actions.to_string(),
            ])?;
        }
        file.flush()?;
    }
    Ok(())
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    Ok(BufWriter::new(file))
}
