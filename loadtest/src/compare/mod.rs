//! `loadtest compare`: the daemon beside other servers under the same load, as ratios.
//!
//! nginx, `HAProxy`, a bare hyper and the daemon in both ack modes answer the same request of a
//! browser, in turns of seconds, each on the same CPU. The figure that counts is the server's CPU
//! time for each answer, with all it does later, such as the fold, since it depends least on the
//! client. Ratios are taken round by round. Before a server is timed its answer is checked, and
//! what it recorded must be what the clients counted, but for requests in flight at their end.

mod access_log;
pub(crate) mod bare_hyper;
mod between;
pub(crate) mod command;
mod config;
mod exposition;
mod figures;
mod gates;
mod ledger;
mod process;
mod programs;
mod report;
mod request;
mod rounds;
mod servers;
mod turn;
mod wrk;
