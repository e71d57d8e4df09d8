//! An open loop: click `n` is due at its own moment, and its latency runs from then, whatever
//! became of the clicks before it.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::http::pipe::{Answer, Pipe};
use crate::measure::latency::Latency;
use crate::measure::pace::{Schedule, pace};

/// Requests in their order, and what a right answer to each of them is.
pub(crate) trait Requests {
    /// How many there are.
    fn len(&self) -> usize;

    /// The bytes of one; `None` after the last.
    fn bytes(&self, index: usize) -> Option<&[u8]>;

    /// The number of the click, where the answer is asked for one.
    ///
    /// # Errors
    /// It is not answered as it must be.
    fn read(&self, index: usize, answer: &Answer) -> Result<Option<u64>>;
}

/// What came of a run.
pub(crate) struct Flow {
    /// From due to answered, without the warm-up.
    pub(crate) latency: Latency,
    /// From due to sent: that delay, then waiting for a free connection.
    pub(crate) late: Latency,
    /// From due to known to be due: the tool's own delay.
    pub(crate) delay: Latency,
    /// Numbers of the clicks, where they are asked for; all were answered as they must be.
    pub(crate) numbers: Vec<u64>,
}

struct Shared<R> {
    requests: R,
    schedule: Schedule,
    start: Instant,
    warm: Duration,
    permits: Semaphore,
    next: Cell<usize>,
    latency: RefCell<Latency>,
    late: RefCell<Latency>,
    answered: Cell<usize>,
    numbers: RefCell<Vec<u64>>,
}

/// How many clicks come due at `rate` a second over `length`.
pub(crate) fn count(rate: u32, length: Duration) -> u64 {
    let count = u128::from(rate) * length.as_millis() / 1_000;
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Sends every request at `rate` a second; those due before `warm` are not measured.
pub(crate) async fn send(
    requests: impl Requests + 'static,
    rate: u32,
    warm: Duration,
    connections: u16,
    target: SocketAddr,
) -> Result<Flow> {
    let shared = Rc::new(Shared {
        schedule: Schedule {
            rate,
            total: u64::try_from(requests.len())?,
        },
        start: Instant::now(),
        warm,
        permits: Semaphore::new(0),
        next: Cell::new(0),
        latency: RefCell::new(Latency::new()?),
        late: RefCell::new(Latency::new()?),
        answered: Cell::new(0),
        numbers: RefCell::new(Vec::with_capacity(requests.len())),
        requests,
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
    let (answered, all) = (shared.answered.get(), shared.requests.len());
    ensure!(answered == all, "{answered} of {all} clicks were answered");
    Ok(Flow {
        latency: shared.latency.replace(Latency::new()?),
        late: shared.late.replace(Latency::new()?),
        delay: delay.into_inner(),
        numbers: shared.numbers.take(),
    })
}

/// Takes clicks as they come due until none is left.
async fn send_clicks(shared: Rc<Shared<impl Requests>>, mut pipe: Pipe) -> Result<()> {
    let mut answers = Vec::new();
    loop {
        shared.permits.acquire().await?.forget();
        let index = shared.next.get();
        let Some(bytes) = shared.requests.bytes(index) else {
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
        for answer in &answers {
            let number = shared.requests.read(index, answer);
            let number = number.with_context(|| format!("click {index}"))?;
            shared.numbers.borrow_mut().extend(number);
            shared.answered.set(shared.answered.get() + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;
    use crate::drive::batch::tests::redirect;
    use crate::drive::batch::{Batch, Same};
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
    fn one_request_is_sent_over_and_over_and_any_recorded_redirect_will_do() {
        run(async {
            for (head, said) in [
                ("HTTP/1.1 302 Found\r\nLocation: /", None),
                ("HTTP/1.1 200 OK", Some("answered 200")),
                (
                    "HTTP/1.1 302 Found\r\nX-Clickd-Recorded: 0",
                    Some("not recorded"),
                ),
            ] {
                let mock =
                    Mock::start(move |_| format!("{head}\r\nContent-Length: 0\r\n\r\n")).await;
                let request = hyper::Request::get("/c/1/2/3").header("Host", "h");
                let same = Same::new(&request.body(Full::default()).unwrap(), 3);
                let flow = send(same, 1_000, Duration::ZERO, 2, mock.address).await;
                match (flow, said) {
                    (Ok(flow), None) => {
                        assert_eq!(flow.latency.percentiles().count, 3);
                        assert!(flow.numbers.is_empty());
                        assert_eq!(mock.paths(), ["/c/1/2/3"; 3]);
                        assert_eq!(mock.seen()[2].header("host"), Some("h"));
                    }
                    (Err(error), Some(said)) => {
                        let error = format!("{error:#}");
                        assert!(error.contains(said), "{error}");
                    }
                    (flow, said) => panic!("{:?} instead of {said:?}", flow.is_ok()),
                }
            }
        });
    }

    #[test]
    fn clicks_are_counted_by_rate_and_length() {
        assert_eq!(count(5_000, Duration::from_millis(1_500)), 7_500);
        assert_eq!(count(1, Duration::from_millis(999)), 0);
    }
}
