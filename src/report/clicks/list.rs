//! A page of clicks as JSON or CSV.

use ahash::AHashMap;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::catalog::Catalog;
use crate::derived::{ActionId, AdjustedKey, AdjustedRow, View};
use crate::model::currency::Currency;
use crate::model::id::{PartnerId, Slot};
use crate::model::money::{Money, decimal_text};
use crate::model::request::Devices;
use crate::registry::Report;
use crate::registry::click::{FieldKind, Shown};
use crate::registry::dimension::UNKNOWN_PARTNER;

use super::super::error::ReportError;
use super::super::listing::{ClickFacts, Facts};
use super::super::page::{Page, link};
use super::super::query::{Format, Query};
use super::super::render::Written;
use super::super::table::{Table, harmless};
use super::asked::CLASSES;
use super::select::{ClickHit, Hit, Selection, read};

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
    /// The page of a query, whose programs are one brand's, in the form that it names or else in
    /// the one that is `asked` for; `path` is that of the request.
    ///
    /// # Errors
    /// The query would read too much, or rows can't be read.
    pub fn page(&self, query: &Query, path: &str, asked: Format) -> Result<Written, ReportError> {
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
        let mut devices = Named::default();
        let rows = selection.hits.iter();
        let rows = rows.map(|hit| match hit {
            Hit::Click(hit) => self.row(query, hit, &mut devices),
            Hit::Action(key, row) => Ok(self.adjusted_action(query, key, row)),
        });
        let listed = Listed {
            page: Page::of(query, selection.total),
            total: selection.total,
            size: query.page_size,
            as_of: as_of.map(|as_of| as_of.to_string()),
            slot: slot.map(|slot| slot.to_string()),
            is_complete: as_of.is_some_and(|as_of| query.was_over(self.catalog, as_of)),
            currency: query.currency,
            rows: rows.collect::<Result<_, _>>()?,
            fields: self.shown.fields().map(|field| field.name).collect(),
            to: &|number| link(path, self.report, query, number, slot),
        };
        listed.written(query.format.unwrap_or(asked))
    }

    /// What a click shows, in the order of the columns.
    fn row(&self, query: &Query, hit: &ClickHit, devices: &mut Named) -> Result<Row, ReportError> {
        let facts = match &hit.facts {
            Some(facts) => facts.clone(),
            None => read(self.facts, hit.key, &hit.judged)?,
        };
        let texts = self.shown.fields().map(|field| match field.kind {
            FieldKind::Device(part) => devices.part(&facts.user_agent, part),
            kind => self.text(kind, query, hit, &facts),
        });
        Ok(Row(texts.collect()))
    }

    /// What the adjustment of an action shows.
    fn adjusted_action(&self, query: &Query, key: &AdjustedKey, row: &AdjustedRow) -> Row {
        let id = ActionId {
            program: key.program,
            event_type: key.event_type,
            order: key.number,
        };
        let texts = self.shown.fields().map(|field| match field.kind {
            FieldKind::Date => row.date.to_string(),
            FieldKind::Program => key.program.to_string(),
            FieldKind::PartnerId => key.partner.to_string(),
            FieldKind::Partner => self.partner(key.partner),
            FieldKind::Cost => money(query, row.more),
            FieldKind::Adjusted => key.time.to_string(),
            FieldKind::Action => id.to_string(),
            _ => String::new(),
        });
        Row(texts.collect())
    }

    /// The name of a partner.
    fn partner(&self, partner: PartnerId) -> String {
        if partner == PartnerId::UNKNOWN {
            return UNKNOWN_PARTNER.to_owned();
        }
        let known = self.catalog.partner(partner);
        known.map_or_else(
            || format!("Partner {partner}"),
            |known| known.name.to_string(),
        )
    }

    fn text(&self, kind: FieldKind, query: &Query, hit: &ClickHit, facts: &ClickFacts) -> String {
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
            FieldKind::Partner => self.partner(partner),
            FieldKind::Cost => {
                let adjusted = hit.adjusted.as_ref();
                let cost = adjusted.map_or_else(|| judged.cost(), |(_, more)| *more);
                money(query, cost)
            }
            FieldKind::Error => {
                let error = judged.error();
                error.map_or("", |error| error.code()).to_owned()
            }
            FieldKind::ReferringDomain => facts.referring_domain(),
            FieldKind::SharedId => facts.shared_id.clone(),
            FieldKind::Class => {
                let mut classes = CLASSES.iter();
                let class = classes.find(|(class, _)| *class == judged.verdict.class);
                class.map_or("", |(_, letter)| letter).to_owned()
            }
            FieldKind::Adjusted => {
                let adjusted = hit.adjusted.as_ref();
                adjusted.map_or_else(String::new, |(at, _)| at.to_string())
            }
            // Named by the caller, who remembers the devices of the page.
            FieldKind::Device(_) | FieldKind::Action => String::new(),
        }
    }
}

/// An amount in the currency of a query.
fn money(query: &Query, amount: Money) -> String {
    let decimals = query.currency.map_or(2, |currency| currency.decimals());
    decimal_text(amount.0.into(), decimals)
}

/// Devices of the user agents of a page.
#[derive(Default)]
struct Named {
    devices: Devices,
    known: AHashMap<Box<str>, String>,
}

impl Named {
    /// One part of what a user agent names.
    fn part(&mut self, user_agent: &str, part: u8) -> String {
        if !self.known.contains_key(user_agent) {
            let named = self.devices.named(user_agent);
            self.known.insert(user_agent.into(), named);
        }
        let named = self.known.get(user_agent);
        let part = named.and_then(|named| named.split('\t').nth(part.into()));
        part.unwrap_or_default().to_owned()
    }
}

/// The texts of one click, one for each column.
struct Row(Vec<String>);

/// A page that is ready to be written.
struct Listed<'a> {
    page: Page,
    total: usize,
    size: u32,
    as_of: Option<String>,
    slot: Option<String>,
    is_complete: bool,
    currency: Option<Currency>,
    rows: Vec<Row>,
    fields: Vec<&'static str>,
    to: &'a dyn Fn(u32) -> String,
}

impl Listed<'_> {
    fn written(self, format: Format) -> Result<Written, ReportError> {
        let body = match format {
            Format::Json => serde_json::to_vec(&self)
                .map_err(|error| ReportError::Unreadable(error.to_string()))?,
            Format::Csv => {
                let mut table = Table::of(self.fields.iter().copied())?;
                for row in &self.rows {
                    table.row(row.0.iter().cloned().map(harmless))?;
                }
                table.end()?
            }
        };
        Ok(Written {
            format,
            body,
            next: self.page.next().map(self.to),
            as_of: self.as_of,
            currency: self.currency,
        })
    }
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.page.attributes(self.size, self.total, self.to) {
            map.serialize_entry(name, &value)?;
        }
        map.serialize_entry("@asof", &self.as_of)?;
        map.serialize_entry("@asofslot", &self.slot)?;
        map.serialize_entry("@complete", &self.is_complete)?;
        map.serialize_entry("@currency", &self.currency.map(|code| code.to_string()))?;
        map.serialize_entry("Records", &Records(&self.fields, &self.rows))?;
        map.end()
    }
}

struct Records<'a>(&'a [&'static str], &'a [Row]);

impl Serialize for Records<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.1.len()))?;
        for row in self.1 {
            seq.serialize_element(&Record(self.0, row))?;
        }
        seq.end()
    }
}

struct Record<'a>(&'a [&'static str], &'a Row);

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(fields, row) = self;
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (field, text) in fields.iter().zip(&row.0) {
            map.serialize_entry(field, text)?;
        }
        map.end()
    }
}
