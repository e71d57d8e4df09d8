//! An update of an action as impact.com publishes it, fields in its order.

use serde::Serialize;

use crate::catalog::snapshot::{Level, Payout, Price};
use crate::derived::{ActionItem, Update, UpdateKey};
use crate::model::action::change::{Change, What};
use crate::model::money::decimal_text;
use crate::model::submission::Submission;

use super::select::state_after;
use super::story::{Context, Story};
use super::value::Amount;

/// What the update that made the action gives as its reason.
const FIRST: &str = "IR_BLANK";

/// The published object. A field that is not known is empty; one that is the other side's is left
/// out.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateObject<'a> {
    id: String,
    action_id: String,
    campaign_id: u32,
    action_tracker_id: u32,
    event_type_id: String,
    event_type_name: &'a str,
    event_code: &'a str,
    media_partner_id: u32,
    state: &'static str,
    state_detail: &'a str,
    state_detail_description: &'static str,
    ad_id: u32,
    disposition: &'a str,
    delta_payout: Amount,
    delta_amount: Amount,
    currency: &'a str,
    category: String,
    sku: String,
    quantity: String,
    catalog_name: &'static str,
    catalog_category: &'static str,
    catalog_description: &'static str,
    catalog_manufacturer: &'static str,
    catalog_original_format_category: &'static str,
    catalog_sub_category: &'static str,
    payout_level: &'static str,
    default_payout_rate: String,
    contract_id: &'static str,
    update_date: String,
    locking_date: String,
    clearing_date: &'static str,
    action_date: String,
    oid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_id1: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_id2: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_id3: Option<&'a str>,
    shared_id: &'a str,
    action_uri: String,
    uri: String,
}

impl<'a> UpdateObject<'a> {
    /// An empty object with the fields that those of `context` have.
    pub(super) fn none(context: &Context<'_>) -> Self {
        Self {
            customer_id: context.of_brand(""),
            customer_status: context.of_brand(""),
            sub_id1: context.of_partner(""),
            sub_id2: context.of_partner(""),
            sub_id3: context.of_partner(""),
            ..Self::default()
        }
    }

    /// The object of the update at `key`, which spoke of `item` if it did of one alone. `payout`
    /// is that of the action's contract.
    pub(super) fn of(
        story: &'a Story<'_>,
        (key, update): (UpdateKey, &'a Update),
        item: OneItem,
        payout: Option<&Payout>,
    ) -> Self {
        let (action, context) = (&story.action, story.context);
        let [first, second, third] = story.sub_ids();
        let id = format!("{}.{}", key.action, key.number);
        Self {
            action_id: key.action.to_string(),
            campaign_id: story.id.program.0,
            action_tracker_id: story.id.event_type.0,
            event_type_id: story.id.event_type.to_string(),
            event_type_name: story.event_type_name(),
            event_code: story.event_code(),
            media_partner_id: action.partner.0,
            state: state_after(action, update).word(),
            state_detail: &update.reason,
            state_detail_description: "",
            ad_id: action.ad.0,
            disposition: if key.number == 1 {
                FIRST
            } else {
                &update.reason
            },
            delta_payout: context.amount(update.delta_cost),
            delta_amount: context.amount(update.delta_amount),
            currency: context.program.currency.code(),
            category: item.category,
            sku: item.sku,
            quantity: item.quantity,
            catalog_name: "",
            catalog_category: "",
            catalog_description: "",
            catalog_manufacturer: "",
            catalog_original_format_category: "",
            catalog_sub_category: "",
            payout_level: payout.map_or("", |payout| level(payout.level)),
            default_payout_rate: payout.map_or_else(String::new, default_rate),
            contract_id: "",
            update_date: context.shown(update.at()),
            locking_date: story.locking_date(),
            clearing_date: "",
            action_date: context.shown(action.date),
            oid: &action.order_id,
            customer_id: context.of_brand(story.sent("CustomerId")),
            customer_status: context.of_brand(story.customer_status()),
            sub_id1: context.of_partner(first),
            sub_id2: context.of_partner(second),
            sub_id3: context.of_partner(third),
            shared_id: story.shared_id(),
            action_uri: context.action_uri(story.id),
            uri: context.update_uri(&id),
            id,
        }
    }
}

/// The one item that an update speaks of; empty where it speaks of none or of several.
#[derive(Debug, Default)]
pub(super) struct OneItem {
    category: String,
    sku: String,
    quantity: String,
}

impl OneItem {
    /// Of the conversion that made the action.
    pub(super) fn sold(conversion: &Submission) -> Self {
        match conversion.order.items.as_slice() {
            [item] => Self {
                category: item.category.to_string(),
                sku: item.sku.to_string(),
                quantity: item.units.to_string(),
            },
            _ => Self::default(),
        }
    }

    /// Of a change of the action that has these lines. A category that is not sent is that of the
    /// line; a quantity that is not sent is not known to have been the present one.
    pub(super) fn changed(change: &Change, lines: &[ActionItem]) -> Self {
        let What::Modify { items, .. } = &change.what else {
            return Self::default();
        };
        let [item] = items.as_slice() else {
            return Self::default();
        };
        let line = lines.iter().find(|line| line.sku == item.sku);
        let category = item.category.as_ref();
        let category = category.or_else(|| line.map(|line| &line.category));
        Self {
            category: category.map(ToString::to_string).unwrap_or_default(),
            sku: item.sku.to_string(),
            quantity: item
                .units
                .map(|units| units.to_string())
                .unwrap_or_default(),
        }
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Order => "ORDER",
        Level::Item => "ITEM",
        Level::Click => "CLICK",
    }
}

/// The default price as a percentage, where it is a rate.
fn default_rate(payout: &Payout) -> String {
    match payout.price {
        Price::Rate(rate) => decimal_text(i128::from(rate.0) * 100, 2),
        Price::Flat(_) => String::new(),
    }
}
