//! The column families of a generation and their options.
//!
//! Nothing here is ever synced on purpose: after a power cut the store reopens at an earlier slot
//! of its own (point-in-time recovery keeps all families at one point) and the fold goes on there.

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode,
    Options as StoreOptions,
};

use crate::log::family::pace_background;

/// What the caller chooses about the derived store.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of the block cache that all families and generations share. More makes reports of
    /// long periods faster; 64 MiB holds the cells of about five million partner-days.
    pub cache_bytes: usize,
    /// Bytes of unflushed rows over all families of one generation.
    pub memtable_bytes: usize,
    /// Version of the fold's own rules. A store folded under another one is made again.
    pub rules: u32,
}

impl Options {
    /// 64 MiB of cache and 96 MiB of unflushed rows.
    #[must_use]
    pub fn new(rules: u32) -> Self {
        Self {
            cache_bytes: 64 << 20,
            memtable_bytes: 96 << 20,
            rules,
        }
    }
}

/// A column family of every generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// What each stored click counts as.
    Verdicts,
    /// When each visitor last clicked, for two days.
    Windows,
    /// When each visitor of an import last clicked, until it ends.
    JobWindows,
    /// Imported clicks by their names in the other system.
    Externals,
    /// Submissions whose click is not stored yet, for seconds.
    Waiting,
    /// The actions of each order.
    Orders,
    /// Credited conversions.
    Actions,
    /// Adjustments of what was paid, by when they were made.
    Adjusted,
    /// The lines of actions that have any.
    Items,
    /// What actions use up of the limits of contracts.
    Counters,
    /// Every change of every action.
    Updates,
    /// Updates that brands and partners hear of, in the order of the fold.
    Notices,
    /// Actions by their times.
    Index,
    /// What became of each submission.
    Outcomes,
    /// How many entries of each uploaded file are settled.
    Uploads,
    /// Lines of uploaded files whose entries were refused.
    RefusedLines,
    /// What led to each conversion.
    Paths,
    /// Who is the same person.
    People,
    /// By what each person came.
    Touches,
    /// Since when each program remembers people.
    Horizons,
    /// How often a click has earned, and when a caller called.
    Recurrences,
    /// Sums for reports.
    Aggregates,
    /// Watermark, format, rules.
    Meta,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 23] = [
        Self::Verdicts,
        Self::Windows,
        Self::JobWindows,
        Self::Externals,
        Self::Waiting,
        Self::Orders,
        Self::Actions,
        Self::Adjusted,
        Self::Items,
        Self::Counters,
        Self::Updates,
        Self::Notices,
        Self::Index,
        Self::Outcomes,
        Self::Uploads,
        Self::RefusedLines,
        Self::Paths,
        Self::People,
        Self::Touches,
        Self::Horizons,
        Self::Recurrences,
        Self::Aggregates,
        Self::Meta,
    ];

    /// Its name in RocksDB; `meta` is RocksDB's default family, which can't be left out.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verdicts => "verdicts",
            Self::Windows => "windows",
            Self::JobWindows => "job-windows",
            Self::Externals => "externals",
            Self::Waiting => "waiting",
            Self::Orders => "orders",
            Self::Actions => "actions",
            Self::Adjusted => "adjusted",
            Self::Items => "items",
            Self::Counters => "counters",
            Self::Updates => "updates",
            Self::Notices => "notices",
            Self::Index => "index",
            Self::Outcomes => "outcomes",
            Self::Uploads => "uploads",
            Self::RefusedLines => "refused-lines",
            Self::Paths => "paths",
            Self::People => "people",
            Self::Touches => "touches",
            Self::Horizons => "horizons",
            Self::Recurrences => "recurrences",
            Self::Aggregates => "aggregates",
            Self::Meta => "default",
        }
    }

    fn descriptor(self, cache: &Cache) -> ColumnFamilyDescriptor {
        ColumnFamilyDescriptor::new(self.name(), self.options(cache))
    }

    /// How its rows are stored.
    pub(super) fn options(self, cache: &Cache) -> StoreOptions {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(cache);
        table.set_cache_index_and_filter_blocks(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
        table.set_format_version(5);
        let mut options = StoreOptions::default();
        let (block, memtable) = match self {
            // Most written and seldom read by key: a filter of 10 bits a click would cost more
            // memory than the few look-ups of conversions save.
            Self::Verdicts => (16 << 10, 32 << 20),
            Self::Windows => (8 << 10, 32 << 20),
            Self::Aggregates => (16 << 10, 16 << 20),
            Self::JobWindows
            | Self::Externals
            | Self::Waiting
            | Self::Orders
            | Self::Actions
            | Self::Adjusted
            | Self::Items
            | Self::Counters
            | Self::Updates
            | Self::Notices
            | Self::Index
            | Self::Outcomes
            | Self::Uploads
            | Self::RefusedLines
            | Self::Paths
            | Self::People
            | Self::Touches
            | Self::Horizons
            | Self::Recurrences
            | Self::Meta => (8 << 10, 8 << 20),
        };
        table.set_block_size(block);
        options.set_write_buffer_size(memtable);
        if self != Self::Verdicts {
            table.set_bloom_filter(10.0, false);
        }
        if self == Self::Windows {
            // Most look-ups miss: the visitor is new.
            options.set_memtable_prefix_bloom_ratio(0.1);
            options.set_memtable_whole_key_filtering(true);
        }
        options.set_block_based_table_factory(&table);
        options.set_compression_type(DBCompressionType::Lz4);
        options.set_level_compaction_dynamic_level_bytes(true);
        options.set_max_write_buffer_number(4);
        options.set_level_zero_file_num_compaction_trigger(FILES_MERGED);
        options.set_level_zero_slowdown_writes_trigger(20);
        options.set_level_zero_stop_writes_trigger(36);
        options.set_target_file_size_base(64 << 20);
        // The defaults rewrite every file once a month for nothing.
        options.set_ttl(0);
        options.set_periodic_compaction_seconds(0);
        options
    }
}

/// New files of a family that are merged together.
pub(super) const FILES_MERGED: i32 = 4;

/// The cache that all generations share.
pub(super) fn cache(options: &Options) -> Cache {
    Cache::new_hyper_clock_cache(options.cache_bytes, 0)
}

/// The families of a generation.
pub(super) fn descriptors(cache: &Cache) -> Vec<ColumnFamilyDescriptor> {
    Family::ALL
        .iter()
        .map(|family| family.descriptor(cache))
        .collect()
}

/// The options of a generation's database.
pub(super) fn store(options: &Options) -> StoreOptions {
    let mut store = StoreOptions::default();
    store.create_if_missing(true);
    store.create_missing_column_families(true);
    store.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    store.set_max_total_wal_size(128 << 20);
    store.set_db_write_buffer_size(options.memtable_bytes);
    store.set_bytes_per_sync(1 << 20);
    store.set_allow_concurrent_memtable_write(false);
    store.set_max_background_jobs(2);
    store.set_avoid_unnecessary_blocking_io(true);
    store.set_paranoid_checks(true);
    store.set_stats_dump_period_sec(0);
    store.set_max_log_file_size(4 << 20);
    store.set_keep_log_file_num(2);
    pace_background(&mut store);
    store
}
