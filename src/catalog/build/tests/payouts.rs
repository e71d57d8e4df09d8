//! What contracts pay besides a price: level, groups, restrictions, limits, scheduled payouts.

use std::sync::Arc;

use super::base::{BASE, build, check, check_more};
use crate::catalog::snapshot::{
    Catalog, Contract, CreditGroup, Found, Level, Limit, LimitOf, Locking, Operator, Payouts,
    Period, Price, Scope, Values, Variable,
};
use crate::model::id::{EventTypeId, PartnerId, ProgramId};
use crate::model::money::{Money, Rate};
use crate::model::referral::ReferringType;
use crate::model::time::Millis;

const PLAIN: &str = "{ event_type = 70, rate = \"12.5%\" }";

const FULL: &str = r#"{ event_type = 70, rate = "5%", level = "ITEM", recurrences_max = 2,
    restrictions = [[
        { variable = "CUSTOMER_STATUS", operator = "IS", values = ["EXISTING"] },
        { variable = "ORDER_TOTAL", operator = "LT", values = ["10"] },
    ], [{ variable = "ITEM_SKU", operator = "IN_LIST", values = ["3"] }]],
    groups = [
        { name = "Shoes", amount = "1.50", rules = [
            { variable = "ITEM_CATEGORY", operator = "IS", values = ["Shoes", "Boots"] },
        ], limits = [{ of = "ACTIONS", count = 3, scope = "CUSTOMER", period = "CONTRACT" }] },
        { name = "Big", rate = "8%", rules = [
            { variable = "ORDER_TOTAL", operator = "GTE", values = ["100"] },
        ] },
    ],
    limits = [{ of = "PAYOUT", amount = "500", period = "MONTH" }] }"#;

const LIST: &str = "[[exception_list]]\nprogram = 7\nid = 3\nname = \"Sale\"\ntype = \"SKU\"\n\
                    values = [\"A1\"]\n";

fn at(text: &str) -> Millis {
    Millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn contract(catalog: &Catalog) -> &Contract {
    let when = at("2026-02-01T00:00:00Z");
    match catalog.contract(ProgramId(7), PartnerId(280), when) {
        Found::InForce(contract) => contract,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_contract_that_says_nothing_has_the_usual_terms() {
    let catalog = build(BASE).unwrap();
    let terms = &contract(&catalog).terms;
    assert_eq!(terms.credit_group, CreditGroup::Preferred);
    assert!(
        ReferringType::ALL
            .iter()
            .all(|row| terms.accepts.contains(row.0))
    );
    assert_eq!(terms.locking, Locking::AfterMonthEnd { months: 1, days: 0 });
    assert!(terms.scheduled.is_empty());
    let payout = terms.payouts.get(&EventTypeId(70)).unwrap();
    assert_eq!(*payout, Price::Rate(Rate(125_000)).into());
}

#[test]
fn a_payout_with_everything_is_compiled() {
    let text = BASE.replacen(PLAIN, FULL, 1);
    let catalog = build(&format!("{LIST}{text}")).unwrap();
    let payout = contract(&catalog).terms.payouts.get(&EventTypeId(70));
    let payout = payout.unwrap();
    assert_eq!(
        (payout.level, payout.recurrences_max),
        (Level::Item, Some(2))
    );
    assert_eq!(payout.price, Price::Rate(Rate(50_000)));
    let rules: Vec<_> = payout.restrictions.iter().map(|set| set.len()).collect();
    assert_eq!(rules, [2, 1]);
    let [shoes, big] = &*payout.groups else {
        panic!("{payout:?}");
    };
    assert_eq!(
        (&*shoes.name, shoes.price),
        ("Shoes", Price::Flat(Money(1_500_000)))
    );
    assert_eq!((&*big.name, big.price), ("Big", Price::Rate(Rate(80_000))));
    let rule = shoes.rules.first().unwrap();
    assert_eq!(
        (rule.variable, rule.operator),
        (Variable::ItemCategory, Operator::Is)
    );
    assert_eq!(
        rule.values,
        Values::Texts(["shoes".into(), "boots".into()].into())
    );
    let own = Limit {
        of: LimitOf::Actions(3),
        scope: Scope::Customer,
        period: Period::Contract,
    };
    let all = Limit {
        of: LimitOf::Payout(Money(500_000_000)),
        scope: Scope::All,
        period: Period::Month,
    };
    assert_eq!((&*shoes.limits, &*big.limits), (&[own][..], &[][..]));
    assert_eq!(*payout.limits, [all]);
}

/// What is replaced in the full payout, by what, the place behind the payout, and a piece of the
/// problem.
const CASES: &[(&str, &str, &str, &str)] = &[
    ("\"ITEM\"", "\"CLICK\"", "", "level `CLICK`"),
    (
        "recurrences_max = 2",
        "recurrences_max = 0",
        "",
        "recurrences_max is 0",
    ),
    (
        "\"CUSTOMER_STATUS\"",
        "\"STATUS\"",
        ", restriction 1, rule 1",
        "`STATUS`",
    ),
    (
        "\"LT\"",
        "\"CONTAINS\"",
        ", restriction 1, rule 2",
        "not compared",
    ),
    (
        "values = [\"3\"]",
        "values = [\"4\"]",
        ", restriction 2, rule 1",
        "no list",
    ),
    (
        "\"Shoes\", amount = \"1.50\"",
        "\"Shoes\", amount = \"1.505\"",
        ", group `Shoes`",
        "more decimals",
    ),
    (
        "\"Shoes\", amount = \"1.50\"",
        "\"Shoes\"",
        ", group `Shoes`",
        "neither",
    ),
    (
        "name = \"Shoes\"",
        "name = \"Big\"",
        ", group `Big`",
        "already used",
    ),
    ("name = \"Big\"", "name = \"\"", ", group ``", "no name"),
    (
        "[\"Shoes\", \"Boots\"]",
        "[]",
        ", group `Shoes`, rule 1",
        "0 values",
    ),
    (
        "count = 3",
        "count = 0",
        ", group `Shoes`, limit 1",
        "to nothing",
    ),
    (
        "period = \"MONTH\"",
        "period = \"YEAR\"",
        ", limit 1",
        "period `YEAR`",
    ),
];

#[test]
fn payouts_are_checked_rule_by_rule() {
    for (from, to, within, piece) in CASES {
        let place = format!("payout for event_type 70{within}");
        let payout = FULL.replacen(from, to, 1);
        assert_ne!(payout, FULL, "{from}");
        let text = format!("{LIST}{}", BASE.replacen(PLAIN, &payout, 1));
        let problems = build(&text).unwrap_err();
        let [problem] = &problems[..] else {
            panic!("{to}: {problems:#?}");
        };
        assert!(
            problem.place.ends_with(&format!(": {place}")),
            "{problem}, not {place}"
        );
        assert!(problem.problem.contains(piece), "{problem}, not {piece}");
        assert!(!problem.allowed.is_empty());
    }
}

#[test]
fn sets_without_rules_and_sets_with_too_many_are_refused() {
    let rule = "{ variable = \"TEXT_1\", operator = \"IS\", values = [\"x\"] }";
    let with = |more: &str| PLAIN.replace(" }", &format!(", {more} }}"));
    for (more, piece) in [
        ("restrictions = [[]]".to_owned(), "has no rules"),
        (
            "groups = [{ name = \"a\", amount = \"1\", rules = [] }]".to_owned(),
            "has no rules",
        ),
        (
            format!("restrictions = [[{}]]", [rule; 21].join(", ")),
            "has 21 rules",
        ),
        (
            format!(
                "restrictions = [{}]",
                vec![format!("[{rule}]"); 201].join(", ")
            ),
            "has 201 restr",
        ),
        (
            format!(
                "limits = [{}]",
                ["{ of = \"ACTIONS\", count = 1, period = \"DAY\" }"; 11].join(",")
            ),
            "has 11 limits",
        ),
    ] {
        check(PLAIN, &with(&more), &[("payout for event_type 70", piece)]);
    }
}

#[test]
fn keys_that_are_unknown_are_refused_wherever_they_stand() {
    for (from, to) in [
        ("level = \"ITEM\"", "levle = \"ITEM\""),
        ("of = \"PAYOUT\"", "off = \"PAYOUT\""),
        ("operator = \"LT\"", "op = \"LT\""),
        ("name = \"Big\"", "title = \"Big\""),
    ] {
        let payout = FULL.replacen(from, to, 1);
        let problems = build(&BASE.replacen(PLAIN, &payout, 1)).unwrap_err();
        let key = to.split(' ').next().unwrap();
        let shown = format!("unknown field `{key}`");
        assert!(
            problems.iter().any(|p| p.problem.contains(&shown)),
            "{to}: {problems:#?}"
        );
    }
    check(
        "end = 2026-06-30",
        "locking = { months = 1, weeks = 2 }",
        &[("contract", "unknown field `weeks`")],
    );
}

#[test]
fn terms_of_contracts_are_checked_field_by_field() {
    let place = "line 36, contract of partner 280 with program 7 from 2026-01-01";
    for (more, field, piece) in [
        ("credit_group = \"BEST\"", "credit_group", "`BEST`"),
        ("accepts = []", "accepts", "is empty"),
        ("accepts = [\"CLICK\", \"VIEW\"]", "accepts", "`VIEW`"),
        ("locking = \"NEVER\"", "locking", "`NEVER`"),
        ("locking = { months = 25 }", "locking", "too many"),
    ] {
        check(
            "end = 2026-06-30",
            more,
            &[(&format!("{place}: {field}"), piece)],
        );
    }
    let more = "credit_group = \"STANDARD\"\naccepts = [\"PROMOCODE\"]\nlocking = \"OPEN\"";
    let catalog = build(&BASE.replacen("end = 2026-06-30", more, 1)).unwrap();
    let terms = &contract(&catalog).terms;
    assert_eq!(
        (terms.credit_group, terms.locking),
        (CreditGroup::Standard, Locking::Open)
    );
    assert!(terms.accepts.contains(ReferringType::Promocode));
    assert!(!terms.accepts.contains(ReferringType::ClickCookie));
}

#[test]
fn scheduled_payouts_are_compiled_in_the_programs_zone_and_checked() {
    let good = "scheduled = [{ name = \"Friday\", start = 2026-11-27, end = 2026-11-30, \
                days = [\"FRI\"], hours = \"09:00-17:00\", \
                payouts = [{ event_type = 70, rate = \"9%\" }] }]";
    let with = |entry: &str| format!("end = 2026-12-31\n{entry}");
    let catalog = build(&BASE.replacen("end = 2026-06-30", &with(good), 1)).unwrap();
    let terms = &contract(&catalog).terms;
    let own = terms.scheduled.first().unwrap();
    assert_eq!(own.start, at("2026-11-26T23:00:00Z"));
    assert_eq!(own.end, at("2026-11-30T23:00:00Z"));
    let zone = &catalog.program(ProgramId(7)).unwrap().time_zone;
    let paid = |when| {
        terms
            .payout(EventTypeId(70), at(when), zone)
            .map(|own| own.price)
    };
    assert_eq!(
        paid("2026-11-27T08:00:00Z"),
        Some(Price::Rate(Rate(90_000)))
    );
    assert_eq!(
        paid("2026-11-27T16:00:00Z"),
        Some(Price::Rate(Rate(125_000)))
    );
    for (from, to, piece, place) in [
        ("2026-11-27", "\"soon\"", "start `soon`", ""),
        ("2026-11-30", "\"later\"", "end `later`", ""),
        ("2026-11-30", "2026-11-26", "not after the start", ""),
        ("\"FRI\"", "\"FRIDAY\"", "days `FRIDAY`", ""),
        ("09:00-", "19:00-", "hours `19:00-17:00`", ""),
        (
            "\"9%\"",
            "\"900%\"",
            "more than 100%",
            ", payout for event_type 70",
        ),
        (
            "event_type = 70",
            "event_type = 79",
            "no such event type",
            ", payout for event_type 79",
        ),
    ] {
        let entry = with(&good.replacen(from, to, 1));
        let place = format!("scheduled `Friday`{place}");
        check("end = 2026-06-30", &entry, &[(&place, piece)]);
    }
}

#[test]
fn equal_terms_are_shared() {
    let mut text = BASE.replacen(PLAIN, FULL, 1);
    let own = text.split("[[contract").last().unwrap().to_owned();
    for start in ["2026-07-01", "2026-08-01"] {
        let end = start.replace("-01", "-28");
        let more = own.replace("2026-01-01", start).replace("2026-06-30", &end);
        text.push_str("[[contract");
        text.push_str(&more);
    }
    let catalog = build(&format!("{LIST}{text}")).unwrap();
    let contracts = &catalog.contracts[&(ProgramId(7), PartnerId(280))];
    assert_eq!(contracts.len(), 3);
    let shared = contracts
        .iter()
        .all(|own| Arc::ptr_eq(&own.terms, &contracts[0].terms));
    assert!(shared);
}

#[test]
fn a_program_looks_back_as_far_as_its_longest_referral_window() {
    let more = "[[contract]]\nprogram = 7\npartner = 280\nstart = 2027-01-01\n\
                referral_window = \"45d\"\n";
    let days = |catalog: &Catalog| catalog.program(ProgramId(7)).unwrap().look_back;
    let day = crate::model::time::DAY;
    assert_eq!(days(&build(BASE).unwrap()), 30 * day);
    assert_eq!(days(&build(&format!("{BASE}{more}")).unwrap()), 45 * day);
    check_more(more, &[]);
    assert!(Payouts::default().is_empty());
}
