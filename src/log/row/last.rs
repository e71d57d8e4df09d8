//! The row of the last changes of an order, by which repetitions are told from changes of their
//! own.
//!
//! Format u8 (1), the file that said them (tag u8, job u64), the file that says them again (tag u8,
//! job u64 and varint of how many), then the changes as an order row of [`super::submission`] has
//! its attempts.
//!
//! A request repeats the last change alone. What one uploaded file says of an order is one story:
//! another file that tells it from its beginning repeats it, change by change, however far apart
//! its lines stand, and goes on where the story ends.

use crate::log::family;
use crate::model::id::JobId;
use crate::model::submission::PayloadHash;

use super::bytes::{Corrupt, Cursor, put_varint};
use super::submission::{self, AttemptRow};

const FORMAT: u8 = 1;
/// Most changes of one story; a longer one is told anew.
pub const STORY_MAX: usize = 256;

/// The last changes of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastChanges {
    /// The file that said them; none when a request said the one there is.
    job: Option<JobId>,
    /// The file that says them again, and how many of them it has said.
    again: Option<(JobId, u32)>,
    /// The oldest first.
    changes: Vec<AttemptRow>,
}

impl LastChanges {
    /// The change that one with `payload`, said by this file or by a request, repeats.
    pub fn repeated(&mut self, job: Option<JobId>, payload: PayloadHash) -> Option<AttemptRow> {
        let is_same = |row: &&AttemptRow| row.payload == payload;
        let last = self.changes.last().filter(is_same).copied();
        let Some(job) = job.filter(|job| self.job != Some(*job)) else {
            return last;
        };
        let said = self.said_by(job);
        if let Some(next) = self.changes.get(said).filter(is_same).copied() {
            self.again = Some((job, count(said.saturating_add(1))));
            return Some(next);
        }
        let Some(before) = said.checked_sub(1) else {
            // A file may begin with the end of the story.
            self.again = last
                .map(|_| (job, count(self.changes.len())))
                .or(self.again);
            return last;
        };
        self.changes.get(before).filter(is_same).copied()
    }

    /// Adds a change that repeats none.
    pub fn add(&mut self, job: Option<JobId>, change: AttemptRow) {
        let kept = match job {
            None => 0,
            Some(_) if self.job == job => self.changes.len(),
            Some(job) => self.said_by(job),
        };
        self.changes
            .truncate(if kept < STORY_MAX { kept } else { 0 });
        self.changes.push(change);
        (self.job, self.again) = (job, None);
    }

    /// The changes, to be given their places.
    pub fn changes_mut(&mut self) -> &mut [AttemptRow] {
        &mut self.changes
    }

    fn said_by(&self, job: JobId) -> usize {
        let again = self.again.filter(|(other, _)| *other == job);
        again.map_or(0, |(_, said)| usize::try_from(said).unwrap_or(usize::MAX))
    }
}

fn count(said: usize) -> u32 {
    u32::try_from(said).unwrap_or(u32::MAX)
}

/// The stored row.
#[must_use]
pub fn write(last: &LastChanges) -> Vec<u8> {
    let mut row = vec![FORMAT];
    put_job(&mut row, last.job);
    put_job(&mut row, last.again.map(|(job, _)| job));
    if let Some((_, said)) = last.again {
        put_varint(&mut row, said.into());
    }
    row.extend_from_slice(&submission::write_order(&last.changes));
    row
}

fn put_job(row: &mut Vec<u8>, job: Option<JobId>) {
    row.push(job.is_some().into());
    if let Some(job) = job {
        row.extend_from_slice(&job.0.to_be_bytes());
    }
}

/// Reads a stored row.
///
/// # Errors
/// The row is not what [`write()`] writes.
pub fn read(row: &[u8]) -> Result<LastChanges, Corrupt> {
    let mut cursor = Cursor::new(family::CHANGES, row);
    if cursor.u8()? != FORMAT {
        return Err(cursor.corrupt("its format is unknown"));
    }
    let job = read_job(&mut cursor)?;
    let again = match read_job(&mut cursor)? {
        None => None,
        Some(job) => Some((job, cursor.varint32()?)),
    };
    let changes = submission::read_order(cursor.rest())?;
    Ok(LastChanges {
        job,
        again,
        changes,
    })
}

fn read_job(cursor: &mut Cursor<'_>) -> Result<Option<JobId>, Corrupt> {
    match cursor.u8()? {
        0 => Ok(None),
        1 => Ok(Some(JobId(cursor.u64()?))),
        _ => Err(cursor.corrupt("a presence is unknown")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::id::{EventNumber, Slot};

    const API: Option<JobId> = None;
    const ONE: Option<JobId> = Some(JobId(1));
    const TWO: Option<JobId> = Some(JobId(2));

    /// Which of these changes, each a payload said by somebody, are stored as new.
    fn new(said: &[(Option<JobId>, u8)]) -> String {
        let mut last = LastChanges::default();
        let mut number = 0;
        let each = said.iter().map(|(job, payload)| {
            let payload = PayloadHash([*payload; 16]);
            // As the log does, from one commit to the next.
            last = read(&write(&last)).unwrap();
            if last.repeated(*job, payload).is_some() {
                return '-';
            }
            number += 1;
            last.add(
                *job,
                AttemptRow {
                    slot: Slot(1),
                    number: EventNumber(number),
                    payload,
                },
            );
            '+'
        });
        each.collect()
    }

    #[test]
    fn a_request_repeats_the_last_change_alone() {
        assert_eq!(new(&[(API, 1), (API, 1), (API, 2), (API, 1)]), "+-++");
        let story = [(ONE, 1), (ONE, 2), (API, 1), (API, 2), (API, 2)];
        assert_eq!(new(&story), "++++-");
    }

    #[test]
    fn a_story_told_again_by_another_file_is_a_repetition_and_goes_on_at_its_end() {
        let first = [(ONE, 1), (ONE, 2), (ONE, 1)];
        let again = [(TWO, 1), (TWO, 2), (TWO, 1), (TWO, 3)];
        assert_eq!(new(&[&first[..], &again].concat()), "+++---+");
        let third = again.map(|(_, payload)| (Some(JobId(3)), payload));
        let all = [&first[..], &again, &third].concat();
        assert_eq!(new(&all), "+++---+----");
    }

    #[test]
    fn a_story_that_turns_is_new_from_there_on() {
        let turned = [(ONE, 1), (ONE, 2), (TWO, 1), (TWO, 3), (TWO, 2)];
        assert_eq!(new(&turned), "++-++");
        // A request between ends the story.
        let between = [(ONE, 1), (ONE, 2), (TWO, 1), (API, 7), (TWO, 2)];
        assert_eq!(new(&between), "++-++");
    }

    #[test]
    fn an_equal_line_after_its_like_is_a_repetition() {
        let doubled = [(ONE, 1), (ONE, 1), (ONE, 2), (TWO, 1), (TWO, 1), (TWO, 2)];
        assert_eq!(new(&doubled), "+-+---");
        assert_eq!(new(&[(ONE, 1), (ONE, 2), (TWO, 2), (TWO, 1)]), "++-+");
    }

    #[test]
    fn a_story_is_bounded() {
        let mut last = LastChanges::default();
        for number in 0..1_000 {
            let row = AttemptRow {
                slot: Slot(1),
                number: EventNumber(number),
                payload: PayloadHash([0; 16]),
            };
            last.add(ONE, row);
            assert!(last.changes.len() <= STORY_MAX);
        }
    }

    proptest! {
        #[test]
        fn what_reads_is_written_alike(mut row: Vec<u8>, tags: [bool; 2], tail in 0..4_usize) {
            row.truncate(32);
            row.splice(0..0, [FORMAT, tags[0].into()]);
            row.resize(64, 1);
            row.extend_from_slice(&submission::write_order(&[])[..tail.min(1)]);
            if let Ok(last) = read(&row) {
                prop_assert_eq!(read(&write(&last)), Ok(last));
            }
        }

        #[test]
        fn rows_read_back(jobs: (Option<u64>, Option<(u64, u32)>), count in 0..5_u64) {
            let change = |number| AttemptRow {
                slot: Slot(3),
                number: EventNumber(number),
                payload: PayloadHash([7; 16]),
            };
            let last = LastChanges {
                job: jobs.0.map(JobId),
                again: jobs.1.map(|(job, said)| (JobId(job), said)),
                changes: (0..count).map(change).collect(),
            };
            prop_assert_eq!(read(&write(&last)), Ok(last));
        }
    }
}
