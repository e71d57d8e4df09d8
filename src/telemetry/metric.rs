//! METRICS: every metric of the daemon, in one closed table, and the handles of each stage.
//!
//! A name is `clickd_<stage>_<noun>[_<unit>][_total]`: base units, `_total` for counters only.
//! A row of a stage is written once and makes both the row of [`METRICS`] and the field of the
//! stage's struct, so neither can exist without the other. Each struct is made once, by
//! [`Metrics::register`], and shared; stages count with it once for each turn or batch.

use metrics::{Counter, Gauge, Histogram, Recorder};

use super::handle::{Counters, Gauges, Grid, Handle, LabelSet};
use super::label::{
    ApiRoute, Build, ChangeResult, ClickResult, CloseReason, CodeClass, CreditKind, ImportKind,
    ImportResult, LineResult, LinkOutcome, Listener, LogOperation, PageLoadResult, PostbackResult,
    SubmissionResult, VerdictClass,
};
use crate::model::click::ClickFlags;
use crate::model::refusal::Refusal;

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts of values by size.
    Histogram,
}

/// The unit of a metric's values; every one but [`Unit::None`] is part of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    None,
    /// Seconds; for a name in `_timestamp_seconds`, since 1970.
    Seconds,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// How the unit is written in a name, without the underscore.
    #[must_use]
    pub fn suffix(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Seconds => Some("seconds"),
            Self::Bytes => Some("bytes"),
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct MetricDef {
    /// The full name.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// Its unit.
    pub unit: Unit,
    /// Its labels with all their values.
    pub labels: fn() -> Vec<LabelSet>,
    /// What it counts, for the reader of a dashboard.
    pub help: &'static str,
    /// Upper bounds of a histogram's buckets; empty otherwise.
    pub buckets: &'static [f64],
}

/// Bounds for commits and syncs: from a write into the page cache (tens of microseconds), over a
/// sync of a good disk (milliseconds), to a disk that has failed (seconds).
const DURATION_BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0,
];

/// Bounds for rows of one commit: small turns cost most of a click's processor time, so the low
/// end is fine.
const ROWS_BUCKETS: &[f64] = &[
    1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 32.0, 64.0, 128.0, 256.0, 1024.0,
];

macro_rules! stage {
    ($(#[$doc:meta])* $type:ident, $rows:ident {
        $($field:ident: $handle:ty = $name:literal, $unit:ident, $help:literal
            $(, $buckets:ident)?;)*
    }) => {
        $(#[$doc])*
        pub struct $type {
            $(#[doc = $help] pub $field: $handle,)*
        }

        /// The rows of this stage.
        const $rows: &[MetricDef] = &[
            $(MetricDef {
                name: $name,
                kind: <$handle as Handle>::KIND,
                unit: Unit::$unit,
                labels: <$handle as Handle>::labels,
                help: $help,
                buckets: stage!(@buckets $($buckets)?),
            },)*
        ];

        impl $type {
            fn register(recorder: &dyn Recorder) -> Self {
                Self { $($field: Handle::register(recorder, $name),)* }
            }
        }
    };
    (@buckets) => { &[] };
    (@buckets $buckets:ident) => { $buckets };
}

stage! {
    /// Links and their clicks; counted by the public workers once for each turn.
    LinkMetrics, LINK {
        requests: Counters<LinkOutcome> = "clickd_link_requests_total", None,
            "Link requests answered, by outcome.";
        clicks: Counters<ClickResult> = "clickd_link_clicks_total", None,
            "Clicks answered with a redirect, by whether the click is in the log.";
        flags: Counters<ClickFlags> = "clickd_link_flags_total", None,
            "Flags noticed on clicks when they were answered; a click can have several.";
        deep_links_refused: Counter = "clickd_link_deep_links_refused_total", None,
            "Deep links refused; the customer went to the ad's own page.";
    }
}

stage! {
    /// Connections of all listeners.
    HttpMetrics, HTTP {
        connections: Gauges<Listener> = "clickd_http_connections", None,
            "Connections open now.";
        accepted: Counters<Listener> = "clickd_http_accepted_total", None,
            "Connections accepted.";
        rejected: Counters<Listener> = "clickd_http_rejected_total", None,
            "Connections closed at once because too many were open.";
        closed: Grid<Listener, CloseReason> = "clickd_http_closed_total", None,
            "Connections that the daemon closed itself, by reason.";
        parse_errors: Counters<Listener> = "clickd_http_parse_errors_total", None,
            "Requests that are not HTTP, and so never became one.";
    }
}

stage! {
    /// The API of brands and partners.
    ApiMetrics, API {
        requests: Grid<ApiRoute, CodeClass> = "clickd_api_requests_total", None,
            "API requests answered, by endpoint and class of status.";
        auth_failures: Counter = "clickd_api_auth_failures_total", None,
            "API requests without a valid account and token.";
    }
}

stage! {
    /// Submitted conversions.
    ConversionMetrics, CONVERSION {
        submissions: Counters<SubmissionResult> = "clickd_conversion_submissions_total", None,
            "Conversions submitted, by what became of them.";
        changes: Counters<SubmissionResult> = "clickd_conversion_changes_total", None,
            "Modifications and reversals of actions submitted, by what became of them.";
    }
}

stage! {
    /// Uploaded files.
    JobMetrics, JOB {
        lines: Counters<LineResult> = "clickd_job_lines_total", None,
            "Lines of uploaded files that are done, by what became of them.";
        running: Gauge = "clickd_job_running", None,
            "1 while an uploaded file is being read.";
    }
}

stage! {
    /// Imports.
    ImportMetrics, IMPORT {
        rows: Grid<ImportKind, ImportResult> = "clickd_import_rows_total", None,
            "Rows of imports that are done, by what they are and what became of them.";
    }
}

stage! {
    /// Arrivals on pages of brands.
    VisitMetrics, VISIT {
        loads: Counters<PageLoadResult> = "clickd_visit_loads_total", None,
            "Arrivals on pages of brands, by what became of them.";
    }
}

stage! {
    /// The log and its store.
    LogMetrics, LOG {
        commits: Counter = "clickd_log_commits_total", None,
            "Batches written to the log.";
        commit_duration: Histogram = "clickd_log_commit_duration_seconds", Seconds,
            "Time to write one batch, without the sync.", DURATION_BUCKETS;
        batch_rows: Histogram = "clickd_log_batch_rows", None,
            "Rows in one batch.", ROWS_BUCKETS;
        commit_bytes: Counter = "clickd_log_commit_bytes_total", Bytes,
            "Bytes of batches written to the log.";
        sync_duration: Histogram = "clickd_log_sync_duration_seconds", Seconds,
            "Time of one fdatasync of the write-ahead log.", DURATION_BUCKETS;
        late_durable: Counter = "clickd_log_late_durable_total", None,
            "Clicks promised as durable whose sync took too long, so that they count as fast.";
        stalled_writes: Counter = "clickd_log_stalled_writes_total", None,
            "Batches refused because the store was holding up writers.";
        write_errors: Counters<LogOperation> = "clickd_log_errors_total", None,
            "Failures of the store, by what was being done; after one of write or sync the daemon \
             stops acknowledging.";
        strings_new: Counter = "clickd_log_strings_new_total", None,
            "Strings stored for the first time.";
        last_slot: Gauge = "clickd_log_last_slot", None,
            "The slot that is open for writing.";
        sealed_slot: Gauge = "clickd_log_sealed_slot", None,
            "The newest slot wholly covered by a finished sync.";
        wall_drift: Gauge = "clickd_log_wall_drift_seconds", Seconds,
            "How far the wall clock has moved against the monotonic clock since start.";
        wal: Gauge = "clickd_log_wal_bytes", Bytes,
            "Size of the write-ahead log files, those kept for reuse included.";
        memtable: Gauge = "clickd_log_memtable_bytes", Bytes,
            "Rows held in memory, not yet in a table file.";
        l0_files: Gauge = "clickd_log_l0_files", None,
            "Table files in level 0, most of any column family.";
        is_write_stopped: Gauge = "clickd_log_is_write_stopped", None,
            "1 while the store takes no writes, else 0.";
        background_errors: Gauge = "clickd_log_background_errors", None,
            "Errors of the store's flushes and compactions since start.";
        disk_free: Gauge = "clickd_log_disk_free_bytes", Bytes,
            "Free space where the log lies.";
    }
}

stage! {
    /// The fold; counted by its one thread once for each slot.
    FoldMetrics, FOLD {
        watermark_slot: Gauge = "clickd_fold_watermark_slot", None,
            "The newest slot that is in the reports.";
        lag: Gauge = "clickd_fold_lag_seconds", Seconds,
            "Age of the oldest sealed slot that is not yet in the reports; 0 when none is.";
        slots: Counter = "clickd_fold_slots_total", None,
            "Slots folded.";
        clicks: Counter = "clickd_fold_clicks_total", None,
            "Clicks folded.";
        slot_duration: Histogram = "clickd_fold_slot_duration_seconds", Seconds,
            "Time to fold one slot.", DURATION_BUCKETS;
        verdicts: Counters<VerdictClass> = "clickd_fold_verdicts_total", None,
            "Clicks by the class the fold gave them.";
        credits: Counters<CreditKind> = "clickd_fold_credits_total", None,
            "Conversions credited to a partner, by how their click was found.";
        refusals: Counters<Refusal> = "clickd_fold_refusals_total", None,
            "Conversions that earn nothing, by published code.";
        changes: Counters<ChangeResult> = "clickd_fold_changes_total", None,
            "Modifications, reversals and settlements, by what became of them.";
        errors: Counter = "clickd_fold_errors_total", None,
            "Slots that could not be folded.";
    }
}

stage! {
    /// Postbacks; counted by their one thread.
    PostbackMetrics, POSTBACK {
        tries: Counters<PostbackResult> = "clickd_postback_tries_total", None,
            "Tries to send an event to a destination, by what they came to.";
        pending: Gauge = "clickd_postback_pending", None,
            "Events that wait for a try, those being tried included.";
        oldest: Gauge = "clickd_postback_oldest_seconds", Seconds,
            "For how long the event that waits longest has been due; 0 when none waits.";
    }
}

stage! {
    /// The catalogue and the lists in force.
    CatalogMetrics, CATALOG {
        version: Gauge = "clickd_catalog_version", None,
            "Version of the catalogue in force.";
        robots_list: Gauge = "clickd_catalog_robots_timestamp_seconds", Seconds,
            "Date of the list of robots in force.";
    }
}

stage! {
    /// The process; refreshed for each scrape.
    ProcessMetrics, PROCESS {
        start_time: Gauge = "clickd_process_start_timestamp_seconds", Seconds,
            "When the daemon started.";
        resident: Gauge = "clickd_process_resident_memory_bytes", Bytes,
            "Memory held in RAM.";
        cpu: Gauge = "clickd_process_cpu_seconds", Seconds,
            "Processor time used since start, user and system; only rises.";
        open_fds: Gauge = "clickd_process_open_fds", None,
            "Open file descriptors.";
    }
}

stage! {
    /// The build.
    BuildMetrics, BUILD {
        info: Gauges<Build> = "clickd_build_info", None,
            "1, labelled with the version of the daemon.";
    }
}

/// Every metric: each stage with its rows.
pub const METRICS: &[(&str, &[MetricDef])] = &[
    ("link", LINK),
    ("http", HTTP),
    ("api", API),
    ("conversion", CONVERSION),
    ("job", JOB),
    ("import", IMPORT),
    ("visit", VISIT),
    ("log", LOG),
    ("fold", FOLD),
    ("postback", POSTBACK),
    ("catalog", CATALOG),
    ("process", PROCESS),
    ("build", BUILD),
];

/// The handles of all stages.
pub struct Metrics {
    /// Links and clicks.
    pub link: LinkMetrics,
    /// Connections.
    pub http: HttpMetrics,
    /// The API.
    pub api: ApiMetrics,
    /// Submitted conversions.
    pub conversion: ConversionMetrics,
    /// Uploaded files.
    pub job: JobMetrics,
    /// Imports.
    pub import: ImportMetrics,
    /// Arrivals on pages of brands.
    pub visit: VisitMetrics,
    /// The log.
    pub log: LogMetrics,
    /// The fold.
    pub fold: FoldMetrics,
    /// Postbacks.
    pub postback: PostbackMetrics,
    /// The catalogue.
    pub catalog: CatalogMetrics,
    /// The process.
    pub process: ProcessMetrics,
    /// The build.
    pub build: BuildMetrics,
}

impl std::fmt::Debug for Metrics {
    /// Handles show nothing of use.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Makes every series of the table in `recorder`, each at 0 (but the build's own, which is 1).
    #[must_use]
    pub fn register(recorder: &dyn Recorder) -> Self {
        let metrics = Self {
            link: LinkMetrics::register(recorder),
            http: HttpMetrics::register(recorder),
            api: ApiMetrics::register(recorder),
            conversion: ConversionMetrics::register(recorder),
            job: JobMetrics::register(recorder),
            import: ImportMetrics::register(recorder),
            visit: VisitMetrics::register(recorder),
            log: LogMetrics::register(recorder),
            fold: FoldMetrics::register(recorder),
            postback: PostbackMetrics::register(recorder),
            catalog: CatalogMetrics::register(recorder),
            process: ProcessMetrics::register(recorder),
            build: BuildMetrics::register(recorder),
        };
        metrics.build.info.set(Build::This, 1.0);
        metrics
    }
}

/// The table as Markdown, for the manual.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from("| Metric | Kind | Labels | Meaning |\n|---|---|---|---|\n");
    for def in METRICS.iter().flat_map(|(_, rows)| rows.iter()) {
        let kind = match def.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<&str> = (def.labels)().into_iter().map(|label| label.name).collect();
        for part in ["| `", def.name, "` | ", kind, " | ", &labels.join(", ")] {
            text.push_str(part);
        }
        text.push_str(" | ");
        text.push_str(def.help);
        text.push_str(" |\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> impl Iterator<Item = (&'static str, &'static MetricDef)> {
        METRICS
            .iter()
            .flat_map(|(stage, rows)| rows.iter().map(move |row| (*stage, row)))
    }

    #[test]
    fn names_follow_the_grammar() {
        for (stage, def) in rows() {
            let name = def.name;
            let noun = name
                .strip_prefix("clickd_")
                .and_then(|rest| rest.strip_prefix(stage))
                .and_then(|rest| rest.strip_prefix('_'))
                .unwrap_or_else(|| panic!("{name}: not clickd_{stage}_<noun>"));
            assert!(
                noun.split('_').all(|word| !word.is_empty()
                    && word.starts_with(|c: char| c.is_ascii_lowercase())
                    && word
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())),
                "{name}: words are lower-case letters and digits"
            );
            let total = noun.strip_suffix("_total");
            assert_eq!(total.is_some(), def.kind == Kind::Counter, "{name}: _total");
            let stem = total.unwrap_or(noun);
            for unit in [Unit::Seconds, Unit::Bytes] {
                let suffix = unit.suffix().unwrap();
                assert_eq!(
                    stem.ends_with(&format!("_{suffix}")),
                    def.unit == unit,
                    "{name}: unit {suffix}"
                );
            }
        }
    }

    #[test]
    fn every_row_is_unique_and_documented() {
        let mut seen = ahash::AHashSet::new();
        for (_, def) in rows() {
            assert!(seen.insert(def.name), "{}: twice in the table", def.name);
            assert!(
                def.help.len() >= 10 && def.help.ends_with('.'),
                "{}: help",
                def.name
            );
            assert_eq!(
                def.kind == Kind::Histogram,
                !def.buckets.is_empty(),
                "{}: buckets",
                def.name
            );
            assert!(def.buckets.is_sorted(), "{}: buckets in order", def.name);
        }
    }

    #[test]
    fn labels_are_few_and_closed() {
        for (_, def) in rows() {
            let mut series = 1;
            for label in (def.labels)() {
                let values: ahash::AHashSet<_> = label.values.iter().collect();
                assert_eq!(
                    values.len(),
                    label.values.len(),
                    "{}: value twice",
                    def.name
                );
                series *= values.len();
            }
            // The most are a dozen endpoints by four classes of status.
            assert!(series <= 48, "{}: {series} series", def.name);
        }
    }

    #[test]
    fn the_manual_lists_every_row() {
        let text = markdown();
        assert_eq!(text.lines().count(), rows().count() + 2);
        assert!(text.contains("| `clickd_api_requests_total` | counter | route, code_class |"));
    }
}
