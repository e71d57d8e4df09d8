//! Visitors of the brands' pages: a thread that reports who arrives, by a click, by a link that the
//! arrival itself opens, or by a campaign. None is sent twice.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::super::known::{Agent, Answered, Arrival, By, Click, Id, Kind, Known, Nameable};
use super::super::world::{BROWSERS, PARTNERS, Program};
use super::customers;
use crate::support::dice::Dice;
use crate::support::http::{self, Answer, Client};

const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(3);

/// What is sent.
struct Sent {
    /// Its place in [`Known::arrivals`].
    number: usize,
    arrival: Arrival,
    form: String,
}

/// Sends arrivals to `to`, at `path`, until `stop`; all that is known of them is in `known`.
pub(crate) fn arrive(
    (to, path): (SocketAddr, &str),
    mut dice: Dice,
    stop: &AtomicBool,
    known: &Mutex<Known>,
) {
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut client) = Client::connect(to, PATIENCE) else {
            std::thread::sleep(RETRY);
            continue;
        };
        while !stop.load(Ordering::Relaxed) {
            let Some(sent) = choose(&mut known.lock(), &mut dice) else {
                std::thread::sleep(RETRY);
                continue;
            };
            let request = http::post_form(path, &[], &sent.form);
            let Ok(answer) = client.exchange(&request) else {
                break;
            };
            note(&mut known.lock(), &sent, &answer);
            if answer.closes() {
                break;
            }
        }
    }
}

/// Makes an arrival, of somebody new or of somebody who was there before.
fn choose(known: &mut Known, dice: &mut Dice) -> Option<Sent> {
    let Nameable { id, text } = *known
        .nameable
        .get(dice.place(known.nameable.len().max(1)))?;
    let number = known.arrivals.len();
    let before = known.arrivals.get(dice.place(number.max(1))).copied();
    let before = before.filter(|_| dice.chance(40));
    let (person, program) = if let Some(before) = before {
        (before.person, Program::of(before.program))
    } else {
        known.persons += 1;
        (known.persons, Program::of(id.program))
    };
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("CampaignId", &program.id.to_string())
        .append_pair("EventDate", "NOW")
        .append_pair("CustomProfileId", &format!("p{person}"));
    let campaign = format!("utm_campaign={number}");
    let by = match dice.below(10) {
        0..6 => {
            let (name, text) = (program.parameter, std::str::from_utf8(&text).unwrap());
            let page = format!("{}?{campaign}&{name}={text}", program.landing);
            form.append_pair("PageUrl", &page);
            if id.program == program.id {
                By::Click(id)
            } else {
                By::Stray
            }
        }
        6..8 => {
            let (label, click) = link(program, dice);
            let [high, low] = click.address.to_be_bytes();
            let (partner, ad) = (click.partner, click.ad);
            let page = format!(
                "https://go.example/c/{partner}/{ad}/{}?subId1={label}&{campaign}",
                program.id
            );
            form.append_pair("PageUrl", &page)
                .append_pair("IpAddress", &format!("198.18.{high}.{low}"))
                .append_pair("UserAgent", &click.agent.text());
            known.clicks.insert(label, click);
            By::Link(label)
        }
        _ => {
            form.append_pair("PageUrl", &format!("{}?{campaign}", program.landing));
            By::Channel
        }
    };
    let arrival = Arrival {
        program: program.id,
        person,
        by,
        is_answered: false,
    };
    known.arrivals.push(arrival);
    Some(Sent {
        number,
        arrival,
        form: form.finish(),
    })
}

/// The click of a link that an arrival opens.
fn link(program: &Program, dice: &mut Dice) -> (u64, Click) {
    let click = Click {
        program: program.id,
        partner: *dice.pick(&PARTNERS),
        ad: dice.pick(program.ads).0,
        kind: Kind::Plain,
        address: u16::try_from(dice.below(200)).unwrap(),
        agent: Agent {
            name: dice.pick::<&str>(&BROWSERS),
            version: 0,
        },
        answered: Answered::Unknown,
    };
    (customers::next(), click)
}

fn note(known: &mut Known, sent: &Sent, answer: &Answer) {
    if answer.status == 503 {
        return;
    }
    let form = &sent.form;
    assert_eq!(answer.status, 200, "{form}: {answer:?}");
    let shown = answer.json();
    let id = shown["clickId"].as_str().and_then(Id::read);
    match sent.arrival.by {
        By::Click(expected) => assert_eq!(id, Some(expected), "{form}: {shown}"),
        By::Link(label) => {
            let id = id.unwrap_or_else(|| panic!("{form}: {shown}"));
            known.clicks.get_mut(&label).unwrap().answered = Answered::Recorded(id);
        }
        By::Stray | By::Channel => assert_eq!(id, None, "{form}: {shown}"),
    }
    known.arrivals[sent.number].is_answered = true;
}
