//! The daemon from outside: one binary, so that the store is linked once, one module a behaviour.

#[cfg(test)]
mod batches;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod decoders;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod fold;
#[cfg(test)]
mod import;
#[cfg(test)]
mod instructions;
#[cfg(test)]
mod money;
#[cfg(test)]
mod postbacks;
#[cfg(test)]
mod redirect;
#[cfg(test)]
mod service;
#[cfg(test)]
mod support;
#[cfg(test)]
mod sync;
#[cfg(test)]
mod systemd;
#[cfg(test)]
mod visit;
