//! The server `hyper` of a comparison: hyper and nothing else, on one thread.
//!
//! It is the floor for a server built on the same library. It runs as a process of its own, so
//! that its CPU time is known.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{HeaderValue, LOCATION as LOCATION_HEADER};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};

use super::config::BACKLOG;
use super::request::LOCATION;

/// Answers every request with the same redirect, until it is killed.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Where to listen
    listen: SocketAddr,
}

/// Serves.
///
/// # Errors
/// It can't listen.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(options.listen))
}

async fn serve(listen: SocketAddr) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(listen)?;
    let listener = socket.listen(BACKLOG)?;
    loop {
        // What fails here is the client's connection or short of descriptors; the client sees it.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream));
        }
    }
}

async fn connection(stream: TcpStream) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|_| std::future::ready(Ok::<_, Infallible>(redirect())));
    let serving =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A connection that breaks off is the client's affair.
    drop(serving.await);
}

fn redirect() -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::FOUND;
    let location = HeaderValue::from_static(LOCATION);
    response.headers_mut().insert(LOCATION_HEADER, location);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::request::{Answer, check};
    use crate::daemon::settings::free_port;
    use crate::http::mock::run;

    #[test]
    fn it_answers_as_the_others_do() {
        run(async {
            let listen = free_port().unwrap().local_addr().unwrap();
            tokio::task::spawn_local(serve(listen));
            tokio::task::yield_now().await;
            for _ in 0..2 {
                check(listen, Answer::Constant).await.unwrap();
            }
        });
    }
}
