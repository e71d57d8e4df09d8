//! One event-loop turn: clicks are handled as they come, committed together at its end, and then
//! answered.
//!
//! Hot path. Each worker thread holds one [`Turn`] in a thread-local. Requests get the number of
//! the turn they belong to; a turn is settled as recorded or unrecorded as a whole. The end of a
//! turn is the moment the runtime has nothing left to run ([`end`], called before it parks).
//!
//! Invariants: a click is answered as recorded only after its commit (`fast`) or a sync that began
//! after it (`durable`, unless that takes longer than the configured wait); once the log has
//! failed every click is answered as unrecorded.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use arc_swap::cache::Cache;
use bytes::BytesMut;
use hyper::header::{HeaderMap, HeaderValue};
use tokio::sync::Notify;

use crate::catalog::Catalog;
use crate::click::{self, Decision, DeepLinkCache, Salts, location};
use crate::link::{self, Link, Pairs};
use crate::log::{Epoch, LogError, Outcome, RefusedReason, TurnWriter};
use crate::model::click::ClickFlags;
use crate::model::click_id::{ClickId, TEXT_LEN};
use crate::model::id::ProgramId;
use crate::model::time::Millis;
use crate::telemetry::label::{ClickResult, LinkOutcome};

use super::record::Facts;
use super::shared::Shared;
use super::visit::{HeadError, Visit};

/// Turns that were settled as unrecorded and are still remembered.
const UNRECORDED_TURNS_MAX: usize = 1_024;
/// How long a click waits for a store that asks for a pause.
const STALL_MAX: Duration = Duration::from_millis(100);
/// Size of the blocks that `Location` values are cut from.
const ARENA_BYTES: usize = 64 << 10;

/// What a request asks for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// By HEAD, else by GET.
    pub(super) head: bool,
    /// The host of a target in absolute form, which stands above the header `Host`
    /// (RFC 9112, 3.2.2).
    pub(super) host: Option<&'a str>,
    /// Path of the target.
    pub(super) path: &'a str,
    /// Query of the target.
    pub(super) query: Option<&'a str>,
    /// Whether the version of HTTP demands a `Host`.
    pub(super) needs_host: bool,
}

/// How a request goes on.
pub(super) enum Handled {
    /// It is answered now.
    Refused(LinkOutcome),
    /// It waits for its turn to be settled.
    Waits {
        /// The turn.
        turn: u64,
        /// The redirect it will get.
        redirect: Redirect,
    },
    /// It is redirected now, unrecorded.
    Unrecorded(Redirect),
}

/// A redirect with the id that stands in its location.
#[derive(Debug)]
pub(super) struct Redirect {
    pub(super) location: BytesMut,
    pub(super) id: ClickId,
}

/// A committed turn that waits for its sync.
struct Waiting {
    turn: u64,
    epoch: Epoch,
    since: Instant,
    wakers: Vec<Waker>,
    clicks: u64,
}

/// The state of one worker.
pub(super) struct Turn {
    shared: Arc<Shared>,
    catalog: Cache<Arc<ArcSwap<Catalog>>, Arc<Catalog>>,
    salts: Cache<Arc<ArcSwap<Salts>>, Arc<Salts>>,
    writer: TurnWriter,
    pairs: Pairs,
    deep_links: DeepLinkCache,
    shape: Vec<u8>,
    location: Vec<u8>,
    arena: BytesMut,
    /// The turn that new clicks join.
    open: u64,
    /// Every turn below this is settled.
    settled_below: u64,
    unrecorded: VecDeque<u64>,
    wakers: Vec<Waker>,
    clicks: u64,
    waiting: VecDeque<Waiting>,
    stalled_since: Option<Instant>,
    /// Wakes the housekeeper when something begins to wait.
    nudge: Rc<Notify>,
    flags: [u64; ClickFlags::ALL.len()],
    outcomes: [u64; LinkOutcome::ALL.len()],
}

thread_local! {
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// Makes this thread a worker.
pub(super) fn install(shared: Arc<Shared>) {
    let turn = Turn::new(shared);
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
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            catalog: Cache::new(Arc::clone(&shared.snapshots.catalog)),
            salts: Cache::new(Arc::clone(&shared.snapshots.salts)),
            writer: shared.log.writer(),
            pairs: Pairs::default(),
            deep_links: DeepLinkCache::default(),
            shape: Vec::with_capacity(1_024),
            location: Vec::with_capacity(1_024),
            arena: BytesMut::with_capacity(ARENA_BYTES),
            open: 1,
            settled_below: 1,
            unrecorded: VecDeque::new(),
            wakers: Vec::new(),
            clicks: 0,
            waiting: VecDeque::new(),
            stalled_since: None,
            nudge: Rc::new(Notify::new()),
            flags: [0; ClickFlags::ALL.len()],
            outcomes: [0; LinkOutcome::ALL.len()],
            shared,
        }
    }

    /// Counts a request that is no link within bounds.
    pub(super) fn refuse(&mut self, outcome: LinkOutcome) -> Handled {
        let reason = match outcome {
            LinkOutcome::MethodNotAllowed => RefusedReason::Method,
            LinkOutcome::UriTooLong | LinkOutcome::HeadersTooLarge => RefusedReason::TooLong,
            LinkOutcome::BadRequest | LinkOutcome::ExpectationFailed => RefusedReason::BadRequest,
            LinkOutcome::NotFound | LinkOutcome::Redirected => RefusedReason::NotALink,
        };
        self.turn_away(outcome, reason)
    }

    fn turn_away(&mut self, outcome: LinkOutcome, reason: RefusedReason) -> Handled {
        self.writer.count(ProgramId(0), Outcome::Received);
        self.writer.count(ProgramId(0), Outcome::Refused(reason));
        self.count(outcome);
        Handled::Refused(outcome)
    }

    fn count(&mut self, outcome: LinkOutcome) {
        if let Some(count) = self.outcomes.get_mut(outcome as usize) {
            *count += 1;
        }
    }

    /// Handles a GET or HEAD; whether the head announced a body comes along.
    pub(super) fn click(
        &mut self,
        peer: IpAddr,
        asked: &Asked<'_>,
        headers: &HeaderMap,
    ) -> (Handled, bool) {
        let mut visit = match Visit::read(headers, asked.needs_host, &mut self.shape) {
            Ok(visit) => visit,
            Err(error) => {
                let outcome = match error {
                    HeadError::Host => LinkOutcome::BadRequest,
                    HeadError::Expectation => LinkOutcome::ExpectationFailed,
                    HeadError::TooLarge => LinkOutcome::HeadersTooLarge,
                };
                return (self.refuse(outcome), true);
            }
        };
        if let Some(host) = asked.host {
            visit.host = host.as_bytes();
        }
        let (address, malformed) = super::forwarded::client(
            peer,
            &self.shared.trusted_proxies,
            headers
                .get_all("forwarded")
                .iter()
                .map(HeaderValue::as_bytes),
            headers
                .get_all("x-forwarded-for")
                .iter()
                .map(HeaderValue::as_bytes),
        );
        let mut noticed = visit.flags;
        if asked.head {
            noticed.set(ClickFlags::HEAD);
        }
        if malformed {
            noticed.set(ClickFlags::MALFORMED_FORWARDED);
        }
        // The buffer is lent to the link for the time of this request.
        let mut pairs = std::mem::take(&mut self.pairs);
        let handled = match link::parse(asked.path, asked.query, &mut pairs) {
            Ok(link) => self.redirect(&link, &visit, noticed, address),
            Err(_) => self.turn_away(LinkOutcome::NotFound, RefusedReason::NotALink),
        };
        self.pairs = pairs;
        (handled, visit.has_body)
    }

    fn redirect(
        &mut self,
        link: &Link<'_>,
        visit: &Visit<'_>,
        noticed: ClickFlags,
        address: IpAddr,
    ) -> Handled {
        let now = self.writer.now();
        let catalog = Arc::clone(self.catalog.load());
        self.deep_links.set_version(catalog.version);
        let mut deep_links = std::mem::take(&mut self.deep_links);
        let decided = click::decide(&catalog, link, now, visit.host, &mut deep_links);
        let handled = match decided {
            None => self.turn_away(LinkOutcome::NotFound, RefusedReason::UnknownProgram),
            Some(decision) => self.accept(&decision, link, visit, noticed, address, now),
        };
        self.deep_links = deep_links;
        handled
    }

    fn accept(
        &mut self,
        decision: &Decision<'_>,
        link: &Link<'_>,
        visit: &Visit<'_>,
        noticed: ClickFlags,
        address: IpAddr,
        now: Millis,
    ) -> Handled {
        let (number, covered) = self.writer.mint(now);
        let recorded = covered && self.shared.log.failure().is_none();
        let id = ClickId {
            number,
            partner: link.partner,
            ad: link.ad,
            program: link.program,
            unrecorded: !recorded,
            key_number: self.shared.signer.key_number(),
        };
        let text = self.shared.signer.sign(&id);
        self.location.clear();
        location::write(&mut self.location, decision, link, &text, number.time());
        self.arena.extend_from_slice(&self.location);
        let redirect = Redirect {
            location: self.arena.split(),
            id,
        };
        if self.arena.capacity() < ARENA_BYTES / 16 {
            self.arena = BytesMut::with_capacity(ARENA_BYTES);
        }
        self.writer.count(link.program, Outcome::Received);
        self.count(LinkOutcome::Redirected);
        if !recorded {
            self.writer.count(link.program, Outcome::Unrecorded);
            self.shared
                .metrics
                .link
                .clicks
                .add(ClickResult::Unrecorded, 1);
            return Handled::Unrecorded(redirect);
        }
        let facts = Facts {
            decision,
            link,
            visit,
            noticed,
            address,
            id,
        };
        let flags = facts.store(&mut self.writer, self.salts.load(), &self.shape);
        for (count, (flag, _)) in self.flags.iter_mut().zip(ClickFlags::ALL) {
            *count += u64::from(flags.any(*flag));
        }
        self.clicks += 1;
        let turn = self.open;
        if self.writer.is_full() {
            self.end();
        }
        Handled::Waits { turn, redirect }
    }

    /// Whether `turn` is settled, and if so whether it is recorded; else `waker` is kept.
    pub(super) fn poll(&mut self, turn: u64, waker: &Waker) -> Option<bool> {
        if turn < self.settled_below {
            return Some(!self.unrecorded.contains(&turn));
        }
        let wakers = if turn == self.open {
            &mut self.wakers
        } else {
            match self.waiting.iter_mut().find(|waiting| waiting.turn == turn) {
                Some(waiting) => &mut waiting.wakers,
                None => &mut self.wakers,
            }
        };
        wakers.push(waker.clone());
        None
    }

    /// Commits the open turn, and settles or queues it.
    fn end(&mut self) {
        self.publish();
        match self.writer.commit() {
            Ok(None) => {}
            Ok(Some(epoch)) => {
                self.stalled_since = None;
                self.committed(epoch);
            }
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

    /// Closes the open turn; what comes next belongs to the one after it.
    fn close(&mut self, epoch: Epoch) -> Waiting {
        let turn = self.open;
        self.open += 1;
        Waiting {
            turn,
            epoch,
            since: Instant::now(),
            wakers: std::mem::take(&mut self.wakers),
            clicks: std::mem::take(&mut self.clicks),
        }
    }

    fn committed(&mut self, epoch: Epoch) {
        let waiting = self.close(epoch);
        if self.shared.durable_wait.is_none() {
            self.settle(waiting, true);
            return;
        }
        if self.waiting.is_empty() {
            self.nudge.notify_one();
        }
        self.waiting.push_back(waiting);
        self.shared.log.ask_sync();
    }

    /// Gives the open turn's clicks up: they are redirected unrecorded.
    fn give_up(&mut self) {
        self.stalled_since = None;
        self.release();
        self.writer.abandon();
        let waiting = self.close(Epoch::default());
        self.settle(waiting, false);
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
            let Some(first) = self.waiting.pop_front() else {
                return;
            };
            if !synced && !failed {
                self.shared.metrics.log.late_durable.increment(first.clicks);
            }
            self.settle(first, synced || !failed);
        }
    }

    fn settle(&mut self, waiting: Waiting, recorded: bool) {
        self.settled_below = waiting.turn + 1;
        let result = if recorded {
            ClickResult::Stored
        } else {
            ClickResult::Unrecorded
        };
        self.shared.metrics.link.clicks.add(result, waiting.clicks);
        if !recorded {
            self.unrecorded.push_back(waiting.turn);
            if self.unrecorded.len() > UNRECORDED_TURNS_MAX {
                self.unrecorded.pop_front();
            }
        }
        for waker in waiting.wakers {
            waker.wake();
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

    /// Signs `id` anew, as that of a click that is not stored.
    pub(super) fn resign(&self, id: &ClickId) -> [[u8; TEXT_LEN]; 2] {
        let signer = &self.shared.signer;
        [
            signer.sign(id),
            signer.sign(&ClickId {
                unrecorded: true,
                ..*id
            }),
        ]
    }

    /// Whether connections should be told to close.
    pub(super) fn is_draining(&self) -> bool {
        self.shared.is_draining()
    }

    /// Adds the turn's counts to the metrics.
    fn publish(&mut self) {
        let link = &self.shared.metrics.link;
        for (count, outcome) in self.outcomes.iter_mut().zip(LinkOutcome::ALL) {
            if *count > 0 {
                link.requests.add(*outcome, std::mem::take(count));
            }
        }
        for (count, (flag, _)) in self.flags.iter_mut().zip(ClickFlags::ALL) {
            if *count > 0 {
                if *flag == ClickFlags::MALFORMED_DEEP_LINK {
                    link.deep_links_refused.increment(*count);
                }
                link.flags.add(*flag, std::mem::take(count));
            }
        }
    }
}
