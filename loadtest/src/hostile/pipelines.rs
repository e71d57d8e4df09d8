//! Connections that send valid clicks in batches without waiting for the answers in between.
//!
//! All answers must come back, in order, each for its own click. If an answer says that the
//! connection ends, the clicks behind it were not read: they are sent again on a new connection,
//! and the ledger shows whether they were counted nevertheless.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::MissedTickBehavior;

use crate::drive::batch::{Batch, read};
use crate::http::pipe::Pipe;
use crate::traffic::crowd::{Click, Crowd};

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Connections.
    pub(super) connections: u16,
    /// Clicks of a batch.
    pub(super) depth: u16,
    /// Batches of one connection in a second.
    pub(super) rate: u16,
    /// Which clicks.
    pub(super) seed: u64,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Piped {
    /// Numbers of the clicks, all of which were answered as recorded.
    pub(super) numbers: RefCell<Vec<u64>>,
    /// Batches sent.
    pub(super) batches: Cell<u64>,
    /// Clicks sent again because the connection ended before them.
    pub(super) again: Cell<u64>,
    /// Set to end after the batch at hand.
    pub(super) stop: Cell<bool>,
}

/// Sends over one of the plan's connections until it is told to stop.
pub(super) async fn send(plan: Plan, n: u16, target: SocketAddr, piped: Rc<Piped>) -> Result<()> {
    let second = Duration::from_secs(1);
    let mut ticks = tokio::time::interval(second / u32::from(plan.rate.max(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pipe = Pipe::new(target);
    let mut clicks = Crowd::Small.clicks(plan.seed.wrapping_add(u64::from(n)), u64::MAX);
    while !piped.stop.get() {
        ticks.tick().await;
        let batch: Vec<Click> = clicks.by_ref().take(usize::from(plan.depth)).collect();
        send_batch(&batch, &mut pipe, target, &piped)
            .await
            .with_context(|| format!("pipelining connection {n}"))?;
        piped.batches.set(piped.batches.get() + 1);
    }
    Ok(())
}

async fn send_batch(
    clicks: &[Click],
    pipe: &mut Pipe,
    target: SocketAddr,
    piped: &Piped,
) -> Result<()> {
    let batch = Batch::new(target, clicks.iter().copied())?;
    let mut next = 0;
    let mut answers = Vec::new();
    while let Some((bytes, clicks)) = batch.get(next, batch.len()) {
        if next > 0 {
            let left = u64::try_from(clicks.len())?;
            piped.again.set(piped.again.get() + left);
        }
        answers.clear();
        pipe.exchange(bytes, clicks.len(), &mut answers).await?;
        for (click, answer) in clicks.iter().zip(&answers) {
            piped.numbers.borrow_mut().push(read(click, answer)?);
        }
        next += answers.len();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::batch::tests::redirect;
    use crate::http::mock::{Mock, Seen, run};

    fn plan(depth: u16) -> Plan {
        Plan {
            connections: 1,
            depth,
            rate: 200,
            seed: 1,
        }
    }

    /// A mock whose answer `last` ends the connection.
    async fn mock(last: u64) -> Mock {
        let asked = Cell::new(0);
        Mock::start(move |request| {
            asked.set(asked.get() + 1);
            let answer = redirect(request, asked.get());
            if asked.get() == last {
                return answer.replace("\r\nContent", "\r\nConnection: close\r\nContent");
            }
            answer
        })
        .await
    }

    #[test]
    fn answers_in_another_order_are_an_error() {
        run(async {
            for (flip, good) in [(0, true), (1, false)] {
                let clicks: Vec<Click> = Crowd::Small.clicks(1, 4).collect();
                let paths = clicks.iter().map(|click| click.visit);
                let paths: Vec<String> = paths
                    .map(|v| format!("/c/{}/{}/7?", v.partner, v.ad))
                    .collect();
                let asked = Cell::new(0);
                let mock = Mock::start(move |_| {
                    let path = paths[asked.get() ^ flip].clone();
                    asked.set(asked.get() + 1);
                    let other = Seen {
                        path,
                        ..Seen::default()
                    };
                    redirect(&other, u64::try_from(asked.get()).unwrap())
                })
                .await;
                let mut pipe = Pipe::new(mock.address);
                let piped = Piped::default();
                let sent = send_batch(&clicks, &mut pipe, mock.address, &piped).await;
                assert_eq!(sent.is_ok(), good);
            }
        });
    }

    #[test]
    fn clicks_behind_the_end_of_a_connection_are_sent_again() {
        run(async {
            let mock = mock(3).await;
            let piped = Piped::default();
            let clicks: Vec<Click> = Crowd::Small.clicks(1, 8).collect();
            let mut pipe = Pipe::new(mock.address);
            send_batch(&clicks, &mut pipe, mock.address, &piped)
                .await
                .unwrap();
            assert_eq!((piped.numbers.borrow().len(), piped.again.get()), (8, 5));
            assert_eq!(mock.connections(), 2);
        });
    }

    #[test]
    fn batches_come_at_their_rate_until_told_to_stop() {
        run(async {
            let mock = mock(0).await;
            let piped = Rc::new(Piped::default());
            let stopping = async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                piped.stop.set(true);
                anyhow::Ok(())
            };
            tokio::try_join!(send(plan(4), 0, mock.address, piped.clone()), stopping).unwrap();
            let batches = piped.batches.get();
            assert!((2..=22).contains(&batches), "{batches}");
            assert_eq!(u64::try_from(mock.seen().len()).unwrap(), batches * 4);
            assert_eq!(piped.again.get(), 0);
        });
    }
}
