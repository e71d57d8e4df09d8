//! Which of several candidates wins.

use crate::catalog::snapshot::{CodeOwner, CodePolicy, CreditGroup, CreditPolicy};
use crate::derived::{CreditRule, Reasons};
use crate::model::id::{AdId, EventNumber, PartnerId};
use crate::model::referral::ReferringType;
use crate::model::refusal::Refusal;
use crate::model::submission::{Claim, Fingerprint, Reference};
use crate::model::time::{DAY, HOUR, MINUTE};

use super::fixture::{CLICKED, PROGRAM, Scene, click, customer, touch};

/// A sale of a customer that came by partner 10 and ten minutes later by partner 11.
fn journey() -> Scene {
    let mut scene = Scene::new();
    scene.refers(Reference::Person(customer()));
    scene.came(customer(), click(10, 0));
    scene.came(customer(), click(11, 10 * MINUTE));
    scene
}

fn owned(partner: u32) -> CodeOwner {
    CodeOwner::Partner(PartnerId(partner))
}

#[test]
fn the_last_or_the_first_click_of_a_journey_earns_as_the_event_type_says() {
    let mut scene = journey();
    assert_eq!(scene.earns(), Ok(11));
    scene.first_click();
    assert_eq!(scene.earns(), Ok(10));
    assert_eq!(scene.path().rule, CreditRule::FirstClick);
}

#[test]
fn a_click_that_is_named_earns_though_others_came_later() {
    let mut scene = journey();
    scene.name(click(10, 0));
    assert_eq!(scene.earns(), Ok(10));
    assert_eq!(
        scene.path().steps[1].verdict,
        Some(Refusal::OtherRefPrioritized)
    );
    // And where it can't, nobody else does, unless the brand has set up more than the last click.
    scene.note(&click(10, 0), Reasons::MALFORMED_DEEP_LINK);
    assert_eq!(scene.earns(), Err(Refusal::Malformed));
    assert_eq!(
        scene.path().steps[1].verdict,
        Some(Refusal::OtherRefPrioritized)
    );
    scene.first_click();
    assert_eq!(scene.earns(), Ok(11));
}

#[test]
fn the_first_click_earns_before_the_one_that_is_named() {
    let mut scene = journey();
    scene.first_click();
    scene.name(click(11, 10 * MINUTE));
    assert_eq!(scene.earns(), Ok(10));
}

#[test]
fn a_better_group_earns_before_the_click_that_is_named() {
    let mut scene = journey();
    scene.name(click(10, 0));
    scene.group(10, CreditGroup::Standard);
    assert_eq!(scene.earns(), Ok(11));
    scene.group(11, CreditGroup::Standard);
    assert_eq!(scene.earns(), Ok(10));
    scene.group(11, CreditGroup::NonPreferred);
    assert_eq!(scene.earns(), Ok(10));
}

#[test]
fn clicks_of_one_millisecond_are_ordered_by_number_and_partner() {
    let mut scene = Scene::new();
    scene.refers(Reference::Person(customer()));
    let (mut one, two) = (click(12, 0), click(11, 0));
    scene.came(customer(), one);
    scene.came(customer(), two);
    assert_eq!(scene.earns(), Ok(12));
    scene.first_click();
    assert_eq!(scene.earns(), Ok(11));
    one = click(10, 0);
    one.number = EventNumber(one.number.0 + 1);
    assert_eq!(one.number.time(), two.number.time());
    scene.came(customer(), one);
    assert_eq!(scene.earns(), Ok(11));
    scene.event_type().credit = CreditPolicy::LastClick;
    assert_eq!(scene.earns(), Ok(10));
}

#[test]
fn a_forced_partner_earns_whatever_else_is_there() {
    let mut scene = journey();
    scene.name(click(10, 0));
    scene.code(owned(11), CodePolicy::Always);
    scene.group(12, CreditGroup::NonPreferred);
    scene.refers(Reference::Partner(PartnerId(12)));
    // However long ago: nothing but the contract counts.
    scene.decided(|result, path| {
        let winner = result.unwrap();
        assert_eq!((winner.partner, winner.click), (PartnerId(12), None));
        assert_eq!((winner.ad(), winner.recovered), (AdId(0), false));
        assert_eq!(winner.referring_type, ReferringType::ReportedPartnerId);
        assert_eq!((path.rule, path.steps.len()), (CreditRule::Forced, 1));
    });
    scene.contract(12).end = Some(CLICKED);
    assert_eq!(scene.earns(), Err(Refusal::ContractNotFound));
    scene.catalog.partners.remove(&PartnerId(12));
    assert_eq!(scene.earns(), Err(Refusal::PartnerNotActive));
}

#[test]
fn a_code_that_always_wins_needs_no_click() {
    let mut scene = Scene::new();
    scene.code(owned(12), CodePolicy::Always);
    scene.decided(|result, path| {
        let winner = result.unwrap();
        assert_eq!((winner.partner, winner.click), (PartnerId(12), None));
        assert_eq!(winner.referring_type, ReferringType::Promocode);
        assert_eq!(path.rule, CreditRule::PromoCode);
    });
    scene.name(click(10, 0));
    assert_eq!(scene.earns(), Ok(12));
    scene.contract(12).referral_window = 1;
    assert_eq!(scene.earns(), Ok(12), "no window of a click");
}

#[test]
fn a_code_of_the_involved_wins_with_a_click_that_could_earn() {
    let mut scene = journey();
    scene.code(owned(10), CodePolicy::Involved);
    scene.decided(|result, path| {
        let winner = result.unwrap();
        assert_eq!(winner.partner, PartnerId(10));
        assert_eq!(winner.click.unwrap().number, click(10, 0).number);
        assert_eq!(winner.referring_type, ReferringType::Promocode);
        assert_eq!(path.rule, CreditRule::PromoCode);
    });
    scene.note(&click(10, 0), Reasons::MALFORMED_DEEP_LINK);
    assert_eq!(scene.earns(), Err(Refusal::BlockedByPromocode));
}

#[test]
fn a_code_of_the_winner_only_keeps_others_out() {
    let mut scene = journey();
    scene.code(owned(11), CodePolicy::Winner);
    scene.decided(|result, path| {
        assert_eq!(result.unwrap().referring_type, ReferringType::ClickCookie);
        assert_eq!(path.rule, CreditRule::LastClick);
    });
    scene.first_click();
    assert_eq!(scene.earns(), Err(Refusal::BlockedByPromocode));
}

#[test]
fn a_code_alone_that_needs_a_click_earns_nothing() {
    for policy in [CodePolicy::Involved, CodePolicy::Winner] {
        let mut scene = Scene::new();
        scene.code(owned(11), policy);
        assert_eq!(scene.earns(), Err(Refusal::NoValidActionRef));
    }
}

#[test]
fn a_page_of_one_partner_earns_as_the_last_touch() {
    let mut scene = Scene::new();
    scene
        .catalog
        .unique_urls
        .add("https://one.example/twelve", PartnerId(12));
    scene.refers(Reference::UniqueUrl(
        "https://one.example/twelve/shoes".into(),
    ));
    scene.decided(|result, _| {
        let winner = result.unwrap();
        assert_eq!((winner.partner, winner.click), (PartnerId(12), None));
    });
    scene.refers(Reference::Person(customer()));
    scene.came(customer(), click(10, 0));
    assert_eq!(scene.earns(), Ok(12));
    scene.first_click();
    assert_eq!(scene.earns(), Ok(10));
    scene.submission.references = vec![Reference::UniqueUrl("https://one.example/".into())];
    assert_eq!(scene.earns(), Err(Refusal::ActionRefNotFound));
}

#[test]
fn an_imported_click_earns_by_its_external_id() {
    let mut scene = Scene::new();
    let of = Fingerprint::of_external_click(PROGRAM, "e");
    scene.refers(Reference::External(of));
    assert_eq!(scene.earns(), Err(Refusal::ActionRefNotFound));
    let id = click(11, 0);
    scene.note(&id, Reasons::NONE);
    scene.known.imported = Some(touch(&id));
    assert_eq!(scene.earns(), Ok(11));
}

#[test]
fn an_imported_click_that_is_named_earns_though_others_came_later() {
    let mut scene = journey();
    scene.refers(Reference::External(Fingerprint::of_external_click(
        PROGRAM, "e",
    )));
    // One that nobody knows is no name.
    assert_eq!(scene.earns(), Ok(11));
    scene.known.imported = Some(touch(&click(10, 0)));
    assert_eq!(scene.earns(), Ok(10));
    assert_eq!(scene.path().named, Some(0));
    assert_eq!(scene.path().steps.len(), 2);
    // A click id is proof, and comes before it.
    scene.name(click(11, 10 * MINUTE));
    assert_eq!(scene.earns(), Ok(11));
    assert_eq!(scene.path().named, Some(1));
}

#[test]
fn a_journey_reaches_back_as_far_as_the_longest_window_and_no_further() {
    let mut scene = Scene::new();
    scene.refers(Reference::Person(customer()));
    scene.came(customer(), click(10, 0));
    scene.after = DAY;
    assert_eq!(scene.earns(), Ok(10));
    scene.after = DAY + 1;
    assert_eq!(scene.earns(), Err(Refusal::ActionRefNotFound));
    scene.program().look_back = 2 * DAY;
    assert_eq!(scene.earns(), Err(Refusal::OutsideAssociationWindow));
}

#[test]
fn people_are_not_credited_by_forged_clicks_but_by_their_journey() {
    let mut scene = journey();
    scene.submission.claim = Claim::Forged;
    assert_eq!(scene.earns(), Ok(11));
    scene.known.journey.clear();
    assert_eq!(scene.earns(), Err(Refusal::ActionRefNotFound));
}

#[test]
fn refusals_that_differ_come_to_one_word() {
    let mut scene = journey();
    scene.note(&click(10, 0), Reasons::MALFORMED_DEEP_LINK);
    scene.note(&click(11, 10 * MINUTE), Reasons::NOT_JOINED);
    assert_eq!(scene.earns(), Err(Refusal::NoValidActionRef));
    scene.note(&click(11, 10 * MINUTE), Reasons::MALFORMED_DEEP_LINK);
    assert_eq!(scene.earns(), Err(Refusal::Malformed));
    scene.note(&click(11, 10 * MINUTE), Reasons::NONE);
    scene.after = HOUR;
    assert_eq!(scene.earns(), Ok(11));
}
