//! What one event is kept apart by.

use crate::model::click::{Click, Parameter};
use crate::model::id::{AdId, EventTypeId};
use crate::registry::facet::FacetKind;

use super::marks::InCommon;
use super::texts::Texts;

/// A facet while its slot is folded: short enough to be copied. Its texts are numbered by
/// [`Texts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Short {
    None,
    Number(u32),
    Text(u32),
    Other,
}

/// The facets of a click or of an action.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::fold) struct Facets {
    ad: AdId,
    event_type: Option<EventTypeId>,
    // Numbers of texts.
    shared_id: u32,
    property: u32,
    device: u32,
    domain: u32,
    /// Ad and page, of a click on an expired ad.
    expired: Option<u32>,
    /// The path that led to an action, where it is kept.
    path: Option<u32>,
    /// What it has in common with other clicks.
    pub(super) in_common: InCommon,
}

impl Facets {
    /// Those of a click.
    pub(super) fn of_click<'p, P>(click: &Click<P>, texts: &mut Texts) -> Self
    where
        P: Iterator<Item = (Parameter, &'p [u8])> + Clone,
    {
        let mut facets = Self {
            ad: click.ad,
            in_common: InCommon::of(click),
            ..Self::default()
        };
        for (parameter, value) in click.parameters.clone() {
            let facet = match parameter {
                Parameter::SharedId => &mut facets.shared_id,
                Parameter::Property => &mut facets.property,
                _ => continue,
            };
            *facet = texts.number(&String::from_utf8_lossy(value));
        }
        facets
    }

    /// Adds what the request of a click says of device and page.
    pub(super) fn describe(&mut self, device: &str, domain: &str, texts: &mut Texts) {
        self.device = texts.number(device);
        self.domain = texts.number(domain);
    }

    /// Adds the page that leads to the expired ad.
    pub(super) fn expired(&mut self, page: &str, texts: &mut Texts) {
        self.expired = Some(texts.number(&format!("{}\t{page}", self.ad)));
    }

    /// Those of an action that came by a click with these; what was said of the action itself
    /// counts before what the click says.
    pub(super) fn of_action(
        self,
        (ad, event_type): (AdId, EventTypeId),
        (shared_id, path): (Option<&str>, Option<&str>),
        texts: &mut Texts,
    ) -> Self {
        Self {
            ad,
            event_type: Some(event_type),
            shared_id: shared_id.map_or(self.shared_id, |text| texts.number(text)),
            path: path.map(|text| texts.number(text)),
            ..self
        }
    }

    /// The ad.
    pub(in crate::fold) fn ad(&self) -> AdId {
        self.ad
    }

    /// The one of a kind; nothing where such an event has none, and is not counted.
    pub(super) fn get(&self, kind: FacetKind) -> Option<Short> {
        match kind {
            FacetKind::None => Some(Short::None),
            FacetKind::Ad => Some(Short::Number(self.ad.0)),
            FacetKind::EventType => self.event_type.map(|id| Short::Number(id.0)),
            FacetKind::SharedId => Some(Short::Text(self.shared_id)),
            FacetKind::Property => Some(Short::Text(self.property)),
            FacetKind::Device => Some(Short::Text(self.device)),
            FacetKind::Domain => Some(Short::Text(self.domain)),
            FacetKind::ExpiredAd => self.expired.map(Short::Text),
            FacetKind::PartnerGroup => None,
            FacetKind::Path => self.path.map(Short::Text),
        }
    }
}
