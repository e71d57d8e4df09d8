//! A closed loop: a fixed count of clicks, as fast as so many connections answer them.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;

use super::batch::{Batch, read};
use crate::http::pipe::Pipe;

struct Shared {
    batch: Batch,
    next: Cell<usize>,
    numbers: RefCell<Vec<u64>>,
}

/// Sends every click of `batch` once; returns their numbers and how long it took.
pub(crate) async fn send(
    batch: Batch,
    connections: u16,
    target: SocketAddr,
) -> Result<(Vec<u64>, Duration)> {
    let shared = Rc::new(Shared {
        numbers: RefCell::new(Vec::with_capacity(batch.len())),
        next: Cell::new(0),
        batch,
    });
    let start = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..connections {
        senders.spawn_local(send_clicks(shared.clone(), Pipe::new(target)));
    }
    while let Some(ended) = senders.join_next().await {
        ended??;
    }
    let took = start.elapsed();
    let numbers = shared.numbers.take();
    ensure!(
        numbers.len() == shared.batch.len(),
        "{} of {} clicks were answered",
        numbers.len(),
        shared.batch.len()
    );
    Ok((numbers, took))
}

/// Takes clicks until none is left.
async fn send_clicks(shared: Rc<Shared>, mut pipe: Pipe) -> Result<()> {
    let mut answers = Vec::new();
    loop {
        let index = shared.next.get();
        let Some((bytes, clicks)) = shared.batch.get(index, 1) else {
            return Ok(());
        };
        shared.next.set(index + 1);
        answers.clear();
        let ended = pipe.exchange(bytes, 1, &mut answers).await;
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

    #[test]
    fn every_click_is_sent_once_and_every_answer_read() {
        run(async {
            for wrong in [None, Some(60)] {
                let asked = Cell::new(0);
                let mock = Mock::start(move |request| {
                    asked.set(asked.get() + 1);
                    let answer = redirect(request, asked.get());
                    if wrong == Some(asked.get()) {
                        answer.replace("/app/", "/install/")
                    } else {
                        answer
                    }
                })
                .await;
                let batch = Batch::new(mock.address, Crowd::Small.clicks(1, 100)).unwrap();
                let sent = send(batch, 4, mock.address).await;
                assert_eq!(sent.is_ok(), wrong.is_none());
                if let Ok((numbers, _)) = sent {
                    assert_eq!((numbers.len(), mock.connections()), (100, 4));
                    let mut want: Vec<String> = Crowd::Small
                        .clicks(1, 100)
                        .map(|click| click.visit)
                        .map(|v| format!("/c/{}/{}/7?subId1=os{}", v.partner, v.ad, v.os))
                        .collect();
                    let mut paths = mock.paths();
                    want.sort_unstable();
                    paths.sort_unstable();
                    assert_eq!(paths, want);
                }
            }
        });
    }
}
