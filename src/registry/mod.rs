//! Closed tables of what is kept and what can be asked for. A new report or measure is a new row.

pub mod cube;
