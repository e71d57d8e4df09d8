//! Storing what must be durable before it is answered.
//!
//! Called from blocking threads of the API and of the control socket, and by tools; [`deliveries`]
//! from the thread of the postbacks too.

pub mod adjustments;
pub mod batches;
pub mod conversions;
pub mod deliveries;
pub mod imports;
pub mod judgements;
pub mod keys;
pub mod settlements;
pub mod versions;
pub mod visits;
