//! Every event arrives, signed and in order, whatever happens on the way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::memory::Memory;
use super::receiver::{Fate, Receiver};
use super::world::{
    Made, event, get, is_signed, place, post, settings, start, start_counted, wait,
};
use crate::model::time::Millis;
use crate::postback::{End, Failure, Ledger as _, Pending, Which, history};
use crate::telemetry::Recorder;

const LONG: Duration = Duration::from_secs(60);

/// Fates as they come, the first 150 connections without a rest.
fn fates(seed: u32) -> Vec<Fate> {
    let all = [
        Fate::Fine,
        Fate::Status(500),
        Fate::Status(302),
        Fate::Status(404),
        Fate::Hang,
        Fate::Late(100),
        Fate::CutRequest(1),
        Fate::CutRequest(150),
        Fate::CutAnswer,
        Fate::CutAnswerAfter(5),
        Fate::CutAnswerAfter(100_000),
        Fate::Drip,
        Fate::Endless,
        Fate::Noise,
    ];
    (0..150_u32)
        .map(|n| {
            let dice = (n + seed).wrapping_mul(2_654_435_761) >> 16;
            all[dice as usize % all.len()]
        })
        .collect()
}

#[test]
fn every_event_arrives_signed_and_in_order_through_every_failure() {
    let ledger = Arc::new(Memory::default());
    let made = Made::default();
    let receivers: BTreeMap<u32, Receiver> = (1..=3)
        .map(|n| (n, Receiver::with(fates(n * 1_000))))
        .collect();
    let mut expected = 0;
    for (destination, receiver) in &receivers {
        for sequence in 0..60 {
            let (action, update) = (sequence % 20, sequence / 20 + 1);
            let url = receiver.url(&format!("/r?n={sequence}&t=a%20b"));
            let request = if destination % 2 == 0 {
                get(&url)
            } else {
                post(&url, &format!("{{\"n\":{sequence},\"t\":\"a b\"}}"))
            };
            made.add(
                *destination,
                sequence,
                event(*destination, action, update, request),
            );
            expected += 1;
        }
    }
    let mut settings = settings();
    settings.tries_max = 100;
    let mut postbacks = start(&ledger, &made, settings);
    wait(LONG, "all events done", || ledger.ends().len() == expected);
    postbacks.stop();
    assert_eq!(ledger.waiting_count(), 0);
    for (_, _, row) in ledger.ends() {
        assert_eq!(row.end, End::Delivered, "{row:?}");
        assert_eq!(row.status, Some(200));
    }
    for receiver in receivers.values() {
        let arrivals = receiver.arrivals();
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let mut acknowledged: BTreeMap<String, bool> = BTreeMap::new();
        for arrival in &arrivals {
            assert!(is_signed(arrival), "{arrival:?}");
            assert_ne!(arrival.target, "/elsewhere", "a redirect was followed");
            let (action, rest) = arrival.event.rsplit_once('.').unwrap();
            let update: u32 = rest.split_once('-').unwrap().0.parse().unwrap();
            // The next update comes only after this one was answered.
            let before = seen.insert(action.to_owned(), update).unwrap_or(1);
            assert!(update == before || update == before + 1, "{arrival:?}");
            let fine = acknowledged.entry(arrival.event.clone()).or_default();
            *fine |= arrival.status == 200;
        }
        assert_eq!(acknowledged.len(), 60);
        assert!(acknowledged.values().all(|fine| *fine), "{acknowledged:?}");
    }
}

#[test]
fn a_stop_waits_for_tries_and_a_start_goes_on_where_it_was() {
    let ledger = Arc::new(Memory::default());
    let made = Made::default();
    let receiver = Receiver::always(Fate::Late(200));
    for sequence in 0..20 {
        let url = receiver.url(&format!("/?n={sequence}"));
        made.add(1, sequence, event(1, sequence, 1, get(&url)));
    }
    let mut postbacks = start(&ledger, &made, settings());
    wait(LONG, "the first tries", || receiver.arrivals().len() == 4);
    postbacks.stop();
    assert_eq!(receiver.arrivals().len(), 4);
    let waiting = history::waiting(&*ledger).unwrap();
    assert_eq!((waiting[&1].events, waiting[&1].failed), (16, 0));
    assert_eq!(waiting[&1].next_at, Some(Millis(0)));
    assert_eq!(ledger.ends().len(), 4, "tries under way are noted");
    assert_eq!(ledger.waiting_count(), 16);
    assert!(postbacks.status().alive().is_err());
    receiver.set_always(None);
    let mut postbacks = start(&ledger, &made, settings());
    wait(LONG, "the rest", || ledger.ends().len() == 20);
    postbacks.stop();
    assert_eq!(receiver.arrivals().len(), 20, "none was sent twice");
}

#[test]
fn what_is_given_up_is_in_the_log_and_can_be_sent_again() {
    let ledger = Arc::new(Memory::default());
    let made = Made::default();
    let receiver = Receiver::always(Fate::Status(503));
    made.add(1, 0, event(1, 5, 1, get(&receiver.url("/a"))));
    made.add(1, 1, event(1, 5, 2, post(&receiver.url("/b"), "{}")));
    let mut settings = settings();
    settings.tries_max = 3;
    let recorder = Recorder::new(Millis(0)).unwrap();
    let postbacks = start_counted(&ledger, &made, settings, Some(recorder.metrics()));
    wait(LONG, "both given up", || ledger.ends().len() == 2);
    assert_eq!(receiver.arrivals().len(), 6);
    let all = Which::Since(Millis(0));
    let failed = Which::FailedSince(Millis(0));
    let rows = history::rows(&*ledger, 1, &failed, 10).unwrap();
    assert_eq!(rows.len(), 2);
    for (_, row) in &rows {
        assert_eq!((row.end, row.tries, row.status), (End::Tries, 3, Some(503)));
    }
    wait(LONG, "the metrics", || {
        let page = recorder.render();
        page.contains("clickd_postback_tries_total{result=\"http\"} 6\n")
            && page.contains("clickd_postback_pending 0\n")
            && page.contains("clickd_postback_oldest_seconds 0\n")
    });
    assert_eq!(history::rows(&*ledger, 1, &all, 1).unwrap().len(), 1);
    assert_eq!(history::rows(&*ledger, 2, &all, 10).unwrap(), []);

    receiver.set_always(Some(Fate::Fine));
    let remote = postbacks.remote();
    assert_eq!(remote.replay(1, &failed).unwrap().events, 2);
    wait(LONG, "both delivered", || ledger.ends().len() == 4);
    assert_eq!(
        remote.replay(1, &failed).unwrap().events,
        0,
        "they are delivered now"
    );
    // What was delivered is rendered once more.
    let one = Which::Event("E-1000.10.5.2-1".into());
    assert_eq!(remote.replay(1, &one).unwrap().events, 1);
    wait(LONG, "one delivered again", || ledger.ends().len() == 5);
    let last = receiver.arrivals().pop().unwrap();
    assert_eq!((&*last.event, &*last.target), ("E-1000.10.5.2-1", "/b"));
    assert!(receiver.arrivals().iter().all(is_signed));
    drop(postbacks);
    assert!(remote.replay(1, &all).is_err());
}

#[test]
fn an_event_is_given_up_by_age_too() {
    let ledger = Arc::new(Memory::default());
    let made = Made::default();
    let receiver = Receiver::always(Fate::CutAnswer);
    made.add(1, 0, event(1, 5, 1, get(&receiver.url("/a"))));
    let mut settings = settings();
    settings.give_up_after = Duration::from_millis(300);
    settings.tries_max = 1_000;
    let postbacks = start(&ledger, &made, settings);
    wait(LONG, "given up", || ledger.ends().len() == 1);
    drop(postbacks);
    let (_, _, row) = ledger.ends().remove(0);
    assert_eq!((row.end, row.error), (End::Age, Some(Failure::Cut)));
    assert!(row.tries > 1);
}

#[test]
fn a_failed_write_stops_the_thread_and_loses_nothing() {
    let ledger = Arc::new(Memory::default());
    let made = Made::default();
    let receiver = Receiver::always(Fate::Late(200));
    made.add(1, 0, event(1, 5, 1, get(&receiver.url("/a"))));
    let mut postbacks = start(&ledger, &made, settings());
    wait(LONG, "the try", || receiver.arrivals().len() == 1);
    ledger.is_broken.store(true, Ordering::Relaxed);
    wait(LONG, "the end", || postbacks.status().alive().is_err());
    postbacks.stop();
    let why = postbacks.status().alive().unwrap_err();
    assert!(why.contains("broken by the test"), "{why}");
    assert_eq!((ledger.waiting_count(), ledger.ends().len()), (1, 0));
    ledger.is_broken.store(false, Ordering::Relaxed);
    let _postbacks = start(&ledger, &made, settings());
    wait(LONG, "delivered again", || ledger.ends().len() == 1);
    assert_eq!(receiver.arrivals().len(), 2);
}

#[test]
fn what_waits_for_a_destination_that_is_gone_is_given_up_in_the_end() {
    let ledger = Arc::new(Memory::default());
    let now = crate::log::Clock::start().now();
    let url = "http://127.0.0.1:9/";
    for (sequence, at) in [(1, Millis(0)), (2, now)] {
        let event = Pending {
            next_at: at,
            ..event(5, sequence, 1, get(url))
        };
        ledger.put(5, place(sequence), &event).unwrap();
    }
    let _postbacks = start(&ledger, &Made::default(), settings());
    wait(Duration::from_secs(5), "the old one given up", || {
        !ledger.ends().is_empty()
    });
    let ends = ledger.ends();
    assert_eq!(ends.len(), 1);
    assert_eq!((ends[0].0, ends[0].1.place), (5, place(1)));
    assert_eq!((ends[0].2.end, ends[0].2.tries), (End::Age, 0));
    assert_eq!(ledger.waiting_count(), 1);
}
