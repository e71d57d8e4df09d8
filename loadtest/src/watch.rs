//! Asks for the totals of a report again and again while clicks are sent, and until they cover
//! what was sent.
//!
//! Every answer is one poll of the freshness measurement. Runs beside the senders on their
//! thread, on a connection of its own.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::http::brand::{Account, Brand, Days, Totals};
use crate::measure::freshness::{Poll, SentCurve};

/// Between two polls. It is the grain of the freshness figures.
const PAUSE: Duration = Duration::from_millis(50);
/// How long after the last click the totals may take.
const LIMIT: Duration = Duration::from_secs(30);

/// What the watcher shares with the senders.
pub(crate) struct Watched {
    /// Clicks sent so far.
    pub(crate) sent: RefCell<SentCurve>,
    /// The totals to wait for and since when, once they are known.
    pub(crate) goal: Cell<Option<(Totals, Instant)>>,
    /// Shows the clicks sent.
    pub(crate) bar: ProgressBar,
}

/// What the watcher saw.
pub(crate) struct Seen {
    /// Every poll.
    pub(crate) polls: Vec<Poll>,
    /// The last totals.
    pub(crate) totals: Totals,
    /// Up to when the last report was complete, as it says itself.
    pub(crate) as_of: Option<String>,
}

impl Watched {
    /// Nothing sent yet; `expected` clicks fill the bar.
    pub(crate) fn new(start: Instant, expected: u64) -> Result<Self> {
        let style = "{elapsed_precise} {wide_bar} {human_pos}/{human_len} clicks {per_sec}";
        // Drawn on stderr, and only if that is a terminal.
        let bar = ProgressBar::new(expected).with_style(ProgressStyle::with_template(style)?);
        Ok(Self {
            sent: RefCell::new(SentCurve::new(start)),
            goal: Cell::new(None),
            bar,
        })
    }

    /// Tells the watcher what to wait for.
    pub(crate) fn await_totals(&self, goal: Totals) {
        self.goal.set(Some((goal, Instant::now())));
    }
}

/// Polls until the goal is known and reached, or 30 s later. Whether it was reached is for the
/// comparison to say.
pub(crate) async fn watch(account: &Account, since: &str, watched: &Watched) -> Result<Seen> {
    let mut brand = Brand::new(account);
    let mut polls = Vec::new();
    loop {
        let (totals, as_of) = brand
            .totals(&days(since))
            .await
            .context("polling the report")?;
        let sent = watched.sent.borrow().total();
        polls.push(watched.sent.borrow().poll(totals.raw));
        watched.bar.set_position(sent);
        if let Some((goal, at)) = watched.goal.get() {
            let reached = totals.raw >= goal.raw && totals.actions >= goal.actions;
            if reached || at.elapsed() > LIMIT {
                watched.bar.finish_and_clear();
                return Ok(Seen {
                    polls,
                    totals,
                    as_of,
                });
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// From `since` to today.
pub(crate) fn days(since: &str) -> Days {
    Days {
        start: since.to_owned(),
        end: today(),
    }
}

/// The UTC day.
pub(crate) fn today() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::mock::{Mock, run};

    #[test]
    fn it_ends_when_the_totals_cover_the_goal() {
        run(async {
            let asked = Cell::new(0_u64);
            let mock = Mock::start(move |_| {
                asked.set(asked.get() + 1);
                let (raw, actions) = [(0, 0), (2, 0), (2, 0)]
                    .get(usize::try_from(asked.get()).unwrap() - 1)
                    .copied()
                    .unwrap_or((2, 1));
                let row = format!("{{\"RawClicks\":{raw},\"Actions\":{actions}}}");
                let body = format!("{{\"@asof\":\"now\",\"Records\":[{row}]}}");
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            })
            .await;
            let account = Account {
                address: mock.address,
                sid: "S".to_owned(),
                token: "t".to_owned(),
                program: 7,
            };
            let start = Instant::now();
            let watched = Watched::new(start, 2).unwrap();
            watched.sent.borrow_mut().sent(start);
            watched.sent.borrow_mut().sent(start);
            let goal = Totals { raw: 2, actions: 1 };
            watched.await_totals(goal);
            let seen = watch(&account, "2026-11-22", &watched).await.unwrap();
            assert_eq!(seen.totals, goal);
            assert_eq!(seen.as_of.as_deref(), Some("now"));
            let visible: Vec<u64> = seen.polls.iter().map(|poll| poll.visible).collect();
            assert_eq!(visible, [0, 2, 2, 2]);
        });
    }

    #[test]
    fn days_are_calendar_days() {
        let today = today();
        assert_eq!(today.len(), 10);
        assert!(today.as_str() > "2026-01-01", "{today}");
        assert_eq!(days("2026-11-22").start, "2026-11-22");
    }
}
