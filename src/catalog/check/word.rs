//! Closed lists of words and what each stands for. Where a key may be absent, the first word is
//! meant.

use crate::catalog::problem::{Complaint, quoted};
use crate::catalog::snapshot::{
    BodyType, ChannelPart, CodePolicy, CreditGroup, CreditPolicy, Level, ListKind, Method,
    NoticeKind, Operator, Period, Scope, Signatures, Variable,
};
use crate::model::referral::ReferringType;

/// Words and what each stands for.
pub type Words<T> = [(&'static str, T)];

/// Whether requests of a brand are signed.
pub(in crate::catalog) const SIGNATURES: &Words<Signatures> = &[
    ("OPTIONAL", Signatures::Optional),
    ("REQUIRED", Signatures::Required),
];

/// Which click of a journey earns.
pub const CREDIT_POLICIES: &Words<CreditPolicy> = &[
    ("LAST_CLICK", CreditPolicy::LastClick),
    ("FIRST_CLICK", CreditPolicy::FirstClick),
];

/// How partners and channels stand against each other.
pub const CREDIT_GROUPS: &Words<CreditGroup> = &[
    ("PREFERRED", CreditGroup::Preferred),
    ("STANDARD", CreditGroup::Standard),
    ("NON_PREFERRED", CreditGroup::NonPreferred),
];

/// Ways of referring that a contract can accept.
pub const ACCEPTS: &Words<&[ReferringType]> = &[
    (
        "CLICK",
        &[ReferringType::ClickCookie, ReferringType::ClickFingerprint],
    ),
    ("PROMOCODE", &[ReferringType::Promocode]),
    ("REPORTED_PARTNER_ID", &[ReferringType::ReportedPartnerId]),
    ("CALL", &[ReferringType::Call]),
];

/// What a payout is reckoned of.
pub(in crate::catalog) const LEVELS: &Words<Level> = &[
    ("ORDER", Level::Order),
    ("ITEM", Level::Item),
    ("CLICK", Level::Click),
];

/// Whose actions a limit counts together.
pub const SCOPES: &Words<Scope> = &[
    ("ALL", Scope::All),
    ("CUSTOMER", Scope::Customer),
    ("ORDER", Scope::Order),
    ("CLICK", Scope::Click),
];

/// When a limit starts anew.
pub const PERIODS: &Words<Period> = &[
    ("DAY", Period::Day),
    ("WEEK", Period::Week),
    ("MONTH", Period::Month),
    ("QUARTER", Period::Quarter),
    ("CONTRACT", Period::Contract),
];

/// What the values of an exception list are.
pub const LIST_TYPES: &Words<ListKind> = &[
    ("SKU", ListKind::Sku),
    ("CATEGORY", ListKind::Category),
    ("PROMO_CODE", ListKind::PromoCode),
];

/// How the values of an exception list are compared: whether they are expressions.
pub(in crate::catalog) const LIST_MATCHES: &Words<bool> = &[("EQ", false), ("REGEX", true)];

/// How a promo code is compared: whether it is an expression.
pub(in crate::catalog) const CODE_TYPES: &Words<bool> = &[("LI", false), ("RE", true)];

/// When the partner of a promo code earns.
pub const CODE_POLICIES: &Words<CodePolicy> = &[
    ("ALWAYS", CodePolicy::Always),
    ("INVOLVED", CodePolicy::Involved),
    ("WINNER", CodePolicy::Winner),
];

/// What a channel's rule looks at.
pub(in crate::catalog) const CHANNEL_PARTS: &Words<ChannelPart> = &[
    ("UTM_SOURCE", ChannelPart::UtmSource),
    ("UTM_MEDIUM", ChannelPart::UtmMedium),
    ("UTM_CAMPAIGN", ChannelPart::UtmCampaign),
    ("REFERRER_HOST", ChannelPart::ReferrerHost),
    ("QUERY_NAME", ChannelPart::QueryName),
];

/// Who hears notices: whether it is a partner.
pub(in crate::catalog) const AUDIENCES: &Words<bool> = &[("BRAND", false), ("PARTNER", true)];

/// What can be told of an action.
pub const NOTICE_KINDS: &Words<NoticeKind> = &[
    ("TRACKED", NoticeKind::Tracked),
    ("MODIFIED", NoticeKind::Modified),
    ("REVERSED", NoticeKind::Reversed),
];

/// How a destination is called.
pub(in crate::catalog) const METHODS: &Words<Method> =
    &[("GET", Method::Get), ("POST", Method::Post)];

/// What a body is.
pub const BODY_TYPES: &Words<BodyType> = &[
    ("JSON", BodyType::Json),
    ("FORM", BodyType::Form),
    ("TEXT", BodyType::Text),
];

/// How a value is compared.
pub(in crate::catalog) const OPERATORS: &Words<Operator> = &[
    ("IS", Operator::Is),
    ("IS_NOT", Operator::IsNot),
    ("CONTAINS", Operator::Contains),
    ("STARTS_WITH", Operator::StartsWith),
    ("ENDS_WITH", Operator::EndsWith),
    ("REGEX", Operator::Regex),
    ("IN_LIST", Operator::InList),
    ("NOT_IN_LIST", Operator::NotInList),
    ("GT", Operator::Gt),
    ("GTE", Operator::Gte),
    ("LT", Operator::Lt),
    ("LTE", Operator::Lte),
];

/// What a rule may look at, beside `TEXT_1` to `TEXT_50` and `NUMERIC_1` to `NUMERIC_10`.
pub(in crate::catalog) const VARIABLES: &Words<Variable> = &[
    ("AD_ID", Variable::AdId),
    ("PROPERTY_ID", Variable::PropertyId),
    ("SHARED_ID", Variable::SharedId),
    ("REFERRING_TYPE", Variable::ReferringType),
    ("CURRENCY", Variable::Currency),
    ("CUSTOMER_STATUS", Variable::CustomerStatus),
    ("CUSTOMER_COUNTRY", Variable::CustomerCountry),
    ("CUSTOMER_REGION", Variable::CustomerRegion),
    ("CUSTOMER_CITY", Variable::CustomerCity),
    ("CUSTOMER_POST_CODE", Variable::CustomerPostCode),
    ("ORDER_TOTAL", Variable::OrderTotal),
    ("ORDER_PROMO_CODE", Variable::OrderPromoCode),
    ("PAYMENT_TYPE", Variable::PaymentType),
    ("GIFT_PURCHASE", Variable::GiftPurchase),
    ("LOCATION_ID", Variable::LocationId),
    ("LOCATION_TYPE", Variable::LocationType),
    ("ITEM_SKU", Variable::ItemSku),
    ("ITEM_CATEGORY", Variable::ItemCategory),
    ("ITEM_SUB_CATEGORY", Variable::ItemSubCategory),
    ("ITEM_NAME", Variable::ItemName),
    ("ITEM_BRAND", Variable::ItemBrand),
    ("ITEM_QUANTITY", Variable::ItemQuantity),
    ("ITEM_TOTAL", Variable::ItemTotal),
];

/// What a word of a closed list stands for.
pub(in crate::catalog) fn choice<T: Copy>(text: &str, words: &Words<T>) -> Result<T, Complaint> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, of)| *of).ok_or_else(|| {
        let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        Complaint::new(
            format!("{} is not in the list", quoted(text)),
            format!("one of {}", names.join(", ")),
        )
    })
}

/// The same for a key that may be absent and then means the first word.
pub(in crate::catalog) fn choice_or<T: Copy>(
    text: Option<&str>,
    words: &Words<T>,
) -> Result<T, Complaint> {
    let first = words.first().map_or("", |(word, _)| *word);
    choice(text.unwrap_or(first), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_literally_and_the_first_stands_for_none() {
        assert_eq!(choice("ITEM", LEVELS), Ok(Level::Item));
        assert_eq!(choice_or(None, LEVELS), Ok(Level::Order));
        assert_eq!(choice_or(Some("ITEM"), LEVELS), Ok(Level::Item));
        for text in ["", "item", "ITEM "] {
            let complaint = choice(text, LEVELS).unwrap_err();
            assert_eq!(complaint.allowed, "one of ORDER, ITEM, CLICK");
        }
    }

    #[test]
    fn the_first_words_are_what_a_catalogue_means_that_says_nothing() {
        assert_eq!(choice_or(None, SIGNATURES), Ok(Signatures::default()));
        assert_eq!(
            choice_or(None, CREDIT_POLICIES),
            Ok(CreditPolicy::default())
        );
        assert_eq!(choice_or(None, CREDIT_GROUPS), Ok(CreditGroup::default()));
        assert_eq!(choice_or(None, LEVELS), Ok(Level::default()));
    }
}
