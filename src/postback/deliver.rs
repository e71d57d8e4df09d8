//! The postbacks at work: takes new events in, has them tried, notes what came of it.
//!
//! One event loop on the postbacks thread. In: events of a [`Source`], orders, the time. Out: tries
//! by `postback::send`, rows by the [`Ledger`]. Invariants: every change of an event is in the
//! ledger before the queue knows of it; an event is removed only by an answer of 2xx or by the end
//! of patience, and each end leaves its row. A stop makes no further try and waits for those
//! under way; one that is cut off then waits in the ledger as before and is sent again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ahash::{AHashMap, AHashSet};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use crate::config::secrets::KEY_LEN;
use crate::log::Clock;
use crate::telemetry::Metrics;
use crate::telemetry::label::PostbackResult;

use super::error::PostbackError;
use super::ledger::{Done, DoneKey, End, Failure, Ledger, Pending, Place};
use super::queue::{Name, Queue};
use super::schedule::{self, Patience};
use super::send::{Outcome, Sender};
use super::sign::Secret;
use super::source::Source;

/// How often the source is asked for new events, and the gauges are set.
const LOOK: Duration = Duration::from_millis(250);
/// How often cursors without new events are written.
const SETTLE: Duration = Duration::from_secs(10);
/// How often the delivery log is shortened.
const EXPIRE: Duration = Duration::from_secs(600);
/// Events taken in at once.
const BATCH: usize = 256;
/// Events of one destination that may wait here; more wait where they come from.
pub(super) const WAITING_MAX: usize = 10_000;
/// A destination whose last try took longer, or ran into the timeout, is slow.
const SLOW: Duration = Duration::from_secs(2);

/// What others ask of the thread.
#[derive(Debug)]
pub(super) enum Order {
    /// Make no further try and end.
    Stop,
    /// Send these events of a destination again; answers how many will be.
    Again {
        destination: u32,
        rows: Vec<(Place, Done)>,
        reply: std::sync::mpsc::Sender<usize>,
    },
}

/// How long to wait after so many tries, with a random number.
pub(super) type Pace = Box<dyn Fn(u32, u64) -> Duration + Send>;

type Try = (Outcome, Duration);

/// Everything the loop holds.
pub(super) struct Delivery {
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) source: Box<dyn Source>,
    pub(super) sender: Sender,
    pub(super) key: [u8; KEY_LEN],
    pub(super) patience: Patience,
    pub(super) pace: Pace,
    pub(super) keep_log: Duration,
    pub(super) clock: Clock,
    pub(super) metrics: Option<Arc<Metrics>>,
    pub(super) queue: Queue,
    pub(super) tries: JoinSet<Try>,
    pub(super) names: AHashMap<Id, Name>,
    pub(super) cursors: AHashMap<u32, Place>,
    /// Destinations whose cursor is not in the ledger yet.
    pub(super) unsaved: AHashSet<u32>,
    /// Destinations to ask for in this round.
    pub(super) round: VecDeque<u32>,
}

impl Delivery {
    /// Works until it is told to stop; then waits at most `grace` for tries under way.
    pub(super) async fn run(
        mut self,
        mut orders: UnboundedReceiver<Order>,
        grace: Duration,
    ) -> Result<(), PostbackError> {
        self.load()?;
        let mut look_at = Instant::now();
        let mut settle_at = look_at + SETTLE;
        let mut expire_at = look_at;
        loop {
            let now = Instant::now();
            if now >= look_at {
                look_at = now + LOOK;
                self.look()?;
                self.publish();
            }
            if now >= settle_at {
                settle_at = now + SETTLE;
                self.save_cursors()?;
            }
            if now >= expire_at {
                expire_at = now + EXPIRE;
                let kept = i64::try_from(self.keep_log.as_millis()).unwrap_or(i64::MAX);
                self.ledger.expire(self.clock.now().plus(-kept))?;
                self.give_up_stranded()?;
            }
            self.take_in()?;
            self.start_tries()?;
            let wake = if self.round.is_empty() {
                self.wake().min(look_at)
            } else {
                now
            };
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Again { destination, rows, reply }) => {
                        let count = self.again(destination, rows)?;
                        // Who asked may have given up.
                        let _asked = reply.send(count);
                    }
                    Some(Order::Stop) | None => break,
                },
                Some(ended) = self.tries.join_next_with_id() => self.note(ended)?,
                () = sleep_until(wake) => {}
            }
            while let Some(ended) = self.tries.try_join_next_with_id() {
                self.note(ended)?;
            }
        }
        // A try that is cut off is no loss: its event waits in the ledger.
        if let Ok(ended) = timeout(grace, self.finish_tries()).await {
            ended?;
        }
        self.save_cursors()
    }

    async fn finish_tries(&mut self) -> Result<(), PostbackError> {
        while let Some(ended) = self.tries.join_next_with_id().await {
            self.note(ended)?;
        }
        Ok(())
    }

    /// Which destinations there are now. One that is not active keeps nothing in memory: where it
    /// begins when it is active again may have changed.
    fn look(&mut self) -> Result<(), PostbackError> {
        let active = self.source.destinations();
        self.queue.keep(&active);
        let known: AHashSet<u32> = active.iter().copied().collect();
        if self.unsaved.iter().any(|own| !known.contains(own)) {
            self.save_cursors()?;
        }
        self.cursors.retain(|own, _| known.contains(own));
        self.round = active.into();
        Ok(())
    }

    /// Gives up what has waited too long for a destination that is not active.
    fn give_up_stranded(&mut self) -> Result<(), PostbackError> {
        let now = self.clock.now();
        let before = now.plus(-millis(self.patience.give_up_after));
        for name in self.queue.stranded(before) {
            let (destination, place) = name;
            if let Some(event) = self.ledger.waiting(destination, place)? {
                let key = DoneKey { at: now, place };
                self.ledger.done(destination, key, &event.ended(End::Age))?;
            }
            self.queue.remove(name);
        }
        Ok(())
    }

    /// What waited when the daemon stopped.
    fn load(&mut self) -> Result<(), PostbackError> {
        let latest = self.clock.now().plus(schedule::LONGEST_WAIT);
        let queue = &mut self.queue;
        self.ledger.pending(&mut |destination, place, event| {
            // The wall clock may have been wrong when the time was noted.
            let next_at = match event.tries {
                0 => event.next_at,
                _ => event.next_at.min(latest),
            };
            queue.add((destination, place), event.action(), next_at);
        })?;
        Ok(())
    }

    /// Takes in new events of the next destination of the round.
    fn take_in(&mut self) -> Result<(), PostbackError> {
        let Some(destination) = self.round.pop_front() else {
            return Ok(());
        };
        let room = WAITING_MAX.saturating_sub(self.queue.len_of(destination));
        if room == 0 {
            return Ok(());
        }
        let after = match self.cursors.get(&destination) {
            Some(cursor) => Some(*cursor),
            None => self.ledger.cursor(destination)?,
        };
        let taken = self.source.next(destination, after, room.min(BATCH))?;
        if let Some(cursor) = taken.cursor {
            // Where a new destination begins must not move if the daemon ends now.
            if taken.events.is_empty() && after.is_some() {
                self.unsaved.insert(destination);
            } else {
                self.ledger.take(destination, &taken.events, cursor)?;
                self.unsaved.remove(&destination);
            }
            self.cursors.insert(destination, cursor);
            for (place, event) in &taken.events {
                self.queue
                    .add((destination, *place), event.action(), event.next_at);
            }
        }
        if taken.has_more && taken.cursor.is_some() {
            self.round.push_back(destination);
        }
        Ok(())
    }

    fn save_cursors(&mut self) -> Result<(), PostbackError> {
        for destination in self.unsaved.drain() {
            if let Some(cursor) = self.cursors.get(&destination) {
                self.ledger.take(destination, &[], *cursor)?;
            }
        }
        Ok(())
    }

    fn start_tries(&mut self) -> Result<(), PostbackError> {
        while let Some(name) = self.queue.start(self.clock.now()) {
            let (destination, place) = name;
            let Some(event) = self.ledger.waiting(destination, place)? else {
                self.queue.finish(name, false);
                continue;
            };
            let sender = self.sender.clone();
            let secret = Secret::derive(&self.key, destination);
            // A receiver compares the time with its own: the wall clock's, not the log's.
            let seconds = self
                .clock
                .now()
                .plus(self.clock.drift())
                .0
                .div_euclid(1_000);
            let task = self.tries.spawn(async move {
                let started = Instant::now();
                let sent = sender.send(&event.request, &event.event, &secret, seconds);
                (sent.await, started.elapsed())
            });
            self.names.insert(task.id(), name);
        }
        Ok(())
    }

    /// Notes the end of a try.
    fn note(&mut self, ended: Result<(Id, Try), JoinError>) -> Result<(), PostbackError> {
        let (id, (outcome, took)) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(%error, "a try of a postback broke off");
                (error.id(), (Outcome::Failed(Failure::Cut), Duration::ZERO))
            }
        };
        let Some(name) = self.names.remove(&id) else {
            return Ok(());
        };
        if let Some(metrics) = &self.metrics {
            metrics.postback.tries.add(result(outcome), 1);
        }
        let (destination, place) = name;
        let was_slow = took >= SLOW || outcome == Outcome::Failed(Failure::Timeout);
        let Some(mut event) = self.ledger.waiting(destination, place)? else {
            self.queue.finish(name, was_slow);
            return Ok(());
        };
        let now = self.clock.now();
        let first = *event.first_at.get_or_insert(now);
        event.tries = event.tries.saturating_add(1);
        let next_at = now.plus(millis((self.pace)(event.tries, random())));
        (event.last_status, event.last_error) = match outcome {
            Outcome::Delivered(status) | Outcome::Http(status) => (Some(status), None),
            Outcome::Failed(failure) => (None, Some(failure)),
        };
        let end = match outcome {
            Outcome::Delivered(_) => Some(End::Delivered),
            _ if event.tries >= self.patience.tries_max => Some(End::Tries),
            _ if schedule::is_over(self.patience, event.tries, first, next_at) => Some(End::Age),
            _ => None,
        };
        if let Some(end) = end {
            let key = DoneKey { at: now, place };
            self.ledger.done(destination, key, &event.ended(end))?;
            self.queue.finish(name, was_slow);
        } else {
            event.next_at = next_at;
            self.ledger.put(destination, place, &event)?;
            self.queue.retry(name, next_at, was_slow);
        }
        Ok(())
    }

    /// Sends events again that are done; those that wait already are sent anyway.
    fn again(
        &mut self,
        destination: u32,
        rows: Vec<(Place, Done)>,
    ) -> Result<usize, PostbackError> {
        let mut count = 0;
        for (place, row) in rows {
            if self.ledger.waiting(destination, place)?.is_some() {
                continue;
            }
            let now = self.clock.now();
            let event = match row.request {
                Some(request) => Pending {
                    event: row.event,
                    kind: row.kind,
                    request,
                    tries: 0,
                    first_at: None,
                    next_at: now,
                    last_status: None,
                    last_error: None,
                },
                None => match self.source.again(destination, place)? {
                    // Under other rules another notice may lie there.
                    Some(event) if event.event == row.event => Pending {
                        next_at: now,
                        ..event
                    },
                    _ => continue,
                },
            };
            self.ledger.put(destination, place, &event)?;
            let name = (destination, place);
            count += usize::from(self.queue.add(name, event.action(), now));
        }
        Ok(count)
    }

    /// When the next event is due.
    fn wake(&self) -> Instant {
        let now = self.clock.now();
        let due = self
            .queue
            .wake(now)
            .unwrap_or_else(|| now.plus(millis(LOOK)));
        // Due times are whole milliseconds: one more, so that it is due when this wakes.
        let wait = u64::try_from(due.since(now)).unwrap_or(0).saturating_add(1);
        Instant::now() + Duration::from_millis(wait.min(60_000))
    }

    fn publish(&self) {
        let Some(metrics) = &self.metrics else { return };
        let pending = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
        metrics.postback.pending.set(f64::from(pending));
        let now = self.clock.now();
        let waited = now.since(self.queue.oldest().unwrap_or(now));
        let waited = Duration::from_millis(u64::try_from(waited).unwrap_or(0));
        metrics.postback.oldest.set(waited.as_secs_f64());
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Chance for the schedule; without it, the middle would do.
fn random() -> u64 {
    getrandom::u64().unwrap_or(0)
}

fn result(outcome: Outcome) -> PostbackResult {
    match outcome {
        Outcome::Delivered(_) => PostbackResult::Ok,
        Outcome::Http(_) => PostbackResult::Http,
        Outcome::Failed(failure) => match failure {
            Failure::Timeout => PostbackResult::Timeout,
            Failure::Refused => PostbackResult::Refused,
            Failure::Cut => PostbackResult::Cut,
            Failure::Address => PostbackResult::Address,
            Failure::Name => PostbackResult::Name,
            Failure::Tls => PostbackResult::Tls,
            Failure::Malformed => PostbackResult::Malformed,
        },
    }
}
