//! Which payout group prices what, and how prices are rounded.

use std::slice::from_ref;

use ahash::{AHashMap, AHashSet};

use crate::catalog::snapshot::{
    ExceptionList, ExceptionLists, Level, ListKind, Operator, Pattern, Payout, PayoutGroup, Price,
    Rule, Values, Variable,
};
use crate::derived::ActionItem;
use crate::model::id::AdId;
use crate::model::money::{Money, Rate};
use crate::model::referral::ReferringType;
use crate::model::submission::{Item, Order, Submission};

use super::order::{Priced, price};
use super::sale::{Link, Sale, Sold};

fn cents(cents: i64) -> Money {
    Money(cents * 10_000)
}

fn texts(variable: Variable, operator: Operator, values: &[&str]) -> Rule {
    Rule {
        variable,
        operator,
        values: Values::Texts(values.iter().map(|text| Box::from(*text)).collect()),
    }
}

fn number(variable: Variable, operator: Operator, value: i64) -> Rule {
    Rule {
        variable,
        operator,
        values: Values::Numbers([value].into()),
    }
}

fn group(rules: Vec<Rule>, price: Price) -> PayoutGroup {
    PayoutGroup {
        name: "g".into(),
        rules: rules.into(),
        price,
        limits: Box::default(),
    }
}

fn flat(amount: i64) -> Price {
    Price::Flat(cents(amount))
}

fn percent(percent: u32) -> Price {
    Price::Rate(Rate(percent * 10_000))
}

/// A flat price of 1.00, and groups before it.
fn payout(level: Level, groups: Vec<PayoutGroup>) -> Payout {
    Payout {
        level,
        groups: groups.into(),
        ..Payout::from(flat(100))
    }
}

fn item(number: u16, units: u32, net: i64, texts: [&str; 5]) -> (Item, ActionItem) {
    let [sku, category, sub_category, name, brand] = texts.map(Box::<str>::from);
    let sent = Item {
        number,
        units,
        net: Some(cents(net)),
        sku: sku.clone(),
        category: category.clone(),
        sub_category,
        name: name.clone(),
        brand,
        ..Item::default()
    };
    let line = ActionItem {
        number,
        units,
        net: cents(net),
        sku,
        category,
        name,
        ..ActionItem::default()
    };
    (sent, line)
}

fn shoe() -> (Item, ActionItem) {
    item(1, 2, 6_000, ["S-1", "Shoes", "Boots", "Red boot", "Acme"])
}

fn hat() -> (Item, ActionItem) {
    item(2, 1, 4_000, ["H-1", "Hats", "Caps", "Blue cap", "Bolt"])
}

const FIELDS: &[(&str, &str)] = &[
    ("CustomerCity", "Graz"),
    ("CustomerCountry", "AT"),
    ("CustomerPostCode", "8010"),
    ("CustomerRegion", "Styria"),
    ("GiftPurchase", "TRUE"),
    ("LocationId", "L-7"),
    ("LocationType", "Outlet"),
    ("Numeric10", "-2.5"),
    ("OrderPromoCode", "SAVE10"),
    ("PaymentType", "Invoice"),
    ("Text50", "fifty"),
];

/// The sale that everything is asked of: 100.00 of shoes and hats, or of nothing.
struct Sample {
    submission: Submission,
    lines: Vec<ActionItem>,
    link: Link,
    lists: ExceptionLists,
    amount: Option<Money>,
}

impl Sample {
    fn of(amount: Option<i64>, items: Vec<(Item, ActionItem)>) -> Self {
        let (sent, lines) = items.into_iter().unzip();
        let field = |(name, value): &(&str, &str)| (Box::from(*name), Box::from(*value));
        let list = ExceptionList {
            id: 3,
            name: "Sale".into(),
            kind: ListKind::Sku,
            texts: AHashSet::from_iter(["h-1".into()]),
            patterns: [Pattern::new("X-[0-9]+").unwrap()].into(),
        };
        Self {
            submission: Submission {
                order: Order {
                    amount: amount.map(cents),
                    items: sent,
                },
                fields: FIELDS.iter().map(field).collect(),
                ..Submission::default()
            },
            lines,
            link: Link {
                property: Some("31".into()),
                shared_id: Some("Share".into()),
            },
            lists: ExceptionLists(AHashMap::from_iter([(3, list)])),
            amount: amount.map(cents),
        }
    }

    fn both() -> Self {
        Self::of(Some(10_000), vec![shoe(), hat()])
    }

    fn price(&self, payout: &Payout) -> Priced {
        let sale = Sale {
            currency: "USD".parse().unwrap(),
            amount: self.amount,
            items: Sold::of(&self.lines, self.amount, &self.submission),
            customer_status: Some("New"),
            referring_type: ReferringType::ClickCookie,
            ad: AdId(5),
            link: &self.link,
            submission: &self.submission,
        };
        price(&sale, payout, &self.lists)
    }

    fn holds(&self, rule: Rule) -> bool {
        let payout = payout(Level::Order, vec![group(vec![rule], flat(700))]);
        self.price(&payout).cost() == cents(700)
    }
}

fn costs(priced: &Priced) -> Vec<i64> {
    let costs = priced.shares.iter().map(|share| share.cost.0 / 10_000);
    costs.collect()
}

/// Every variable that is a text, with what the sample says of it.
const TEXTS: &[(Variable, &str)] = &[
    (Variable::AdId, "5"),
    (Variable::PropertyId, "31"),
    (Variable::SharedId, "share"),
    (Variable::ReferringType, "click_cookie"),
    (Variable::Currency, "usd"),
    (Variable::CustomerStatus, "new"),
    (Variable::CustomerCountry, "at"),
    (Variable::CustomerRegion, "styria"),
    (Variable::CustomerCity, "graz"),
    (Variable::CustomerPostCode, "8010"),
    (Variable::OrderPromoCode, "save10"),
    (Variable::PaymentType, "invoice"),
    (Variable::GiftPurchase, "true"),
    (Variable::LocationId, "l-7"),
    (Variable::LocationType, "outlet"),
    (Variable::Text(50), "fifty"),
    (Variable::ItemSku, "s-1"),
    (Variable::ItemCategory, "hats"),
    (Variable::ItemSubCategory, "boots"),
    (Variable::ItemName, "red boot"),
    (Variable::ItemBrand, "bolt"),
];

#[test]
fn every_text_is_asked_by_every_operator_of_texts() {
    let sample = Sample::both();
    for (variable, value) in TEXTS {
        let holds = |operator, values: &[&str]| sample.holds(texts(*variable, operator, values));
        let first = value.chars().next().map(String::from).unwrap();
        let last = value.chars().last().map(String::from).unwrap();
        assert!(holds(Operator::Is, &["other", value]), "{variable:?}");
        assert!(!holds(Operator::Is, &["other"]), "{variable:?}");
        assert!(holds(Operator::IsNot, &["other"]), "{variable:?}");
        assert!(holds(Operator::Contains, &[value]), "{variable:?}");
        assert!(!holds(Operator::Contains, &["#"]), "{variable:?}");
        assert!(holds(Operator::StartsWith, &["#", &first]), "{variable:?}");
        assert!(!holds(Operator::StartsWith, &["#"]), "{variable:?}");
        assert!(holds(Operator::EndsWith, &[&last]), "{variable:?}");
        assert!(!holds(Operator::EndsWith, &["#"]), "{variable:?}");
        let matches = |pattern: String| {
            let values = Values::Pattern(Pattern::new(&pattern).unwrap());
            sample.holds(Rule {
                variable: *variable,
                operator: Operator::Regex,
                values,
            })
        };
        assert!(matches(format!("(?i){value}")), "{variable:?}");
        assert!(!matches("#".to_owned()), "{variable:?}");
        if !variable.is_of_item() {
            assert!(!holds(Operator::IsNot, &["other", value]), "{variable:?}");
        }
    }
}

#[test]
fn every_number_is_asked_by_every_operator_of_numbers() {
    let one = Sample::of(Some(6_000), vec![shoe()]);
    for (variable, value) in [
        (Variable::OrderTotal, 60_000_000),
        (Variable::Numeric(10), -2_500_000),
        (Variable::ItemQuantity, 2_000_000),
        (Variable::ItemTotal, 60_000_000),
    ] {
        for (operator, below, same, above) in [
            (Operator::Is, false, true, false),
            (Operator::IsNot, true, false, true),
            (Operator::Gt, true, false, false),
            (Operator::Gte, true, true, false),
            (Operator::Lt, false, false, true),
            (Operator::Lte, false, true, true),
        ] {
            let holds = |of| one.holds(number(variable, operator, of));
            let found = [value - 1, value, value + 1].map(holds);
            assert_eq!(found, [below, same, above], "{variable:?} {operator:?}");
        }
    }
}

#[test]
fn what_was_not_said_fulfils_only_what_it_is_not() {
    let mut nothing = Sample::of(None, vec![]);
    nothing.submission.fields = Vec::new();
    nothing.link = Link::default();
    let known = [Variable::AdId, Variable::ReferringType, Variable::Currency];
    for (variable, value) in TEXTS {
        if !known.contains(variable) && *variable != Variable::CustomerStatus {
            assert!(!nothing.holds(texts(*variable, Operator::Is, &[value])));
            assert!(nothing.holds(texts(*variable, Operator::IsNot, &[value])));
        }
    }
    for variable in [
        Variable::OrderTotal,
        Variable::ItemTotal,
        Variable::Numeric(10),
    ] {
        assert!(
            !nothing.holds(number(variable, Operator::Lt, 1)),
            "{variable:?}"
        );
        assert!(
            nothing.holds(number(variable, Operator::IsNot, 0)),
            "{variable:?}"
        );
    }
    // One item of one unit.
    assert!(nothing.holds(number(Variable::ItemQuantity, Operator::Is, 1_000_000)));
}

#[test]
fn an_exception_list_is_asked_for_what_is_on_it() {
    let rule = |operator, id| Rule {
        variable: Variable::ItemSku,
        operator,
        values: Values::Lists([id].into()),
    };
    let hat = Sample::of(Some(4_000), vec![hat()]);
    let shoe = Sample::of(Some(6_000), vec![shoe()]);
    assert!(hat.holds(rule(Operator::InList, 3)));
    assert!(!hat.holds(rule(Operator::NotInList, 3)));
    assert!(!shoe.holds(rule(Operator::InList, 3)));
    assert!(shoe.holds(rule(Operator::NotInList, 3)));
    assert!(!hat.holds(rule(Operator::InList, 4)), "no such list");
}

#[test]
fn the_first_group_that_holds_counts_and_only_that_one() {
    let city = |city: &str| texts(Variable::CustomerCity, Operator::Is, &[city]);
    let groups = vec![
        group(vec![city("wien")], flat(10)),
        group(vec![city("graz")], flat(20)),
        group(vec![], flat(40)),
    ];
    let priced = Sample::both().price(&payout(Level::Order, groups.clone()));
    assert_eq!((priced.cost(), priced.group()), (cents(20), Some(1)));
    let mut other = Sample::both();
    other.submission.fields = Vec::new();
    let priced = other.price(&payout(Level::Order, groups[..2].to_vec()));
    assert_eq!((priced.cost(), priced.group()), (cents(100), None));
}

#[test]
fn all_rules_of_a_group_must_hold() {
    let city = |city: &str| texts(Variable::CustomerCity, Operator::Is, &[city]);
    let status = texts(Variable::CustomerStatus, Operator::Is, &["new"]);
    for (rules, cost) in [
        (vec![status.clone(), city("graz")], 20),
        (vec![status.clone(), city("wien")], 100),
        (vec![city("wien"), status], 100),
    ] {
        let payout = payout(Level::Order, vec![group(rules, flat(20))]);
        assert_eq!(Sample::both().price(&payout).cost(), cents(cost));
    }
}

#[test]
fn items_are_priced_each_by_its_own_group_and_a_flat_price_for_each_unit() {
    let shoes = group(
        vec![texts(Variable::ItemCategory, Operator::Is, &["shoes"])],
        flat(30),
    );
    let by_order = Sample::both().price(&payout(Level::Order, vec![shoes.clone()]));
    assert_eq!(by_order.cost(), cents(30), "any item, and once");
    assert_eq!(costs(&by_order), [18, 12], "shared as the amount is");
    let by_item = Sample::both().price(&payout(Level::Item, vec![shoes]));
    assert_eq!(costs(&by_item), [60, 100]);
    let groups: Vec<_> = by_item.shares.iter().map(|share| share.group).collect();
    assert_eq!(groups, [Some(0), None]);
    assert_eq!(by_item.group(), None);
    let none = Sample::of(Some(10_000), vec![]);
    assert_eq!(costs(&none.price(&payout(Level::Item, vec![]))), [100]);
}

#[test]
fn an_order_without_money_is_shared_by_units() {
    let unpriced = [shoe(), hat()].map(|(sent, line)| {
        let net = Money::ZERO;
        (Item { net: None, ..sent }, ActionItem { net, ..line })
    });
    let sample = Sample::of(None, unpriced.to_vec());
    assert_eq!(
        costs(&sample.price(&payout(Level::Order, vec![]))),
        [67, 33]
    );
}

#[test]
fn what_was_taken_out_is_asked_nothing_and_earns_nothing() {
    let mut sample = Sample::both();
    sample.lines[0].units = 0;
    let shoes = texts(Variable::ItemCategory, Operator::Is, &["shoes"]);
    let payout = payout(Level::Order, vec![group(vec![shoes], flat(30))]);
    let priced = sample.price(&payout);
    assert_eq!(priced.cost(), cents(100));
    assert_eq!(priced.shares.len(), 1);
}

#[test]
fn a_restriction_pays_nothing_where_all_its_rules_hold() {
    let shoes = texts(Variable::ItemCategory, Operator::Is, &["shoes"]);
    let wien = texts(Variable::CustomerCity, Operator::Is, &["wien"]);
    let restricted = |level, rules: &[Rule]| {
        let payout = Payout {
            restrictions: [rules.into()].into(),
            ..payout(level, vec![group(vec![], flat(30))])
        };
        Sample::both().price(&payout)
    };
    let order = restricted(Level::Order, from_ref(&shoes));
    assert_eq!((costs(&order), order.is_restricted()), (vec![0, 0], true));
    assert_eq!(order.group(), None);
    let item = restricted(Level::Item, from_ref(&shoes));
    assert_eq!((costs(&item), item.is_restricted()), (vec![0, 30], true));
    let other = restricted(Level::Order, &[shoes, wien]);
    assert_eq!(
        (costs(&other), other.is_restricted()),
        (vec![18, 12], false)
    );
}

#[test]
fn rates_are_rounded_half_to_even_once_on_the_order_or_on_each_item() {
    // 10 % of 0.05 is 0.005, to even 0.00; of 0.15 it is 0.015, to even 0.02.
    let items = vec![
        item(1, 1, 5, [""; 5]),
        item(2, 1, 5, [""; 5]),
        item(3, 1, 15, [""; 5]),
    ];
    let sample = Sample::of(Some(25), items);
    let by = |level| {
        let payout = Payout {
            level,
            ..Payout::from(percent(10))
        };
        sample.price(&payout)
    };
    assert_eq!(by(Level::Item).cost(), cents(2));
    assert_eq!(costs(&by(Level::Item)), [0, 0, 2]);
    // 0.025 is 0.02 too, but shared.
    assert_eq!(by(Level::Order).cost(), cents(2));
    assert_eq!(costs(&by(Level::Order)).iter().sum::<i64>(), 2);
    let bases: Vec<_> = by(Level::Item).lines.iter().map(|line| line.base).collect();
    assert_eq!(bases, [cents(5), cents(5), cents(15)]);
    assert_eq!(by(Level::Order).lines[0].base, cents(25));
    let halves = Sample::of(
        Some(30),
        vec![item(1, 1, 15, [""; 5]), item(2, 1, 15, [""; 5])],
    );
    let payout = |level| Payout {
        level,
        ..Payout::from(percent(10))
    };
    assert_eq!(halves.price(&payout(Level::Item)).cost(), cents(4));
    assert_eq!(halves.price(&payout(Level::Order)).cost(), cents(3));
}
