//! The ops listener: `/metrics`, `/healthz` and `/readyz` over HTTP/1.1.
//!
//! In: GET and HEAD from Prometheus, probes and people. Out: a page rendered at most once a second,
//! by one scrape at a time, however many ask; and plain JSON about health. Runs on the small
//! runtime of API and ops; rendering runs on its blocking pool. Invariant: nothing here can slow a
//! click, and connections, heads and lifetimes are bounded.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::telemetry::Metrics;
use crate::telemetry::label::{CloseReason, Listener};
use crate::telemetry::metric::HttpMetrics;

/// Connections served at a time; more are closed at once.
const CONNECTIONS_MAX: usize = 64;
/// How long a rendered page is served again.
const PAGE_LIFE: Duration = Duration::from_secs(1);
/// How long a request's head may take, and an idle connection stay.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// After this a connection is asked to end, so that a stalled reader can't hold one for ever.
const CONNECTION_LIFE: Duration = Duration::from_secs(60);
/// How long a connection that was asked to end may still take.
const GRACE: Duration = Duration::from_secs(5);
/// Pause after an accept that failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const PAGE_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether the daemon takes clicks, as `/readyz` tells it.
pub trait Readiness: Send + Sync {
    /// The names of the checks that fail now; none when ready.
    fn failing(&self) -> Vec<&'static str>;
}

impl<F: Fn() -> Vec<&'static str> + Send + Sync> Readiness for F {
    fn failing(&self) -> Vec<&'static str> {
        self()
    }
}

/// What the ops listener serves.
pub struct Ops {
    render: Arc<dyn Fn() -> String + Send + Sync>,
    readiness: Box<dyn Readiness>,
    page: Mutex<Option<(Instant, Bytes)>>,
    page_life: Duration,
}

impl Ops {
    /// Serves the page that `render` makes and the checks of `readiness`.
    pub fn new(
        render: impl Fn() -> String + Send + Sync + 'static,
        readiness: impl Readiness + 'static,
    ) -> Self {
        Self {
            render: Arc::new(render),
            readiness: Box::new(readiness),
            page: Mutex::new(None),
            page_life: PAGE_LIFE,
        }
    }

    /// The page of metrics: the last one while it is fresh, else a new one. Whoever asks while one
    /// is being rendered waits for that one.
    async fn page(&self) -> Option<Bytes> {
        let mut page = self.page.lock().await;
        if let Some((at, bytes)) = page.as_ref()
            && at.elapsed() < self.page_life
        {
            return Some(bytes.clone());
        }
        let render = Arc::clone(&self.render);
        let rendered = tokio::task::spawn_blocking(move || render()).await.ok()?;
        let bytes = Bytes::from(rendered);
        *page = Some((Instant::now(), bytes.clone()));
        Some(bytes)
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let known = matches!(request.uri().path(), "/metrics" | "/healthz" | "/readyz");
        if !known {
            return json_answer(
                StatusCode::NOT_FOUND,
                &json!({"error": "not found",
                "allowed": ["/metrics", "/healthz", "/readyz"]}),
            );
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let body = json!({"error": "method not allowed", "allowed": ["GET", "HEAD"]});
            let mut response = json_answer(StatusCode::METHOD_NOT_ALLOWED, &body);
            let allow = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(ALLOW, allow);
            return response;
        }
        match request.uri().path() {
            "/metrics" => match self.page().await {
                Some(page) => answer(StatusCode::OK, PAGE_TYPE, page),
                None => json_answer(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    &json!({"error": "the metrics could not be rendered"}),
                ),
            },
            "/healthz" => json_answer(StatusCode::OK, &json!({"status": "alive"})),
            _ => {
                let failing = self.readiness.failing();
                let (code, status) = if failing.is_empty() {
                    (StatusCode::OK, "ready")
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, "not ready")
                };
                json_answer(code, &json!({"status": status, "failing": failing}))
            }
        }
    }
}

fn json_answer(status: StatusCode, value: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut text = value.to_string();
    text.push('\n');
    answer(status, "application/json", Bytes::from(text))
}

fn answer(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Serves `ops` on `listener` until `stop` is done, then ends its connections.
///
/// # Errors
/// When the listener can't be used with this runtime.
pub async fn serve(
    listener: std::net::TcpListener,
    ops: Arc<Ops>,
    metrics: Arc<Metrics>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let http = &metrics.http;
    let mut tasks = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => {
                count_open(http, tasks.len());
                continue;
            }
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            http.rejected.add(Listener::Ops, 1);
            continue;
        };
        http.accepted.add(Listener::Ops, 1);
        let (ops, counts) = (Arc::clone(&ops), Arc::clone(&metrics));
        tasks.spawn(async move {
            connection(stream, &ops, &counts.http).await;
            drop(permit);
        });
        count_open(http, tasks.len());
    }
    let cut = u64::try_from(tasks.len()).unwrap_or(0);
    http.closed.add(Listener::Ops, CloseReason::Shutdown, cut);
    tasks.shutdown().await;
    count_open(http, 0);
    Ok(())
}

fn count_open(metrics: &HttpMetrics, count: usize) {
    let open = u32::try_from(count).unwrap_or(u32::MAX);
    metrics.connections.set(Listener::Ops, f64::from(open));
}

async fn connection(stream: TcpStream, ops: &Ops, metrics: &HttpMetrics) {
    let service = service_fn(async |request| Ok::<_, Infallible>(ops.answer(&request).await));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(16 * 1024);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = if let Ok(ended) = timeout(CONNECTION_LIFE, connection.as_mut()).await {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        let Ok(ended) = timeout(GRACE, connection).await else {
            metrics
                .closed
                .add(Listener::Ops, CloseReason::WriteStalled, 1);
            return;
        };
        ended
    };
    match ended {
        Err(error) if error.is_parse() => metrics.parse_errors.add(Listener::Ops, 1),
        Err(error) if error.is_timeout() => {
            metrics.closed.add(Listener::Ops, CloseReason::SlowHead, 1);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpStream as Client};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread::JoinHandle;

    use tokio::sync::oneshot;

    use super::*;
    use crate::model::time::Millis;
    use crate::telemetry::Recorder;

    /// Longer than any test takes.
    const LONG: Duration = Duration::from_secs(3600);

    struct Daemon {
        address: SocketAddr,
        recorder: Arc<Recorder>,
        renders: Arc<AtomicUsize>,
        failing: Arc<parking_lot::Mutex<Vec<&'static str>>>,
        stop: Option<oneshot::Sender<()>>,
        thread: Option<JoinHandle<()>>,
    }

    impl Daemon {
        fn start(page_life: Duration) -> Self {
            let recorder = Arc::new(Recorder::new(Millis(0)).unwrap());
            let renders = Arc::new(AtomicUsize::new(0));
            let failing = Arc::new(parking_lot::Mutex::new(Vec::new()));
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let (page, count) = (Arc::clone(&recorder), Arc::clone(&renders));
            let render = move || {
                count.fetch_add(1, Ordering::Relaxed);
                page.render()
            };
            let checks = Arc::clone(&failing);
            let mut ops = Ops::new(render, move || checks.lock().clone());
            ops.page_life = page_life;
            let ops = Arc::new(ops);
            let (stop, stopped) = oneshot::channel();
            let metrics = recorder.metrics();
            let thread = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                let until = async {
                    stopped.await.unwrap();
                };
                runtime
                    .block_on(serve(listener, ops, metrics, until))
                    .unwrap();
            });
            Self {
                address,
                recorder,
                renders,
                failing,
                stop: Some(stop),
                thread: Some(thread),
            }
        }

        fn ask(&self, method: &str, target: &str) -> String {
            let mut client = Client::connect(self.address).unwrap();
            let request =
                format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            client.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            answer
        }

        fn stop(&mut self) {
            self.stop.take().map(|stop| stop.send(()));
            if let Some(thread) = self.thread.take() {
                thread.join().unwrap();
            }
        }
    }

    impl Drop for Daemon {
        fn drop(&mut self) {
            self.stop();
        }
    }

    fn body(answer: &str) -> &str {
        answer.split_once("\r\n\r\n").unwrap().1
    }

    #[test]
    fn many_scrapes_at_once_render_one_page() {
        let daemon = Daemon::start(LONG);
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let answer = daemon.ask("GET", "/metrics");
                    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
                    assert!(answer.contains("content-type: text/plain; version=0.0.4"));
                    assert!(body(&answer).contains("# TYPE clickd_log_commits_total counter"));
                });
            }
        });
        assert_eq!(daemon.renders.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_page_that_is_no_longer_fresh_is_rendered_again() {
        let daemon = Daemon::start(Duration::ZERO);
        daemon.recorder.metrics().fold.slots.increment(1);
        assert!(
            daemon
                .ask("GET", "/metrics")
                .contains("clickd_fold_slots_total 1\n")
        );
        daemon.recorder.metrics().fold.slots.increment(1);
        assert!(
            daemon
                .ask("GET", "/metrics")
                .contains("clickd_fold_slots_total 2\n")
        );
    }

    #[test]
    fn what_is_not_http_is_counted() {
        let mut daemon = Daemon::start(LONG);
        let mut client = Client::connect(daemon.address).unwrap();
        client.write_all(b"\x16\x03\x01\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        daemon.stop();
        let counted = "clickd_http_parse_errors_total{listener=\"ops\"} 1\n";
        assert!(daemon.recorder.render().contains(counted));
    }

    #[test]
    fn readiness_names_what_fails_and_health_does_not_care() {
        let daemon = Daemon::start(LONG);
        let ready = daemon.ask("GET", "/readyz");
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        assert_eq!(body(&ready), "{\"status\":\"ready\",\"failing\":[]}\n");
        daemon.failing.lock().push("disk_reserve");
        let failing = daemon.ask("GET", "/readyz");
        assert!(failing.starts_with("HTTP/1.1 503"), "{failing}");
        assert_eq!(
            body(&failing),
            "{\"status\":\"not ready\",\"failing\":[\"disk_reserve\"]}\n"
        );
        assert!(daemon.ask("GET", "/healthz").starts_with("HTTP/1.1 200"));
    }

    #[test]
    fn other_paths_and_methods_are_refused() {
        let daemon = Daemon::start(LONG);
        for target in ["/", "/metrics/", "/Metrics", "/c/1/2/3", "/debug/pprof"] {
            let answer = daemon.ask("GET", target);
            assert!(answer.starts_with("HTTP/1.1 404"), "{target}: {answer}");
        }
        for method in ["POST", "DELETE", "OPTIONS", "PURGE"] {
            let answer = daemon.ask(method, "/metrics");
            assert!(answer.starts_with("HTTP/1.1 405"), "{method}: {answer}");
            assert!(answer.contains("allow: GET, HEAD\r\n"), "{answer}");
        }
        let head = daemon.ask("HEAD", "/metrics?x=1");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert_eq!(body(&head), "");
    }

    #[test]
    fn connections_beyond_the_limit_are_closed_and_a_stop_cuts_the_rest() {
        let mut daemon = Daemon::start(LONG);
        let held: Vec<Client> = (0..CONNECTIONS_MAX)
            .map(|_| {
                let mut client = Client::connect(daemon.address).unwrap();
                client
                    .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                    .unwrap();
                assert!(client.read(&mut [0; 512]).unwrap() > 0);
                client
            })
            .collect();
        let mut beyond = Client::connect(daemon.address).unwrap();
        assert_eq!(beyond.read(&mut [0; 16]).unwrap_or(0), 0);
        let open = format!("clickd_http_connections{{listener=\"ops\"}} {CONNECTIONS_MAX}");
        let page = daemon.recorder.render();
        assert!(page.contains(&open), "{page}");
        daemon.stop();
        let page = daemon.recorder.render();
        for line in [
            "clickd_http_rejected_total{listener=\"ops\"} 1",
            "clickd_http_accepted_total{listener=\"ops\"} 64",
            "clickd_http_closed_total{listener=\"ops\",reason=\"shutdown\"} 64",
            "clickd_http_connections{listener=\"ops\"} 0",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
        drop(held);
    }
}
