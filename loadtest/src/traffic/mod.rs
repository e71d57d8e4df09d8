//! What the load test sends: clicks of the sample or of a generator, as plain data.
//!
//! In go the sample's file or a seed; out come [`visit::Visit`]s and the catalogue that knows
//! their partners and ads. Nothing here does network I/O.

pub(crate) mod big;
pub(crate) mod catalogue;
pub(crate) mod crowd;
pub(crate) mod generator;
pub(crate) mod sample;
pub(crate) mod visit;
pub(crate) mod zipf;
