//! `loadtest reports`: how fast a long history is folded and asked.
//!
//! One daemon gets live clicks and an imported month. `fold` times rebuilds of the first and then
//! of both, `history` writes the month as files, `ask` runs every report of the list over it.

mod ask;
mod fold;
mod history;
mod run;

pub(crate) use run::{Options, run};
