//! Messages to the service manager: ready, stopping, status, and the watchdog.
//!
//! In: what the daemon's start and stop report, and beats of the threads that must not stand
//! still. Out: `sd_notify` messages; without `$NOTIFY_SOCKET` all of them do nothing. Invariant:
//! the watchdog is fed only when every watched thread has moved on since the last time, so a sync
//! that hangs makes the manager restart the daemon.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;

/// Tells the manager that the daemon serves: store recovered, listeners and configuration live.
pub fn ready(status: &str) {
    send(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Tells the manager that the daemon stops.
pub fn stopping(status: &str) {
    send(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

/// Shows `status`, one line, in `systemctl status`.
pub fn status(status: &str) {
    send(&[NotifyState::Status(status)]);
}

/// Asks for `more` time from now for the start or stop under way, and shows why.
pub fn extend(more: Duration, status: &str) {
    let micros = u32::try_from(more.as_micros()).unwrap_or(u32::MAX);
    send(&[
        NotifyState::ExtendTimeoutUsec(micros),
        NotifyState::Status(status),
    ]);
}

/// A manager that can't be told is no reason to stop serving customers, so this only warns.
fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

/// The sign of life of one thread. Cheap to clone; all clones are one heart.
#[derive(Clone, Debug, Default)]
pub struct Heart(Arc<AtomicU64>);

impl Heart {
    /// Says that the thread has got on, for instance finished a sync or looked at a slot.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Watches hearts and says when all of them have beaten.
#[derive(Debug)]
pub struct Watchdog {
    hearts: Vec<(&'static str, Heart, u64)>,
}

impl Watchdog {
    /// Watches `hearts`, each with the name of what it stands for.
    #[must_use]
    pub fn new(hearts: Vec<(&'static str, Heart)>) -> Self {
        let seen = hearts.into_iter().map(|(name, heart)| {
            let beats = heart.0.load(Ordering::Relaxed);
            (name, heart, beats)
        });
        Self {
            hearts: seen.collect(),
        }
    }

    /// The names of those that have not beaten since this last returned none; that moment is kept
    /// when none is left.
    pub fn still(&mut self) -> Vec<&'static str> {
        let still: Vec<_> = self
            .hearts
            .iter()
            .filter(|(_, heart, seen)| heart.0.load(Ordering::Relaxed) == *seen)
            .map(|(name, ..)| *name)
            .collect();
        if still.is_empty() {
            for (_, heart, seen) in &mut self.hearts {
                *seen = heart.0.load(Ordering::Relaxed);
            }
        }
        still
    }
}

/// Feeds the manager's watchdog at a third of its time, while every heart beats, until `stop`.
/// Returns at once when the manager has set no watchdog.
pub async fn feed(mut watchdog: Watchdog, stop: impl Future<Output = ()>) {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return;
    };
    let mut stop = pin!(stop);
    let mut ticks = tokio::time::interval(limit / 3);
    loop {
        tokio::select! {
            () = &mut stop => return,
            _ = ticks.tick() => {}
        }
        let still = watchdog.still();
        if still.is_empty() {
            send(&[NotifyState::Watchdog]);
        } else {
            let names = still.join(", ");
            tracing::error!(
                still = names,
                "threads stand still; the watchdog is not fed"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_watchdog_wants_every_heart_since_the_last_meal() {
        let (log, fold) = (Heart::default(), Heart::default());
        log.beat();
        let mut watchdog = Watchdog::new(vec![("log", log.clone()), ("fold", fold.clone())]);
        assert_eq!(watchdog.still(), ["log", "fold"]);
        log.beat();
        assert_eq!(watchdog.still(), ["fold"]);
        fold.beat();
        assert!(watchdog.still().is_empty());
        assert_eq!(watchdog.still(), ["log", "fold"]);
    }

    /// The environment names the manager and can't be changed in a running process, so this test
    /// runs itself as the daemon.
    #[test]
    fn the_manager_named_in_the_environment_hears_each_message() {
        const CHILD: &str = "CLICKD_TEST_SPEAKS";
        if std::env::var_os(CHILD).is_some() {
            extend(Duration::from_secs(20), "recovering 1/2");
            ready("serving");
            let heart = Heart::default();
            let watchdog = Watchdog::new(vec![("log", heart.clone())]);
            heart.beat();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let (told, stop) = tokio::sync::oneshot::channel();
            std::thread::spawn(move || {
                std::io::stdin().read_line(&mut String::new()).unwrap();
                told.send(()).unwrap();
            });
            runtime.block_on(feed(watchdog, async { stop.await.unwrap() }));
            stopping("draining");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let me = std::thread::current();
        let mut daemon = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", me.name().unwrap()])
            .env(CHILD, "1")
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "3000000")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        manager
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        for expected in [
            "EXTEND_TIMEOUT_USEC=20000000\nSTATUS=recovering 1/2",
            "READY=1\nSTATUS=serving",
            "WATCHDOG=1",
        ] {
            assert_eq!(heard(&manager), expected);
        }
        drop(daemon.stdin.take());
        assert_eq!(heard(&manager), "STOPPING=1\nSTATUS=draining");
        assert!(daemon.wait().unwrap().success());
    }

    fn heard(manager: &UnixDatagram) -> String {
        let mut buffer = [0; 4096];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length])
            .trim_end()
            .to_owned()
    }
}
