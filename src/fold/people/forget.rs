//! When names and touches of people are forgotten.
//!
//! In: the rows about people that a slot has put, the catalogue in force, and the end of the slot
//! where it is the first of a day. Out: the horizon of each program, and its older rows removed.
//!
//! Nothing that can still be credited is forgotten. A conversion or an arrival that keeps its own
//! date lies at most the late limit before its receipt, and no click earns it that lies more than
//! the longest referral window before that date; nor one that is dated by its receipt. A slot
//! receives what comes after the end of the one before, but for the seconds that a conversion may
//! wait for its click, which [`SLACK`] covers. So a touch may go once it lies further back than
//! both together. What reaches further is an imported order, which keeps any date; a catalogue that
//! names longer windows than the ones before; the channels by which somebody came at the date of an
//! order that is too old to keep it; and names, which lead to each other whenever they were sent.
//! For their sake nothing goes before [`KEPT`], and what went is gone.
//!
//! Journeys see nothing before the horizon, whether its row is there or not. Rows are removed as
//! others come: each slot looks at a few of them for each one it has put, from where the last one
//! stopped, so that they are never many more than those that count, and no slot has much to do.

use crate::catalog::Catalog;
use crate::catalog::snapshot::Program;
use crate::derived::{Batch, DerivedError, Noted};
use crate::model::time::{DAY, Millis};

/// How long names and touches are remembered at the least: as long as browsers keep a cookie.
pub(super) const KEPT: i64 = 400 * DAY;

/// What is added to the reach of a program.
const SLACK: i64 = DAY;

/// Rows looked at for each one that is put. All rows have been looked at when half as many have
/// come, so those that are forgotten are never more than the others.
const LOOKS: usize = 2;

/// Forgets what no journey can reach any more. `new_day` is the end of the slot, where it is the
/// first that ends on its UTC day.
///
/// # Errors
/// The store fails.
pub(in crate::fold) fn forget(
    batch: &mut Batch<'_>,
    catalog: &Catalog,
    new_day: Option<Millis>,
) -> Result<(), DerivedError> {
    for (program, noted) in batch.noted() {
        let looks = Noted {
            people: noted.people.saturating_mul(LOOKS),
            touches: noted.touches.saturating_mul(LOOKS),
        };
        batch.sweep(program, looks)?;
    }
    let Some(now) = new_day else {
        return Ok(());
    };
    for (program, mut horizon) in batch.horizons()? {
        let kept = kept(catalog.program(program));
        // What still waits for its click may have come under the windows of the day before.
        let from = now.plus(-kept.max(horizon.kept));
        horizon.from = horizon.from.max(from);
        horizon.kept = kept;
        batch.set_horizon(program, &horizon);
    }
    Ok(())
}

/// How long names and touches of a program are remembered.
fn kept(program: Option<&Program>) -> i64 {
    let reach = program.map_or(0, |program| {
        let reach = program.late_limit.saturating_add(program.look_back);
        reach.saturating_add(SLACK)
    });
    reach.max(KEPT)
}

#[cfg(test)]
#[path = "forget_tests.rs"]
mod tests;
