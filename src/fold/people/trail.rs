//! What led to an action, as reports show it: clicks and arrivals by channels, and what each
//! partner had to do with the action.
//!
//! In: the stored path of the action's conversion, and the action as it stands. Out: the facet of
//! its path, the seconds it took, and counts for each partner. Pure rules, no store.

use std::ops::RangeInclusive;

use crate::derived::{Action, Path, Source};
use crate::model::id::PartnerId;
use crate::model::tally::path::{self, STEPS_MAX, Touchpoint};
use crate::model::tally::{Stored, Tally};
use crate::model::time::{Millis, SECOND};

/// The steps that led to an action. The credited partner always has one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::fold) struct Trail {
    steps: Vec<Touchpoint>,
    credited: PartnerId,
    /// The credited partner has no click among them: the last step is what names it.
    is_named: bool,
    seconds: i128,
}

impl Trail {
    /// The trail of `action`, by the steps of `path` within `times`.
    pub(in crate::fold) fn new(
        action: &Action,
        path: Option<&Path>,
        times: &RangeInclusive<Millis>,
    ) -> Self {
        let all = path.map_or(&[][..], |path| &path.steps);
        let touches = all.iter().map(|step| &step.touch);
        let mut steps = Vec::new();
        let mut first = None;
        for touch in touches.filter(|touch| times.contains(&touch.time)) {
            steps.push(match &touch.source {
                Source::Click { partner, .. } => Touchpoint::Partner(*partner),
                Source::Channel(name) => Touchpoint::Channel(name.clone()),
                Source::Code(_) | Source::Forced(_) | Source::Url(_) => continue,
            });
            first.get_or_insert(touch.time);
        }
        let credited = Touchpoint::Partner(action.partner);
        let is_named = !steps.contains(&credited);
        if is_named {
            steps.push(credited);
        }
        let took = first.map_or(0, |first| action.date.since(first).max(0));
        Self {
            steps,
            credited: action.partner,
            is_named,
            seconds: (took / SECOND).into(),
        }
    }

    /// Whole seconds from the first step to the action.
    pub(in crate::fold) fn seconds(&self) -> i128 {
        self.seconds
    }

    /// The facet of the path; none of one that is too long to be kept.
    pub(in crate::fold) fn text(&self) -> Option<String> {
        (self.steps.len() <= STEPS_MAX).then(|| path::write(&self.steps))
    }

    /// What each partner had to do with `actions` like this one.
    pub(in crate::fold) fn contributions(&self, actions: i128) -> Vec<(PartnerId, Tally)> {
        let mut partners: Vec<PartnerId> = self.steps.iter().filter_map(partner).collect();
        partners.sort_unstable();
        partners.dedup();
        let of = |id| (id, self.contribution(id, actions));
        partners.into_iter().map(of).collect()
    }

    fn contribution(&self, id: PartnerId, actions: i128) -> Tally {
        let is_own = |step: &Touchpoint| partner(step) == Some(id);
        let own = self.steps.iter().filter(|step| is_own(step)).count();
        let is_first = self.steps.first().is_some_and(is_own);
        let is_last = self.steps.last().is_some_and(is_own);
        let is_solo = own == self.steps.len();
        let is_credited = id == self.credited;
        let clicks = own - usize::from(is_credited && self.is_named);
        let mut tally = Tally::default();
        for (measure, counts) in [
            (Stored::Introducer, is_first && !is_solo),
            (Stored::Influencer, !is_first && !is_last),
            (Stored::Closer, is_last && !is_solo),
            (Stored::Solo, is_solo),
            (Stored::Credited, is_credited),
            (Stored::Assisted, !is_credited),
            (Stored::Participations, true),
        ] {
            tally.add(measure, i128::from(counts) * actions);
        }
        tally.add(Stored::ParticipatingClicks, clicks as i128 * actions);
        tally
    }
}

fn partner(step: &Touchpoint) -> Option<PartnerId> {
    match step {
        Touchpoint::Partner(id) => Some(*id),
        Touchpoint::Channel(_) => None,
    }
}
