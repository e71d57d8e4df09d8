//! The derived store as the rest of the program holds it: whichever generation serves just now.
//!
//! Cheap to clone and shared by all threads. The fold thread alone writes the generation that
//! serves and flips; rebuilds and trials fill theirs on threads of their own. A reader that
//! began on the old generation finishes on it.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arc_swap::ArcSwap;

use crate::model::id::{ProgramId, Slot, SubmissionId};
use crate::model::time::{Day, Millis};
use crate::registry::cube::CubeId;

use super::directory;
use super::error::DerivedError;
use super::family::{self, Options};
use super::generation::{Generation, Unusable};
use super::row::outcome::Settled;
use super::view::TakeCell;

/// How far the derived rows go: everything up to this slot is in them, nothing after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watermark {
    /// The last slot folded; 0 before the first.
    pub slot: Slot,
    /// When that slot ended: reports are as of this time.
    pub wall_end: Millis,
}

struct Inner {
    dir: PathBuf,
    options: Options,
    cache: rocksdb::Cache,
    serving: ArcSwap<Generation>,
    last_number: AtomicU32,
}

/// The derived store.
#[derive(Clone)]
pub struct Derived(Arc<Inner>);

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.serving.load().fmt(f)
    }
}

impl Derived {
    /// Opens the store in `dir`, making it when there is none. `log_end` is the slot of the log's
    /// last footer: a store that is ahead of it, does not open or has another format is discarded,
    /// and the fold begins again from the first slot. Generations that do not serve are removed.
    ///
    /// # Errors
    /// The directory can't be used, or another process holds the store.
    pub fn open(
        dir: &Path,
        options: &Options,
        log_end: Option<Slot>,
    ) -> Result<Self, DerivedError> {
        let cache = family::cache(options);
        let current = directory::current(dir)?;
        let mut last_number = 0;
        for number in directory::generations(dir)? {
            last_number = last_number.max(number);
            if Some(number) != current {
                directory::remove(dir, number)?;
            }
        }
        let opened = match current {
            Some(number) => match Self::open_serving(dir, number, options, &cache, log_end) {
                Ok(generation) => Some(generation),
                Err(Unusable::Failed(error)) => return Err(error),
                Err(Unusable::Discard(why)) => {
                    tracing::warn!(generation = number, %why, "derived store discarded");
                    None
                }
            },
            None => None,
        };
        last_number = last_number.max(current.unwrap_or(0));
        let serving = if let Some(generation) = opened {
            generation
        } else {
            last_number = last_number.saturating_add(1);
            let fresh = Self::make(dir, last_number, options, &cache)?;
            directory::set_current(dir, last_number)?;
            if let Some(number) = current {
                directory::remove(dir, number)?;
            }
            fresh
        };
        Ok(Self(Arc::new(Inner {
            dir: dir.to_owned(),
            options: options.clone(),
            cache,
            serving: ArcSwap::from_pointee(serving),
            last_number: AtomicU32::new(last_number),
        })))
    }

    fn open_serving(
        dir: &Path,
        number: u32,
        options: &Options,
        cache: &rocksdb::Cache,
        log_end: Option<Slot>,
    ) -> Result<Generation, Unusable> {
        let path = directory::path(dir, number);
        let generation = Generation::open(&path, number, options, cache)?;
        let folded = generation.mark().map(|mark| mark.slot);
        if folded > log_end {
            return Err(Unusable::Discard("it is ahead of the log".to_owned()));
        }
        Ok(generation)
    }

    fn make(
        dir: &Path,
        number: u32,
        options: &Options,
        cache: &rocksdb::Cache,
    ) -> Result<Generation, DerivedError> {
        let path = directory::path(dir, number);
        match Generation::open(&path, number, options, cache) {
            Ok(generation) => Ok(generation),
            Err(Unusable::Failed(error)) => Err(error),
            Err(Unusable::Discard(why)) => Err(DerivedError::Io {
                action: "making",
                path,
                source: std::io::Error::other(why),
            }),
        }
    }

    /// The generation that serves.
    #[must_use]
    pub fn serving(&self) -> Arc<Generation> {
        self.0.serving.load_full()
    }

    /// Whether the serving generation was folded under other rules than this program's and should
    /// be made again.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn outdated(&self) -> Result<bool, DerivedError> {
        Ok(self.serving().rules()? != Some(self.0.options.rules))
    }

    /// Makes the next generation, empty and not serving. Retire it if it is not adopted. Its rows
    /// do not outlive the process until then.
    ///
    /// # Errors
    /// The directory can't be used.
    pub fn next_generation(&self) -> Result<Arc<Generation>, DerivedError> {
        let number = self.0.last_number.fetch_add(1, Ordering::Relaxed) + 1;
        let next = Self::make(&self.0.dir, number, &self.0.options, &self.0.cache)?;
        next.fill()?;
        Ok(Arc::new(next))
    }

    /// Lets `generation` serve from now on and retires the one before it. Called by the thread that
    /// writes it; lasts as long as its memtables take to be written.
    ///
    /// # Errors
    /// RocksDB fails, or the pointer file can't be written; then the old one goes on serving.
    pub fn adopt(&self, generation: Arc<Generation>) -> Result<(), DerivedError> {
        generation.settle()?;
        directory::set_current(&self.0.dir, generation.number())?;
        self.0.serving.swap(generation).retire();
        Ok(())
    }

    /// How far the serving generation has come; `None` before the first slot.
    #[must_use]
    pub fn watermark(&self) -> Option<Watermark> {
        self.serving().mark().map(|mark| Watermark {
            slot: mark.slot,
            wall_end: mark.wall_end,
        })
    }

    /// Hands every cell of one program between two days inclusive to `f`, by day and partner, all
    /// of one moment, and gives the watermark of that moment.
    ///
    /// # Errors
    /// RocksDB fails or a row is damaged.
    pub fn for_each_cell(
        &self,
        cube: CubeId,
        program: ProgramId,
        days: RangeInclusive<Day>,
        f: &mut TakeCell<'_>,
    ) -> Result<Watermark, DerivedError> {
        let generation = self.serving();
        let view = generation.view()?;
        view.for_each_cell(cube, program, days, None, f)?;
        Ok(view.watermark()?.unwrap_or_default())
    }

    /// What became of a submission; `None` before its slot is folded.
    ///
    /// # Errors
    /// RocksDB fails or the row is damaged.
    pub fn outcome(&self, id: SubmissionId) -> Result<Option<Settled>, DerivedError> {
        self.serving().view()?.outcome(id)
    }
}

#[cfg(test)]
#[path = "handle_tests.rs"]
mod tests;
