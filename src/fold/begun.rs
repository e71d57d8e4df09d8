//! Where a fold goes on: after which slot, in the middle of which one, and whether at all.

use crate::derived::Families;
use crate::log::Footer;
use crate::model::id::Slot;

use super::error::FoldError;
use super::slot::Folder;

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

impl Folder {
    /// Whether what is folded came from this very log: the footer of the watermark's slot is the
    /// one that was folded.
    ///
    /// # Errors
    /// The log does not read.
    pub fn is_of_this_log(&self) -> Result<bool, FoldError> {
        let log = self.log();
        if let Some(begun) = self.generation().families()?.begun()? {
            let footer = log.footer(begun.slot)?;
            if footer.is_none_or(|footer| footer.checksum != begun.checksum) {
                return Ok(false);
            }
        }
        let Some(mark) = self.mark() else {
            return Ok(true);
        };
        let footer = log.footer(mark.slot)?;
        Ok(log.judgement(mark.judgement)?.is_some()
            && footer.is_some_and(|footer| {
                footer.checksum == mark.checksum && footer.wall_end == mark.wall_end
            }))
    }

    /// The slot to fold next, if the log has any.
    ///
    /// # Errors
    /// The log does not read.
    pub fn next_slot(&self) -> Result<Option<Slot>, FoldError> {
        match self.mark() {
            Some(mark) => Ok(Some(mark.slot.next())),
            None => Ok(self.log().first_slot()?),
        }
    }

    /// Whether a later judgement of the past was stored than the one the rows were folded by, so
    /// that they should be made again.
    ///
    /// # Errors
    /// The log does not read.
    pub fn is_overruled(&self) -> Result<bool, FoldError> {
        let newest = self.log().current_judgement()?.version;
        Ok(self.mark().is_some_and(|mark| mark.judgement < newest))
    }
}
