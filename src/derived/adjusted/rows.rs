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
        let key = |partner, time: Millis, kind, rest| AdjustedKey {
            program,
            partner,
            day: time.utc_day(),
            time,
            kind,
            event_type: EventTypeId(rest),
            number: u64::from(rest) << 32 | u64::from(rest),
        };
        let first = partner.unwrap_or(PartnerId(0));
        let last = partner.unwrap_or(PartnerId(u32::MAX));
        let first = key(first, Millis(i64::MIN), AdjustedKind::Click, 0).encode();
        let last = key(last, Millis(i64::MAX), AdjustedKind::Action, u32::MAX).encode();
        self.scan(Family::Adjusted, &first, Some(&last), &mut |key, value| {
            let key = AdjustedKey::decode(key)?;
            if times.contains(&key.time) {
                f(key, AdjustedRow::decode(value)?);
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}
