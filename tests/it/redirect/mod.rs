//! The public listener from outside: a daemon in this process spoken to with raw bytes, one case a
//! row of the catalogue of bad input.
//!
//! Whatever is sent, no answer is a 5xx and nothing is half done: at its end each test compares the
//! redirects it was given with the clicks of the log, and has the derived rows verified.

mod alike;
mod deep_links;
mod framing;
mod headers;
mod pace;
mod parameters;
mod paths;
mod random;
mod site;
mod stored;
mod whatwg;
mod wire;
