//! Rules of payouts and channels: which variable takes which operator and which values.

use super::pattern::Patterns;
use super::text;
use super::word::{CHANNEL_PARTS, OPERATORS, VARIABLES, choice};
use crate::catalog::document::{ChannelRuleDoc, RuleDoc};
use crate::catalog::problem::{Complaint, quoted};
use crate::catalog::snapshot::{
    ChannelRule, ExceptionLists, ListKind, Operator, Rule, Values, Variable,
};
use crate::model::money::MICROS;
use crate::model::referral::ReferringType;

/// The most values of one rule.
const VALUES_MAX: usize = 1_000;
/// The longest value in bytes.
const VALUE_MAX: usize = 255;
/// The largest number on either side of 0, in whole units.
const NUMBER_MAX: i64 = 1_000_000_000_000;
/// Operators that texts take.
const OF_TEXTS: &[Operator] = &[
    Operator::Is,
    Operator::IsNot,
    Operator::Contains,
    Operator::StartsWith,
    Operator::EndsWith,
    Operator::Regex,
];
/// Operators that numbers take.
const OF_NUMBERS: &[Operator] = &[
    Operator::Is,
    Operator::IsNot,
    Operator::Gt,
    Operator::Gte,
    Operator::Lt,
    Operator::Lte,
];
/// Operators that look into lists.
const OF_LISTS: &[Operator] = &[Operator::InList, Operator::NotInList];

/// A payout's rule. The lists are those of its program, none when the program is unknown.
pub(in crate::catalog) fn rule(
    doc: &RuleDoc,
    lists: Option<&ExceptionLists>,
    patterns: &mut Patterns,
) -> Result<Rule, Complaint> {
    let variable = variable(&doc.variable).map_err(|complaint| complaint.of("variable"))?;
    let operator =
        choice(&doc.operator, OPERATORS).map_err(|complaint| complaint.of("operator"))?;
    let kind = list_kind(variable);
    let taken = match kind {
        _ if variable.is_number() => OF_NUMBERS.to_vec(),
        Some(_) => [OF_TEXTS, OF_LISTS].concat(),
        None => OF_TEXTS.to_vec(),
    };
    if !taken.contains(&operator) {
        return Err(not_taken(&doc.variable, &doc.operator, &taken));
    }
    counted(&doc.values)?;
    let values = match kind {
        _ if variable.is_number() => numbers(operator, &doc.values)?,
        Some(kind) if OF_LISTS.contains(&operator) => self::lists(kind, &doc.values, lists)?,
        _ => texts(operator, &doc.values, patterns)?,
    };
    if matches!(operator, Operator::Is | Operator::IsNot) {
        doc.values
            .iter()
            .try_for_each(|value| known(variable, value))?;
    }
    Ok(Rule {
        variable,
        operator,
        values,
    })
}

/// A channel's rule.
pub(in crate::catalog) fn channel_rule(
    doc: &ChannelRuleDoc,
    patterns: &mut Patterns,
) -> Result<ChannelRule, Complaint> {
    let of = choice(&doc.part, CHANNEL_PARTS).map_err(|complaint| complaint.of("part"))?;
    let operator =
        choice(&doc.operator, OPERATORS).map_err(|complaint| complaint.of("operator"))?;
    if !OF_TEXTS.contains(&operator) {
        return Err(not_taken(&doc.part, &doc.operator, OF_TEXTS));
    }
    counted(&doc.values)?;
    let values = texts(operator, &doc.values, patterns)?;
    Ok(ChannelRule {
        of,
        operator,
        values,
    })
}

fn not_taken(variable: &str, operator: &str, taken: &[Operator]) -> Complaint {
    let words = OPERATORS.iter().filter(|(_, of)| taken.contains(of));
    let words: Vec<_> = words.map(|(word, _)| *word).collect();
    Complaint::new(
        format!("{variable} is not compared by {operator}"),
        format!("one of {}", words.join(", ")),
    )
}

fn counted(values: &[String]) -> Result<(), Complaint> {
    if (1..=VALUES_MAX).contains(&values.len()) {
        return Ok(());
    }
    Err(Complaint::new(
        format!("has {} values", values.len()),
        format!("1 to {VALUES_MAX} values"),
    ))
}

/// The variable called `name`.
fn variable(name: &str) -> Result<Variable, Complaint> {
    let numbered = |prefix: &str, max: u8| {
        let digits = name.strip_prefix(prefix)?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        let number = digits.parse().ok().filter(|_| plain)?;
        (1..=max).contains(&number).then_some(number)
    };
    let found = numbered("TEXT_", 50)
        .map(Variable::Text)
        .or_else(|| numbered("NUMERIC_", 10).map(Variable::Numeric));
    found.map_or_else(
        || {
            choice(name, VARIABLES).map_err(|complaint| Complaint {
                allowed: format!(
                    "{}, TEXT_1 to TEXT_50, NUMERIC_1 to NUMERIC_10",
                    complaint.allowed
                ),
                ..complaint
            })
        },
        Ok,
    )
}

/// Which lists a variable is looked up in.
fn list_kind(variable: Variable) -> Option<ListKind> {
    match variable {
        Variable::ItemSku => Some(ListKind::Sku),
        Variable::ItemCategory | Variable::ItemSubCategory => Some(ListKind::Category),
        Variable::OrderPromoCode => Some(ListKind::PromoCode),
        _ => None,
    }
}

fn lists(
    kind: ListKind,
    values: &[String],
    known: Option<&ExceptionLists>,
) -> Result<Values, Complaint> {
    let list = |value: &String| {
        let id = value
            .parse()
            .ok()
            .filter(|id: &u32| id.to_string() == *value);
        let found = match (known, id) {
            (None, Some(id)) => Some(id),
            (Some(known), Some(id)) => {
                let list = known.0.get(&id);
                list.filter(|list| list.kind == kind).map(|list| list.id)
            }
            (_, None) => None,
        };
        found.ok_or_else(|| {
            Complaint::new(
                format!("{} is no list of such values", quoted(value)),
                "ids of [[exception_list]] entries of the program, of the type that fits: SKU for \
                 ITEM_SKU, CATEGORY for categories, PROMO_CODE for codes",
            )
        })
    };
    Ok(Values::Lists(
        values.iter().map(list).collect::<Result<_, _>>()?,
    ))
}

fn single<'a>(values: &'a [String], what: &str) -> Result<&'a str, Complaint> {
    match values {
        [one] => Ok(one),
        _ => Err(Complaint::new(
            format!("has {} values", values.len()),
            format!("one {what}"),
        )),
    }
}

fn texts(
    operator: Operator,
    values: &[String],
    patterns: &mut Patterns,
) -> Result<Values, Complaint> {
    if operator == Operator::Regex {
        let text = single(values, "expression")?;
        return Ok(Values::Pattern(patterns.get(text)?));
    }
    let lower = |value: &String| {
        text::value(value, VALUE_MAX).map(|value| value.to_lowercase().into_boxed_str())
    };
    Ok(Values::Texts(
        values.iter().map(lower).collect::<Result<_, _>>()?,
    ))
}

fn numbers(operator: Operator, values: &[String]) -> Result<Values, Complaint> {
    if !matches!(operator, Operator::Is | Operator::IsNot) {
        single(values, "number")?;
    }
    let numbers = values.iter().map(|value| number(value));
    Ok(Values::Numbers(numbers.collect::<Result<_, _>>()?))
}

/// Millionths of a decimal number.
fn number(text: &str) -> Result<i64, Complaint> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let fraction = match fraction.trim_end_matches('0') {
        "" if plain(fraction) => "0",
        other => other,
    };
    let read = || {
        let fine = plain(whole) && plain(fraction) && fraction.len() <= 6;
        let number = format!("{whole}{fraction:0<6}").parse::<i64>().ok()?;
        let fine = fine && number <= NUMBER_MAX.checked_mul(MICROS)?;
        fine.then_some(if text.starts_with('-') {
            -number
        } else {
            number
        })
    };
    read().ok_or_else(|| {
        Complaint::new(
            format!("{} is no number", quoted(text)),
            format!(
                "digits with at most 6 decimals, a minus sign before them if need be, up to \
                 {NUMBER_MAX}"
            ),
        )
    })
}

/// Refuses values that a variable never has.
fn known(variable: Variable, value: &str) -> Result<(), Complaint> {
    let upper = value.to_ascii_uppercase();
    let (fine, allowed) = match variable {
        Variable::ReferringType => {
            let names: Vec<_> = ReferringType::ALL.iter().map(|row| row.2).collect();
            let fine = names.contains(&upper.as_str());
            (fine, format!("one of {}", names.join(", ")))
        }
        Variable::GiftPurchase => (
            matches!(upper.as_str(), "TRUE" | "FALSE"),
            "true or false".to_owned(),
        ),
        Variable::CustomerCountry => (
            value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic()),
            "two letters such as US".to_owned(),
        ),
        Variable::AdId | Variable::PropertyId => (
            value.parse::<u32>().is_ok_and(|id| id.to_string() == value),
            "a number without leading zeros".to_owned(),
        ),
        _ => (true, String::new()),
    };
    if fine {
        return Ok(());
    }
    Err(Complaint::new(
        format!("{} is no value of it", quoted(value)),
        allowed,
    ))
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
