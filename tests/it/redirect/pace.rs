//! Rows 69 to 72: clients that are slow, silent or half gone.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use super::site::Site;
use super::stored::get;
use super::wire;

/// The bound of the daemon, less the second that its clock may be ahead.
const AT_LEAST: Duration = Duration::from_secs(9);
/// The same for a connection between two requests.
const IDLE: Duration = Duration::from_secs(2);
/// Well before the daemon would close for any other reason.
const AT_MOST: Duration = Duration::from_secs(20);

/// How long the daemon keeps a connection on which `first` is sent, then a byte each second.
fn kept_open(site: &Site, first: &[u8], trickle: bool) -> (Duration, usize) {
    let mut stream = site.connect();
    let began = Instant::now();
    stream.write_all(first).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let mut all = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => all.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                assert!(
                    began.elapsed() < AT_MOST,
                    "{:?}",
                    String::from_utf8_lossy(first)
                );
                // The daemon may have gone in between.
                if trickle && stream.write_all(b"a").is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    (began.elapsed(), site.read(&all, false).len())
}

#[test]
fn slow_and_silent_connections_are_closed() {
    let site = Site::start();
    let half = "GET /c/1/1/7 HTTP/1.1\r\nHost: go.exam";
    let behind = get("/c/1/1/7") + half;
    let cases: [(&str, &str, bool, usize, Duration); 5] = [
        ("70: nothing is sent", "", false, 0, AT_LEAST),
        ("69: the head stops", half, false, 0, AT_LEAST),
        ("69: a byte a second", half, true, 0, AT_LEAST),
        // What came together with a whole request does not yet begin the next one.
        ("69: the head stops behind another", &behind, false, 1, IDLE),
        (
            "idle for longer than keep_alive",
            &get("/c/1/1/7"),
            false,
            1,
            IDLE,
        ),
    ];
    thread::scope(|scope| {
        for (row, first, trickle, answers, at_least) in &cases {
            let site = &site;
            scope.spawn(move || {
                let (open, answered) = kept_open(site, first.as_bytes(), *trickle);
                assert!(
                    open >= *at_least && open < AT_MOST,
                    "{row}: closed after {open:?}"
                );
                assert_eq!(answered, *answers, "{row}");
            });
        }
    });
    site.finish();
}

#[test]
fn a_client_that_sends_no_more_is_answered() {
    let site = Site::start();
    let mut stream = site.connect();
    stream.write_all(get("/c/1/1/7").as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let answers = site.read(&wire::rest(&mut stream), false);
    assert_eq!((answers.len(), answers[0].status), (1, 302), "row 72");
    site.finish();
}

#[test]
fn a_connection_is_kept_between_requests() {
    let site = Site::start();
    let mut stream = site.connect();
    for _ in 0..3 {
        stream.write_all(get("/c/1/1/7").as_bytes()).unwrap();
        let mut all = Vec::new();
        let mut byte = [0];
        while !all.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            all.push(byte[0]);
        }
        let answers = site.read(&all, false);
        assert!(answers[0].status == 302 && !answers[0].closes());
    }
    stream
        .write_all(b"GET /c/1/1/7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    let answers = site.read(&wire::rest(&mut stream), false);
    assert!(answers[0].status == 302 && answers[0].closes());
    let old = "GET /c/1/1/7 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let twice = site.answers(super::site::CUSTOMER, old.repeat(2).as_bytes());
    assert_eq!(twice.len(), 2, "HTTP/1.0 may ask to keep it");
    let twice = site.answers(
        super::site::CUSTOMER,
        "GET /c/1/1/7 HTTP/1.0\r\n\r\n".repeat(2).as_bytes(),
    );
    assert_eq!(twice.len(), 1, "HTTP/1.0 closes otherwise");
    site.finish();
}
