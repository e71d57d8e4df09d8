//! What a click's request says of device and page, remembered per string of the log's dictionary.

use std::collections::hash_map::Entry;

use ahash::AHashMap;

use crate::log::Log;
use crate::model::click::{Click, ClickFlags, Network};
use crate::model::id::StringRef;
use crate::model::request::{Devices, host, page};

use super::super::cells::{Cells, Facets, Named, text_bucket};
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

/// A device or a host with the bucket of the text that it was read from.
#[derive(Debug)]
struct Known {
    named: Named,
    bucket: Option<u8>,
}

type KnownOf = AHashMap<StringRef, Known>;

/// Devices of user agents and hosts of referrers.
#[derive(Debug, Default)]
pub(in crate::fold) struct Requests {
    parser: Devices,
    devices: KnownOf,
    hosts: KnownOf,
}

impl Requests {
    /// The host of a referrer; empty where it names none.
    pub(super) fn host(&mut self, log: &Log, referrer: StringRef) -> Result<&str, FoldError> {
        Ok(host_of(&mut self.hosts, referrer, log)?.named.text())
    }

    /// Adds to the facets of a click what its request says.
    pub(in crate::fold) fn describe(
        &mut self,
        log: &Log,
        request: Request,
        facets: &mut Facets,
        cells: &mut Cells,
    ) -> Result<(), FoldError> {
        let parser = &self.parser;
        let device = known(&mut self.devices, request.user_agent, log, |text| {
            Named::new(&parser.named(text))
        })?;
        let host = host_of(&mut self.hosts, request.referrer, log)?;
        cells.describe(facets, &mut device.named, &mut host.named);
        facets.fall(device.bucket, host.bucket);
        if request.flags.any(ClickFlags::EXPIRED_AD) {
            cells.expired(facets, &page(&text(log, request.referrer)?));
        }
        Ok(())
    }
}

fn host_of<'k>(
    hosts: &'k mut KnownOf,
    referrer: StringRef,
    log: &Log,
) -> Result<&'k mut Known, FoldError> {
    known(hosts, referrer, log, |text| Named::new(&host(text)))
}

/// What is known of a string, read at first.
fn known<'k>(
    known: &'k mut KnownOf,
    string: StringRef,
    log: &Log,
    read: impl FnOnce(&str) -> Named,
) -> Result<&'k mut Known, FoldError> {
    if known.len() > REMEMBERED_MAX {
        known.clear();
    }
    match known.entry(string) {
        Entry::Occupied(known) => Ok(known.into_mut()),
        Entry::Vacant(room) => {
            let text = text(log, string)?;
            Ok(room.insert(Known {
                named: read(&text),
                bucket: text_bucket(&text),
            }))
        }
    }
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
