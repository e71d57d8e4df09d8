//! What the log's own rows say that an event is kept apart by.

use std::sync::Arc;

use ahash::AHashMap;

use crate::derived::Action;
use crate::log::row::click as click_row;
use crate::log::{Log, LogError, Parameters};
use crate::model::click::{Click, ClickFlags, Parameter};
use crate::model::entry::Entry;
use crate::model::id::{PartnerId, StringRef};
use crate::model::request::{Devices, host, page};
use crate::model::submission::Submission;
use crate::model::tally::Facet;
use crate::registry::cube::CubeId;

use super::super::error::FoldError;

/// Strings remembered; beyond that all are forgotten and read again.
const REMEMBERED_MAX: usize = 65_536;

/// Reads facets of clicks and actions.
#[derive(Debug, Default)]
pub(super) struct Said {
    devices: Devices,
    named: AHashMap<StringRef, Box<str>>,
    known: AHashMap<StringRef, Arc<str>>,
}

impl Said {
    /// The facets of a click, with the cubes that are kept apart by them.
    pub(super) fn of_click(
        &mut self,
        log: &Log,
        click: &Click<Parameters<'_>>,
    ) -> Result<Vec<(CubeId, Facet)>, FoldError> {
        let parameter = |wanted: Parameter| {
            let mut parameters = click.parameters.clone();
            let found = parameters.find(|(parameter, _)| *parameter == wanted);
            found.map_or_else(String::new, |(_, value)| {
                String::from_utf8_lossy(value).into_owned()
            })
        };
        let referrer = self.string(log, click.referrer)?;
        let device = self.device(log, click.user_agent)?;
        let mut facets = vec![
            (CubeId::AD, Facet::Number(click.ad.0)),
            (CubeId::SHARED_ID, text(parameter(Parameter::SharedId))),
            (CubeId::PROPERTY, text(parameter(Parameter::Property))),
            (CubeId::DOMAIN, text(host(&referrer))),
            (CubeId::DEVICE, Facet::Text(device)),
            (
                CubeId::SUB_IDS,
                sub_ids([1, 2, 3].map(|number| parameter(Parameter::SubId(number)))),
            ),
        ];
        if click.flags.any(ClickFlags::EXPIRED_AD) {
            let shown = format!("{}\t{}", click.ad, page(&referrer));
            facets.push((CubeId::EXPIRED_AD, text(shown)));
        }
        Ok(facets)
    }

    /// The facets of an action that its click tells: what the conversion says comes first.
    pub(super) fn of_action(
        &mut self,
        log: &Log,
        action: &Action,
    ) -> Result<Vec<(CubeId, Facet)>, FoldError> {
        let none = || text(String::new());
        let mut facets = vec![
            (CubeId::SHARED_ID, none()),
            (CubeId::PROPERTY, none()),
            (CubeId::DOMAIN, none()),
            (CubeId::DEVICE, none()),
            (CubeId::SUB_IDS, none()),
        ];
        if let Some(click) = action.click
            && let Some(slot) = click.slot
            && let Some(row) = log.click_row(slot, action.partner, click.number)?
        {
            let click = click_row::read(&row).map_err(LogError::from)?;
            facets = self.of_click(log, &click)?;
            facets.retain(|(cube, _)| ![CubeId::AD, CubeId::EXPIRED_AD].contains(cube));
        }
        if let Some(Entry::Conversion(submission)) = log.entry(action.submission)? {
            for (cube, said) in labels(&submission, action.partner) {
                facets.retain(|(known, _)| *known != cube);
                facets.push((cube, said));
            }
        }
        facets.push((CubeId::AD, Facet::Number(action.ad.0)));
        Ok(facets)
    }

    fn device(&mut self, log: &Log, user_agent: StringRef) -> Result<Box<str>, FoldError> {
        if let Some(device) = self.named.get(&user_agent) {
            return Ok(device.clone());
        }
        let device: Box<str> = {
            let text = self.string(log, user_agent)?;
            self.devices.named(&text).into()
        };
        if self.named.len() >= REMEMBERED_MAX {
            self.named.clear();
        }
        self.named.insert(user_agent, device.clone());
        Ok(device)
    }

    pub(super) fn string(&mut self, log: &Log, string: StringRef) -> Result<Arc<str>, FoldError> {
        if string == StringRef(0) {
            return Ok("".into());
        }
        if let Some(known) = self.known.get(&string) {
            return Ok(Arc::clone(known));
        }
        let stored = log.string(string)?;
        let stored = stored.ok_or(FoldError::StringMissing(string))?;
        let text: Arc<str> = String::from_utf8_lossy(&stored).into();
        if self.known.len() >= REMEMBERED_MAX {
            self.known.clear();
        }
        self.known.insert(string, Arc::clone(&text));
        Ok(text)
    }
}

fn text(text: String) -> Facet {
    Facet::Text(text.into())
}

/// The facet of three sub ids.
fn sub_ids(parts: [String; 3]) -> Facet {
    if parts.concat().is_empty() {
        return text(String::new());
    }
    text(parts.map(|part| part.replace('\t', " ")).join("\t"))
}

/// What a conversion says of the link, in its own words; the labels of one partner are no other's.
fn labels(submission: &Submission, partner: PartnerId) -> Vec<(CubeId, Facet)> {
    let sent = |name| submission.field(name).map(ToOwned::to_owned);
    let named = sent("MediaId").or_else(|| sent("MediaPartnerId"));
    if named.is_some_and(|named| named.parse() != Ok(partner.0)) {
        return Vec::new();
    }
    let mut labels = Vec::new();
    labels.extend(sent("SharedId").map(|said| (CubeId::SHARED_ID, text(said))));
    let said = ["SubId1", "SubId2", "SubId3"].map(|name| sent(name).unwrap_or_default());
    if said.iter().any(|said| !said.is_empty()) {
        labels.push((CubeId::SUB_IDS, sub_ids(said)));
    }
    labels
}
