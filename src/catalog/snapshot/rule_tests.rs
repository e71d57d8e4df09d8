//! Every operator on texts, numbers, lists and expressions, and what was not sent.

use ahash::{AHashMap, AHashSet};

use super::*;
use crate::catalog::snapshot::{ExceptionList, ListKind};

/// One text and one number, whatever variable is asked for.
struct Told<'a>(&'a str, Option<i64>);

impl Facts for Told<'_> {
    fn text(&self, of: Variable) -> Option<Cow<'_, str>> {
        (of != Variable::PaymentType).then_some(self.0.into())
    }

    fn number(&self, _: Variable) -> Option<i64> {
        self.1
    }
}

fn lists() -> ExceptionLists {
    let list = ExceptionList {
        id: 1,
        name: "Shoes".into(),
        kind: ListKind::Sku,
        texts: AHashSet::from_iter(["boot".into()]),
        patterns: [Pattern::new("shoe.+").unwrap()].into(),
    };
    ExceptionLists(AHashMap::from_iter([(1, list)]))
}

fn rule(variable: Variable, operator: Operator, values: Values) -> Rule {
    Rule {
        variable,
        operator,
        values,
    }
}

fn texts(values: &[&str]) -> Values {
    Values::Texts(values.iter().map(|text| (*text).into()).collect())
}

#[test]
fn texts_are_compared_in_any_case_and_any_value_suffices() {
    for (operator, values, text, expected) in [
        (Operator::Is, &["boots", "shoes"][..], "Shoes", true),
        (Operator::Is, &["boots"], "boot", false),
        (Operator::Is, &["boots"], "", false),
        (Operator::Is, &["größe"], "GRÖßE", true),
        (Operator::IsNot, &["boots", "shoes"], "Shoes", false),
        (Operator::IsNot, &["boots", "shoes"], "hats", true),
        (Operator::IsNot, &["boots"], "", true),
        (Operator::Contains, &["x", "oot"], "BOOTS", true),
        (Operator::Contains, &["boots"], "boot", false),
        (Operator::StartsWith, &["bo"], "Boots", true),
        (Operator::StartsWith, &["oots"], "boots", false),
        (
            Operator::EndsWith,
            &["TS".to_lowercase().as_str()],
            "boots",
            true,
        ),
        (Operator::EndsWith, &["boot"], "boots", false),
        (Operator::EndsWith, &["boot"], "", false),
        // Operators that texts have no answer to.
        (Operator::Gt, &["1"], "2", false),
        (Operator::Regex, &["boots"], "boots", false),
    ] {
        let rule = rule(Variable::ItemCategory, operator, texts(values));
        let found = rule.holds(&Told(text, None), &lists());
        assert_eq!(found, expected, "{operator:?} {values:?} {text}");
    }
}

#[test]
fn what_was_not_sent_fulfils_only_what_is_denied() {
    let nothing = Told("", None);
    for (operator, expected) in [
        (Operator::Is, false),
        (Operator::IsNot, true),
        (Operator::Contains, false),
        (Operator::StartsWith, false),
        (Operator::EndsWith, false),
    ] {
        for variable in [Variable::PaymentType, Variable::ItemSku] {
            let rule = rule(variable, operator, texts(&["x"]));
            assert_eq!(rule.holds(&nothing, &lists()), expected, "{operator:?}");
        }
    }
    for (operator, expected) in [(Operator::InList, false), (Operator::NotInList, true)] {
        let rule = rule(Variable::PaymentType, operator, Values::Lists([1].into()));
        assert_eq!(rule.holds(&nothing, &lists()), expected, "{operator:?}");
    }
    for (operator, expected) in [
        (Operator::Is, false),
        (Operator::IsNot, true),
        (Operator::Gt, false),
        (Operator::Lt, false),
        (Operator::Lte, false),
        (Operator::Gte, false),
    ] {
        let rule = rule(Variable::OrderTotal, operator, Values::Numbers([0].into()));
        assert_eq!(rule.holds(&nothing, &lists()), expected, "{operator:?}");
    }
}

#[test]
fn numbers_are_compared_exactly() {
    for (operator, numbers, expected) in [
        (Operator::Is, &[4, 5][..], [false, true, false]),
        (Operator::IsNot, &[4, 5], [true, false, true]),
        (Operator::Gt, &[5], [false, false, true]),
        (Operator::Gte, &[5], [false, true, true]),
        (Operator::Lt, &[5], [true, false, false]),
        (Operator::Lte, &[5], [true, true, false]),
        (Operator::Contains, &[5], [false, false, false]),
    ] {
        let rule = rule(
            Variable::OrderTotal,
            operator,
            Values::Numbers(numbers.into()),
        );
        let found = [-4, 5, 6].map(|number| rule.holds(&Told("5", Some(number)), &lists()));
        assert_eq!(found, expected, "{operator:?}");
    }
}

#[test]
fn lists_are_asked_by_their_ids() {
    for (operator, ids, text, expected) in [
        (Operator::InList, &[1][..], "Boot", true),
        (Operator::InList, &[2, 1], "shoes", true),
        (Operator::InList, &[1], "hat", false),
        (Operator::InList, &[2], "boot", false),
        (Operator::NotInList, &[1], "Boot", false),
        (Operator::NotInList, &[1], "hat", true),
    ] {
        let rule = rule(Variable::ItemSku, operator, Values::Lists(ids.into()));
        let found = rule.holds(&Told(text, None), &lists());
        assert_eq!(found, expected, "{operator:?} {ids:?} {text}");
    }
}

#[test]
fn an_expression_matches_a_whole_text_in_its_own_case() {
    for (pattern, text, expected) in [
        ("bo+t", "boot", true),
        ("bo+t", "boots", false),
        ("bo+t", "Boot", false),
        ("(?i)bo+t", "Boot", true),
        ("boot|shoe", "shoes", false),
        ("boot|shoe", "shoe", true),
        ("a$", "a\n", false),
        (".*", "", false),
    ] {
        let values = Values::Pattern(Pattern::new(pattern).unwrap());
        let rule = rule(Variable::ItemSku, Operator::Regex, values);
        assert_eq!(
            rule.holds(&Told(text, None), &lists()),
            expected,
            "{pattern} {text}"
        );
    }
}

#[test]
fn expressions_are_bounded_and_well_formed() {
    let long = "a".repeat(PATTERN_MAX + 1);
    for (text, reason) in [
        ("", "1 to 1024 bytes"),
        (&*long, "1 to 1024 bytes"),
        ("(", "unclosed group"),
        ("a)(b", "unopened group"),
        ("[z-a]", "invalid character class range"),
        (r"(a)\1", "backreferences"),
        ("(?:a{1000}){1000}", "once compiled"),
        (r"\w{1000}", "once compiled"),
    ] {
        let error = Pattern::new(text).unwrap_err();
        assert!(
            error.contains(reason) && !error.contains('\n'),
            "{text}: {error}"
        );
    }
    assert_eq!(Pattern::new("a").unwrap(), Pattern::new("a").unwrap());
    assert_ne!(Pattern::new("a").unwrap(), Pattern::new("a+").unwrap());
    assert_eq!(Pattern::new("a|b").unwrap().as_str(), "a|b");
}
