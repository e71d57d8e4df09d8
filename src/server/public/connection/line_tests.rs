//! Clients that take nothing, or go on sending.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::telemetry::label::CloseReason;

/// A connected pair: the client, and the line to it.
async fn pair(clock: &Rc<Cell<u32>>) -> (TcpStream, Rc<Line>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    (client, Line::new(stream, Stamp::new(Rc::clone(clock))))
}

/// Sends `bytes` as the answer of a turn of their own.
fn answer(line: &Rc<Line>, bytes: &[u8]) {
    let signer = Signer::new(vec![(0, [1; 32])]).unwrap();
    let mut answers = Answers::default();
    answers.hold(line, None, |out| out.extend_from_slice(bytes));
    assert!(!line.stamp.is_idle(), "an answer is due");
    answers.release(true, &signer);
    assert!(answers.is_empty());
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_noticed_and_forgiven() {
    let clock = Rc::new(Cell::new(5));
    let (mut client, line) = pair(&clock).await;
    line.stamp.head_done();
    let bytes = vec![7; 16 << 20];
    answer(&line, &bytes);
    clock.set(16);
    assert_eq!(line.stamp.overdue(75), Some(CloseReason::WriteStalled));
    // A client that takes nothing is not read from either.
    client.write_all(b"more").await.unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut room = [0; 10];
    let mut buffer = ReadBuf::new(&mut room);
    assert!(line.poll_read(&mut context, &mut buffer).is_pending());
    let take = async {
        let mut taken = vec![0; bytes.len()];
        client.read_exact(&mut taken).await.unwrap();
        taken
    };
    let read = std::future::poll_fn(|context| line.poll_read(context, &mut buffer));
    let (taken, read) = tokio::join!(take, read);
    read.unwrap();
    assert!(taken == bytes);
    assert_eq!(buffer.filled(), b"more");
    assert_eq!(line.stamp.overdue(75), None);
}

#[tokio::test]
async fn what_was_answered_arrives_though_the_client_goes_on_sending() {
    let clock = Rc::new(Cell::new(5));
    let (mut client, line) = pair(&clock).await;
    line.stamp.head_done();
    let bytes = vec![7; 300_000];
    client.write_all(&vec![1; 100_000]).await.unwrap();
    let serve = async {
        answer(&line, &bytes);
        std::future::poll_fn(|context| line.poll_close(context))
            .await
            .unwrap();
        clock.set(8);
        let overdue = line.stamp.overdue(75);
        drop(line);
        overdue
    };
    let read = async {
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        drop(client);
        all
    };
    let (overdue, all) = tokio::join!(serve, read);
    assert!(all == bytes && overdue == Some(CloseReason::Lingering));
}
