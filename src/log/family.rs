//! The column families of the log store, and the RocksDB options in force.
//!
//! Keys of the large families begin with the slot, which only grows, so that every flushed file
//! lies after the one before it and compaction only moves files. What that needs: one compression
//! for all levels, no per-level or bottommost setting, no compaction by age, and flushes at slot
//! boundaries (see [`super::sync`]).

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode,
    Options as RocksOptions, WriteBufferManager,
};

use super::open::Options;

/// Clicks by slot.
pub const CLICKS: &str = "clicks";
/// Submissions by slot.
pub const SUBMISSIONS: &str = "submissions";
/// Imported clicks by slot, and the ends of imports.
pub const IMPORTED: &str = "imported";
/// Where each imported click lies, by its name in the other system, for ever.
pub const EXTERNALS: &str = "externals";
/// What is known of each import, and the rows that it refused.
pub const JOBS: &str = "jobs";
/// Arrivals on pages of brands, by slot.
pub const VISITS: &str = "visits";
/// The attempts of each order, for ever.
pub const ORDERS: &str = "orders";
/// The last change of each action, for ever.
pub const CHANGES: &str = "changes";
/// Which actions are settled, for ever.
pub const SETTLEMENTS: &str = "settlements";
/// What postbacks remember of their destinations.
pub const DELIVERIES: &str = "deliveries";
/// Changes that the fold must see, by slot.
pub const FACTS: &str = "facts";
/// What closed each slot.
pub const FOOTERS: &str = "footers";
/// Every catalogue version: the length of what is stored of it.
pub const CATALOG: &str = "catalog";
/// What is stored of the catalogue versions, in parts.
pub const CATALOG_PARTS: &str = "catalog-parts";
/// Every version of the classification rules.
pub const RULES: &str = "rules";
/// Which rules judge the clicks of the past.
pub const JUDGEMENTS: &str = "judgements";
/// What judgements change of what was paid before them.
pub const ADJUSTMENTS: &str = "adjustments";
/// API keys.
pub const KEYS: &str = "keys";
/// User agents, referrers, request shapes and landing pages, each stored once.
pub const STRINGS: &str = "strings";
/// Format number and lease.
pub const META: &str = "meta";

/// How a family is used, which decides its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Grows at its end only and is read in order.
    Events,
    /// Read by exact key, mostly for keys that are not there.
    Lookup,
    /// Small.
    Small,
}

/// Every family with its use. A family missing here does not exist.
pub const FAMILIES: &[(&str, Use)] = &[
    (CLICKS, Use::Events),
    (SUBMISSIONS, Use::Events),
    (IMPORTED, Use::Events),
    (EXTERNALS, Use::Lookup),
    (JOBS, Use::Small),
    (VISITS, Use::Events),
    (ORDERS, Use::Lookup),
    (CHANGES, Use::Lookup),
    (SETTLEMENTS, Use::Lookup),
    (DELIVERIES, Use::Small),
    (FACTS, Use::Small),
    (FOOTERS, Use::Small),
    (CATALOG, Use::Small),
    (CATALOG_PARTS, Use::Small),
    (RULES, Use::Small),
    (JUDGEMENTS, Use::Small),
    (ADJUSTMENTS, Use::Small),
    (KEYS, Use::Small),
    (STRINGS, Use::Small),
    (META, Use::Small),
];

/// Bytes of the memtable of `clicks`, `imported` or `visits` at which every family is flushed at
/// the next slot boundary.
pub const FLUSH_AT_BYTES: u64 = 64 << 20;

/// WAL files that are kept for reuse where clicks wait for syncs.
const WAL_FILES_KEPT: usize = 3;

/// Bytes a second that background work of a store may write.
const BACKGROUND_RATE: i64 = 32 << 20;
/// How often it gets its share of them, microseconds.
const BACKGROUND_PERIOD_MICROS: i64 = 250;
/// Bytes that a file collects before they are written.
const FILE_BUFFER_BYTES: u64 = 8 << 10;

const MIB: usize = 1 << 20;

/// Options of the whole store.
pub(super) fn store_options(options: &Options) -> RocksOptions {
    let mut rocks = RocksOptions::default();
    rocks.create_if_missing(true);
    rocks.create_missing_column_families(true);
    // After a crash the log must be a prefix of what was written; the side file tells whether
    // that prefix holds everything that was acknowledged.
    rocks.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    // A file that is written over again is synced sooner than one that grows, see `super::reuse`;
    // but a write to a page of it that has left the memory waits for the disk to read it, so only
    // syncs that somebody waits for are worth it. What is left of the file's former life can't
    // pass for a record, and the side file would tell.
    rocks.set_recycle_log_file_num(if options.durable_clicks {
        WAL_FILES_KEPT
    } else {
        0
    });
    rocks.set_track_and_verify_wals_in_manifest(true);
    rocks.set_max_total_wal_size(options.wal_total_bytes);
    rocks.set_wal_bytes_per_sync(if options.durable_clicks { 0 } else { 1 << 20 });
    rocks.set_bytes_per_sync(1 << 20);
    // Commits come one at a time, so writer groups never form.
    rocks.set_allow_concurrent_memtable_write(false);
    rocks.set_enable_pipelined_write(false);
    rocks.set_max_background_jobs(2);
    rocks.set_max_open_files(-1);
    rocks.set_avoid_unnecessary_blocking_io(true);
    rocks.set_stats_dump_period_sec(0);
    rocks.set_max_log_file_size(16 * MIB);
    rocks.set_keep_log_file_num(4);
    rocks.set_write_buffer_manager(&WriteBufferManager::new_write_buffer_manager(
        options.write_buffer_bytes,
        false,
    ));
    pace_background(&mut rocks);
    rocks
}

/// Has flushes and compactions stop for a moment every few kilobytes.
///
/// The kernel takes no CPU from a thread that has just got it, however low its priority, so a
/// public worker would wait out stretches of milliseconds. The rate is several times what the most
/// clicks that two cores take need.
pub(crate) fn pace_background(rocks: &mut RocksOptions) {
    rocks.set_ratelimiter(BACKGROUND_RATE, BACKGROUND_PERIOD_MICROS, 10);
    // The pause comes where a file's buffer is written. A commit that does not fit in goes to the
    // WAL past it, in one more write.
    rocks.set_writable_file_max_buffer_size(FILE_BUFFER_BYTES);
}

/// The families with their options; `cache` is shared by all.
pub(super) fn descriptors(cache: &Cache) -> Vec<ColumnFamilyDescriptor> {
    let families = FAMILIES.iter().map(|(name, used)| (*name, *used));
    // RocksDB always has a family named `default`; nothing is kept in it.
    families
        .chain([(rocksdb::DEFAULT_COLUMN_FAMILY_NAME, Use::Small)])
        .map(|(name, used)| ColumnFamilyDescriptor::new(name, family_options(used, cache)))
        .collect()
}

fn family_options(used: Use, cache: &Cache) -> RocksOptions {
    let mut rocks = RocksOptions::default();
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    rocks.set_level_compaction_dynamic_level_bytes(true);
    // Rewriting files by age would undo what the key order gains.
    rocks.set_ttl(0);
    rocks.set_periodic_compaction_seconds(0);
    match used {
        Use::Events => {
            table.set_block_size(32 << 10);
            rocks.set_compression_type(DBCompressionType::Zstd);
            rocks.set_compression_options(-14, 1, 0, 0);
            rocks.set_write_buffer_size(256 * MIB);
            rocks.set_max_write_buffer_number(6);
            rocks.set_level_zero_file_num_compaction_trigger(2);
            rocks.set_level_zero_slowdown_writes_trigger(64);
            rocks.set_level_zero_stop_writes_trigger(128);
            rocks.set_max_bytes_for_level_base(4 << 30);
            rocks.set_target_file_size_base(256 << 20);
        }
        Use::Lookup => {
            table.set_block_size(8 << 10);
            table.set_bloom_filter(10.0, false);
            rocks.set_compression_type(DBCompressionType::Lz4);
            rocks.set_memtable_whole_key_filtering(true);
            rocks.set_memtable_prefix_bloom_ratio(0.1);
            rocks.set_write_buffer_size(32 * MIB);
            rocks.set_max_write_buffer_number(4);
        }
        Use::Small => {
            table.set_block_size(8 << 10);
            rocks.set_compression_type(DBCompressionType::Lz4);
            rocks.set_write_buffer_size(16 * MIB);
            rocks.set_max_write_buffer_number(4);
        }
    }
    rocks.set_block_based_table_factory(&table);
    rocks
}

#[cfg(test)]
mod tests {
    use crate::log::{Clock, Log, Options};

    /// The options that RocksDB wrote down for a log opened with these.
    fn in_force(choose: impl FnOnce(&mut Options)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(folder.path());
        choose(&mut options);
        let log = Log::open(&options, Clock::start()).unwrap();
        log.stop().unwrap();
        let newest = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.file_name()
                    .unwrap()
                    .to_string_lossy()
                    .starts_with("OPTIONS-")
            })
            .max()
            .unwrap();
        std::fs::read_to_string(newest).unwrap()
    }

    #[test]
    fn files_are_written_over_only_where_clicks_wait_for_syncs() {
        for (is_durable, recycled, every) in [(false, 0, 1_048_576), (true, 3, 0)] {
            let text = in_force(|options| options.durable_clicks = is_durable);
            for line in [
                format!("  recycle_log_file_num={recycled}\n"),
                format!("  wal_bytes_per_sync={every}\n"),
            ] {
                assert!(text.contains(&line), "{line} in\n{text}");
            }
        }
    }

    #[test]
    fn the_options_in_force_are_the_ones_chosen() {
        let text = in_force(|_| ());
        let section = |name: &str| {
            let (_, rest) = text
                .split_once(name)
                .unwrap_or_else(|| panic!("no section {name}"));
            rest.split("\n[").next().unwrap().to_owned()
        };
        let check = |section: &str, lines: &[&str]| {
            for line in lines {
                assert!(
                    section.lines().any(|found| found.trim() == *line),
                    "{line} in\n{section}"
                );
            }
        };
        check(
            &section("[DBOptions]"),
            &[
                "wal_recovery_mode=kPointInTimeRecovery",
                "max_total_wal_size=268435456",
                "writable_file_max_buffer_size=8192",
                "bytes_per_sync=1048576",
                "allow_concurrent_memtable_write=false",
                "manual_wal_flush=false",
                "atomic_flush=false",
                "track_and_verify_wals_in_manifest=true",
                "paranoid_checks=true",
                "max_background_jobs=2",
            ],
        );
        // One compression for all levels: otherwise moving a file between levels rewrites it.
        assert!(!text.contains("compression_per_level=k"));
        for family in [super::CLICKS, super::SUBMISSIONS, super::VISITS] {
            check(
                &section(&format!("[CFOptions \"{family}\"]")),
                &[
                    "ttl=0",
                    "periodic_compaction_seconds=0",
                    "compression=kZSTD",
                    "bottommost_compression=kDisableCompressionOption",
                    "level0_file_num_compaction_trigger=2",
                    "level0_stop_writes_trigger=128",
                    "compaction_style=kCompactionStyleLevel",
                ],
            );
        }
        check(
            &section(&format!("[CFOptions \"{}\"]", super::ORDERS)),
            &["ttl=0", "memtable_whole_key_filtering=true"],
        );
    }
}
