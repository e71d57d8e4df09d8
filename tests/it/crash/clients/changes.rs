//! The brand that changes its mind: a thread that modifies and reverses what was answered as
//! stored, sends some of it again, and notes every answer.
//!
//! A change repeats the last one of its order or is a new one, so an order has one that is not
//! answered at most, and that one is sent again before another is.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::super::known::{Change, Known, Way};
use super::super::world::{BRAND, Program};
use super::brand::{self, queued};
use crate::support::dice::Dice;
use crate::support::http::{self, Client};

const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(3);
const PAUSE: Duration = Duration::from_millis(2);

/// Changes actions at `to` until `stop`; all that is known of it is in `known`.
pub(crate) fn submit(
    to: SocketAddr,
    token: &str,
    mut dice: Dice,
    stop: &AtomicBool,
    known: &Mutex<Known>,
) {
    let authorization = http::basic(BRAND, token);
    let path = format!("/Advertisers/{BRAND}/Actions");
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut client) = Client::connect(to, PATIENCE) else {
            std::thread::sleep(RETRY);
            continue;
        };
        while !stop.load(Ordering::Relaxed) {
            let chosen = choose(&mut known.lock(), &mut dice);
            let Some((number, method, form)) = chosen else {
                std::thread::sleep(RETRY);
                continue;
            };
            let headers = [("Authorization", authorization.as_str())];
            let request = http::form(method, &path, &headers, &form);
            let Ok(answer) = client.exchange(&request) else {
                break;
            };
            let change = &mut known.lock().changes[number];
            if let Some(uri) = queued(&answer, &change.form) {
                let first = change.answered.get_or_insert_with(|| uri.clone());
                let form = &change.form;
                assert_eq!(*first, uri, "answered twice, differently: {form}");
            }
            if answer.closes() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// What to send now: its place, its method and its form.
fn choose(known: &mut Known, dice: &mut Dice) -> Option<(usize, &'static str, String)> {
    let payload = &known.payloads[brand::before(known, dice)?];
    payload.answered.as_ref()?;
    let (program, order) = (payload.program, payload.order);
    let last = known.last_change.get(&(program, order)).copied();
    let is_open = |number: &usize| known.changes[*number].answered.is_none();
    let again = last.filter(|number| is_open(number) || dice.chance(15));
    let number = again.unwrap_or_else(|| {
        let amount = (!dice.chance(20)).then(|| amount(dice));
        add(known, (program, order), amount, Way::Api)
    });
    let change = &mut known.changes[number];
    change.sent += 1;
    let method = match change.amount {
        Some(_) => "PUT",
        None => "DELETE",
    };
    Some((number, method, change.form.clone()))
}

/// A new amount in minor units.
pub(crate) fn amount(dice: &mut Dice) -> u64 {
    1 + dice.below(60_000)
}

/// Makes a new change of an order: to an amount, or without one a reversal.
pub(crate) fn add(
    known: &mut Known,
    (program, order): (u32, u64),
    amount: Option<u64>,
    way: Way,
) -> usize {
    let number = known.changes.len();
    let of = Program::of(program);
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("CampaignId", &program.to_string())
        .append_pair("ActionTrackerId", &of.event_type.to_string())
        .append_pair("OrderId", &format!("order-{order}"))
        .append_pair("Reason", "OTHER")
        .append_pair("Note", &number.to_string());
    if let Some(amount) = amount {
        form.append_pair("Amount", &of.text(amount));
    }
    known.changes.push(Change {
        program,
        order,
        way,
        amount,
        form: form.finish(),
        answered: None,
        sent: 0,
    });
    known.last_change.insert((program, order), number);
    number
}
