//! A destination that is stuck holds up nobody else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::memory::Memory;
use super::receiver::{Fate, Receiver};
use super::world::{Made, event, get, settings, start, wait};

#[test]
fn stuck_destinations_never_delay_another_by_a_second() {
    let ledger = Arc::new(Memory::default());
    let made = Made::default();
    let stuck = Receiver::always(Fate::Hang);
    let well = Receiver::start();
    let mut settings = settings();
    settings.timeout = Duration::from_secs(3);
    settings.connections_max = 32;
    // Seven of four tries each: they have all they can have, and leave four.
    for destination in 1..=7 {
        for sequence in 0..50 {
            let url = stuck.url("/");
            made.add(
                destination,
                sequence,
                event(destination, sequence, 1, get(&url)),
            );
        }
    }
    let _postbacks = start(&ledger, &made, settings);
    wait(Duration::from_secs(5), "all stuck", || {
        stuck.connections() >= 28
    });
    // Some before and some after the stuck ones' tries have timed out.
    for sequence in 0..16 {
        let url = well.url(&format!("/?n={sequence}"));
        let added = Instant::now();
        made.add(9, sequence, event(9, sequence, 1, get(&url)));
        let count = sequence as usize + 1;
        wait(Duration::from_secs(1), "an event of the well one", || {
            well.arrivals().len() == count
        });
        let arrived = well.arrivals().pop().unwrap().at;
        assert!(arrived.duration_since(added) < Duration::from_secs(1));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(
        stuck.connections() > 28,
        "tries of the stuck ones timed out"
    );
}
