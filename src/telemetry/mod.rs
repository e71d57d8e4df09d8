//! What the daemon says about itself: the table of metrics with its handles, and the log lines.
//!
//! In: counts and durations from every stage. Out: one Prometheus page, and lines on standard
//! output. Nothing here decides anything, and nothing here waits for a scraper.

pub mod handle;
pub mod label;
pub mod logging;
pub mod metric;
pub mod process;
pub mod recorder;

pub use metric::Metrics;
pub use recorder::Recorder;
