//! One version of the catalogue, and its look-ups.

use std::collections::BTreeMap;

use ahash::AHashMap;

use super::codes::UniqueUrls;
use super::contract::{Contracts, Found};
use super::entities::{Brand, Partner, Program};
use super::notify::Destination;
use crate::model::id::{CatalogVersion, PartnerId, ProgramId};
use crate::model::time::Millis;

/// One version of the catalogue.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The version; 0 is the empty catalogue before the first apply.
    pub version: CatalogVersion,
    /// Brands by account SID.
    pub brands: AHashMap<Box<str>, Brand>,
    /// Programs by id.
    pub programs: AHashMap<ProgramId, Program>,
    /// Partners by id.
    pub partners: AHashMap<PartnerId, Partner>,
    /// Partners by account SID, of those that have one.
    pub accounts: AHashMap<Box<str>, PartnerId>,
    /// Contracts of a partner with a program, ordered by start; periods do not overlap.
    pub contracts: AHashMap<(ProgramId, PartnerId), Contracts>,
    /// Beginnings of pages that belong to one partner each.
    pub unique_urls: UniqueUrls,
    /// Where notices of actions go, by id.
    pub destinations: BTreeMap<u32, Destination>,
}

impl Catalog {
    /// The program with this id.
    #[must_use]
    pub fn program(&self, id: ProgramId) -> Option<&Program> {
        self.programs.get(&id)
    }

    /// The partner with this id.
    #[must_use]
    pub fn partner(&self, id: PartnerId) -> Option<&Partner> {
        self.partners.get(&id)
    }

    /// The brand with this account SID.
    #[must_use]
    pub fn brand(&self, sid: &str) -> Option<&Brand> {
        self.brands.get(sid)
    }

    /// The partner with this account SID.
    #[must_use]
    pub fn partner_of(&self, sid: &str) -> Option<&Partner> {
        self.accounts.get(sid).and_then(|id| self.partner(*id))
    }

    /// The programs that `partner` takes part in: it has a contract with each, whether or not that
    /// is in force.
    #[must_use]
    pub fn programs_of(&self, partner: PartnerId) -> Vec<ProgramId> {
        let programs = self.programs.keys().copied();
        let mut own: Vec<ProgramId> = programs
            .filter(|program| self.contracts.contains_key(&(*program, partner)))
            .collect();
        own.sort_unstable();
        own
    }

    /// The contract of `partner` with `program` at `at`.
    #[must_use]
    pub fn contract(&self, program: ProgramId, partner: PartnerId, at: Millis) -> Found<'_> {
        let Some(contracts) = self.contracts.get(&(program, partner)) else {
            return Found::NotJoined;
        };
        match contracts.iter().rev().find(|contract| contract.start <= at) {
            None => Found::NotJoined,
            Some(contract) if contract.end.is_some_and(|end| end <= at) => Found::Ended,
            Some(contract) => Found::InForce(contract),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::snapshot::Contract;

    #[test]
    fn the_contract_in_force_is_found_by_its_period() {
        let contract = |start, end: Option<i64>| Contract {
            start: Millis(start),
            end: end.map(Millis),
            referral_window: 0,
            terms: Arc::default(),
        };
        let mut catalog = Catalog::default();
        let key = (ProgramId(1), PartnerId(2));
        catalog
            .contracts
            .insert(key, vec![contract(10, Some(20)), contract(30, None)].into());
        let state = |at| match catalog.contract(key.0, key.1, Millis(at)) {
            Found::InForce(contract) => contract.start.0,
            Found::Ended => -1,
            Found::NotJoined => -2,
        };
        assert_eq!([9, 10, 19, 20, 29, 30].map(state), [-2, 10, 10, -1, -1, 30]);
        assert!(matches!(
            catalog.contract(key.0, PartnerId(3), Millis(10)),
            Found::NotJoined
        ));
        let one = Contracts::from(vec![contract(1, None)]);
        assert!(matches!(one, Contracts::One(_)));
        assert_eq!((one.len(), Contracts::from(Vec::new()).len()), (1, 0));
    }
}
