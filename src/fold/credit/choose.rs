//! Who wins among several candidates: credit groups, promo codes, first or last click.

use crate::catalog::snapshot::{CodePolicy, CreditGroup, CreditPolicy};
use crate::derived::{CreditRule, Source};
use crate::model::refusal::Refusal;

use super::candidate::Candidate;
use super::screen::{Sound, Standing};

/// A candidate, and what came of its screening.
#[derive(Clone, Debug)]
pub(super) struct Judged<'a> {
    pub(super) candidate: Candidate,
    pub(super) standing: Result<Standing<'a>, Refusal>,
}

/// The choice among the candidates of one conversion.
pub(super) struct Choice<'a, 'b> {
    sound: &'b Sound<'a>,
    /// Each with its screening.
    judged: &'b [Judged<'a>],
    /// When the owner of the promo code earns, if a partner owns one that was used.
    policy: Option<CodePolicy>,
    /// The conversion names a click, and nothing is set up by which another could earn.
    only_named: bool,
    /// The owner of the promo code may win by it.
    code_counts: bool,
}

impl<'a, 'b> Choice<'a, 'b> {
    /// The choice among `judged`.
    pub(super) fn new(
        sound: &'b Sound<'a>,
        judged: &'b [Judged<'a>],
        policy: Option<CodePolicy>,
    ) -> Self {
        let mut choice = Self {
            sound,
            judged,
            policy,
            only_named: false,
            code_counts: false,
        };
        let is_named = judged.iter().any(|one| one.candidate.is_named);
        choice.only_named = is_named && !choice.is_open();
        choice.code_counts = match policy {
            None | Some(CodePolicy::Winner) => false,
            Some(CodePolicy::Always) => true,
            Some(CodePolicy::Involved) => choice.owner_click().is_some(),
        };
        choice
    }

    /// Whether a candidate may win at all.
    pub(super) fn takes_part(&self, one: &Judged<'_>) -> bool {
        (one.candidate.is_named || !self.only_named) && (self.code_counts || !is_code(one))
    }

    /// The place of the winner among the candidates.
    ///
    /// # Errors
    /// Nobody earns the conversion.
    pub(super) fn winner(&self) -> Result<(usize, CreditRule), Refusal> {
        let rule = self.rule();
        let eligible = self.eligible();
        if rule == CreditRule::Forced {
            let (at, _) = eligible.first().ok_or_else(|| self.shared())?;
            return Ok((*at, rule));
        }
        let groups = eligible.iter().map(|(_, standing)| standing.group);
        let best = groups.max().ok_or_else(|| self.shared())?;
        let pays_all = self.sound.event_type.credit_non_preferred;
        if best == CreditGroup::NonPreferred && !pays_all {
            return Err(Refusal::Unclaimed);
        }
        let within = eligible
            .iter()
            .filter(|(_, standing)| standing.group == best);
        let within: Vec<usize> = within.map(|(at, _)| *at).collect();
        let code = within.iter().find(|at| self.at(**at).is_some_and(is_code));
        if let Some(at) = code {
            return Ok((*at, CreditRule::PromoCode));
        }
        let picked = self.by_policy(&within, rule);
        let at = picked.ok_or(Refusal::NoValidActionRef)?;
        if self.is_blocked(at, best) {
            return Err(Refusal::BlockedByPromocode);
        }
        let mut channel = self.at(at).into_iter();
        if channel.any(|one| one.candidate.partner().is_none()) {
            return Err(Refusal::CreditingRuleMismatch);
        }
        Ok((at, rule))
    }

    /// The candidate at a place.
    pub(super) fn at(&self, at: usize) -> Option<&'b Judged<'a>> {
        self.judged.get(at)
    }

    /// The rule that chooses when no code does.
    pub(super) fn rule(&self) -> CreditRule {
        let mut all = self.judged.iter();
        if all.any(|one| matches!(one.candidate.touch.source, Source::Forced(_))) {
            return CreditRule::Forced;
        }
        match self.sound.event_type.credit {
            CreditPolicy::LastClick => CreditRule::LastClick,
            CreditPolicy::FirstClick => CreditRule::FirstClick,
        }
    }

    /// Whether the brand has set up anything by which another than the click that is named could
    /// earn: the first click, a code, or credit groups that are not all Preferred.
    fn is_open(&self) -> bool {
        let group_of = |one: &Judged<'_>| match (&one.standing, one.candidate.partner()) {
            (Ok(standing), _) => Some(standing.group),
            (Err(_), Some(partner)) if one.candidate.is_named => {
                let contract = self.sound.contract(partner);
                contract.map(|contract| contract.terms.credit_group)
            }
            (Err(_), _) => None,
        };
        self.rule() == CreditRule::FirstClick
            || self.policy.is_some()
            || self
                .judged
                .iter()
                .filter_map(group_of)
                .any(|group| group != CreditGroup::Preferred)
    }

    /// The last click of the code's owner that could earn.
    pub(super) fn owner_click(&self) -> Option<&Candidate> {
        let code = self.judged.iter().find(|one| is_code(one))?;
        let owner = code.candidate.partner();
        let clicks = self.judged.iter().filter(|one| {
            one.standing.is_ok()
                && one.candidate.click().is_some()
                && one.candidate.partner() == owner
        });
        let last = clicks.max_by_key(|one| one.candidate.place());
        last.map(|one| &one.candidate)
    }

    /// Whether a code that was used belongs to another partner than the one at `at`, and that one's
    /// group is not better than the owner's. An owner without a contract keeps its code.
    fn is_blocked(&self, at: usize, group: CreditGroup) -> bool {
        let mut judged = self.judged.iter();
        let Some(code) = judged.find(|one| is_code(one)) else {
            return false;
        };
        let owner = code.candidate.partner();
        if self
            .at(at)
            .is_some_and(|one| one.candidate.partner() == owner)
        {
            return false;
        }
        let contract = owner.and_then(|owner| self.sound.contract(owner));
        contract.is_none_or(|contract| group <= contract.terms.credit_group)
    }

    /// Who wins within a group.
    fn by_policy(&self, within: &[usize], rule: CreditRule) -> Option<usize> {
        let place = |at: &usize| self.at(*at).map(|one| one.candidate.place());
        let all = within.iter().copied();
        if rule == CreditRule::FirstClick {
            return all.min_by_key(place);
        }
        let mut named = within.iter().copied();
        let named = named.find(|at| self.at(*at).is_some_and(|one| one.candidate.is_named));
        named.or_else(|| all.max_by_key(place))
    }

    /// The places and standings of those that pass and take part.
    fn eligible(&self) -> Vec<(usize, Standing<'a>)> {
        let all = self.judged.iter().enumerate();
        all.filter(|(_, one)| self.takes_part(one))
            .filter_map(|(at, one)| Some((at, one.standing.ok()?)))
            .collect()
    }

    /// Why nobody earns: the refusal that all share which might, and the code.
    fn shared(&self) -> Refusal {
        let mut all = self.judged.iter();
        let all = all
            .by_ref()
            .filter(|one| self.takes_part(one) || is_code(one));
        let mut refusals = all.map(|one| one.standing.err());
        let first = refusals.next().flatten();
        let shared = first.filter(|first| refusals.all(|other| other == Some(*first)));
        shared.unwrap_or(Refusal::NoValidActionRef)
    }
}

fn is_code(one: &Judged<'_>) -> bool {
    matches!(one.candidate.touch.source, Source::Code(_))
}
