//! Rules that a payout may have, and those it may not, each with its reason.

use ahash::{AHashMap, AHashSet};

use super::*;
use crate::catalog::snapshot::ExceptionList;

fn lists() -> ExceptionLists {
    let list = |id, kind| {
        let list = ExceptionList {
            id,
            name: "l".into(),
            kind,
            texts: AHashSet::new(),
            patterns: Box::default(),
        };
        (id, list)
    };
    ExceptionLists(AHashMap::from_iter([
        list(1, ListKind::Sku),
        list(2, ListKind::Category),
        list(3, ListKind::PromoCode),
    ]))
}

fn read(variable: &str, operator: &str, values: &[&str]) -> Result<Rule, Complaint> {
    let doc = RuleDoc {
        variable: variable.to_owned(),
        operator: operator.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    rule(&doc, Some(&lists()), &mut Patterns::default())
}

#[test]
fn every_variable_takes_the_operators_of_its_kind() {
    let texts = |values: &[&str]| Values::Texts(values.iter().map(|v| (*v).into()).collect());
    for (variable, operator, values, expected) in [
        (
            "ITEM_CATEGORY",
            "IS",
            &["Shoes", "BOOTS"][..],
            texts(&["shoes", "boots"]),
        ),
        ("TEXT_50", "CONTAINS", &["X"], texts(&["x"])),
        (
            "REFERRING_TYPE",
            "IS_NOT",
            &["PROMOCODE"],
            texts(&["promocode"]),
        ),
        (
            "ORDER_TOTAL",
            "GTE",
            &["100.50"],
            Values::Numbers([100_500_000].into()),
        ),
        (
            "NUMERIC_10",
            "IS",
            &["-1", "0.000001"],
            Values::Numbers([-1_000_000, 1].into()),
        ),
        (
            "ITEM_QUANTITY",
            "LT",
            &["3.0000000"],
            Values::Numbers([3_000_000].into()),
        ),
        ("ITEM_SKU", "IN_LIST", &["1"], Values::Lists([1].into())),
        (
            "ITEM_SUB_CATEGORY",
            "NOT_IN_LIST",
            &["2"],
            Values::Lists([2].into()),
        ),
        (
            "ORDER_PROMO_CODE",
            "IN_LIST",
            &["3"],
            Values::Lists([3].into()),
        ),
    ] {
        let found = read(variable, operator, values).map(|rule| rule.values);
        assert_eq!(found, Ok(expected), "{variable} {operator}");
    }
    for (name, variable) in VARIABLES {
        let value = match variable {
            Variable::ReferringType => "CALL",
            Variable::GiftPurchase => "true",
            Variable::CustomerCountry => "de",
            _ => "1",
        };
        let found = read(name, "IS", &[value]).map(|rule| rule.variable);
        assert_eq!(found, Ok(*variable), "{name}");
    }
    assert!(matches!(
        read("ITEM_SKU", "REGEX", &["A|B"]).map(|rule| rule.values),
        Ok(Values::Pattern(pattern)) if pattern.as_str() == "A|B"
    ));
}

#[test]
fn other_rules_are_refused_with_the_reason() {
    let many = vec!["1"; VALUES_MAX + 1];
    for (variable, operator, values, reason) in [
        ("SKU", "IS", &["x"][..], "variable `SKU` is not in the list"),
        ("TEXT_0", "IS", &["x"], "variable `TEXT_0`"),
        ("TEXT_51", "IS", &["x"], "variable `TEXT_51`"),
        ("TEXT_01", "IS", &["x"], "variable `TEXT_01`"),
        ("NUMERIC_11", "IS", &["1"], "variable `NUMERIC_11`"),
        ("TEXT_+1", "IS", &["x"], "variable `TEXT_+1`"),
        ("ITEM_SKU", "EQUALS", &["x"], "operator `EQUALS`"),
        ("ITEM_SKU", "GT", &["1"], "ITEM_SKU is not compared by GT"),
        (
            "ORDER_TOTAL",
            "CONTAINS",
            &["1"],
            "ORDER_TOTAL is not compared by CONTAINS",
        ),
        (
            "ORDER_TOTAL",
            "REGEX",
            &["1"],
            "ORDER_TOTAL is not compared by REGEX",
        ),
        (
            "TEXT_1",
            "IN_LIST",
            &["1"],
            "TEXT_1 is not compared by IN_LIST",
        ),
        ("ITEM_SKU", "IS", &[], "has 0 values"),
        ("ITEM_SKU", "IS", &many, "has 1001 values"),
        ("ITEM_SKU", "IS", &["x", ""], "`` is empty"),
        ("ITEM_SKU", "IS", &[" x"], "holds what it must not"),
        ("ITEM_SKU", "REGEX", &["a", "b"], "has 2 values"),
        ("ITEM_SKU", "REGEX", &["("], "unclosed group"),
        ("ORDER_TOTAL", "GT", &["1", "2"], "has 2 values"),
        ("ORDER_TOTAL", "GT", &["1,5"], "no number"),
        ("ORDER_TOTAL", "GT", &["1e3"], "no number"),
        ("ORDER_TOTAL", "GT", &["NaN"], "no number"),
        ("ORDER_TOTAL", "GT", &["+1"], "no number"),
        ("ORDER_TOTAL", "GT", &["1."], "no number"),
        ("ORDER_TOTAL", "GT", &[".5"], "no number"),
        ("ORDER_TOTAL", "GT", &["--1"], "no number"),
        ("ORDER_TOTAL", "GT", &["0.0000001"], "no number"),
        ("ORDER_TOTAL", "GT", &["1000000000001"], "no number"),
        ("ORDER_TOTAL", "GT", &["99999999999999999999"], "no number"),
        ("ITEM_SKU", "IN_LIST", &["2"], "no list of such values"),
        ("ITEM_SKU", "IN_LIST", &["9"], "no list of such values"),
        ("ITEM_SKU", "IN_LIST", &["01"], "no list of such values"),
        ("ITEM_SKU", "IN_LIST", &["Shoes"], "no list of such values"),
        ("REFERRING_TYPE", "IS", &["CLICK"], "no value of it"),
        ("GIFT_PURCHASE", "IS", &["yes"], "no value of it"),
        ("CUSTOMER_COUNTRY", "IS", &["USA"], "no value of it"),
        ("AD_ID", "IS", &["007"], "no value of it"),
    ] {
        let complaint = read(variable, operator, values).unwrap_err();
        assert!(
            complaint.problem.contains(reason),
            "{variable} {operator}: {complaint:?}"
        );
        assert!(!complaint.allowed.is_empty(), "{complaint:?}");
    }
}

#[test]
fn channels_compare_texts_only() {
    let read = |part: &str, operator: &str, value: &str| {
        let doc = ChannelRuleDoc {
            part: part.to_owned(),
            operator: operator.to_owned(),
            values: vec![value.to_owned()],
        };
        channel_rule(&doc, &mut Patterns::default()).map_err(|complaint| complaint.problem)
    };
    assert!(read("UTM_SOURCE", "IS", "Google").is_ok());
    assert!(read("REFERRER_HOST", "REGEX", r"www\.google\..*").is_ok());
    for (part, operator, value, reason) in [
        ("UTM_TERM", "IS", "x", "part `UTM_TERM`"),
        ("UTM_SOURCE", "LIKE", "x", "operator `LIKE`"),
        ("UTM_SOURCE", "IN_LIST", "1", "not compared by IN_LIST"),
        ("UTM_SOURCE", "IS", "", "is empty"),
    ] {
        let problem = read(part, operator, value).unwrap_err();
        assert!(problem.contains(reason), "{part} {operator}: {problem}");
    }
}
