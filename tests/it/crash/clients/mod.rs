//! The clients: threads that use the daemon in every way until they are told to stop, and note
//! every answer.

pub(crate) mod arrivals;
pub(crate) mod brand;
pub(crate) mod changes;
pub(crate) mod customers;
pub(crate) mod imports;
pub(crate) mod lines;
pub(crate) mod uploads;
