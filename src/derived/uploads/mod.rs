//! What became of the lines of uploaded files: how many entries of each are settled, how many of
//! these refused, and which lines those came from.
//!
//! In: outcomes, as the fold comes to them. Out: counts and lines, for whoever lists files. On the
//! fold's thread, and in snapshots for all others. Invariant: an entry is counted once, in the
//! batch that carries its final outcome.

mod row;
mod rows;

pub use row::{LINES_KEPT_MAX, RefusedLine, RefusedLineKey, UploadCount, UploadKey, WhyRefused};
