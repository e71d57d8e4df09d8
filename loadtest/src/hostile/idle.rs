//! Connections that make one honest request and then stay silent.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};

use crate::drive::batch::{Batch, read};
use crate::http::pipe::Pipe;
use crate::traffic::crowd::Crowd;

/// The connections. Dropping it closes all.
pub(super) struct Idle {
    pipes: Vec<Pipe>,
}

impl Idle {
    /// Opens `connections`, one after another; returns the numbers of their clicks too.
    pub(super) async fn open(
        target: SocketAddr,
        connections: u16,
        seed: u64,
    ) -> Result<(Self, Vec<u64>)> {
        let batch = Batch::new(target, Crowd::Small.clicks(seed, u64::from(connections)))?;
        let mut pipes = Vec::new();
        let mut numbers = Vec::new();
        let mut answers = Vec::new();
        for index in 0..batch.len() {
            let (bytes, clicks) = batch.get(index, 1).context("no click")?;
            let mut pipe = Pipe::new(target);
            answers.clear();
            pipe.exchange(bytes, 1, &mut answers).await?;
            for (click, answer) in clicks.iter().zip(&answers) {
                numbers.push(read(click, answer)?);
            }
            pipes.push(pipe);
        }
        Ok((Self { pipes }, numbers))
    }

    /// How many are still open.
    pub(super) fn count_open(&self) -> usize {
        self.pipes.iter().filter(|pipe| pipe.is_open()).count()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;
    use crate::drive::batch::tests::redirect;
    use crate::http::mock::{Mock, run};

    #[test]
    fn each_makes_one_request_and_is_seen_to_be_open_or_not() {
        run(async {
            let asked = Cell::new(0);
            let mock = Mock::start(move |request| {
                asked.set(asked.get() + 1);
                let answer = redirect(request, asked.get());
                let drop = asked.get() == 3;
                answer.replace(
                    "\r\nContent",
                    if drop {
                        "\r\nConnection: drop\r\nContent"
                    } else {
                        "\r\nContent"
                    },
                )
            })
            .await;
            let (idle, numbers) = Idle::open(mock.address, 5, 1).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!((mock.connections(), numbers.len()), (5, 5));
            assert_eq!(idle.count_open(), 4);
        });
    }
}
