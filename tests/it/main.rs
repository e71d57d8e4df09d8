//! The daemon from outside: one binary, so that the store is linked once, one module a behaviour.

#[cfg(test)]
mod fold;
#[cfg(test)]
mod service;
#[cfg(test)]
mod sync;
#[cfg(test)]
mod systemd;
