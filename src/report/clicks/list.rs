//! A page of clicks as JSON.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::catalog::Catalog;
use crate::derived::{Class, View};
use crate::model::id::{PartnerId, Slot};
use crate::model::money::decimal_text;
use crate::registry::Report;
use crate::registry::click::{FIELDS, FieldKind, Shown};
use crate::registry::dimension::UNKNOWN_PARTNER;

use super::super::error::ReportError;
use super::super::listing::{ClickFacts, Facts};
use super::super::page::{Page, link};
use super::super::query::Query;
use super::select::{Hit, Selection, read};

/// A listing of clicks at one moment.
pub struct Clicks<'a> {
    /// Names of ads and partners.
    pub catalog: &'a Catalog,
    /// The verdicts.
    pub view: &'a View<'a>,
    /// The log.
    pub facts: &'a dyn Facts,
    /// Its row of the registry.
    pub report: &'static Report,
    /// Which clicks it shows.
    pub shown: Shown,
}

impl Clicks<'_> {
    /// The page of a query, whose programs are one brand's; `path` is that of the request.
    ///
    /// # Errors
    /// The query would read too much, or rows can't be read.
    pub fn page(&self, query: &Query, path: &str) -> Result<Vec<u8>, ReportError> {
        let unreadable = |error: &dyn ToString| ReportError::Unreadable(error.to_string());
        let mark = self.view.watermark().map_err(|error| unreadable(&error))?;
        let newest = mark.map(|mark| mark.slot);
        let slot = newest.map(|newest| query.as_of.map_or(newest, |as_of| as_of.min(newest)));
        let as_of = match slot {
            None => None,
            Some(slot) if Some(slot) == newest => mark.map(|mark| mark.wall_end),
            Some(slot) => self.facts.end_of(slot).map_err(ReportError::Unreadable)?,
        };
        let last = slot.unwrap_or(Slot(0));
        let mut selection = Selection::new(self.facts, query, self.shown, last);
        let programs = selection.programs().to_vec();
        let programs = programs.iter().filter_map(|id| self.catalog.program(*id));
        for program in programs {
            selection.program(self.view, program)?;
        }
        let rows = selection.hits.iter().map(|hit| self.row(query, hit));
        let written = Written {
            page: Page::of(query, selection.total),
            total: selection.total,
            head: [
                ("@asof", as_of.map(|as_of| as_of.to_string())),
                ("@asofslot", slot.map(|slot| slot.to_string())),
                (
                    "@currency",
                    query.currency.map(|currency| currency.to_string()),
                ),
            ],
            rows: rows.collect::<Result<_, _>>()?,
            size: query.page_size,
            to: &|number| link(path, self.report, query, number, slot),
        };
        serde_json::to_vec(&written).map_err(|error| unreadable(&error))
    }

    /// What a click shows, in the order of the columns.
    fn row(&self, query: &Query, hit: &Hit) -> Result<Row, ReportError> {
        let facts = match &hit.facts {
            Some(facts) => facts.clone(),
            None => read(self.facts, hit.key, &hit.judged)?,
        };
        let texts = FIELDS
            .iter()
            .map(|field| self.text(field.kind, query, hit, &facts));
        Ok(Row(texts.collect()))
    }

    fn text(&self, kind: FieldKind, query: &Query, hit: &Hit, facts: &ClickFacts) -> String {
        let (key, judged) = (hit.key, &hit.judged);
        let partner = judged.verdict.bucket(key.partner);
        match kind {
            FieldKind::Date => key.time.to_string(),
            FieldKind::Number => key.number.0.to_string(),
            FieldKind::Program => key.program.to_string(),
            FieldKind::AdId => facts.ad.to_string(),
            FieldKind::Ad => {
                let program = self.catalog.program(key.program);
                let ad = program.and_then(|program| program.ads.get(&facts.ad));
                ad.map_or_else(|| format!("Ad {}", facts.ad), |ad| ad.name.to_string())
            }
            FieldKind::PartnerId => partner.to_string(),
            FieldKind::Partner if partner == PartnerId::UNKNOWN => UNKNOWN_PARTNER.to_owned(),
            FieldKind::Partner => {
                let known = self.catalog.partner(partner);
                known.map_or_else(
                    || format!("Partner {partner}"),
                    |known| known.name.to_string(),
                )
            }
            FieldKind::Cost => {
                let decimals = query.currency.map_or(2, |currency| currency.decimals());
                decimal_text(judged.cost().0.into(), decimals)
            }
            FieldKind::Error => {
                let error = judged.error();
                error.map_or("", |error| error.code()).to_owned()
            }
            FieldKind::ReferringDomain => facts.referring_domain(),
            FieldKind::SharedId => facts.shared_id.clone(),
            FieldKind::Class => letter(judged.verdict.class).to_owned(),
        }
    }
}

const fn letter(class: Class) -> &'static str {
    match class {
        Class::Unique => "U",
        Class::Duplicate => "D",
        Class::Robot => "R",
        Class::Prefetch => "P",
        Class::Head => "H",
        Class::Flagged => "F",
    }
}

/// The texts of one click, one for each column.
struct Row(Vec<String>);

struct Written<'a> {
    page: Page,
    total: usize,
    size: u32,
    head: [(&'static str, Option<String>); 3],
    rows: Vec<Row>,
    to: &'a dyn Fn(u32) -> String,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.page.attributes(self.size, self.total, self.to) {
            map.serialize_entry(name, &value)?;
        }
        for (name, value) in &self.head {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("Records", &Records(&self.rows))?;
        map.end()
    }
}

struct Records<'a>(&'a [Row]);

impl Serialize for Records<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for row in self.0 {
            seq.serialize_element(row)?;
        }
        seq.end()
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, text) in FIELDS.iter().zip(&self.0) {
            map.serialize_entry(field.name, text)?;
        }
        map.end()
    }
}
