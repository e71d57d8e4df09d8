//! Every byte the log stores: keys and values, and the pieces they are made of.
//!
//! Each format starts with a format byte. Decoders never panic and never trust a length: what
//! can't be what was written is [`Corrupt`].

pub mod bytes;
pub mod change;
pub mod click;
pub mod delivery;
pub mod entry;
pub mod footer;
pub mod imported;
pub mod key;
pub mod last;
mod piece;
pub mod settlement;
pub mod submission;
pub mod visit;

pub use bytes::Corrupt;
