//! One arrival: its request checked, its click and itself stored, its answer made.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use httparse::Header;
use hyper::body::Body;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, FORWARDED, HeaderMap, HeaderName};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::catalog::Catalog;
use crate::click::{Cookie, DeepLinkCache, decide};
use crate::conversion::{ContentType, FieldError};
use crate::link::{self, Pairs};
use crate::log::{Epoch, LogError};
use crate::model::arrival::{RefusedReason, Stream};
use crate::model::click_id::ClickId;
use crate::model::id::ProgramId;
use crate::model::submission::{Claim, EventTime};
use crate::model::time::Millis;
use crate::telemetry::label::{ClickResult, PageLoadResult};
use crate::visit::{self, Arrived, Loaded, Refused};

use super::super::public::Shared;
use super::super::public::forwarded;
use super::super::public::intake::{Asked, CookieOf, Handled, Intake};
use super::answer::{self, Answer, Taken};
use super::origin::{self, Allow};

/// Largest body, in bytes.
const BODY_BYTES_MAX: usize = 8 << 10;
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long an arrival waits for its sync.
const SYNC_TIME: Duration = Duration::from_secs(10);

/// Takes arrivals, for both listeners.
pub struct PageLoads {
    shared: Arc<Shared>,
    /// Makes the clicks of those that open a link.
    clicks: Mutex<Intake>,
}

impl std::fmt::Debug for PageLoads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageLoads")
    }
}

/// A refusal: of which program, why, and how it is answered.
struct Turned(ProgramId, RefusedReason, Answer);

impl PageLoads {
    /// Takes arrivals into the log that the public workers share.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            clicks: Mutex::new(Intake::new(&shared)),
            shared,
        }
    }

    /// Answers a request, which comes from the customer's own `peer`, or from a server without one,
    /// and whose path names `program`, where it names one. `body_read` is called once the body is
    /// there.
    pub(in crate::server) async fn answer<B>(
        &self,
        request: Request<B>,
        peer: Option<IpAddr>,
        program: Option<ProgramId>,
        body_read: impl FnOnce(),
    ) -> Answer
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let mut named = program;
        let mut answer = if parts.method == Method::OPTIONS {
            let mut answer = answer::empty();
            origin::preflight(answer.headers_mut());
            answer
        } else {
            match self.take(&parts, body, peer, &mut named, body_read).await {
                Ok(taken) => answer::taken(&taken),
                Err(Turned(program, reason, answer)) => {
                    // What the store could not take is counted where it was tried.
                    if reason != RefusedReason::Unavailable {
                        self.refuse(program, reason);
                    }
                    answer
                }
            }
        };
        let catalog = self.shared.snapshots.catalog.load();
        let allow = Allow {
            catalog: &catalog,
            program: named,
            with_cookie: peer.is_some(),
        };
        allow.answer(&parts.headers, answer.headers_mut());
        answer
    }

    fn refuse(&self, program: ProgramId, reason: RefusedReason) {
        self.shared.log.refuse(program, Stream::PageLoad, reason);
        let result = match reason {
            RefusedReason::NoConsent => PageLoadResult::NoConsent,
            _ => PageLoadResult::Refused,
        };
        self.shared.metrics.visit.loads.add(result, 1);
    }

    async fn take<B>(
        &self,
        parts: &Parts,
        body: B,
        peer: Option<IpAddr>,
        named: &mut Option<ProgramId>,
        body_read: impl FnOnce(),
    ) -> Result<Taken, Turned>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let nobody = ProgramId(0);
        if parts.method != Method::POST {
            let answer = answer::method_not_allowed();
            return Err(Turned(nobody, RefusedReason::Method, answer));
        }
        let content_type = content_type(&parts.headers).ok_or_else(|| {
            let message = "send application/x-www-form-urlencoded or application/json, in UTF-8 \
                and without Content-Encoding";
            let answer = answer::closing(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
            Turned(nobody, RefusedReason::BadRequest, answer)
        })?;
        let body = read_body(body).await?;
        body_read();
        let catalog = self.shared.snapshots.catalog.load_full();
        let signer = &self.shared.signer;
        let mut arrived = visit::read(&Loaded {
            content_type,
            body: &body,
            program: *named,
            is_private: is_private(&parts.headers),
            catalog: &catalog,
            now: self.shared.log.clock().now(),
            verify: &|text| signer.verify(text.as_bytes()),
        })
        .map_err(refused)?;
        *named = Some(arrived.visit.program);
        if !arrived.consents {
            self.refuse(arrived.visit.program, RefusedReason::NoConsent);
            return Ok(unfollowed(
                &catalog,
                &arrived,
                self.shared.log.clock().now(),
            ));
        }
        let program = catalog.program(arrived.visit.program);
        let has_cookie = program.is_some_and(|program| program.site.cookie);
        let browser = peer.filter(|_| has_cookie);
        let cookie = browser.and_then(|_| Cookie::read(values(&parts.headers, COOKIE)));
        if let Some(cookie) = cookie {
            // Cookies come after all other names, so these stay sorted.
            let person = cookie.person(arrived.visit.program);
            arrived.visit.persons.push(person);
        }
        let taken = self.store(arrived, cookie, parts, peer).await?;
        Ok(Taken {
            set_cookie: browser.and_then(|peer| self.set_cookie(cookie, parts, peer)),
            ..taken
        })
    }

    /// Stores the arrival, and the click where a link was opened, and waits for their sync.
    async fn store(
        &self,
        mut arrived: Arrived,
        cookie: Option<Cookie>,
        parts: &Parts,
        peer: Option<IpAddr>,
    ) -> Result<Taken, Turned> {
        let program = arrived.visit.program;
        let failed = |error: &LogError| {
            tracing::warn!(%error, "an arrival was not stored");
            let result = PageLoadResult::Failed;
            self.shared.metrics.visit.loads.add(result, 1);
            Turned(program, RefusedReason::Unavailable, answer::try_again())
        };
        let mut taken = Taken {
            click_id: arrived.click_id.take(),
            warnings: std::mem::take(&mut arrived.warnings),
            ..Taken::default()
        };
        if let Some((path, query)) = arrived.link.take() {
            let target = (path.as_str(), query.as_deref());
            let clicked = self.click(target, &arrived, cookie, parts, peer);
            let (id, page) = clicked.map_err(|error| {
                let log = &self.shared.log;
                log.refuse(program, Stream::PageLoad, RefusedReason::Unavailable);
                failed(&error)
            })?;
            let text = self.shared.signer.sign(&id);
            taken.click_id = Some(String::from_utf8_lossy(&text).into_owned());
            taken.landing_page = Some(page);
            arrived.visit.claim = Claim::Verified(id);
        }
        let visit = &arrived.visit;
        let (number, epoch) = self
            .shared
            .log
            .visit(visit)
            .map_err(|error| failed(&error))?;
        self.synced(epoch).await.map_err(|error| failed(&error))?;
        let result = PageLoadResult::Stored;
        self.shared.metrics.visit.loads.add(result, 1);
        if visit.came.is_led() || matches!(visit.claim, Claim::Verified(_)) {
            let start = match visit.event {
                EventTime::Now => number.time(),
                EventTime::At { start, .. } => start,
            };
            taken.session_start = Some(start.to_string());
        }
        Ok(taken)
    }

    /// What gives the browser its cookie, or a first one. A first one tells nothing before it comes
    /// back: many pages that never send one must not fill the names of a customer.
    fn set_cookie(&self, cookie: Option<Cookie>, parts: &Parts, peer: IpAddr) -> Option<Vec<u8>> {
        let cookie = cookie.or_else(Cookie::fresh)?;
        let secure = forwarded::is_secure(
            peer,
            &self.shared.trusted_proxies,
            values(&parts.headers, FORWARDED),
            values(&parts.headers, HeaderName::from_static("x-forwarded-proto")),
        );
        let mut value = Vec::new();
        cookie.write(&mut value, secure);
        Some(value)
    }

    async fn synced(&self, epoch: Epoch) -> Result<(), LogError> {
        match timeout(SYNC_TIME, self.shared.log.durable(epoch)).await {
            Ok(synced) => synced,
            Err(_) => Err(LogError::Stalled),
        }
    }

    /// Stores the click of a link that was opened; its id and where it leads.
    fn click(
        &self,
        (path, query): (&str, Option<&str>),
        arrived: &Arrived,
        cookie: Option<Cookie>,
        parts: &Parts,
        peer: Option<IpAddr>,
    ) -> Result<(ClickId, String), LogError> {
        let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let address = arrived.address.or(peer).unwrap_or(nowhere);
        let asked = Asked {
            head: false,
            host: None,
            path,
            query,
            needs_host: false,
            headers: &headers(arrived, parts),
            cookie: CookieOf::Arrival(cookie),
        };
        let mut clicks = self.clicks.lock();
        let (handled, _) = clicks.click(address, &asked);
        let location = String::from_utf8_lossy(clicks.taking.location()).into_owned();
        let made = std::mem::take(&mut clicks.taking.clicks);
        clicks.taking.publish();
        let committed = clicks.taking.writer.commit();
        let mut result = ClickResult::Stored;
        if committed.is_err() {
            // No answer waits for it here, so it is given up at once, and counted as that.
            clicks.taking.writer.abandon();
            drop(clicks.taking.writer.commit());
            result = ClickResult::Unrecorded;
        }
        drop(clicks);
        self.shared.metrics.link.clicks.add(result, made);
        committed?;
        match handled {
            Handled::Redirected(id) if !id.unrecorded => Ok((id, location)),
            Handled::Redirected(_) | Handled::Refused(_) => Err(LogError::Stalled),
        }
    }
}

/// The headers that a browser would have sent with the click.
fn headers<'a>(arrived: &'a Arrived, parts: &'a Parts) -> Vec<Header<'a>> {
    let said = [
        ("user-agent", &arrived.user_agent),
        ("referer", &arrived.referrer),
    ];
    let said = said.into_iter().filter_map(|(name, text)| {
        let value = text.as_ref()?.as_bytes();
        Some(Header { name, value })
    });
    // An address that is said stands above that of whoever says it.
    let is_forwarded =
        |name: &str| arrived.address.is_none() && matches!(name, "forwarded" | "x-forwarded-for");
    let forwarded = parts.headers.iter();
    let forwarded = forwarded.filter(|(name, _)| is_forwarded(name.as_str()));
    let forwarded = forwarded.map(|(name, value)| Header {
        name: name.as_str(),
        value: value.as_bytes(),
    });
    said.chain(forwarded).collect()
}

/// What is answered to an arrival of a person who does not want to be followed: the page that the
/// link leads to, as the brand has it.
fn unfollowed(catalog: &Catalog, arrived: &Arrived, now: Millis) -> Taken {
    let mut pairs = Pairs::default();
    let mut cache = DeepLinkCache::default();
    let opened = arrived.link.as_ref().and_then(|(path, query)| {
        let link = link::parse(path, query.as_deref(), &mut pairs).ok()?;
        let decision = decide(catalog, &link, now, &[], &mut cache)?;
        Some(decision.landing.url.to_string())
    });
    let message = "forbids to follow this person; nothing was stored";
    let said = FieldError::new("TrackingConsent", message);
    Taken {
        landing_page: opened,
        warnings: vec![said],
        ..Taken::default()
    }
}

fn refused(refused: Refused) -> Turned {
    match refused {
        Refused::NoProgram(error) => {
            let answer = answer::errors(StatusCode::NOT_FOUND, &[error]);
            Turned(ProgramId(0), RefusedReason::UnknownProgram, answer)
        }
        Refused::Invalid { program, errors } => {
            let answer = answer::errors(StatusCode::BAD_REQUEST, &errors);
            let program = program.unwrap_or_default();
            Turned(program, RefusedReason::Invalid, answer)
        }
    }
}

fn values(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(name).into_iter();
    values.map(hyper::header::HeaderValue::as_bytes)
}

fn is_private(headers: &HeaderMap) -> bool {
    let mut said = headers.get_all("sec-gpc").iter();
    said.any(|value| value.as_bytes() == b"1")
}

fn content_type(headers: &HeaderMap) -> Option<ContentType> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let plain = !headers.contains_key(CONTENT_ENCODING);
    ContentType::parse(value.to_str().ok()?).filter(|_| plain)
}

async fn read_body<B>(body: B) -> Result<Vec<u8>, Turned>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let too_large = || {
        let message = format!("the body is larger than {BODY_BYTES_MAX} bytes");
        let answer = answer::closing(StatusCode::PAYLOAD_TOO_LARGE, &message);
        Turned(ProgramId(0), RefusedReason::TooLong, answer)
    };
    let bad = |status, message| {
        let answer = answer::closing(status, message);
        Turned(ProgramId(0), RefusedReason::BadRequest, answer)
    };
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > BODY_BYTES_MAX {
        return Err(too_large());
    }
    let limited = Box::pin(Limited::new(body, BODY_BYTES_MAX).collect());
    match timeout(BODY_TIME, limited).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => {
            let message = "the body ended early or is malformed";
            Err(bad(StatusCode::BAD_REQUEST, message))
        }
        Err(_) => {
            let message = "the body came too slowly";
            Err(bad(StatusCode::REQUEST_TIMEOUT, message))
        }
    }
}
