//! Reports over sums held in memory.

mod facets;
mod ledger;
mod paths;
mod whole;
mod zones;
