//! A document back to TOML, such that applying the text changes nothing.
//!
//! In: a document. Out: text that `parse_toml` reads back as the same document. Comments of the
//! file that was once applied are not kept.

mod inline;
#[cfg(test)]
mod tests;
mod text;

pub use text::export;
