//! The sending half of `loadtest steady`: ticks in, figures out.
//!
//! A pacer releases ticks as they come due and the connections take them in order. A tick's
//! latency runs from the moment it was due, so a server that stalls is charged for every click
//! that should have gone out meanwhile. One thread; the senders share an [`OpenLoop`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::http::sender::Sender;
use crate::measure::latency::Latency;
use crate::measure::pace::{Schedule, pace};
use crate::traffic::generator::visit;
use crate::watch::Watched;

/// After so many failed clicks the run ends.
const FAILURES_MAX: u64 = 1_000;
/// Failures told one by one.
const SAID: usize = 5;

/// A run and what came of it.
pub(crate) struct OpenLoop {
    /// Which tick is due when.
    pub(crate) schedule: Schedule,
    /// Which clicks are sent.
    pub(crate) seed: u64,
    /// When tick 0 is due.
    pub(crate) start: Instant,
    /// Ticks due before this, from the start, are left out of both latencies.
    pub(crate) warm: Duration,
    permits: Semaphore,
    next: Cell<u64>,
    /// From due to answered.
    pub(crate) latency: RefCell<Latency>,
    /// From due to known to be due: the tool's own delay, over the warm-up too.
    pub(crate) delay: RefCell<Latency>,
    /// From due to being sent: that delay, then waiting for a free connection.
    pub(crate) late: RefCell<Latency>,
    /// Numbers of the clicks answered as recorded.
    pub(crate) numbers: RefCell<Vec<u64>>,
    /// The same clicks per partner.
    pub(crate) partners: RefCell<BTreeMap<u32, i64>>,
    /// 302s whose click id was not looked at.
    pub(crate) redirected: Cell<u64>,
    /// 302s that said that the click is not recorded.
    pub(crate) unrecorded: Cell<u64>,
    failed: Cell<u64>,
    failures: RefCell<Vec<String>>,
    /// Shared with the watcher.
    pub(crate) watched: Watched,
}

impl OpenLoop {
    /// A run that begins now.
    pub(crate) fn new(schedule: Schedule, seed: u64, warm: Duration) -> Result<Rc<Self>> {
        let start = Instant::now();
        Ok(Rc::new(Self {
            schedule,
            seed,
            start,
            warm,
            permits: Semaphore::new(0),
            next: Cell::new(0),
            latency: RefCell::new(Latency::new()?),
            delay: RefCell::new(Latency::new()?),
            late: RefCell::new(Latency::new()?),
            numbers: RefCell::default(),
            partners: RefCell::default(),
            redirected: Cell::new(0),
            unrecorded: Cell::new(0),
            failed: Cell::new(0),
            failures: RefCell::default(),
            watched: Watched::new(start, schedule.total)?,
        }))
    }

    /// Sends every tick over so many connections, each with a sender of its own; returns how long
    /// that took.
    pub(crate) async fn send(
        self: &Rc<Self>,
        connections: u16,
        sender: impl Fn() -> Result<Sender>,
    ) -> Result<Duration> {
        let mut senders = JoinSet::new();
        for _ in 0..connections {
            senders.spawn_local(self.clone().send_ticks(sender()?));
        }
        let pacing = async {
            pace(self.schedule, self.start, &self.permits, &self.delay).await?;
            // One more for each sender, which finds no tick left and ends.
            self.permits.add_permits(usize::from(connections));
            anyhow::Ok(())
        };
        let sending = async {
            while let Some(ended) = senders.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        };
        tokio::try_join!(pacing, sending)?;
        Ok(self.start.elapsed())
    }

    /// Clicks answered as recorded.
    pub(crate) fn recorded(&self) -> Result<u64> {
        Ok(u64::try_from(self.numbers.borrow().len())?)
    }

    /// Nothing failed or went unrecorded, and no click number was given twice.
    pub(crate) fn check(&self) -> Result<()> {
        let failed = self.failed.get();
        let failures = self.failures.borrow().join("\n  ");
        ensure!(failed == 0, "{failed} clicks failed\n  {failures}");
        let unrecorded = self.unrecorded.get();
        ensure!(unrecorded == 0, "{unrecorded} clicks were not recorded");
        let answered = self.recorded()? + self.redirected.get();
        let total = self.schedule.total;
        ensure!(
            answered == total,
            "{answered} of {total} clicks were answered"
        );
        let mut numbers = self.numbers.borrow_mut();
        numbers.sort_unstable();
        let mut pairs = numbers.iter().zip(numbers.iter().skip(1));
        if let Some((number, _)) = pairs.find(|(one, next)| one == next) {
            bail!("click number {number} was given twice");
        }
        Ok(())
    }

    /// Takes ticks as they come due and sends them over one connection.
    async fn send_ticks(self: Rc<Self>, mut sender: Sender) -> Result<()> {
        loop {
            self.permits.acquire().await?.forget();
            let tick = self.next.get();
            if tick >= self.schedule.total {
                return Ok(());
            }
            self.next.set(tick + 1);
            if tick.is_multiple_of(256) {
                self.watched.bar.set_position(tick);
            }
            let due = self.schedule.due(tick);
            let visit = visit(self.seed, tick);
            let begun = Instant::now();
            self.watched.sent.borrow_mut().sent(begun);
            let answer = sender.send(&visit).await;
            if due >= self.warm {
                let due = self.start + due;
                self.latency.borrow_mut().record(due.elapsed());
                self.late
                    .borrow_mut()
                    .record(begun.saturating_duration_since(due));
            }
            match answer {
                Ok(None) => self.redirected.set(self.redirected.get() + 1),
                Ok(Some(id)) if id.unrecorded => self.unrecorded.set(self.unrecorded.get() + 1),
                Ok(Some(id)) => {
                    self.numbers.borrow_mut().push(id.number);
                    *self.partners.borrow_mut().entry(visit.partner).or_insert(0) += 1;
                }
                Err(error) => self.fail(tick, &error)?,
            }
        }
    }

    fn fail(&self, tick: u64, error: &anyhow::Error) -> Result<()> {
        self.failed.set(self.failed.get() + 1);
        let mut failures = self.failures.borrow_mut();
        if failures.len() < SAID {
            failures.push(format!("click {tick}: {error:#}"));
        }
        if self.failed.get() >= FAILURES_MAX {
            bail!("{FAILURES_MAX} clicks failed\n  {}", failures.join("\n  "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::click::tests::id;
    use crate::http::mock::{Mock, run};
    use crate::http::sender::Expect;
    use crate::traffic::catalogue::PROGRAM;

    fn answer(status: &str) -> String {
        format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")
    }

    async fn sent(
        mock: &Mock,
        rate: u32,
        total: u64,
        warm: Duration,
        expect: Expect,
    ) -> Rc<OpenLoop> {
        let run = OpenLoop::new(Schedule { rate, total }, 1, warm).unwrap();
        run.send(4, || Sender::new(mock.address, PROGRAM, expect))
            .await
            .unwrap();
        run
    }

    #[test]
    fn every_tick_is_sent_once() {
        run(async {
            let mock = Mock::start(|_| answer("302 Found")).await;
            let run = sent(&mock, 1_000, 100, Duration::ZERO, Expect::Redirect).await;
            run.check().unwrap();
            let mut want: Vec<String> = (0..100)
                .map(|tick| visit(1, tick))
                .map(|v| format!("/c/{}/{}/{PROGRAM}?subId1=os{}", v.partner, v.ad, v.os))
                .collect();
            let mut sent = mock.paths();
            want.sort_unstable();
            sent.sort_unstable();
            assert_eq!(sent, want);
        });
    }

    #[test]
    fn a_stall_is_charged_to_every_tick_that_was_due_meanwhile() {
        run(async {
            let asked = Cell::new(0);
            let mock = Mock::start(move |_| {
                asked.set(asked.get() + 1);
                if asked.get() == 20 {
                    std::thread::sleep(Duration::from_millis(300));
                }
                answer("302 Found")
            })
            .await;
            let run = sent(&mock, 200, 100, Duration::ZERO, Expect::Redirect).await;
            let found = run.latency.borrow().percentiles();
            // About 60 of 100 ticks fall into the stall; measured from being sent, at most one
            // for each connection would show it.
            assert_eq!(found.count, 100);
            assert!(found.p50 > 20_000 && found.p90 > 200_000, "{found:?}");
        });
    }

    #[test]
    fn the_warm_up_is_sent_but_not_measured() {
        run(async {
            let mock = Mock::start(|_| answer("302 Found")).await;
            let warm = Duration::from_millis(30);
            let run = sent(&mock, 1_000, 100, warm, Expect::Redirect).await;
            run.check().unwrap();
            assert_eq!(run.latency.borrow().percentiles().count, 70);
            assert_eq!(run.late.borrow().percentiles().count, 70);
        });
    }

    #[test]
    fn failed_clicks_fail_the_check() {
        run(async {
            let asked = Cell::new(0);
            let mock = Mock::start(move |_| {
                asked.set(asked.get() + 1);
                answer(if asked.get() == 7 {
                    "500 Oops"
                } else {
                    "302 Found"
                })
            })
            .await;
            let run = sent(&mock, 1_000, 50, Duration::ZERO, Expect::Redirect).await;
            let error = run.check().unwrap_err().to_string();
            assert!(
                error.contains("1 clicks failed") && error.contains("500"),
                "{error}"
            );
        });
    }

    #[test]
    fn a_number_given_twice_and_an_unrecorded_click_fail_the_check() {
        for (flags, counters, said) in [
            (0, [1, 2, 3], None),
            (0, [1, 2, 1], Some("given twice")),
            (0x80, [1, 2, 3], Some("not recorded")),
        ] {
            run(async {
                let asked = Cell::new(0);
                // Numbers differ in their counter only, so their times must not.
                let millis =
                    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
                let mock = Mock::start(move |request| {
                    let mut numbers = request
                        .path
                        .split(['/', '?'])
                        .filter_map(|part| part.parse().ok());
                    let mut next = || numbers.next().unwrap();
                    let link = [next(), next(), next()];
                    let id = id(millis, counters[asked.get()], link, flags);
                    asked.set(asked.get() + 1);
                    let head = if flags == 0 {
                        ""
                    } else {
                        "X-Clickd-Recorded: 0\r\n"
                    };
                    format!(
                        "HTTP/1.1 302 Found\r\n{head}Location: https://b.example/?im_ref={id}\r\n\
                         Content-Length: 0\r\n\r\n"
                    )
                })
                .await;
                let run = sent(&mock, 1_000, 3, Duration::ZERO, Expect::ClickId).await;
                match said {
                    None => run.check().unwrap(),
                    Some(said) => {
                        let error = run.check().unwrap_err().to_string();
                        assert!(error.contains(said), "{error}");
                    }
                }
            });
        }
    }
}
