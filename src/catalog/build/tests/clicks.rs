//! Payouts for clicks: which event type, which prices, and what no click answers.

use super::base::{BASE, build};
use crate::catalog::snapshot::{Level, Price};
use crate::model::id::{EventTypeId, PartnerId, ProgramId};
use crate::model::money::Money;

const TYPE: &str = "[[event_type]]\nprogram = 7\nid = 72\nname = \"Click\"\ncategory = \"CLICK\"\n";
const PLAIN: &str = "{ event_type = 70, rate = \"12.5%\" }";
const GOOD: &str = r#"{ event_type = 72, amount = "0.0125", restrictions = [
        [{ variable = "SHARED_ID", operator = "IS", values = ["spam"] }]],
    groups = [{ name = "Own", amount = "0.3", rules = [
        { variable = "PROPERTY_ID", operator = "IS", values = ["77"] },
        { variable = "AD_ID", operator = "IS_NOT", values = ["12"] }],
        limits = [{ of = "PAYOUT", amount = "5", period = "DAY" }] }],
    limits = [{ of = "ACTIONS", count = 100, scope = "ALL", period = "MONTH" }] }"#;

/// The base with an event type for clicks, and `payout` beside the first one.
fn document(types: &str, payout: &str) -> String {
    let payouts = format!("{PLAIN}, {payout}");
    let text = BASE.replacen(PLAIN, &payouts, 1);
    text.replacen("[[ad]]", &format!("{types}[[ad]]"), 1)
}

#[test]
fn a_contract_pays_for_clicks() {
    let catalog = build(&document(TYPE, GOOD)).unwrap();
    let program = catalog.program(ProgramId(7)).unwrap();
    assert_eq!(program.click_event_type, Some(EventTypeId(72)));
    let contracts = &catalog.contracts[&(ProgramId(7), PartnerId(280))];
    let payouts = &contracts[0].terms.payouts;
    let payout = payouts.get(&EventTypeId(72)).unwrap();
    assert_eq!(payout.level, Level::Click);
    assert_eq!(payout.price, Price::Flat(Money(12_500)));
    assert_eq!(payout.groups[0].price, Price::Flat(Money(300_000)));
    for plain in ["", ", level = \"CLICK\""] {
        let plain = format!("{{ event_type = 72, amount = \"0.05\"{plain} }}");
        let catalog = build(&document(TYPE, &plain)).unwrap();
        let contracts = &catalog.contracts[&(ProgramId(7), PartnerId(280))];
        let payout = contracts[0].terms.payouts.get(&EventTypeId(72)).unwrap();
        assert_eq!(payout.level, Level::Click);
    }
    let other = build(BASE).unwrap();
    assert_eq!(other.program(ProgramId(7)).unwrap().click_event_type, None);
}

#[test]
fn what_no_click_answers_is_refused_with_the_reason() {
    for (from, to, problem, allowed) in [
        (
            "\"0.0125\"",
            "\"0.0000001\"",
            "more decimals",
            "at most 6 decimals",
        ),
        (
            "amount = \"0.0125\"",
            "rate = \"5%\"",
            "or a rate, for clicks",
            "0.05",
        ),
        (
            "amount = \"0.3\"",
            "rate = \"5%\"",
            "or a rate, for clicks",
            "0.05",
        ),
        (
            "\"SHARED_ID\"",
            "\"CUSTOMER_STATUS\"",
            "asks for what no click says",
            "AD_ID, PROPERTY_ID or SHARED_ID",
        ),
        (
            "\"PROPERTY_ID\"",
            "\"CURRENCY\"",
            "asks for what no click says",
            "AD_ID, PROPERTY_ID or SHARED_ID",
        ),
        ("\"ALL\"", "\"ORDER\"", "another scope", "\"ALL\""),
        (
            "period = \"DAY\"",
            "period = \"DAY\", scope = \"CLICK\"",
            "another scope",
            "\"ALL\"",
        ),
        (
            "amount = \"0.0125\"",
            "amount = \"0.0125\", recurrences_max = 2",
            "recurrences_max is for actions",
            "none for clicks",
        ),
        (
            "amount = \"0.0125\"",
            "amount = \"0.0125\", level = \"ORDER\"",
            "level `ORDER` is not for category CLICK",
            "CLICK for event types of category CLICK",
        ),
    ] {
        let problems = build(&document(TYPE, &GOOD.replacen(from, to, 1))).unwrap_err();
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 1, "{to}: {shown:#?}");
        assert!(shown[0].contains("payout for event_type 72"), "{shown:?}");
        assert!(shown[0].contains(problem), "{shown:?}");
        assert!(shown[0].contains(allowed), "{shown:?}");
    }
}

#[test]
fn a_program_has_one_event_type_of_clicks() {
    let two = format!("{TYPE}{}", TYPE.replace("72", "73"));
    let problems = build(&document(&two, GOOD)).unwrap_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 1, "{shown:#?}");
    assert!(
        shown[0].contains("CLICK is that of event type 72 already"),
        "{shown:?}"
    );
}
