//! The postbacks' ledger in the log.
//!
//! On the postbacks thread, and on blocking threads for verbs. A store that asks writers to wait is
//! waited for: clicks go first, events can wait.

use std::ops::ControlFlow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::log::family::DELIVERIES;
use crate::log::row::delivery::DeliveryKey;
use crate::log::{Corrupt, Log, LogError};
use crate::model::id::Slot;
use crate::model::time::Millis;
use crate::postback::{Done, DoneKey, Ledger, Pending, Place, Visit};

/// The ledger.
pub(super) struct Stored(pub(super) Log);

impl Stored {
    /// Every destination that was ever taken up.
    pub(super) fn all(&self) -> Result<Vec<u32>, LogError> {
        let mut found = Vec::new();
        let cursor = |destination| DeliveryKey::Cursor { destination };
        let ends = (cursor(0), cursor(u32::MAX));
        self.0.for_each_delivery(ends.0, ends.1, &mut |key, _| {
            if let DeliveryKey::Cursor { destination } = key {
                found.push(destination);
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    fn write(&self, rows: &[(DeliveryKey, Option<Vec<u8>>)]) -> Result<(), LogError> {
        self.0.write_deliveries(rows)
    }
}

fn pending(destination: u32, place: Place) -> DeliveryKey {
    let Place { slot, sequence } = place;
    DeliveryKey::Pending {
        destination,
        slot,
        sequence,
    }
}

fn done(destination: u32, key: DoneKey) -> DeliveryKey {
    let Place { slot, sequence } = key.place;
    DeliveryKey::Done {
        destination,
        at: key.at,
        slot,
        sequence,
    }
}

/// The ends of every place.
const FIRST: Place = Place {
    slot: Slot(0),
    sequence: 0,
};
const LAST: Place = Place {
    slot: Slot(u32::MAX),
    sequence: u32::MAX,
};

fn bytes(row: &impl Serialize) -> Result<Option<Vec<u8>>, LogError> {
    match serde_json::to_vec(row) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(_) => Err(corrupt("a row can't be written as JSON")),
    }
}

fn row<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, LogError> {
    serde_json::from_slice(bytes).map_err(|_| corrupt("a value is no such row"))
}

fn corrupt(why: &'static str) -> LogError {
    let family = DELIVERIES;
    Corrupt { family, why }.into()
}

impl Ledger for Stored {
    fn pending(&self, visit: &mut dyn FnMut(u32, Place, Pending)) -> Result<(), LogError> {
        let mut read = Ok(());
        let ends = (pending(0, FIRST), pending(u32::MAX, LAST));
        self.0
            .for_each_delivery(ends.0, ends.1, &mut |key, value| {
                let DeliveryKey::Pending {
                    destination,
                    slot,
                    sequence,
                } = key
                else {
                    return ControlFlow::Continue(());
                };
                match row(value) {
                    Ok(event) => {
                        visit(destination, Place { slot, sequence }, event);
                        ControlFlow::Continue(())
                    }
                    Err(error) => {
                        read = Err(error);
                        ControlFlow::Break(())
                    }
                }
            })?;
        read
    }

    fn waiting(&self, destination: u32, place: Place) -> Result<Option<Pending>, LogError> {
        let found = self.0.delivery(pending(destination, place))?;
        found.map(|found| row(&found)).transpose()
    }

    fn take(
        &self,
        destination: u32,
        events: &[(Place, Pending)],
        cursor: Place,
    ) -> Result<(), LogError> {
        let mut rows = Vec::with_capacity(events.len() + 1);
        for (place, event) in events {
            rows.push((pending(destination, *place), bytes(event)?));
        }
        rows.push((DeliveryKey::Cursor { destination }, bytes(&cursor)?));
        self.write(&rows)
    }

    fn put(&self, destination: u32, place: Place, event: &Pending) -> Result<(), LogError> {
        self.write(&[(pending(destination, place), bytes(event)?)])
    }

    fn done(&self, destination: u32, key: DoneKey, end: &Done) -> Result<(), LogError> {
        self.write(&[
            (pending(destination, key.place), None),
            (done(destination, key), bytes(end)?),
        ])
    }

    fn cursor(&self, destination: u32) -> Result<Option<Place>, LogError> {
        let found = self.0.delivery(DeliveryKey::Cursor { destination })?;
        found.map(|found| row(&found)).transpose()
    }

    fn history(
        &self,
        destination: u32,
        since: Millis,
        visit: &mut Visit<'_>,
    ) -> Result<(), LogError> {
        let key = |at, place| done(destination, DoneKey { at, place });
        let ends = (key(since, FIRST), key(Millis(i64::MAX), LAST));
        let mut read = Ok(());
        self.0
            .for_each_delivery(ends.0, ends.1, &mut |key, value| {
                let DeliveryKey::Done {
                    at, slot, sequence, ..
                } = key
                else {
                    return ControlFlow::Continue(());
                };
                let place = Place { slot, sequence };
                match row(value) {
                    Ok(end) => visit(DoneKey { at, place }, end),
                    Err(error) => {
                        read = Err(error);
                        ControlFlow::Break(())
                    }
                }
            })?;
        read
    }

    fn expire(&self, before: Millis) -> Result<(), LogError> {
        self.0.expire_deliveries(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Clock, Options};
    use crate::postback::{End, Kind, Method, Request};

    fn place(slot: u32, sequence: u32) -> Place {
        let slot = Slot(slot);
        Place { slot, sequence }
    }

    fn event(name: &str) -> Pending {
        Pending {
            event: name.into(),
            kind: Kind::Tracked,
            request: Request {
                method: Method::Get,
                url: "https://r.example/".into(),
                body: None,
                content_type: None,
            },
            tries: 0,
            first_at: None,
            next_at: Millis(5),
            last_status: None,
            last_error: None,
        }
    }

    fn waiting(ledger: &Stored) -> Vec<(u32, Place, Pending)> {
        let mut found = Vec::new();
        let mut visit = |destination, place, event| found.push((destination, place, event));
        ledger.pending(&mut visit).unwrap();
        found
    }

    fn ends(ledger: &Stored, destination: u32, since: i64) -> Vec<i64> {
        let mut found = Vec::new();
        let mut visit = |key: DoneKey, _| {
            found.push(key.at.0);
            ControlFlow::Continue(())
        };
        ledger
            .history(destination, Millis(since), &mut visit)
            .unwrap();
        found
    }

    #[test]
    fn rows_are_there_again_when_the_log_opens_again() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Log::open(&Options::new(folder.path()), Clock::start()).unwrap();
        let ledger = Stored(open());
        assert_eq!(ledger.cursor(7).unwrap(), None);
        let events = [(place(3, 1), event("a")), (place(3, 4), event("b"))];
        ledger.take(7, &events, place(4, 0)).unwrap();
        ledger
            .take(9, &[(place(2, 0), event("c"))], place(2, 0))
            .unwrap();
        let tried = Pending {
            tries: 1,
            ..event("b")
        };
        ledger.put(7, place(3, 4), &tried).unwrap();
        let key = DoneKey {
            at: Millis(50),
            place: place(3, 1),
        };
        ledger
            .done(7, key, &event("a").ended(End::Delivered))
            .unwrap();
        ledger.0.stop().unwrap();
        drop(ledger);
        let ledger = Stored(open());
        let expected = [
            (7, place(3, 4), tried.clone()),
            (9, place(2, 0), event("c")),
        ];
        assert_eq!(waiting(&ledger), expected);
        assert_eq!(ledger.waiting(7, place(3, 1)).unwrap(), None);
        assert_eq!(ledger.waiting(7, place(3, 4)).unwrap(), Some(tried));
        assert_eq!(ledger.cursor(7).unwrap(), Some(place(4, 0)));
        assert_eq!(
            (ends(&ledger, 7, 0), ends(&ledger, 9, 0)),
            (vec![50], vec![])
        );
        assert!(ends(&ledger, 7, 51).is_empty());
    }

    #[test]
    fn what_ended_long_ago_is_forgotten_of_every_destination() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Stored(Log::open(&Options::new(folder.path()), Clock::start()).unwrap());
        for (destination, at) in [(0, 10), (0, 20), (5, 19), (u32::MAX, 5), (u32::MAX, 30)] {
            let key = DoneKey {
                at: Millis(at),
                place: place(1, 1),
            };
            let end = event("a").ended(End::Age);
            ledger.done(destination, key, &end).unwrap();
        }
        ledger.take(5, &[], place(1, 1)).unwrap();
        ledger.expire(Millis(20)).unwrap();
        assert_eq!(ends(&ledger, 0, 0), [20]);
        assert!(ends(&ledger, 5, 0).is_empty());
        assert_eq!(ends(&ledger, u32::MAX, 0), [30]);
        assert_eq!(ledger.cursor(5).unwrap(), Some(place(1, 1)));
    }

    #[test]
    fn a_damaged_row_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Stored(Log::open(&Options::new(folder.path()), Clock::start()).unwrap());
        let damaged = (pending(1, place(1, 1)), Some(b"{}".to_vec()));
        ledger.0.write_deliveries(&[damaged]).unwrap();
        let error = ledger.waiting(1, place(1, 1)).unwrap_err();
        assert!(error.to_string().contains("deliveries"), "{error}");
        assert!(ledger.pending(&mut |_, _, _| {}).is_err());
    }
}
