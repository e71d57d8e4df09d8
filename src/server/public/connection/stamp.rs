//! Bounds on the patience with one connection, without a timer for each.
//!
//! Hot path. The socket notes, in whole seconds of a clock that the worker ticks, when a head began
//! to arrive, when the last one was complete, and since when the client takes no bytes. Once a
//! second the worker asks every connection whether it is overdue.

use std::cell::Cell;
use std::rc::Rc;

use crate::telemetry::label::CloseReason;

/// Seconds that a head may take, from its first byte or, on a new connection, from its accept.
pub const HEAD_SECONDS: u32 = 10;
/// Seconds that a client may take no bytes of an answer.
pub const WRITE_SECONDS: u32 = 10;
/// Seconds that a client may take to close once it has its last answer.
pub const LINGER_SECONDS: u32 = 2;

/// Notes of one connection, in seconds of the worker's clock.
#[derive(Debug)]
pub(crate) struct Stamp {
    clock: Rc<Cell<u32>>,
    /// When the head at hand began; `None` between requests.
    head_since: Cell<Option<u32>>,
    /// When the last request was complete.
    idle_since: Cell<u32>,
    /// Whether a request waits for its answer.
    answering: Cell<bool>,
    /// Since when the client takes no bytes.
    write_since: Cell<Option<u32>>,
    /// Since when nothing more will be answered.
    closing_since: Cell<Option<u32>>,
}

impl Stamp {
    /// Notes of a connection accepted now.
    pub(crate) fn new(clock: Rc<Cell<u32>>) -> Self {
        let now = clock.get();
        Self {
            clock,
            head_since: Cell::new(Some(now)),
            idle_since: Cell::new(now),
            answering: Cell::new(false),
            write_since: Cell::new(None),
            closing_since: Cell::new(None),
        }
    }

    /// Bytes of a request have come.
    pub(crate) fn arrived(&self) {
        if self.head_since.get().is_none() {
            self.head_since.set(Some(self.clock.get()));
        }
    }

    /// The head of a request is complete.
    pub(crate) fn head_done(&self) {
        self.head_since.set(None);
        self.answering.set(true);
        self.idle_since.set(self.clock.get());
    }

    /// The client has taken everything.
    pub(crate) fn answered(&self) {
        self.answering.set(false);
        self.write_since.set(None);
    }

    /// The client takes no bytes.
    pub(crate) fn write_stalls(&self) {
        if self.write_since.get().is_none() {
            self.write_since.set(Some(self.clock.get()));
        }
    }

    /// Nothing more will be answered; whether that is new.
    pub(crate) fn closes(&self) -> bool {
        let is_new = self.closing_since.get().is_none();
        if is_new {
            self.closing_since.set(Some(self.clock.get()));
        }
        is_new
    }

    /// Why the connection must be closed now, if it must.
    pub(crate) fn overdue(&self, keep_alive: u32) -> Option<CloseReason> {
        let now = self.clock.get();
        let over = |since: Option<u32>, limit| since.is_some_and(|since| now - since > limit);
        if over(self.closing_since.get(), LINGER_SECONDS) {
            Some(CloseReason::Lingering)
        } else if over(self.write_since.get(), WRITE_SECONDS) {
            Some(CloseReason::WriteStalled)
        } else if over(self.head_since.get(), HEAD_SECONDS) {
            Some(CloseReason::SlowHead)
        } else if self.is_idle() && over(Some(self.idle_since.get()), keep_alive) {
            Some(CloseReason::Idle)
        } else {
            None
        }
    }

    /// Whether no head is arriving and no answer is due or on its way out.
    pub(crate) fn is_idle(&self) -> bool {
        self.head_since.get().is_none() && !self.answering.get() && self.write_since.get().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_delay_has_its_bound() {
        let clock = Rc::new(Cell::new(100));
        let stamp = Stamp::new(Rc::clone(&clock));
        let at = |seconds: u32| {
            clock.set(100 + seconds);
            stamp.overdue(75)
        };
        assert_eq!(
            (at(10), at(11)),
            (None, Some(CloseReason::SlowHead)),
            "nothing was sent"
        );
        clock.set(100);
        stamp.head_done();
        assert_eq!(
            (stamp.is_idle(), at(76)),
            (false, None),
            "its answer is due"
        );
        stamp.answered();
        assert!(stamp.is_idle());
        assert_eq!((at(75), at(76)), (None, Some(CloseReason::Idle)));
        clock.set(170);
        stamp.arrived();
        assert_eq!((at(80), at(81)), (None, Some(CloseReason::SlowHead)));
        stamp.head_since.set(None);
        clock.set(170);
        stamp.write_stalls();
        assert_eq!((at(80), at(81)), (None, Some(CloseReason::WriteStalled)));
        assert!(!stamp.is_idle());
        clock.set(170);
        assert!(stamp.closes() && !stamp.closes());
        assert_eq!((at(72), at(73)), (None, Some(CloseReason::Lingering)));
    }
}
