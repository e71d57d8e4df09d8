//! One event-loop turn: clicks are taken as they come, committed together at its end, and then
//! answered.
//!
//! Hot path. Each worker thread holds one [`Turn`] in a thread-local. A turn is settled as recorded
//! or unrecorded as a whole, and its answers are held back until then. The end of a turn is the
//! moment the runtime has nothing left to run ([`end`], called before it parks).
//!
//! Invariants: a click is answered as recorded only after its commit (`fast`) or a sync that began
//! after it (`durable`, unless that takes longer than the configured wait); once the log has
//! failed every click is answered as unrecorded; turns are settled in their order.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::log::{Epoch, LogError};
use crate::model::click_id::ClickId;
use crate::telemetry::label::{ClickResult, LinkOutcome};

use super::answer::{self, Date, Ending, Redirect};
use super::connection::line::{Answers, Line};
use super::intake::{Asked, Handled, Intake};
use super::shared::Shared;
use crate::server::page_load::PageLoads;

/// How long a click waits for a store that asks for a pause.
const STALL_MAX: Duration = Duration::from_millis(100);

/// A committed turn that waits for its sync, or one given up that waits for those before it.
struct Waiting {
    epoch: Epoch,
    since: Instant,
    answers: Answers,
    clicks: u64,
    stored: bool,
}

/// The state of one worker.
pub(super) struct Turn {
    shared: Arc<Shared>,
    intake: Intake,
    /// Answers that the open turn holds back.
    answers: Answers,
    waiting: VecDeque<Waiting>,
    date: Date,
    stalled_since: Option<Instant>,
    /// Wakes the housekeeper when something begins to wait.
    nudge: Rc<Notify>,
    /// Takes arrivals, for all workers.
    page_loads: Arc<PageLoads>,
}

thread_local! {
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// Makes this thread a worker.
pub(super) fn install(shared: Arc<Shared>, page_loads: Arc<PageLoads>) {
    let turn = Turn::new(shared, page_loads);
    TURN.with_borrow_mut(|slot| *slot = Some(turn));
}

/// Runs `with` on this worker's turn; `None` on a thread that is no worker.
pub(super) fn with<T>(with: impl FnOnce(&mut Turn) -> T) -> Option<T> {
    TURN.with_borrow_mut(|slot| slot.as_mut().map(with))
}

/// Ends the turn. Called by the runtime before it parks.
pub(super) fn end() {
    with(Turn::end);
}

impl Turn {
    fn new(shared: Arc<Shared>, page_loads: Arc<PageLoads>) -> Self {
        Self {
            intake: Intake::new(&shared),
            answers: Answers::default(),
            waiting: VecDeque::new(),
            date: Date::default(),
            stalled_since: None,
            nudge: Rc::new(Notify::new()),
            page_loads,
            shared,
        }
    }

    /// Counts a request that is no link within bounds.
    pub(super) fn refuse(&mut self, outcome: LinkOutcome) {
        self.intake.taking.refuse(outcome);
    }

    /// Handles a GET or HEAD; whether the head announced a body comes along.
    pub(super) fn click(&mut self, peer: IpAddr, asked: &Asked<'_>) -> (Handled, bool) {
        // Here the answers to all clicks before are with their turn.
        if self.intake.taking.writer.is_full() {
            self.end();
        }
        self.intake.click(peer, asked)
    }

    /// The redirect that answers the last click, of this id.
    pub(super) fn redirect(&self, id: &ClickId) -> Redirect<'_> {
        self.intake.taking.redirect(id)
    }

    /// Handles a plain request of `line` and answers it; whether the connection ends with that.
    pub(super) fn answer(
        &mut self,
        line: &Rc<Line>,
        peer: IpAddr,
        asked: &Asked<'_>,
        ending: Ending,
    ) -> bool {
        let (handled, has_body) = self.click(peer, asked);
        let ending = Ending {
            close: ending.close || has_body,
            ..ending
        };
        let date = self.date.at(self.intake.taking.now());
        match handled {
            Handled::Refused(outcome) => {
                self.answers.hold(line, None, |out| {
                    answer::write_refusal(out, outcome, ending, date);
                });
            }
            Handled::Redirected(id) => {
                let to = self.intake.taking.redirect(&id);
                let click = Some(id).filter(|_| to.recorded);
                self.answers.hold(line, click, |out| {
                    answer::write_redirect(out, &to, ending, date);
                });
            }
        }
        ending.close
    }

    /// Holds bytes for `line` back until the open turn is settled.
    pub(super) fn hold(&mut self, line: &Rc<Line>, click: Option<ClickId>, bytes: &[u8]) {
        self.answers
            .hold(line, click, |out| out.extend_from_slice(bytes));
    }

    /// Commits the open turn, and settles or queues it.
    fn end(&mut self) {
        self.intake.taking.publish();
        match self.intake.taking.writer.commit() {
            Ok(None) if !self.answers.is_empty() => {
                // No sync is needed for refusals, but those before them may wait for theirs.
                let refusals = self.close(Epoch::default(), true);
                self.queue(refusals);
                self.release();
            }
            Ok(None) => {}
            Ok(Some(epoch)) => self.committed(epoch),
            Err(LogError::Stalled) => {
                let since = *self.stalled_since.get_or_insert_with(Instant::now);
                self.nudge.notify_one();
                if since.elapsed() >= STALL_MAX {
                    self.give_up();
                }
            }
            Err(_) => self.give_up(),
        }
    }

    fn committed(&mut self, epoch: Epoch) {
        self.stalled_since = None;
        if self.shared.durable_wait.is_none() && self.waiting.is_empty() {
            let clicks = std::mem::take(&mut self.intake.taking.clicks);
            settle(&self.shared, &mut self.answers, clicks, true);
            return;
        }
        let waiting = self.close(epoch, true);
        self.queue(waiting);
        self.shared.log.ask_sync();
    }

    /// Closes the open turn; what comes next belongs to the one after it.
    fn close(&mut self, epoch: Epoch, stored: bool) -> Waiting {
        Waiting {
            epoch,
            since: Instant::now(),
            answers: std::mem::take(&mut self.answers),
            clicks: std::mem::take(&mut self.intake.taking.clicks),
            stored,
        }
    }

    fn queue(&mut self, waiting: Waiting) {
        if self.waiting.is_empty() {
            self.nudge.notify_one();
        }
        self.waiting.push_back(waiting);
    }

    /// Gives the open turn's clicks up: they are redirected unrecorded.
    fn give_up(&mut self) {
        self.stalled_since = None;
        self.intake.taking.writer.abandon();
        // No sync is needed for it: every epoch is at least the default one.
        let waiting = self.close(Epoch::default(), false);
        self.queue(waiting);
        self.release();
    }

    /// Settles the turns whose sync has finished or takes too long. Called when a sync finished,
    /// when the log failed, and every few milliseconds while anything waits.
    pub(super) fn release(&mut self) {
        let failed = self.shared.log.failure().is_some();
        let durable = self.shared.log.durable_epoch();
        let wait = self.shared.durable_wait.unwrap_or_default();
        while let Some(first) = self.waiting.front() {
            let synced = first.epoch <= durable;
            let late = first.since.elapsed() >= wait;
            if !synced && !failed && !late {
                return;
            }
            let Some(mut first) = self.waiting.pop_front() else {
                return;
            };
            if !synced && !failed {
                self.shared.metrics.log.late_durable.increment(first.clicks);
            }
            let recorded = first.stored && (synced || !failed);
            settle(&self.shared, &mut first.answers, first.clicks, recorded);
        }
    }

    /// Is notified when something begins to wait.
    pub(super) fn nudge(&self) -> Rc<Notify> {
        Rc::clone(&self.nudge)
    }

    /// Whether something waits that no event may come for.
    pub(super) fn is_restless(&self) -> bool {
        self.stalled_since.is_some() || !self.waiting.is_empty()
    }

    /// What takes arrivals.
    pub(super) fn page_loads(&self) -> Arc<PageLoads> {
        Arc::clone(&self.page_loads)
    }

    /// Whether connections should be told to close.
    pub(super) fn is_draining(&self) -> bool {
        self.shared.is_draining()
    }
}

/// Counts a turn's clicks as what they became and lets its answers go.
fn settle(shared: &Shared, answers: &mut Answers, clicks: u64, recorded: bool) {
    let result = if recorded {
        ClickResult::Stored
    } else {
        ClickResult::Unrecorded
    };
    shared.metrics.link.clicks.add(result, clicks);
    answers.release(recorded, &shared.signer);
}

#[cfg(test)]
#[path = "turn_tests.rs"]
mod tests;
