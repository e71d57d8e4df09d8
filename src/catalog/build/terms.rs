//! Contracts: which partner earns what, in which program, when.

use std::sync::Arc;

use ahash::AHashSet;
use jiff::tz::TimeZone;

use super::offers::{bound, ordered};
use super::payouts::Reader;
use super::whole::Builder;
use crate::catalog::check::pattern::Patterns;
use crate::catalog::check::word::{ACCEPTS, CREDIT_GROUPS, choice, choice_or};
use crate::catalog::check::{period, schedule, text};
use crate::catalog::document::{ContractDoc, Line, ScheduledDoc, contract_place};
use crate::catalog::problem::{Place, Problems, quoted};
use crate::catalog::snapshot::{
    Catalog, Contract, Contracts, CreditGroup, Program, Scheduled, Terms,
};
use crate::model::id::{PartnerId, ProgramId};
use crate::model::referral::Referrals;

/// The most scheduled payouts of a contract.
const SCHEDULED_MAX: usize = 50;

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
        let (known, patterns) = (&mut self.terms, &mut self.patterns);
        let problems = &mut self.problems;
        if let Some(contract) = compiled_contract(doc, &self.catalog, known, patterns, problems) {
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
    patterns: &mut Patterns,
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
    let terms = compiled_terms(doc, program, zone, patterns, problems);
    let contract = Contract {
        start: start.unwrap_or_default(),
        end,
        referral_window: problems.or(doc, "referral_window", window, 0),
        terms: shared(terms, known),
    };
    start.map(|_| contract)
}

fn compiled_terms(
    doc: &ContractDoc,
    program: Option<&Program>,
    zone: &TimeZone,
    patterns: &mut Patterns,
    problems: &mut Problems,
) -> Terms {
    let mut reader = Reader {
        doc,
        program,
        patterns,
        problems,
    };
    let payouts = reader.payouts(&doc.payouts, "");
    let Some(more) = &doc.more else {
        return Terms {
            payouts,
            ..Terms::default()
        };
    };
    if more.scheduled.len() > SCHEDULED_MAX {
        let problem = format!("has {} entries", more.scheduled.len());
        let allowed = format!("at most {SCHEDULED_MAX}");
        reader.problems.note(doc, "scheduled", problem, allowed);
    }
    let scheduled = more.scheduled.iter();
    let scheduled = scheduled.map(|own| compiled_scheduled(own, zone, &mut reader));
    let scheduled = scheduled.collect();
    let group = choice_or(more.credit_group.as_deref(), CREDIT_GROUPS);
    let locking = more.locking.as_ref().map(schedule::locking).transpose();
    let (group, none) = (
        problems.or(doc, "credit_group", group, CreditGroup::default()),
        None,
    );
    Terms {
        credit_group: group,
        accepts: accepts(doc, more.accepts.as_deref(), problems),
        locking: problems
            .or(doc, "locking", locking, none)
            .unwrap_or_default(),
        payouts,
        scheduled,
    }
}

fn accepts(doc: &ContractDoc, words: Option<&[String]>, problems: &mut Problems) -> Referrals {
    let Some(words) = words else {
        return Referrals::ALL;
    };
    if words.is_empty() {
        let allowed = "one or more of CLICK, PROMOCODE, REPORTED_PARTNER_ID, CALL; without the key \
                       all";
        problems.note(doc, "accepts", "is empty", allowed);
    }
    let types = words
        .iter()
        .flat_map(|word| problems.or(doc, "accepts", choice(word, ACCEPTS), &[]));
    types.fold(Referrals::NONE, |set, of| set.with(*of))
}

fn compiled_scheduled(own: &ScheduledDoc, zone: &TimeZone, reader: &mut Reader<'_>) -> Scheduled {
    let (doc, field) = (reader.doc, format!("scheduled {}", quoted(&own.name)));
    let problems = &mut *reader.problems;
    let name = problems.or(doc, &field, text::name(&own.name), Box::default());
    let start = period::start(&own.start, zone).map_err(|complaint| complaint.of("start"));
    let end = period::end(&own.end, zone).map_err(|complaint| complaint.of("end"));
    let days = schedule::weekdays(&own.days).map_err(|complaint| complaint.of("days"));
    let hours = own.hours.as_deref().map(schedule::hours).transpose();
    let hours = hours.map_err(|complaint| complaint.of("hours"));
    let start = problems.or(doc, &field, start.map(Some), None);
    let end = problems.or(doc, &field, end.map(Some), None);
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        let problem = format!("end {end} is not after the start {start}");
        problems.note(doc, &field, problem, "an end after the start");
    }
    let days = problems.or(doc, &field, days, None);
    let hours = problems.or(doc, &field, hours, None);
    Scheduled {
        name,
        start: start.unwrap_or_default(),
        end: end.unwrap_or_default(),
        days,
        hours,
        payouts: reader.payouts(&own.payouts, &format!("{field}, ")),
    }
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
