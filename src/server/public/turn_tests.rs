//! Turns that the log holds and turns that were given up, in the order they came.

use std::cell::Cell;
use std::io::{ErrorKind, Read as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::AtomicBool;

use super::*;
use crate::click::Signer;
use crate::log::{Clock, Log, Options};
use crate::model::click::{Click, ClickFlags, Network, Visitor};
use crate::model::id::{AdId, PartnerId, ProgramId, StringRef};
use crate::server::public::connection::stamp::Stamp;
use crate::server::public::shared::Snapshots;
use crate::telemetry::Recorder;

fn durable(directory: &std::path::Path) -> Turn {
    let log = Log::open(&Options::new(directory), Clock::start()).unwrap();
    let shared = Arc::new(Shared {
        signer: Arc::new(Signer::new(vec![(0, [1; 32])]).unwrap()),
        snapshots: Snapshots {
            catalog: Arc::default(),
            salts: Arc::default(),
        },
        metrics: Recorder::new(log.clock().now()).unwrap().metrics(),
        trusted_proxies: Vec::new(),
        durable_wait: Some(Duration::from_secs(600)),
        draining: AtomicBool::new(false),
        log,
    });
    let page_loads = Arc::new(PageLoads::new(Arc::clone(&shared)));
    Turn::new(shared, page_loads)
}

/// A customer and the line to it.
async fn customer() -> (TcpStream, Rc<Line>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
    // The worker learns this from the poll that brings the first request.
    stream.writable().await.unwrap();
    let stamp = Stamp::new(Rc::new(Cell::new(0)));
    (client, Line::new(stream, stamp))
}

/// Takes a click and holds its answer, which names it, back; the answer.
fn click(turn: &mut Turn, line: &Rc<Line>) -> Vec<u8> {
    let writer = &mut turn.intake.taking.writer;
    let (number, covered) = writer.mint(writer.now());
    assert!(covered);
    let none = StringRef::default();
    let click = Click {
        flags: ClickFlags::NONE,
        program: ProgramId(1),
        ad: AdId(1),
        network: Network::V4([192, 0, 2]),
        visitor: Visitor(1),
        visitor_before: None,
        cookie: None,
        user_agent: none,
        referrer: none,
        shape: none,
        landing: none,
        parameters: std::iter::empty(),
    };
    writer.push(PartnerId(1), number, &click);
    turn.intake.taking.clicks += 1;
    let id = ClickId {
        number,
        partner: PartnerId(1),
        ad: AdId(1),
        program: ProgramId(1),
        unrecorded: false,
        key_number: 0,
    };
    let answer = [&turn.shared.signer.sign(&id)[..], b"\r\n\r\n"].concat();
    turn.hold(line, Some(id), &answer);
    answer
}

/// Whether anything has come.
fn has_come(client: &TcpStream) -> bool {
    client.set_nonblocking(true).unwrap();
    let peeked = client.peek(&mut [0]);
    client.set_nonblocking(false).unwrap();
    match peeked {
        Ok(length) => length > 0,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(error) => panic!("{error}"),
    }
}

/// The head that comes next.
fn head(client: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    head
}

#[tokio::test]
async fn a_turn_given_up_does_not_answer_for_those_that_still_wait_for_their_sync() {
    let directory = tempfile::tempdir().unwrap();
    let mut turn = durable(directory.path());
    let ((mut first, first_line), (mut second, second_line)) = (customer().await, customer().await);
    for _ in 0..20 {
        let recorded = click(&mut turn, &first_line);
        turn.end();
        let epoch = turn.waiting.back().unwrap().epoch;
        let given_up = click(&mut turn, &second_line);
        turn.give_up();
        let answered = has_come(&first);
        assert!(
            !answered || turn.shared.log.durable_epoch() >= epoch,
            "answered as recorded before its sync"
        );
        turn.shared.log.wait_durable(epoch).unwrap();
        turn.release();
        assert_eq!(head(&mut first), recorded);
        let told = head(&mut second);
        assert!(told.ends_with(b"\r\nx-clickd-recorded: 0\r\n\r\n"));
        assert_ne!(told[..43], given_up[..43], "the same id");
        assert!(turn.shared.signer.verify(&told[..43]).unwrap().unrecorded);
        assert!(!turn.is_restless());
    }
}
