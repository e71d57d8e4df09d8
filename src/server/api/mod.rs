//! The API of brands and partners: conversions and changes of actions in, their results, actions
//! and reports out. Partners only read.
//!
//! In: HTTP/1.1 on the api listener, HTTP Basic with an account SID and an auth token. Out: JSON
//! in the shapes of impact.com's API. Every request is judged in one order: form of the request,
//! key, account, path, method, scope, content; so nothing below an account can be told apart by
//! another account's key. Runs on the runtime of API and ops; whatever touches a store runs on its
//! blocking pool, bounded by permits.
//!
//! | module | what |
//! |---|---|
//! | [`mod@serve`] | accept loop, connection bounds, draining |
//! | [`handle`] | one request: checks in order, then its endpoint |
//! | [`route`] | method and path to a closed enum |
//! | [`auth`], [`keys`], [`pins`] | who asks, and what comes first in their list |
//! | [`submissions`], [`reports`], [`actions`], [`changes`], [`files`] | the endpoints |
//! | [`page_load`] | arrivals on pages, the one endpoint without a key |
//! | [`respond`] | status, headers and error shapes |

pub mod actions;
pub mod auth;
pub mod changes;
pub mod files;
pub mod handle;
pub mod keys;
pub mod page_load;
pub mod pins;
pub mod reports;
pub mod respond;
pub mod route;
pub mod serve;
pub mod signature;
pub mod state;
pub mod submissions;
#[cfg(test)]
mod tests;

pub use serve::serve;
pub use state::{ApiState, Figures, Limits};
