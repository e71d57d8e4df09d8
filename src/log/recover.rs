//! Opening the store and finding where the last process ended.
//!
//! Refuses (exit 65) a log of another format and one that ends before what was acknowledged as
//! durable; refuses (exit 75) to run on a wall clock that is far behind the newest slot. A slot
//! that was open when the process died gets its footer here, marked torn.

use rocksdb::{Cache, DB, Direction, IteratorMode, WriteBatch, WriteOptions};

use crate::model::click_id::EPOCH;
use crate::model::id::{CatalogVersion, ProgramId, RulesVersion, Slot, StringRef};
use crate::model::time::{HOUR, Millis};

use super::clock::Clock;
use super::error::LogError;
use super::family::{self, descriptors, store_options};
use super::open::{FIRST_SLOT, FIRST_STRING, Options};
use super::row::footer::{Footer, Ledger};
use super::row::{Corrupt, click as click_row, entry, imported, key};
use super::store::judgements::newest_rules;
use super::sync::SideFile;
use crate::model::arrival::{Outcome, Stream};

/// The format this release reads and writes.
pub const FORMAT: u32 = 6;

/// Key of the format number in `meta`.
pub(super) const FORMAT_KEY: &[u8] = b"format";
/// Key of the lease in `meta`: milliseconds of event numbers, i64.
pub(super) const LEASE_KEY: &[u8] = b"lease";

/// Where a log goes on.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) db: DB,
    /// The slot that opens now.
    pub(super) slot: Slot,
    pub(super) catalog: CatalogVersion,
    pub(super) rules: RulesVersion,
    pub(super) next_string: StringRef,
    /// Numbers minted from now on are later than this.
    pub(super) floor: Millis,
}

/// Opens the store in `options.directory` and recovers it.
pub(super) fn open(options: &Options, cache: &Cache, clock: Clock) -> Result<Recovered, LogError> {
    std::fs::create_dir_all(&options.directory)
        .map_err(LogError::file("make the log directory"))?;
    let db = DB::open_cf_descriptors(
        &store_options(options),
        &options.directory,
        descriptors(cache),
    )
    .map_err(|error| in_use(options, error))?;
    check_format(&db)?;
    check_durable(&db, options)?;
    let last = last_footer(&db)?;
    if let Some(footer) = &last
        && clock.now() < footer.wall_end.plus(-HOUR)
    {
        return Err(LogError::ClockBehind {
            last_end: footer.wall_end.to_string(),
        });
    }
    let catalog = CatalogVersion(last_number(&db, family::CATALOG)?.unwrap_or(0));
    let (_, rules) = newest_rules(&db)?;
    let begun = last
        .as_ref()
        .map_or(FIRST_SLOT, |footer| footer.slot.next());
    let torn = torn_footer(&db, begun, last.as_ref(), clock.now(), catalog, rules)?;
    let slot = if let Some(footer) = torn {
        let mut batch = WriteBatch::default();
        batch.put_cf(
            cf(&db, family::FOOTERS)?,
            footer.slot.0.to_be_bytes(),
            footer.write(),
        );
        db.write_opt(batch, &WriteOptions::default())
            .map_err(LogError::store("write the footer of a torn slot"))?;
        tracing::warn!(
            slot = footer.slot.0,
            clicks = footer.clicks,
            "closed a torn slot"
        );
        begun.next()
    } else {
        begun
    };
    let next_string = last_number(&db, family::STRINGS)?
        .map_or(FIRST_STRING, |last| StringRef(last.saturating_add(1)));
    let floor = EPOCH.plus(read_lease(&db)?);
    Ok(Recovered {
        db,
        slot,
        catalog,
        rules,
        next_string,
        floor,
    })
}

fn in_use(options: &Options, error: rocksdb::Error) -> LogError {
    let text = error.to_string();
    if text.contains("LOCK") || text.contains("lock ") {
        return LogError::InUse {
            directory: options.directory.display().to_string(),
        };
    }
    if error.kind() == rocksdb::ErrorKind::Corruption {
        return LogError::Corrupt(Corrupt {
            family: "the store",
            why: "RocksDB can't open it",
        });
    }
    LogError::store("open")(error)
}

/// The handle of a family.
pub(super) fn cf<'a>(
    db: &'a DB,
    name: &'static str,
) -> Result<&'a rocksdb::ColumnFamily, LogError> {
    db.cf_handle(name).ok_or_else(|| LogError::Store {
        action: "find a column family",
        reason: name.to_owned(),
    })
}

fn check_format(db: &DB) -> Result<(), LogError> {
    let meta = cf(db, family::META)?;
    let damaged = || Corrupt {
        family: family::META,
        why: "the format number is no number",
    };
    match db
        .get_cf(meta, FORMAT_KEY)
        .map_err(LogError::store("read the format number"))?
    {
        None => db
            .put_cf(meta, FORMAT_KEY, FORMAT.to_be_bytes())
            .map_err(LogError::store("write the format number")),
        Some(bytes) => {
            let found = u32::from_be_bytes(bytes.as_slice().try_into().map_err(|_| damaged())?);
            if found != FORMAT {
                return Err(LogError::OtherFormat {
                    found,
                    known: FORMAT,
                });
            }
            Ok(())
        }
    }
}

fn check_durable(db: &DB, options: &Options) -> Result<(), LogError> {
    let recovered = db.latest_sequence_number();
    let durable = SideFile::read(&options.directory)?;
    if recovered < durable {
        return Err(LogError::Truncated { recovered, durable });
    }
    Ok(())
}

fn last_footer(db: &DB) -> Result<Option<Footer>, LogError> {
    let footers = cf(db, family::FOOTERS)?;
    let Some(row) = db.iterator_cf(footers, IteratorMode::End).next() else {
        return Ok(None);
    };
    let (key, value) = row.map_err(LogError::store("read the last footer"))?;
    Ok(Some(Footer::read(key::read_footer(&key)?, &value)?))
}

/// The last key of a family whose keys are one u32.
fn last_number(db: &DB, name: &'static str) -> Result<Option<u32>, LogError> {
    let Some(row) = db.iterator_cf(cf(db, name)?, IteratorMode::End).next() else {
        return Ok(None);
    };
    let (key, _) = row.map_err(LogError::store("read the last row of a family"))?;
    let damaged = |_| Corrupt {
        family: name,
        why: "a key is not four bytes",
    };
    Ok(Some(u32::from_be_bytes(
        key.as_ref().try_into().map_err(damaged)?,
    )))
}

fn read_lease(db: &DB) -> Result<i64, LogError> {
    let bytes = db
        .get_cf(cf(db, family::META)?, LEASE_KEY)
        .map_err(LogError::store("read the lease"))?;
    let damaged = |_| Corrupt {
        family: family::META,
        why: "the lease is not eight bytes",
    };
    match bytes {
        None => Ok(0),
        Some(bytes) => Ok(i64::from_be_bytes(
            bytes.as_slice().try_into().map_err(damaged)?,
        )),
    }
}

/// The footer of the slot that has rows but none, if there is one.
fn torn_footer(
    db: &DB,
    slot: Slot,
    last: Option<&Footer>,
    now: Millis,
    catalog: CatalogVersion,
    rules: RulesVersion,
) -> Result<Option<Footer>, LogError> {
    let mut footer = Footer {
        slot,
        wall_start: last.map_or(now, |footer| footer.wall_end),
        wall_end: now,
        clicks: 0,
        submissions: 0,
        facts: 0,
        imported: 0,
        visits: 0,
        checksum: 0,
        catalog,
        rules,
        torn: true,
        ledger: Vec::new(),
    };
    let mut ledger = Ledger::default();
    for name in [
        family::CLICKS,
        family::SUBMISSIONS,
        family::IMPORTED,
        family::VISITS,
        family::FACTS,
    ] {
        let from = IteratorMode::From(&slot.0.to_be_bytes(), Direction::Forward);
        for row in db.iterator_cf(cf(db, name)?, from) {
            let (row_key, value) = row.map_err(LogError::store("read a torn slot"))?;
            if name == family::FACTS {
                footer.facts += 1;
                continue;
            }
            let (_, owner, number) = key::read_event(name, &row_key)?;
            footer.checksum = key::checksum(footer.checksum, owner, number);
            if name == family::CLICKS {
                footer.clicks += 1;
                let program = click_row::read(&value)?.program;
                ledger.settle(program, Stream::Click, Outcome::Stored);
            } else if name == family::IMPORTED {
                footer.imported += 1;
                let row = imported::read(&value)?;
                if matches!(row, imported::Row::Click(_)) {
                    ledger.settle(row.program(), Stream::ImportedClick, Outcome::Stored);
                }
            } else if name == family::VISITS {
                footer.visits += 1;
                ledger.settle(ProgramId(owner), Stream::PageLoad, Outcome::Stored);
            } else {
                footer.submissions += 1;
                let stream = entry::stream(&value)?;
                ledger.settle(ProgramId(owner), stream, Outcome::Stored);
            }
        }
    }
    footer.ledger = ledger.entries();
    let Footer {
        clicks,
        submissions,
        facts,
        imported,
        visits,
        ..
    } = footer;
    let is_empty = [clicks, submissions, facts, imported, visits] == [0; 5];
    Ok((!is_empty).then_some(footer))
}
