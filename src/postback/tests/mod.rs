//! Postbacks against a receiver on loopback, behind everything that goes wrong on the way.

mod delivery;
mod log;
mod memory;
mod outcomes;
mod receiver;
mod stuck;
mod world;
