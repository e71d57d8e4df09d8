//! Reading and writing them.

use std::ops::{ControlFlow, RangeInclusive};

use crate::derived::batch::Batch;
use crate::derived::error::DerivedError;
use crate::derived::family::Family;
use crate::derived::view::View;
use crate::model::id::{EventTypeId, PartnerId, ProgramId};
use crate::model::time::Millis;

use super::row::{AdjustedKey, AdjustedKind, AdjustedRow};

impl Batch<'_> {
    /// Notes an adjustment.
    pub fn adjust(&mut self, key: AdjustedKey, row: AdjustedRow) {
        self.put_unread(Family::Adjusted, &key.encode(), &row.encode());
    }
}

impl View<'_> {
    /// Hands every adjustment to `f`, in key order.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_adjusted(
        &self,
        f: &mut dyn FnMut(AdjustedKey, AdjustedRow),
    ) -> Result<(), DerivedError> {
        self.scan(Family::Adjusted, &[], None, &mut |key, value| {
            f(AdjustedKey::decode(key)?, AdjustedRow::decode(value)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Hands the adjustments of a program, or of one partner of it, that were made in `times` to
    /// `f`, by partner and time.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_adjusted_of(
        &self,
        program: ProgramId,
        partner: Option<PartnerId>,
        times: &RangeInclusive<Millis>,
        f: &mut dyn FnMut(AdjustedKey, AdjustedRow),
    ) -> Result<(), DerivedError> {
        let mut next = Some(PartnerId(0));
        while let Some(from) = next {
            let found = match partner {
                Some(only) => Some(only),
                None => self.adjusted_partner(program, from)?,
            };
            let Some(found) = found else { break };
            self.adjusted_of((program, found), times, f)?;
            let after = found.0.checked_add(1).filter(|_| partner.is_none());
            next = after.map(PartnerId);
        }
        Ok(())
    }

    /// The first partner of a program from `from` on that anything was adjusted of.
    fn adjusted_partner(
        &self,
        program: ProgramId,
        from: PartnerId,
    ) -> Result<Option<PartnerId>, DerivedError> {
        let first = [program.0.to_be_bytes(), from.0.to_be_bytes()].concat();
        let last = [&program.0.to_be_bytes()[..], &[u8::MAX; AdjustedKey::LEN]].concat();
        let mut found = None;
        self.scan(Family::Adjusted, &first, Some(&last), &mut |key, _| {
            found = Some(AdjustedKey::decode(key)?.partner);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    fn adjusted_of(
        &self,
        (program, partner): (ProgramId, PartnerId),
        times: &RangeInclusive<Millis>,
        f: &mut dyn FnMut(AdjustedKey, AdjustedRow),
    ) -> Result<(), DerivedError> {
        let key = |time: Millis, kind, event_type, number| AdjustedKey {
            program,
            partner,
            day: time.utc_day(),
            time,
            kind,
            event_type: EventTypeId(event_type),
            number,
        };
        let first = key(*times.start(), AdjustedKind::Click, 0, 0).encode();
        let last = key(*times.end(), AdjustedKind::Action, u32::MAX, u64::MAX).encode();
        self.scan(Family::Adjusted, &first, Some(&last), &mut |key, value| {
            f(AdjustedKey::decode(key)?, AdjustedRow::decode(value)?);
            Ok(ControlFlow::Continue(()))
        })
    }
}
