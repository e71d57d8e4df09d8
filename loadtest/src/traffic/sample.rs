//! The `TalkingData` sample: gzip CSV in, rows out.
//!
//! Columns are found by name; `channel` is the partner and `app` the ad. The times of the file
//! are not used: the load test replays every row as a click of now.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::visit::{ADDRESS_MAX, Visit};

/// One row of the sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The click.
    pub(crate) visit: Visit,
    /// Whether the click led to an install.
    pub(crate) attributed: bool,
}

#[derive(Deserialize)]
struct Line {
    ip: u32,
    app: u32,
    device: u32,
    os: u32,
    channel: u32,
    is_attributed: u8,
}

/// Reads the gzip file at `path`.
pub(crate) fn read(path: &Path) -> Result<Vec<Row>> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    parse(MultiGzDecoder::new(file)).with_context(|| format!("reading {}", path.display()))
}

/// Reads CSV text; the first bad row ends it with its line number.
fn parse(text: impl Read) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for line in csv::Reader::from_reader(text).into_deserialize() {
        let line: Line = line?;
        let number = rows.len() + 1;
        ensure!(
            line.ip <= ADDRESS_MAX,
            "row {number}: ip {} is above {ADDRESS_MAX}",
            line.ip
        );
        ensure!(
            line.channel > 0 && line.app > 0,
            "row {number}: channel and app must be above 0"
        );
        ensure!(
            line.is_attributed <= 1,
            "row {number}: is_attributed is {}, allowed are 0 and 1",
            line.is_attributed
        );
        rows.push(Row {
            visit: Visit {
                partner: line.channel,
                ad: line.app,
                ip: line.ip,
                device: line.device,
                os: line.os,
            },
            attributed: line.is_attributed == 1,
        });
    }
    ensure!(!rows.is_empty(), "no rows");
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const HEAD: &str = "ip,app,device,os,channel,click_time,attributed_time,is_attributed\n";

    fn rows(lines: &str) -> Result<Vec<Row>> {
        parse(format!("{HEAD}{lines}").as_bytes())
    }

    #[test]
    fn rows_are_read_from_gzip() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut gzip = GzEncoder::new(&mut file, Compression::fast());
        write!(
            gzip,
            "{HEAD}87540,12,1,13,497,2017-11-07 9:30,,0\n\
             224120,19,0,29,213,2017-11-08 2:22,2017-11-08 2:22,1\n"
        )
        .unwrap();
        gzip.finish().unwrap();
        let read = read(file.path()).unwrap();
        let visit = |partner, ad, ip, device, os| Visit {
            partner,
            ad,
            ip,
            device,
            os,
        };
        assert_eq!(
            read,
            [
                Row {
                    visit: visit(497, 12, 87_540, 1, 13),
                    attributed: false
                },
                Row {
                    visit: visit(213, 19, 224_120, 0, 29),
                    attributed: true
                },
            ]
        );
    }

    #[test]
    fn columns_are_found_by_name() {
        let text = "channel,os,device,app,ip,is_attributed\n9,8,7,6,5,1\n";
        let row = parse(text.as_bytes()).unwrap()[0];
        assert_eq!((row.visit.partner, row.visit.ad, row.visit.ip), (9, 6, 5));
        assert_eq!((row.visit.device, row.visit.os), (7, 8));
    }

    #[test]
    fn bad_rows_are_refused_by_number() {
        for (lines, said) in [
            ("1,1,1,1,1,t,,0\n16777216,1,1,1,1,t,,0\n", "row 2: ip"),
            ("1,1,1,1,0,t,,0\n", "row 1: channel"),
            ("1,1,1,1,1,t,,2\n", "row 1: is_attributed"),
            ("1,1,1,1,1,t,,\n", "record 1 (line: 2, byte: 66): field 7"),
            ("x,1,1,1,1,t,,0\n", "record 1 (line: 2, byte: 66): field 0"),
            ("1,1\n", "record 1 (line: 2, byte: 66)"),
            ("", "no rows"),
        ] {
            let error = format!("{:#}", rows(lines).unwrap_err());
            assert!(error.contains(said), "{lines:?}: {error}");
        }
    }
}
