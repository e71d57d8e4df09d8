//! What one event is kept apart by.

use crate::model::click::{Click, Parameter};
use crate::model::id::{AdId, EventTypeId};
use crate::model::time::Millis;
use crate::registry::facet::FacetKind;

use super::marks::InCommon;
use super::texts::{Named, Texts};

/// A facet while its slot is folded: short enough to be copied. Its texts are numbered by
/// [`Texts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Short {
    None,
    Number(u32),
    Text(u32),
    Other,
}

/// What was said of an action itself.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::fold) struct Said<'a> {
    /// Its shared id.
    pub(in crate::fold) shared_id: Option<&'a str>,
    /// Its sub ids, where there are any.
    pub(in crate::fold) sub_ids: Option<[&'a str; 3]>,
    /// The path that led to it, where it is kept.
    pub(in crate::fold) path: Option<&'a str>,
}

/// The facets of a click or of an action.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::fold) struct Facets {
    ad: AdId,
    event_type: Option<EventTypeId>,
    // Numbers of texts.
    shared_id: u32,
    sub_ids: u32,
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
        let mut sub_ids: [&[u8]; 3] = [b""; 3];
        for (parameter, value) in click.parameters.clone() {
            let facet = match parameter {
                Parameter::SubId(number @ 1..=3) => {
                    if let Some(sub_id) = sub_ids.get_mut(usize::from(number - 1)) {
                        *sub_id = value;
                    }
                    continue;
                }
                Parameter::SharedId => &mut facets.shared_id,
                Parameter::Property => &mut facets.property,
                _ => continue,
            };
            *facet = texts.number(&String::from_utf8_lossy(value));
        }
        facets.sub_ids = texts.number_of(sub_ids);
        facets
    }

    /// Adds what the request of a click says of device and page.
    pub(super) fn describe(&mut self, device: &mut Named, domain: &mut Named, texts: &mut Texts) {
        self.device = texts.number_again(device);
        self.domain = texts.number_again(domain);
    }

    /// Adds the buckets of the texts of user agent and page.
    pub(in crate::fold) fn fall(&mut self, agent: Option<u8>, page: Option<u8>) {
        self.in_common = self.in_common.of_texts(agent, page);
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
        said: Said<'_>,
        texts: &mut Texts,
    ) -> Self {
        let sub_ids = said.sub_ids.map(|parts| parts.map(str::as_bytes));
        Self {
            ad,
            event_type: Some(event_type),
            shared_id: said
                .shared_id
                .map_or(self.shared_id, |text| texts.number(text)),
            sub_ids: sub_ids.map_or(self.sub_ids, |parts| texts.number_of(parts)),
            path: said.path.map(|text| texts.number(text)),
            ..self
        }
    }

    /// The ad.
    pub(in crate::fold) fn ad(&self) -> AdId {
        self.ad
    }

    /// The one of a kind, of an event at this time; nothing where such an event has none, and is
    /// not counted.
    pub(super) fn get(&self, kind: FacetKind, at: Millis) -> Option<Short> {
        match kind {
            FacetKind::None => Some(Short::None),
            FacetKind::Ad => Some(Short::Number(self.ad.0)),
            FacetKind::EventType => self.event_type.map(|id| Short::Number(id.0)),
            FacetKind::SharedId => Some(Short::Text(self.shared_id)),
            FacetKind::Property => Some(Short::Text(self.property)),
            FacetKind::Device => Some(Short::Text(self.device)),
            FacetKind::Domain => Some(Short::Text(self.domain)),
            FacetKind::ExpiredAd => self.expired.map(Short::Text),
            FacetKind::PartnerGroup | FacetKind::Minute | FacetKind::Stream => None,
            FacetKind::Path => self.path.map(Short::Text),
            FacetKind::SubIds => Some(Short::Text(self.sub_ids)),
            FacetKind::Hour => Some(Short::Number(at.utc_hour())),
        }
    }
}
