//! What Risk by Partner found of what was planted, sign by sign, and of clean partners.
//!
//! A partner is found that stands at "investigate" or above, and rightly so if the first reason
//! against it is that of its kind. Nobody can be named by a click id that is forged, so such
//! conversions are looked for at the unknown partner, once for each seed.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::kind::Kind;
use super::market::Market;
use crate::check::compare::Record;
use crate::table;

/// The number of the partner that nobody knows.
const UNKNOWN: u32 = 0;
/// Of a thousand planted partners, those that must be found for the right reason.
const FOUND_MIN: u64 = 950;
/// Of a thousand clean partners, those that may stand above "monitor".
const CLEAN_MAX: u64 = 5;

/// Partners of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    /// All.
    all: u64,
    /// Those above "monitor".
    spoken_of: u64,
    /// Those at "investigate" or above.
    found: u64,
    /// Those among them whose first reason is right.
    right: u64,
}

/// Partners of every kind, of all seeds.
#[derive(Debug, Default)]
pub(super) struct Judged(BTreeMap<Kind, Count>);

/// What a row of the report says.
struct Said {
    level: String,
    /// The code of the first reason.
    first: String,
}

impl Said {
    fn read(record: &Record) -> Result<(u32, Self)> {
        let text = |name: &str| {
            let value = record.get(name).and_then(Value::as_str);
            value.with_context(|| format!("a row without {name}"))
        };
        let number = match record.get("MediaId") {
            Some(Value::String(text)) => text.parse()?,
            Some(Value::Number(number)) => number.as_u64().context("MediaId")?.try_into()?,
            _ => anyhow::bail!("a row without MediaId"),
        };
        let reasons = text("Reasons")?;
        let first = reasons.split(':').next().unwrap_or_default().to_owned();
        let level = text("RiskLevel")?.to_owned();
        Ok((number, Self { level, first }))
    }
}

impl Judged {
    /// Adds the report of one seed, which must have a row of every partner.
    pub(super) fn add(&mut self, market: &Market, records: &[Record]) -> Result<()> {
        let rows = records.iter().map(Said::read);
        let rows = rows.collect::<Result<BTreeMap<u32, Said>>>()?;
        let mut is_forged = false;
        for (kind, traffic) in market.kinds.iter().zip(&market.traffic) {
            let number = match kind {
                Kind::Forged if is_forged => continue,
                Kind::Forged => {
                    is_forged = true;
                    UNKNOWN
                }
                _ => traffic.partner,
            };
            let said = rows.get(&number);
            let said = said.with_context(|| format!("partner {number} has no row"))?;
            self.count(*kind, said);
        }
        Ok(())
    }

    fn count(&mut self, kind: Kind, said: &Said) {
        let is_found = matches!(said.level.as_str(), "investigate" | "stop");
        let is_right = kind.reasons().contains(&said.first.as_str());
        let count = self.0.entry(kind).or_default();
        count.all += 1;
        count.spoken_of += u64::from(said.level != "monitor");
        count.found += u64::from(is_found);
        count.right += u64::from(is_found && is_right);
    }

    /// Writes the table.
    ///
    /// # Errors
    /// A bound is missed.
    pub(super) fn check(&self, out: &mut impl Write) -> Result<()> {
        let mut all = Count::default();
        let mut rows = Vec::new();
        for kind in Kind::PLANTED {
            let count = self.0.get(&kind).copied().unwrap_or_default();
            rows.push(row(kind.name(), count));
            all.all += count.all;
            all.spoken_of += count.spoken_of;
            all.found += count.found;
            all.right += count.right;
        }
        rows.push(row("all planted", all));
        let clean = self.0.get(&Kind::Clean).copied().unwrap_or_default();
        rows.push(row("clean", clean));
        let heads = [
            "partners",
            "number",
            "above monitor",
            "investigate or above",
            "right reason first",
        ];
        table::write(out, &heads, &rows)?;
        let is_met = all.right * 1_000 >= all.all * FOUND_MIN;
        let is_quiet = clean.spoken_of * 1_000 <= clean.all * CLEAN_MAX;
        for (what, is_met) in [
            (
                "at least 95.0 % of planted partners found for the right reason",
                is_met,
            ),
            ("at most 0.5 % of clean partners above monitor", is_quiet),
        ] {
            let word = if is_met { "met" } else { "missed" };
            writeln!(out, "{what}: {word}")?;
        }
        ensure!(is_met && is_quiet, "a bound is missed");
        Ok(())
    }
}

fn row(name: &str, count: Count) -> Vec<String> {
    let part = |part: u64| {
        let thousandths = (part * 1_000).checked_div(count.all).unwrap_or(0);
        format!("{part} ({}.{} %)", thousandths / 10, thousandths % 10)
    };
    vec![
        name.to_owned(),
        count.all.to_string(),
        part(count.spoken_of),
        part(count.found),
        part(count.right),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fraud::traffic::Traffic;

    fn market(kinds: &[Kind]) -> Market {
        let traffic = (1..).zip(kinds).map(|(partner, _)| Traffic {
            partner,
            clicks: Vec::new(),
            sales: Vec::new(),
        });
        Market {
            traffic: traffic.collect(),
            kinds: kinds.to_vec(),
        }
    }

    fn records(rows: &[(u32, &str, &str)]) -> Vec<Record> {
        let record = |(number, level, reasons): &(u32, &str, &str)| {
            let value =
                json!({"MediaId": number.to_string(), "RiskLevel": level, "Reasons": reasons});
            value.as_object().unwrap().clone()
        };
        rows.iter().map(record).collect()
    }

    fn judged(kinds: &[Kind], rows: &[(u32, &str, &str)]) -> (bool, String) {
        let mut judged = Judged::default();
        judged.add(&market(kinds), &records(rows)).unwrap();
        let mut out = Vec::new();
        let is_met = judged.check(&mut out).is_ok();
        (is_met, String::from_utf8(out).unwrap())
    }

    #[test]
    fn partners_are_found_for_the_right_reason_or_not() {
        let clean = (1, "monitor", "");
        for (level, reasons, is_met) in [
            ("stop", "TOO_SOON: 1 % (30); HIGH_RATE: 2 % (12)", true),
            ("investigate", "TOO_SOON: 1 % (10)", true),
            ("look closer", "TOO_SOON: 1 % (9)", false),
            ("stop", "HIGH_RATE: 2 % (30); TOO_SOON: 1 % (12)", false),
            ("monitor", "", false),
        ] {
            let (met, said) = judged(&[Kind::Clean, Kind::Soon], &[clean, (2, level, reasons)]);
            assert_eq!(met, is_met, "{level} {reasons}: {said}");
        }
    }

    #[test]
    fn a_clean_partner_above_monitor_is_one_too_many() {
        let soon = (2, "stop", "TOO_SOON: 1 % (30)");
        let kinds = [Kind::Clean, Kind::Soon];
        assert!(judged(&kinds, &[(1, "monitor", "A: 1 % (4)"), soon]).0);
        assert!(!judged(&kinds, &[(1, "look closer", "A: 1 % (5)"), soon]).0);
    }

    #[test]
    fn forged_click_ids_are_looked_for_at_the_unknown_partner() {
        let kinds = [Kind::Forged, Kind::Forged];
        let rows = [(1, "monitor", ""), (2, "monitor", "")];
        let unknown = (0, "stop", "UNTRUE_CLAIMS: 1 % (85)");
        let (met, said) = judged(&kinds, &[rows[0], rows[1], unknown]);
        assert!(met && said.contains("forged click ids       1"), "{said}");
        let mut none = Judged::default();
        assert!(none.add(&market(&kinds), &records(&rows)).is_err());
    }
}
