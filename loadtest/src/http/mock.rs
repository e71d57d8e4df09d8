//! A tiny HTTP/1.1 server for the tests: one function from request to the bytes of an answer.
//!
//! An answer without a complete body (by its `Content-Length`), with `Connection: close`, or of
//! no bytes at all closes the connection after it; `Connection: drop` does so as well, without
//! meaning anything to the client.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

/// What the mock read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Method.
    pub(crate) method: String,
    /// Request target.
    pub(crate) path: String,
    /// Header lines as they came.
    pub(crate) headers: Vec<String>,
    /// Body.
    pub(crate) body: String,
}

impl Seen {
    /// The value of a header, its name in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (have, value) = line.split_once(": ")?;
            have.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

type Handler = dyn Fn(&Seen) -> String;

/// The running server.
pub(crate) struct Mock {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    state: Rc<State>,
}

struct State {
    handler: Box<Handler>,
    connections: Cell<usize>,
    seen: RefCell<Vec<Seen>>,
}

/// Runs a test on a current-thread runtime with local tasks.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(LocalSet::new().run_until(test))
}

impl Mock {
    /// Starts it inside [`run`].
    pub(crate) async fn start(handler: impl Fn(&Seen) -> String + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Rc::new(State {
            handler: Box::new(handler),
            connections: Cell::new(0),
            seen: RefCell::default(),
        });
        let shared = state.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.set(shared.connections.get() + 1);
                tokio::task::spawn_local(serve(stream, shared.clone()));
            }
        });
        Self { address, state }
    }

    /// How many connections it accepted.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.get()
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.borrow().clone()
    }

    /// The targets of every request so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.path).collect()
    }
}

async fn serve(stream: TcpStream, state: Rc<State>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        state.seen.borrow_mut().push(request.clone());
        let answer = (state.handler)(&request);
        stream.write_all(answer.as_bytes()).await.unwrap();
        let Some((head, body)) = answer.split_once("\r\n\r\n") else {
            return;
        };
        let complete = format!("Content-Length: {}", body.len());
        let close = head.contains("Connection: close") || head.contains("Connection: drop");
        if close || !head.lines().any(|line| line == complete) {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let mut first = lines.first()?.split(' ').map(str::to_owned);
    let mut seen = Seen {
        method: first.next()?,
        path: first.next()?,
        headers: lines[1..].to_vec(),
        body: String::new(),
    };
    let length = seen
        .header("content-length")
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    seen.body = String::from_utf8(body).unwrap();
    Some(seen)
}
