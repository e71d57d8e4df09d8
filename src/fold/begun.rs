//! How far a slot was judged before this start.

use crate::derived::Families;
use crate::log::Footer;

use super::error::FoldError;

/// How many clicks of the slot have their verdicts from before this start.
pub(super) fn judged(families: &Families<'_>, footer: &Footer) -> Result<u32, FoldError> {
    match families.begun()? {
        None => Ok(0),
        Some(begun) if (begun.slot, begun.checksum) == (footer.slot, footer.checksum) => {
            Ok(begun.judged)
        }
        Some(begun) => Err(FoldError::BegunOther(begun.slot)),
    }
}
