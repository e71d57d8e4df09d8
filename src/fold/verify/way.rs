//! The steps by which an action came, read again from what the stores hold, for the recount.

use crate::derived::{Action, Source, View};
use crate::log::Log;
use crate::model::entry::Entry;
use crate::model::id::PartnerId;
use crate::model::submission::{EventTime, Submission};
use crate::model::tally::path::STEPS_MAX;
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::{MINUTE, Millis, SECOND};

use super::super::error::FoldError;
use super::recount::Zones;

/// One step.
#[derive(Clone, Debug)]
struct Step {
    /// As facets have it.
    text: String,
    partner: Option<PartnerId>,
    at: Option<Millis>,
}

/// The steps of one action in order.
#[derive(Clone, Debug)]
pub(super) struct Way {
    steps: Vec<Step>,
    credited: PartnerId,
}

impl Way {
    /// That of `action`.
    pub(super) fn of(
        log: &Log,
        view: &View<'_>,
        zones: &Zones,
        action: &Action,
    ) -> Result<Self, FoldError> {
        let id = action.submission;
        let mut steps = Vec::new();
        if let Some(Entry::Conversion(submission)) = log.entry(id)? {
            let (from, to) = told(&submission, id.number.time());
            let from = from.plus(zones.look_back(id.slot, id.program).saturating_neg());
            let path = view.path(id)?;
            for step in path.into_iter().flat_map(|path| path.steps) {
                let at = step.touch.time;
                if at >= from && at <= to {
                    steps.extend(shown(&step.touch.source, at));
                }
            }
        }
        let mut partners = steps.iter().filter_map(|step| step.partner);
        if !partners.any(|partner| partner == action.partner) {
            steps.push(Step {
                text: action.partner.to_string(),
                partner: Some(action.partner),
                at: None,
            });
        }
        Ok(Self {
            steps,
            credited: action.partner,
        })
    }

    /// The facet of its path, where that is kept.
    pub(super) fn path(&self) -> Option<Facet> {
        let texts: Vec<&str> = self.steps.iter().map(|step| &*step.text).collect();
        (texts.len() <= STEPS_MAX).then(|| Facet::Text(texts.join("\t").into()))
    }

    /// From its first step to the action.
    pub(super) fn seconds(&self, action: &Action) -> i128 {
        let first = self.steps.first().and_then(|step| step.at);
        let took = first.map_or(0, |first| action.date.since(first));
        (took.max(0) / SECOND).into()
    }

    /// The part that each partner had in it.
    pub(super) fn parts(&self) -> Vec<(PartnerId, Tally)> {
        let mut parts: Vec<(PartnerId, Tally)> = Vec::new();
        let last = self.steps.len().saturating_sub(1);
        for (at, step) in self.steps.iter().enumerate() {
            let Some(partner) = step.partner else {
                continue;
            };
            let known = parts.iter().position(|part| part.0 == partner);
            let at_own = known.unwrap_or_else(|| {
                parts.push((partner, Tally::default()));
                parts.len() - 1
            });
            let Some((_, part)) = parts.get_mut(at_own) else {
                continue;
            };
            part.add(Stored::ParticipatingClicks, i128::from(step.at.is_some()));
            part.add(Stored::Introducer, i128::from(at == 0));
            part.add(Stored::Closer, i128::from(at == last));
        }
        let alone = self.steps.iter().all(|step| step.partner.is_some()) && parts.len() == 1;
        for (partner, part) in &mut parts {
            if alone {
                part.add(Stored::Solo, 1);
                part.add(Stored::Introducer, -1);
                part.add(Stored::Closer, -1);
            } else if part.get(Stored::Introducer) + part.get(Stored::Closer) == 0 {
                part.add(Stored::Influencer, 1);
            }
            part.add(Stored::Participations, 1);
            let is_credited = *partner == self.credited;
            let share = if is_credited {
                Stored::Credited
            } else {
                Stored::Assisted
            };
            part.add(share, 1);
        }
        parts
    }
}

/// The event as it was sent: its beginning, and the latest of what may have led to it.
fn told(submission: &Submission, received: Millis) -> (Millis, Millis) {
    let (start, precision) = match submission.event {
        EventTime::Now => (received, 0),
        EventTime::At { start, precision } => (start, precision),
    };
    (start, start.plus(precision.saturating_add(2 * MINUTE)))
}

fn shown(source: &Source, at: Millis) -> Option<Step> {
    let (text, partner) = match source {
        Source::Click { partner, .. } => (partner.to_string(), Some(*partner)),
        Source::Channel(name) => {
            let name = name.replace('\\', r"\\").replace('\t', r"\t");
            (format!(":{name}"), None)
        }
        Source::Code(_) | Source::Forced(_) | Source::Url(_) => return None,
    };
    Some(Step {
        text,
        partner,
        at: Some(at),
    })
}
