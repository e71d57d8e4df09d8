//! What a conversion tells of people: which names are one person's, and which click led them.

use crate::derived::{Batch, DerivedError, Touch};
use crate::model::id::ProgramId;
use crate::model::submission::{Person, Submission};
use crate::model::time::Millis;

/// Whether a customer permits that names are linked; unless the brand says otherwise.
pub(in crate::fold) fn consents(submission: &Submission) -> bool {
    let said = submission.field("TrackingConsent");
    !said.is_some_and(|said| said.eq_ignore_ascii_case("false"))
}

/// Notes that `names` are those of one person, seen together `at` a time, and what led them.
///
/// # Errors
/// The store fails.
pub(in crate::fold) fn note(
    batch: &mut Batch<'_>,
    program: ProgramId,
    names: &[Person],
    at: Millis,
    touch: Option<&Touch>,
) -> Result<(), DerivedError> {
    for (place, one) in names.iter().enumerate() {
        for other in names.iter().skip(place + 1) {
            if one != other {
                batch.link(program, [*one, *other], at)?;
            }
        }
        if let Some(touch) = touch {
            batch.touch(program, *one, touch);
        }
    }
    Ok(())
}
