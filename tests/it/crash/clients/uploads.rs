//! The brand's files: a thread that uploads conversions, and then modifications and reversals of
//! them, one file after the other.
//!
//! A file is sent until it is answered and asked for until it is complete; some are sent again. The
//! orders of files are changed by files alone, each once in a file, so that what was said last of
//! an order is known.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::super::known::{File, Known, Way};
use super::super::world::BRAND;
use super::{brand, changes, lines};
use crate::support::dice::Dice;
use crate::support::http::{self, Client};

const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(3);
const ASK_AGAIN: Duration = Duration::from_millis(5);
/// Between two files.
const PAUSE: Duration = Duration::from_millis(60);
/// Most lines of a file, and fewest.
const LINES: (u64, u64) = (100, 1_500);

/// A client of the API that uploads.
pub(crate) struct Uploads<'a> {
    pub(crate) to: SocketAddr,
    pub(crate) token: &'a str,
    pub(crate) known: &'a Mutex<Known>,
}

impl Uploads<'_> {
    /// Uploads files until `stop`.
    pub(crate) fn submit(&self, mut dice: Dice, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            if self.is_open() {
                if self.step().is_err() {
                    std::thread::sleep(RETRY);
                }
            } else {
                std::thread::sleep(PAUSE);
                let known = &mut self.known.lock();
                if dice.chance(15) && !known.files.is_empty() {
                    let again = known.files.last_mut().unwrap();
                    again.is_complete = false;
                } else {
                    begin(known, &mut dice);
                }
            }
        }
    }

    /// Carries the file that is under way to its end.
    pub(crate) fn finish(&self) {
        while self.is_open() {
            self.step().unwrap();
        }
    }

    fn is_open(&self) -> bool {
        let known = self.known.lock();
        known.files.last().is_some_and(|file| !file.is_complete)
    }

    /// Sends the newest file, and asks for it until it is complete.
    fn step(&self) -> io::Result<()> {
        let authorization = http::basic(BRAND, self.token);
        let mut client = Client::connect(self.to, PATIENCE)?;
        let (place, file) = {
            let known = self.known.lock();
            let place = known.files.len() - 1;
            (place, known.files[place].clone())
        };
        let length = file.text.len().to_string();
        let path = format!("/Advertisers/{BRAND}/FTPFileSubmissions");
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", "text/csv"),
            ("Content-Length", length.as_str()),
        ];
        let target = format!("{path}?Type={}&FileName={place}.csv", file.kind);
        let request = http::request("POST", &target, &headers) + &file.text;
        let answer = client.exchange(&request)?;
        self.known.lock().files[place].sent += 1;
        let Some(uri) = brand::queued(&answer, &target) else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        let first = file.answered.unwrap_or_else(|| uri.clone());
        assert_eq!(first, uri, "a file is answered twice, differently");
        self.known.lock().files[place].answered = Some(uri.clone());
        loop {
            let answer = client.exchange(&http::get(&uri, &headers[..1]))?;
            assert_eq!(answer.status, 200, "{uri}: {answer:?}");
            let shown = answer.json();
            if shown["Status"] == "Complete" {
                // Errors are what the fold refuses, which the recount compares.
                let counts = ["TotalStored", "TotalRetries"];
                let counts = counts.map(|name| shown[name].as_u64());
                let expected = [Some(file.lines as u64), Some(0)];
                assert_eq!(counts, expected, "file {place}: {shown}");
                self.known.lock().files[place].is_complete = true;
                return Ok(());
            }
            std::thread::sleep(ASK_AGAIN);
        }
    }
}

/// Makes the next file, if there is something to say.
fn begin(known: &mut Known, dice: &mut Dice) {
    let place = known.files.len();
    let lines = LINES.0 + dice.below(LINES.1 - LINES.0);
    let kind = *dice.pick(&["Conversion", "Conversion", "Modification", "Reversal"]);
    let text = match kind {
        "Conversion" => conversions(known, dice, place, lines),
        kind => changed(known, dice, place, lines, kind == "Reversal"),
    };
    let lines = text.lines().count().saturating_sub(1);
    if lines > 0 {
        known.files.push(File {
            kind,
            text,
            lines,
            answered: None,
            is_complete: false,
            is_cut: false,
            sent: 0,
        });
    }
}

fn conversions(known: &mut Known, dice: &mut Dice, place: usize, lines: u64) -> String {
    let first = known.payloads.len();
    // The header is the first line.
    for line in 2..2 + lines {
        let before = known.payloads[first..].last();
        let again = before.filter(|_| dice.chance(10));
        let order = if let Some(own) = again {
            (own.order, Some(own.program))
        } else {
            known.orders += 1;
            (known.orders, None)
        };
        if brand::add(known, dice, order, Way::File(place, line)).is_none() {
            break;
        }
    }
    lines::csv(known.payloads[first..].iter().map(|payload| &*payload.form))
}

/// Changes of orders of files before, each of one order.
fn changed(known: &mut Known, dice: &mut Dice, place: usize, lines: u64, reverses: bool) -> String {
    let of_files = known.payloads.iter();
    let of_files = of_files.filter(|payload| matches!(payload.way, Way::File(..)));
    let orders: Vec<(u32, u64)> = of_files.map(|own| (own.program, own.order)).collect();
    let first = known.changes.len();
    let mut chosen = BTreeSet::new();
    // Reversed orders are changed no more, so few are.
    let lines = if reverses { lines / 5 } else { lines };
    for _ in 0..lines.min(orders.len() as u64) {
        let order = *dice.pick(&orders);
        if chosen.insert(order) {
            // The header is the first line.
            let way = Way::File(place, 1 + chosen.len() as u64);
            let amount = (!reverses).then(|| changes::amount(dice));
            changes::add(known, order, amount, way);
        }
    }
    lines::csv(known.changes[first..].iter().map(|change| &*change.form))
}
