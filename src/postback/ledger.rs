//! What postbacks remember: events that wait, events that are done, how far each destination is.
//!
//! The rows are JSON, so that `clickd postback log` can show them as they are. The request is
//! stored as it was rendered, so every try sends the same bytes. [`Ledger`] is implemented by the
//! log; a test keeps the rows in memory. Invariants: a waiting event and the place up to which its
//! destination has been taken change together, and so do the end of an event and its row of what
//! became of it. So no event is lost and none is taken twice; one whose end could not be noted is
//! sent again with the same event id.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::log::LogError;
use crate::model::id::Slot;
use crate::model::time::Millis;

/// Where the notice of an event stands in the order of the fold. Events of one destination are in
/// this order too.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Place {
    /// The slot it was folded in.
    pub slot: Slot,
    /// Its number within the slot.
    pub sequence: u32,
}

/// What happened to the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// It was credited.
    Tracked,
    /// Its amount, payout or status changed.
    Modified,
    /// It was reversed.
    Reversed,
}

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Everything is in the URL.
    Get,
    /// With a body.
    Post,
}

/// One rendered request: the same bytes for every try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// The whole URL, every macro filled in.
    pub url: Box<str>,
    /// The body of a POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<str>>,
    /// The type of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<Box<str>>,
}

/// Why a try got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No answer within `postbacks.timeout`.
    Timeout,
    /// No connection could be made.
    Refused,
    /// The connection ended before the answer, or what came was no HTTP.
    Cut,
    /// The host leads to an address that may not be called.
    Address,
    /// The host's name has no address.
    Name,
    /// No trusted TLS connection.
    Tls,
    /// The URL, or the type of the body, can't be sent.
    Malformed,
}

/// An event that waits for its next try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The text of the event's id: the same after any rebuild and for every try.
    pub event: Box<str>,
    /// What it tells.
    pub kind: Kind,
    /// What is sent.
    #[serde(flatten)]
    pub request: Request,
    /// Tries so far.
    #[serde(default)]
    pub tries: u32,
    /// When the first try was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_at: Option<Millis>,
    /// When the next try is due.
    pub next_at: Millis,
    /// The last answer's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_status: Option<u16>,
    /// Why the last try got no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<Failure>,
}

/// How an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Answered 2xx.
    Delivered,
    /// Given up after `postbacks.tries_max` tries.
    Tries,
    /// Given up `postbacks.give_up_after` after its first try.
    Age,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The event's id.
    pub event: Box<str>,
    /// What it told.
    pub kind: Kind,
    /// How it ended.
    pub end: End,
    /// Tries made.
    pub tries: u32,
    /// The last answer's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why the last try got no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// What was sent, kept only if it was given up: a replay sends it as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
}

/// Names one row of what became of an event; ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DoneKey {
    /// When it ended.
    pub at: Millis,
    /// Its place.
    pub place: Place,
}

/// Takes one row of what became of an event and says whether to go on.
pub type Visit<'a> = dyn FnMut(DoneKey, Done) -> ControlFlow<()> + 'a;

/// Where the rows lie. Called by the thread of the postbacks, and by the verbs that read; each
/// write is one batch. Writes need no sync: what a power failure takes back is sent again.
pub trait Ledger: Send + Sync {
    /// Every waiting event with its destination and place, in the order of both.
    ///
    /// # Errors
    /// The store failed or a row is damaged.
    fn pending(&self, visit: &mut dyn FnMut(u32, Place, Pending)) -> Result<(), LogError>;

    /// One waiting event.
    ///
    /// # Errors
    /// The store failed or the row is damaged.
    fn waiting(&self, destination: u32, place: Place) -> Result<Option<Pending>, LogError>;

    /// Stores new events of a destination and how far it has been taken, in one batch.
    ///
    /// # Errors
    /// The store failed; nothing was stored.
    fn take(
        &self,
        destination: u32,
        events: &[(Place, Pending)],
        cursor: Place,
    ) -> Result<(), LogError>;

    /// Stores a waiting event, in place of the row it may have.
    ///
    /// # Errors
    /// The store failed; nothing was stored.
    fn put(&self, destination: u32, place: Place, event: &Pending) -> Result<(), LogError>;

    /// Removes the waiting event of the key's place and stores what became of it, in one batch.
    ///
    /// # Errors
    /// The store failed; nothing was changed.
    fn done(&self, destination: u32, key: DoneKey, end: &Done) -> Result<(), LogError>;

    /// How far a destination has been taken; nothing if it never was.
    ///
    /// # Errors
    /// The store failed or the row is damaged.
    fn cursor(&self, destination: u32) -> Result<Option<Place>, LogError>;

    /// What became of the events of a destination from `since` on, oldest first.
    ///
    /// # Errors
    /// The store failed or a row is damaged.
    fn history(
        &self,
        destination: u32,
        since: Millis,
        visit: &mut Visit<'_>,
    ) -> Result<(), LogError>;

    /// Forgets what became of events that ended before `before`, of all destinations.
    ///
    /// # Errors
    /// The store failed.
    fn expire(&self, before: Millis) -> Result<(), LogError>;
}

impl Pending {
    /// The action part of the event's id. Events of one action go to a destination in order.
    #[must_use]
    pub fn action(&self) -> &str {
        // The id is that of the action, a point, the number of the update, a hyphen, the
        // destination.
        self.event
            .rsplit_once('.')
            .map_or(&*self.event, |(action, _)| action)
    }

    /// The row of what became of it.
    #[must_use]
    pub fn ended(self, end: End) -> Done {
        Done {
            event: self.event,
            kind: self.kind,
            end,
            tries: self.tries,
            status: self.last_status,
            error: self.last_error,
            request: (end != End::Delivered).then_some(self.request),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Pending {
        Pending {
            event: "E-1000.10.5.2-7".into(),
            kind: Kind::Modified,
            request: Request {
                method: Method::Get,
                url: "https://r.example/?a=1".into(),
                body: None,
                content_type: None,
            },
            tries: 0,
            first_at: None,
            next_at: Millis(9),
            last_status: None,
            last_error: None,
        }
    }

    #[test]
    fn rows_are_flat_json_and_read_back() {
        let row = event();
        let text = serde_json::to_string(&row).unwrap();
        let expected = concat!(
            r#"{"event":"E-1000.10.5.2-7","kind":"MODIFIED","method":"GET","#,
            r#""url":"https://r.example/?a=1","tries":0,"next_at":9}"#
        );
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Pending>(&text).unwrap(), row);
        assert_eq!(row.action(), "E-1000.10.5");
    }

    #[test]
    fn a_request_is_kept_only_of_what_was_given_up() {
        let mut row = event();
        row.tries = 15;
        row.last_status = Some(500);
        let given_up = row.clone().ended(End::Tries);
        assert_eq!(given_up.request.as_ref(), Some(&row.request));
        let text = serde_json::to_string(&given_up).unwrap();
        assert_eq!(serde_json::from_str::<Done>(&text).unwrap(), given_up);
        assert_eq!(row.ended(End::Delivered).request, None);
    }
}
