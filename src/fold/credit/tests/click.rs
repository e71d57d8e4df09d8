//! A click that the conversion names: what refuses it, in which order, and the windows.

use crate::catalog::snapshot::{Price, Risk};
use crate::derived::Reasons;
use crate::model::click_id::ClickId;
use crate::model::id::{EventTypeId, JobId, PartnerId, ProgramId};
use crate::model::money::{Money, Rate};
use crate::model::referral::ReferringType;
use crate::model::refusal::Refusal;
use crate::model::submission::{Claim, EventTime, Origin, Reference};
use crate::model::time::{DAY, HOUR, MINUTE, Millis};

use super::fixture::{CLICKED, Scene, click};
use crate::fold::credit::case::{Clicked, action_date};

#[test]
fn a_conversion_in_order_is_credited_to_its_click() {
    let mut scene = Scene::named();
    scene.decided(|result, path| {
        let winner = result.unwrap();
        let clicked = winner.click.unwrap();
        assert_eq!(
            Clicked {
                slot: None,
                ..clicked
            },
            click(10, 0).into()
        );
        assert!(clicked.slot.is_some() && !winner.recovered);
        assert_eq!(
            (winner.partner, winner.ad()),
            (click(10, 0).partner, click(10, 0).ad)
        );
        assert_eq!((winner.date, winner.late), (CLICKED.plus(HOUR), false));
        assert_eq!(winner.payout.price, Price::Rate(Rate(125_000)));
        assert_eq!(winner.referring_type, ReferringType::ClickCookie);
        assert_eq!((path.named, path.winner), (Some(0), Some(0)));
    });
    scene.submission.event_type = EventTypeId(2);
    scene.decided(|result, _| {
        assert_eq!(result.unwrap().payout.price, Price::Flat(Money(1_500_000)));
    });
}

#[test]
fn a_click_that_was_never_stored_is_credited_as_recovered() {
    let mut scene = Scene::named();
    scene.known.stored.clear();
    scene.decided(|result, _| {
        let winner = result.unwrap();
        assert!(winner.recovered && winner.click.is_some_and(|click| click.slot.is_none()));
    });
}

#[test]
fn only_a_verified_click_of_this_program_and_a_known_partner_is_a_reference() {
    let foreign = ClickId {
        program: ProgramId(2),
        ..click(10, 0)
    };
    let stranger = ClickId {
        partner: PartnerId(99),
        ..click(10, 0)
    };
    for claim in [
        Claim::None,
        Claim::Forged,
        Claim::Verified(foreign),
        Claim::Verified(stranger),
    ] {
        let mut scene = Scene::new();
        scene.submission.claim = claim;
        assert_eq!(scene.earns(), Err(Refusal::ActionRefNotFound), "{claim:?}");
        assert!(scene.path().steps.is_empty());
    }
}

#[test]
fn what_was_noted_with_the_click_refuses_the_conversion() {
    for (reason, expected) in [
        (Reasons::UNKNOWN_PARTNER, Some(Refusal::ActionRefNotFound)),
        (Reasons::PAUSED_PROGRAM, Some(Refusal::CampaignNotFound)),
        (Reasons::INACTIVE_PARTNER, Some(Refusal::PartnerNotActive)),
        (Reasons::MALFORMED_DEEP_LINK, Some(Refusal::Malformed)),
        (Reasons::ENDED_CONTRACT, Some(Refusal::ContractNotFound)),
        (Reasons::NOT_JOINED, Some(Refusal::ContractNotFound)),
        (Reasons::ROBOT, None),
        (Reasons::DUPLICATE, None),
        (Reasons::PREFETCH, None),
        (Reasons::HEAD, None),
        (Reasons::EXPIRED_AD, None),
    ] {
        let mut scene = Scene::named();
        scene.note(&click(10, 0), reason);
        assert_eq!(scene.earns().err(), expected, "{reason:?}");
    }
}

#[test]
fn a_click_may_be_two_minutes_and_the_precision_later_than_the_event() {
    let at = |start: i64, precision| {
        let mut scene = Scene::named();
        scene.happened(start, precision);
        scene.earns().err()
    };
    let minutes = 2 * MINUTE;
    assert_eq!(at(-minutes, 0), None);
    let too_early = Some(Refusal::NoValidActionRef);
    assert_eq!(at(-minutes - 1, 0), too_early);
    assert_eq!(at(-minutes - DAY, DAY), None);
    assert_eq!(at(-minutes - DAY - 1, DAY), too_early);
}

#[test]
fn the_referral_window_ends_after_its_last_millisecond() {
    let mut scene = Scene::named();
    scene.after = DAY;
    assert_eq!(scene.earns(), Ok(10));
    scene.after = DAY + 1;
    assert_eq!(scene.earns(), Err(Refusal::OutsideAssociationWindow));
}

#[test]
fn an_event_older_than_the_late_limit_counts_when_it_was_received() {
    let limit = 2 * DAY;
    let mut scene = Scene::named();
    scene.happened(HOUR, 1);
    scene.after = HOUR + limit;
    let dated =
        |scene: &Scene| scene.decided(|result, _| result.map(|winner| (winner.date, winner.late)));
    assert_eq!(dated(&scene), Ok((CLICKED.plus(HOUR), false)));
    // Now the action date is beyond the referral window.
    scene.after += 1;
    assert_eq!(dated(&scene), Err(Refusal::OutsideAssociationWindow));
    // What is imported keeps its date, and so does a row of a file that names the partner.
    scene.submission.origin = Origin::Import {
        job: JobId(1),
        row: 1,
    };
    assert_eq!(dated(&scene), Ok((CLICKED.plus(HOUR), false)));
    scene.submission.origin = Origin::Batch {
        job: JobId(1),
        line: 1,
    };
    assert_eq!(dated(&scene), Err(Refusal::OutsideAssociationWindow));
    scene.refers(Reference::Partner(PartnerId(11)));
    assert_eq!(dated(&scene), Ok((CLICKED.plus(HOUR), false)));
    scene.submission.origin = Origin::Api;
    assert_eq!(dated(&scene), Ok((CLICKED.plus(HOUR + limit + 1), true)));
    let event = EventTime::At {
        start: CLICKED,
        precision: 1,
    };
    let received: Millis = CLICKED.plus(limit + 1);
    assert_eq!(action_date(event, received, limit), (received, true));
}

#[test]
fn the_contract_and_payout_in_force_at_the_action_date_count() {
    let mut scene = Scene::named();
    scene.submission.event_type = EventTypeId(3);
    assert_eq!(scene.earns(), Err(Refusal::ActionTermsNotFound));
    let mut scene = Scene::named();
    scene.after = 90 * DAY;
    assert_eq!(scene.earns(), Err(Refusal::ContractNotFound));
}

#[test]
fn a_flagged_click_earns_unless_the_program_is_strict() {
    let mut scene = Scene::named();
    scene.note(&click(10, 0), Reasons::DATA_CENTER);
    for (risk, earned) in [
        (Risk::Relaxed, Ok(10)),
        (Risk::Moderate, Ok(10)),
        (Risk::Strict, Err(Refusal::NoValidActionRef)),
    ] {
        scene.program().risk = risk;
        assert_eq!(scene.earns(), earned, "{risk:?}");
    }
}
