//! An open loop: tick `n` is due at `n / rate` seconds, whatever the answers do.
//!
//! The pacer turns ticks that have come due into permits; the connections take them in order. A
//! tick that waits for a free connection waits in its own latency, since that is measured from the
//! moment the tick was due. tokio's timers have a grain of a millisecond, longer than the answers
//! to be measured, so the pacer sleeps on a `timerfd`. One thread.

use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;
use tokio::sync::Semaphore;

use super::latency::Latency;

const SECOND: u128 = 1_000_000_000;

/// When which tick is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// Ticks a second, at least 1.
    pub(crate) rate: u32,
    /// Ticks in all.
    pub(crate) total: u64,
}

impl Schedule {
    /// When tick `n` is due, from the start.
    pub(crate) fn due(self, n: u64) -> Duration {
        let nanos = (u128::from(n) * SECOND).div_ceil(u128::from(self.rate.max(1)));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many ticks are due after `elapsed`.
    pub(crate) fn due_by(self, elapsed: Duration) -> u64 {
        let whole = elapsed.as_nanos() * u128::from(self.rate) / SECOND;
        u64::try_from(whole)
            .unwrap_or(u64::MAX)
            .saturating_add(1)
            .min(self.total)
    }
}

/// Adds one permit per tick as it comes due; returns when the last is out.
///
/// `delay` gets how late each permit was. That is the tool's own doing, or the machine's: were the
/// server slow, permits would still be in time and wait for a connection.
pub(crate) async fn pace(
    schedule: Schedule,
    start: Instant,
    permits: &Semaphore,
    delay: &RefCell<Latency>,
) -> Result<()> {
    let timer = Timer::new()?;
    let mut released = 0;
    while released < schedule.total {
        let now = start.elapsed();
        let due = schedule.due_by(now);
        if due > released {
            for tick in released..due {
                delay
                    .borrow_mut()
                    .record(now.saturating_sub(schedule.due(tick)));
            }
            permits.add_permits(usize::try_from(due - released)?);
            released = due;
        }
        timer
            .sleep(schedule.due(released).saturating_sub(start.elapsed()))
            .await?;
    }
    Ok(())
}

/// A timer with the kernel's own grain (about 50 µs).
struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    fn new() -> Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).context("timerfd_create")?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe; an `OwnedFd` keeps its contract"
        )]
        let watched = AsyncFd::new(timer).context("watching the timer")?;
        Ok(Self(watched))
    }

    async fn sleep(&self, duration: Duration) -> Result<()> {
        if duration.is_zero() {
            tokio::task::yield_now().await;
            return Ok(());
        }
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let alarm = Itimerspec {
            it_interval: zero,
            it_value: Timespec {
                tv_sec: i64::try_from(duration.as_secs())?,
                tv_nsec: duration.subsec_nanos().into(),
            },
        };
        timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &alarm)
            .context("timerfd_settime")?;
        loop {
            let mut ready = self.0.readable().await?;
            let mut expirations = [0_u8; 8];
            let read = ready.try_io(|timer| Ok(rustix::io::read(timer, &mut expirations)?));
            if let Ok(read) = read {
                read.context("reading the timer")?;
                // Nobody arms the timer before the next sleep, so no expiry can be lost here.
                ready.clear_ready();
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_due_at_its_own_moment_and_not_before() {
        for rate in [1, 3, 997, 10_000, 33_333, 200_000] {
            let schedule = Schedule {
                rate,
                total: 1_000_000,
            };
            for n in [0, 1, 2, 3, 998, 30_001, 999_998] {
                let due = schedule.due(n);
                assert_eq!(schedule.due_by(due), n + 1, "rate {rate}, tick {n}");
                if let Some(before) = due.checked_sub(Duration::from_nanos(1)) {
                    assert_eq!(schedule.due_by(before), n, "rate {rate}, before tick {n}");
                }
            }
            assert_eq!(schedule.due_by(Duration::from_secs(10_000_000)), 1_000_000);
        }
    }

    #[test]
    fn a_busy_thread_shows_as_delay() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let schedule = Schedule {
                rate: 1_000,
                total: 100,
            };
            let delay = RefCell::new(Latency::new().unwrap());
            let permits = Semaphore::new(0);
            let busy = async {
                tokio::task::yield_now().await;
                std::thread::sleep(Duration::from_millis(80));
            };
            let (paced, ()) = tokio::join!(pace(schedule, Instant::now(), &permits, &delay), busy);
            paced.unwrap();
            assert!(delay.borrow().percentiles().p50 > 10_000);
        });
    }

    #[test]
    fn every_tick_gets_one_permit_and_none_comes_early() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let schedule = Schedule {
                rate: 2_000,
                total: 60,
            };
            let permits = Semaphore::new(0);
            let start = Instant::now();
            let take = async {
                for n in 0..schedule.total {
                    permits.acquire().await.unwrap().forget();
                    assert!(start.elapsed() >= schedule.due(n), "tick {n}");
                }
            };
            let delay = RefCell::new(Latency::new().unwrap());
            let (paced, ()) = tokio::join!(pace(schedule, start, &permits, &delay), take);
            paced.unwrap();
            assert_eq!(delay.borrow().percentiles().count, 60);
            assert_eq!(permits.available_permits(), 0);
        });
    }
}
