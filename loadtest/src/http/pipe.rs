//! A keep-alive connection that takes ready-made bytes and may hold several requests at once.
//!
//! Answers are read in order. The server may close after any answer that says so, which leaves
//! the requests behind it unanswered and uncounted; they may be sent again. A close that no
//! answer announced is an error. Every exchange has a deadline.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long one exchange may take.
const DEADLINE: Duration = Duration::from_secs(15);
/// The longest head of an answer.
const HEAD_MAX: usize = 64 << 10;
/// The longest body of an answer.
const BODY_MAX: usize = 64 << 10;
/// Bytes read at once.
const READ: usize = 16 << 10;

/// A connection to one address.
pub(crate) struct Pipe {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    /// How much of the buffer has been read as answers.
    taken: usize,
}

/// What an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Its `Location`; empty without one.
    pub(crate) location: String,
    /// Whether it says that the click is not stored.
    pub(crate) unrecorded: bool,
    /// Whether the connection ends with it.
    pub(crate) close: bool,
}

impl Pipe {
    /// A connection that is not open yet.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
            buffer: Vec::new(),
            taken: 0,
        }
    }

    /// Where it leads.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends the bytes of `count` requests and appends their answers in order; fewer only if the
    /// last of them says that the connection ends with it.
    pub(crate) async fn exchange(
        &mut self,
        requests: &[u8],
        count: usize,
        answers: &mut Vec<Answer>,
    ) -> Result<()> {
        let exchange = self.try_exchange(requests, count, answers);
        let Ok(ended) = tokio::time::timeout(DEADLINE, exchange).await else {
            self.close();
            bail!("no answer within {} s", DEADLINE.as_secs());
        };
        if ended.is_err() {
            self.close();
        }
        ended
    }

    /// Whether it is open and the server has neither closed it nor sent anything unasked.
    pub(crate) fn is_open(&self) -> bool {
        let Some(stream) = &self.stream else {
            return false;
        };
        let read = stream.try_read(&mut [0]);
        matches!(read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    }

    async fn try_exchange(
        &mut self,
        requests: &[u8],
        count: usize,
        answers: &mut Vec<Answer>,
    ) -> Result<()> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address)
                .await
                .with_context(|| format!("connecting to {}", self.address))?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut().context("no connection")?;
        stream.write_all(requests).await.context("sending")?;
        for _ in 0..count {
            let answer = self.next().await?;
            let close = answer.close;
            answers.push(answer);
            if close {
                self.close();
                return Ok(());
            }
        }
        ensure!(
            self.buffer.is_empty(),
            "more was answered than {count} answers"
        );
        Ok(())
    }

    /// The next answer.
    async fn next(&mut self) -> Result<Answer> {
        loop {
            let unread = self.buffer.get(self.taken..).unwrap_or_default();
            if let Some((answer, length)) = parse(unread)? {
                self.taken += length;
                if self.taken == self.buffer.len() {
                    self.buffer.clear();
                    self.taken = 0;
                }
                return Ok(answer);
            }
            self.buffer.reserve(READ);
            let stream = self.stream.as_mut().context("no connection")?;
            let read = stream.read_buf(&mut self.buffer).await.context("reading")?;
            ensure!(read > 0, "closed without an answer");
        }
    }

    fn close(&mut self) {
        self.stream = None;
        self.buffer.clear();
        self.taken = 0;
    }
}

/// The first answer in `bytes` and its length, or `None` if it is not complete.
fn parse(bytes: &[u8]) -> Result<Option<(Answer, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        ensure!(bytes.len() < HEAD_MAX, "the head of an answer is too long");
        return Ok(None);
    };
    let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?;
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let mut answer = Answer {
        status: first
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.split(' ').next()?.parse().ok())
            .with_context(|| format!("{first:?} is no status line"))?,
        ..Answer::default()
    };
    let mut length = None;
    for line in lines {
        let (name, value) = line
            .split_once(':')
            .with_context(|| format!("{line:?} is no header"))?;
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case("location") {
            value.clone_into(&mut answer.location);
        } else if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse::<usize>().context("content-length")?);
        } else if name.eq_ignore_ascii_case("connection") {
            answer.close = value.eq_ignore_ascii_case("close");
        } else if name.eq_ignore_ascii_case("x-clickd-recorded") {
            answer.unrecorded = value == "0";
        }
    }
    let length = length.context("an answer without Content-Length")?;
    ensure!(length <= BODY_MAX, "the body of an answer is too long");
    let whole = end + 4 + length;
    Ok((bytes.len() >= whole).then_some((answer, whole)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::mock::{Mock, run};

    const HEAD: &str = "HTTP/1.1 302 Found\r\nlocation: https://b.example/?im_ref=x\r\n";

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let text = format!("{HEAD}X-Clickd-Recorded: 0\r\nContent-Length: 2\r\n\r\nokHTTP/1.1");
        let whole = text.len() - "HTTP/1.1".len();
        for length in 0..whole {
            assert_eq!(parse(&text.as_bytes()[..length]).unwrap(), None, "{length}");
        }
        let (answer, length) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(length, whole);
        assert_eq!(
            answer,
            Answer {
                status: 302,
                location: "https://b.example/?im_ref=x".to_owned(),
                unrecorded: true,
                close: false,
            }
        );
        let text = format!("{HEAD}connection: Close\r\ncontent-length: 0\r\n\r\n");
        let (answer, _) = parse(text.as_bytes()).unwrap().unwrap();
        assert!(answer.close && !answer.unrecorded);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in [
            "HTTP/1.0 302 Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 x\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 302 Found\r\n\r\n",
            "HTTP/1.1 302 Found\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 302 Found\r\ncontent-length: 65537\r\n\r\n",
            "HTTP/1.1 302 Found\r\nnonsense\r\n\r\n",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(parse(&vec![b'x'; HEAD_MAX]).is_err());
    }

    fn request(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
    }

    fn echo(path: &str) -> String {
        let close = if path == "/last" {
            "Connection: close\r\n"
        } else {
            ""
        };
        format!("HTTP/1.1 302 Found\r\n{close}Location: {path}\r\nContent-Length: 0\r\n\r\n")
    }

    #[test]
    fn pipelined_answers_come_in_order_and_end_with_the_connection() {
        run(async {
            let mock = Mock::start(|request| echo(&request.path)).await;
            let mut pipe = Pipe::new(mock.address);
            assert!(!pipe.is_open());
            let mut answers = Vec::new();
            for batch in [["/a", "/b", "/c"], ["/d", "/last", "/e"]] {
                let bytes = batch.map(request).concat();
                pipe.exchange(bytes.as_bytes(), 3, &mut answers)
                    .await
                    .unwrap();
                assert_eq!(pipe.is_open(), batch[1] == "/b");
            }
            let places: Vec<&str> = answers.iter().map(|one| one.location.as_str()).collect();
            assert_eq!(places, ["/a", "/b", "/c", "/d", "/last"]);
            let again = request("/e");
            pipe.exchange(again.as_bytes(), 1, &mut answers)
                .await
                .unwrap();
            assert_eq!((answers.len(), mock.connections()), (6, 2));
        });
    }

    #[test]
    fn a_close_that_was_not_announced_and_a_surplus_answer_are_errors() {
        run(async {
            for (answer, said) in [
                (String::new(), "closed without"),
                (echo("/").repeat(2), "more was answered"),
            ] {
                let mock = Mock::start(move |_| answer.clone()).await;
                let mut pipe = Pipe::new(mock.address);
                let bytes = request("/");
                let ended = pipe.exchange(bytes.as_bytes(), 1, &mut Vec::new()).await;
                let error = ended.unwrap_err().to_string();
                assert!(error.contains(said), "{error}");
                assert!(!pipe.is_open());
            }
        });
    }
}
