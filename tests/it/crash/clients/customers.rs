//! Customers: threads that open links until they are told to stop, and note every answer.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::super::known::{Agent, Answered, Click, Id, Kind, Known, Nameable};
use super::super::world::{
    BROWSERS, PARTNERS, PROGRAMS, Program, ROBOT, UNKNOWN_AD, UNKNOWN_PARTNER,
};
use crate::support::dice::Dice;
use crate::support::http::{self, Answer, Client};

/// How long an answer may take; a killed daemon's connections break at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries to connect.
const RETRY: Duration = Duration::from_millis(3);
/// Between two batches, so that the machine is not only busy with clients.
const PAUSE: Duration = Duration::from_micros(1_500);
/// Most requests that one connection sends before it reads the answers.
const BATCH_MAX: u64 = 6;

/// Clicks after which a new user agent appears.
const AGENT_CLICKS: u64 = 500;

/// Numbers for clicks, over all rounds and threads.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The label of the next click.
pub(crate) fn next() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Opens links at `to` until `stop`; every click goes to `known`.
///
/// Without `pause` it goes as fast as answers come.
pub(crate) fn open_links(
    to: SocketAddr,
    mut dice: Dice,
    pause: &AtomicBool,
    stop: &AtomicBool,
    known: &Mutex<Known>,
) {
    let mut clicks = Vec::new();
    let mut nameable = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut client) = Client::connect(to, PATIENCE) else {
            std::thread::sleep(RETRY);
            continue;
        };
        while !stop.load(Ordering::Relaxed) {
            let goes_on = batch(&mut client, &mut dice, &mut clicks, &mut nameable);
            let mut known = known.lock();
            known.clicks.extend(clicks.drain(..));
            known.nameable.append(&mut nameable);
            drop(known);
            if !goes_on {
                break;
            }
            if pause.load(Ordering::Relaxed) {
                std::thread::sleep(PAUSE);
            }
        }
    }
}

/// Sends a few clicks at once and reads their answers; whether the connection goes on.
fn batch(
    client: &mut Client,
    dice: &mut Dice,
    clicks: &mut Vec<(u64, Click)>,
    nameable: &mut Vec<Nameable>,
) -> bool {
    let mut bytes = String::new();
    for _ in 0..=dice.below(BATCH_MAX) {
        let number = next();
        let click = click(number, dice);
        bytes.push_str(&request(number, &click));
        clicks.push((number, click));
    }
    // Even a failed write may have delivered some of it.
    if client.send(bytes.as_bytes()).is_err() {
        return false;
    }
    for (number, click) in clicks.iter_mut() {
        let Ok(answer) = client.receive(click.kind == Kind::Head) else {
            return false;
        };
        let (answered, text) = read(*number, click, &answer);
        click.answered = answered;
        if let Answered::Recorded(id) | Answered::Unrecorded(id) = answered
            && (dice.chance(10) || id.unrecorded)
        {
            nameable.push(Nameable { id, text });
        }
        if answer.closes() {
            return false;
        }
    }
    true
}

fn click(number: u64, dice: &mut Dice) -> Click {
    let program = dice.pick(&PROGRAMS);
    let kind = match dice.below(100) {
        0..5 => Kind::Robot,
        5..10 => Kind::Prefetch,
        10..14 => Kind::Head,
        _ => Kind::Plain,
    };
    let ad = if dice.chance(5) {
        UNKNOWN_AD
    } else {
        dice.pick(program.ads).0
    };
    let partner = if dice.chance(4) {
        UNKNOWN_PARTNER
    } else {
        *dice.pick(&PARTNERS)
    };
    // A few visitors who come over and over, and many who hardly do, with ever new user agents.
    let (visitors, version) = if dice.chance(30) {
        (200, 0)
    } else {
        (60_000, number / AGENT_CLICKS)
    };
    let name = match kind {
        Kind::Robot => ROBOT,
        _ => dice.pick(&BROWSERS),
    };
    Click {
        program: program.id,
        partner,
        ad,
        kind,
        address: u16::try_from(dice.below(visitors)).unwrap(),
        agent: Agent { name, version },
        answered: Answered::Unknown,
    }
}

fn request(number: u64, click: &Click) -> String {
    let [high, low] = click.address.to_be_bytes();
    let address = format!("198.18.{high}.{low}");
    let mut path = format!("/c/{}/{}/{}", click.partner, click.ad, click.program);
    write!(path, "?subId1={number}").unwrap();
    let user_agent = click.agent.text();
    let mut headers = vec![
        ("User-Agent", user_agent.as_str()),
        ("X-Forwarded-For", address.as_str()),
    ];
    let method = match click.kind {
        Kind::Head => "HEAD",
        Kind::Prefetch => {
            headers.push(("Sec-Purpose", "prefetch"));
            "GET"
        }
        Kind::Plain | Kind::Robot => "GET",
    };
    http::request(method, &path, &headers)
}

/// What an answer says; any but a redirect that names this very click is wrong.
fn read(number: u64, click: &Click, answer: &Answer) -> (Answered, [u8; 43]) {
    assert_eq!(answer.status, 302, "click {number} {click:?}: {answer:?}");
    let location = answer.header("location").unwrap_or_default();
    let url = url::Url::parse(location).unwrap();
    let name = Program::of(click.program).parameter;
    let text = url
        .query_pairs()
        .find(|pair| pair.0 == name)
        .map(|pair| pair.1.into_owned());
    let text = text.unwrap_or_default();
    let id = Id::read(&text).unwrap_or_else(|| panic!("click {number}: no id in {location}"));
    let unrecorded = answer.header("x-clickd-recorded") == Some("0");
    let expected = Id {
        number: id.number,
        partner: click.partner,
        ad: click.ad,
        program: click.program,
        unrecorded,
    };
    assert_eq!(id, expected, "click {number}: {answer:?}");
    let answered = if unrecorded {
        Answered::Unrecorded(id)
    } else {
        Answered::Recorded(id)
    };
    (answered, text.as_bytes().try_into().unwrap())
}
