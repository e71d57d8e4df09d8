//! Cookies that clicks carried: each click is a step of whoever sits at the browser.

use crate::derived::{Batch, Class, Source, Touch, Verdict};
use crate::model::click::StoredClick;
use crate::model::id::{AdId, EventNumber, PartnerId, ProgramId};
use crate::model::submission::{Fingerprint, Person, PersonKind};
use crate::model::time::Millis;

use super::row::Row;

/// A click that carried a cookie, while its slot is folded. Most clicks carry none, so this is kept
/// beside them.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Carried {
    program: ProgramId,
    partner: PartnerId,
    ad: AdId,
    number: EventNumber,
    cookie: Fingerprint,
}

impl Carried {
    /// What a live click carried, if anything.
    pub(in crate::fold) fn of<P>(stored: &StoredClick<P>) -> Option<Self> {
        Some(Self {
            program: stored.click.program,
            partner: stored.partner,
            ad: stored.click.ad,
            number: stored.number,
            cookie: stored.click.cookie?,
        })
    }

    /// The place of its click in the order of a slot.
    fn place(&self) -> (ProgramId, PartnerId, Millis, EventNumber) {
        (self.program, self.partner, self.number.time(), self.number)
    }

    /// Notes the step, unless the click is one that no customer made.
    fn note(&self, verdict: Verdict, batch: &mut Batch<'_>) {
        match verdict.class {
            Class::Robot | Class::Prefetch | Class::Head => return,
            // Whether flagged ones earn, is for the program to say when somebody buys.
            Class::Unique | Class::Duplicate | Class::Flagged => {}
        }
        let person = Person {
            kind: PersonKind::Cookie,
            id: self.cookie,
        };
        let touch = Touch {
            time: self.number.time(),
            number: self.number,
            source: Source::Click {
                partner: self.partner,
                ad: self.ad,
                slot: Some(verdict.slot),
            },
        };
        batch.touch(self.program, person, &touch);
    }
}

/// Notes the clicks of a slot, in the order of [`Row::order`], under the cookies that they
/// carried.
pub(in crate::fold) fn note_all(carried: &[Carried], rows: &[Row], batch: &mut Batch<'_>) {
    for carried in carried {
        let found = rows.binary_search_by_key(&carried.place(), Row::order);
        if let Some(row) = found.ok().and_then(|at| rows.get(at)) {
            carried.note(row.verdict, batch);
        }
    }
}
