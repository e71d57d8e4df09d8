//! What an event type asks of its conversions, by the catalogue.

use crate::catalog::snapshot::EventType;
use crate::conversion::error::FieldError;
use crate::conversion::fields::Fields;
use crate::model::action::disposition;

/// Fields that tell of a call.
const CALL: [&str; 2] = ["PhoneNumber", "CallerId"];

/// Checks the fields against the event type they are sent for.
pub fn check(fields: &Fields, event_type: &EventType, errors: &mut Vec<FieldError>) {
    if let Some(status) = fields.filled("CustomerStatus")
        && event_type.own_customer_status(status).is_none()
    {
        let known = event_type.customer_status.iter().map(|(word, _)| &**word);
        let message = format!("is none of this event type: allowed are {}", listed(known));
        errors.push(FieldError::new("CustomerStatus", message));
    }
    if event_type.call.is_some() {
        for name in CALL {
            if fields.filled(name).is_none() {
                let message = "is missing: conversions of this event type are calls";
                errors.push(FieldError::new(name, message));
            }
        }
    }
    if let Some(code) = fields.filled("DispositionCode") {
        let mut known: Vec<&str> = disposition::accepted(false).collect();
        known.extend(event_type.dispositions.iter().map(|own| &**own));
        if !known.contains(&code) {
            let known = listed(known.into_iter());
            let message = format!("is no code of this event type: allowed are {known}");
            errors.push(FieldError::new("DispositionCode", message));
        }
    }
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
