//! What the operator asks of postbacks: `postback list`, `log`, `replay` and `secret`.
//!
//! On blocking threads. All but `replay` read the stores and work without a daemon too.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::catalog::snapshot::{Audience, Destination};
use crate::log::LogError;
use crate::model::time::{DAY, Millis};
use crate::postback::history::{self, Waiting, Which};
use crate::postback::{Done, DoneKey, PostbacksRemote, ReplayError, Secret};
use crate::server::control::verb::{EXIT_INPUT, EXIT_TEMPORARY};
use crate::server::control::{VerbError, Verbs};

use super::super::stores::Stores;
use super::stored::Stored;

/// Rows of one answer.
const ROWS_MAX: usize = 1_000;

/// Adds the verbs to a table; `remote` reaches the running postbacks.
pub(in crate::daemon) fn add(
    table: Verbs,
    stores: &Arc<Stores>,
    remote: Option<PostbacksRemote>,
) -> Verbs {
    let with = |verb: fn(&Stores, Value) -> Result<Value, VerbError>| {
        let stores = Arc::clone(stores);
        move |value| verb(&stores, value)
    };
    let replaying = Arc::clone(stores);
    table
        .with("postback-list", with(list))
        .with("postback-log", with(log))
        .with("postback-secret", with(secret))
        .with("postback-replay", move |value| {
            replay(&replaying, remote.as_ref(), value)
        })
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, VerbError> {
    serde_json::from_value(value).map_err(|error| VerbError::new(EXIT_INPUT, error.to_string()))
}

fn failed(error: &LogError) -> VerbError {
    VerbError::new(error.exit_code(), error.to_string())
}

/// The time in `text`, an option of the command line.
fn time(text: &str) -> Result<Millis, VerbError> {
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => Ok(Millis(at.as_millisecond())),
        Err(_) => Err(VerbError::new(
            EXIT_INPUT,
            format!("--since: `{text}` is no time; allowed: as in 2026-11-25T09:00:00Z"),
        )),
    }
}

fn unknown(destination: u32) -> VerbError {
    let error = format!(
        "postback {destination} is not in the catalogue and has sent nothing; allowed: an id that \
         `clickd postback list` shows"
    );
    VerbError::new(EXIT_INPUT, error)
}

fn list(stores: &Stores, _: Value) -> Result<Value, VerbError> {
    let ledger = Stored(stores.log.clone());
    let mut waiting = history::waiting(&ledger).map_err(|error| failed(&error))?;
    let catalog = stores.catalog.load();
    let mut rows = Vec::new();
    for destination in catalog.destinations.values() {
        let waits = waiting.remove(&destination.id).unwrap_or_default();
        rows.push(shown(destination.id, Some(destination), &waits));
    }
    for (id, waits) in waiting {
        rows.push(shown(id, None, &waits));
    }
    Ok(json!({ "postbacks": rows }))
}

fn shown(id: u32, destination: Option<&Destination>, waits: &Waiting) -> Value {
    let partner = destination.and_then(|own| match own.audience {
        Audience::Brand => None,
        Audience::Partner(partner) => Some(partner),
    });
    json!({
        "id": id,
        "program": destination.map(|own| own.program),
        "partner": partner,
        "state": match destination {
            Some(own) if own.active => "ACTIVE",
            Some(_) => "INACTIVE",
            None => "removed",
        },
        "waiting": waits.events,
        "failed": waits.failed,
        "next_at": waits.next_at.map(|at| at.to_string()),
    })
}

#[derive(Deserialize)]
struct AskLog {
    destination: Option<u32>,
    #[serde(default)]
    failed: bool,
    since: Option<String>,
}

/// What became of events: of the last day, if nothing else is asked.
fn log(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let asked: AskLog = read(value)?;
    let since = match &asked.since {
        Some(text) => time(text)?,
        None => stores.log.clock().now().plus(-DAY),
    };
    let which = if asked.failed {
        Which::FailedSince(since)
    } else {
        Which::Since(since)
    };
    let ledger = Stored(stores.log.clone());
    let known = known(stores)?;
    let destinations: Vec<u32> = match asked.destination {
        None => known.into_iter().collect(),
        Some(one) if known.contains(&one) => vec![one],
        Some(other) => return Err(unknown(other)),
    };
    let mut found: Vec<(DoneKey, u32, Done)> = Vec::new();
    for destination in destinations {
        let rows = history::rows(&ledger, destination, &which, ROWS_MAX + 1)
            .map_err(|error| failed(&error))?;
        found.extend(rows.into_iter().map(|(key, row)| (key, destination, row)));
    }
    found.sort_by_key(|(key, destination, _)| (key.at, *destination, key.place));
    let more_from = found.get(ROWS_MAX).map(|row| row.0.at.to_string());
    found.truncate(ROWS_MAX);
    let rows: Vec<Value> = found
        .iter()
        .map(|(key, destination, row)| ended(*key, *destination, row))
        .collect();
    Ok(json!({ "events": rows, "more_from": more_from }))
}

fn ended(key: DoneKey, destination: u32, row: &Done) -> Value {
    json!({
        "at": key.at.to_string(),
        "destination": destination,
        "event": row.event,
        "kind": row.kind,
        "end": row.end,
        "tries": row.tries,
        "status": row.status,
        "error": row.error,
    })
}

/// Destinations of the catalogue, and others that have rows.
fn known(stores: &Stores) -> Result<BTreeSet<u32>, VerbError> {
    let mut known: BTreeSet<u32> = stores.catalog.load().destinations.keys().copied().collect();
    known.extend(
        Stored(stores.log.clone())
            .all()
            .map_err(|error| failed(&error))?,
    );
    Ok(known)
}

#[derive(Deserialize)]
struct AskSecret {
    destination: u32,
}

fn secret(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let asked: AskSecret = read(value)?;
    if !stores
        .catalog
        .load()
        .destinations
        .contains_key(&asked.destination)
    {
        return Err(unknown(asked.destination));
    }
    let secret = Secret::derive(&stores.hash_key, asked.destination);
    Ok(json!({ "destination": asked.destination, "secret": secret.reveal() }))
}

#[derive(Deserialize)]
struct AskReplay {
    event: Option<String>,
    destination: Option<u32>,
    since: Option<String>,
    #[serde(default)]
    failed: bool,
}

fn replay(
    stores: &Stores,
    remote: Option<&PostbacksRemote>,
    value: Value,
) -> Result<Value, VerbError> {
    let asked: AskReplay = read(value)?;
    let input = |error: String| VerbError::new(EXIT_INPUT, error);
    let (destination, which) = match (&asked.event, asked.destination, &asked.since) {
        (Some(event), None, None) => {
            let tail = event
                .rsplit_once('-')
                .and_then(|(_, tail)| tail.parse().ok());
            let destination = tail.ok_or_else(|| {
                let allowed = "allowed: an id that `clickd postback log` shows";
                input(format!("`{event}` is no event; {allowed}"))
            })?;
            (destination, Which::Event(event.as_str().into()))
        }
        (None, Some(destination), Some(since)) if asked.failed => {
            (destination, Which::FailedSince(time(since)?))
        }
        (None, Some(destination), Some(since)) => (destination, Which::Since(time(since)?)),
        _ => {
            let allowed = "an event, or --destination with --since";
            return Err(input(format!(
                "nothing says what to replay; allowed: {allowed}"
            )));
        }
    };
    if !known(stores)?.contains(&destination) {
        return Err(unknown(destination));
    }
    let remote = remote.ok_or_else(|| {
        let error = "no daemon runs; postbacks are sent by a running one";
        VerbError::new(EXIT_TEMPORARY, error)
    })?;
    let replayed = remote
        .replay(destination, &which)
        .map_err(|error| match error {
            ReplayError::Log(error) => failed(&error),
            ReplayError::NotRunning => VerbError::new(EXIT_TEMPORARY, error.to_string()),
        })?;
    Ok(json!({
        "events": replayed.events,
        "left_from": replayed.left_from.map(|at| at.to_string()),
    }))
}
