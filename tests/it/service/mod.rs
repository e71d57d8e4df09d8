//! The daemon as its service manager and the people who run it see it.

mod hung;
mod manager;
