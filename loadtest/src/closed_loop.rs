//! The sending half of `loadtest replay`: rows in, answered clicks out.
//!
//! Clicks go out as fast as the connections allow (a closed loop); conversions are submitted beside
//! them as soon as their click is answered, so that a conversion races its own click's slot. One
//! thread.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::check::recount::Counted;
use crate::http::brand::{Account, Brand, Totals};
use crate::http::sender::{Expect, Sender};
use crate::measure::freshness::SentCurve;
use crate::measure::latency::{Latency, Percentiles};
use crate::traffic::catalogue::{EVENT_TYPE, PROGRAM};
use crate::traffic::sample::Row;
use crate::watch::{Seen, Watched, watch};

/// What the senders share.
struct Shared {
    rows: Vec<Row>,
    next: Cell<usize>,
    latency: RefCell<Latency>,
    counted: RefCell<Vec<Counted>>,
    watched: Watched,
}

/// A click that led to an install: its row number and click id.
type Install = (usize, String);

/// What came of the sending.
pub(crate) struct Run {
    /// Every row, as it was answered.
    pub(crate) counted: Vec<Counted>,
    /// From sending to answer.
    pub(crate) latency: Percentiles,
    /// What the report showed meanwhile and at last.
    pub(crate) seen: Seen,
    /// From the first row sent to the last answered.
    pub(crate) took: Duration,
    sent: SentCurve,
}

impl Run {
    /// From sent to visible in the report.
    pub(crate) fn freshness(&self) -> Result<Percentiles> {
        self.sent.freshness(&self.seen.polls)
    }
}

/// Sends every row to `target` over so many connections, submits the conversions to `account`'s
/// API, and waits until its report of the days from `since` covers both.
///
/// # Errors
/// A row without a 302, without its own valid click id, or unrecorded; a refused conversion.
pub(crate) async fn send(
    rows: Vec<Row>,
    connections: u16,
    target: SocketAddr,
    account: &Account,
    since: &str,
) -> Result<Run> {
    let total = rows.len();
    let start = Instant::now();
    let shared = Rc::new(Shared {
        watched: Watched::new(start, u64::try_from(total)?)?,
        latency: RefCell::new(Latency::new()?),
        counted: RefCell::new(Vec::with_capacity(total)),
        next: Cell::new(0),
        rows,
    });
    let sending = async {
        let (installs, queue) = mpsc::channel(1_024);
        let mut senders = JoinSet::new();
        for _ in 0..connections {
            let sender = Sender::new(target, PROGRAM, Expect::ClickId)?;
            senders.spawn_local(send_rows(shared.clone(), sender, installs.clone()));
        }
        drop(installs);
        let converting = convert(account.clone(), queue);
        let clicking = async {
            while let Some(ended) = senders.join_next().await {
                ended??;
            }
            Ok(start.elapsed())
        };
        let (actions, took) = tokio::try_join!(converting, clicking)?;
        let raw = u64::try_from(shared.counted.borrow().len())?;
        shared.watched.await_totals(Totals { raw, actions });
        Ok(took)
    };
    let (took, seen) = tokio::try_join!(sending, watch(account, since, &shared.watched))?;
    let counted = shared.counted.take();
    ensure!(
        counted.len() == total,
        "{} of {total} rows were answered",
        counted.len()
    );
    let mut numbers = HashSet::with_capacity(total);
    for click in &counted {
        ensure!(
            numbers.insert(click.number),
            "click number {} was given twice",
            click.number
        );
    }
    let latency = shared.latency.borrow().percentiles();
    Ok(Run {
        counted,
        latency,
        seen,
        took,
        sent: shared.watched.sent.replace(SentCurve::new(start)),
    })
}

/// Sends rows over one connection until none is left.
async fn send_rows(
    shared: Rc<Shared>,
    mut sender: Sender,
    installs: mpsc::Sender<Install>,
) -> Result<()> {
    loop {
        let index = shared.next.get();
        let Some(row) = shared.rows.get(index).copied() else {
            return Ok(());
        };
        let number = index + 1;
        shared.next.set(number);
        let begun = Instant::now();
        shared.watched.sent.borrow_mut().sent(begun);
        let id = sender.send(&row.visit).await;
        shared.latency.borrow_mut().record(begun.elapsed());
        let id = id
            .with_context(|| format!("row {number}"))?
            .context("no click id")?;
        ensure!(!id.unrecorded, "row {number}: the click was not recorded");
        shared.counted.borrow_mut().push(Counted {
            visit: row.visit,
            millis: id.millis,
            number: id.number,
            converted: row.attributed,
        });
        // Nobody takes conversions any more only if one has failed, which ends the run.
        if row.attributed && installs.send((number, id.text)).await.is_err() {
            return Ok(());
        }
    }
}

/// Submits conversions as they come and says how many it was.
async fn convert(account: Account, mut queue: mpsc::Receiver<Install>) -> Result<u64> {
    let mut brand = Brand::new(&account);
    let mut converted = 0;
    while let Some((number, click_id)) = queue.recv().await {
        brand
            .convert(EVENT_TYPE, &number.to_string(), &click_id)
            .await?;
        converted += 1;
    }
    Ok(converted)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::check::compare::{self, differences};
    use crate::check::recount::recount;
    use crate::http::click::tests::{id, partner};
    use crate::http::mock::{Mock, Seen as Asked, run};
    use crate::traffic::catalogue::{PAYOUT, WINDOW};
    use crate::traffic::visit::Visit;
    use crate::watch::{days, today};

    /// What is wrong with the stand-in for a daemon.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Fault {
        None,
        SameNumber,
        Unrecorded,
        RefusesConversions,
        LosesAClick,
        CreditsAnother,
        CountsAgents,
    }

    /// A daemon that counts in the simplest way and shows a click at once.
    struct Fake {
        fault: Fault,
        clicks: RefCell<Vec<(u32, String)>>,
        actions: RefCell<BTreeMap<u32, u32>>,
    }

    impl Fake {
        fn answer(&self, request: &Asked) -> String {
            if request.path.starts_with("/c/") {
                self.click(request)
            } else if request.method == "POST" {
                self.conversion(&request.body)
            } else if request.path.contains("_by_day_") {
                let raw = self.clicks.borrow().len();
                let actions: u32 = self.actions.borrow().values().sum();
                body(&format!("{{\"RawClicks\":{raw},\"Actions\":{actions}}}"))
            } else {
                self.by_partner()
            }
        }

        fn click(&self, request: &Asked) -> String {
            let mut numbers = request
                .path
                .split(['/', '?'])
                .filter_map(|part| part.parse().ok());
            let mut next = || numbers.next().unwrap();
            let link = [next(), next(), next()];
            let agent = request.header("user-agent").unwrap();
            let visitor = match self.fault {
                Fault::CountsAgents => agent.to_owned(),
                _ => format!("{agent} {}", request.header("x-forwarded-for").unwrap()),
            };
            self.clicks.borrow_mut().push((link[0], visitor));
            let count = match self.fault {
                Fault::SameNumber => 1,
                _ => u64::try_from(self.clicks.borrow().len()).unwrap(),
            };
            let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
            // Of one second, so that numbers can be the same.
            let millis = i64::try_from(now / 1_000 * 1_000).unwrap();
            let flags = if self.fault == Fault::Unrecorded {
                0x80
            } else {
                0
            };
            let recorded = if flags == 0 {
                ""
            } else {
                "X-Clickd-Recorded: 0\r\n"
            };
            let id = id(millis, count, link, flags);
            format!(
                "HTTP/1.1 302 Found\r\n{recorded}Location: https://b.example/?im_ref={id}\r\n\
                 Content-Length: 0\r\n\r\n"
            )
        }

        fn conversion(&self, form: &str) -> String {
            if self.fault == Fault::RefusesConversions {
                return "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n".to_owned();
            }
            let id = form.split_once("&ClickId=").unwrap().1;
            let other = u32::from(self.fault == Fault::CreditsAnother);
            *self
                .actions
                .borrow_mut()
                .entry(partner(id) + other)
                .or_insert(0) += 1;
            body("")
        }

        fn by_partner(&self) -> String {
            let mut clicks = self.clicks.borrow().clone();
            if self.fault == Fault::LosesAClick {
                clicks.pop();
            }
            let partners: std::collections::BTreeSet<u32> = clicks
                .iter()
                .map(|click| click.0)
                .chain(self.actions.borrow().keys().copied())
                .collect();
            let rows: Vec<String> = partners
                .into_iter()
                .map(|partner| {
                    let own: Vec<_> = clicks.iter().filter(|click| click.0 == partner).collect();
                    let unique = own.iter().collect::<HashSet<_>>().len();
                    let actions = self.actions.borrow().get(&partner).copied().unwrap_or(0);
                    let cost = format!("{}.{:02}", actions * 5 / 4, actions * 125 % 100);
                    format!(
                        "{{\"MediaId\":\"{partner}\",\"RawClicks\":{},\"Clicks\":{unique},\
                         \"PayableClicks\":{unique},\"GrossActions\":{actions},\
                         \"Actions\":{actions},\"ActionCost\":\"{cost}\"}}",
                        own.len()
                    )
                })
                .collect();
            body(&rows.join(","))
        }
    }

    fn body(records: &str) -> String {
        let body = format!("{{\"@asof\":\"now\",\"Records\":[{records}]}}");
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Forty rows of five partners, with duplicates, three of them installs.
    fn rows() -> Vec<Row> {
        (0..40)
            .map(|n| Row {
                visit: Visit {
                    partner: 100 + n % 5,
                    ad: 1 + n % 3,
                    ip: n % 20,
                    device: n % 2,
                    os: 9,
                },
                attributed: n % 15 == 3,
            })
            .collect()
    }

    /// The differences found against a stand-in with this fault.
    fn replay(fault: Fault) -> Result<Vec<String>> {
        run(async {
            let fake = Fake {
                fault,
                clicks: RefCell::default(),
                actions: RefCell::default(),
            };
            let mock = Mock::start(move |request| fake.answer(request)).await;
            let account = Account {
                address: mock.address,
                sid: "S".to_owned(),
                token: "t".to_owned(),
                program: PROGRAM,
            };
            let since = today();
            let run = send(rows(), 4, mock.address, &account, &since).await?;
            assert_eq!((run.counted.len(), run.latency.count), (40, 40));
            assert_eq!(run.freshness()?.count, 40);
            let expected = recount(&run.counted, WINDOW)
                .iter()
                .map(|(partner, figures)| (*partner, compare::expected(figures, PAYOUT)))
                .collect();
            let report = Brand::new(&account).by_partner(&days(&since)).await?;
            let found = differences(&expected, &compare::read(&report.records)?);
            Ok(found.iter().map(ToString::to_string).collect())
        })
    }

    #[test]
    fn a_daemon_that_counts_right_shows_no_difference() {
        assert_eq!(replay(Fault::None).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn every_fault_is_found() {
        for (fault, said) in [
            (Fault::SameNumber, "given twice"),
            (Fault::Unrecorded, "not recorded"),
            (Fault::RefusesConversions, "answered 503"),
            (Fault::LosesAClick, "RawClicks is 7, the recount says 8"),
            (Fault::CreditsAnother, "Actions is 0, the recount says"),
            (Fault::CountsAgents, "Clicks is 2, the recount says 4"),
        ] {
            let found = match replay(fault) {
                Ok(found) => found.join("; "),
                Err(error) => format!("{error:#}"),
            };
            assert!(found.contains(said), "{fault:?}: {found}");
        }
    }
}
