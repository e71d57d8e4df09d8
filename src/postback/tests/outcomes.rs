//! What each kind of failure of one try is called, and what is never called.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::receiver::{Fate, Receiver};
use super::world::{KEY, get, is_signed, post};
use crate::postback::send::Sender;
use crate::postback::{Failure, Outcome, Request, Secret, tls};

fn sender(allow_private: bool, ca_file: Option<&Path>) -> Sender {
    Sender {
        tls: tls::client(ca_file).unwrap(),
        allow_private,
        timeout: Duration::from_millis(500),
    }
}

async fn send(sender: &Sender, request: &Request) -> Outcome {
    let secret = Secret::derive(&KEY, 1);
    let seconds = jiff::Timestamp::now().as_second();
    sender.send(request, "E-1.2.3.1-1", &secret, seconds).await
}

#[tokio::test]
async fn each_failure_has_its_name() {
    use Failure::{Cut, Malformed, Name, Refused, Timeout, Tls};
    let sender = sender(true, None);
    for (fate, outcome) in [
        (Fate::Fine, Outcome::Delivered(200)),
        (Fate::Status(204), Outcome::Delivered(204)),
        (Fate::Status(299), Outcome::Delivered(299)),
        (Fate::Status(302), Outcome::Http(302)),
        (Fate::Status(400), Outcome::Http(400)),
        (Fate::Status(500), Outcome::Http(500)),
        (Fate::Hang, Outcome::Failed(Timeout)),
        (Fate::Drip, Outcome::Failed(Timeout)),
        (Fate::CutRequest(20), Outcome::Failed(Cut)),
        (Fate::CutAnswer, Outcome::Failed(Cut)),
        (Fate::CutAnswerAfter(12), Outcome::Failed(Cut)),
        (Fate::Noise, Outcome::Failed(Cut)),
    ] {
        let receiver = Receiver::always(fate);
        let began = Instant::now();
        let request = post(&receiver.url("/x"), "{}");
        assert_eq!(send(&sender, &request).await, outcome, "{fate:?}");
        assert!(began.elapsed() < Duration::from_secs(4), "{fate:?}");
        assert_eq!(receiver.connections(), 1, "{fate:?}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let plain = Receiver::start();
    let tls = format!("https://{}/", plain.address);
    for (url, failure) in [
        (&*gone, Refused),
        (&*tls, Tls),
        ("http://no-such-host.invalid/", Name),
        ("ftp://127.0.0.1/", Malformed),
        ("http://user:secret@127.0.0.1/", Malformed),
        ("no url", Malformed),
        ("http:///", Malformed),
    ] {
        let outcome = send(&sender, &get(url)).await;
        assert_eq!(outcome, Outcome::Failed(failure), "{url}");
    }
}

#[tokio::test]
async fn the_body_of_an_answer_is_bounded() {
    let receiver = Receiver::always(Fate::Endless);
    let began = Instant::now();
    let outcome = send(&sender(true, None), &get(&receiver.url("/"))).await;
    assert_eq!(outcome, Outcome::Delivered(200));
    assert!(began.elapsed() < Duration::from_millis(900));
}

#[tokio::test]
async fn a_request_says_who_sends_what_and_is_signed_as_it_arrives() {
    let receiver = Receiver::start();
    let sender = sender(true, None);
    let url = receiver.url("/p/a b?q=\u{e9}&x=%2f#part");
    send(&sender, &get(&url)).await;
    send(&sender, &post(&url, "{\"a\":\"\u{e9}\"}")).await;
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 2);
    for arrival in &arrivals {
        assert_eq!(arrival.target, "/p/a%20b?q=%C3%A9&x=%2f");
        assert_eq!(arrival.event, "E-1.2.3.1-1");
        assert!(arrival.agent.starts_with("clickd/"));
        assert!(is_signed(arrival), "{arrival:?}");
    }
    assert_eq!(arrivals[0].body, "");
    assert_eq!(arrivals[1].body, "{\"a\":\"\u{e9}\"}");
    assert_eq!(arrivals[1].content_type, "application/json");
}

#[tokio::test]
async fn private_addresses_are_refused_by_number_and_by_name() {
    let receiver = Receiver::start();
    let sender = sender(false, None);
    let port = receiver.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "169.254.169.254",
    ] {
        let outcome = send(&sender, &get(&format!("http://{host}:{port}/"))).await;
        assert_eq!(outcome, Outcome::Failed(Failure::Address), "{host}");
    }
    assert_eq!(receiver.connections(), 0);
}

/// A server that answers each TLS connection with 200; its authority's certificate goes to `ca`.
async fn tls_server(name: &str, ca: &Path) -> u16 {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    std::fs::write(ca, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut buffer = [0_u8; 4096];
            let _read = stream.read(&mut buffer).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            let _sent = stream.write_all(answer).await;
            let _closed = stream.shutdown().await;
        }
    });
    port
}

#[tokio::test]
async fn https_trusts_the_given_authority_and_the_name_it_certifies() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (folder.path().join("ours.pem"), folder.path().join("other"));
    let port = tls_server("localhost", &ours).await;
    tls_server("localhost", &other).await;
    let by_name = get(&format!("https://localhost:{port}/"));
    let by_number = get(&format!("https://127.0.0.1:{port}/"));
    let trusting = sender(true, Some(&ours));
    assert_eq!(send(&trusting, &by_name).await, Outcome::Delivered(200));
    let untrusted = Outcome::Failed(Failure::Tls);
    assert_eq!(send(&trusting, &by_number).await, untrusted);
    let sender = sender(true, Some(&other));
    assert_eq!(send(&sender, &by_name).await, untrusted);
}
