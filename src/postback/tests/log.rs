//! The delivery log: which rows are shown and which events are sent again.

use super::memory::Memory;
use super::world::{event, get, place};
use crate::model::time::Millis;
use crate::postback::{DoneKey, End, Ledger as _, Which, history};

/// Three events: given up at 10; given up at 20 and delivered at 40; delivered at 30.
fn ledger() -> Memory {
    let ledger = Memory::default();
    for (at, sequence, end) in [
        (10, 0, End::Tries),
        (20, 1, End::Age),
        (30, 2, End::Delivered),
        (40, 1, End::Delivered),
    ] {
        let key = DoneKey {
            at: Millis(at),
            place: place(sequence),
        };
        let row = event(1, sequence, 1, get("http://r.example/")).ended(end);
        ledger.done(1, key, &row).unwrap();
    }
    ledger
}

fn sequences(which: &Which, most: usize) -> (Vec<u32>, Option<Millis>) {
    let chosen = history::select(&ledger(), 1, which, most).unwrap();
    let rows = chosen.rows.iter().map(|(place, _)| place.sequence);
    (rows.collect(), chosen.left_from)
}

#[test]
fn an_event_is_chosen_once_by_its_last_row() {
    let all = Which::Since(Millis(0));
    assert_eq!(sequences(&all, 9), (vec![0, 1, 2], None));
    assert_eq!(sequences(&all, 2), (vec![0, 1], Some(Millis(30))));
    assert_eq!(sequences(&Which::Since(Millis(30)), 9), (vec![1, 2], None));
    let failed = |since| sequences(&Which::FailedSince(Millis(since)), 9);
    assert_eq!(failed(0), (vec![0], None));
    assert_eq!(failed(11), (vec![], None));
    let one = Which::Event("E-1000.10.2.1-1".into());
    assert_eq!(sequences(&one, 9), (vec![2], None));
}

#[test]
fn rows_are_shown_as_they_happened_and_forgotten_by_age() {
    let ledger = ledger();
    let times = |which: &Which| {
        let rows = history::rows(&ledger, 1, which, 3).unwrap();
        rows.iter().map(|(key, _)| key.at.0).collect::<Vec<_>>()
    };
    assert_eq!(times(&Which::Since(Millis(0))), [10, 20, 30]);
    assert_eq!(times(&Which::FailedSince(Millis(0))), [10, 20]);
    assert_eq!(times(&Which::Event("E-1000.10.1.1-1".into())), [20, 40]);
    ledger.expire(Millis(30)).unwrap();
    assert_eq!(times(&Which::Since(Millis(0))), [30, 40]);
}
