//! Folding the past by other rules, to see what they would make of it, and to let that serve.
//!
//! In: a judgement that is not stored, and its rules, or the newest one that is. Out: a generation
//! beside the one that serves, level with it at a slot. It is thrown away with the trial unless the
//! fold thread takes it over ([`super::FoldRemote::adopt`]), which may only be asked once the
//! judgement is in the log: from then on every rebuild makes the same rows. One that was folded
//! before its judgement was stored knows nothing of its adjustments, and serves only where there
//! are none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::catalog::Shelf;
use crate::derived::{Derived, Generation};
use crate::log::{Judgement, Log};
use crate::model::id::Slot;

use super::click::robots::Robots;
use super::error::FoldError;
use super::rebuild::{Progress, catch_up};
use super::slot::Folder;

/// The past as a judgement would have it.
#[derive(Debug)]
pub struct Trial {
    /// Gone once the fold thread has taken it.
    folder: Option<Folder>,
    generation: Arc<Generation>,
}

impl Trial {
    /// An empty generation that is to be folded by `judgement`, whose rules are `robots`.
    ///
    /// # Errors
    /// The directory can't be used.
    pub fn begin(
        log: &Log,
        derived: &Derived,
        shelf: Arc<Shelf>,
        judgement: Judgement,
        robots: Robots,
    ) -> Result<Self, FoldError> {
        let generation = derived.next_generation()?;
        let folder = Folder::new(log.clone(), Arc::clone(&generation)).sharing(shelf);
        Ok(Self {
            folder: Some(folder.judging(judgement, robots)),
            generation,
        })
    }

    /// An empty generation that is to be folded by the newest judgement of the log, with its
    /// adjustments.
    ///
    /// # Errors
    /// The directory can't be used.
    pub fn again(log: &Log, derived: &Derived, shelf: Arc<Shelf>) -> Result<Self, FoldError> {
        let generation = derived.next_generation()?;
        let folder = Folder::new(log.clone(), Arc::clone(&generation)).sharing(shelf);
        Ok(Self {
            folder: Some(folder),
            generation,
        })
    }

    /// Folds up to slot `last`, which is sealed; false when `stop` was set. After that, and after
    /// an error, it is of no further use.
    ///
    /// # Errors
    /// A slot does not match its footer, or a store fails.
    pub fn fold(
        &mut self,
        last: Slot,
        stop: &AtomicBool,
        progress: &mut Progress<'_>,
    ) -> Result<bool, FoldError> {
        let Some(folder) = &mut self.folder else {
            return Ok(false);
        };
        let stop = || stop.load(Ordering::Relaxed);
        catch_up(folder, last, &stop, progress)
    }

    /// What was folded.
    #[must_use]
    pub fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// Lets it go on as a fold.
    pub(super) fn into_folder(mut self) -> Option<Folder> {
        self.folder.take()
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if self.folder.is_some() {
            self.generation.retire();
        }
    }
}
