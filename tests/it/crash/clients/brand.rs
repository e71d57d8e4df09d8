//! The brand: threads that submit conversions until they are told to stop, send some again, and
//! note every answer.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::super::known::{Known, Nameable, Payload, Reference, Way};
use super::super::world::{BRAND, PROGRAMS, Program};
use crate::support::dice::Dice;
use crate::support::http::{self, Answer, Client};

const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(3);
const PAUSE: Duration = Duration::from_millis(1);

/// Submits conversions at `to` until `stop`; all that is known of them is in `known`.
pub(crate) fn submit(
    to: SocketAddr,
    token: &str,
    mut dice: Dice,
    stop: &AtomicBool,
    known: &Mutex<Known>,
) {
    let authorization = http::basic(BRAND, token);
    let path = format!("/Advertisers/{BRAND}/Conversions");
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut client) = Client::connect(to, PATIENCE) else {
            std::thread::sleep(RETRY);
            continue;
        };
        while !stop.load(Ordering::Relaxed) {
            let chosen = choose(&mut known.lock(), &mut dice);
            let Some((number, form)) = chosen else {
                std::thread::sleep(RETRY);
                continue;
            };
            let request = http::post_form(&path, &[("Authorization", &authorization)], &form);
            let Ok(answer) = client.exchange(&request) else {
                break;
            };
            note(&mut known.lock().payloads[number], &answer);
            if answer.closes() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// What to send now: something new, or something that was sent before. Its place and its form.
fn choose(known: &mut Known, dice: &mut Dice) -> Option<(usize, String)> {
    let before = before(known, dice);
    let number = match (dice.below(100), before) {
        (0..15, Some(before)) => before,
        // One whose answer never came, if there is one near.
        (15..30, Some(before)) => {
            let own = &known.payloads[before..];
            let open = |own: &Payload| own.way == Way::Api && own.answered.is_none();
            before + own.iter().position(open).unwrap_or(0)
        }
        (30..45, Some(before)) => {
            let Payload { order, program, .. } = known.payloads[before];
            add(known, dice, (order, Some(program)), Way::Api)?
        }
        _ => {
            known.orders += 1;
            add(known, dice, (known.orders, None), Way::Api)?
        }
    };
    let payload = &mut known.payloads[number];
    payload.sent += 1;
    Some((number, payload.form.clone()))
}

/// One that was sent before over the API, if one is found.
pub(crate) fn before(known: &Known, dice: &mut Dice) -> Option<usize> {
    let at = dice.place(known.payloads.len().max(1));
    let mut near = (at..known.payloads.len()).chain(0..at);
    near.find(|number| known.payloads[*number].way == Way::Api)
}

/// Makes a new payload of an order; of the program of the click it names, unless told otherwise.
pub(crate) fn add(
    known: &mut Known,
    dice: &mut Dice,
    (order, program): (u64, Option<u32>),
    way: Way,
) -> Option<usize> {
    if known.nameable.is_empty() {
        return None;
    }
    let Nameable { id, mut text } = *dice.pick(&known.nameable);
    let any = dice.pick(&PROGRAMS).id;
    let own = if dice.chance(5) { any } else { id.program };
    let program = Program::of(program.unwrap_or(own));
    let reference = match dice.below(100) {
        0..8 => {
            // A character of the tag, and not the last one, which has spare bits.
            let at = 28 + dice.place(14);
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            Reference::Forged
        }
        8..10 => Reference::Absent,
        10..25 if known.persons > 0 => Reference::Person(1 + dice.below(known.persons)),
        _ => Reference::Click(id),
    };
    let amount = 1 + dice.below(50_000);
    let number = known.payloads.len();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("CampaignId", &program.id.to_string())
        .append_pair("ActionTrackerId", &program.event_type.to_string())
        .append_pair("EventDate", "NOW")
        .append_pair("OrderId", &format!("order-{order}"))
        .append_pair("CurrencyCode", program.currency)
        .append_pair("Amount", &program.text(amount))
        .append_pair("Note", &number.to_string());
    match reference {
        // The customer is a stranger.
        Reference::Absent => form.append_pair("CustomProfileId", &number.to_string()),
        Reference::Person(person) => form.append_pair("CustomProfileId", &format!("p{person}")),
        _ => form.append_pair("ClickId", std::str::from_utf8(&text).unwrap()),
    };
    known.payloads.push(Payload {
        program: program.id,
        order,
        way,
        reference,
        own_time: None,
        amount,
        form: form.finish(),
        answered: None,
        sent: 0,
    });
    Some(number)
}

/// The address that an answer names as stored; none when it is to be sent again.
pub(crate) fn queued(answer: &Answer, form: &str) -> Option<String> {
    if answer.status == 503 {
        return None;
    }
    assert_eq!(answer.status, 200, "{form}: {answer:?}");
    Some(answer.json()["QueuedUri"].as_str().unwrap().to_owned())
}

/// Notes an answer: every 200 to one payload names the same submission.
fn note(payload: &mut Payload, answer: &Answer) {
    let Some(uri) = queued(answer, &payload.form) else {
        return;
    };
    match &payload.answered {
        None => payload.answered = Some(uri),
        Some(first) => assert_eq!(*first, uri, "answered twice, differently: {payload:?}"),
    }
}
