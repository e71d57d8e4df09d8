//! Shares of events, with what chance leaves open.

#![expect(
    clippy::float_arithmetic,
    reason = "shares and points are no money, and nothing is stored"
)]

use crate::model::tally::{Stored, Tally};

/// A share of events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) count: f64,
    pub(super) of: f64,
}

/// Standard deviations that chance is given.
const CHANCE: f64 = 2.6;

#[expect(
    clippy::cast_precision_loss,
    reason = "shares need no more than 52 bits"
)]
pub(super) fn real(count: i128) -> f64 {
    count as f64
}

impl Share {
    pub(super) fn of(tally: &Tally, over: Stored, under: Stored) -> Self {
        let (count, of) = (figure(tally, over), figure(tally, under));
        Self {
            count: real(count),
            of: real(of),
        }
    }

    pub(super) fn value(self) -> f64 {
        if self.of > 0.0 {
            self.count / self.of
        } else {
            0.0
        }
    }

    /// The ends of Wilson's interval.
    pub(super) fn between(self) -> (f64, f64) {
        if self.of <= 0.0 {
            return (0.0, 1.0);
        }
        let (share, z) = (self.value().clamp(0.0, 1.0), CHANCE * CHANCE / self.of);
        let middle = share + z / 2.0;
        let half = (z * (share * (1.0 - share) + z / 4.0)).max(0.0).sqrt();
        let end = |at: f64| (at / (1.0 + z)).clamp(0.0, 1.0);
        (end(middle - half), end(middle + half))
    }

    pub(super) fn at_least(self) -> f64 {
        self.between().0
    }

    pub(super) fn words(self) -> String {
        let (count, of) = (self.count, self.of);
        format!("{:.1} % ({count} of {of})", 100.0 * self.value())
    }
}

/// A figure of a row, those included that no cell and no column holds.
pub(super) fn figure(tally: &Tally, stored: Stored) -> i128 {
    let get = |stored| tally.get(stored);
    match stored {
        Stored::Conversions => {
            get(Stored::GrossActions) + get(Stored::RefusedClaims) + get(Stored::TakenOrders)
        }
        Stored::ReversedActions => get(Stored::GrossActions) - get(Stored::Actions),
        stored => get(stored),
    }
}
