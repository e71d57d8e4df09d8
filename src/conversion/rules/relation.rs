//! Which fields need or exclude each other.

use crate::conversion::error::FieldError;
use crate::conversion::fields::Fields;
use crate::conversion::references;

/// Fields of which at least one names what a conversion may be credited by.
pub const ATTRIBUTION_KEYS: &[&str] = &[
    "ClickId",
    "CustomerId",
    "CustomProfileId",
    "CustomClickId",
    "PromoCode",
    "OrderPromoCode",
    "MediaId",
    "MediaPartnerId",
    "UniqueUrl",
    "CallerId",
    "GoogAId",
    "AndroidId",
    "AppleIfa",
    "AppleIfv",
];

/// Those of them that name a device, and tell nothing without the app.
const DEVICE_KEYS: &[&str] = &["GoogAId", "AndroidId", "AppleIfa", "AppleIfv"];

/// Pairs of names for the same thing, of which both may be sent only alike.
const SAME: &[(&str, &str)] = &[("PromoCode", "OrderPromoCode")];

/// Checks what must and what can't stand beside what.
pub fn check(fields: &Fields, errors: &mut Vec<FieldError>) {
    let is_sent = |name: &str| fields.filled(name).is_some();
    let mut error = |field: &'static str, message: String| {
        errors.push(FieldError::new(field, message));
    };
    let has_click_id = references::click_id(fields).is_some();
    if !has_click_id && !ATTRIBUTION_KEYS.iter().any(|name| is_sent(name)) {
        let names = ATTRIBUTION_KEYS.join(", ");
        error(
            "ClickId",
            format!("is missing: send at least one of {names}"),
        );
    }
    let mut keys = ATTRIBUTION_KEYS.iter().filter(|name| is_sent(name));
    let is_device = !has_click_id && keys.all(|name| DEVICE_KEYS.contains(name));
    let device = DEVICE_KEYS.iter().find(|name| is_sent(name));
    if let Some(device) = device.filter(|_| is_device)
        && !["PropertyId", "AppPackage"]
            .iter()
            .any(|name| is_sent(name))
    {
        error(
            "PropertyId",
            format!("is missing: beside {device} alone, send PropertyId or AppPackage"),
        );
    }
    if is_sent("MediaId") && is_sent("MediaPartnerId") {
        error(
            "MediaPartnerId",
            "is given beside MediaId; send one of them".to_owned(),
        );
    }
    for (first, second) in SAME {
        let (one, other) = (fields.filled(first), fields.filled(second));
        if one.is_some() && other.is_some() && one != other {
            error(second, format!("differs from {first}; send one of them"));
        }
    }
    if !is_sent("MediaId") && !is_sent("MediaPartnerId") {
        for name in ["SubId1", "SubId2", "SubId3", "SharedId"] {
            if is_sent(name) {
                error(
                    name,
                    "is only taken with MediaId: a click brings its own".to_owned(),
                );
            }
        }
    }
}
