//! Refusals, their order, and the windows.

use crate::catalog::snapshot::Price;
use crate::catalog::{Catalog, parse_toml};
use crate::derived::Reasons;
use crate::model::click_id::ClickId;
use crate::model::id::{AdId, EventNumber, EventTypeId, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::money::{Money, Rate};
use crate::model::refusal::Refusal;
use crate::model::submission::{Claim, EventTime, Submission};
use crate::model::time::{DAY, HOUR, MINUTE, Millis};

use super::case::{Case, Winner, action_date, credit, reference};

const DOCUMENT: &str = r#"
version = 0
[[brand]]
sid = "IRone"
name = "One"
[[program]]
id = 1
brand = "IRone"
name = "One"
time_zone = "Asia/Kolkata"
currency = "USD"
landing_page = "https://one.example/"
late_limit = "2d"
[[event_type]]
program = 1
id = 1
name = "Sale"
category = "SALE"
[[event_type]]
program = 1
id = 2
name = "Lead"
category = "LEAD"
[[event_type]]
program = 1
id = 3
name = "Unpaid"
category = "LEAD"
[[partner]]
id = 10
name = "Ten"
[[contract]]
program = 1
partner = 10
start = 2026-03-01
end = 2026-06-30
referral_window = "1d"
payouts = [{ event_type = 1, rate = "12.5%" }, { event_type = 2, amount = "1.50" }]
"#;

/// 2026-05-01T12:00:00Z.
const CLICKED: Millis = Millis(1_777_636_800_000);

fn catalog() -> Catalog {
    let doc = parse_toml(DOCUMENT).unwrap();
    Catalog::build(&doc, crate::model::id::CatalogVersion(1)).unwrap()
}

fn click() -> ClickId {
    ClickId {
        number: EventNumber::first_at(CLICKED, 0),
        partner: PartnerId(10),
        ad: AdId(5),
        program: ProgramId(1),
        unrecorded: false,
        key_number: 0,
    }
}

fn submission() -> Submission {
    Submission {
        program: ProgramId(1),
        event_type: EventTypeId(1),
        order_id: "order".into(),
        claim: Claim::Verified(click()),
        ..Submission::default()
    }
}

/// Credits `submission`, received `after` the click.
fn try_credit<'a>(
    catalog: &'a Catalog,
    submission: &Submission,
    after: i64,
    reasons: Reasons,
    credited: bool,
) -> Result<Winner<'a>, Refusal> {
    let case = Case {
        id: SubmissionId {
            slot: Slot(3),
            program: ProgramId(1),
            number: EventNumber::first_at(CLICKED.plus(after), 0),
        },
        submission,
        click: click(),
        reasons: Some(reasons),
        credited,
    };
    credit(&case, catalog)
}

fn refusal(submission: &Submission, after: i64) -> Option<Refusal> {
    try_credit(&catalog(), submission, after, Reasons::NONE, false).err()
}

#[test]
fn a_conversion_in_order_is_credited_to_its_click() {
    let catalog = catalog();
    let winner = try_credit(&catalog, &submission(), HOUR, Reasons::NONE, false).unwrap();
    assert_eq!(winner.click, click());
    assert_eq!((winner.date, winner.late), (CLICKED.plus(HOUR), false));
    assert_eq!(winner.payout.price, Price::Rate(Rate(125_000)));
    let flat = Submission {
        event_type: EventTypeId(2),
        ..submission()
    };
    let winner = try_credit(&catalog, &flat, HOUR, Reasons::NONE, false).unwrap();
    assert_eq!(winner.payout.price, Price::Flat(Money(1_500_000)));
}

#[test]
fn only_a_verified_click_of_this_program_and_a_known_partner_is_a_reference() {
    let catalog = catalog();
    let with = |claim| {
        let submission = Submission {
            claim,
            ..submission()
        };
        reference(&submission, &catalog)
    };
    assert_eq!(with(Claim::Verified(click())), Ok(click()));
    let foreign = ClickId {
        program: ProgramId(2),
        ..click()
    };
    let stranger = ClickId {
        partner: PartnerId(11),
        ..click()
    };
    for claim in [
        Claim::None,
        Claim::Forged,
        Claim::Verified(foreign),
        Claim::Verified(stranger),
    ] {
        assert_eq!(with(claim), Err(Refusal::ActionRefNotFound), "{claim:?}");
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
        let found = try_credit(&catalog(), &submission(), HOUR, reason, false).err();
        assert_eq!(found, expected, "{reason:?}");
    }
}

#[test]
fn a_click_may_be_two_minutes_and_the_precision_later_than_the_event() {
    let at = |start: i64, precision| Submission {
        event: EventTime::At {
            start: CLICKED.plus(start),
            precision,
        },
        ..submission()
    };
    let minutes = 2 * MINUTE;
    assert_eq!(refusal(&at(-minutes, 0), HOUR), None);
    let too_early = Some(Refusal::NoValidActionRef);
    assert_eq!(refusal(&at(-minutes - 1, 0), HOUR), too_early);
    assert_eq!(refusal(&at(-minutes - DAY, DAY), HOUR), None);
    assert_eq!(refusal(&at(-minutes - DAY - 1, DAY), HOUR), too_early);
}

#[test]
fn the_referral_window_ends_after_its_last_millisecond() {
    assert_eq!(refusal(&submission(), DAY), None);
    let outside = Some(Refusal::OutsideAssociationWindow);
    assert_eq!(refusal(&submission(), DAY + 1), outside);
}

#[test]
fn an_event_older_than_the_late_limit_counts_when_it_was_received() {
    let limit = 2 * DAY;
    let catalog = catalog();
    let sent = |after| {
        let submission = Submission {
            event: EventTime::At {
                start: CLICKED.plus(HOUR),
                precision: 1,
            },
            ..submission()
        };
        let winner = try_credit(&catalog, &submission, after, Reasons::NONE, false);
        winner.map(|winner| (winner.date, winner.late))
    };
    let in_time = sent(HOUR + limit).unwrap();
    assert_eq!(in_time, (CLICKED.plus(HOUR), false));
    // Now the action date is beyond the referral window.
    let late = sent(HOUR + limit + 1);
    assert_eq!(late, Err(Refusal::OutsideAssociationWindow));
    let event = EventTime::At {
        start: CLICKED,
        precision: 1,
    };
    let received = CLICKED.plus(limit + 1);
    assert_eq!(action_date(event, received, limit), (received, true));
}

#[test]
fn the_contract_and_payout_in_force_at_the_action_date_count() {
    let unpaid = Submission {
        event_type: EventTypeId(3),
        ..submission()
    };
    assert_eq!(refusal(&unpaid, HOUR), Some(Refusal::ActionTermsNotFound));
    assert_eq!(
        refusal(&submission(), 90 * DAY),
        Some(Refusal::ContractNotFound)
    );
}

#[test]
fn refusals_take_precedence_in_their_order() {
    // Everything is wrong at once; mending the foremost fault shows the next.
    let mut catalog = catalog();
    let mut submission = Submission {
        event: EventTime::At {
            start: CLICKED.plus(-HOUR),
            precision: 0,
        },
        event_type: EventTypeId(9),
        ..submission()
    };
    let mut reasons = Reasons(u16::MAX);
    let mut credited = true;
    if let Some(program) = catalog.programs.get_mut(&ProgramId(1)) {
        program.active = false;
    }
    let mut mended = Vec::new();
    for step in 0..10 {
        match try_credit(&catalog, &submission, 3 * DAY, reasons, credited) {
            Ok(_) => break,
            Err(refusal) => mended.push(refusal),
        }
        match step {
            0 => reasons = Reasons(reasons.0 & !Reasons::UNKNOWN_PARTNER.0),
            1 => credited = false,
            2 => {
                reasons = Reasons(reasons.0 & !Reasons::PAUSED_PROGRAM.0);
                catalog.programs.get_mut(&ProgramId(1)).unwrap().active = true;
            }
            3 => submission.event_type = EventTypeId(3),
            4 => reasons = Reasons(reasons.0 & !Reasons::INACTIVE_PARTNER.0),
            5 => reasons = Reasons(reasons.0 & !Reasons::MALFORMED_DEEP_LINK.0),
            6 => submission.event = EventTime::Now,
            7 => {
                let outside = Reasons::ENDED_CONTRACT.0 | Reasons::NOT_JOINED.0;
                reasons = Reasons(reasons.0 & !outside);
            }
            8 => {
                let key = (ProgramId(1), PartnerId(10));
                catalog.contracts.get_mut(&key).unwrap()[0].referral_window = 3 * DAY;
            }
            _ => submission.event_type = EventTypeId(1),
        }
    }
    assert_eq!(
        mended,
        [
            Refusal::ActionRefNotFound,
            Refusal::ConvDuplicate,
            Refusal::CampaignNotFound,
            Refusal::ActionTrackerNotActive,
            Refusal::PartnerNotActive,
            Refusal::Malformed,
            Refusal::NoValidActionRef,
            Refusal::ContractNotFound,
            Refusal::OutsideAssociationWindow,
            Refusal::ActionTermsNotFound,
        ]
    );
    assert!(try_credit(&catalog, &submission, 3 * DAY, reasons, false).is_ok());
}
