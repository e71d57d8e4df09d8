//! One connection that sends a request whole and reads the answer, or ends before it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::deck::Cut;

/// How long one answer may take.
const DEADLINE: Duration = Duration::from_secs(15);
/// How long an answer is waited for that is not read then.
const GLANCE: Duration = Duration::from_millis(4);
/// The longest body.
const BODY_MAX: usize = 1 << 20;

/// A connection that is opened when it is needed.
pub(crate) struct Post {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

impl Post {
    /// A connection that is not open yet.
    pub(crate) fn new(address: SocketAddr) -> Self {
        let stream = None;
        Self { address, stream }
    }

    /// Sends `request` and reads its answer. After an error nobody knows whether it was read.
    pub(crate) async fn whole(&mut self, request: &[u8]) -> Result<Answer> {
        let mut stream = self.open().await?;
        let answer = timeout(DEADLINE, async {
            stream.get_mut().write_all(request).await?;
            read(&mut stream).await
        });
        let (answer, closes) = answer.await.context("no answer in time")??;
        if !closes {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// Sends `request`, or a part of it, and ends the connection without reading an answer.
    pub(crate) async fn cut(&mut self, request: &[u8], cut: Cut) -> Result<()> {
        let mut stream = self.open().await?;
        let end = match cut {
            Cut::InBody => request.len().saturating_sub(9),
            Cut::AtOnce | Cut::Unread => request.len(),
        };
        let part = request.get(..end).unwrap_or(request);
        // The server may have ended a connection that was kept.
        if stream.get_mut().write_all(part).await.is_err() {
            return Ok(());
        }
        if cut == Cut::Unread {
            let answer = timeout(GLANCE, stream.get_ref().readable());
            drop(answer.await);
        }
        Ok(())
    }

    async fn open(&mut self) -> Result<BufReader<TcpStream>> {
        if let Some(stream) = self.stream.take() {
            return Ok(stream);
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(BufReader::new(stream))
    }
}

/// Reads an answer with its length; whether the server closes after it.
async fn read(stream: &mut BufReader<TcpStream>) -> Result<(Answer, bool)> {
    let mut line = String::new();
    ensure!(stream.read_line(&mut line).await? > 0, "no answer");
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.with_context(|| format!("{line:?} is no status line"))?;
    let (mut length, mut closes) = (None, false);
    loop {
        line.clear();
        ensure!(
            stream.read_line(&mut line).await? > 0,
            "the answer broke off"
        );
        if line == "\r\n" {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            bail!("{line:?} is no header");
        };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse::<usize>()?);
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.eq_ignore_ascii_case("close");
        }
    }
    let length = length.context("an answer without its length")?;
    ensure!(length <= BODY_MAX, "an answer of {length} bytes");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((Answer { status, body }, closes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::mock::{Mock, run};

    const REQUEST: &[u8] = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\nOrderId=1234";

    #[test]
    fn answers_are_read_and_connections_kept() {
        run(async {
            let mock = Mock::start(|request| {
                let close = if request.body.contains("1234") {
                    "close"
                } else {
                    "keep-alive"
                };
                format!("HTTP/1.1 200 OK\r\nConnection: {close}\r\nContent-Length: 2\r\n\r\nok")
            })
            .await;
            let mut post = Post::new(mock.address);
            let other = String::from_utf8_lossy(REQUEST).replace("1234", "5678");
            for request in [other.as_bytes(), REQUEST, other.as_bytes()] {
                let answer = post.whole(request).await.unwrap();
                assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
            }
            assert_eq!((mock.seen().len(), mock.connections()), (3, 2));
        });
    }

    #[test]
    fn a_cut_try_leaves_no_connection_and_half_a_body_is_no_request() {
        run(async {
            let mock =
                Mock::start(|_| "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()).await;
            let mut post = Post::new(mock.address);
            for cut in [Cut::InBody, Cut::Unread, Cut::Unread] {
                post.cut(REQUEST, cut).await.unwrap();
            }
            post.whole(REQUEST).await.unwrap();
            assert_eq!((mock.seen().len(), mock.connections()), (3, 4));
        });
    }
}
