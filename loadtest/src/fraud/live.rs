//! What partners send over HTTP: links that people follow, images, programs with a browser's name,
//! and conversions that name click ids which nobody was given.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::HeaderValue;

use super::dice::Dice;
use super::kind::Live;
use super::source::Source;
use super::traffic::site;
use crate::http::click::{self, Clicks};
use crate::http::connection::Connection;
use crate::http::sender::now;
use crate::traffic::catalogue::PROGRAM;

/// Characters of a click id before its signature.
const UNSIGNED: usize = 30;
/// What Chrome on a phone says of itself besides.
const HINTS: [(&str, &str); 3] = [
    (
        "sec-ch-ua",
        "\"Google Chrome\";v=\"119\", \"Chromium\";v=\"119\", \"Not?A_Brand\";v=\"24\"",
    ),
    ("sec-ch-ua-mobile", "?1"),
    ("sec-ch-ua-platform", "\"Android\""),
];
const IMAGE: [(&str, &str); 3] = [
    (
        "accept",
        "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    ),
    ("sec-fetch-mode", "no-cors"),
    ("sec-fetch-dest", "image"),
];
const FETCHED: [(&str, &str); 3] = [
    ("accept", "*/*"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
];
/// What a program leaves out.
const LEFT_OUT: [&str; 8] = [
    "upgrade-insecure-requests",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "accept-encoding",
    "accept-language",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
];
const FIREFOX: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0";

/// Sends so many clicks of a partner, one after the other; their click ids.
pub(super) async fn send(
    connection: &mut Connection,
    source: &Source,
    partner: u32,
    live: Live,
    count: u64,
    dice: &mut Dice,
) -> Result<Vec<String>> {
    let mut clicks = Clicks::new(connection.address(), PROGRAM)?;
    let mut ids = Vec::new();
    for _ in 0..count {
        let (mut visit, _) = source.click(dice)?;
        visit.partner = partner;
        let mut request = clicks.request(&visit)?;
        dress(&mut request, live, partner)?;
        let sent = now();
        let answer = connection.exchange(request).await?;
        let (status, headers) = (answer.status, &answer.headers);
        let id = click::read(status, headers, &visit, PROGRAM, sent, now())
            .with_context(|| format!("a click of partner {partner}"))?;
        ids.push(id.text);
    }
    Ok(ids)
}

/// Gives a request the headers of who makes it. Each of three neighbouring partners has another
/// way to send headers that do not fit.
fn dress(request: &mut Request<Full<Bytes>>, live: Live, partner: u32) -> Result<()> {
    let headers = request.headers_mut();
    let page = format!("https://www.{}/", site(partner));
    headers.insert("referer", page.parse()?);
    headers.insert("sec-fetch-user", HeaderValue::from_static("?1"));
    for (name, value) in HINTS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let said: &[(&str, &str)] = match (live, partner % 3) {
        (Live::Followed, _) => return Ok(()),
        (Live::Image, _) => &IMAGE,
        (Live::Headers, 0) => &FETCHED,
        (Live::Headers, 1) => {
            headers.insert("user-agent", HeaderValue::from_static(FIREFOX));
            return Ok(());
        }
        (Live::Headers, _) => {
            for name in LEFT_OUT {
                headers.remove(name);
            }
            &[("accept", "*/*")]
        }
    };
    headers.remove("upgrade-insecure-requests");
    headers.remove("sec-fetch-user");
    for (name, value) in said {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    Ok(())
}

/// The click id with a signature that is not its own.
pub(super) fn forged(id: &str) -> String {
    let mut text: String = id.chars().take(UNSIGNED).collect();
    while text.len() < id.len() {
        text.push('A');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::click::tests::{id, partner};
    use crate::traffic::visit::Visit;

    #[test]
    fn a_forged_click_id_says_the_same_and_is_signed_otherwise() {
        let real = id(1_795_368_000_123, 5, [280, 12, 7], 0).replace("AAAAAAAAAA", "BBBBBBBBBB");
        let forged = forged(&real);
        assert_ne!(forged, real);
        assert_eq!((forged.len(), partner(&forged)), (real.len(), 280));
    }

    #[test]
    fn each_way_of_sending_has_its_headers() {
        let visit = Visit {
            partner: 3,
            ad: 1,
            ip: 1,
            device: 1,
            os: 1,
        };
        let mut clicks = Clicks::new("127.0.0.1:1".parse().unwrap(), 7).unwrap();
        let mut dressed = |live, partner| {
            let mut request = clicks.request(&visit).unwrap();
            dress(&mut request, live, partner).unwrap();
            let headers = request.headers().clone();
            move |name: &str| {
                headers
                    .get(name)
                    .map(|value| value.to_str().unwrap().to_owned())
            }
        };
        let followed = dressed(Live::Followed, 3);
        assert_eq!(followed("sec-fetch-dest").as_deref(), Some("document"));
        assert_eq!(
            followed("referer").as_deref(),
            Some("https://www.site-3.example/")
        );
        let image = dressed(Live::Image, 3);
        assert_eq!(image("sec-fetch-dest").as_deref(), Some("image"));
        let fetched = dressed(Live::Headers, 3);
        assert_eq!(fetched("sec-fetch-mode").as_deref(), Some("cors"));
        let firefox = dressed(Live::Headers, 4);
        assert!(firefox("user-agent").unwrap().contains("Firefox"));
        assert!(firefox("sec-ch-ua").is_some());
        let bare = dressed(Live::Headers, 5);
        assert_eq!(
            (bare("sec-fetch-mode"), bare("accept-language")),
            (None, None)
        );
        assert!(bare("user-agent").unwrap().contains("Chrome"));
    }
}
