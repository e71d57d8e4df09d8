//! One keep-alive connection that is opened when first needed and again when the server closed it
//! between two requests.
//!
//! A request that was sent and not answered is an error, never repeated: the caller counts what
//! it sent. Every request has a deadline.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Body as _;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long one request may take.
const DEADLINE: Duration = Duration::from_secs(15);
/// The longest body that is read.
const BODY_MAX: usize = 64 << 20;

/// A connection to one address.
pub(crate) struct Connection {
    address: SocketAddr,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// An answer with its whole body.
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body.
    pub(crate) body: Bytes,
}

impl Connection {
    /// A connection that is not open yet.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            sender: None,
        }
    }

    /// Where it leads.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends `request` and reads the answer.
    ///
    /// # Errors
    /// No connection, no complete answer within the deadline. The next call opens a new one.
    pub(crate) async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer> {
        let answer = tokio::time::timeout(DEADLINE, self.try_exchange(request)).await;
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                self.sender = None;
                Err(error)
            }
            Err(_) => {
                self.sender = None;
                bail!("no answer within {} s", DEADLINE.as_secs())
            }
        }
    }

    async fn try_exchange(&mut self, mut request: Request<Full<Bytes>>) -> Result<Answer> {
        for _ in 0..3 {
            let sender = self.open().await?;
            let response = match sender.try_send_request(request).await {
                Ok(response) => response,
                Err(mut error) => {
                    self.sender = None;
                    // hyper hands back what it did not begin to write: the server closed first.
                    match error.take_message() {
                        Some(unsent) => request = unsent,
                        None => return Err(error.into_error()).context("no answer"),
                    }
                    continue;
                }
            };
            let (head, body) = response.into_parts();
            let body = if body.is_end_stream() {
                Bytes::new()
            } else {
                let whole = Limited::new(body, BODY_MAX).collect().await;
                whole
                    .map_err(|error| anyhow::anyhow!("the answer broke off: {error}"))?
                    .to_bytes()
            };
            return Ok(Answer {
                status: head.status,
                headers: head.headers,
                body,
            });
        }
        bail!(
            "{} closes connections before it reads a request",
            self.address
        )
    }

    async fn open(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        let ready = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !ready {
            self.sender = None;
        }
        if self.sender.is_none() {
            let stream = TcpStream::connect(self.address)
                .await
                .with_context(|| format!("connecting to {}", self.address))?;
            stream.set_nodelay(true)?;
            let (sender, connection) = http1::Builder::new()
                .title_case_headers(true)
                .handshake(TokioIo::new(stream))
                .await?;
            // An error of the connection reaches whoever waits for an answer.
            tokio::spawn(async { drop(connection.await) });
            self.sender = Some(sender);
        }
        self.sender.as_mut().context("no connection")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::mock::{Mock, run};

    fn get(path: &str) -> Request<Full<Bytes>> {
        Request::get(path)
            .header("Host", "x")
            .body(Full::default())
            .unwrap()
    }

    #[test]
    fn a_connection_is_kept_and_reopened_after_the_server_closed_it() {
        run(async {
            let mock = Mock::start(|request| {
                let body = request.path.clone();
                let head = match body.as_str() {
                    "/last" => "Connection: close\r\n",
                    "/gone" => "Connection: drop\r\n",
                    _ => "",
                };
                format!(
                    "HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            })
            .await;
            let mut connection = Connection::new(mock.address);
            for path in ["/a", "/b", "/last", "/c", "/gone", "/d", "/e"] {
                let answer = connection.exchange(get(path)).await.unwrap();
                assert_eq!(
                    (answer.status, &answer.body[..]),
                    (StatusCode::OK, path.as_bytes())
                );
            }
            assert_eq!(mock.connections(), 3);
        });
    }

    #[test]
    fn a_request_without_an_answer_is_an_error_and_not_repeated() {
        run(async {
            let mock = Mock::start(|request| match request.path.as_str() {
                "/cut" => "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort".to_owned(),
                "/none" => String::new(),
                _ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
            })
            .await;
            let mut connection = Connection::new(mock.address);
            for path in ["/cut", "/none"] {
                assert!(connection.exchange(get(path)).await.is_err(), "{path}");
            }
            assert!(connection.exchange(get("/ok")).await.is_ok());
            assert_eq!(mock.paths(), ["/cut", "/none", "/ok"]);
        });
    }
}
