//! The journey of a person: what was noted under all names that are known to be theirs.

use std::ops::RangeInclusive;

use crate::derived::{Batch, DerivedError, Touch};
use crate::model::id::ProgramId;
use crate::model::submission::{Person, PersonKind};
use crate::model::time::Millis;

/// Most names of a person that are followed: a name that many share tells nothing.
pub(super) const NAMES_MAX: usize = 64;
/// Most touches of a journey, the newest ones.
pub(super) const TOUCHES_MAX: usize = 256;

/// All names of the person that `sent` names: those, what was linked to them `since` a time, and
/// what was linked to customers among those, which leads to a customer's other devices.
pub(super) fn names(
    batch: &Batch<'_>,
    (program, since): (ProgramId, Millis),
    sent: &[Person],
) -> Result<Vec<Person>, DerivedError> {
    let mut all: Vec<Person> = Vec::new();
    add(&mut all, sent);
    let place = (program, since);
    let one_step = follow(batch, place, &mut all, |_| true, 0)?;
    let is_customer = |person: &Person| person.kind == PersonKind::Customer;
    follow(batch, place, &mut all, is_customer, one_step)?;
    Ok(all)
}

/// Adds what is linked to the names from `first` on of which `which` holds; where the names ended
/// before.
fn follow(
    batch: &Batch<'_>,
    (program, since): (ProgramId, Millis),
    all: &mut Vec<Person>,
    which: impl Fn(&Person) -> bool,
    first: usize,
) -> Result<usize, DerivedError> {
    let end = all.len();
    let from: Vec<Person> = all.iter().skip(first).copied().filter(which).collect();
    for person in from {
        let linked = batch.linked(program, person, since, NAMES_MAX)?;
        add(all, &linked);
    }
    Ok(end)
}

fn add(all: &mut Vec<Person>, more: &[Person]) {
    for person in more {
        if all.len() < NAMES_MAX && !all.contains(person) {
            all.push(*person);
        }
    }
}

/// The touches of a person within `times` and not forgotten, the newest first, each once.
///
/// # Errors
/// The store fails.
pub(in crate::fold) fn journey(
    batch: &Batch<'_>,
    program: ProgramId,
    sent: &[Person],
    times: &RangeInclusive<Millis>,
) -> Result<Vec<Touch>, DerivedError> {
    // Rows that are forgotten may lie there still; what is seen does not depend on that.
    let since = batch.horizon(program)?.from;
    let times = since.max(*times.start())..=*times.end();
    let mut touches = Vec::new();
    for person in names(batch, (program, since), sent)? {
        touches.extend(batch.touches(program, person, &times, TOUCHES_MAX)?);
    }
    let place = |touch: &Touch| (touch.time, touch.number, touch.source.partner());
    touches.sort_by_key(|touch| std::cmp::Reverse(place(touch)));
    touches.dedup_by_key(|touch| place(touch));
    touches.truncate(TOUCHES_MAX);
    Ok(touches)
}
