//! The table of what is compared with the median partner.

use crate::model::tally::Stored;

/// A part of a row's events that is compared with the median partner's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared {
    pub(super) code: &'static str,
    /// What it is, behind "% of".
    pub(super) words: &'static str,
    pub(super) over: Stored,
    pub(super) under: Stored,
    /// Events without which it says nothing.
    pub(super) at_least: i128,
    /// The share that is never too much.
    pub(super) usual: f64,
    /// How many times the median's share is too much.
    pub(super) times: f64,
    /// Points at the bound, and for the rest of the way to all events.
    pub(super) points: (f64, f64),
    /// It is but another way of working, and says nothing without a median.
    pub(super) is_relative: bool,
}

const fn compared(
    code: &'static str,
    words: &'static str,
    (over, under): (Stored, Stored),
    (at_least, usual, times): (i128, f64, f64),
    points: (f64, f64),
) -> Compared {
    Compared {
        code,
        words,
        over,
        under,
        at_least,
        usual,
        times,
        points,
        is_relative: false,
    }
}

/// The same, which says nothing without a median.
const fn relative(one: Compared) -> Compared {
    Compared {
        is_relative: true,
        ..one
    }
}

/// Every part that is compared.
pub(super) const COMPARED: &[Compared] = &[
    compared(
        "TOO_SOON",
        "actions came less than 5 s after their click",
        (Stored::Under5sActions, Stored::ClickedActions),
        (10, 0.02, 3.0),
        (10.0, 80.0),
    ),
    compared(
        "TOO_SOON",
        "actions came less than 10 s after their click",
        (Stored::Under10sActions, Stored::ClickedActions),
        (10, 0.05, 3.0),
        (10.0, 60.0),
    ),
    compared(
        "UNTRUE_CLAIMS",
        "conversions name clicks that can't have led to them",
        (Stored::RefusedClaims, Stored::Conversions),
        (10, 0.05, 3.0),
        (10.0, 80.0),
    ),
    compared(
        "DUPLICATE_ORDERS",
        "conversions name orders of another partner's action",
        (Stored::TakenOrders, Stored::Conversions),
        (10, 0.05, 3.0),
        (10.0, 80.0),
    ),
    compared(
        "ADDRESS_CONCENTRATION",
        "clicks come from one network, estimated",
        (Stored::TopNetworkClicks, Stored::PeopleClicks),
        (200, 0.2, 3.0),
        (10.0, 60.0),
    ),
    compared(
        "AGENT_CONCENTRATION",
        "clicks come from one user agent, estimated",
        (Stored::TopAgentClicks, Stored::PeopleClicks),
        (200, 0.4, 1.5),
        (10.0, 40.0),
    ),
    relative(compared(
        "SUB_ID_CONCENTRATION",
        "clicks with sub ids carry the same ones, estimated",
        (Stored::TopSubIdClicks, Stored::SubIdClicks),
        (200, 0.9, 2.0),
        (10.0, 10.0),
    )),
    relative(compared(
        "NO_REFERRER",
        "clicks say no page that they come from",
        (Stored::NoReferrerClicks, Stored::PeopleClicks),
        (200, 0.5, 2.0),
        (10.0, 40.0),
    )),
    relative(compared(
        "ONE_REFERRER",
        "clicks, at most, come from one page",
        (Stored::TopPageClicks, Stored::PeopleClicks),
        (200, 0.9, 2.0),
        (10.0, 10.0),
    )),
    relative(compared(
        "BURST",
        "clicks came within the same 45 minutes of the day",
        (Stored::BurstClicks, Stored::PeopleClicks),
        (200, 0.2, 3.0),
        (10.0, 40.0),
    )),
    compared(
        "REVERSALS",
        "actions are reversed",
        (Stored::ReversedActions, Stored::GrossActions),
        (10, 0.2, 3.0),
        (10.0, 50.0),
    ),
    compared(
        "DUPLICATE",
        "clicks are duplicates",
        (Stored::DuplicateClicks, Stored::RawClicks),
        (200, 0.2, 2.0),
        (10.0, 50.0),
    ),
    compared(
        "FOREIGN_PAGE",
        "clicks come from pages of others",
        (Stored::ForeignPageClicks, Stored::RawClicks),
        (50, 0.2, 2.0),
        (10.0, 50.0),
    ),
    compared(
        "NO_FETCH_METADATA",
        "clicks do not say what they are for",
        (Stored::NoFetchClicks, Stored::RawClicks),
        (50, 0.5, 2.0),
        (10.0, 50.0),
    ),
];
