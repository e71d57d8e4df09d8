//! An open loop: click `n` is due at its own moment, and its latency runs from then, whatever
//! became of the clicks before it.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::batch::{Batch, read};
use crate::http::pipe::Pipe;
use crate::measure::latency::Latency;
use crate::measure::pace::{Schedule, pace};

/// What came of a run.
pub(crate) struct Flow {
    /// From due to answered, without the warm-up.
    pub(crate) latency: Latency,
    /// From due to sent: that delay, then waiting for a free connection.
    pub(crate) late: Latency,
    /// From due to known to be due: the tool's own delay.
    pub(crate) delay: Latency,
    /// Numbers of the clicks, all of which were answered as recorded.
    pub(crate) numbers: Vec<u64>,
}

struct Shared {
    batch: Batch,
    schedule: Schedule,
    start: Instant,
    warm: Duration,
    permits: Semaphore,
    next: Cell<usize>,
    latency: RefCell<Latency>,
    late: RefCell<Latency>,
    numbers: RefCell<Vec<u64>>,
}

/// How many clicks come due at `rate` a second over `length`.
pub(crate) fn count(rate: u32, length: Duration) -> u64 {
    let count = u128::from(rate) * length.as_millis() / 1_000;
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Sends every click of `batch` at `rate` a second; those due before `warm` are not measured.
pub(crate) async fn send(
    batch: Batch,
    rate: u32,
    warm: Duration,
    connections: u16,
    target: SocketAddr,
) -> Result<Flow> {
    let shared = Rc::new(Shared {
        schedule: Schedule {
            rate,
            total: u64::try_from(batch.len())?,
        },
        start: Instant::now(),
        warm,
        permits: Semaphore::new(0),
        next: Cell::new(0),
        latency: RefCell::new(Latency::new()?),
        late: RefCell::new(Latency::new()?),
        numbers: RefCell::new(Vec::with_capacity(batch.len())),
        batch,
    });
    let delay = RefCell::new(Latency::new()?);
    let mut senders = JoinSet::new();
    for _ in 0..connections {
        senders.spawn_local(send_clicks(shared.clone(), Pipe::new(target)));
    }
    let pacing = async {
        pace(shared.schedule, shared.start, &shared.permits, &delay).await?;
        // One more for each sender, which finds no click left and ends.
        shared.permits.add_permits(usize::from(connections));
        anyhow::Ok(())
    };
    let sending = async {
        while let Some(ended) = senders.join_next().await {
            ended??;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(pacing, sending)?;
    let numbers = shared.numbers.take();
    ensure!(
        numbers.len() == shared.batch.len(),
        "{} of {} clicks were answered",
        numbers.len(),
        shared.batch.len()
    );
    Ok(Flow {
        latency: shared.latency.replace(Latency::new()?),
        late: shared.late.replace(Latency::new()?),
        delay: delay.into_inner(),
        numbers,
    })
}

/// Takes clicks as they come due until none is left.
async fn send_clicks(shared: Rc<Shared>, mut pipe: Pipe) -> Result<()> {
    let mut answers = Vec::new();
    loop {
        shared.permits.acquire().await?.forget();
        let index = shared.next.get();
        let Some((bytes, clicks)) = shared.batch.get(index, 1) else {
            return Ok(());
        };
        shared.next.set(index + 1);
        let due = shared.schedule.due(u64::try_from(index)?);
        answers.clear();
        let late = (shared.start + due).elapsed();
        let ended = pipe.exchange(bytes, 1, &mut answers).await;
        if due >= shared.warm {
            let latency = (shared.start + due).elapsed();
            shared.latency.borrow_mut().record(latency);
            shared.late.borrow_mut().record(late);
        }
        ended.with_context(|| format!("click {index}"))?;
        for (click, answer) in clicks.iter().zip(&answers) {
            let number = read(click, answer).with_context(|| format!("click {index}"))?;
            shared.numbers.borrow_mut().push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::batch::tests::redirect;
    use crate::http::mock::{Mock, run};
    use crate::traffic::crowd::Crowd;

    /// What came of 100 clicks at 200 a second to a mock that sleeps before one answer.
    async fn flow(slow: u64, warm: Duration) -> Flow {
        let asked = Cell::new(0);
        let mock = Mock::start(move |request| {
            asked.set(asked.get() + 1);
            if asked.get() == slow {
                std::thread::sleep(Duration::from_millis(300));
            }
            redirect(request, asked.get())
        })
        .await;
        let batch = Batch::new(mock.address, Crowd::Small.clicks(1, 100)).unwrap();
        send(batch, 200, warm, 4, mock.address).await.unwrap()
    }

    #[test]
    fn a_stall_is_charged_to_every_click_that_was_due_meanwhile() {
        run(async {
            let flow = flow(20, Duration::ZERO).await;
            let found = flow.latency.percentiles();
            assert_eq!((found.count, flow.numbers.len()), (100, 100));
            assert!(found.p50 > 20_000 && found.p90 > 200_000, "{found:?}");
            assert_eq!(flow.delay.percentiles().count, 100);
        });
    }

    #[test]
    fn the_warm_up_is_sent_but_not_measured() {
        run(async {
            let flow = flow(0, Duration::from_millis(150)).await;
            assert_eq!(flow.latency.percentiles().count, 70);
            assert_eq!(flow.late.percentiles().count, 70);
            assert_eq!(flow.numbers.len(), 100);
        });
    }

    #[test]
    fn clicks_are_counted_by_rate_and_length() {
        assert_eq!(count(5_000, Duration::from_millis(1_500)), 7_500);
        assert_eq!(count(1, Duration::from_millis(999)), 0);
    }
}
