//! Sends visits over one connection and reads what comes back.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use hyper::StatusCode;

use super::click::{self, ClickId, Clicks, unix_millis};
use super::connection::Connection;
use crate::traffic::visit::Visit;

/// What a right answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// A 302 whose `Location` carries the click id of the link.
    ClickId,
    /// Any 302: for measuring other servers with the same client.
    Redirect,
}

/// One connection's sender.
pub(crate) struct Sender {
    clicks: Clicks,
    connection: Connection,
    program: u32,
    expect: Expect,
}

impl Sender {
    /// A sender of links of `program` to `target`.
    pub(crate) fn new(target: SocketAddr, program: u32, expect: Expect) -> Result<Self> {
        Ok(Self {
            clicks: Clicks::new(target, program)?,
            connection: Connection::new(target),
            program,
            expect,
        })
    }

    /// Sends a visit. The click id is `None` only under [`Expect::Redirect`].
    pub(crate) async fn send(&mut self, visit: &Visit) -> Result<Option<ClickId>> {
        let request = self.clicks.request(visit)?;
        let sent = now();
        let answer = self.connection.exchange(request).await?;
        match self.expect {
            Expect::ClickId => {
                let (status, headers) = (answer.status, &answer.headers);
                click::read(status, headers, visit, self.program, sent, now()).map(Some)
            }
            Expect::Redirect => {
                ensure!(
                    answer.status == StatusCode::FOUND,
                    "answered {}, not 302",
                    answer.status
                );
                Ok(None)
            }
        }
    }
}

/// Unix milliseconds.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    unix_millis(since.unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::click::tests::id;
    use crate::http::mock::{Mock, Seen, run};

    const VISIT: Visit = Visit {
        partner: 280,
        ad: 12,
        ip: 87_540,
        device: 1,
        os: 13,
    };

    fn redirect(request: &Seen) -> String {
        let mut numbers = request
            .path
            .split(['/', '?'])
            .filter_map(|part| part.parse().ok());
        let mut next = || numbers.next().unwrap();
        let id = id(now(), 1, [next(), next(), next()], 0);
        format!(
            "HTTP/1.1 302 Found\r\nLocation: https://b.example/?im_ref={id}\r\n\
             Content-Length: 0\r\n\r\n"
        )
    }

    #[test]
    fn a_visit_comes_back_with_its_click_id() {
        run(async {
            let mock = Mock::start(redirect).await;
            let mut sender = Sender::new(mock.address, 7, Expect::ClickId).unwrap();
            for _ in 0..3 {
                let found = sender.send(&VISIT).await.unwrap().unwrap();
                assert!(!found.unrecorded);
            }
            assert_eq!(mock.connections(), 1);
            let seen = mock.seen();
            assert_eq!(
                seen[0].header("Host"),
                Some(mock.address.to_string().as_str())
            );
            assert_eq!(seen[0].header("X-Forwarded-For"), Some("10.1.85.244"));
            assert_eq!(seen[0].path, "/c/280/12/7?subId1=os13");
        });
    }

    #[test]
    fn any_redirect_will_do_where_no_click_id_is_expected() {
        run(async {
            let mock = Mock::start(|request| {
                let status = if request.path.starts_with("/c/1/") {
                    "302 Found"
                } else {
                    "200 OK"
                };
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")
            })
            .await;
            let other = Visit {
                partner: 1,
                ..VISIT
            };
            let mut any = Sender::new(mock.address, 7, Expect::Redirect).unwrap();
            assert_eq!(any.send(&other).await.unwrap(), None);
            assert!(any.send(&VISIT).await.is_err());
            let mut ours = Sender::new(mock.address, 7, Expect::ClickId).unwrap();
            assert!(ours.send(&other).await.is_err());
        });
    }
}
