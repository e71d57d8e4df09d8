//! The one request that every server gets, and what makes its answer right.
//!
//! A desktop Chrome follows a link on another site; the link carries a deep link and three sub
//! ids. Servers that store nothing answer with [`LOCATION`], which is as long as the daemon's.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Request, StatusCode};

use crate::http::click;
use crate::http::connection::Connection;
use crate::http::sender::now;
use crate::traffic::catalogue::PROGRAM;
use crate::traffic::visit::Visit;

/// Partner of the link.
pub(crate) const PARTNER: u32 = 280;
/// Ad of the link.
pub(crate) const AD: u32 = 12;

/// The request target.
pub(crate) const TARGET: &str = "/c/280/12/7?u=https%3A%2F%2Fwww.brand.example%2Fshop%2Fboots\
    %3Fcolour%3Dbrown%26size%3D42&subId1=newsletter-11&subId2=hero-banner&subId3=k8Jd02mQ";

/// Where the deep link leads.
const PAGE: &str = "https://www.brand.example/shop/boots?colour=brown&size=42";

/// Where servers send the customer that make no click ids.
pub(crate) const LOCATION: &str = "https://www.brand.example/shop/boots?colour=brown&size=42\
    &im_ref=AZ2n8Xh0cAAAAAEYAAAADAAAAAcAZm9vYmFyYmF6cXV";

/// What Chrome sends beside `Host` and `Connection`.
pub(crate) const HEADERS: [(&str, &str); 13] = [
    (
        "sec-ch-ua",
        r#""Google Chrome";v="143", "Chromium";v="143", "Not A(Brand";v="24""#,
    ),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", r#""Windows""#),
    ("Upgrade-Insecure-Requests", "1"),
    (
        "User-Agent",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/143.0.0.0 Safari/537.36",
    ),
    (
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,\
         */*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    ),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-User", "?1"),
    ("Sec-Fetch-Dest", "document"),
    ("Referer", "https://www.blog.example/"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
];

/// How long a connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Mode {
    /// For the whole run.
    KeepAlive,
    /// For one click.
    PerClick,
}

impl Mode {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KeepAlive => "keep-alive",
            Self::PerClick => "per-click",
        }
    }

    /// The `Connection` header that asks for it.
    pub(crate) fn header(self) -> (&'static str, &'static str) {
        let value = match self {
            Self::KeepAlive => "keep-alive",
            Self::PerClick => "close",
        };
        ("Connection", value)
    }
}

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Always the same.
    Constant,
    /// With a click id.
    ClickId,
}

/// The request to `server` on a connection that is kept.
pub(crate) fn request(server: SocketAddr) -> Result<Request<Full<Bytes>>> {
    let mut request = Request::get(TARGET).header("Host", server.to_string());
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    let (name, value) = Mode::KeepAlive.header();
    Ok(request.header(name, value).body(Full::default())?)
}

/// Sends the request once and checks what is answered.
///
/// # Errors
/// The server can't be reached, or its answer is not the one to be timed.
pub(crate) async fn check(server: SocketAddr, expected: Answer) -> Result<()> {
    let sent = now();
    let answer = Connection::new(server).exchange(request(server)?).await?;
    check_answer(answer.status, &answer.headers, expected, sent, now())
}

fn check_answer(
    status: StatusCode,
    headers: &HeaderMap,
    expected: Answer,
    sent: i64,
    answered: i64,
) -> Result<()> {
    ensure!(status == StatusCode::FOUND, "answered {status}, not 302");
    let location = headers.get("location").context("a 302 without Location")?;
    let location = location.to_str()?;
    ensure!(
        location.starts_with(PAGE),
        "the deep link is not followed: Location is {location}"
    );
    match expected {
        Answer::Constant => ensure!(location == LOCATION, "Location is {location}"),
        Answer::ClickId => {
            let visit = Visit {
                partner: PARTNER,
                ad: AD,
                ip: 0,
                device: 0,
                os: 0,
            };
            let id = click::read(status, headers, &visit, PROGRAM, sent, answered)?;
            ensure!(!id.unrecorded, "the click is not recorded");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::click::tests::id;
    use crate::http::mock::{Mock, run};

    const NOW: i64 = 1_795_368_000_123;

    #[test]
    fn every_header_and_the_target_are_sent() {
        run(async {
            let mock = Mock::start(|_| {
                format!("HTTP/1.1 302 Found\r\nLocation: {LOCATION}\r\nContent-Length: 0\r\n\r\n")
            })
            .await;
            check(mock.address, Answer::Constant).await.unwrap();
            let seen = &mock.seen()[0];
            assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", TARGET));
            for (name, value) in HEADERS.into_iter().chain([Mode::KeepAlive.header()]) {
                assert_eq!(seen.header(name), Some(value), "{name}");
            }
            assert_eq!(seen.headers.len(), HEADERS.len() + 2);
        });
    }

    #[test]
    fn the_link_says_what_the_constants_say() {
        assert!(TARGET.starts_with(&format!("/c/{PARTNER}/{AD}/{PROGRAM}?u=https%3A")));
        let encoded: String = PAGE
            .chars()
            .map(|c| match c {
                ':' | '/' | '?' | '=' | '&' => format!("%{:02X}", u32::from(c)),
                _ => c.to_string(),
            })
            .collect();
        assert!(TARGET.contains(&format!("?u={encoded}&subId1=")));
        assert_eq!(TARGET.matches("&subId").count(), 3);
        let ours = format!("{PAGE}&im_ref={}", id(NOW, 1, [PARTNER, AD, PROGRAM], 0));
        assert_eq!(LOCATION.len(), ours.len());
    }

    #[test]
    fn wrong_answers_are_not_timed() {
        let numbers = [PARTNER, AD, PROGRAM];
        let ours = |page: &str, numbers| format!("{page}&im_ref={}", id(NOW, 1, numbers, 0));
        let found = |location: &str, expected, status| {
            let mut headers = HeaderMap::new();
            headers.insert("location", location.parse().unwrap());
            check_answer(status, &headers, expected, NOW, NOW).is_ok()
        };
        let good = ours(PAGE, numbers);
        assert!(found(&good, Answer::ClickId, StatusCode::FOUND));
        assert!(found(LOCATION, Answer::Constant, StatusCode::FOUND));
        assert!(!found(&good, Answer::ClickId, StatusCode::OK));
        assert!(!found(&good, Answer::Constant, StatusCode::FOUND));
        assert!(!found(LOCATION, Answer::ClickId, StatusCode::FOUND));
        let elsewhere = ours("https://www.brand.example/app/12?a=b", numbers);
        assert!(!found(&elsewhere, Answer::ClickId, StatusCode::FOUND));
        let other = ours(PAGE, [PARTNER, AD + 1, PROGRAM]);
        assert!(!found(&other, Answer::ClickId, StatusCode::FOUND));
    }
}
