//! Every refusal and every rule is named where it counts, in the words and by the id of its row.

use serde_json::Value;

use crate::catalog::Catalog;
use crate::command::show;
use crate::derived::{CreditRule, Path, Source, Step, SubmissionOutcome, Touch};
use crate::model::action::change::ChangeRefusal;
use crate::model::id::{EventNumber, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::refusal::Refusal;
use crate::model::submission::Submission;
use crate::model::time::Millis;
use crate::registry::rules::{RuleKind, every};

use super::{order, rule};

/// As the command prints it.
fn shown(value: &Value) -> String {
    let mut out = Vec::new();
    show::tree(&mut out, value).unwrap();
    String::from_utf8(out).unwrap()
}

/// The id of the one rule that refuses with `code`.
fn id_of(code: &str) -> &'static str {
    let refuses = |kind| matches!(kind, RuleKind::Refusal | RuleKind::Change);
    let mut rules = every().filter(|rule| refuses(rule.kind) && rule.name == code);
    let found = rules.next().unwrap().id;
    assert!(rules.next().is_none(), "{code}");
    found
}

#[test]
fn every_refusal_is_told_with_its_meaning_and_its_rule() {
    for (refusal, _, code, meaning) in Refusal::ALL {
        let id = id_of(code);
        for outcome in [
            SubmissionOutcome::Refused(*refusal),
            SubmissionOutcome::Test(Err(*refusal)),
        ] {
            let text = shown(&order::result(Some(outcome)));
            for part in [
                &format!("code: {code}"),
                *meaning,
                &format!("{id} {code}: "),
            ] {
                assert!(text.contains(part), "{part} in {text}");
            }
        }
    }
    for (refusal, _, code, meaning) in ChangeRefusal::ALL {
        let text = shown(&order::result(Some(SubmissionOutcome::NotChanged(
            *refusal,
        ))));
        for part in [
            *code,
            *meaning,
            format!("{} {code}: ", id_of(code)).as_str(),
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn every_step_says_why_it_does_not_earn() {
    for (refusal, _, code, _) in Refusal::ALL {
        let touch = Touch {
            time: Millis(0),
            number: EventNumber(1),
            source: Source::Code(PartnerId(7)),
        };
        let steps = [Some(*refusal), None].map(|verdict| Step {
            touch: touch.clone(),
            verdict,
        });
        let path = Path {
            steps: steps.into(),
            named: None,
            winner: Some(1),
            rule: CreditRule::PromoCode,
        };
        let id = SubmissionId {
            slot: Slot(1),
            program: ProgramId(1),
            number: EventNumber(2),
        };
        let catalog = Catalog::default();
        let text = shown(&order::credit(id, &Submission::default(), &catalog, &path));
        let refused = format!("promo code of partner 7: {code} ({})", id_of(code));
        assert!(text.contains(&refused), "{refused} in {text}");
        assert!(text.contains("promo code of partner 7: earns it"), "{text}");
        assert!(text.contains("by: promo code"), "{text}");
    }
}

#[test]
fn every_rule_is_told_in_its_own_words() {
    for one in every() {
        let text = shown(&rule::lines(&[one.id]));
        let line = format!("- {} {}: {}\n", one.id, one.name, one.text);
        assert_eq!(text, line);
    }
}
