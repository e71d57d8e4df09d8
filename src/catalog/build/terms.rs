//! Contracts: which partner earns what, in which program, when.

use std::sync::Arc;

use ahash::AHashSet;
use jiff::tz::TimeZone;

use super::ids::Seen;
use super::offers::{bound, ordered, stand_in};
use super::whole::Builder;
use crate::catalog::check::{payout, period};
use crate::catalog::document::{ContractDoc, Line, contract_place};
use crate::catalog::problem::{Place, Problems};
use crate::catalog::snapshot::{Catalog, Contract, Contracts, Payout, Payouts, Program, Terms};
use crate::model::id::{PartnerId, ProgramId};

/// A contract, and where it was written.
#[derive(Debug)]
pub(super) struct Written {
    program: ProgramId,
    partner: PartnerId,
    contract: Contract,
    line: Line,
    start: Box<str>,
}

impl Written {
    fn order(&self) -> impl Ord + use<> {
        let Self {
            program, partner, ..
        } = *self;
        (program, partner, self.contract.start, self.line.0)
    }
}

impl Place for Written {
    fn place(&self) -> String {
        contract_place(self.line, self.partner, self.program, &self.start)
    }
}

impl Builder {
    pub(in crate::catalog) fn contract(&mut self, doc: &ContractDoc) {
        let (known, problems) = (&mut self.terms, &mut self.problems);
        if let Some(contract) = compiled_contract(doc, &self.catalog, known, problems) {
            self.written.push(Written {
                program: doc.program,
                partner: doc.partner,
                contract,
                line: doc.line,
                start: doc.start.as_str().into(),
            });
        }
    }

    /// Puts the contracts into the catalogue once all are known.
    pub(super) fn join_contracts(&mut self) {
        let mut written = std::mem::take(&mut self.written);
        written.sort_by_key(Written::order);
        let same = |a: &Written, b: &Written| (a.program, a.partner) == (b.program, b.partner);
        for pair in written.windows(2) {
            if let [first, second] = pair
                && same(first, second)
                && first
                    .contract
                    .end
                    .is_none_or(|end| end > second.contract.start)
            {
                overlap(first.line, second, &mut self.problems);
            }
        }
        let pairs = written.chunk_by(same).count();
        self.catalog.contracts.reserve(pairs);
        for own in written.chunk_by(same) {
            let contracts: Vec<Contract> = own.iter().map(|own| own.contract.clone()).collect();
            if let Some(first) = own.first() {
                let key = (first.program, first.partner);
                self.catalog
                    .contracts
                    .insert(key, Contracts::from(contracts));
            }
        }
    }
}

fn overlap(first: Line, second: &Written, problems: &mut Problems) {
    let problem = match first.0 {
        Some(line) => format!("the period overlaps that of the contract on line {line}"),
        None => "the period overlaps that of another contract".to_owned(),
    };
    let allowed = "end the earlier contract before this one starts";
    problems.note(second, "start", problem, allowed);
}

/// The contract, unless its start is unreadable. References that point nowhere are noted.
fn compiled_contract(
    doc: &ContractDoc,
    catalog: &Catalog,
    known: &mut AHashSet<Arc<Terms>>,
    problems: &mut Problems,
) -> Option<Contract> {
    let program = catalog.program(doc.program);
    if program.is_none() {
        let problem = format!("there is no program {}", doc.program);
        problems.note(doc, "program", problem, "the id of a [[program]]");
    }
    if catalog.partner(doc.partner).is_none() {
        let problem = format!("there is no partner {}", doc.partner);
        problems.note(doc, "partner", problem, "the id of a [[partner]]");
    }
    let utc = TimeZone::UTC;
    let zone = program.map_or(&utc, |program| &program.time_zone);
    let start = bound(
        doc,
        "start",
        Some(&doc.start),
        |t| period::start(t, zone),
        problems,
    );
    let end = bound(
        doc,
        "end",
        doc.end.as_deref(),
        |t| period::end(t, zone),
        problems,
    );
    ordered(doc, start, end, problems);
    let window = period::duration(&doc.referral_window);
    let terms = Terms {
        payouts: payouts(doc, program, problems),
        ..Terms::default()
    };
    let contract = Contract {
        start: start.unwrap_or_default(),
        end,
        referral_window: problems.or(doc, "referral_window", window, 0),
        terms: shared(terms, known),
    };
    start.map(|_| contract)
}

fn payouts(doc: &ContractDoc, program: Option<&Program>, problems: &mut Problems) -> Payouts {
    let mut seen = Seen::default();
    let mut compiled = Vec::with_capacity(doc.payouts.len());
    let Some(currency) = program.map_or_else(stand_in, |program| Some(program.currency)) else {
        return Payouts::new(compiled);
    };
    for entry in &doc.payouts {
        let field = format!("payout for event_type {}", entry.event_type);
        seen.first(entry.event_type, doc.line, doc, &field, problems);
        if program.is_some_and(|p| !p.event_types.contains_key(&entry.event_type)) {
            let problem = format!("program {} has no such event type", doc.program);
            problems.note(
                doc,
                &field,
                problem,
                "the id of an [[event_type]] of the program",
            );
        }
        match payout::payout(entry, currency) {
            Ok(price) => compiled.push((entry.event_type, Payout::from(price))),
            Err(complaint) => problems.note(doc, &field, complaint.problem, complaint.allowed),
        }
    }
    Payouts::new(compiled)
}

/// The same terms as those of an earlier contract, if there are any.
fn shared(terms: Terms, known: &mut AHashSet<Arc<Terms>>) -> Arc<Terms> {
    if let Some(known) = known.get(&terms) {
        return Arc::clone(known);
    }
    let terms = Arc::new(terms);
    known.insert(Arc::clone(&terms));
    terms
}
