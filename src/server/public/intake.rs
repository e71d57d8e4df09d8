//! From a request to a click of the open turn and the redirect that answers it.
//!
//! Hot path. Reads what was asked, decides where the customer goes, mints and signs the click id
//! and adds the click to the turn. Nothing is committed or answered here.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use arc_swap::cache::Cache;
use httparse::Header;

use crate::catalog::Catalog;
use crate::catalog::snapshot::Program;
use crate::click::{self, Cookie, DeepLinkCache, Salts, location};
use crate::link::{self, Pairs};
use crate::log::TurnWriter;
use crate::model::arrival::{Outcome, RefusedReason};
use crate::model::click::ClickFlags;
use crate::model::click_id::ClickId;
use crate::model::id::ProgramId;
use crate::model::time::Millis;
use crate::telemetry::label::{ClickResult, LinkOutcome};

use super::answer::Redirect;
use super::record::Facts;
use super::shared::Shared;
use super::visit::{HeadError, Visit};

/// What a request asks for.
#[derive(Clone, Copy)]
pub(in crate::server) struct Asked<'a> {
    /// By HEAD, else by GET.
    pub(in crate::server) head: bool,
    /// The host of a target in absolute form, which stands above the header `Host`
    /// (RFC 9112, 3.2.2).
    pub(in crate::server) host: Option<&'a str>,
    /// Path of the target.
    pub(in crate::server) path: &'a str,
    /// Query of the target.
    pub(in crate::server) query: Option<&'a str>,
    /// Whether the version of HTTP demands a `Host`.
    pub(in crate::server) needs_host: bool,
    /// In their order.
    pub(in crate::server) headers: &'a [Header<'a>],
    /// Where a program's cookie is found.
    pub(in crate::server) cookie: CookieOf,
}

/// Whose cookie a click has, if its program has one.
#[derive(Clone, Copy)]
pub(in crate::server) enum CookieOf {
    /// That of the request, or a fresh one. The answer sets it.
    Request,
    /// That of the arrival that opened the link, which is answered elsewhere.
    Arrival(Option<Cookie>),
}

/// How a request is answered.
pub(in crate::server) enum Handled {
    /// It is no link, or none within bounds.
    Refused(LinkOutcome),
    /// By a redirect to the [location](Taking::location), which carries this id.
    Redirected(ClickId),
}

/// One worker's way from request to click.
pub(in crate::server) struct Intake {
    pub(in crate::server) taking: Taking,
    catalog: Cache<Arc<ArcSwap<Catalog>>, Arc<Catalog>>,
    pairs: Pairs,
    deep_links: DeepLinkCache,
    shape: Vec<u8>,
}

/// Where clicks go and what is counted.
pub(in crate::server) struct Taking {
    pub(in crate::server) writer: TurnWriter,
    /// Clicks in the open turn.
    pub(in crate::server) clicks: u64,
    shared: Arc<Shared>,
    salts: Cache<Arc<ArcSwap<Salts>>, Arc<Salts>>,
    /// The time of this turn, once it is known.
    now: Option<Millis>,
    location: Vec<u8>,
    /// The value of the last click's `Set-Cookie`; empty when it sets none.
    set_cookie: Vec<u8>,
    flags: [u64; ClickFlags::ALL.len()],
    outcomes: [u64; LinkOutcome::ALL.len()],
}

impl Intake {
    /// The intake of a worker.
    pub(in crate::server) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            taking: Taking {
                writer: shared.log.writer(),
                clicks: 0,
                shared: Arc::clone(shared),
                salts: Cache::new(Arc::clone(&shared.snapshots.salts)),
                now: None,
                location: Vec::with_capacity(1_024),
                set_cookie: Vec::new(),
                flags: [0; ClickFlags::ALL.len()],
                outcomes: [0; LinkOutcome::ALL.len()],
            },
            catalog: Cache::new(Arc::clone(&shared.snapshots.catalog)),
            pairs: Pairs::default(),
            deep_links: DeepLinkCache::default(),
            shape: Vec::with_capacity(1_024),
        }
    }

    /// Handles a GET or HEAD; whether the head announced a body comes along.
    pub(in crate::server) fn click(&mut self, peer: IpAddr, asked: &Asked<'_>) -> (Handled, bool) {
        let taking = &mut self.taking;
        let mut visit = match Visit::read(asked.headers, asked.needs_host, &mut self.shape) {
            Ok(visit) => visit,
            Err(error) => {
                let outcome = match error {
                    HeadError::Host => LinkOutcome::BadRequest,
                    HeadError::Expectation => LinkOutcome::ExpectationFailed,
                    HeadError::TooLarge => LinkOutcome::HeadersTooLarge,
                };
                return (taking.refuse(outcome), true);
            }
        };
        if let Some(host) = asked.host {
            visit.host = host.as_bytes();
        }
        if asked.head {
            visit.flags.set(ClickFlags::HEAD);
        }
        let address = taking.address(peer, asked.headers, &mut visit);
        let handled = match link::parse(asked.path, asked.query, &mut self.pairs) {
            Err(_) => taking.turn_away(LinkOutcome::NotFound, RefusedReason::NotALink),
            Ok(link) => {
                let now = taking.now();
                let catalog = self.catalog.load();
                self.deep_links.set_version(catalog.version);
                match click::decide(catalog, &link, now, visit.host, &mut self.deep_links) {
                    None => taking.turn_away(LinkOutcome::NotFound, RefusedReason::UnknownProgram),
                    Some(decision) => {
                        let facts = Facts {
                            decision: &decision,
                            link: &link,
                            visit: &visit,
                            shape: &self.shape,
                            address,
                            cookie: taking.cookie(decision.program, peer, asked, visit.flags),
                        };
                        taking.accept(&facts, now)
                    }
                }
            }
        };
        (handled, visit.has_body)
    }
}

impl Taking {
    /// Counts a request that is no link within bounds.
    pub(super) fn refuse(&mut self, outcome: LinkOutcome) -> Handled {
        let reason = match outcome {
            LinkOutcome::MethodNotAllowed => RefusedReason::Method,
            LinkOutcome::UriTooLong | LinkOutcome::HeadersTooLarge => RefusedReason::TooLong,
            LinkOutcome::BadRequest | LinkOutcome::ExpectationFailed => RefusedReason::BadRequest,
            LinkOutcome::NotFound | LinkOutcome::Redirected => RefusedReason::NotALink,
        };
        self.turn_away(outcome, reason)
    }

    fn turn_away(&mut self, outcome: LinkOutcome, reason: RefusedReason) -> Handled {
        self.writer.count(ProgramId(0), Outcome::Received);
        self.writer.count(ProgramId(0), Outcome::Refused(reason));
        self.count(outcome);
        Handled::Refused(outcome)
    }

    fn count(&mut self, outcome: LinkOutcome) {
        if let Some(count) = self.outcomes.get_mut(outcome as usize) {
            *count += 1;
        }
    }

    /// The time at which the first click of this turn came; they all share it.
    pub(super) fn now(&mut self) -> Millis {
        *self.now.get_or_insert_with(|| self.writer.now())
    }

    /// The client's address; a forwarding header that can't be read is noted.
    fn address(&self, peer: IpAddr, headers: &[Header<'_>], visit: &mut Visit<'_>) -> IpAddr {
        let headers = headers.get(visit.forwarding.clone()).unwrap_or_default();
        if headers.is_empty() {
            return peer.to_canonical();
        }
        let (address, malformed) = super::forwarded::client(
            peer,
            &self.shared.trusted_proxies,
            named(headers, "forwarded"),
            named(headers, "x-forwarded-for"),
        );
        if malformed {
            visit.flags.set(ClickFlags::MALFORMED_FORWARDED);
        }
        address
    }

    /// The cookie of a click, which its answer sets; none where program or customer want none.
    fn cookie(
        &mut self,
        program: &Program,
        peer: IpAddr,
        asked: &Asked<'_>,
        flags: ClickFlags,
    ) -> Option<Cookie> {
        self.set_cookie.clear();
        if !program.site.cookie || flags.any(ClickFlags::GPC) {
            return None;
        }
        if let CookieOf::Arrival(cookie) = asked.cookie {
            return cookie;
        }
        let cookie = Cookie::read(named(asked.headers, "cookie")).or_else(Cookie::fresh)?;
        let secure = super::forwarded::is_secure(
            peer,
            &self.shared.trusted_proxies,
            named(asked.headers, "forwarded"),
            named(asked.headers, "x-forwarded-proto"),
        );
        cookie.write(&mut self.set_cookie, secure);
        Some(cookie)
    }

    fn accept(&mut self, facts: &Facts<'_>, now: Millis) -> Handled {
        let (link, decision) = (facts.link, facts.decision);
        let (number, covered) = self.writer.mint(now);
        let recorded = covered && self.shared.log.failure().is_none();
        let id = ClickId {
            number,
            partner: link.partner,
            ad: link.ad,
            program: link.program,
            unrecorded: !recorded,
            key_number: self.shared.signer.key_number(),
        };
        let text = self.shared.signer.sign(&id);
        self.location.clear();
        location::write(&mut self.location, decision, link, &text, number.time());
        self.writer.count(link.program, Outcome::Received);
        self.count(LinkOutcome::Redirected);
        if !recorded {
            self.writer.count(link.program, Outcome::Unrecorded);
            let clicks = &self.shared.metrics.link.clicks;
            clicks.add(ClickResult::Unrecorded, 1);
            return Handled::Redirected(id);
        }
        let flags = facts.store(&mut self.writer, self.salts.load(), &id);
        if flags != ClickFlags::NONE {
            for (count, (flag, _)) in self.flags.iter_mut().zip(ClickFlags::ALL) {
                *count += u64::from(flags.any(*flag));
            }
        }
        self.clicks += 1;
        Handled::Redirected(id)
    }

    /// Where the last click leads.
    pub(in crate::server) fn location(&self) -> &[u8] {
        &self.location
    }

    /// The redirect that answers the last click, of this id.
    pub(in crate::server) fn redirect(&self, id: &ClickId) -> Redirect<'_> {
        Redirect {
            location: &self.location,
            set_cookie: Some(&*self.set_cookie).filter(|value| !value.is_empty()),
            recorded: !id.unrecorded,
        }
    }

    /// Ends the turn's time and adds its counts to the metrics.
    pub(in crate::server) fn publish(&mut self) {
        self.now = None;
        let link = &self.shared.metrics.link;
        for (count, outcome) in self.outcomes.iter_mut().zip(LinkOutcome::ALL) {
            if *count > 0 {
                link.requests.add(*outcome, std::mem::take(count));
            }
        }
        for (count, (flag, _)) in self.flags.iter_mut().zip(ClickFlags::ALL) {
            if *count > 0 {
                if *flag == ClickFlags::MALFORMED_DEEP_LINK {
                    link.deep_links_refused.increment(*count);
                }
                link.flags.add(*flag, std::mem::take(count));
            }
        }
    }
}

/// The values of the headers of a name, in their order.
fn named<'a>(
    headers: &'a [Header<'a>],
    name: &'static str,
) -> impl DoubleEndedIterator<Item = &'a [u8]> {
    let is = move |header: &&Header<'_>| header.name.eq_ignore_ascii_case(name);
    headers.iter().filter(is).map(|header| header.value)
}
