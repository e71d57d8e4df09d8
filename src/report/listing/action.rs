//! An action as impact.com publishes it, fields in its order.

use serde::Serialize;

use crate::derived::ActionState;

use super::story::{Context, Story};
use super::value::Amount;

/// The published object. A field that is not known is empty; one that is the other side's is left
/// out.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ActionObject<'a> {
    id: String,
    campaign_id: u32,
    campaign_name: &'a str,
    action_tracker_id: u32,
    action_tracker_name: &'a str,
    event_code: &'a str,
    media_partner_id: u32,
    media_partner_name: &'a str,
    state: &'static str,
    ad_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_cost: Option<Amount>,
    payout: Amount,
    delta_payout: Amount,
    intended_payout: Amount,
    amount: Amount,
    delta_amount: Amount,
    intended_amount: Amount,
    currency: &'a str,
    referring_date: String,
    event_date: String,
    creation_date: String,
    locking_date: String,
    cleared_date: &'static str,
    referring_type: &'static str,
    referring_domain: String,
    promo_code: &'a str,
    oid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_post_code: Option<&'a str>,
    customer_area: &'a str,
    customer_city: &'a str,
    customer_region: &'a str,
    customer_country: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_id1: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_id2: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_id3: Option<&'a str>,
    shared_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    uri: String,
}

impl<'a> ActionObject<'a> {
    /// An empty object with the fields that those of `context` have.
    pub(super) fn none(context: &Context<'_>) -> Self {
        Self {
            client_cost: context.of_brand(Amount::default()),
            customer_id: context.of_brand(""),
            customer_status: context.of_brand(""),
            customer_post_code: context.of_brand(""),
            ip_address: context.of_brand(String::new()),
            sub_id1: context.of_partner(""),
            sub_id2: context.of_partner(""),
            sub_id3: context.of_partner(""),
            caller_id: context.of_brand(""),
            note: context.of_brand(""),
            ..Self::default()
        }
    }

    /// The object of an action that stands in `state` and whose last update changed the payout
    /// and the sale amount by `delta`.
    pub(super) fn of(story: &'a Story<'_>, state: ActionState, delta: (i64, i64)) -> Self {
        let (action, context) = (&story.action, story.context);
        let amount = |micros| context.amount(micros);
        let [first, second, third] = story.sub_ids();
        Self {
            id: story.id.to_string(),
            campaign_id: story.id.program.0,
            campaign_name: &context.program.name,
            action_tracker_id: story.id.event_type.0,
            action_tracker_name: story.event_type_name(),
            event_code: story.event_code(),
            media_partner_id: action.partner.0,
            media_partner_name: story.partner_name,
            state: state.word(),
            ad_id: action.ad.0,
            client_cost: context.of_brand(amount(action.cost.0)),
            payout: amount(action.cost.0),
            delta_payout: amount(delta.0),
            intended_payout: amount(action.intended_cost.0),
            amount: amount(action.amount.unwrap_or_default().0),
            delta_amount: amount(delta.1),
            intended_amount: amount(action.intended_amount.unwrap_or_default().0),
            currency: context.program.currency.code(),
            referring_date: story.referring_date(),
            event_date: context.shown(action.date),
            creation_date: context.shown(action.submission.number.time()),
            locking_date: story.locking_date(),
            cleared_date: "",
            referring_type: action.referring_type.name(),
            referring_domain: story.referring_domain(),
            promo_code: story.promo_code(),
            oid: &action.order_id,
            customer_id: context.of_brand(story.sent("CustomerId")),
            customer_status: context.of_brand(story.customer_status()),
            customer_post_code: context.of_brand(story.sent("CustomerPostCode")),
            customer_area: story.sent("CustomerArea"),
            customer_city: story.sent("CustomerCity"),
            customer_region: story.sent("CustomerRegion"),
            customer_country: story.sent("CustomerCountry"),
            ip_address: context.of_brand(story.hashed_network()),
            sub_id1: context.of_partner(first),
            sub_id2: context.of_partner(second),
            sub_id3: context.of_partner(third),
            shared_id: story.shared_id(),
            caller_id: context.of_brand(story.sent("CallerId")),
            note: context.of_brand(story.sent("Note")),
            uri: context.action_uri(story.id),
        }
    }
}
