//! The sums of every cube of the registry.
//!
//! In: what each event of a slot counts for, and what it is kept apart by. Out: whole cells in the
//! slot's batch. On the fold's thread.

mod facets;
mod kept;
mod marks;
mod place;
mod sum;
mod sums;
mod texts;
mod timing;

pub(super) use facets::{Facets, Said};
pub(super) use marks::{AT_RISK, InCommon, text_bucket};
pub(super) use place::Spot;
pub(super) use sums::{Cells, Counted};
pub(super) use texts::Named;
pub(super) use timing::marks;
