//! One generation: a RocksDB of its own that holds the fold's rows up to a watermark.
//!
//! Written by one thread, read by any. A retired generation removes its directory when the last
//! reader lets go of it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rocksdb::{Cache, ColumnFamily, DB, DBPinnableSlice};

use crate::model::id::ProgramId;
use crate::model::tally::{Facet, Tally};
use crate::model::time::Day;

use super::batch::Batch;
use super::error::DerivedError;
use super::family::{self, Family, Options};
use super::row::bytes::Why;
use super::row::cell;
use super::row::counter::Counter;
use super::row::key::{CellKey, CounterKey, VerdictKey, WaitingKey, WindowKey};
use super::row::mark::{Begun, Mark};
use super::row::outcome::decode_waiting;
use super::row::verdict::{Judged, Verdict, Window};
use super::view::View;

/// Layout of all rows together; another one is never read.
const FORMAT: u8 = 13;

const FORMAT_KEY: &[u8] = b"format";
const RULES_KEY: &[u8] = b"rules";
const MARK_KEY: &[u8] = b"watermark";
const BEGUN_KEY: &[u8] = b"begun";

/// New files that are merged together while a generation is filled: all of it comes at once, and
/// each merge writes again what was merged before.
const FILES_FILLED: i32 = 12;

/// Removes the directory of a retired generation; a field that is dropped after the database.
#[derive(Debug)]
struct Remains {
    path: PathBuf,
    retired: AtomicBool,
}

impl Drop for Remains {
    fn drop(&mut self) {
        if *self.retired.get_mut()
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            // What is left is removed at the next start.
            tracing::warn!(path = %self.path.display(), %error, "old generation not removed");
        }
    }
}

/// One generation of the derived store.
pub struct Generation {
    number: u32,
    mark: Mutex<Option<Mark>>,
    /// It has never served: what is written need not outlive the process, so it has no WAL.
    is_filled: AtomicBool,
    cache: Cache,
    db: DB,
    remains: Remains,
}

impl std::fmt::Debug for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generation")
            .field("number", &self.number)
            .field("path", &self.remains.path)
            .finish_non_exhaustive()
    }
}

/// Why a generation can't serve.
#[derive(Debug)]
pub(super) enum Unusable {
    /// It can be thrown away: this is what is wrong with it.
    Discard(String),
    /// Something else is wrong with the machine.
    Failed(DerivedError),
}

impl From<DerivedError> for Unusable {
    fn from(error: DerivedError) -> Self {
        match error {
            DerivedError::Corrupt { .. } | DerivedError::FamilyMissing(_) => {
                Self::Discard(error.to_string())
            }
            error => Self::Failed(error),
        }
    }
}

impl Generation {
    /// Opens the generation in `path`, making it when there is none.
    pub(super) fn open(
        path: &Path,
        number: u32,
        options: &Options,
        cache: &Cache,
    ) -> Result<Self, Unusable> {
        let descriptors = family::descriptors(cache);
        let db = DB::open_cf_descriptors(&family::store(options), path, descriptors).map_err(
            |error| match error.kind() {
                rocksdb::ErrorKind::Corruption | rocksdb::ErrorKind::InvalidArgument => {
                    Unusable::Discard(error.to_string())
                }
                _ => Unusable::Failed(error.into()),
            },
        )?;
        let generation = Self {
            number,
            mark: Mutex::new(None),
            is_filled: AtomicBool::new(false),
            cache: cache.clone(),
            db,
            remains: Remains {
                path: path.to_owned(),
                retired: AtomicBool::new(false),
            },
        };
        let meta = generation.families()?.meta;
        let format = generation.meta(FORMAT_KEY)?;
        match format.as_deref() {
            Some([FORMAT]) => {}
            Some(_) => return Err(Unusable::Discard("written in another format".to_owned())),
            None => {
                let mut batch = rocksdb::WriteBatch::default();
                batch.put_cf(meta, FORMAT_KEY, [FORMAT]);
                batch.put_cf(meta, RULES_KEY, options.rules.to_be_bytes());
                generation.db.write(batch).map_err(DerivedError::from)?;
            }
        }
        if let Some(bytes) = generation.meta(MARK_KEY)? {
            let mark = read(Family::Meta, MARK_KEY, Mark::decode(&bytes))?;
            *generation.mark.lock() = Some(mark);
        }
        Ok(generation)
    }

    /// Its number, which is the name of its directory.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The version of the fold's rules it was folded under.
    pub(super) fn rules(&self) -> Result<Option<u32>, DerivedError> {
        let stored = self.meta(RULES_KEY)?;
        Ok(stored.and_then(|bytes| bytes.first_chunk().copied().map(u32::from_be_bytes)))
    }

    /// How far it has come; `None` before the first slot.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        *self.mark.lock()
    }

    fn meta(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DerivedError> {
        Ok(self.db.get_cf(self.families()?.meta, key)?)
    }

    /// Lets the directory be removed once nobody uses it any more.
    pub fn retire(&self) {
        self.remains.retired.store(true, Ordering::Relaxed);
    }

    /// The families, looked up once for many reads and writes.
    ///
    /// # Errors
    /// A family is missing.
    pub fn families(&self) -> Result<Families<'_>, DerivedError> {
        let is_filled = self.is_filled.load(Ordering::Relaxed);
        Families::find(&self.db, &self.mark, is_filled.then_some(&self.cache))
    }

    /// Has rows written without a WAL until [`Generation::settle`]. Only for one that does not
    /// serve: it is removed at the next start.
    pub(super) fn fill(&self) -> Result<(), DerivedError> {
        self.is_filled.store(true, Ordering::Relaxed);
        self.merge_at(FILES_FILLED)
    }

    /// Has every row outlive the process, those to come too.
    ///
    /// # Errors
    /// RocksDB fails.
    pub(super) fn settle(&self) -> Result<(), DerivedError> {
        if self.is_filled.swap(false, Ordering::Relaxed) {
            self.flush()?;
            self.merge_at(family::FILES_MERGED)?;
        }
        Ok(())
    }

    /// Has so many new files of the large families be merged together.
    fn merge_at(&self, files: i32) -> Result<(), DerivedError> {
        let families = self.families()?;
        for family in [Family::Verdicts, Family::Windows, Family::Aggregates] {
            let files = [("level0_file_num_compaction_trigger", &*files.to_string())];
            self.db.set_options_cf(families.of(family), &files)?;
        }
        Ok(())
    }

    /// A view of one moment.
    ///
    /// # Errors
    /// A family is missing.
    pub fn view(&self) -> Result<View<'_>, DerivedError> {
        View::new(self.families()?)
    }

    /// The value of one integer property of RocksDB for `family`, for metrics and tests.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn property(&self, family: Family, name: &str) -> Result<Option<u64>, DerivedError> {
        Ok(self
            .db
            .property_int_value_cf(self.families()?.of(family), name)?)
    }

    /// Writes everything out of memory.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn flush(&self) -> Result<(), DerivedError> {
        let families = self.families()?;
        for family in Family::ALL {
            self.db.flush_cf(families.of(family))?;
        }
        Ok(())
    }
}

macro_rules! families {
    ($($field:ident: $family:ident;)*) => {
        /// The families of a generation, for the fold thread's reads and its batch.
        #[derive(Clone, Copy)]
        pub struct Families<'a> {
            pub(super) db: &'a DB,
            pub(super) mark: &'a Mutex<Option<Mark>>,
            /// There while the generation is filled: rows are written without a WAL.
            pub(super) filled: Option<&'a Cache>,
            $(pub(super) $field: &'a ColumnFamily,)*
        }

        impl<'a> Families<'a> {
            fn find(
                db: &'a DB,
                mark: &'a Mutex<Option<Mark>>,
                filled: Option<&'a Cache>,
            ) -> Result<Self, DerivedError> {
                let find = |family: Family| {
                    db.cf_handle(family.name())
                        .ok_or_else(|| DerivedError::FamilyMissing(family.name()))
                };
                Ok(Self { db, mark, filled, $($field: find(Family::$family)?,)* })
            }

            /// The handle of one family.
            pub(super) fn of(&self, family: Family) -> &'a ColumnFamily {
                match family {
                    $(Family::$family => self.$field,)*
                }
            }
        }
    };
}

families! {
    verdicts: Verdicts;
    windows: Windows;
    job_windows: JobWindows;
    externals: Externals;
    waiting: Waiting;
    orders: Orders;
    actions: Actions;
    adjusted: Adjusted;
    items: Items;
    counters: Counters;
    updates: Updates;
    notices: Notices;
    index: Index;
    outcomes: Outcomes;
    uploads: Uploads;
    refused_lines: RefusedLines;
    paths: Paths;
    people: People;
    touches: Touches;
    horizons: Horizons;
    recurrences: Recurrences;
    aggregates: Aggregates;
    meta: Meta;
}

/// Names family and key of a row that does not read.
pub(super) fn read<T>(
    family: Family,
    key: &[u8],
    decoded: Result<T, Why>,
) -> Result<T, DerivedError> {
    decoded.map_err(|why| DerivedError::corrupt(family.name(), key, why))
}

impl<'a> Families<'a> {
    pub(super) fn get<T>(
        &self,
        family: Family,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, Why>,
    ) -> Result<Option<T>, DerivedError> {
        let value: Option<DBPinnableSlice<'_>> = self.db.get_pinned_cf(self.of(family), key)?;
        value
            .map(|value| read(family, key, decode(&value)))
            .transpose()
    }

    /// The verdict on one click.
    ///
    /// # Errors
    /// RocksDB fails or the row is damaged; so for every read here.
    pub fn verdict(&self, key: VerdictKey) -> Result<Option<Verdict>, DerivedError> {
        let judged = self.get(Family::Verdicts, &key.encode(), Judged::decode)?;
        Ok(judged.map(|judged| judged.verdict))
    }

    /// What is used up of limits before this slot; nothing where nothing was ever counted.
    ///
    /// # Errors
    /// As [`Families::verdict`].
    pub fn counter(&self, key: CounterKey) -> Result<Counter, DerivedError> {
        let found = self.get(Family::Counters, &key.encode(), Counter::decode)?;
        Ok(found.unwrap_or_default())
    }

    /// When a visitor last clicked.
    ///
    /// # Errors
    /// As [`Families::verdict`].
    pub fn window(&self, key: WindowKey) -> Result<Option<Window>, DerivedError> {
        self.get(Family::Windows, &key.encode(), Window::decode)
    }

    /// One cell.
    ///
    /// # Errors
    /// As [`Families::verdict`].
    pub fn cell(&self, key: CellKey, facet: &Facet) -> Result<Option<Tally>, DerivedError> {
        self.get(Family::Aggregates, &cell::key(key, facet), cell::decode)
    }

    /// Every waiting submission, in key order.
    ///
    /// # Errors
    /// As [`Families::verdict`].
    pub fn waiting(&self) -> Result<Vec<WaitingKey>, DerivedError> {
        let mut rows = Vec::new();
        let mut at = self.db.raw_iterator_cf(self.waiting);
        at.seek_to_first();
        while let Some((key, value)) = at.item() {
            let decoded = decode_waiting(value).and_then(|()| WaitingKey::decode(key));
            rows.push(read(Family::Waiting, key, decoded)?);
            at.next();
        }
        at.status()?;
        Ok(rows)
    }

    /// The programs that have window rows of salt day `last` or before.
    ///
    /// # Errors
    /// As [`Families::verdict`].
    pub fn programs_with_windows(&self, last: Day) -> Result<Vec<ProgramId>, DerivedError> {
        let mut programs = Vec::new();
        let mut at = self.db.raw_iterator_cf(self.windows);
        at.seek_to_first();
        while let Some(bytes) = at.key() {
            let key = read(Family::Windows, bytes, WindowKey::decode(bytes))?;
            if key.day <= last {
                programs.push(key.program);
            }
            match key.program.0.checked_add(1) {
                Some(next) => at.seek(next.to_be_bytes()),
                None => break,
            }
        }
        at.status()?;
        Ok(programs)
    }

    /// An empty batch.
    #[must_use]
    pub fn batch(self) -> Batch<'a> {
        Batch::new(self)
    }

    /// The slot after the watermark, if some of its clicks are judged already.
    ///
    /// # Errors
    /// As [`Families::verdict`].
    pub fn begun(&self) -> Result<Option<Begun>, DerivedError> {
        self.get(Family::Meta, BEGUN_KEY, Begun::decode)
    }

    pub(super) const MARK_KEY: &'static [u8] = MARK_KEY;
    pub(super) const BEGUN_KEY: &'static [u8] = BEGUN_KEY;
}
