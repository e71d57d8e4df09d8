//! A disk that takes a sync and does not come back.

use std::time::Duration;

use crate::sync::daemon::{Home, Running, until};

use super::manager::{Manager, has};

const WATCHDOG: Duration = Duration::from_millis(1_500);

/// Event numbers are minted under a lease that must be on disk, so that no later start mints them
/// again; when it can't be renewed, customers go on unrecorded.
#[test]
fn a_hung_sync_starves_the_watchdog_and_clicks_past_the_lease_are_not_recorded() {
    let home = Home::new("");
    let manager = Manager::listen(home.path());
    let output = format!("-o{}", home.path().join("trace").display());
    // A start makes about ten syncs on its own thread; those of the sync thread count apart.
    let hang = "-einject=fdatasync:delay_enter=60000000:when=20+";
    let words = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-q",
        "-etrace=fdatasync",
        hang,
        &output,
    ];
    let mut command = home.command(&words);
    manager.introduce(&mut command, WATCHDOG);
    let running = Running::start(&mut command);
    assert!(running.is_serving(), "{}", running.said());
    let mut customer = home.customer();
    let mut recorded = 0;
    until("a click past the lease", || {
        let answer = customer.click("/c/280/100/1000").unwrap();
        assert_eq!(answer.status, 302, "{}", answer.head);
        recorded += usize::from(answer.is_recorded_click());
        (!answer.is_recorded_click()).then_some(())
    });
    assert!(recorded > 0, "none was recorded before");
    // What was sent before the hang is no sign of life.
    while manager.next(Duration::from_millis(1)).is_some() {}
    let fed =
        std::iter::from_fn(|| manager.next(WATCHDOG * 2)).any(|said| has(&said, "WATCHDOG=1"));
    assert!(!fed, "the watchdog was fed though no sync came back");
}
