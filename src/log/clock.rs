//! The process clock: wall time read once at start, carried on by the monotonic clock.
//!
//! It never steps back and never jumps; how far the wall clock has drifted from it is a metric.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::time::Millis;

/// Reads the time. Copies tell the same time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall_start: Millis,
    started: Instant,
}

impl Clock {
    /// A clock that starts at the wall clock's time.
    #[must_use]
    pub fn start() -> Self {
        Self::start_at(wall())
    }

    /// A clock that starts at `now`, for tests and tools that choose their own time.
    #[must_use]
    pub fn start_at(now: Millis) -> Self {
        Self {
            wall_start: now,
            started: Instant::now(),
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.at(Instant::now())
    }

    /// The time at `instant`; that of the clock's start if it is earlier.
    #[must_use]
    pub fn at(&self, instant: Instant) -> Millis {
        let since = instant.saturating_duration_since(self.started);
        let elapsed = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        self.wall_start.plus(elapsed)
    }

    /// How far the wall clock is ahead of this one, in milliseconds.
    #[must_use]
    pub fn drift(&self) -> i64 {
        wall().since(self.now())
    }
}

fn wall() -> Millis {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        Err(before) => Millis(-i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX)),
    }
}
