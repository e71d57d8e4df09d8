//! Which rules explain a decision: each of them does somewhere, and none where it did not count.

use std::collections::BTreeSet;

use crate::catalog::snapshot::{CodeOwner, CodePolicy, CreditGroup};
use crate::fold::credit::tell::credit_rules;
use crate::model::id::{EventNumber, PartnerId, Slot, SubmissionId};
use crate::model::submission::Reference;
use crate::model::time::{DAY, MINUTE, Millis};
use crate::registry::rules::{RuleKind, every};

use super::fixture::{CLICKED, PROGRAM, Scene, click, customer};

fn told(scene: &Scene) -> Vec<&'static str> {
    let id = SubmissionId {
        slot: Slot(3),
        program: PROGRAM,
        number: EventNumber::first_at(CLICKED.plus(scene.after), 0),
    };
    credit_rules(id, &scene.submission, &scene.catalog, &scene.path())
}

/// A customer that came by partner 10 and then by partner 11.
fn journey() -> Scene {
    let mut scene = Scene::new();
    scene.refers(Reference::Person(customer()));
    scene.came(customer(), click(10, 0));
    scene.came(customer(), click(11, MINUTE));
    scene
}

fn owned(partner: u32) -> CodeOwner {
    CodeOwner::Partner(PartnerId(partner))
}

/// A conversion, and the rules that explain it.
fn scenes() -> Vec<(Scene, &'static [&'static str])> {
    let mut all: Vec<(Scene, &'static [&'static str])> = Vec::new();
    let mut forced = journey();
    forced.refers(Reference::Partner(PartnerId(12)));
    all.push((forced, &["K01"]));
    all.push((Scene::named(), &["K02"]));
    let mut better = journey();
    better.group(11, CreditGroup::Standard);
    all.push((better, &["K03", "K09", "K14", "K15", "K16", "K18"]));
    let mut always = Scene::named();
    always.code(owned(11), CodePolicy::Always);
    all.push((always, &["K04"]));
    let mut involved = journey();
    involved.code(owned(10), CodePolicy::Involved);
    all.push((involved, &["K05", "K14", "K15", "K16", "K18"]));
    let mut only_winner = Scene::named();
    only_winner.code(owned(10), CodePolicy::Winner);
    all.push((only_winner, &["K06", "K09"]));
    let mut outranked = Scene::named();
    outranked.code(owned(11), CodePolicy::Always);
    outranked.group(11, CreditGroup::Standard);
    all.push((outranked, &["K03", "K07", "K09"]));
    let mut ended = Scene::named();
    ended.code(owned(11), CodePolicy::Always);
    ended.contract(11).end = Some(CLICKED);
    all.push((ended, &["K08", "K09"]));
    let mut first = Scene::named();
    first.first_click();
    all.push((first, &["K09"]));
    let mut at_once = Scene::new();
    at_once.refers(Reference::Person(customer()));
    at_once.came(customer(), click(10, 0));
    at_once.came(customer(), click(11, 0));
    all.push((at_once, &["K09", "K10", "K14", "K15", "K16", "K18"]));
    let mut page = Scene::new();
    let url = "https://one.example/eleven";
    page.catalog.unique_urls.add(url, PartnerId(11));
    page.refers(Reference::UniqueUrl(url.into()));
    all.push((page, &["K09", "K11"]));
    let mut late = Scene::named();
    late.happened(0, 0);
    late.after = 3 * DAY;
    late.contract(10).referral_window = 9 * DAY;
    all.push((late, &["K02", "K12"]));
    let mut lost = Scene::named();
    lost.known.stored.clear();
    all.push((lost, &["K02", "K13"]));
    let mut unwilling = Scene::named();
    unwilling.refers(Reference::Person(customer()));
    let fields = &mut unwilling.submission.fields;
    fields.push(("TrackingConsent".into(), "false".into()));
    all.push((unwilling, &["K02", "K14", "K15", "K16", "K17", "K18"]));
    all
}

#[test]
fn every_rule_of_credit_explains_the_conversions_that_it_decides() {
    let mut seen = BTreeSet::new();
    for (at, (scene, expected)) in scenes().iter().enumerate() {
        let found = told(scene);
        assert_eq!(found, *expected, "scene {at}: {:?}", scene.path());
        seen.extend(found);
    }
    let rules = every().filter(|rule| rule.kind == RuleKind::Credit);
    assert_eq!(seen, rules.map(|rule| rule.id).collect());
}

#[test]
fn what_is_refused_before_any_choice_is_explained_by_no_rule_of_choice() {
    let mut scene = Scene::named();
    scene.contract(10).end = Some(Millis(0));
    assert_eq!(told(&scene), [""; 0]);
}
