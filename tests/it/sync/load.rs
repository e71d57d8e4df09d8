//! Customers and a brand at work, and what was answered to them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::client::{Answer, Client, number_and_partner, order};
use super::daemon::{BRAND, Home};
use super::proof::Acknowledged;

/// A link of the sample catalogue.
pub(crate) const LINK: &str = "/c/280/100/1000?subId1=sync";

/// The proof that a recorded click asks for.
pub(crate) fn click(answer: &Answer) -> Acknowledged {
    let id = answer.click_id();
    let (number, partner) = number_and_partner(&id);
    Acknowledged {
        row: [partner.as_slice(), number.as_slice()].concat(),
        answer: id.into_bytes(),
    }
}

/// The proof that an accepted conversion asks for.
pub(crate) fn conversion(order_id: &str, answer: &Answer) -> Acknowledged {
    Acknowledged {
        row: order_id.as_bytes().to_vec(),
        answer: answer.queued_uri().into_bytes(),
    }
}

/// Everything that was acknowledged in a run.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) clicks: Mutex<Vec<Acknowledged>>,
    pub(crate) conversions: Mutex<Vec<Acknowledged>>,
    /// Acknowledgements that broke a rule.
    pub(crate) wrong: Mutex<Vec<String>>,
    /// Whether anybody was told that the daemon has failed.
    known: AtomicBool,
    /// Answers of a daemon that was known to have failed.
    refusals: AtomicUsize,
}

/// Answers of a failed daemon after which everybody leaves; it should have ended long before.
const REFUSALS_MAX: usize = 20_000;

impl Answers {
    /// Clicks until the daemon is gone or `many` are answered.
    pub(crate) fn click(&self, home: &Home, many: usize) {
        let Ok(mut client) = Client::connect(home.public) else {
            return;
        };
        for _ in 0..many {
            let Some(known) = self.known() else {
                return;
            };
            let Ok(answer) = client.click(LINK) else {
                return;
            };
            if answer.is_recorded_click() {
                self.note(known, "a click was recorded");
                self.clicks.lock().push(click(&answer));
            } else if answer.header("x-clickd-recorded") == Some("0") {
                self.known.store(true, Ordering::SeqCst);
            } else {
                self.wrong
                    .lock()
                    .push(format!("a click got {}", answer.head));
            }
        }
    }

    /// Submits orders, each twice in turn, until the daemon is gone or `many` are answered.
    pub(crate) fn convert(&self, home: &Home, name: &str, many: usize) {
        let Ok(mut client) = Client::connect(home.api) else {
            return;
        };
        for index in 0..many {
            // Of one length, so that none is a part of another.
            let id = format!("order-{name}-{index:06}-end");
            let Some(known) = self.known() else {
                return;
            };
            let Ok(answer) = client.convert(BRAND, &home.token, &order(&id, "none")) else {
                return;
            };
            match answer.status {
                200 => {
                    self.note(known, "a conversion was accepted");
                    self.conversions.lock().push(conversion(&id, &answer));
                }
                503 => self.known.store(true, Ordering::SeqCst),
                _ => self
                    .wrong
                    .lock()
                    .push(format!("a conversion got {}", answer.head)),
            }
        }
    }

    /// Asks whether the daemon is ready until it is gone or `done`.
    pub(crate) fn probe(&self, home: &Home, done: &AtomicBool) {
        let Ok(mut client) = Client::connect(home.ops) else {
            return;
        };
        while !done.load(Ordering::SeqCst) {
            let Some(known) = self.known() else {
                return;
            };
            let Ok(answer) = client.get("/readyz", "") else {
                return;
            };
            if answer.status == 200 {
                self.note(known, "readiness was told");
            } else {
                self.known.store(true, Ordering::SeqCst);
            }
            std::thread::yield_now();
        }
    }

    /// Whether the daemon is known to have failed; `None` when it goes on all the same.
    fn known(&self) -> Option<bool> {
        let known = self.known.load(Ordering::SeqCst);
        let refusals = self
            .refusals
            .fetch_add(usize::from(known), Ordering::SeqCst);
        (refusals < REFUSALS_MAX).then_some(known)
    }

    fn note(&self, known: bool, what: &str) {
        if known {
            let wrong =
                format!("{what} though it was known before the request that the log failed");
            self.wrong.lock().push(wrong);
        }
    }
}
