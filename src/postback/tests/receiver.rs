//! A receiver: a hyper server that keeps what it is sent, behind a proxy that spoils connections.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::sleep;

/// What becomes of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Answered 200.
    Fine,
    /// Answered with this status; 302 leads to `/elsewhere`.
    Status(u16),
    /// Never answered.
    Hang,
    /// Answered 200 after this many milliseconds.
    Late(u64),
    /// Cut after this many bytes of the request.
    CutRequest(usize),
    /// Cut when the request has been read and answered, before a byte of the answer.
    CutAnswer,
    /// Cut after this many bytes of the answer.
    CutAnswerAfter(usize),
    /// The answer comes one byte a second.
    Drip,
    /// Answered 200 with a body that never ends.
    Endless,
    /// Answered with what is no HTTP.
    Noise,
}

/// One request that arrived whole.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) at: Instant,
    pub(super) target: String,
    pub(super) event: String,
    pub(super) signature: String,
    pub(super) agent: String,
    pub(super) content_type: String,
    pub(super) body: String,
    pub(super) status: u16,
}

#[derive(Default)]
struct State {
    /// Of the next connections; then [`Fate::Fine`], or the last one for ever.
    fates: Mutex<VecDeque<Fate>>,
    always: Mutex<Option<Fate>>,
    arrivals: Mutex<Vec<Arrival>>,
    connections: Mutex<usize>,
}

/// A running receiver. Dropping it ends it.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Receiver {
    pub(super) fn start() -> Self {
        let state = Arc::new(State::default());
        let (stop, stopped) = oneshot::channel();
        let (told, address) = std::sync::mpsc::channel();
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
                told.send(proxy.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = accept(proxy, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address: address.recv().unwrap(),
            state,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(super) fn with(fates: impl IntoIterator<Item = Fate>) -> Self {
        let receiver = Self::start();
        receiver.state.fates.lock().extend(fates);
        receiver
    }

    pub(super) fn always(fate: Fate) -> Self {
        let receiver = Self::start();
        receiver.set_always(Some(fate));
        receiver
    }

    pub(super) fn set_always(&self, fate: Option<Fate>) {
        *self.state.always.lock() = fate;
    }

    pub(super) fn url(&self, rest: &str) -> String {
        format!("http://{}{rest}", self.address)
    }

    pub(super) fn arrivals(&self) -> Vec<Arrival> {
        self.state.arrivals.lock().clone()
    }

    pub(super) fn connections(&self) -> usize {
        *self.state.connections.lock()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

async fn accept(proxy: TcpListener, state: Arc<State>) {
    loop {
        let (client, _) = proxy.accept().await.unwrap();
        *state.connections.lock() += 1;
        let fate = *state.always.lock();
        let fate = fate.or_else(|| state.fates.lock().pop_front());
        let state = Arc::clone(&state);
        tokio::spawn(spoil(client, fate.unwrap_or(Fate::Fine), state));
    }
}

/// Carries bytes between the client and a server of its own, until `fate` strikes.
async fn spoil(client: TcpStream, fate: Fate, state: Arc<State>) {
    let inner = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = TcpStream::connect(inner.local_addr().unwrap()).await;
    let (mut from_server, mut to_server) = upstream.unwrap().into_split();
    let (server, _) = inner.accept().await.unwrap();
    tokio::spawn(async move {
        let serve = service_fn(move |request| answer(request, fate, Arc::clone(&state)));
        // Cut connections are what this is for.
        let _ended = http1::Builder::new()
            .serve_connection(TokioIo::new(server), serve)
            .await;
    });
    let (mut from_client, mut to_client) = client.into_split();
    let mut budget = match fate {
        Fate::CutRequest(bytes) => bytes,
        _ => usize::MAX,
    };
    let requests = async move {
        let mut buffer = [0_u8; 4096];
        loop {
            let room = buffer.len().min(budget);
            match from_client.read(&mut buffer[..room]).await {
                Ok(0) | Err(_) => break,
                Ok(read) => {
                    budget -= read;
                    let _sent = to_server.write_all(&buffer[..read]).await;
                }
            }
        }
        if budget > 0 {
            // The client has closed its side; the answer may still be wanted.
            sleep(Duration::from_secs(60)).await;
        }
    };
    let answers = async move {
        let mut buffer = [0_u8; 4096];
        let mut sent = 0_usize;
        while let Ok(read) = from_server.read(&mut buffer).await {
            if read == 0 || fate == Fate::CutAnswer {
                return;
            }
            for part in buffer[..read].chunks(if is_slow(fate) { 1 } else { 4096 }) {
                if let Fate::CutAnswerAfter(most) = fate
                    && sent >= most
                {
                    return;
                }
                if fate == Fate::Drip {
                    sleep(Duration::from_secs(1)).await;
                }
                if fate == Fate::Noise {
                    let _sent = to_client.write_all(b"SSH-2.0-nonsense\r\n\r\n").await;
                    return;
                }
                if to_client.write_all(part).await.is_err() {
                    return;
                }
                sent += part.len();
            }
        }
    };
    tokio::select! {
        () = requests => {}
        () = answers => {}
    }
}

fn is_slow(fate: Fate) -> bool {
    matches!(fate, Fate::Drip | Fate::CutAnswerAfter(_))
}

type Body = http_body_util::Either<Full<Bytes>, Endless>;

async fn answer(
    request: Request<Incoming>,
    fate: Fate,
    state: Arc<State>,
) -> Result<Response<Body>, Infallible> {
    let status = match fate {
        Fate::Status(status) => status,
        _ => 200,
    };
    let header = |name: &str| {
        let value = request.headers().get(name);
        value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    };
    let mut arrival = Arrival {
        at: Instant::now(),
        target: request.uri().to_string(),
        event: header("x-clickd-event"),
        signature: header("x-signature"),
        agent: header("user-agent"),
        content_type: header("content-type"),
        body: String::new(),
        status,
    };
    // A body that was cut is no arrival.
    if let Ok(body) = request.into_body().collect().await {
        arrival.body = String::from_utf8(body.to_bytes().to_vec()).unwrap();
        state.arrivals.lock().push(arrival);
    }
    match fate {
        Fate::Hang => sleep(Duration::from_secs(3_600)).await,
        Fate::Late(millis) => sleep(Duration::from_millis(millis)).await,
        _ => {}
    }
    let body = match fate {
        Fate::Endless => Body::Right(Endless),
        _ => Body::Left(Full::new(Bytes::from_static(b"thanks"))),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap();
    if status == 302 {
        let headers = response.headers_mut();
        headers.insert("location", "/elsewhere".try_into().unwrap());
    }
    Ok(response)
}

/// A body without end.
pub(super) struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        let part = hyper::body::Frame::data(Bytes::from_static(&[b'x'; 1024]));
        std::task::Poll::Ready(Some(Ok(part)))
    }
}
