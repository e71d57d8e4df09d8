//! The shape of the source: sizes, module docs, the dependency table, fences, words.
//!
//! Reads the files of the repository as text and links nothing of the daemon, so it runs in a
//! moment. Every finding is printed as `file:line: what is wrong and what is allowed`, all of them
//! at once.

mod rules;
mod scan;
mod source;

#[cfg(test)]
mod planted;
#[cfg(test)]
mod repository;
