//! What speaks against a click without keeping it from being paid by itself, remembered per string
//! of the log's dictionary.

use ahash::AHashMap;

use crate::catalog::Catalog;
use crate::derived::{Reasons, Signs};
use crate::log::Log;
use crate::model::click::ClickFlags;
use crate::model::id::{PartnerId, StringRef};

use super::super::error::FoldError;
use super::agents::{Agent, Agents};
use super::classify;
use super::requests::{Request, Requests, text};
use super::row::{ClickTerms, Row};
use super::shape::{self, Browser, Shape};

/// Strings remembered of each kind; beyond that all are forgotten and read again.
const REMEMBERED_MAX: usize = 65_536;

/// The answers that user agents and shapes gave.
#[derive(Debug, Default)]
pub(in crate::fold) struct SignReader {
    browsers: AHashMap<StringRef, Browser>,
    shapes: AHashMap<StringRef, Shape>,
    /// Hosts of partners.
    sites: AHashMap<PartnerId, Box<[Box<str>]>>,
}

impl SignReader {
    /// Forgets what depends on the catalogue, when another one is in force.
    pub(in crate::fold) fn forget_catalog(&mut self) {
        self.sites.clear();
    }

    /// Notes the signs of a click, and gives the reasons against it, other than being a duplicate.
    pub(in crate::fold) fn judge(
        &mut self,
        log: &Log,
        row: &mut Row,
        terms: &ClickTerms,
        (agents, requests, catalog): (&mut Agents, &mut Requests, &Catalog),
    ) -> Result<Reasons, FoldError> {
        let request = &row.request;
        let agent = agents.of(log, request.user_agent, request.flags)?;
        let signs = self.of(
            log,
            (request, agent),
            row.partner,
            (agents, requests, catalog),
        )?;
        let mut reasons = classify::reasons(request.flags, agent, terms.pays_expired_ads);
        reasons.set(classify::flagged(signs, terms.risk));
        row.verdict.signs = signs;
        Ok(reasons)
    }

    /// What speaks against a click of a slot. `agent` is what the robot list says of it.
    fn of(
        &mut self,
        log: &Log,
        (request, agent): (&Request, Agent),
        partner: PartnerId,
        (agents, requests, catalog): (&Agents, &mut Requests, &Catalog),
    ) -> Result<Signs, FoldError> {
        let mut signs = Signs::NONE;
        if agents.hosts(request.network) {
            signs.set(Signs::HOSTING);
        }
        if agent == Agent::Robot {
            signs.set(Signs::ROBOT);
            return Ok(signs);
        }
        // A prefetch is no link that was followed, and never paid.
        let apart = ClickFlags::PREFETCH.with(ClickFlags::HEAD);
        if !request.flags.any(apart) {
            let limited = request.flags.any(ClickFlags::LIMITED_STRINGS);
            if request.user_agent != StringRef(0) || !limited {
                let browser = self.browser(log, request.user_agent)?;
                signs.set(shape::signs(browser, self.shape(log, request.shape)?));
            }
        }
        if request.referrer != StringRef(0) {
            let host = requests.host(log, request.referrer)?;
            if self.is_foreign(host, partner, catalog) {
                signs.set(Signs::FOREIGN_PAGE);
            }
        }
        Ok(signs)
    }

    fn browser(&mut self, log: &Log, user_agent: StringRef) -> Result<Browser, FoldError> {
        if let Some(browser) = self.browsers.get(&user_agent) {
            return Ok(*browser);
        }
        let browser = Browser::named(&text(log, user_agent)?);
        remember(&mut self.browsers, user_agent, browser);
        Ok(browser)
    }

    fn shape(&mut self, log: &Log, shape: StringRef) -> Result<Shape, FoldError> {
        if shape == StringRef(0) {
            return Ok(Shape::default());
        }
        if let Some(shape) = self.shapes.get(&shape) {
            return Ok(*shape);
        }
        let read = Shape::read(&text(log, shape)?);
        remember(&mut self.shapes, shape, read);
        Ok(read)
    }

    /// The same as [`is_foreign`], with the hosts of the partner remembered.
    fn is_foreign(&mut self, host: &str, partner: PartnerId, catalog: &Catalog) -> bool {
        if !self.sites.contains_key(&partner) {
            remember(&mut self.sites, partner, sites(catalog, partner));
        }
        let sites = self.sites.get(&partner);
        sites.is_some_and(|sites| lies_outside(host, sites))
    }
}

/// Whether a host is none of a partner's. A partner's hosts are those properties whose names are
/// hosts; of one that has none, no page is foreign.
pub(in crate::fold) fn is_foreign(catalog: &Catalog, partner: PartnerId, host: &str) -> bool {
    lies_outside(host, &sites(catalog, partner))
}

fn lies_outside(host: &str, sites: &[Box<str>]) -> bool {
    !host.is_empty()
        && !sites.is_empty()
        && sites.iter().all(|own| {
            let parent = host.strip_suffix(&**own);
            parent.is_none_or(|rest| !rest.is_empty() && !rest.ends_with('.'))
        })
}

/// The hosts of a partner.
fn sites(catalog: &Catalog, partner: PartnerId) -> Box<[Box<str>]> {
    let properties = catalog.partner(partner).map(|partner| &partner.properties);
    let names = properties
        .into_iter()
        .flatten()
        .map(|(_, name)| name.trim());
    names
        .filter(|name| name.contains('.') && !name.contains(char::is_whitespace))
        .map(str::to_ascii_lowercase)
        .map(|own| own.strip_prefix("www.").unwrap_or(&own).into())
        .collect()
}

fn remember<K: std::hash::Hash + Eq, V>(known: &mut AHashMap<K, V>, key: K, answer: V) {
    if known.len() >= REMEMBERED_MAX {
        known.clear();
    }
    known.insert(key, answer);
}
