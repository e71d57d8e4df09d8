//! `loadtest hostile`: what honest customers notice while others misbehave.
//!
//! The others are `slow` (heads that never end), `idle` (connections held in silence) and
//! `pipelines` (many requests at once, which are valid and must all be counted). `memory` says
//! what a held connection costs, `files` makes room for them in this process.

mod files;
mod idle;
mod memory;
mod phases;
mod pipelines;
mod run;
mod slow;

pub(crate) use run::{Options, run};
