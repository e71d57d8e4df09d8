//! The accept loop of the api listener.
//!
//! Every connection is one task, bounded in number and in the time a head or a body may take. On
//! shutdown the loop ends at once, idle connections are closed, and requests in flight are
//! answered; the caller bounds how long that may take by dropping the future.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::handle::handle;
use super::state::ApiState;
use crate::telemetry::label::{CloseReason, Listener};

/// Largest head of a request, in bytes; bodies stream through the same buffer.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Pause after an accept that failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `state` on `listener` until `shutdown` turns true, then answers what is in flight.
pub async fn serve(
    listener: TcpListener,
    state: Arc<ApiState>,
    mut shutdown: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(state.limits.connections));
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut shutdown) => break,
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => {
                count_open(&state, tasks.len());
                continue;
            }
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            state.metrics.http.rejected.add(Listener::Api, 1);
            continue;
        };
        state.metrics.http.accepted.add(Listener::Api, 1);
        let (served, shutdown) = (Arc::clone(&state), shutdown.clone());
        tasks.spawn(async move {
            connection(stream, served, shutdown).await;
            drop(permit);
        });
        count_open(&state, tasks.len());
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
    count_open(&state, 0);
}

fn count_open(state: &ApiState, count: usize) {
    let open = u32::try_from(count).unwrap_or(u32::MAX);
    let gauge = &state.metrics.http.connections;
    gauge.set(Listener::Api, f64::from(open));
}

/// Waits until `shutdown` is true or its sender is gone.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // A sender that is gone can't ask for a stop any more; that is a stop as well.
    let waited = shutdown.wait_for(|stop| *stop).await;
    drop(waited);
}

async fn connection(stream: TcpStream, state: Arc<ApiState>, mut shutdown: watch::Receiver<bool>) {
    // Without it an answer in two writes waits for the peer's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let (limits, metrics) = (state.limits, Arc::clone(&state.metrics));
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(Box::pin(handle(&state, request)).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(BUFFER_BYTES_MAX);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut shutdown) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    match ended {
        Err(error) if error.is_parse() => metrics.http.parse_errors.add(Listener::Api, 1),
        Err(error) if error.is_timeout() => {
            let reason = CloseReason::SlowHead;
            metrics.http.closed.add(Listener::Api, reason, 1);
        }
        Err(error) => tracing::debug!(%error, "an api connection ended early"),
        Ok(()) => {}
    }
}
