//! A submission as it is to be credited: what it says of its time and of whom it names.

use std::ops::RangeInclusive;

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Contract, EventType, Payout, Program};
use crate::derived::Referred;
use crate::model::click_id::ClickId;
use crate::model::id::{AdId, EventNumber, PartnerId, Slot, SubmissionId};
use crate::model::referral::ReferringType;
use crate::model::submission::{
    Claim, EventTime, Fingerprint, Origin, Person, Reference, Submission,
};
use crate::model::time::{MINUTE, Millis, SECOND};

/// How much later than the event a click may be and still earn it: clocks differ.
pub(super) const TOLERANCE: i64 = 2 * MINUTE;

/// How long after its mint time a click that is not stored counts as lost.
pub(in crate::fold) const LOST_AFTER: i64 = 10 * SECOND;

/// A submission, and the catalogue of its slot.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Case<'a> {
    /// Its id; the mint time of its number is when it was received.
    pub(in crate::fold) id: SubmissionId,
    /// What was submitted.
    pub(in crate::fold) submission: &'a Submission,
    /// The catalogue of its slot.
    pub(in crate::fold) catalog: &'a Catalog,
}

/// A click that a candidate stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fold) struct Clicked {
    /// Its number.
    pub(in crate::fold) number: EventNumber,
    /// The partner of its link.
    pub(in crate::fold) partner: PartnerId,
    /// The ad of its link.
    pub(in crate::fold) ad: AdId,
    /// Its own time.
    pub(in crate::fold) time: Millis,
    /// Where its row lies in the log; none when it was never stored.
    pub(in crate::fold) slot: Option<Slot>,
}

/// Who earns a conversion, and by what terms.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Winner<'a> {
    /// The program.
    pub(in crate::fold) program: &'a Program,
    /// The event type.
    pub(in crate::fold) event_type: &'a EventType,
    /// The partner that earns it.
    pub(in crate::fold) partner: PartnerId,
    /// The click that earns it, or that its promo code's owner has in the journey; none when a
    /// name alone earns it.
    pub(in crate::fold) click: Option<Clicked>,
    /// In which way the partner referred the customer.
    pub(in crate::fold) referring_type: ReferringType,
    /// The action date.
    pub(in crate::fold) date: Millis,
    /// The event was too old to keep its own date.
    pub(in crate::fold) late: bool,
    /// A click earns it that was never stored.
    pub(in crate::fold) recovered: bool,
    /// The contract in force on the action date.
    pub(in crate::fold) contract: &'a Contract,
    /// What the action is priced by.
    pub(in crate::fold) payout: &'a Payout,
}

impl Winner<'_> {
    /// The ad that the customer came by; 0 when no click is known.
    pub(in crate::fold) fn ad(&self) -> AdId {
        self.click.map_or(AdId(0), |click| click.ad)
    }
}

impl From<Clicked> for Referred {
    fn from(click: Clicked) -> Self {
        Self {
            number: click.number,
            time: click.time,
            slot: click.slot,
        }
    }
}

impl From<ClickId> for Clicked {
    fn from(id: ClickId) -> Self {
        Self {
            number: id.number,
            partner: id.partner,
            ad: id.ad,
            time: id.number.time(),
            slot: None,
        }
    }
}

impl<'a> Case<'a> {
    /// When it was received.
    pub(super) fn received(&self) -> Millis {
        self.id.number.time()
    }

    /// Its program, while the catalogue has it.
    pub(super) fn program(&self) -> Option<&'a Program> {
        self.catalog.program(self.submission.program)
    }

    /// The click whose row it waits for. None where the partner is forced: no click matters then.
    pub(in crate::fold) fn awaited(&self) -> Option<ClickId> {
        if self.forced().is_some() {
            return None;
        }
        self.named()
    }

    /// The click that it names: verified, of this program and of a partner that is known.
    pub(in crate::fold) fn named(&self) -> Option<ClickId> {
        match self.submission.claim {
            Claim::Verified(id)
                if id.program == self.submission.program
                    && self.catalog.partner(id.partner).is_some() =>
            {
                Some(id)
            }
            Claim::None | Claim::Forged | Claim::Verified(_) => None,
        }
    }

    /// The partner that it forces.
    pub(super) fn forced(&self) -> Option<PartnerId> {
        self.find(|reference| match reference {
            Reference::Partner(partner) => Some(*partner),
            _ => None,
        })
    }

    /// The names of a person that it carries.
    pub(in crate::fold) fn persons(&self) -> Vec<Person> {
        let references = self.submission.references.iter();
        references
            .filter_map(|reference| match reference {
                Reference::Person(person) => Some(*person),
                _ => None,
            })
            .collect()
    }

    /// The imported click that it names.
    pub(in crate::fold) fn external(&self) -> Option<Fingerprint> {
        self.find(|reference| match reference {
            Reference::External(of) => Some(*of),
            _ => None,
        })
    }

    /// The promo code that was used.
    pub(super) fn code(&self) -> Option<&'a str> {
        self.find(|reference| match reference {
            Reference::PromoCode(code) => Some(&**code),
            _ => None,
        })
    }

    /// The page that may be one partner's alone.
    pub(super) fn url(&self) -> Option<&'a str> {
        self.find(|reference| match reference {
            Reference::UniqueUrl(url) => Some(&**url),
            _ => None,
        })
    }

    /// Who called.
    pub(in crate::fold) fn caller(&self) -> Option<Fingerprint> {
        self.find(|reference| match reference {
            Reference::Caller(of) => Some(*of),
            _ => None,
        })
    }

    fn find<T>(&self, what: impl Fn(&'a Reference) -> Option<T>) -> Option<T> {
        self.submission.references.iter().find_map(what)
    }

    /// When the event happened as it was sent, and how exactly that is known, also where its date
    /// is too old to count.
    pub(super) fn event(&self) -> (Millis, i64) {
        match self.submission.event {
            EventTime::Now => (self.received(), 0),
            EventTime::At { start, precision } => (start, precision),
        }
    }

    /// The latest that a click may have been made and have led to the event.
    pub(super) fn last_click(&self) -> Millis {
        let (start, precision) = self.event();
        start.plus(precision.saturating_add(TOLERANCE))
    }

    /// When a click or an arrival was that may have led to the event: as far back as the longest
    /// referral window of the program reaches.
    pub(in crate::fold) fn journey(&self) -> RangeInclusive<Millis> {
        let look_back = self.program().map_or(0, |program| program.look_back);
        let (start, _) = self.event();
        start.plus(look_back.saturating_neg())..=self.last_click()
    }

    /// The action date, and whether the event was too old to keep its own.
    pub(super) fn date(&self) -> (Millis, bool) {
        let limit = self
            .program()
            .map_or(i64::MAX, |program| program.late_limit);
        let limit = match self.submission.origin {
            // What is imported is history, and keeps its dates. A file may name the partner of an
            // old order itself; how old, was checked when it was received.
            Origin::Import { .. } => i64::MAX,
            Origin::Batch { .. } if self.forced().is_some() => i64::MAX,
            Origin::Api | Origin::Batch { .. } => limit,
        };
        action_date(self.submission.event, self.received(), limit)
    }
}

/// The action date, and whether the event was too old to keep its own.
pub(in crate::fold) fn action_date(
    event: EventTime,
    received: Millis,
    late_limit: i64,
) -> (Millis, bool) {
    match event {
        EventTime::At { start, .. } if received.since(start) > late_limit => (received, true),
        EventTime::At { start, .. } => (start, false),
        EventTime::Now => (received, false),
    }
}
