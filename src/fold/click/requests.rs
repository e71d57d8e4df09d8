//! What a click's request says of device and page, remembered per string of the log's dictionary.

use std::sync::Arc;

use ahash::AHashMap;

use crate::log::Log;
use crate::model::click::{Click, ClickFlags, Network};
use crate::model::id::StringRef;
use crate::model::request::{Devices, host, page};

use super::super::cells::{Cells, Facets, text_bucket};
use super::super::error::FoldError;

/// Strings remembered of each kind; beyond that all are forgotten and read again.
const REMEMBERED_MAX: usize = 65_536;

/// What of a request the verdict on its click and its facets are made from.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Request {
    pub(in crate::fold) flags: ClickFlags,
    pub(in crate::fold) user_agent: StringRef,
    pub(in crate::fold) referrer: StringRef,
    pub(in crate::fold) shape: StringRef,
    pub(in crate::fold) network: Network,
}

impl Request {
    /// That of a click.
    pub(in crate::fold) fn of<P>(click: &Click<P>) -> Self {
        Self {
            flags: click.flags,
            user_agent: click.user_agent,
            referrer: click.referrer,
            shape: click.shape,
            network: click.network,
        }
    }
}

/// Device or host that a text names, and the bucket that it falls into.
type Answer = (Arc<str>, Option<u8>);

/// The answers that user agents and referrers gave.
#[derive(Debug, Default)]
pub(in crate::fold) struct Requests {
    parser: Devices,
    devices: AHashMap<StringRef, Answer>,
    hosts: AHashMap<StringRef, Answer>,
}

impl Requests {
    /// Completes the facets of a click with what its request says.
    pub(in crate::fold) fn describe(
        &mut self,
        log: &Log,
        request: Request,
        facets: &mut Facets,
        cells: &mut Cells,
    ) -> Result<(), FoldError> {
        let (device, agent) = self.device(log, request.user_agent)?;
        let (host, at) = self.host(log, request.referrer)?;
        cells.describe(facets, &device, &host);
        facets.fall(agent, at);
        if request.flags.any(ClickFlags::EXPIRED_AD) {
            cells.expired(facets, &page(&text(log, request.referrer)?));
        }
        Ok(())
    }

    fn device(&mut self, log: &Log, user_agent: StringRef) -> Result<Answer, FoldError> {
        if let Some(device) = self.devices.get(&user_agent) {
            return Ok(device.clone());
        }
        let text = text(log, user_agent)?;
        let device = (self.parser.named(&text).into(), text_bucket(&text));
        remember(&mut self.devices, user_agent, &device);
        Ok(device)
    }

    fn host(&mut self, log: &Log, referrer: StringRef) -> Result<Answer, FoldError> {
        if let Some(host) = self.hosts.get(&referrer) {
            return Ok(host.clone());
        }
        let text = text(log, referrer)?;
        let host = (host(&text).into(), text_bucket(&text));
        remember(&mut self.hosts, referrer, &host);
        Ok(host)
    }
}

fn remember(known: &mut AHashMap<StringRef, Answer>, string: StringRef, answer: &Answer) {
    if known.len() >= REMEMBERED_MAX {
        known.clear();
    }
    known.insert(string, answer.clone());
}

/// A string of the dictionary; 0 is none.
pub(super) fn text(log: &Log, string: StringRef) -> Result<String, FoldError> {
    if string == StringRef(0) {
        return Ok(String::new());
    }
    let stored = log.string(string)?;
    let stored = stored.ok_or(FoldError::StringMissing(string))?;
    Ok(String::from_utf8_lossy(&stored).into_owned())
}
