//! HTTP/1 as bytes: what a client without manners sends, and what comes back.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// How long an answer may take; far above every bound of the daemon.
const PATIENCE: Duration = Duration::from_secs(30);

/// One response.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Names in lower case, in order.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The value of a header that may come once at most.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|header| header.0 == name);
        let value = values.next().map(|header| header.1.as_str());
        assert!(values.next().is_none(), "{name} came twice: {self:?}");
        value
    }

    /// Whether the connection ends with it.
    pub(super) fn closes(&self) -> bool {
        self.header("connection") == Some("close")
    }
}

/// A connection to `to`, from the loopback address `from`.
pub(super) fn connect(from: IpAddr, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(from, 0).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends `bytes` and nothing more, and takes all that comes back until the daemon closes.
pub(super) fn exchange(mut stream: TcpStream, bytes: &[u8]) -> Vec<u8> {
    // The daemon may close before it has read all.
    if stream.write_all(bytes).is_ok() {
        let closed = stream.shutdown(Shutdown::Write);
        drop(closed);
    }
    rest(&mut stream)
}

/// All that comes until the daemon closes.
pub(super) fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("no end after {} bytes: {error}", all.len()),
    }
    all
}

/// The responses in `bytes`; `head` says that they answer HEAD and so have no bodies.
pub(super) fn parse(mut bytes: &[u8], head: bool) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let end = memchr::memmem::find(bytes, b"\r\n\r\n")
            .unwrap_or_else(|| panic!("half a response: {:?}", String::from_utf8_lossy(bytes)));
        let text = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = text.split("\r\n");
        let status = lines.next().unwrap();
        assert!(status.starts_with("HTTP/1."), "{status}");
        let status: u16 = status.split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length = match answer.header("content-length") {
            Some(length) if !head => length.parse().unwrap(),
            _ => 0,
        };
        answer.body = bytes[end + 4..][..length].to_vec();
        bytes = &bytes[end + 4 + length..];
        check(&answer, head);
        answers.push(answer);
    }
    answers
}

/// What holds for every answer.
fn check(answer: &Answer, head: bool) {
    const NAMES: [&str; 7] = [
        "location",
        "cache-control",
        "content-length",
        "content-type",
        "date",
        "connection",
        "allow",
    ];
    assert!(answer.status < 500, "{answer:?}");
    for (name, _) in &answer.headers {
        assert!(NAMES.contains(&name.as_str()), "{name} in {answer:?}");
    }
    assert_eq!(answer.header("location").is_some(), answer.status == 302);
    assert_eq!(answer.header("allow").is_some(), answer.status == 405);
    // Nothing of the request comes back in a body.
    assert_eq!(
        answer.body.is_empty(),
        head || !matches!(answer.status, 200 | 404)
    );
    if matches!(answer.status, 302 | 404 | 405) {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}
