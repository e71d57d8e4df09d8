//! The rules of conversions at receipt, as they are shown and proven.
//!
//! A row says one rule in words and names the test that fails when it does not hold.

use crate::model::refusal::Refusal;

use super::form::FORMS;
use super::relation::ATTRIBUTION_KEYS;

/// One rule that a conversion must keep to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Names it for ever.
    pub id: &'static str,
    /// What must hold.
    pub text: &'static str,
    /// The test that proves it, by its path in this crate.
    pub test: &'static str,
}

const fn rule(id: &'static str, text: &'static str, test: &'static str) -> Rule {
    Rule { id, text, test }
}

/// Every rule, in the order of their ids.
pub const RULES: &[Rule] = &[
    rule(
        "C01",
        "`CampaignId`, `EventDate` and `OrderId` are there.",
        "conversion::submission::tests::an_empty_body_misses_each_required_field",
    ),
    rule(
        "C02",
        "One of `ActionTrackerId`, `EventTypeId` and `EventTypeCode` is there, and all that are \
         name the same event type of the program.",
        "conversion::submission::tests::each_bad_field_is_named",
    ),
    rule(
        "C03",
        "At least one attribution key is there; `AppInstallRef` with a `ClickId` counts as one.",
        "conversion::rules::tests::every_attribution_key_will_do_and_none_will_not",
    ),
    rule(
        "C04",
        "`MediaId` and `MediaPartnerId` name a partner of the catalogue, and only one is sent.",
        "conversion::rules::tests::fields_need_and_exclude_each_other",
    ),
    rule(
        "C05",
        "`PromoCode` and `OrderPromoCode` are alike where both are sent.",
        "conversion::rules::tests::fields_need_and_exclude_each_other",
    ),
    rule(
        "C06",
        "`SubId1` to `SubId3` and `SharedId` are only sent with `MediaId` or `MediaPartnerId`.",
        "conversion::rules::tests::fields_need_and_exclude_each_other",
    ),
    rule(
        "C07",
        "`CurrencyCode` stands beside money and is the program's currency.",
        "conversion::submission::tests::each_bad_field_is_named",
    ),
    rule(
        "C08",
        "`Amount` beside priced items is what they add up to; `OrderSubTotalPostDiscount` is not \
         sent with priced items; a discount of the order has something to be taken from.",
        "conversion::amount::tests::what_is_wrong_names_the_field",
    ),
    rule(
        "C09",
        "Where one item has a price, every item has `ItemSku` and either `ItemSubTotal` or \
         `ItemPrice`; a price or a discount for one unit needs `ItemQuantity`.",
        "conversion::amount::tests::what_is_wrong_names_the_field",
    ),
    rule(
        "C10",
        "`ItemDiscountRate` and `OrderDiscountRate` are 0 to 100 with at most 4 decimals.",
        "conversion::amount::tests::what_is_wrong_names_the_field",
    ),
    rule(
        "C11",
        "Texts are no longer than the table of fields says.",
        "conversion::rules::tests::texts_have_their_longest_length_and_names_their_numbers",
    ),
    rule(
        "C12",
        "`CustomerEmail` is a hash.",
        "conversion::rules::tests::values_have_the_form_of_their_field",
    ),
    rule(
        "C13",
        "`CustomerStatus` is one that the event type knows, where it knows any; the brand's own \
         word for it counts.",
        "conversion::submission::tests::an_event_type_asks_for_its_own",
    ),
    rule(
        "C14",
        "Numbers, amounts, dates, flags, countries and addresses have the form that the table of \
         fields says; numbered names stay within their bounds.",
        "conversion::rules::tests::values_have_the_form_of_their_field",
    ),
    rule(
        "C15",
        "Beside the id of a device alone stands `PropertyId` or `AppPackage`.",
        "conversion::rules::tests::fields_need_and_exclude_each_other",
    ),
    rule(
        "C16",
        "Where conversions of the event type are calls, `PhoneNumber` and `CallerId` are there.",
        "conversion::submission::tests::an_event_type_asks_for_its_own",
    ),
    rule(
        "C17",
        "`DispositionCode` is a published code or one of the event type.",
        "conversion::submission::tests::an_event_type_asks_for_its_own",
    ),
    rule(
        "C18",
        "`X-Signature` verifies when it is sent, and is there when the brand asks for it; else \
         401.",
        "server::api::tests::signatures::each_wrong_signature_is_refused",
    ),
    rule(
        "C19",
        "`impacttest` is `1` or `true` for a test, in the body or in the query; a test is \
         credited to nobody and leaves its order id free.",
        "conversion::submission::tests::a_test_is_marked_in_the_body_or_in_the_query",
    ),
];

/// The block of the README that lists the fields with a form, the rules and the codes of refusals.
#[must_use]
pub fn markdown() -> String {
    let fields = FORMS.iter().map(|(stem, numbers, form)| {
        let (names, allowed) = (numbers.names(stem), form.allowed());
        format!("| {names} | {allowed} |")
    });
    let codes = Refusal::ALL
        .iter()
        .map(|(_, _, code, meaning)| format!("| `{code}` | {meaning} |"));
    let keys: Vec<String> = ATTRIBUTION_KEYS
        .iter()
        .map(|key| format!("`{key}`"))
        .collect();
    let rules: Vec<String> = RULES
        .iter()
        .map(|rule| format!("| {} | {} |", rule.id, rule.text))
        .collect();
    let fields: Vec<String> = fields.collect();
    let codes: Vec<String> = codes.collect();
    format!(
        "| Field | Allowed |\n|---|---|\n{}\n\nAt least one of {} is needed.\n\n\
         | Rule | What must hold, else 400 |\n|---|---|\n{}\n\n\
         | Code | Why a conversion earns nothing |\n|---|---|\n{}\n",
        fields.join("\n"),
        keys.join(", "),
        rules.join("\n"),
        codes.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the tests lie that rules name.
    const SOURCES: &[(&str, &str)] = &[
        ("conversion::submission", include_str!("../tests.rs")),
        ("conversion::rules", include_str!("tests.rs")),
        ("conversion::amount", include_str!("../amount_tests.rs")),
        (
            "server::api::tests::signatures",
            include_str!("../../server/api/tests/signatures.rs"),
        ),
    ];

    #[test]
    fn every_rule_has_its_own_id_and_a_test_that_is_there() {
        assert!(RULES.is_sorted_by(|a, b| a.id < b.id));
        for rule in RULES {
            let (path, name) = rule.test.rsplit_once("::").unwrap();
            let module = path.strip_suffix("::tests").unwrap_or(path);
            let source = SOURCES.iter().find(|(listed, _)| *listed == module);
            let (_, source) = source.unwrap_or_else(|| panic!("{module}"));
            let defined = format!("#[test]\nfn {name}()");
            assert!(source.contains(&defined), "{}: {}", rule.id, rule.test);
        }
    }
}
