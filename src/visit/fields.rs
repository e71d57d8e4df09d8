//! The fields of an arrival: the published names in any case of letters, each at most once.

use crate::conversion::FieldError;

/// Longest address of a page, in bytes.
const URL_BYTES_MAX: usize = 4 << 10;
/// Longest value of any other field, in bytes.
const VALUE_BYTES_MAX: usize = 1_024;
/// Longest `CustomProfileId`, in bytes, as conversions have it.
const PROFILE_BYTES_MAX: usize = 70;
/// Longest `CustomerId`, in bytes, as conversions have it.
const CUSTOMER_BYTES_MAX: usize = 255;
/// Most fields.
const FIELDS_MAX: usize = 100;

/// The published names. Others are allowed, and not read.
const PUBLISHED: [&str; 21] = [
    "AndroidId",
    "AppName",
    "AppPackage",
    "AppVer",
    "AppleIfa",
    "AppleIfv",
    "CampaignId",
    "ClickId",
    "CustomProfileId",
    "CustomerEmail",
    "CustomerId",
    "DeviceMfr",
    "DeviceModel",
    "EventDate",
    "GoogAId",
    "IpAddress",
    "PageUrl",
    "PropertyId",
    "ReferringUrl",
    "TrackingConsent",
    "UserAgent",
];

/// The fields that are read, unless they are empty.
#[derive(Debug, Default)]
pub struct Fields(Vec<(&'static str, String)>);

impl Fields {
    /// Checks the pairs of a body; what is wrong goes to `errors` and is left out.
    #[must_use]
    pub fn collect(pairs: Vec<(String, String)>, errors: &mut Vec<FieldError>) -> Self {
        let mut fields = Self::default();
        if pairs.len() > FIELDS_MAX {
            let message = format!("has {} fields; at most {FIELDS_MAX} are read", pairs.len());
            errors.push(FieldError::body(message));
            return fields;
        }
        for (sent, value) in pairs {
            let mut names = PUBLISHED.iter();
            let Some(name) = names.find(|name| name.eq_ignore_ascii_case(&sent)) else {
                continue;
            };
            let max = match *name {
                "PageUrl" | "ReferringUrl" => URL_BYTES_MAX,
                "CustomProfileId" => PROFILE_BYTES_MAX,
                "CustomerId" => CUSTOMER_BYTES_MAX,
                _ => VALUE_BYTES_MAX,
            };
            if fields.0.iter().any(|(listed, _)| listed == name) {
                let message = "is given more than once; names are compared without regard to case";
                errors.push(FieldError::new(*name, message));
            } else if value.len() > max {
                let message = format!("has {} bytes; at most {max} are allowed", value.len());
                errors.push(FieldError::new(*name, message));
            } else {
                fields.0.push((name, value));
            }
        }
        fields
    }

    /// The value of a field unless it is empty.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(listed, _)| *listed == name);
        let value = found.map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(pairs: &[(&str, &str)]) -> (Fields, Vec<String>) {
        let mut errors = Vec::new();
        let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        let fields = Fields::collect(pairs.iter().map(owned).collect(), &mut errors);
        (fields, errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn names_are_read_in_any_case_and_once() {
        let (fields, errors) = collect(&[("pageURL", "a"), ("mine", "b"), ("AppVer", "")]);
        assert_eq!(errors, [""; 0]);
        assert_eq!(fields.filled("PageUrl"), Some("a"));
        assert_eq!(
            (fields.filled("mine"), fields.filled("AppVer")),
            (None, None)
        );
        let (_, errors) = collect(&[("PageUrl", "a"), ("pageurl", "a")]);
        assert_eq!(errors.len(), 1);
        assert!(errors[0].starts_with("PageUrl: is given more than once"));
    }

    #[test]
    fn bounds_are_named() {
        for (name, max) in [
            ("PageUrl", 4_096),
            ("CustomProfileId", 70),
            ("CustomerId", 255),
            ("AppVer", 1_024),
        ] {
            let long = "x".repeat(max);
            assert_eq!(collect(&[(name, &long)]).1, [""; 0]);
            let (fields, errors) = collect(&[(name, &(long + "x"))]);
            assert_eq!(fields.filled(name), None);
            assert!(errors[0].contains(&format!("at most {max}")), "{errors:?}");
        }
        let many = vec![("x", ""); 101];
        assert!(collect(&many).1[0].contains("101 fields"));
        assert_eq!(collect(&many[1..]).1, [""; 0]);
    }
}
