//! What the tests of delivery share: made-up events, a fast pace, and a check of signatures that
//! knows nothing of how they are made.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use parking_lot::Mutex;
use sha2::Sha256;

use super::memory::Memory;
use super::receiver::Arrival;
use crate::config::settings;
use crate::log::Clock;
use crate::model::id::Slot;
use crate::model::time::Millis;
use crate::postback::thread::start_at;
use crate::postback::{
    Context, Kind, Method, Pending, Place, PostbackError, Postbacks, Request, Secret, Source, Taken,
};
use crate::telemetry::Metrics;

pub(super) const KEY: [u8; 32] = [7; 32];

/// Events by destination and place; shared with the thread that takes them.
#[derive(Clone, Debug, Default)]
pub(super) struct Made(Arc<Mutex<BTreeMap<u32, BTreeMap<Place, Pending>>>>);

pub(super) fn place(sequence: u32) -> Place {
    Place {
        slot: Slot(3),
        sequence,
    }
}

impl Made {
    pub(super) fn add(&self, destination: u32, sequence: u32, event: Pending) {
        let mut made = self.0.lock();
        let events = made.entry(destination).or_default();
        events.insert(place(sequence), event);
    }
}

impl Source for Made {
    fn destinations(&mut self) -> Vec<u32> {
        self.0.lock().keys().copied().collect()
    }

    fn next(
        &mut self,
        destination: u32,
        after: Option<Place>,
        most: usize,
    ) -> Result<Taken, PostbackError> {
        let made = self.0.lock();
        let events = made.get(&destination).into_iter().flatten();
        let later = events.filter(|(place, _)| after.is_none_or(|after| **place > after));
        let events: Vec<_> = later
            .take(most)
            .map(|(place, event)| (*place, event.clone()))
            .collect();
        Ok(Taken {
            cursor: events.last().map(|(place, _)| *place),
            has_more: events.len() == most,
            events,
        })
    }

    fn again(&mut self, destination: u32, place: Place) -> Result<Option<Pending>, PostbackError> {
        let made = self.0.lock();
        Ok(made
            .get(&destination)
            .and_then(|events| events.get(&place))
            .cloned())
    }
}

/// Update `update` of action `action`, sent to `url`, with `body` by POST.
pub(super) fn event(destination: u32, action: u32, update: u32, request: Request) -> Pending {
    Pending {
        event: format!("E-1000.10.{action}.{update}-{destination}").into(),
        kind: Kind::Tracked,
        request,
        tries: 0,
        first_at: None,
        next_at: Millis(0),
        last_status: None,
        last_error: None,
    }
}

pub(super) fn get(url: &str) -> Request {
    Request {
        method: Method::Get,
        url: url.into(),
        body: None,
        content_type: None,
    }
}

pub(super) fn post(url: &str, body: &str) -> Request {
    Request {
        method: Method::Post,
        url: url.into(),
        body: Some(body.into()),
        content_type: Some("application/json".into()),
    }
}

pub(super) fn settings() -> settings::Postbacks {
    settings::Postbacks {
        allow_private: true,
        timeout: Duration::from_millis(400),
        ..settings::Postbacks::default()
    }
}

pub(super) fn start(ledger: &Arc<Memory>, made: &Made, settings: settings::Postbacks) -> Postbacks {
    start_counted(ledger, made, settings, None)
}

pub(super) fn start_counted(
    ledger: &Arc<Memory>,
    made: &Made,
    settings: settings::Postbacks,
    metrics: Option<Arc<Metrics>>,
) -> Postbacks {
    let context = Context {
        settings,
        grace: Duration::from_secs(2),
        key: KEY,
        ledger: Arc::clone(ledger) as _,
        source: Box::new(made.clone()),
        clock: Clock::start(),
        metrics,
    };
    let pace = |_, random| Duration::from_millis(random % 40);
    start_at(context, Box::new(pace)).unwrap()
}

/// Waits until `holds`; fails after `most`.
pub(super) fn wait(most: Duration, what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < most, "not within {most:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether the signature of `arrival` is that of its destination over what arrived.
pub(super) fn is_signed(arrival: &Arrival) -> bool {
    let destination = arrival.event.rsplit_once('-').unwrap().1.parse().unwrap();
    let secret = Secret::derive(&KEY, destination);
    let (time, tag) = arrival.signature.split_once(",v1=").unwrap();
    let seconds: i64 = time.strip_prefix("t=").unwrap().parse().unwrap();
    let now = jiff::Timestamp::now().as_second();
    let is_post = !arrival.content_type.is_empty();
    let content = if is_post {
        &arrival.body
    } else {
        &arrival.target
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).unwrap();
    mac.update(format!("{seconds}.{content}").as_bytes());
    let mut expected = String::new();
    for byte in mac.finalize().into_bytes() {
        write!(expected, "{byte:02x}").unwrap();
    }
    (now - seconds).abs() <= 60 && tag == expected
}
