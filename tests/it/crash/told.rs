//! What postbacks told, against what is stored: whatever was told is stored, and says what the
//! recount says; whatever is to be told was told at least once, in the order in which it happened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use super::compare::Wrong;
use super::recount::{Action, Update};
use super::store;
use super::world::Program;
use crate::support::commands;
use crate::support::receiver::{Arrival, Receiver};

const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than the daemon takes to look for new events.
const LOOK: Duration = Duration::from_millis(300);

/// An event that is told: its destination, its order, the number of its update.
type Name = (u32, u64, usize);

/// Who is told of an update, if anybody.
fn destination(action: &Action, number: usize) -> Option<u32> {
    match (action.program, action.partner, number) {
        (1, 11, _) => Some(1),
        (2, _, 2..) => Some(2),
        _ => None,
    }
}

/// Everything that is to be told.
fn expected(actions: &[Action]) -> BTreeMap<Name, (&Action, Update)> {
    let mut expected = BTreeMap::new();
    for action in actions.iter().filter(|action| !action.is_imported) {
        for (number, update) in (1..).zip(&action.updates) {
            if let Some(destination) = destination(action, number) {
                let name = (destination, action.order, number);
                expected.insert(name, (action, *update));
            }
        }
    }
    expected
}

/// What an arrival is named, by its own words.
fn name(arrival: &Arrival, said: &serde_json::Value) -> Option<Name> {
    let (rest, destination) = arrival.event.rsplit_once('-')?;
    let (_, number) = rest.rsplit_once('.')?;
    let order = said["order"].as_str()?.strip_prefix("order-")?;
    Some((
        destination.parse().ok()?,
        order.parse().ok()?,
        number.parse().ok()?,
    ))
}

/// Compares everything that ever arrived with the actions.
pub(crate) fn compare(actions: &[Action], arrivals: &[Arrival], wrong: &mut Wrong) {
    let expected = expected(actions);
    let mut told = BTreeSet::new();
    let mut bodies = BTreeMap::new();
    let mut latest: BTreeMap<(u32, u64), usize> = BTreeMap::new();
    for arrival in arrivals {
        let said = serde_json::from_str(&arrival.body).unwrap_or_default();
        let name = name(arrival, &said);
        let found = name.and_then(|name| Some((name, expected.get(&name)?)));
        let Some((name, (action, update))) = found else {
            wrong.push(format!("told though it never happened: {arrival:?}"));
            continue;
        };
        let program = Program::of(action.program);
        let text = |field: &str| said[field].as_str().unwrap_or_default();
        if text("event") != arrival.event
            || text("amount") != program.text(update.amount)
            || text("payout") != program.text(update.cost)
            || (text("status") == "REVERSED") != update.reverses
        {
            wrong.push(format!("told otherwise than {update:?}: {arrival:?}"));
        }
        let first = *bodies.entry(&arrival.event).or_insert(&arrival.body);
        if *first != arrival.body {
            wrong.push(format!("told twice, differently: {first}, {arrival:?}"));
        }
        let before = latest.insert((name.0, name.1), name.2);
        if before.is_some_and(|before| before > name.2) {
            wrong.push(format!("told after update {before:?}: {arrival:?}"));
        }
        if arrival.is_accepted {
            told.insert(name);
        }
    }
    for (name, (_, update)) in &expected {
        if !told.contains(name) {
            wrong.push(format!("never told: {name:?} {update:?}"));
        }
    }
}

/// Everything that has arrived is in the store in `directory`, whose daemon was just killed.
pub(crate) fn is_stored(directory: &Path, receiver: &Receiver) {
    let stored = store::told(directory);
    for event in receiver.accepted().keys() {
        assert!(stored.contains(event), "{event} was sent but not stored");
    }
}

/// Waits until nothing is left to be told by a running daemon that has folded everything.
pub(crate) fn wait(settings: &Path) {
    let since = Instant::now();
    let mut quiet = 0;
    while quiet < 3 {
        std::thread::sleep(LOOK);
        let listed = commands::said(&commands::run_on(settings, &["postback", "list"]));
        let mut rows = listed.lines().skip(1).map(|line| line.split_whitespace());
        let is_done = rows.all(|mut row| row.nth(4) == Some("0"));
        quiet = if is_done { quiet + 1 } else { 0 };
        assert!(since.elapsed() < PATIENCE, "{listed}");
    }
}
