//! Reports over sums held in memory.

mod asked;
mod facets;
mod ledger;
mod order;
mod paths;
mod whole;
mod zones;
