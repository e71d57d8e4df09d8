//! The fields of a submission: published spelling, bounds, no repeats, sorted by name.
//!
//! Names are matched without regard to case to the names that impact.com publishes for its
//! Conversions API; a name it does not publish is kept as it was sent. `Oid` is `OrderId`.

use super::error::FieldError;

/// Most fields of one submission.
pub const FIELDS_MAX: usize = 500;
/// Longest field name, in bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// Longest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 1024;

/// The published names, without the numbers that `SubId1`, `ItemPrice3` or `ItemText2_7` end in.
const PUBLISHED: &[&str] = &[
    "ActionTrackerId",
    "Amount",
    "AndroidId",
    "AppInstallRef",
    "AppPackage",
    "AppVer",
    "AppleIfa",
    "AppleIfv",
    "CallDuration",
    "CallStatus",
    "CallerId",
    "CampaignId",
    "ClickId",
    "CountryCode",
    "CurrencyCode",
    "CustomClickId",
    "CustomProfileId",
    "CustomerCity",
    "CustomerCountry",
    "CustomerEmail",
    "CustomerId",
    "CustomerPostCode",
    "CustomerRegion",
    "CustomerStatus",
    "Date",
    "DeviceMfr",
    "DeviceModel",
    "DispositionCode",
    "EventDate",
    "EventTypeCode",
    "EventTypeId",
    "GiftPurchase",
    "GoogAId",
    "IpAddress",
    "ItemBrand",
    "ItemCategory",
    "ItemDate",
    "ItemDeliveryType",
    "ItemDiscount",
    "ItemDiscountRate",
    "ItemMargin",
    "ItemMoney",
    "ItemMpn",
    "ItemName",
    "ItemNumeric",
    "ItemPrice",
    "ItemPromoCode",
    "ItemQuantity",
    "ItemSku",
    "ItemSubCategory",
    "ItemSubTotal",
    "ItemText",
    "ItemTotalDiscount",
    "LocationId",
    "LocationName",
    "LocationType",
    "MediaId",
    "MediaPartnerId",
    "Money",
    "Note",
    "Numeric",
    "OrderDiscount",
    "OrderDiscountRate",
    "OrderId",
    "OrderMargin",
    "OrderPromoCode",
    "OrderShipping",
    "OrderSubTotalPostDiscount",
    "OrderTax",
    "PaymentType",
    "PhoneNumber",
    "PromoCode",
    "PropertyId",
    "SharedId",
    "SubId",
    "TalkDuration",
    "Text",
    "TrackingConsent",
    "UniqueUrl",
    "UserAgent",
    "impacttest",
];

/// Names that mean another published one.
const ALIASES: &[(&str, &str)] = &[("Oid", "OrderId")];

/// A field as it came, beside its published name.
struct Named {
    name: String,
    sent: String,
    value: String,
}

/// The checked fields, sorted by name; each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(Box<str>, Box<str>)>);

impl Fields {
    /// Checks the pairs of a body; what is wrong goes to `errors` and the field is left out.
    #[must_use]
    pub fn collect(pairs: Vec<(String, String)>, errors: &mut Vec<FieldError>) -> Self {
        if pairs.len() > FIELDS_MAX {
            errors.push(FieldError::body(format!(
                "has {} fields; at most {FIELDS_MAX} are read",
                pairs.len()
            )));
            return Self::default();
        }
        let mut named: Vec<Named> = pairs
            .into_iter()
            .filter_map(|(sent, value)| check(sent, value, errors))
            .collect();
        named.sort_by_cached_key(|field| field.name.to_ascii_lowercase());
        let mut kept: Vec<Named> = Vec::with_capacity(named.len());
        for field in named {
            match kept.last() {
                Some(last) if last.name.eq_ignore_ascii_case(&field.name) => {
                    if let Some(error) = repeat(last, &field) {
                        errors.push(error);
                    }
                }
                _ => kept.push(field),
            }
        }
        let mut fields: Vec<(Box<str>, Box<str>)> = kept
            .into_iter()
            .map(|field| (field.name.into(), field.value.into()))
            .collect();
        fields.sort();
        Self(fields)
    }

    /// The value of `name`, also when it is empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(listed, _)| (**listed).cmp(name));
        at.ok()
            .and_then(|i| self.0.get(i))
            .map(|(_, value)| &**value)
    }

    /// The value of `name` unless it is empty: form builders send empty fields for absent ones.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Every name and value in order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The fields as they are stored.
    #[must_use]
    pub fn into_stored(self) -> Vec<(Box<str>, Box<str>)> {
        self.0
    }
}

/// Splits a name into its stem and the digits and underscores it ends in.
#[must_use]
pub fn split_number(name: &str) -> (&str, &str) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    name.split_at_checked(stem.len()).unwrap_or((name, ""))
}

fn check(sent: String, value: String, errors: &mut Vec<FieldError>) -> Option<Named> {
    if sent.is_empty() {
        errors.push(FieldError::body("holds a value without a field name"));
        return None;
    }
    if sent.len() > NAME_BYTES_MAX {
        errors.push(FieldError::new(
            sent,
            format!("has a name of more than {NAME_BYTES_MAX} bytes"),
        ));
        return None;
    }
    let name = known(&sent).unwrap_or_else(|| sent.clone());
    if value.len() > VALUE_BYTES_MAX {
        errors.push(FieldError::new(
            name,
            format!(
                "has {} bytes; at most {VALUE_BYTES_MAX} are allowed",
                value.len()
            ),
        ));
        return None;
    }
    Some(Named { name, sent, value })
}

/// The published spelling of `sent`; nothing for a name that is not published.
#[must_use]
pub fn known(sent: &str) -> Option<String> {
    let (stem, number) = split_number(sent);
    let alias = ALIASES
        .iter()
        .find(|(alias, _)| alias.eq_ignore_ascii_case(sent))
        .map(|(_, name)| (*name).to_owned());
    alias.or_else(|| {
        let mut listed = PUBLISHED.iter();
        let found = listed.find(|listed| listed.eq_ignore_ascii_case(stem));
        found.map(|listed| format!("{listed}{number}"))
    })
}

/// A field came again: an alias may repeat the same value, anything else is an error.
fn repeat(first: &Named, again: &Named) -> Option<FieldError> {
    if first.sent.eq_ignore_ascii_case(&again.sent) {
        return Some(FieldError::new(
            first.name.clone(),
            "is given more than once; names are compared without regard to case",
        ));
    }
    (first.value != again.value).then(|| {
        FieldError::new(
            first.name.clone(),
            format!("{} and {} differ; send one of them", first.sent, again.sent),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(pairs: &[(&str, &str)]) -> (Fields, Vec<FieldError>) {
        let mut errors = Vec::new();
        let pairs = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        (Fields::collect(pairs.collect(), &mut errors), errors)
    }

    #[test]
    fn names_take_their_published_spelling_and_unknown_ones_stay() {
        let (fields, errors) = collect(&[
            ("orderid", "1"),
            ("ITEMSUBTOTAL12", "2"),
            ("itemtext1_3", "3"),
            ("subid1", "4"),
            ("my_Own", "5"),
        ]);
        assert_eq!(errors, []);
        let names: Vec<&str> = fields.iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "ItemSubTotal12",
                "ItemText1_3",
                "OrderId",
                "SubId1",
                "my_Own"
            ]
        );
        assert_eq!(known("oid").as_deref(), Some("OrderId"));
        assert_eq!(known("itemtext1_3").as_deref(), Some("ItemText1_3"));
        assert_eq!(known("my_Own"), None);
        assert_eq!(fields.get("OrderId"), Some("1"));
        assert_eq!(fields.get("orderid"), None);
    }

    #[test]
    fn repeats_are_refused_and_equal_aliases_are_not() {
        for (pairs, refused) in [
            ([("Amount", "1"), ("amount", "1")], true),
            ([("x", "1"), ("X", "2")], true),
            ([("Oid", "a"), ("OrderId", "a")], false),
            ([("OrderId", "b"), ("oid", "a")], true),
            ([("OrderId", "a"), ("orderid", "a")], true),
        ] {
            let (fields, errors) = collect(&pairs);
            assert_eq!(errors.len(), usize::from(refused), "{pairs:?}");
            assert_eq!(fields.iter().count(), 1);
        }
    }

    #[test]
    fn bounds_are_named() {
        let long = "n".repeat(65);
        let value = "é".repeat(513);
        let (fields, errors) = collect(&[("", "1"), (&long, "1"), ("Note", &value), ("a", "")]);
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 3);
        assert!(said[0].contains("without a field name"));
        assert!(said[1].contains("64 bytes"));
        assert!(said[2].starts_with("Note: has 1026 bytes; at most 1024"));
        assert_eq!(fields.get("a"), Some(""));
        assert_eq!(fields.filled("a"), None);

        let many: Vec<(String, String)> = (0..=FIELDS_MAX)
            .map(|i| (format!("f{i}x"), String::new()))
            .collect();
        let mut errors = Vec::new();
        let fields = Fields::collect(many.clone(), &mut errors);
        assert_eq!((errors.len(), fields.iter().count()), (1, 0));
        errors.clear();
        let allowed = many.into_iter().skip(1).collect();
        assert_eq!(
            Fields::collect(allowed, &mut errors).iter().count(),
            FIELDS_MAX
        );
        assert_eq!(errors, []);
    }
}
