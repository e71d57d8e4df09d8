//! Value of `items`: the lines of an action as they stand now.

use crate::model::money::Money;
use crate::model::time::Millis;

use super::action::{group, money};
use super::bytes::{FORMAT, Reader, Why, push, push_option, push_text, push_varint};

/// One line of an action. Its other texts are with the submission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionItem {
    /// Its number in the submission, from 1.
    pub number: u16,
    /// Pieces.
    pub units: u32,
    /// What the customer pays for them after every discount.
    pub net: Money,
    /// What the partner earns for them.
    pub cost: Money,
    /// What was taken off by discounts.
    pub rebate: Money,
    /// The payout group that priced it; `None` is the default.
    pub group: Option<u16>,
    /// Its stock keeping unit.
    pub sku: Box<str>,
    /// Its category, empty when none was sent.
    pub category: Box<str>,
    /// Its name, empty when none was sent.
    pub name: Box<str>,
    /// When it was last changed, and for what reason.
    pub adjusted: Option<(Millis, Box<str>)>,
}

/// The stored bytes of the lines of an action.
pub(in crate::derived) fn encode(items: &[ActionItem]) -> Vec<u8> {
    let mut out = vec![FORMAT];
    push_varint(&mut out, items.len() as u128);
    for item in items {
        push_varint(&mut out, item.number.into());
        push_varint(&mut out, item.units.into());
        for amount in [item.net, item.cost, item.rebate] {
            push(&mut out, amount.0);
        }
        push_option(&mut out, item.group, |out, group| {
            push_varint(out, group.into());
        });
        for text in [&item.sku, &item.category, &item.name] {
            push_text(&mut out, text);
        }
        push_option(&mut out, item.adjusted.as_ref(), |out, (at, reason)| {
            push(out, *at);
            push_text(out, reason);
        });
    }
    out
}

/// Reads the stored lines of an action.
pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Vec<ActionItem>, Why> {
    let mut reader = Reader(bytes);
    reader.format(FORMAT)?;
    let mut items = Vec::new();
    for _ in 0..reader.varint()? {
        items.push(ActionItem {
            number: u16::try_from(reader.varint()?).map_err(|_| "unknown item number")?,
            units: reader.varint32()?,
            net: money(&mut reader)?,
            cost: money(&mut reader)?,
            rebate: money(&mut reader)?,
            group: reader.option(group)?,
            sku: reader.text()?.into(),
            category: reader.text()?.into(),
            name: reader.text()?.into(),
            adjusted: reader.option(|reader| Ok((reader.part()?, Box::from(reader.text()?))))?,
        });
    }
    reader.end()?;
    Ok(items)
}
