//! A Performance by Partner answer against the recount, partner by partner and column by column.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value};

use super::recount::Figures;

/// One record of a report: column to value.
pub(crate) type Record = Map<String, Value>;

/// The columns that are compared, in the order of the report.
pub(crate) const COLUMNS: [&str; 6] = [
    "RawClicks",
    "Clicks",
    "PayableClicks",
    "GrossActions",
    "Actions",
    "ActionCost",
];

/// A figure that is not what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The partner.
    pub(crate) partner: u32,
    /// The column.
    pub(crate) column: &'static str,
    /// What the recount says; `None` for a partner that no click was sent for.
    pub(crate) expected: Option<i64>,
    /// What the report says; `None` for a partner that it does not list.
    pub(crate) reported: Option<i64>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let say = |value: Option<i64>| match value {
            None => "no row".to_owned(),
            Some(value) if self.column == "ActionCost" => format!("{value} millionths"),
            Some(value) => value.to_string(),
        };
        let (partner, column) = (self.partner, self.column);
        let (expected, reported) = (say(self.expected), say(self.reported));
        write!(
            f,
            "partner {partner}: {column} is {reported}, the recount says {expected}"
        )
    }
}

/// The compared columns of every partner in `records`.
///
/// # Errors
/// A record without a partner or one of the columns, a value that is no number, a partner twice.
pub(crate) fn read(records: &[Record]) -> Result<BTreeMap<u32, [i64; 6]>> {
    let mut rows = BTreeMap::new();
    for record in records {
        let partner = count(record, "MediaId")?;
        let partner = u32::try_from(partner).with_context(|| format!("MediaId {partner}"))?;
        let mut row = [0; 6];
        for (cell, column) in row.iter_mut().zip(COLUMNS) {
            *cell = match column {
                "ActionCost" => millionths(record, column),
                _ => count(record, column),
            }
            .with_context(|| format!("partner {partner}"))?;
        }
        ensure!(
            rows.insert(partner, row).is_none(),
            "partner {partner} has two rows"
        );
    }
    Ok(rows)
}

/// What the columns of a partner must hold when every unique click is payable and every action
/// earns `payout` millionths.
pub(crate) fn expected(figures: &Figures, payout: i64) -> [i64; 6] {
    let [raw, unique, actions] = [figures.raw, figures.unique, figures.actions]
        .map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    [
        raw,
        unique,
        unique,
        actions,
        actions,
        actions.saturating_mul(payout),
    ]
}

/// Every difference, in the order of partners and columns.
pub(crate) fn differences(
    expected: &BTreeMap<u32, [i64; 6]>,
    reported: &BTreeMap<u32, [i64; 6]>,
) -> Vec<Difference> {
    let partners: BTreeSet<u32> = expected.keys().chain(reported.keys()).copied().collect();
    let mut found = Vec::new();
    for partner in partners {
        let (want, have) = (expected.get(&partner), reported.get(&partner));
        for (index, column) in COLUMNS.into_iter().enumerate() {
            let [want, have] = [want, have].map(|row| row.and_then(|row| row.get(index)).copied());
            if want != have {
                found.push(Difference {
                    partner,
                    column,
                    expected: want,
                    reported: have,
                });
            }
        }
    }
    found
}

/// A whole number, written as a JSON number or as text.
pub(crate) fn count(record: &Record, column: &str) -> Result<i64> {
    let text = text(record, column)?;
    text.parse()
        .with_context(|| format!("{column} is {text:?}, not a whole number"))
}

/// An amount of money in millionths, written as a JSON number or as text.
pub(crate) fn millionths(record: &Record, column: &str) -> Result<i64> {
    let text = text(record, column)?;
    parse_millionths(&text).with_context(|| format!("{column} is {text:?}, not an amount"))
}

fn parse_millionths(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || fraction.len() > 6 {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(fraction)?
        .checked_mul(sign)
}

fn text(record: &Record, column: &str) -> Result<String> {
    match record.get(column) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(other) => anyhow::bail!("{column} is {other}, not a number"),
        None => anyhow::bail!("a record without {column}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(value: Value) -> Record {
        let Value::Object(record) = value else {
            panic!("not an object")
        };
        record
    }

    fn row() -> Record {
        record(json!({
            "MediaId": 280, "RawClicks": "8114", "Clicks": 8000, "PayableClicks": 8000,
            "GrossActions": 2, "Actions": 2, "ActionCost": "2.50", "Media": "Channel 280"
        }))
    }

    fn figures() -> Figures {
        Figures {
            raw: 8_114,
            unique: 8_000,
            actions: 2,
        }
    }

    #[test]
    fn equal_figures_have_no_difference() {
        let want = BTreeMap::from([(280, expected(&figures(), 1_250_000))]);
        assert_eq!(differences(&want, &read(&[row()]).unwrap()), []);
    }

    #[test]
    fn each_column_is_compared() {
        let want = BTreeMap::from([(280, expected(&figures(), 1_250_000))]);
        for column in COLUMNS {
            let mut row = row();
            row.insert(column.to_owned(), json!(1));
            let found = differences(&want, &read(&[row]).unwrap());
            assert_eq!(
                found.iter().map(|one| one.column).collect::<Vec<_>>(),
                [column]
            );
        }
    }

    #[test]
    fn missing_and_surplus_partners_are_differences() {
        let want = BTreeMap::from([(281, [1; 6])]);
        let found = differences(&want, &read(&[row()]).unwrap());
        assert_eq!(found.len(), 12);
        assert_eq!(
            (found[0].partner, found[0].expected, found[0].reported),
            (280, None, Some(8_114))
        );
        assert_eq!(
            (found[6].partner, found[6].expected, found[6].reported),
            (281, Some(1), None)
        );
        assert_eq!(
            found[6].to_string(),
            "partner 281: RawClicks is no row, the recount says 1"
        );
    }

    #[test]
    fn unreadable_rows_are_errors() {
        let with = |column: &str, value| {
            let mut row = row();
            row.insert(column.to_owned(), value);
            row
        };
        let mut without = row();
        without.remove("Actions");
        for (records, said) in [
            (vec![row(), row()], "two rows"),
            (vec![without], "without Actions"),
            (vec![with("Clicks", json!(1.5))], "not a whole number"),
            (vec![with("Clicks", json!(null))], "not a number"),
            (vec![with("MediaId", json!(-1))], "MediaId"),
            (vec![with("ActionCost", json!("1e3"))], "not an amount"),
        ] {
            let error = format!("{:#}", read(&records).unwrap_err());
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn amounts_are_read_to_the_millionth() {
        for (text, millionths) in [
            ("0", Some(0)),
            ("90", Some(90_000_000)),
            ("2.5", Some(2_500_000)),
            ("-0.000001", Some(-1)),
            ("9223372036854.775807", Some(i64::MAX)),
            ("9223372036854.775808", None),
            ("0.0000001", None),
            (".5", None),
            ("5.", None),
            ("+1", None),
            ("", None),
        ] {
            assert_eq!(parse_millionths(text), millionths, "{text:?}");
        }
    }
}
