//! Which action a change is for: by its id, or by event type and order.

use crate::catalog::snapshot::{EventType, Program};
use crate::model::id::{EventTypeId, ProgramId};

use super::super::error::FieldError;
use super::super::fields::Fields;
use super::request::{Received, Refused, number};

/// The fields that name an action.
pub(super) const NAMES: [&str; 6] = [
    "ActionId",
    "ActionTrackerId",
    "CampaignId",
    "EventTypeCode",
    "EventTypeId",
    "OrderId",
];

/// The fields that name an event type.
const SELECTORS: [&str; 3] = ["ActionTrackerId", "EventTypeId", "EventTypeCode"];

/// The action that a request names.
pub(super) struct Target<'a> {
    pub(super) program: &'a Program,
    pub(super) event_type: EventTypeId,
    pub(super) action: Option<u64>,
    pub(super) order_id: Option<Box<str>>,
}

impl<'a> Target<'a> {
    /// Its event type, unless the catalogue has it no more.
    pub(super) fn terms(&self) -> Option<&'a EventType> {
        self.program.event_types.get(&self.event_type)
    }
}

/// Reads what names the action.
///
/// # Errors
/// It is not this account's.
pub(super) fn read<'a>(
    received: &Received<'a>,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
) -> Result<Option<Target<'a>>, Refused> {
    let before = errors.len();
    let campaign = campaign(received, fields, errors)?;
    let order_id = fields.filled("OrderId").map(Box::from);
    let Some(text) = fields.filled("ActionId") else {
        if order_id.is_none() {
            let message = "is missing: send ActionId, or OrderId with ActionTrackerId";
            errors.push(FieldError::new("ActionId", message));
        }
        let found = by_event_type(received, campaign, fields, errors);
        return Ok(found.map(|(program, event_type)| Target {
            program,
            event_type,
            action: None,
            order_id,
        }));
    };
    let Some((program, event_type, action)) = (received.parts_of)(text) else {
        let message = "is no action id: program, event type and number with dots between, such as \
                       1000.4636.158133, are allowed";
        errors.push(FieldError::new("ActionId", message));
        return Ok(None);
    };
    let program = own(received, program).ok_or(Refused::NotFound)?;
    let target = Target {
        program,
        event_type,
        action: Some(action),
        order_id,
    };
    let mut differs = |name: &'static str| {
        let message = "names another action than ActionId; send one of them";
        errors.push(FieldError::new(name, message));
    };
    if campaign.is_some_and(|campaign| campaign.id != program.id) {
        differs("CampaignId");
    }
    for name in SELECTORS {
        let terms = target.terms();
        if let Some(text) = fields.filled(name)
            && !terms.is_some_and(|terms| is_named(terms, name, text))
        {
            differs(name);
        }
    }
    Ok((errors.len() == before).then_some(target))
}

/// A program of the account.
fn own<'a>(received: &Received<'a>, id: ProgramId) -> Option<&'a Program> {
    let is_own = received.brand.programs.binary_search(&id).is_ok();
    received.catalog.program(id).filter(|_| is_own)
}

/// The program of `CampaignId`, which is asked for only where it tells event types apart.
fn campaign<'a>(
    received: &Received<'a>,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
) -> Result<Option<&'a Program>, Refused> {
    let Some(text) = fields.filled("CampaignId") else {
        return Ok(None);
    };
    let Some(id) = number(text) else {
        let message = "is not a number: send the number of one of this account's programs";
        errors.push(FieldError::new("CampaignId", message));
        return Ok(None);
    };
    own(received, ProgramId(id))
        .map(Some)
        .ok_or(Refused::NotFound)
}

/// Whether `text` names the event type by the field `name`.
fn is_named(event_type: &EventType, name: &str, text: &str) -> bool {
    if name == "EventTypeCode" {
        event_type.code.as_deref() == Some(text)
    } else {
        number(text) == Some(event_type.id.0)
    }
}

/// The one event type that every selector sent names.
fn by_event_type<'a>(
    received: &Received<'a>,
    campaign: Option<&'a Program>,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
) -> Option<(&'a Program, EventTypeId)> {
    let sent: Vec<(&'static str, &str)> = SELECTORS
        .into_iter()
        .filter_map(|name| Some((name, fields.filled(name)?)))
        .collect();
    let Some((first, _)) = sent.first().copied() else {
        if fields.filled("OrderId").is_some() {
            let message = "is missing: an order is named together with its event type";
            errors.push(FieldError::new("ActionTrackerId", message));
        }
        return None;
    };
    let programs = received.brand.programs.iter();
    let mut found = programs
        .filter_map(|id| own(received, *id))
        .filter(|program| campaign.is_none_or(|campaign| campaign.id == program.id))
        .flat_map(|program| {
            let event_types = program.event_types.values();
            event_types.map(move |event_type| (program, event_type))
        })
        .filter(|(_, event_type)| {
            let mut sent = sent.iter();
            sent.all(|(name, text)| is_named(event_type, name, text))
        });
    match (found.next(), found.next()) {
        (Some((program, event_type)), None) => return Some((program, event_type.id)),
        (Some(_), Some(_)) => errors.push(FieldError::new(
            "CampaignId",
            "is missing: several programs of this account have such an event type",
        )),
        (None, _) => errors.push(FieldError::new(
            first,
            "this account has no such event type; where several fields name it, they name the same",
        )),
    }
    None
}
