//! What a click and a conversion cost, in instructions: figures that hardly differ between two
//! runs, so that a change which costs a few per cent is seen by the test command, on any machine
//! however busy.
//!
//! [`run`] clicks at the real daemon under `valgrind --tool=callgrind` and sends it conversions,
//! [`callgrind`] starts it and has it write its counts, [`profile`] reads them, [`table`] compares
//! them with `benches/instructions.toml`, which says what the figures cover and how far they may be
//! off.

mod brand;
mod callgrind;
mod profile;
mod run;
mod table;
mod traffic;
