//! Stage 2: a link and what is known of the request become a redirect and the facts to store.
//!
//! Pure: no store, no network, no clock. Decides only what the customer must be told now; what a
//! click is worth is decided by the fold.

pub mod cookie;
pub mod decide;
pub mod deep_link;
pub mod location;
pub mod signer;
pub mod visitor;

#[cfg(test)]
mod tests;

pub use cookie::Cookie;
pub use decide::{Decision, decide};
pub use deep_link::DeepLinkCache;
pub use signer::Signer;
pub use visitor::Salts;
