//! The `TalkingData` sample with its times: gzip CSV in, one row at a time out.
//!
//! Times are UTC, to the minute or the second, and keep the precision they have. A row that led to
//! an install has the time of it, any other row has none.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use flate2::read::MultiGzDecoder;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::traffic::visit::{ADDRESS_MAX, Visit};

/// A time of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Unix milliseconds of its start.
    pub(crate) millis: i64,
    /// ISO 8601 in UTC, as precise as it was.
    pub(crate) text: String,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its number in the file, from 1.
    pub(crate) number: u64,
    /// The click.
    pub(crate) visit: Visit,
    /// When it was.
    pub(crate) clicked: Moment,
    /// When the click led to an install.
    pub(crate) installed: Option<Moment>,
}

#[derive(Deserialize)]
struct Line {
    ip: u32,
    app: u32,
    device: u32,
    os: u32,
    channel: u32,
    click_time: String,
    attributed_time: String,
    is_attributed: u8,
}

/// Reads the gzip file at `path`; the first bad row ends it with its number.
pub(crate) fn read(path: &Path) -> Result<impl Iterator<Item = Result<Row>> + use<>> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    Ok(rows(MultiGzDecoder::new(file)))
}

/// Reads CSV text.
pub(crate) fn rows(text: impl Read) -> impl Iterator<Item = Result<Row>> {
    let lines = csv::Reader::from_reader(text).into_deserialize();
    (1..).zip(lines).map(|(number, line)| {
        let line = line.with_context(|| format!("row {number}"))?;
        row(number, &line).with_context(|| format!("row {number}"))
    })
}

fn row(number: u64, line: &Line) -> Result<Row> {
    ensure!(
        line.ip <= ADDRESS_MAX,
        "ip {} is above {ADDRESS_MAX}",
        line.ip
    );
    ensure!(line.channel > 0, "channel must be above 0");
    let clicked = moment(&line.click_time).context("click_time")?;
    let installed = match (line.is_attributed, line.attributed_time.as_str()) {
        (0, "") => None,
        (1, time) => Some(moment(time).context("attributed_time")?),
        (flag, time) => bail!("is_attributed {flag} and attributed_time {time:?} do not fit"),
    };
    Ok(Row {
        number,
        visit: Visit {
            partner: line.channel,
            ad: line.app,
            ip: line.ip,
            device: line.device,
            os: line.os,
        },
        clicked,
        installed,
    })
}

/// `2017-11-07 9:30` or `2017-11-07 09:30:38`.
fn moment(text: &str) -> Result<Moment> {
    let is_fine = text.matches(':').count() == 2;
    let form = if is_fine {
        "%Y-%m-%d %H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M"
    };
    let local = DateTime::strptime(form, text)
        .with_context(|| format!("{text:?}: allowed is a time such as 2017-11-07 9:30"))?;
    let form = if is_fine {
        "%Y-%m-%dT%H:%M:%SZ"
    } else {
        "%Y-%m-%dT%H:%MZ"
    };
    Ok(Moment {
        millis: local.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond(),
        text: local.strftime(form).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "ip,app,device,os,channel,click_time,attributed_time,is_attributed\n";

    fn read(lines: &str) -> Result<Vec<Row>> {
        rows(format!("{HEAD}{lines}").as_bytes()).collect()
    }

    fn moment(text: &str, millis: i64) -> Moment {
        let text = text.to_owned();
        Moment { millis, text }
    }

    #[test]
    fn times_keep_their_precision() {
        let rows = read(
            "87540,12,1,13,497,2017-11-07 9:30,,0\n\
             224120,19,0,29,213,2017-11-08 02:22:05,2017-11-08 2:22,1\n",
        )
        .unwrap();
        assert_eq!(
            (rows[0].number, &rows[0].clicked),
            (1, &moment("2017-11-07T09:30Z", 1_510_047_000_000))
        );
        assert_eq!(rows[0].installed, None);
        assert_eq!(
            (rows[1].number, &rows[1].clicked),
            (2, &moment("2017-11-08T02:22:05Z", 1_510_107_725_000))
        );
        let installed = moment("2017-11-08T02:22Z", 1_510_107_720_000);
        assert_eq!(rows[1].installed, Some(installed));
        let visit = Visit {
            partner: 213,
            ad: 19,
            ip: 224_120,
            device: 0,
            os: 29,
        };
        assert_eq!(rows[1].visit, visit);
    }

    #[test]
    fn bad_rows_are_refused_by_number() {
        for (lines, said) in [
            (
                "1,1,1,1,1,2017-11-07 9:30,,0\n1,1,1,1,1,x,,0\n",
                "row 2: click_time",
            ),
            ("1,1,1,1,1,2017-11-07,,0\n", "row 1: click_time"),
            ("1,1,1,1,1,2017-11-31 9:30,,0\n", "row 1: click_time"),
            ("1,1,1,1,1,2017-11-07 9:30,,1\n", "row 1: attributed_time"),
            (
                "1,1,1,1,1,2017-11-07 9:30,2017-11-07 9:30,0\n",
                "do not fit",
            ),
            ("1,1,1,1,1,2017-11-07 9:30,,2\n", "do not fit"),
            ("16777216,1,1,1,1,2017-11-07 9:30,,0\n", "row 1: ip"),
            ("1,1,1,1,0,2017-11-07 9:30,,0\n", "row 1: channel"),
            ("1,1\n", "row 1"),
        ] {
            let error = format!("{:#}", read(lines).unwrap_err());
            assert!(error.contains(said), "{lines:?}: {error}");
        }
    }
}
