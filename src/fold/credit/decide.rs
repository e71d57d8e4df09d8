//! The decision: what led to a conversion, and who earns it.

use crate::derived::{CreditRule, Path, Step};
use crate::model::refusal::Refusal;

use super::super::error::FoldError;
use super::candidate::{Candidate, Candidates, gather};
use super::case::{Case, Winner};
use super::choose::{Choice, Judged};
use super::screen::{Sound, whole};
use super::see::See;

/// What was decided.
#[derive(Clone, Debug)]
pub(in crate::fold) struct Decision<'a> {
    /// What led to the conversion.
    pub(in crate::fold) path: Path,
    /// Who earns it, or why nobody does.
    pub(in crate::fold) result: Result<Winner<'a>, Refusal>,
}

/// Decides who earns a conversion.
///
/// # Errors
/// A store fails.
pub(in crate::fold) fn decide<'a>(
    case: &Case<'a>,
    see: &dyn See,
) -> Result<Decision<'a>, FoldError> {
    let candidates = gather(case, see)?;
    let sound = match whole(case, &candidates, see)? {
        Ok(sound) => sound,
        Err(refusal) => return Ok(refused(candidates, refusal)),
    };
    let Candidates { all, policy, .. } = candidates;
    let mut judged = Vec::with_capacity(all.len());
    for candidate in all {
        let standing = sound.screen(&candidate, see)?;
        judged.push(Judged {
            candidate,
            standing,
        });
    }
    let choice = Choice::new(&sound, &judged, policy);
    let (result, winner, rule) = match choice.winner() {
        Ok((at, rule)) => match winner(&sound, &choice, at) {
            Some(winner) => (Ok(winner), Some(at), rule),
            None => (Err(Refusal::NoValidActionRef), None, rule),
        },
        Err(refusal) => (Err(refusal), None, choice.rule()),
    };
    let verdicts = judged.iter().enumerate().map(|(at, one)| {
        let verdict = match (one.standing, &result) {
            _ if winner == Some(at) => None,
            (Err(refusal), _) => Some(refusal),
            (Ok(_), Err(refusal)) if choice.takes_part(one) => Some(*refusal),
            (Ok(_), _) => Some(Refusal::OtherRefPrioritized),
        };
        (one.candidate.clone(), verdict)
    });
    let path = path(verdicts.collect(), rule);
    Ok(Decision { path, result })
}

/// A conversion that is refused as a whole: so is each of its steps.
fn refused<'a>(candidates: Candidates, refusal: Refusal) -> Decision<'a> {
    let all = candidates.all.into_iter();
    let steps = all.map(|candidate| (candidate, Some(refusal)));
    Decision {
        path: path(steps.collect(), CreditRule::LastClick),
        result: Err(refusal),
    }
}

/// The candidate at `at` as the winner; none for a channel.
fn winner<'a>(sound: &Sound<'a>, choice: &Choice<'a, '_>, at: usize) -> Option<Winner<'a>> {
    let Judged {
        candidate,
        standing,
    } = choice.at(at)?;
    let (contract, payout) = standing.ok()?.terms?;
    let own = candidate.click();
    let of_owner = || choice.owner_click().and_then(Candidate::click);
    Some(Winner {
        program: sound.program,
        event_type: sound.event_type,
        partner: candidate.partner()?,
        click: own.or_else(of_owner),
        referring_type: candidate.referring_type(sound.is_call()),
        date: sound.date,
        late: sound.late,
        recovered: own.is_some_and(|click| click.slot.is_none()),
        contract,
        payout,
    })
}

/// The steps by time: the newest, and the one that won.
fn path(mut steps: Vec<(Candidate, Option<Refusal>)>, rule: CreditRule) -> Path {
    steps.sort_by_key(|(candidate, _)| candidate.place());
    let mut surplus = steps.len().saturating_sub(Path::STEPS_MAX);
    steps.retain(|(candidate, verdict)| {
        let keep = surplus == 0 || candidate.is_named || verdict.is_none();
        surplus -= usize::from(!keep);
        keep
    });
    let place = |at: Option<usize>| at.and_then(|at| u8::try_from(at).ok());
    let named = place(steps.iter().position(|step| step.0.is_named));
    let winner = place(steps.iter().position(|step| step.1.is_none()));
    let steps = steps.into_iter().map(|(candidate, verdict)| Step {
        touch: candidate.touch,
        verdict,
    });
    Path {
        steps: steps.collect(),
        named,
        winner,
        rule,
    }
}
