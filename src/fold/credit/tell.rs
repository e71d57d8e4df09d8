//! By which rules a conversion was decided, told afterwards from the path that it left.
//!
//! In: the conversion, the catalogue of its slot and its path. Out: ids of the rules of credit. For
//! explanations; nothing is decided here, and what a decision asked is asked in the same way.

use crate::catalog::Catalog;
use crate::catalog::snapshot::{CodeOwner, CodePolicy, CreditGroup, CreditPolicy, Found, Program};
use crate::derived::{CreditRule, Path, Source, Step};
use crate::model::id::{PartnerId, SubmissionId};
use crate::model::refusal::Refusal;
use crate::model::submission::Submission;

use super::super::people::note::consents;
use super::case::Case;

/// The rules that a conversion was decided by, in the order of their ids; refusals have their own.
#[must_use]
pub fn credit_rules(
    id: SubmissionId,
    submission: &Submission,
    catalog: &Catalog,
    path: &Path,
) -> Vec<&'static str> {
    let case = Case {
        id,
        submission,
        catalog,
    };
    let told = Told { case, path };
    let mut rules = Vec::new();
    let mut add = |holds: bool, id: &'static str| {
        if holds {
            rules.push(id);
        }
    };
    let was_chosen = path
        .steps
        .iter()
        .any(|step| is_sound(step) && !is_loser(step));
    if was_chosen {
        told.choice(&mut add);
    }
    let journey = !case.persons().is_empty() && case.forced().is_none();
    let winner = told.winner();
    add(case.date().1, "K12");
    let is_lost = |step: &Step| matches!(step.touch.source, Source::Click { slot: None, .. });
    add(winner.is_some_and(is_lost), "K13");
    add(journey, "K14");
    add(journey, "K15");
    add(journey, "K16");
    add(journey, "K18");
    add(!case.persons().is_empty() && !consents(submission), "K17");
    rules.sort_unstable();
    rules
}

/// Whether nothing spoke against a step itself: it won, or the choice went against it.
fn is_sound(step: &Step) -> bool {
    match step.verdict {
        None
        | Some(
            Refusal::OtherRefPrioritized
            | Refusal::Unclaimed
            | Refusal::BlockedByPromocode
            | Refusal::CreditingRuleMismatch,
        ) => true,
        Some(_) => false,
    }
}

fn is_loser(step: &Step) -> bool {
    step.verdict == Some(Refusal::OtherRefPrioritized)
}

/// A conversion with the path that was kept of it.
struct Told<'a> {
    case: Case<'a>,
    path: &'a Path,
}

impl<'a> Told<'a> {
    fn winner(&self) -> Option<&'a Step> {
        let at = self.path.winner?;
        self.path.steps.get(usize::from(at))
    }

    /// The rules of the choice among several.
    fn choice(&self, add: &mut impl FnMut(bool, &'static str)) {
        if self.path.rule == CreditRule::Forced {
            return add(true, "K01");
        }
        let winner = self.winner();
        let code = self.code();
        let by_code = self.path.rule == CreditRule::PromoCode;
        let only_named = self.path.named.is_some() && !self.is_open();
        add(only_named, "K02");
        let mut groups: Vec<CreditGroup> =
            self.sound().filter_map(|step| self.group(step)).collect();
        groups.sort_unstable();
        groups.dedup();
        add(groups.len() > 1, "K03");
        if let Some((owner, policy)) = code {
            let is_owner = winner.and_then(|step| step.touch.source.partner()) == Some(owner);
            add(policy == CodePolicy::Always && by_code, "K04");
            add(policy == CodePolicy::Involved && by_code, "K05");
            add(policy == CodePolicy::Winner, "K06");
            add(winner.is_some() && !is_owner, "K07");
            add(self.contract_group(owner).is_none(), "K08");
        }
        add(!only_named && !by_code, "K09");
        let at_once = |step: &Step| {
            let mut others = self.sound().filter(|other| *other != step);
            others.any(|other| other.touch.time == step.touch.time)
        };
        add(winner.is_some_and(at_once), "K10");
        let is_page = |step: &Step| matches!(step.touch.source, Source::Url(_));
        add(winner.is_some_and(is_page), "K11");
    }

    fn program(&self) -> Option<&'a Program> {
        self.case.program()
    }

    fn sound(&self) -> impl Iterator<Item = &'a Step> {
        self.path.steps.iter().filter(|step| is_sound(step))
    }

    /// The partner that owns the code which was used, and when it earns by it.
    fn code(&self) -> Option<(PartnerId, CodePolicy)> {
        let (date, _) = self.case.date();
        let code = self.program()?.codes.find(self.case.code()?, date)?;
        match &code.owner {
            CodeOwner::Partner(partner) => Some((*partner, code.policy)),
            CodeOwner::Channel(_) => None,
        }
    }

    /// Whether another than the click that is named could have earned.
    fn is_open(&self) -> bool {
        let submission = self.case.submission;
        let event_type = self
            .program()
            .and_then(|program| program.event_types.get(&submission.event_type));
        let takes_first = event_type.map(|event_type| event_type.credit);
        takes_first == Some(CreditPolicy::FirstClick)
            || self.code().is_some()
            || self.sound().any(|step| {
                let group = self.group(step);
                group.is_some_and(|group| group != CreditGroup::Preferred)
            })
    }

    fn group(&self, step: &Step) -> Option<CreditGroup> {
        match &step.touch.source {
            Source::Channel(name) => self.program()?.channels.named(name)?.credit_group,
            source => self.contract_group(source.partner()?),
        }
    }

    fn contract_group(&self, partner: PartnerId) -> Option<CreditGroup> {
        let (date, _) = self.case.date();
        let program = self.case.submission.program;
        match self.case.catalog.contract(program, partner, date) {
            Found::InForce(contract) => Some(contract.terms.credit_group),
            Found::Ended | Found::NotJoined => None,
        }
    }
}
