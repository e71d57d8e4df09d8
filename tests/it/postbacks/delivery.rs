//! The whole way: sales, changes, kills, rebuilds, a new destination.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use clickd::log::{Clock, Log, Options};
use clickd::model::action::change::{Change, What};
use clickd::model::id::{EventTypeId, ProgramId};
use clickd::model::money::Money;
use clickd::model::submission::{Origin, PayloadHash};

use super::site::{ALL, LATER, NEW, OFF, PARTNER, Shop, catalog, click};
use crate::support::commands;
use crate::support::config::Config;
use crate::support::daemon::Daemon;
use crate::support::dice::Dice;
use crate::support::receiver::{Arrival, Mood, Receiver, is_signed};

const READY: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(90);
/// Long enough for events that should not come.
const QUIET: Duration = Duration::from_secs(2);

fn start(config: &Config) -> Daemon {
    let mut daemon = Daemon::start(config);
    daemon.wait_ready(READY).unwrap();
    daemon
}

fn stop(mut daemon: Daemon) {
    daemon.terminate();
    let status = daemon.wait_end(READY).unwrap();
    assert!(status.success(), "{}", daemon.said());
}

fn wait(receiver: &Receiver, what: &str, holds: impl Fn(&[Arrival]) -> bool) {
    let began = Instant::now();
    while !holds(&receiver.arrivals()) {
        assert!(began.elapsed() < LONG, "{what}: {:#?}", receiver.accepted());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Destination and number of the update of an event.
fn named(event: &str) -> (u32, u32) {
    let (rest, destination) = event.rsplit_once('-').unwrap();
    let (_, update) = rest.rsplit_once('.').unwrap();
    (destination.parse().unwrap(), update.parse().unwrap())
}

/// The order that an arrival tells of.
fn order(arrival: &Arrival) -> String {
    if arrival.method == "POST" {
        json(arrival)["order"].as_str().unwrap().to_owned()
    } else {
        let (_, rest) = arrival.target.split_once("&sub=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    }
}

fn json(arrival: &Arrival) -> serde_json::Value {
    serde_json::from_str(&arrival.body).unwrap_or_else(|error| panic!("{error}: {arrival:?}"))
}

/// Destination, order and number of the update of everything answered well.
fn told(arrivals: &[Arrival]) -> BTreeSet<(u32, String, u32)> {
    let accepted = arrivals.iter().filter(|arrival| arrival.is_accepted);
    let name = |arrival: &Arrival| {
        let (destination, update) = named(&arrival.event);
        (destination, order(arrival), update)
    };
    accepted.map(name).collect()
}

/// Sells some orders; what is to be told of them.
fn sell(
    config: &Config,
    shop: &Shop,
    orders: std::ops::Range<u32>,
) -> BTreeSet<(u32, String, u32)> {
    let mut expected = BTreeSet::new();
    for number in orders {
        let order = format!("order-{number}");
        let (partner, event_type) = match number % 4 {
            0 => (12, 10),
            1 => (11, 11),
            _ => (11, 10),
        };
        let id = click(config, partner, &order);
        shop.sell(config, (event_type, &order), "80.00", &id);
        expected.insert((ALL, order.clone(), 1));
        if (partner, event_type) == (11, 10) {
            expected.insert((PARTNER, order, 1));
        }
    }
    expected
}

/// Changes orders behind the back of a daemon that does not run.
fn change(config: &Config, changes: &[(&str, What)]) {
    let log = Log::open(&Options::new(config.log()), Clock::start()).unwrap();
    for (payload, (order, what)) in (1..).zip(changes) {
        let change = Change {
            program: ProgramId(1),
            event_type: EventTypeId(10),
            order_id: (*order).into(),
            action: None,
            what: what.clone(),
            reason: "ITEM_RETURNED".into(),
            origin: Origin::Api,
            is_signed: false,
            payload: PayloadHash([payload; 16]),
            fields: Vec::new(),
        };
        log.change(&change).unwrap();
    }
    log.stop().unwrap();
}

fn amount(of: i64) -> What {
    What::Modify {
        amount: Some(Money(of)),
        customer_status: None,
        items: Vec::new(),
    }
}

/// What holds of all that ever arrived.
fn check(config: &Config, arrivals: &[Arrival]) {
    let mut secrets: BTreeMap<u32, String> = BTreeMap::new();
    let mut bytes: BTreeMap<&str, &Arrival> = BTreeMap::new();
    let mut latest: BTreeMap<(u32, &str), u32> = BTreeMap::new();
    for arrival in arrivals {
        let (destination, update) = named(&arrival.event);
        let secret = secrets
            .entry(destination)
            .or_insert_with(|| secret(config, destination));
        assert!(is_signed(arrival, secret), "{arrival:?}");
        let path = format!("/{destination}");
        assert_eq!(arrival.target.split('?').next(), Some(path.as_str()));
        assert_ne!(destination, OFF);
        assert!(destination != LATER || update > 1, "{arrival:?}");
        let first = bytes.entry(&arrival.event).or_insert(arrival);
        let content = |of: &Arrival| (of.method.clone(), of.target.clone(), of.body.clone());
        assert_eq!(content(first), content(arrival), "another event of this id");
        let (action, _) = arrival.event.rsplit_once('.').unwrap();
        let before = latest.insert((destination, action), update).unwrap_or(1);
        assert!(before <= update, "out of order: {arrival:?}");
        if arrival.method == "POST" {
            assert_eq!(arrival.content_type, "application/json");
            assert_eq!(json(arrival)["event"], arrival.event);
        }
    }
}

fn secret(config: &Config, destination: u32) -> String {
    let output = commands::run(config, &["postback", "secret", &destination.to_string()]);
    let said = commands::said(&output);
    let secret = said
        .strip_prefix("secret: ")
        .unwrap_or_else(|| panic!("{said}"));
    secret.trim().to_owned()
}

/// Payouts told of an order by [`ALL`]: the sum of what changed, and the last one.
fn payouts(arrivals: &[Arrival], of: &str) -> (i64, i64) {
    let mut all = BTreeMap::new();
    let cents = |value: &serde_json::Value| {
        let text = value.to_string();
        let (sign, text) = text
            .strip_prefix('-')
            .map_or((1, text.as_str()), |text| (-1, text));
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let part = format!("{part:0<2}");
        sign * (whole.parse::<i64>().unwrap() * 100 + part.parse::<i64>().unwrap())
    };
    for arrival in arrivals {
        let (destination, update) = named(&arrival.event);
        if destination == ALL && order(arrival) == of {
            let row = json(arrival);
            all.insert(update, (cents(&row["delta"]), cents(&row["payout"])));
        }
    }
    let sum = all.values().map(|row| row.0).sum();
    (sum, all.last_key_value().unwrap().1.1)
}

/// Whether what was answered but not noted came again, which may be later than all that is new.
fn came_again(arrivals: &[Arrival]) -> bool {
    let times = |event: &str| {
        let same = |other: &&Arrival| other.is_accepted && other.event == event;
        arrivals.iter().filter(same).count()
    };
    let mut unnoted = arrivals.iter().filter(|own| own.is_unnoted);
    unnoted.all(|own| times(&own.event) >= 2)
}

#[test]
fn every_event_arrives_signed_and_in_order_through_failures_and_kills() {
    let receiver = Receiver::start();
    let mut config = Config::new();
    for (option, value) in [
        ("allow_private", "true"),
        ("timeout", "\"1s\""),
        ("first_wait", "\"1s\""),
    ] {
        config.set("postbacks", option, value);
    }
    let mut daemon = start(&config);
    commands::apply_catalog(&config, &catalog(&receiver.url(), false));
    let shop = Shop::open(&config);
    let mut dice = Dice(20_261_125);
    let mut expected = BTreeSet::new();
    for round in 0..3 {
        receiver.set(Mood::Ill(dice.split()));
        expected.extend(sell(&config, &shop, round * 10..round * 10 + 7));
        // A sale is told when its slot is folded, up to a second later.
        expected.extend(sell(&config, &shop, round * 10 + 7..round * 10 + 8));
        receiver.set(Mood::Kill(daemon.id()));
        assert!(
            daemon.wait_end(READY).is_some(),
            "no event came to kill it at"
        );
        daemon = start(&config);
        receiver.set(Mood::Ill(dice.split()));
    }
    wait(&receiver, "sales", |all| {
        told(all).is_superset(&expected) && came_again(all)
    });
    let accepted = receiver.accepted();
    let arrivals = receiver.arrivals();
    let unnoted: Vec<_> = arrivals.iter().filter(|own| own.is_unnoted).collect();
    assert!(unnoted.len() >= 3);
    for arrival in unnoted {
        assert!(accepted[&arrival.event] >= 2, "{arrival:?}");
    }

    stop(daemon);
    let changes = [
        ("order-2", amount(60_000_000)),
        ("order-2", amount(100_000_000)),
        ("order-3", What::Reverse),
    ];
    change(&config, &changes);
    daemon = start(&config);
    for destination in [ALL, PARTNER, LATER] {
        for (order, updates) in [("order-2", 2..4), ("order-3", 2..3)] {
            expected.extend(updates.map(|update| (destination, order.to_owned(), update)));
        }
    }
    wait(&receiver, "changes", |all| told(all) == expected);
    assert_eq!(payouts(&receiver.arrivals(), "order-2"), (1_250, 1_250));
    assert_eq!(payouts(&receiver.arrivals(), "order-3"), (0, 0));
    assert_eq!(payouts(&receiver.arrivals(), "order-0"), (150, 150));
    what_events_say(&receiver.arrivals());

    quiet_through_rebuilds(&config, daemon, &receiver);
    // A new destination hears of all that comes once it is applied, and of nothing before.
    commands::apply_catalog(&config, &catalog(&receiver.url(), true));
    change(&config, &[("order-6", amount(1_000_000))]);
    for destination in [ALL, PARTNER, LATER, NEW] {
        expected.insert((destination, "order-6".to_owned(), 2));
    }
    daemon = start(&config);
    expected.extend(sell(&config, &shop, 100..101));
    expected.insert((NEW, "order-100".to_owned(), 1));
    wait(&receiver, "a new destination", |all| told(all) == expected);
    replays(&config, &receiver);
    commands::verify(&config).unwrap();
    check(&config, &receiver.arrivals());
    stop(daemon);
}

/// A reversal as the brand hears it, and a sale as the partner does.
fn what_events_say(arrivals: &[Arrival]) {
    let of = |destination, of: &str, update| {
        let mut found = arrivals
            .iter()
            .filter(|own| named(&own.event) == (destination, update) && order(own) == of);
        found.next().unwrap()
    };
    let reversal = json(of(ALL, "order-3", 2));
    for (field, expected) in [
        ("status", serde_json::json!("REVERSED")),
        ("reason", serde_json::json!("ITEM_RETURNED")),
        ("partner", serde_json::json!(11)),
        ("deltaAmount", serde_json::json!(-80.0)),
        ("page", serde_json::json!("https://www.alpha.example/")),
    ] {
        assert_eq!(reversal[field], expected, "{field} in {reversal}");
    }
    let sale = json(of(ALL, "order-0", 1));
    assert_eq!(
        (&sale["status"], &sale["reason"]),
        (&"PENDING".into(), &"".into())
    );
    assert_eq!(
        (&sale["items"][0]["sku"], &sale["items"][0]["qty"]),
        (&"a&\"b".into(), &2.into())
    );
    let told = of(PARTNER, "order-3", 1);
    let expected = format!("/2?id={}&sub=order-3&pay=10.00", told.event);
    assert_eq!(
        (told.method.as_str(), told.target.as_str()),
        ("GET", expected.as_str())
    );
}

/// Neither a rebuild nor a derived store that is made anew sends anything again.
fn quiet_through_rebuilds(config: &Config, daemon: Daemon, receiver: &Receiver) {
    receiver.set(Mood::Well);
    // Answers that came too late are followed by one more try.
    let tried_again = |all: &[Arrival]| {
        let mut last = BTreeMap::new();
        for arrival in all {
            last.insert(&arrival.event, arrival.is_accepted);
        }
        last.values().all(|accepted| *accepted)
    };
    wait(receiver, "the last tries", tried_again);
    std::thread::sleep(QUIET);
    let before = receiver.arrivals().len();
    let output = commands::run(config, &["rebuild"]);
    let said = || format!("{}{}", commands::said(&output), daemon.said());
    assert!(output.status.success(), "{}", said());
    std::thread::sleep(QUIET);
    assert_eq!(receiver.arrivals().len(), before, "after a rebuild");
    stop(daemon);
    std::fs::remove_dir_all(config.folder().join("store/derived")).unwrap();
    let daemon = start(config);
    commands::verify(config).unwrap();
    std::thread::sleep(QUIET);
    assert_eq!(receiver.arrivals().len(), before, "after a store made anew");
    stop(daemon);
}

/// The operator sees what became of an event and has it sent again.
fn replays(config: &Config, receiver: &Receiver) {
    let said = |arguments: &[&str]| {
        let output = commands::run(config, arguments);
        let said = commands::said(&output);
        assert!(output.status.success(), "{said}");
        said
    };
    let event = receiver
        .arrivals()
        .into_iter()
        .map(|arrival| arrival.event)
        .find(|event| named(event) == (LATER, 3))
        .unwrap();
    let listed = said(&["postback", "list"]);
    assert_eq!(listed.lines().count(), 6, "{listed}");
    assert!(listed.contains("INACTIVE"), "{listed}");
    let log = said(&["postback", "log", "--destination", "4"]);
    assert!(log.contains(&event) && log.contains("delivered"), "{log}");
    let times = receiver.accepted()[&event];
    let replayed = said(&["postback", "replay", &event]);
    assert!(replayed.starts_with("1 events"), "{replayed}");
    wait(receiver, "a replay", |_| {
        receiver.accepted()[&event] > times
    });
    let refused = commands::run(config, &["postback", "replay", "E-1.2.3.1-77"]);
    assert_eq!(
        refused.status.code(),
        Some(1),
        "{}",
        commands::said(&refused)
    );
}

#[test]
fn what_is_imported_is_told_to_nobody() {
    let receiver = Receiver::start();
    let mut config = Config::new();
    config.set("postbacks", "allow_private", true);
    let daemon = start(&config);
    commands::apply_catalog(&config, &catalog(&receiver.url(), false));
    let import = |kind: &str, lines: &str| {
        let file = config.folder().join("rows.csv");
        std::fs::write(&file, lines).unwrap();
        let output = commands::run(&config, &["import", kind, file.to_str().unwrap()]);
        assert!(output.status.success(), "{}", commands::said(&output));
    };
    import(
        "clicks",
        "ExternalClickId,EventDate,CampaignId,MediaId,AdId,Visitor,UserAgent\n\
         x1,2021-05-01T10:00:00Z,1,11,101,v1,Mozilla/5.0 (X11) Browser/1\n",
    );
    import(
        "conversions",
        "OrderId,EventDate,CampaignId,ActionTrackerId,CustomClickId,CurrencyCode,Amount\n\
         old,2021-05-01T11:00:00Z,1,10,x1,USD,80.00\n",
    );
    let shop = Shop::open(&config);
    let expected = sell(&config, &shop, 1..2);
    wait(&receiver, "the live order", |arrivals| {
        told(arrivals) == expected
    });
    std::thread::sleep(QUIET);
    assert_eq!(told(&receiver.arrivals()), expected);
    commands::verify(&config).unwrap();
    stop(daemon);
}
