//! Contracts: which partner earns what, in which program, when.

use ahash::AHashMap;
use jiff::tz::TimeZone;

use super::ids::Seen;
use super::offers::{bound, ordered, stand_in};
use crate::catalog::check::{payout, period};
use crate::catalog::document::{CatalogDoc, ContractDoc, Line};
use crate::catalog::problem::Problems;
use crate::catalog::snapshot::{Catalog, Contract, Payout, Program};
use crate::model::id::{EventTypeId, PartnerId, ProgramId};

/// Contracts of one partner with one program, each with where it was written.
type Written<'a> = AHashMap<(ProgramId, PartnerId), Vec<(Contract, &'a ContractDoc)>>;

pub(super) fn contracts(doc: &CatalogDoc, catalog: &mut Catalog, problems: &mut Problems) {
    let mut written = Written::with_capacity(doc.contracts.len());
    for contract in &doc.contracts {
        let compiled = compiled_contract(contract, catalog, problems);
        if let Some(compiled) = compiled {
            let key = (contract.program, contract.partner);
            written.entry(key).or_default().push((compiled, contract));
        }
    }
    catalog.contracts.reserve(written.len());
    let mut written: Vec<_> = written.into_iter().collect();
    written.sort_unstable_by_key(|(key, _)| *key);
    for (key, mut contracts) in written {
        contracts.sort_by_key(|(contract, doc)| (contract.start, doc.line.0));
        for pair in contracts.windows(2) {
            if let [(first, first_doc), (second, second_doc)] = pair
                && first.end.is_none_or(|end| end > second.start)
            {
                overlap(first_doc.line, second_doc, problems);
            }
        }
        let contracts = contracts
            .into_iter()
            .map(|(contract, _)| contract)
            .collect();
        catalog.contracts.insert(key, contracts);
    }
}

fn overlap(first: Line, second: &ContractDoc, problems: &mut Problems) {
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
    let contract = Contract {
        start: start.unwrap_or_default(),
        end,
        referral_window: problems.or(doc, "referral_window", window, 0),
        payouts: payouts(doc, program, problems),
    };
    start.map(|_| contract)
}

fn payouts(
    doc: &ContractDoc,
    program: Option<&Program>,
    problems: &mut Problems,
) -> AHashMap<EventTypeId, Payout> {
    let mut seen = Seen::with_capacity(doc.payouts.len());
    let mut compiled = AHashMap::with_capacity(doc.payouts.len());
    let Some(currency) = program.map_or_else(stand_in, |program| Some(program.currency)) else {
        return compiled;
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
            Ok(payout) => {
                compiled.insert(entry.event_type, payout);
            }
            Err(complaint) => problems.note(doc, &field, complaint.problem, complaint.allowed),
        }
    }
    compiled
}
