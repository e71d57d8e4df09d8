//! Why an action is to change, and how.

use std::collections::BTreeMap;

use crate::catalog::snapshot::{EventType, Program};
use crate::model::action::change::{ItemChange, What};
use crate::model::action::disposition;
use crate::model::currency::Currency;
use crate::model::money::Money;
use crate::model::submission::order::{ITEM_NUMBER_MAX, UNITS_MAX};

use super::super::error::FieldError;
use super::super::fields::{Fields, split_number};
use super::request::{number, shown};

/// The fields that give the reason.
pub(super) const REASONS: [&str; 2] = ["Reason", "DispositionCode"];

/// Longest category and customer status, in bytes.
const TEXT_BYTES_MAX: usize = 255;

/// The reason in its published spelling, or in that of the event type.
pub(super) fn reason(
    is_reversal: bool,
    event_type: Option<&EventType>,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
) -> Option<Box<str>> {
    let sent: Vec<(&'static str, &str)> = REASONS
        .into_iter()
        .filter_map(|name| Some((name, fields.filled(name)?)))
        .collect();
    let (field, text) = match *sent.as_slice() {
        [] => {
            let field = if is_reversal {
                "DispositionCode"
            } else {
                "Reason"
            };
            let message = format!("is missing; {}", allowed(is_reversal, event_type));
            errors.push(FieldError::new(field, message));
            return None;
        }
        [(_, first), (field, other), ..] if !first.eq_ignore_ascii_case(other) => {
            let message = "Reason and DispositionCode differ; send one of them";
            errors.push(FieldError::new(field, message));
            return None;
        }
        [first, ..] => first,
    };
    let known = codes(is_reversal, event_type).find(|code| code.eq_ignore_ascii_case(text));
    if known.is_none() {
        let message = format!("is `{}`; {}", shown(text), allowed(is_reversal, event_type));
        errors.push(FieldError::new(field, message));
    }
    known.map(Into::into)
}

/// The published codes, and those of the event type.
fn codes<'a>(
    is_reversal: bool,
    event_type: Option<&'a EventType>,
) -> impl Iterator<Item = &'a str> {
    let published = disposition::accepted(is_reversal).map(|code| -> &'a str { code });
    let own = event_type.into_iter().flat_map(|terms| &terms.dispositions);
    published.chain(own.map(|own| &**own))
}

fn allowed(is_reversal: bool, event_type: Option<&EventType>) -> String {
    let all: Vec<&str> = codes(is_reversal, event_type).collect();
    format!("one of {} is allowed", all.join(", "))
}

/// A reversal takes the whole action: what speaks of a part of it is an error, not a remark.
pub(super) fn refuse_items(fields: &Fields, errors: &mut Vec<FieldError>) {
    for (name, _) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        let (stem, _) = split_number(name);
        if PARTS.contains(&stem) || stem == "CustomerStatus" {
            let message = "is no field of a reversal, which takes the whole action back; PUT \
                           changes parts of it";
            errors.push(FieldError::new(name.to_owned(), message));
        }
    }
}

/// The fields of one item, without its number.
const PARTS: [&str; 5] = ["Sku", "Category", "Quantity", "Amount", "ItemSubTotalDelta"];

/// What is to be modified.
pub(super) fn modification(
    program: Option<&Program>,
    event_type: Option<&EventType>,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
) -> Option<What> {
    let before = errors.len();
    refuse_other_items(fields, errors);
    currency(program, fields, errors);
    let customer_status = customer_status(event_type, fields, errors);
    // Without a program the form of the amounts is checked as that of most currencies.
    let currency = program.map(|program| program.currency);
    let currency = currency.or_else(|| "USD".parse().ok())?;
    let parts = parts(fields, errors);
    let mut reader = Reader { currency, errors };
    let (amount, items) = match parts.iter().next() {
        // An amount that names no item is that of the whole action.
        Some((1, first)) if parts.len() == 1 && first.is_amount_alone() => {
            (first.amount.and_then(|part| reader.money(part)), Vec::new())
        }
        _ => (None, reader.items(&parts)),
    };
    if errors.len() > before {
        return None;
    }
    if amount.is_none() && items.is_empty() && customer_status.is_none() {
        let message = "says nothing to change: send Amount, CustomerStatus, or Sku with Quantity, \
                       Amount or ItemSubTotalDelta";
        errors.push(FieldError::body(message));
        return None;
    }
    Some(What::Modify {
        amount,
        customer_status,
        items,
    })
}

/// Names of a conversion's items would change nothing; whoever sends them means to.
fn refuse_other_items(fields: &Fields, errors: &mut Vec<FieldError>) {
    for (name, _) in fields.iter() {
        let (stem, _) = split_number(name);
        let is_of_item = stem
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("Item"));
        if is_of_item && !PARTS.contains(&stem) {
            let message = format!(
                "is no field of a modification; items have {}",
                PARTS.join(", ")
            );
            errors.push(FieldError::new(name.to_owned(), message));
        }
    }
}

fn currency(program: Option<&Program>, fields: &Fields, errors: &mut Vec<FieldError>) {
    let (Some(sent), Some(program)) = (fields.filled("CurrencyCode"), program) else {
        return;
    };
    if sent.parse() != Ok(program.currency) {
        let message = format!(
            "is `{}`: {} is this program's currency and the only one allowed",
            shown(sent),
            program.currency
        );
        errors.push(FieldError::new("CurrencyCode", message));
    }
}

fn customer_status(
    event_type: Option<&EventType>,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
) -> Option<Box<str>> {
    let sent = fields.filled("CustomerStatus")?;
    if sent.len() > TEXT_BYTES_MAX {
        let message = format!(
            "has {} bytes; at most {TEXT_BYTES_MAX} are allowed",
            sent.len()
        );
        errors.push(FieldError::new("CustomerStatus", message));
        return None;
    }
    let Some(event_type) = event_type else {
        return Some(sent.into());
    };
    let own = event_type.own_customer_status(sent);
    if own.is_none() {
        let known = event_type.customer_status.iter();
        let known: Vec<&str> = known.map(|(word, _)| &**word).collect();
        let message = format!("is `{}`; {} are allowed", shown(sent), known.join(", "));
        errors.push(FieldError::new("CustomerStatus", message));
    }
    own.map(Into::into)
}

/// One field of an item: its name as sent, and its value.
type Part<'a> = (&'a str, &'a str);

/// What was sent about one item.
#[derive(Clone, Copy, Default)]
struct Parts<'a> {
    sku: Option<Part<'a>>,
    category: Option<Part<'a>>,
    units: Option<Part<'a>>,
    amount: Option<Part<'a>>,
    delta: Option<Part<'a>>,
}

impl<'a> Parts<'a> {
    fn slot(&mut self, stem: &str) -> Option<&mut Option<Part<'a>>> {
        match stem {
            "Sku" => Some(&mut self.sku),
            "Category" => Some(&mut self.category),
            "Quantity" => Some(&mut self.units),
            "Amount" => Some(&mut self.amount),
            "ItemSubTotalDelta" => Some(&mut self.delta),
            _ => None,
        }
    }

    /// Whether nothing but `Amount`, without a number, was sent.
    fn is_amount_alone(&self) -> bool {
        let others = [self.sku, self.category, self.units, self.delta];
        others.iter().all(Option::is_none) && self.amount.is_some_and(|(name, _)| name == "Amount")
    }
}

/// The items by number.
fn parts<'a>(fields: &'a Fields, errors: &mut Vec<FieldError>) -> BTreeMap<u32, Parts<'a>> {
    let mut parts: BTreeMap<u32, Parts<'a>> = BTreeMap::new();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        let (stem, digits) = split_number(name);
        if !PARTS.contains(&stem) {
            continue;
        }
        let item = match digits {
            "" => Some(1),
            digits => number(digits)
                .filter(|item| (1..=u32::from(ITEM_NUMBER_MAX)).contains(item))
                .filter(|item| item.to_string() == digits),
        };
        let Some(item) = item else {
            let message = format!(
                "names no item: items are numbered 1 to {ITEM_NUMBER_MAX}, as in {stem}2; the \
                 first may go without"
            );
            errors.push(FieldError::new(name.to_owned(), message));
            continue;
        };
        let slot = parts.entry(item).or_default().slot(stem);
        match slot {
            Some(slot @ None) => *slot = Some((name, value)),
            Some(Some((first, _))) => {
                let message = format!("is the same field as {first}; send one of them");
                errors.push(FieldError::new(name.to_owned(), message));
            }
            None => {}
        }
    }
    parts
}

/// Reads amounts of one currency and keeps what was wrong.
struct Reader<'e> {
    currency: Currency,
    errors: &'e mut Vec<FieldError>,
}

impl Reader<'_> {
    fn error(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field.to_owned(), message));
    }

    fn money(&mut self, (field, text): Part<'_>) -> Option<Money> {
        match Money::parse(text, self.currency) {
            Ok(money) => Some(money),
            Err(error) => {
                let error = FieldError::of_money(field.to_owned(), &error, self.currency);
                self.errors.push(error);
                None
            }
        }
    }

    /// An amount that may have a sign.
    fn delta(&mut self, (field, text): Part<'_>) -> Option<i64> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let money = self.money((field, digits))?;
        Some(sign * money.0)
    }

    fn units(&mut self, (field, text): Part<'_>) -> Option<u32> {
        let units = number(text).filter(|units| *units <= UNITS_MAX);
        if units.is_none() {
            self.error(
                field,
                format!("is no quantity: a whole number from 0 to {UNITS_MAX} is allowed"),
            );
        }
        units
    }

    fn items(&mut self, parts: &BTreeMap<u32, Parts<'_>>) -> Vec<ItemChange> {
        let mut items: Vec<ItemChange> = Vec::with_capacity(parts.len());
        for (number, parts) in parts {
            let Some(item) = self.item(*number, parts) else {
                continue;
            };
            let is_same = |other: &ItemChange| {
                let all = other.category.is_none() || item.category.is_none();
                other.sku == item.sku && (all || other.category == item.category)
            };
            if items.iter().any(is_same) {
                self.error(
                    parts.sku.map_or("Sku", |(name, _)| name),
                    "is named by an earlier item already; say everything about it once",
                );
            }
            items.push(item);
        }
        items
    }

    fn item(&mut self, number: u32, parts: &Parts<'_>) -> Option<ItemChange> {
        let suffix = if number == 1 {
            String::new()
        } else {
            number.to_string()
        };
        let Some((sku_name, sku)) = parts.sku else {
            self.error(
                &format!("Sku{suffix}"),
                "is missing: it says which item of the action is meant",
            );
            return None;
        };
        if let (Some(_), Some((name, _))) = (parts.amount, parts.delta) {
            self.error(
                name,
                format!("is given beside Amount{suffix}; send one of them"),
            );
        }
        if parts.units.is_none() && parts.amount.is_none() && parts.delta.is_none() {
            self.error(
                sku_name,
                format!(
                    "says nothing to change: send Quantity{suffix}, Amount{suffix} or \
                     ItemSubTotalDelta{suffix} with it"
                ),
            );
        }
        if let Some((name, text)) = parts.category
            && text.len() > TEXT_BYTES_MAX
        {
            self.error(
                name,
                format!(
                    "has {} bytes; at most {TEXT_BYTES_MAX} are allowed",
                    text.len()
                ),
            );
        }
        Some(ItemChange {
            sku: sku.into(),
            category: parts.category.map(|(_, text)| text.into()),
            units: parts.units.and_then(|part| self.units(part)),
            amount: parts.amount.and_then(|part| self.money(part)),
            delta: parts.delta.and_then(|part| self.delta(part)),
        })
    }
}
