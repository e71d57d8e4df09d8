//! A line of an action as impact.com publishes it, fields in its order.

use serde::Serialize;

use crate::derived::{Action, ActionId, ActionItem};

use super::story::Context;
use super::value::{Amount, segment};

/// The published object. A field that is not known is empty.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ItemObject<'a> {
    sku: &'a str,
    item_name: &'a str,
    category: &'a str,
    quantity: String,
    sale_amount: String,
    sale_amount_currency: &'a str,
    payout: Amount,
    payout_currency: &'a str,
    rebate: Amount,
    rebate_currency: &'a str,
    adjustment_date: String,
    adjustment_reason: &'a str,
    uri: String,
}

impl<'a> ItemObject<'a> {
    /// The object of one line of the action `id`.
    pub(super) fn of(context: &'a Context<'_>, id: ActionId, item: &'a ActionItem) -> Self {
        let currency = context.program.currency.code();
        let adjusted = item.adjusted.as_ref();
        Self {
            sku: &item.sku,
            item_name: &item.name,
            category: &item.category,
            quantity: item.units.to_string(),
            sale_amount: context.amount(item.net.0).text(),
            sale_amount_currency: currency,
            payout: context.amount(item.cost.0),
            payout_currency: currency,
            rebate: context.amount(item.rebate.0),
            rebate_currency: currency,
            adjustment_date: adjusted.map_or_else(String::new, |(at, _)| context.shown(*at)),
            adjustment_reason: adjusted.map_or("", |(_, reason)| reason),
            uri: format!("{}/Items/{}", context.action_uri(id), segment(&item.sku)),
        }
    }
}

/// The line of an action that was sent without any: every action has one at least.
pub(super) fn only_line(action: &Action) -> ActionItem {
    ActionItem {
        number: 1,
        units: 1,
        net: action.amount.unwrap_or_default(),
        cost: action.cost,
        ..ActionItem::default()
    }
}
