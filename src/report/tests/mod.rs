//! Reports over sums held in memory.

mod facets;
mod paths;
mod whole;
mod zones;
