//! What brands submit, checked for form but not yet credited.
//!
//! [`conversion`] is the whole of it, [`mod@reference`] what it names besides a click id, [`order`]
//! its money.

pub mod conversion;
pub mod order;
pub mod reference;

pub use conversion::{Claim, EventTime, ORDER_ID_BYTES_MAX, Origin, PayloadHash, Submission};
pub use order::{Item, Order};
pub use reference::{Call, CallStatus, Fingerprint, Person, PersonKind, Reference};
