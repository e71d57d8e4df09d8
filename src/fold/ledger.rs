//! What arrived in a slot and what became of it, added to the sums of its minute.
//!
//! In: the footer of a slot. Out: cells of the ledger, of partner 0. On the fold's thread.

use crate::log::Footer;
use crate::model::arrival::{Outcome, RefusedReason, Stream};
use crate::model::id::PartnerId;
use crate::model::tally::{Stored, Tally};

use super::cells::Spot;
use super::slot::Folder;

/// Counts the ledger of a footer.
pub(super) fn count(folder: &mut Folder, footer: &Footer) {
    let at = footer.wall_start;
    // What locked is said by the daemon itself, so it is no arrival.
    let arrivals = footer.ledger.iter();
    for entry in arrivals.filter(|entry| entry.stream != Stream::Settlement) {
        let spot = Spot::new(
            entry.program,
            folder.day(entry.program, at),
            PartnerId::UNKNOWN,
        );
        let mut more = Tally::default();
        for measure in measures(entry.outcome).into_iter().flatten() {
            more.add(measure, entry.count.into());
        }
        folder.cells.arrived((spot, at), entry.stream, more);
    }
}

/// What an outcome counts as.
fn measures(outcome: Outcome) -> [Option<Stored>; 2] {
    match outcome {
        Outcome::Received => [Some(Stored::Received), None],
        Outcome::Stored => [Some(Stored::Recorded), None],
        Outcome::Unrecorded => [Some(Stored::Unrecorded), None],
        Outcome::Refused(reason) => [
            Some(Stored::Refused),
            match reason {
                RefusedReason::Invalid => Some(Stored::RefusedInvalid),
                RefusedReason::Retry => Some(Stored::RefusedRetry),
                RefusedReason::Unavailable => Some(Stored::RefusedUnavailable),
                RefusedReason::NoConsent => Some(Stored::RefusedNoConsent),
                // Of these no program is known.
                RefusedReason::UnknownProgram
                | RefusedReason::Signature
                | RefusedReason::NotALink
                | RefusedReason::Method
                | RefusedReason::TooLong
                | RefusedReason::BadRequest => None,
            },
        ],
    }
}
