//! A visit as the request of a phone's browser, and the 302 that must answer it.
//!
//! The click id is taken out of `Location` and opened: it must carry the numbers of the link, no
//! `unrecorded` flag, and a mint time between sending and answer. That time is the click's own
//! time in the recount.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, StatusCode, Uri};

use crate::traffic::visit::{Visit, address, user_agent};

/// Milliseconds from 1970 to the start of click id time, 2020-01-01T00:00:00Z.
const EPOCH: i64 = 1_577_836_800_000;
/// Bits below the time in a click's number.
const TIME_SHIFT: u32 = 22;
/// How far a mint time may lie outside of sending and answer. Numbers that run out within a
/// millisecond borrow from the next, so a loaded minter may be ahead of the clock.
const CLOCK_TOLERANCE: i64 = 1_000;

const RECORDED: HeaderName = HeaderName::from_static("x-clickd-recorded");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Makes the requests of one target.
pub(crate) struct Clicks {
    host: HeaderValue,
    program: u32,
    user_agents: HashMap<(u32, u32), HeaderValue>,
}

/// An opened click id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClickId {
    /// As the landing page gets it.
    pub(crate) text: String,
    /// The click's number.
    pub(crate) number: u64,
    /// Its mint time in Unix milliseconds.
    pub(crate) millis: i64,
    /// Whether the customer was sent on without the click being stored.
    pub(crate) unrecorded: bool,
}

impl Clicks {
    /// Requests to `target` for links of `program`.
    pub(crate) fn new(target: SocketAddr, program: u32) -> Result<Self> {
        Ok(Self {
            host: target.to_string().parse()?,
            program,
            user_agents: HashMap::new(),
        })
    }

    /// The request of a visit.
    pub(crate) fn request(&mut self, visit: &Visit) -> Result<Request<Full<Bytes>>> {
        let (device, os) = (visit.device, visit.os);
        let mut target = String::with_capacity(64);
        write!(
            target,
            "/c/{}/{}/{}?subId1=os{os}",
            visit.partner, visit.ad, self.program
        )?;
        let mut request = Request::new(Full::default());
        *request.uri_mut() = Uri::from_maybe_shared(Bytes::from(target))?;
        let agent = if let Some(agent) = self.user_agents.get(&(device, os)) {
            agent.clone()
        } else {
            let agent: HeaderValue = user_agent(device, os).parse()?;
            self.user_agents.insert((device, os), agent.clone());
            agent
        };
        let headers = request.headers_mut();
        headers.reserve(12);
        headers.insert("host", self.host.clone());
        headers.insert("user-agent", agent);
        for (name, value) in BROWSER {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(FORWARDED_FOR, address(visit.ip).to_string().parse()?);
        Ok(request)
    }
}

/// What a mobile Chrome sends with a link followed from another site.
const BROWSER: [(&str, &str); 8] = [
    ("upgrade-insecure-requests", "1"),
    (
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    ),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
    ("referer", "https://www.blog.example/"),
    ("accept-encoding", "gzip, deflate, br"),
    ("accept-language", "en-US,en;q=0.9"),
];

/// The click id of an answer to `visit`, sent and answered at these Unix milliseconds.
///
/// # Errors
/// No 302, no click id, or one that does not fit the visit.
pub(crate) fn read(
    status: StatusCode,
    headers: &HeaderMap,
    visit: &Visit,
    program: u32,
    sent: i64,
    answered: i64,
) -> Result<ClickId> {
    ensure!(status == StatusCode::FOUND, "answered {status}, not 302");
    let location = headers
        .get("location")
        .context("a 302 without Location")?
        .to_str()?;
    let id = click_id(location, [visit.partner, visit.ad, program])?;
    let soonest = sent.saturating_sub(CLOCK_TOLERANCE);
    let latest = answered.saturating_add(CLOCK_TOLERANCE);
    ensure!(
        (soonest..=latest).contains(&id.millis),
        "minted at {}, but sent at {sent} and answered at {answered}",
        id.millis
    );
    let said = headers.get(RECORDED).is_some_and(|value| value == "0");
    if said != id.unrecorded {
        bail!("header and click id disagree on whether the click is recorded");
    }
    Ok(id)
}

/// The click id in a `Location`, which must carry the partner, ad and program of the link.
pub(crate) fn click_id(location: &str, link: [u32; 3]) -> Result<ClickId> {
    let text = parameter(location, "im_ref")
        .with_context(|| format!("no im_ref in Location {location}"))?;
    let (id, numbers) = open(text).with_context(|| format!("{text} is no click id"))?;
    ensure!(
        numbers == link,
        "the click id says {numbers:?}, the link was {link:?}"
    );
    Ok(id)
}

/// The value of a query parameter, as it stands.
fn parameter<'a>(location: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = location.split_once('?')?;
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    query
        .split('&')
        .find_map(|pair| match pair.split_once('=') {
            Some((have, value)) if have == name => Some(value),
            _ => None,
        })
}

/// A click id and its partner, ad and program.
fn open(text: &str) -> Option<(ClickId, [u32; 3])> {
    let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    let (partner, rest) = rest.split_first_chunk::<4>()?;
    let (ad, rest) = rest.split_first_chunk::<4>()?;
    let (program, rest) = rest.split_first_chunk::<4>()?;
    let number = u64::from_be_bytes(*number);
    let id = ClickId {
        text: text.to_owned(),
        number,
        millis: i64::try_from(number >> TIME_SHIFT)
            .ok()?
            .checked_add(EPOCH)?,
        unrecorded: rest.first()? & 0x80 != 0,
    };
    Some((id, [*partner, *ad, *program].map(u32::from_be_bytes)))
}

/// Unix time from a duration.
pub(crate) fn unix_millis(since_epoch: Duration) -> i64 {
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const VISIT: Visit = Visit {
        partner: 280,
        ad: 12,
        ip: 87_540,
        device: 1,
        os: 13,
    };
    const NOW: i64 = 1_795_368_000_123;

    /// A click id of these numbers, with a tag of zeros.
    pub(crate) fn id(millis: i64, counter: u64, numbers: [u32; 3], flags: u8) -> String {
        let time = u64::try_from(millis - EPOCH).unwrap();
        let mut bytes = (time << TIME_SHIFT | counter).to_be_bytes().to_vec();
        for number in numbers {
            bytes.extend(number.to_be_bytes());
        }
        bytes.push(flags);
        bytes.resize(32, 0);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The partner of a click id.
    pub(crate) fn partner(id: &str) -> u32 {
        open(id).unwrap().1[0]
    }

    fn answer(id: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let location = format!("https://www.brand.example/app/12?a=1&im_ref={id}&b=2#im_ref=x");
        headers.insert("location", location.parse().unwrap());
        headers
    }

    fn check(headers: &HeaderMap) -> Result<ClickId> {
        read(StatusCode::FOUND, headers, &VISIT, 7, NOW - 2, NOW + 1)
    }

    #[test]
    fn requests_look_like_a_phone_behind_a_proxy() {
        let mut clicks = Clicks::new("127.0.0.1:8080".parse().unwrap(), 7).unwrap();
        for _ in 0..2 {
            let request = clicks.request(&VISIT).unwrap();
            assert_eq!(request.uri(), "/c/280/12/7?subId1=os13");
            let header = |name| request.headers()[name].to_str().unwrap();
            assert_eq!(header("host"), "127.0.0.1:8080");
            assert_eq!(header("x-forwarded-for"), "10.1.85.244");
            assert_eq!(header("user-agent"), user_agent(1, 13));
            assert_eq!(header("sec-fetch-mode"), "navigate");
        }
    }

    #[test]
    fn the_click_id_is_opened() {
        let text = id(NOW, 5, [280, 12, 7], 0x05);
        let found = check(&answer(&text)).unwrap();
        assert_eq!(
            (found.text, found.millis, found.unrecorded),
            (text, NOW, false)
        );
        assert_eq!(found.number & 0xfff, 5);
    }

    #[test]
    fn an_unrecorded_click_is_said_twice() {
        let mut headers = answer(&id(NOW, 5, [280, 12, 7], 0x80));
        assert!(check(&headers).is_err());
        headers.insert(RECORDED, HeaderValue::from_static("0"));
        assert!(check(&headers).unwrap().unrecorded);
    }

    #[test]
    fn answers_that_do_not_fit_are_refused() {
        let good = answer(&id(NOW, 5, [280, 12, 7], 0));
        assert!(check(&good).is_ok());
        for (headers, said) in [
            (answer(&id(NOW, 5, [281, 12, 7], 0)), "[281, 12, 7]"),
            (answer(&id(NOW, 5, [280, 13, 7], 0)), "[280, 13, 7]"),
            (answer(&id(NOW, 5, [280, 12, 8], 0)), "[280, 12, 8]"),
            (answer(&id(NOW - 1_003, 5, [280, 12, 7], 0)), "minted"),
            (answer(&id(NOW + 1_002, 5, [280, 12, 7], 0)), "minted"),
            (answer("AAAA"), "no click id"),
            (HeaderMap::new(), "without Location"),
        ] {
            let error = format!("{:#}", check(&headers).unwrap_err());
            assert!(error.contains(said), "{error}");
        }
        let status = StatusCode::OK;
        let error = read(status, &good, &VISIT, 7, NOW, NOW)
            .unwrap_err()
            .to_string();
        assert!(error.contains("not 302"), "{error}");
    }

    #[test]
    fn parameters_are_found_by_their_whole_name() {
        for (location, value) in [
            ("https://b/?im_ref=a", Some("a")),
            ("https://b/?xim_ref=a&im_ref=b", Some("b")),
            ("https://b/?im_ref", None),
            ("https://b/#?im_ref", None),
            ("https://b/?a#im_ref=c", None),
            ("https://b/im_ref=d", None),
        ] {
            assert_eq!(parameter(location, "im_ref"), value, "{location}");
        }
    }
}
