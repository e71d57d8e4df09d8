//! Turns that the log holds and turns that were given up, in the order they came.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::click::Signer;
use crate::log::{Clock, Log, Options};
use crate::model::click::{Click, Network, Visitor};
use crate::model::id::{AdId, PartnerId, StringRef};
use crate::server::public::shared::Snapshots;
use crate::telemetry::Recorder;

fn durable(directory: &std::path::Path) -> Turn {
    let log = Log::open(&Options::new(directory), Clock::start()).unwrap();
    Turn::new(Arc::new(Shared {
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
    }))
}

fn click(turn: &mut Turn) -> u64 {
    let (number, covered) = turn.writer.mint(turn.writer.now());
    assert!(covered);
    let none = StringRef::default();
    let click = Click {
        flags: ClickFlags::NONE,
        program: ProgramId(1),
        ad: AdId(1),
        network: Network::V4([192, 0, 2]),
        visitor: Visitor(1),
        visitor_before: None,
        user_agent: none,
        referrer: none,
        shape: none,
        landing: none,
        parameters: std::iter::empty(),
    };
    turn.writer.push(PartnerId(1), number, &click);
    turn.clicks += 1;
    turn.open
}

#[test]
fn a_turn_given_up_does_not_answer_for_those_that_still_wait_for_their_sync() {
    let directory = tempfile::tempdir().unwrap();
    let mut turn = durable(directory.path());
    let waker = Waker::noop();
    for _ in 0..20 {
        let first = click(&mut turn);
        turn.end();
        let epoch = turn.waiting.back().unwrap().epoch;
        let second = click(&mut turn);
        turn.give_up();
        let answered = turn.poll(first, waker);
        let durable = turn.shared.log.durable_epoch();
        assert!(
            answered.is_none() || durable >= epoch,
            "answered as recorded before its sync"
        );
        turn.shared.log.wait_durable(epoch).unwrap();
        turn.release();
        assert_eq!(turn.poll(first, waker), Some(true));
        assert_eq!(turn.poll(second, waker), Some(false));
        assert!(!turn.is_restless());
    }
}
