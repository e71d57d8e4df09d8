//! Every refusal by its code, the order in which they take precedence, and their bounds.

use crate::catalog::snapshot::{
    CallTerms, Channel, CodeOwner, CodePolicy, CreditGroup, EventType, Hours, Payout, Payouts,
    Price, PromoCodes,
};
use crate::derived::Reasons;
use crate::model::click::Network;
use crate::model::id::PartnerId;
use crate::model::money::Money;
use crate::model::referral::{Referrals, ReferringType};
use crate::model::refusal::Refusal;
use crate::model::submission::{Call, CallStatus, Fingerprint, Item, Reference};
use crate::model::time::{DAY, HOUR, MINUTE};

use super::fixture::{CLICKED, PROGRAM, SALE, Scene, click, customer};

#[test]
fn reftype_not_accepted() {
    let mut scene = Scene::named();
    let all_but = |missing| {
        let mut set = Referrals::NONE;
        for (of, ..) in ReferringType::ALL {
            if *of != missing {
                set = set.with(*of);
            }
        }
        set
    };
    scene.terms(10, |terms| {
        terms.accepts = all_but(ReferringType::ClickCookie);
    });
    assert_eq!(scene.earns(), Err(Refusal::RefTypeNotAccepted));
    scene.terms(10, |terms| {
        terms.accepts = Referrals::NONE.with(ReferringType::ClickCookie);
    });
    assert_eq!(scene.earns(), Ok(10));
    scene.refers(Reference::Partner(PartnerId(10)));
    assert_eq!(scene.earns(), Err(Refusal::RefTypeNotAccepted));
}

#[test]
fn no_item() {
    let mut scene = Scene::named();
    scene.event_type().needs_items = true;
    assert_eq!(scene.earns(), Err(Refusal::NoItem));
    scene.submission.order.items = vec![Item::default()];
    assert_eq!(scene.earns(), Ok(10));
}

#[test]
fn blacklisted_source_ip() {
    let mut scene = Scene::named();
    scene.program().blocked_networks = ["203.0.112.0/23".parse().unwrap()].into();
    scene.submission.network = Some(Network::V4([203, 0, 113]));
    assert_eq!(scene.earns(), Err(Refusal::BlacklistedSourceIp));
    for network in [None, Some(Network::V4([203, 0, 114]))] {
        scene.submission.network = network;
        assert_eq!(scene.earns(), Ok(10));
    }
}

#[test]
fn max_recurrences_reached() {
    let mut scene = Scene::named();
    let id = click(10, 0);
    scene.payout(10, |payout| payout.recurrences_max = Some(2));
    for (earned, expected) in [
        (0, Ok(10)),
        (1, Ok(10)),
        (2, Err(Refusal::MaxRecurrencesReached)),
    ] {
        scene.known.earned.insert((id.number, id.partner), earned);
        assert_eq!(scene.earns(), expected, "{earned}");
    }
    scene.payout(10, |payout| payout.recurrences_max = None);
    assert_eq!(scene.earns(), Ok(10));
}

#[test]
fn restricted_promocode() {
    let mut scene = Scene::named();
    scene.code(CodeOwner::Channel("mail".into()), CodePolicy::Always);
    assert_eq!(scene.earns(), Err(Refusal::RestrictedPromocode));
    scene.submission.references.clear();
    assert_eq!(scene.earns(), Ok(10));
    scene.refers(Reference::PromoCode("other".into()));
    assert_eq!(scene.earns(), Ok(10), "a code that nobody owns");
}

#[test]
fn a_code_of_a_channel_alone_is_restricted_and_an_unknown_one_refers_to_nothing() {
    let mut scene = Scene::new();
    scene.code(CodeOwner::Channel("mail".into()), CodePolicy::Always);
    assert_eq!(scene.earns(), Err(Refusal::RestrictedPromocode));
    scene.submission.references = vec![Reference::PromoCode("other".into())];
    assert_eq!(scene.earns(), Err(Refusal::ActionRefNotFound));
}

#[test]
fn blocked_by_promocode() {
    let mut scene = Scene::named();
    scene.code(CodeOwner::Partner(PartnerId(11)), CodePolicy::Winner);
    assert_eq!(scene.earns(), Err(Refusal::BlockedByPromocode));
    scene.group(11, CreditGroup::Standard);
    assert_eq!(scene.earns(), Ok(10), "a better group");
}

#[test]
fn a_code_stays_its_owners_after_the_contract() {
    let mut scene = Scene::named();
    scene.code(CodeOwner::Partner(PartnerId(11)), CodePolicy::Always);
    scene.contract(11).end = Some(CLICKED);
    assert_eq!(scene.earns(), Err(Refusal::BlockedByPromocode));
}

#[test]
fn unclaimed() {
    let mut scene = Scene::named();
    scene.group(10, CreditGroup::NonPreferred);
    assert_eq!(scene.earns(), Ok(10));
    scene.event_type().credit_non_preferred = false;
    assert_eq!(scene.earns(), Err(Refusal::Unclaimed));
    scene.refers(Reference::Partner(PartnerId(10)));
    assert_eq!(scene.earns(), Ok(10), "forced");
}

#[test]
fn crediting_rule_mismatch() {
    let mut scene = Scene::named();
    scene.refers(Reference::Person(customer()));
    scene.came_by(customer(), "mail", MINUTE);
    assert_eq!(scene.earns(), Ok(10), "the channel takes no credit");
    let channel = |group| Channel {
        name: "mail".into(),
        when: Box::default(),
        credit_group: group,
    };
    scene.program().channels.0 = [channel(Some(CreditGroup::Preferred))].into();
    assert_eq!(scene.earns(), Ok(10), "the click that is named");
    scene.group(10, CreditGroup::Standard);
    assert_eq!(scene.earns(), Err(Refusal::CreditingRuleMismatch));
    scene.program().channels.0 = [channel(Some(CreditGroup::NonPreferred))].into();
    assert_eq!(scene.earns(), Ok(10));
}

/// A call that names a click, talked for a minute at 13:00Z, which is 18:30 there.
fn call() -> Scene {
    let mut scene = Scene::named();
    scene.event_type().call = Some(CallTerms {
        min_talk_seconds: 60,
        duplicate_window: HOUR,
        hours: Some(Hours {
            from: 18 * 60,
            to: 19 * 60,
        }),
        pays: true,
    });
    scene.submission.call = Some(Call {
        status: CallStatus::Answered,
        talk_seconds: Some(60),
    });
    scene.refers(Reference::Caller(Fingerprint::of_caller(PROGRAM, "1")));
    scene
}

#[test]
fn a_call_earns_as_a_call() {
    let mut scene = call();
    scene.decided(|result, _| {
        assert_eq!(result.unwrap().referring_type, ReferringType::Call);
    });
    scene.terms(10, |terms| {
        terms.accepts = Referrals::NONE.with(ReferringType::Call);
    });
    assert_eq!(scene.earns(), Ok(10));
}

#[test]
fn call_incomplete() {
    let mut scene = call();
    scene.submission.call = Some(Call {
        status: CallStatus::Incomplete,
        talk_seconds: Some(60),
    });
    assert_eq!(scene.earns(), Err(Refusal::CallIncomplete));
}

#[test]
fn call_outside_daily_range() {
    let mut scene = call();
    scene.happened(HOUR + 30 * MINUTE - 1, 0);
    assert_eq!(scene.earns(), Ok(10));
    scene.happened(HOUR + 30 * MINUTE, 0);
    assert_eq!(scene.earns(), Err(Refusal::CallOutsideDailyRange));
}

#[test]
fn call_duration_too_short() {
    let mut scene = call();
    for talk_seconds in [Some(59), None] {
        scene.submission.call = Some(Call {
            status: CallStatus::Answered,
            talk_seconds,
        });
        assert_eq!(scene.earns(), Err(Refusal::CallDurationTooShort));
    }
}

#[test]
fn call_duplicate() {
    let mut scene = call();
    let date = CLICKED.plus(HOUR);
    for (apart, expected) in [
        (-HOUR, Ok(10)),
        (1 - HOUR, Err(Refusal::CallDuplicate)),
        (0, Err(Refusal::CallDuplicate)),
        (HOUR - 1, Err(Refusal::CallDuplicate)),
        (HOUR, Ok(10)),
    ] {
        scene.known.last_call = Some(date.plus(apart));
        assert_eq!(scene.earns(), expected, "{apart}");
    }
    scene.known.last_call = Some(date);
    scene.submission.references.clear();
    assert_eq!(scene.earns(), Ok(10), "nobody knows who called");
}

#[test]
fn call_for_call_per_conv_at() {
    let mut scene = call();
    scene.event_type().call.as_mut().unwrap().pays = false;
    assert_eq!(scene.earns(), Err(Refusal::CallForCallPerConvAt));
}

#[test]
fn an_order_id_counts_again_when_its_window_has_passed_to_the_millisecond() {
    let mut scene = Scene::named();
    let date = CLICKED.plus(HOUR);
    scene.known.last_action = Some(date.plus(-DAY));
    assert_eq!(scene.earns(), Err(Refusal::ConvDuplicate), "for ever");
    scene.event_type().order_id_window = Some(DAY);
    assert_eq!(scene.earns(), Ok(10));
    for (apart, expected) in [
        (1 - DAY, Err(Refusal::ConvDuplicate)),
        (0, Err(Refusal::ConvDuplicate)),
        (2 * DAY, Err(Refusal::ConvDuplicate)),
        (-2 * DAY, Ok(10)),
    ] {
        scene.known.last_action = Some(date.plus(apart));
        assert_eq!(scene.earns(), expected, "{apart}");
    }
}

#[test]
fn an_event_type_of_clicks_earns_by_no_conversion() {
    let mut scene = Scene::named();
    assert_eq!(scene.earns(), Ok(10));
    scene.event_type().category = EventType::CLICK;
    assert_eq!(scene.earns(), Err(Refusal::ActionTrackerNotActive));
}

/// A call of a customer's that everything is wrong with.
fn all_wrong() -> Scene {
    let mut scene = call();
    let id = click(10, 0);
    scene.code(CodeOwner::Channel("mail".into()), CodePolicy::Always);
    scene.note(&id, Reasons(!Reasons::UNKNOWN_PARTNER.0));
    scene.known.last_action = Some(CLICKED);
    scene.known.last_call = Some(CLICKED.plus(3 * DAY));
    scene.known.earned.insert((id.number, id.partner), 1);
    scene.program().active = false;
    scene.program().blocked_networks = ["203.0.113.0/24".parse().unwrap()].into();
    scene.submission.network = Some(Network::V4([203, 0, 113]));
    scene.event_type().active = false;
    scene.event_type().needs_items = true;
    scene.event_type().credit_non_preferred = false;
    let terms = scene.event_type().call.as_mut().unwrap();
    (terms.pays, terms.hours) = (false, Some(Hours { from: 0, to: 1 }));
    scene.submission.call = Some(Call {
        status: CallStatus::Incomplete,
        talk_seconds: None,
    });
    scene.happened(-HOUR, 0);
    scene.after = 3 * DAY;
    scene.terms(10, |terms| {
        terms.accepts = Referrals::NONE;
        terms.credit_group = CreditGroup::NonPreferred;
    });
    scene.terms(10, |terms| terms.payouts = Payouts::default());
    scene
}

fn paid() -> Payouts {
    let mut payout = Payout::from(Price::Flat(Money(1)));
    payout.recurrences_max = Some(1);
    Payouts::new(vec![(SALE, payout)])
}

/// Mends the fault of the call that `refusal` names.
fn mend_call(scene: &mut Scene, refusal: Refusal) {
    match refusal {
        Refusal::CallIncomplete => {
            let status = CallStatus::Answered;
            let talk_seconds = None;
            scene.submission.call = Some(Call {
                status,
                talk_seconds,
            });
        }
        Refusal::CallOutsideDailyRange => {
            scene.event_type().call.as_mut().unwrap().hours = None;
        }
        Refusal::CallDurationTooShort => {
            let (status, talk_seconds) = (CallStatus::Answered, Some(60));
            scene.submission.call = Some(Call {
                status,
                talk_seconds,
            });
        }
        Refusal::CallDuplicate => scene.known.last_call = None,
        Refusal::CallForCallPerConvAt => {
            scene.event_type().call.as_mut().unwrap().pays = true;
        }
        other => panic!("{other:?}"),
    }
}

/// Mends the fault that `refusal` names.
fn mend(scene: &mut Scene, refusal: Refusal) {
    let id = click(10, 0);
    let without = |scene: &mut Scene, gone: Reasons| {
        let all = scene
            .known
            .stored
            .get_mut(&(id.number, id.partner))
            .unwrap();
        all.0 &= !gone.0;
    };
    match refusal {
        Refusal::ConvDuplicate => scene.known.last_action = None,
        Refusal::CampaignNotFound => {
            scene.program().active = true;
            without(scene, Reasons::PAUSED_PROGRAM);
        }
        Refusal::ActionTrackerNotActive => scene.event_type().active = true,
        Refusal::NoItem => scene.submission.order.items = vec![Item::default()],
        Refusal::BlacklistedSourceIp => scene.submission.network = None,
        Refusal::RestrictedPromocode => {
            scene
                .submission
                .references
                .retain(|one| !matches!(one, Reference::PromoCode(_)));
        }
        Refusal::PartnerNotActive => without(scene, Reasons::INACTIVE_PARTNER),
        Refusal::Malformed => without(scene, Reasons::MALFORMED_DEEP_LINK),
        Refusal::NoValidActionRef => scene.happened(2 * DAY + HOUR, 0),
        Refusal::ContractNotFound => {
            without(
                scene,
                Reasons(Reasons::ENDED_CONTRACT.0 | Reasons::NOT_JOINED.0),
            );
        }
        Refusal::OutsideAssociationWindow => scene.contract(10).referral_window = 3 * DAY,
        Refusal::RefTypeNotAccepted => {
            scene.terms(10, |terms| terms.accepts = Referrals::ALL);
        }
        Refusal::ActionTermsNotFound => scene.terms(10, |terms| terms.payouts = paid()),
        Refusal::MaxRecurrencesReached => {
            scene.payout(10, |payout| payout.recurrences_max = None);
        }
        Refusal::Unclaimed => {
            scene.event_type().credit_non_preferred = true;
            // Now a code of another partner in no worse a group.
            scene.program().codes = PromoCodes::default();
            scene.code(CodeOwner::Partner(PartnerId(11)), CodePolicy::Winner);
        }
        Refusal::BlockedByPromocode => scene.submission.references.clear(),
        other => mend_call(scene, other),
    }
}

#[test]
fn refusals_take_precedence_in_their_order() {
    // Everything is wrong at once; mending the foremost fault shows the next.
    let mut scene = all_wrong();
    scene.note(&click(10, 0), Reasons(u16::MAX));
    scene
        .submission
        .references
        .retain(|one| !matches!(one, Reference::PromoCode(_)));
    assert_eq!(scene.earns(), Err(Refusal::ActionRefNotFound));
    let mut scene = all_wrong();
    let mut found = Vec::new();
    while let Err(refusal) = scene.earns() {
        assert!(
            !found.contains(&refusal),
            "{refusal:?} again after {found:?}"
        );
        found.push(refusal);
        mend(&mut scene, refusal);
    }
    assert_eq!(
        found,
        [
            Refusal::ConvDuplicate,
            Refusal::CampaignNotFound,
            Refusal::ActionTrackerNotActive,
            Refusal::NoItem,
            Refusal::BlacklistedSourceIp,
            Refusal::CallIncomplete,
            Refusal::CallOutsideDailyRange,
            Refusal::CallDurationTooShort,
            Refusal::CallDuplicate,
            Refusal::CallForCallPerConvAt,
            Refusal::RestrictedPromocode,
            Refusal::PartnerNotActive,
            Refusal::Malformed,
            Refusal::NoValidActionRef,
            Refusal::ContractNotFound,
            Refusal::OutsideAssociationWindow,
            Refusal::RefTypeNotAccepted,
            Refusal::ActionTermsNotFound,
            Refusal::MaxRecurrencesReached,
            Refusal::Unclaimed,
            Refusal::BlockedByPromocode,
        ]
    );
    assert_eq!(scene.earns(), Ok(10));
}
