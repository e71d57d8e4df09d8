//! Reports over sums held in memory.

mod asked;
mod facets;
mod ledger;
mod paths;
mod whole;
mod zones;
