//! The daemon as its service manager and the people who run it see it.

mod exits;
mod explain;
mod hung;
mod keys;
mod manager;
mod metrics;
mod ready;
mod rescored;
mod sockets;
