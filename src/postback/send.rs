//! One try: one request on a connection of its own, from the name of the host to the status.
//!
//! In: a rendered request, the event's id and the secret it is signed with. Out: an [`Outcome`].
//! Called by `postback::deliver` on the postbacks thread, many at a time.
//!
//! Invariants: every address the host resolves to is checked, and the connection goes to one that
//! was, so a name can't change between check and call. No redirect is followed. Only the
//! status of the answer counts: its body is read up to a bound and thrown away. A try ends within
//! the timeout and [`REST`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Position, Url};

use super::address;
use super::ledger::{Failure, Method, Request};
use super::sign::Secret;

/// What a try came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered with this status, which is 2xx: the receiver has the event.
    Delivered(u16),
    /// Answered with another status.
    Http(u16),
    /// Not answered.
    Failed(Failure),
}

/// Addresses of one host that are tried.
const ADDRESSES_MAX: usize = 4;
/// Bytes of a body that are read, so that a receiver can finish its answer.
const BODY_MAX: usize = 64 << 10;
/// How long they may take.
const REST: Duration = Duration::from_secs(1);
/// Bytes of an answer's head.
const HEAD_MAX: usize = 64 << 10;

/// The name of the header with the signature.
const SIGNATURE: &str = "x-signature";
/// The name of the header with the event's id.
const EVENT: &str = "x-clickd-event";
const AGENT: &str = concat!("clickd/", env!("CARGO_PKG_VERSION"));

/// Makes tries.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) tls: Arc<ClientConfig>,
    pub(super) allow_private: bool,
    /// From the name's look-up to the end of the answer's head.
    pub(super) timeout: Duration,
}

/// An answer whose body is not read yet. The connection ends with it.
struct Answer {
    status: u16,
    body: Incoming,
    /// Drives the connection.
    _connection: JoinSet<()>,
}

impl Sender {
    /// Sends `request` of the event `event`, signed at `seconds` since 1970.
    pub(super) async fn send(
        &self,
        request: &Request,
        event: &str,
        secret: &Secret,
        seconds: i64,
    ) -> Outcome {
        let exchange = Box::pin(self.exchange(request, event, secret, seconds));
        let answer = match timeout(self.timeout, exchange).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => return Outcome::Failed(failure),
            Err(_elapsed) => return Outcome::Failed(Failure::Timeout),
        };
        let status = answer.status;
        // However it ends, the status has been given.
        let _rest = timeout(REST, drain(answer)).await;
        match status {
            200..=299 => Outcome::Delivered(status),
            _ => Outcome::Http(status),
        }
    }

    async fn exchange(
        &self,
        request: &Request,
        event: &str,
        secret: &Secret,
        seconds: i64,
    ) -> Result<Answer, Failure> {
        let url = Url::parse(&request.url).map_err(|_| Failure::Malformed)?;
        let message = message(&url, request, event, secret, seconds)?;
        let stream = self.connect(&url).await?;
        if url.scheme() == "http" {
            return converse(stream, message).await;
        }
        let host = url.host_str().unwrap_or_default();
        // Between brackets in a URL, without them in a certificate.
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let name = ServerName::try_from(host).map_err(|_| Failure::Malformed)?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, stream).await;
        let stream = stream.map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset => Failure::Cut,
            _ => Failure::Tls,
        })?;
        converse(stream, message).await
    }

    async fn connect(&self, url: &Url) -> Result<TcpStream, Failure> {
        let port = url.port_or_known_default().ok_or(Failure::Malformed)?;
        let found: Vec<SocketAddr> = match url.host().ok_or(Failure::Malformed)? {
            Host::Ipv4(ip) => vec![SocketAddr::new(ip.into(), port)],
            Host::Ipv6(ip) => vec![SocketAddr::new(ip.into(), port)],
            // Runs on a thread of the runtime's pool. One that hangs outlives its try by seconds;
            // the pool has room for many more than there are tries.
            Host::Domain(name) => lookup_host((name, port))
                .await
                .map_err(|_| Failure::Name)?
                .collect(),
        };
        let addresses = checked(found, self.allow_private)?;
        let mut failure = Failure::Refused;
        for address in addresses.iter().take(ADDRESSES_MAX) {
            match timeout(self.timeout / 4, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Without it the answer comes a little later, no worse.
                    let _kept = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(_)) => failure = Failure::Refused,
                Err(_elapsed) => failure = Failure::Timeout,
            }
        }
        Err(failure)
    }
}

/// All of `found`, if each may be called. A host with one forbidden address is refused whole: who
/// mixes them is looking for a way in.
fn checked(found: Vec<SocketAddr>, allow_private: bool) -> Result<Vec<SocketAddr>, Failure> {
    if found.is_empty() {
        return Err(Failure::Name);
    }
    let are_allowed = found
        .iter()
        .all(|found| address::is_allowed(found.ip(), allow_private));
    if are_allowed {
        Ok(found)
    } else {
        Err(Failure::Address)
    }
}

type Message = hyper::Request<Full<Bytes>>;

/// The request as it goes out. What is signed is what is sent: the body, or the target of a GET.
fn message(
    url: &Url,
    request: &Request,
    event: &str,
    secret: &Secret,
    seconds: i64,
) -> Result<Message, Failure> {
    let is_plain = matches!(url.scheme(), "http" | "https");
    if !is_plain || !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::Malformed);
    }
    let target = url
        .as_str()
        .get(position(url, Position::BeforePath)..position(url, Position::AfterQuery))
        .ok_or(Failure::Malformed)?;
    let host = url
        .as_str()
        .get(position(url, Position::BeforeHost)..position(url, Position::AfterPort))
        .ok_or(Failure::Malformed)?;
    let body = request.body.as_deref().unwrap_or_default();
    let (method, signed) = match request.method {
        Method::Get => (hyper::Method::GET, target),
        Method::Post => (hyper::Method::POST, body),
    };
    let signature = secret.sign(seconds, signed.as_bytes());
    let signature = signature.ok_or(Failure::Malformed)?;
    let mut builder = hyper::Request::builder()
        .method(&method)
        .uri(target)
        .header(HOST, host)
        .header(USER_AGENT, AGENT)
        .header(CONNECTION, HeaderValue::from_static("close"))
        .header(EVENT, event)
        .header(SIGNATURE, signature);
    if let Some(content_type) = &request.content_type {
        builder = builder.header(CONTENT_TYPE, &**content_type);
    }
    let body = match request.method {
        Method::Get => Bytes::new(),
        Method::Post => Bytes::copy_from_slice(body.as_bytes()),
    };
    builder
        .body(Full::new(body))
        .map_err(|_| Failure::Malformed)
}

/// Where a part of `url` begins or ends in its text.
fn position(url: &Url, position: Position) -> usize {
    url[..position].len()
}

async fn converse<S>(stream: S, message: Message) -> Result<Answer, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Failure::Cut)?;
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        // What goes wrong with it shows in the answer.
        let _ended = connection.await;
    });
    let answer = sender.send_request(message).await;
    let answer = answer.map_err(|_| Failure::Cut)?;
    Ok(Answer {
        status: answer.status().as_u16(),
        body: answer.into_body(),
        _connection: driver,
    })
}

async fn drain(mut answer: Answer) {
    let mut read = 0_usize;
    while let Some(Ok(frame)) = answer.body.frame().await {
        read = read.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        if read > BODY_MAX {
            return;
        }
    }
}
