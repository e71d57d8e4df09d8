//! Consecutive rows of one order become one conversion, or one modification, of several items.
//!
//! In: rows. Out: the fields of one request to the API, and the lines they come from. Only rows
//! that name an item (`Sku`; for conversions also `Category` or `Quantity`) are joined; other rows
//! of one order are requests of their own, as over the API. Joined rows may differ in nothing but
//! their items.
//!
//! Invariant: where a group ends depends on the rows from its beginning on alone, so a reader that
//! begins at any group finds the same groups after it.

use std::io::Read;

use crate::conversion::FieldError;
use crate::conversion::fields;

use super::super::csv::FileError;
use super::record::BatchKind;
use super::source::{Pairs, Row, Source};

/// Most rows of one group.
const ROWS_MAX: usize = 500;
/// Most bytes of names and values of one group.
const BYTES_MAX: usize = 1 << 20;

/// What names an order, or an action.
const ORDER: [&[&str]; 2] = [&["OrderId", "Oid"], &["ActionId"]];
/// What else has to be the same for two rows to be of one request.
const SAME: [&[&str]; 4] = [
    &["CampaignId"],
    &["ActionTrackerId"],
    &["EventTypeId"],
    &["EventTypeCode"],
];
/// Columns of an item of a conversion, and the fields of the API that they are.
const ITEM: [(&str, &str); 4] = [
    ("Category", "ItemCategory"),
    ("Sku", "ItemSku"),
    ("Quantity", "ItemQuantity"),
    ("Amount", "ItemSubTotal"),
];
/// Columns of an item of a modification.
pub(super) const CHANGED_ITEM: [&str; 5] =
    ["Sku", "Category", "Quantity", "Amount", "ItemSubTotalDelta"];

/// What one conversion or change says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The line of each row, at least one.
    pub lines: Vec<u64>,
    /// How many rows it has; more than `lines` only if they were too many.
    pub rows: u64,
    /// Its fields, of the first row only if something is wrong.
    pub pairs: Pairs,
    /// What is wrong with it as a whole.
    pub error: Option<FieldError>,
}

/// The groups of one file.
#[derive(Debug)]
pub struct Groups<R> {
    source: Source<R>,
    kind: BatchKind,
    ahead: Option<Row>,
    /// Why nothing follows the last group.
    ended: Option<FileError>,
}

impl<R: Read> Groups<R> {
    /// The groups after the first `rows` rows of `source`.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn after(mut source: Source<R>, kind: BatchKind, rows: u64) -> Result<Self, FileError> {
        for _ in 0..rows {
            source.skip()?;
        }
        Ok(Self {
            source,
            kind,
            ahead: None,
            ended: None,
        })
    }

    /// The next group; nothing at the end of the file.
    ///
    /// # Errors
    /// The file can't be read on: for good, after all groups before that place; or
    /// [`FileError::Io`], where the last group may be cut and is left out.
    pub fn read(&mut self) -> Result<Option<Group>, FileError> {
        if let Some(error) = self.ended.take() {
            return Err(error);
        }
        let first = match self.ahead.take() {
            Some(row) => row,
            None => match self.source.read()? {
                Some(row) => row,
                None => return Ok(None),
            },
        };
        let pairs = match first.pairs {
            Ok(pairs) => pairs,
            Err(error) => {
                return Ok(Some(Group {
                    lines: vec![first.line],
                    rows: 1,
                    pairs: Vec::new(),
                    error: Some(error),
                }));
            }
        };
        let mut growing = Growing::new(self.kind, first.line, pairs);
        if growing.is_of_items {
            loop {
                match self.source.read() {
                    Ok(None) => break,
                    Ok(Some(row)) => match &row.pairs {
                        Ok(pairs) if growing.takes(pairs) => growing.add(row.line, pairs),
                        _ => {
                            self.ahead = Some(row);
                            break;
                        }
                    },
                    Err(error @ FileError::Io(_)) => return Err(error),
                    Err(error) => {
                        self.ended = Some(error);
                        break;
                    }
                }
            }
        }
        Ok(Some(growing.finish()))
    }
}

/// A group that may get further rows.
struct Growing {
    kind: BatchKind,
    is_of_items: bool,
    first: Pairs,
    group: Group,
    bytes: usize,
}

impl Growing {
    fn new(kind: BatchKind, line: u64, first: Pairs) -> Self {
        let is_of_items = is_of_items(kind, &first);
        let mut growing = Self {
            kind,
            is_of_items,
            group: Group {
                lines: Vec::new(),
                rows: 0,
                pairs: Vec::new(),
                error: None,
            },
            bytes: 0,
            first: Vec::new(),
        };
        if is_of_items {
            growing.first.clone_from(&first);
            growing.add(line, &first);
        } else {
            growing.group.lines.push(line);
            growing.group.rows = 1;
            growing.group.pairs = first;
        }
        growing
    }

    /// Whether a row is of this group.
    fn takes(&self, pairs: &Pairs) -> bool {
        let same = |names: &&[&str]| value(&self.first, names) == value(pairs, names);
        let is_named = ORDER.iter().any(|names| value(pairs, names).is_some());
        is_named && is_of_items(self.kind, pairs) && ORDER.iter().chain(&SAME).all(same)
    }

    fn add(&mut self, line: u64, pairs: &Pairs) {
        self.group.rows = self.group.rows.saturating_add(1);
        let bytes: usize = pairs.iter().map(|(n, v)| n.len() + v.len()).sum();
        self.bytes = self.bytes.saturating_add(bytes);
        if self.group.error.is_some() {
            return;
        }
        if self.group.lines.len() >= ROWS_MAX || self.bytes > BYTES_MAX {
            let message = format!(
                "spans more than {ROWS_MAX} lines or {BYTES_MAX} bytes; an order has at most so \
                 many"
            );
            self.group.error = Some(FieldError::new("OrderId", message));
            return;
        }
        self.group.lines.push(line);
        let number = self.group.lines.len();
        let mut others = 0;
        for (name, value) in pairs {
            if let Some(name) = item_field(self.kind, name, number) {
                self.group.pairs.push((name, value.clone()));
            } else if number == 1 {
                self.group.pairs.push((name.clone(), value.clone()));
            } else {
                others += 1;
                let before = self::value(&self.first, &[name]);
                if before != Some(value) {
                    self.group.error = Some(differs(name, &self.group.lines));
                }
            }
        }
        let named = self.first.iter();
        let named = named.filter(|(name, _)| item_field(self.kind, name, 1).is_none());
        if number > 1 && named.count() != others && self.group.error.is_none() {
            self.group.error = Some(differs("row", &self.group.lines));
        }
    }

    fn finish(mut self) -> Group {
        if self.group.error.is_some() {
            self.group.pairs = self.first;
        }
        self.group
    }
}

fn differs(name: &str, lines: &[u64]) -> FieldError {
    let (first, last) = (lines.first().unwrap_or(&0), lines.last().unwrap_or(&0));
    let message = format!(
        "differs between the lines {first} and {last} of one order; only Category, Sku, Quantity, \
         Amount and fields of items may"
    );
    FieldError::new(name.to_owned(), message)
}

/// Whether a row names an item.
fn is_of_items(kind: BatchKind, pairs: &Pairs) -> bool {
    let names: &[&str] = match kind {
        BatchKind::Conversion => &["Sku", "Category", "Quantity"],
        BatchKind::Modification => &["Sku"],
        BatchKind::Reversal => &[],
    };
    names.iter().any(|name| value(pairs, &[name]).is_some())
}

/// The field of item `number` that a column is; nothing for a column of the whole order.
fn item_field(kind: BatchKind, column: &str, number: usize) -> Option<String> {
    let is = |name: &str| name.eq_ignore_ascii_case(column);
    match kind {
        BatchKind::Conversion => {
            let listed = ITEM.iter().find(|(name, _)| is(name));
            if let Some((_, field)) = listed {
                return Some(format!("{field}{number}"));
            }
            let known = fields::known(column)?;
            let (stem, part) = fields::split_number(&known);
            let is_open = part.is_empty() || part.starts_with('_');
            (stem.starts_with("Item") && is_open).then(|| format!("{stem}{number}{part}"))
        }
        BatchKind::Modification => {
            let name = CHANGED_ITEM.iter().find(|name| is(name))?;
            // As the API, which reads the first without its number.
            let is_first = number == 1;
            Some(if is_first {
                (*name).to_owned()
            } else {
                format!("{name}{number}")
            })
        }
        BatchKind::Reversal => None,
    }
}

/// The value of the first of these names, in any case of letters.
pub(super) fn value<'a>(pairs: &'a Pairs, names: &[&str]) -> Option<&'a String> {
    let is = |sent: &str| names.iter().any(|name| name.eq_ignore_ascii_case(sent));
    let found = pairs.iter().find(|(name, _)| is(name));
    found.map(|(_, value)| value)
}
