//! What refers to a conversion: the partner it forces, or clicks, channels, a code and a page.

use crate::catalog::snapshot::{CodeOwner, CodePolicy};
use crate::derived::{Reasons, Source, Touch};
use crate::model::id::PartnerId;
use crate::model::referral::ReferringType;

use super::super::error::FoldError;
use super::case::{Case, Clicked};
use super::see::See;

/// Something that may earn a conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What it is.
    pub(super) touch: Touch,
    /// What was noted with its click.
    pub(super) reasons: Reasons,
    /// It is the click that the conversion names.
    pub(super) is_named: bool,
}

/// Everything that refers to a conversion.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidates {
    /// All of them, each once.
    pub(super) all: Vec<Candidate>,
    /// When the owner of the promo code earns, if a partner owns the one that was used.
    pub(super) policy: Option<CodePolicy>,
    /// The code belongs to a channel of the brand's own.
    pub(super) is_restricted: bool,
}

impl Candidate {
    fn new(touch: Touch) -> Self {
        Self {
            touch,
            reasons: Reasons::NONE,
            is_named: false,
        }
    }

    /// The click it stands on.
    pub(super) fn click(&self) -> Option<Clicked> {
        match self.touch.source {
            Source::Click { partner, ad, slot } => Some(Clicked {
                number: self.touch.number,
                partner,
                ad,
                time: self.touch.time,
                slot,
            }),
            Source::Channel(_) | Source::Code(_) | Source::Forced(_) | Source::Url(_) => None,
        }
    }

    /// Whether it is what `touch` is.
    fn is_same(&self, touch: &Touch) -> bool {
        self.touch.number == touch.number && self.partner() == touch.source.partner()
    }

    /// The partner, unless it is a channel.
    pub(super) fn partner(&self) -> Option<PartnerId> {
        self.touch.source.partner()
    }

    /// In which way it referred the customer; a call comes by whatever led to it.
    pub(super) fn referring_type(&self, is_call: bool) -> ReferringType {
        match self.touch.source {
            Source::Code(_) => ReferringType::Promocode,
            Source::Forced(_) => ReferringType::ReportedPartnerId,
            Source::Click { .. } | Source::Url(_) | Source::Channel(_) if is_call => {
                ReferringType::Call
            }
            Source::Click { .. } | Source::Url(_) | Source::Channel(_) => {
                ReferringType::ClickCookie
            }
        }
    }

    /// Its place in the journey.
    pub(super) fn place(&self) -> impl Ord + use<> {
        let partner = self.partner();
        (self.touch.time, self.touch.number, partner)
    }
}

/// Gathers what refers to a conversion.
pub(super) fn gather(case: &Case<'_>, see: &dyn See) -> Result<Candidates, FoldError> {
    let (date, _) = case.date();
    let name = |source| {
        Candidate::new(Touch {
            time: date,
            number: case.id.number,
            source,
        })
    };
    let mut found = Candidates::default();
    if let Some(partner) = case.forced() {
        found.all.push(name(Source::Forced(partner)));
        return Ok(found);
    }
    clicks(case, see, &mut found.all)?;
    let program = case.program();
    let code = case.code().zip(program);
    if let Some(code) = code.and_then(|(code, program)| program.codes.find(code, date)) {
        match &code.owner {
            CodeOwner::Partner(partner) => {
                found.policy = Some(code.policy);
                found.all.push(name(Source::Code(*partner)));
            }
            CodeOwner::Channel(channel) => {
                found.is_restricted = true;
                found.all.push(name(Source::Channel(channel.clone())));
            }
        }
    }
    let page = case
        .url()
        .and_then(|url| case.catalog.unique_urls.partner(url));
    if let Some(partner) = page {
        found.all.push(name(Source::Url(partner)));
    }
    Ok(found)
}

/// The click that the conversion names, by its id or as an imported one, and the journey of its
/// people.
fn clicks(case: &Case<'_>, see: &dyn See, all: &mut Vec<Candidate>) -> Result<(), FoldError> {
    let of = case.submission.program;
    if let Some(id) = case.named() {
        let clicked = Clicked::from(id);
        let touch = Touch {
            time: clicked.time,
            number: clicked.number,
            source: Source::Click {
                partner: clicked.partner,
                ad: clicked.ad,
                slot: None,
            },
        };
        let named = Candidate {
            is_named: true,
            ..Candidate::new(touch)
        };
        all.extend(known(case, see, named)?);
    }
    if let Some(external) = case.external()
        && let Some(touch) = see.external(of, external)?
    {
        let named = Candidate {
            // A click id is proof; beside one, another name is a further candidate.
            is_named: all.is_empty(),
            ..Candidate::new(touch)
        };
        if !all.iter().any(|one| one.is_same(&named.touch)) {
            all.extend(known(case, see, named)?);
        }
    }
    let mut touches = Vec::new();
    let persons = case.persons();
    if case.program().is_some() && !persons.is_empty() {
        touches.extend(see.journey(of, &persons, &case.journey())?);
    }
    for touch in touches {
        if !all.iter().any(|one| one.is_same(&touch)) {
            all.extend(known(case, see, Candidate::new(touch))?);
        }
    }
    Ok(())
}

/// A candidate with what is known of its click; none when its partner is not known, so that it
/// refers to nobody.
fn known(
    case: &Case<'_>,
    see: &dyn See,
    mut candidate: Candidate,
) -> Result<Option<Candidate>, FoldError> {
    if let Some(click) = candidate.click() {
        let stored = see.stored(case.submission.program, &click)?;
        candidate.reasons = stored.map_or(Reasons::NONE, |stored| stored.reasons);
        candidate.touch.source = Source::Click {
            partner: click.partner,
            ad: click.ad,
            slot: stored.map(|stored| stored.slot),
        };
        let is_known = case.catalog.partner(click.partner).is_some()
            && !candidate.reasons.any(Reasons::UNKNOWN_PARTNER);
        return Ok(is_known.then_some(candidate));
    }
    Ok(Some(candidate))
}
