//! Who is credited for a conversion, and what it costs: pure rules, no store.
//!
//! The order of the checks is the order in which refusals take precedence.

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Found, Price};
use crate::derived::{Action, Reasons};
use crate::model::click_id::ClickId;
use crate::model::id::SubmissionId;
use crate::model::money::Money;
use crate::model::refusal::Refusal;
use crate::model::submission::{Claim, EventTime, Submission};
use crate::model::time::{Day, MINUTE, Millis, SECOND};

/// How much later than the event a click may be and still earn it: clocks differ.
const TOLERANCE: i64 = 2 * MINUTE;

/// How long after its mint time a click that is not stored counts as lost.
pub(super) const LOST_AFTER: i64 = 10 * SECOND;

/// The click that a submission refers to, when it may be credited at all.
///
/// # Errors
/// Nothing refers to it, or what does is none of this program's or of no known partner.
pub(super) fn reference(submission: &Submission, catalog: &Catalog) -> Result<ClickId, Refusal> {
    match submission.claim {
        Claim::Verified(id)
            if id.program == submission.program && catalog.partner(id.partner).is_some() =>
        {
            Ok(id)
        }
        Claim::None | Claim::Forged | Claim::Verified(_) => Err(Refusal::ActionRefNotFound),
    }
}

/// A submission with what was found about its click and its order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    /// Its id; the mint time of its number is when it was received.
    pub(super) id: SubmissionId,
    /// What was submitted.
    pub(super) submission: &'a Submission,
    /// The click that [`reference`] gave.
    pub(super) click: ClickId,
    /// What speaks against the click; `None` when it was never stored.
    pub(super) reasons: Option<Reasons>,
    /// Whether the order has an action already.
    pub(super) credited: bool,
}

/// The action date, and whether the event was too old to keep its own.
pub(super) fn action_date(event: EventTime, received: Millis, late_limit: i64) -> (Millis, bool) {
    match event {
        EventTime::At { start, .. } if received.since(start) > late_limit => (received, true),
        EventTime::At { start, .. } => (start, false),
        EventTime::Now => (received, false),
    }
}

/// Whether a click was made too late to have led to the event. The event is taken as it was sent,
/// also where its date is too old to count.
fn click_is_after(click: Millis, event: EventTime, received: Millis) -> bool {
    let (start, precision) = match event {
        EventTime::Now => (received, 0),
        EventTime::At { start, precision } => (start, precision),
    };
    click.since(start) > precision.saturating_add(TOLERANCE)
}

/// Credits a submission. `day` says on which day of the program's calendar a time falls.
///
/// # Errors
/// The refusal of highest precedence.
pub(super) fn credit(
    case: &Case<'_>,
    catalog: &Catalog,
    day: impl FnOnce(Millis) -> Day,
) -> Result<Action, Refusal> {
    let Case {
        id,
        submission,
        click,
        ..
    } = *case;
    let reasons = case.reasons.unwrap_or_default();
    let (received, clicked) = (id.number.time(), click.number.time());
    if reasons.any(Reasons::UNKNOWN_PARTNER) {
        return Err(Refusal::ActionRefNotFound);
    }
    if case.credited {
        return Err(Refusal::ConvDuplicate);
    }
    let program = catalog
        .program(submission.program)
        .filter(|program| program.active && !reasons.any(Reasons::PAUSED_PROGRAM))
        .ok_or(Refusal::CampaignNotFound)?;
    if !program
        .event_types
        .get(&submission.event_type)
        .is_some_and(|event_type| event_type.active)
    {
        return Err(Refusal::ActionTrackerNotActive);
    }
    let active = catalog
        .partner(click.partner)
        .is_some_and(|partner| partner.active);
    if !active || reasons.any(Reasons::INACTIVE_PARTNER) {
        return Err(Refusal::PartnerNotActive);
    }
    if reasons.any(Reasons::MALFORMED_DEEP_LINK) {
        return Err(Refusal::Malformed);
    }
    if click_is_after(clicked, submission.event, received) {
        return Err(Refusal::NoValidActionRef);
    }
    let (date, late) = action_date(submission.event, received, program.late_limit);
    let outside_contract = Reasons(Reasons::ENDED_CONTRACT.0 | Reasons::NOT_JOINED.0);
    let contract = match catalog.contract(submission.program, click.partner, date) {
        Found::InForce(contract) if !reasons.any(outside_contract) => contract,
        Found::InForce(_) | Found::Ended | Found::NotJoined => {
            return Err(Refusal::ContractNotFound);
        }
    };
    if date.since(clicked) > contract.referral_window {
        return Err(Refusal::OutsideAssociationWindow);
    }
    let payout = contract.terms.payouts.get(&submission.event_type);
    let cost = match payout.map(|payout| payout.price) {
        None => return Err(Refusal::ActionTermsNotFound),
        Some(Price::Flat(amount)) => amount,
        Some(Price::Rate(rate)) => submission
            .amount
            .map_or(Money::ZERO, |amount| amount.share(rate, program.currency)),
    };
    Ok(Action {
        partner: click.partner,
        ad: click.ad,
        click: click.number,
        submission: id,
        date,
        day: day(date),
        amount: submission.amount,
        cost,
        recovered: case.reasons.is_none(),
        late,
    })
}

#[cfg(test)]
mod tests {
    use crate::catalog::parse_toml;
    use crate::model::id::{AdId, EventNumber, EventTypeId, PartnerId, ProgramId, Slot};
    use crate::model::submission::PayloadHash;
    use crate::model::time::{DAY, HOUR};

    use super::*;

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
            event: EventTime::Now,
            claim: Claim::Verified(click()),
            amount: Some(Money(10_000_000)),
            customer_id: None,
            payload: PayloadHash([0; 16]),
            fields: Vec::new(),
        }
    }

    /// Credits `submission`, received `after` the click.
    fn try_credit(
        catalog: &Catalog,
        submission: &Submission,
        after: i64,
        reasons: Reasons,
        credited: bool,
    ) -> Result<Action, Refusal> {
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
        credit(&case, catalog, Millis::utc_day)
    }

    fn refusal(submission: &Submission, after: i64) -> Option<Refusal> {
        try_credit(&catalog(), submission, after, Reasons::NONE, false).err()
    }

    #[test]
    fn a_conversion_in_order_is_credited_and_priced() {
        let action = try_credit(&catalog(), &submission(), HOUR, Reasons::NONE, false).unwrap();
        assert_eq!(action.cost, Money(1_250_000));
        assert_eq!(action.amount, Some(Money(10_000_000)));
        assert_eq!(action.date, CLICKED.plus(HOUR));
        assert_eq!((action.partner, action.ad), (PartnerId(10), AdId(5)));
        assert_eq!((action.recovered, action.late), (false, false));
        let flat = Submission {
            event_type: EventTypeId(2),
            ..submission()
        };
        let action = try_credit(&catalog(), &flat, HOUR, Reasons::NONE, false).unwrap();
        assert_eq!(action.cost, Money(1_500_000));
    }

    #[test]
    fn a_rate_of_no_amount_costs_nothing() {
        let bare = Submission {
            amount: None,
            ..submission()
        };
        let action = try_credit(&catalog(), &bare, HOUR, Reasons::NONE, false).unwrap();
        assert_eq!((action.amount, action.cost), (None, Money::ZERO));
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
        let sent = |after| {
            let submission = Submission {
                event: EventTime::At {
                    start: CLICKED.plus(HOUR),
                    precision: 1,
                },
                ..submission()
            };
            try_credit(&catalog(), &submission, after, Reasons::NONE, false)
        };
        let in_time = sent(HOUR + limit).unwrap();
        assert_eq!((in_time.date, in_time.late), (CLICKED.plus(HOUR), false));
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
}
