//! Modifications and reversals, from the bytes of a request to a checked change.
//!
//! In: the body, the brand's account, the catalogue in force, and a way to read action ids. Out: an
//! [`Asked`], which lacks only what the stores know: whether there is such an order or action. Or
//! every field error at once. Field names are those of impact.com's `Actions`, in any case; `Oid`
//! is `OrderId`, and `Reason` and `DispositionCode` mean the same. Pure; called by the API.
//!
//! | step | module |
//! |---|---|
//! | which action | [`target`] |
//! | why, and what is to change | [`what`] |
//! | all of it | [`request`] |

mod request;
mod target;
#[cfg(test)]
mod tests;
mod what;

pub use request::{ActionParts, Asked, Received, Refused, read};
