//! Whose figures are read: the one place where an account becomes programs and a partner.
//!
//! A brand reads its own programs. A partner reads every program that it has a contract with, also
//! one that has ended, and of each its own rows alone. Nothing is read without a scope.

use super::error::QueryError;
use crate::catalog::Catalog;
use crate::catalog::snapshot::Program;
use crate::model::id::{PartnerId, ProgramId};
use crate::registry::Viewer;

/// What one account may read.
pub struct Scope<'a> {
    /// Its programs, by number.
    pub programs: Vec<&'a Program>,
    /// The partner whose rows alone are read; a brand's are those of all.
    pub partner: Option<PartnerId>,
}

impl<'a> Scope<'a> {
    /// What the account `sid` of this side may read; nothing when there is none.
    #[must_use]
    pub fn of(catalog: &'a Catalog, viewer: Viewer, sid: &str) -> Option<Self> {
        let (programs, partner) = match viewer {
            Viewer::Brand => {
                let brand = catalog.brand(sid)?;
                let programs = brand.programs.iter();
                let programs = programs.filter_map(|id| catalog.program(*id));
                let own = programs.filter(|program| program.brand == brand.sid);
                (own.collect(), None)
            }
            Viewer::Partner => {
                let partner = catalog.partner_of(sid)?.id;
                let programs = catalog.programs_of(partner).into_iter();
                let own = programs.filter_map(|id| catalog.program(id));
                (own.collect(), Some(partner))
            }
        };
        Some(Self { programs, partner })
    }

    /// The side of the account.
    #[must_use]
    pub const fn viewer(&self) -> Viewer {
        match self.partner {
            None => Viewer::Brand,
            Some(_) => Viewer::Partner,
        }
    }

    /// One of its programs.
    #[must_use]
    pub fn program(&self, id: ProgramId) -> Option<&'a Program> {
        let found = self
            .programs
            .binary_search_by_key(&id, |program| program.id);
        found.ok().and_then(|at| self.programs.get(at).copied())
    }

    /// The partner whose rows are read when `asked` is, by the parameter `name`: a partner account
    /// has no choice.
    pub(super) fn asked(
        &self,
        asked: Option<PartnerId>,
        name: &str,
        errors: &mut Vec<QueryError>,
    ) -> Option<PartnerId> {
        if let (Some(own), Some(asked)) = (self.partner, asked)
            && own != asked
        {
            let message = format!("is `{asked}`; {own}, the account's own number, is allowed");
            errors.push(QueryError::new(name, message));
        }
        self.partner.or(asked)
    }

    /// Whether it may read rows of `partner`.
    #[must_use]
    pub fn reads(&self, partner: PartnerId) -> bool {
        self.partner.is_none_or(|own| own == partner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversion::fixture;

    #[test]
    fn an_account_reads_its_own_programs_and_a_partner_itself() {
        let catalog = fixture::catalog();
        let ids = |scope: &Scope<'_>| -> Vec<u32> {
            scope.programs.iter().map(|program| program.id.0).collect()
        };
        let brand = Scope::of(&catalog, Viewer::Brand, "IRacme").unwrap();
        assert_eq!((ids(&brand), brand.partner), (vec![1000, 1001], None));
        assert!(brand.reads(PartnerId(7)) && brand.reads(PartnerId(8)));
        let partner = Scope::of(&catalog, Viewer::Partner, "IRblog").unwrap();
        assert_eq!(ids(&partner), [1000]);
        assert!(partner.reads(PartnerId(7)) && !partner.reads(PartnerId(8)));
        assert!(!partner.reads(PartnerId::UNKNOWN));
        assert!(partner.program(ProgramId(1000)).is_some());
        assert!(partner.program(ProgramId(1001)).is_none());
        // Partner 8 has no contract, and each side knows its own accounts only.
        let idle = Scope::of(&catalog, Viewer::Partner, "IRcoupons").unwrap();
        assert_eq!((ids(&idle), idle.partner), (vec![], Some(PartnerId(8))));
        for (viewer, sid) in [
            (Viewer::Partner, "IRacme"),
            (Viewer::Brand, "IRblog"),
            (Viewer::Partner, ""),
            (Viewer::Partner, "irblog"),
        ] {
            assert!(Scope::of(&catalog, viewer, sid).is_none(), "{sid}");
        }
    }
}
