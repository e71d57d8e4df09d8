//! The control socket: how the verbs of the command line reach the running daemon.
//!
//! In: one JSON value for one verb of a closed table, over HTTP/1.1 on a Unix socket that only its
//! owner may open. Out: one JSON value, or a [`VerbError`] with the exit code of the command.
//! The daemon's side is [`socket`] (the file) and [`server`]; the command line's is [`client`].
//! What a verb does is given by the daemon; only the transport lives here.

pub mod client;
pub mod polite;
pub mod server;
pub mod socket;
pub mod verb;

pub use client::{CallError, call, listens};
pub use server::serve;
pub use socket::{ControlSocket, SocketError};
pub use verb::{VerbError, Verbs};

#[cfg(test)]
mod tests;
