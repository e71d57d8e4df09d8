//! Arrivals on pages of brands, over HTTP: `PageLoad`, as impact.com publishes it.
//!
//! In: a POST without a key, on the public listener or on that of the API. Out: JSON with what the
//! arrival was read as. An arrival is answered 200 only when a finished sync covers it; one whose
//! page is a link of ours is a click as well, which is stored first. Not on the way of a click:
//! arrivals have a log writer of their own behind a lock, and only those that open a link use it.
//!
//! Invariants: where the person does not want to be followed nothing is stored but a count, and no
//! click id is made; nothing is answered as stored after the log has failed.

mod answer;
mod origin;
mod take;

pub use take::PageLoads;
