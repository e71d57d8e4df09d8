//! Uploaded files against a running daemon: nothing lost, nothing twice, whatever ends it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use clickd::log::{Clock, Log, Options};
use clickd::model::entry::Entry;
use clickd::model::id::Slot;
use clickd::model::submission::Origin;
use serde_json::Value;

use crate::support::commands::{apply_catalog, create_key, verify};
use crate::support::config::Config;
use crate::support::daemon::Daemon;
use crate::support::dice::Dice;
use crate::support::http::{Answer, Client, basic, get};

const PATIENCE: Duration = Duration::from_secs(60);
const FILES: &str = "/Advertisers/IRone/FTPFileSubmissions";
const HEADER: &str = "CampaignId,ActionTrackerId,EventDate,OrderId,CustomerId,CurrencyCode,Amount";
const CATALOG: &str = r#"
[[brand]]
sid = "IRone"
name = "One"
[[program]]
id = 1
brand = "IRone"
name = "One"
time_zone = "UTC"
currency = "USD"
landing_page = "https://one.example/"
[[event_type]]
program = 1
id = 1
name = "Sale"
category = "SALE"
"#;

struct Home {
    config: Config,
    daemon: Daemon,
    token: String,
}

impl Home {
    fn new() -> Self {
        let config = Config::new();
        let mut daemon = Daemon::start(&config);
        daemon.wait_ready(PATIENCE).unwrap();
        apply_catalog(&config, CATALOG);
        let token = create_key(&config, "IRone");
        Self {
            config,
            daemon,
            token,
        }
    }

    fn crash(&mut self) {
        self.daemon.kill();
        self.daemon = Daemon::start(&self.config);
        self.daemon.wait_ready(PATIENCE).unwrap();
    }

    fn exchange(&self, request: &str) -> Answer {
        let mut client = Client::connect(self.config.api, PATIENCE).unwrap();
        client.exchange(request).unwrap()
    }

    fn get(&self, path: &str) -> Value {
        let authorization = basic("IRone", &self.token);
        let answer = self.exchange(&get(path, &[("Authorization", &authorization)]));
        assert_eq!(answer.status, 200, "{path}");
        answer.json()
    }

    /// Sends a file of conversions; where it is shown.
    fn send(&self, text: &str) -> String {
        let answer = self.exchange(&format!(
            "POST {FILES}?Type=Conversion&FileName=a.csv HTTP/1.1\r\nHost: x\r\n\
             Authorization: {}\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n{text}",
            basic("IRone", &self.token),
            text.len()
        ));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["QueuedUri"].as_str().unwrap().to_owned()
    }

    fn is_complete(&self, file: &str) -> bool {
        self.get(file)["Status"] == "Complete"
    }

    /// What is shown of the file once it is done.
    fn done(&self, file: &str) -> Value {
        let since = Instant::now();
        while !self.is_complete(file) {
            assert!(since.elapsed() < PATIENCE, "{}", self.daemon.said());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.get(file)
    }

    /// Stops the daemon; how often each order is stored, and from which line.
    fn stored(mut self) -> BTreeMap<String, Vec<u64>> {
        verify(&self.config).unwrap();
        self.daemon.terminate();
        let ended = self.daemon.wait_end(PATIENCE).unwrap();
        assert!(ended.success(), "{}", self.daemon.said());
        let log = Log::open(&Options::new(self.config.log()), Clock::start()).unwrap();
        let mut found: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for slot in 1..=log.sealed().0 {
            for (_, entry) in log.entries(Slot(slot)).unwrap() {
                let Entry::Conversion(submission) = entry else {
                    panic!("only conversions were sent");
                };
                let Origin::Batch { line, .. } = submission.origin else {
                    panic!("only files were sent");
                };
                let order = submission.order_id.into_string();
                found.entry(order).or_default().push(line);
            }
        }
        found
    }
}

/// A file of so many orders; every 50th has no amount that reads.
fn file(orders: u32) -> String {
    let mut text = format!("{HEADER}\n");
    for order in 0..orders {
        let amount = if order % 50 == 7 { "ten" } else { "10.00" };
        writeln!(text, "1,1,NOW,o{order},c{order},USD,{amount}").unwrap();
    }
    text
}

#[test]
fn a_file_is_taken_once_however_often_the_daemon_is_killed() {
    const ORDERS: u32 = 6_000;
    let mut home = Home::new();
    let text = file(ORDERS);
    let shown = home.send(&text);
    let mut dice = Dice(7);
    let mut kills = 0;
    while kills < 12 && !home.is_complete(&shown) {
        std::thread::sleep(Duration::from_millis(dice.below(60)));
        home.crash();
        kills += 1;
    }
    assert!(kills >= 3, "the file was done before it could be cut off");
    let done = home.done(&shown);
    let bad = u64::from(ORDERS / 50);
    for (name, count) in [
        ("TotalRecords", u64::from(ORDERS)),
        // Nobody is credited for any of the rest.
        ("TotalErrors", u64::from(ORDERS)),
        ("TotalStored", u64::from(ORDERS) - bad),
        ("TotalRetries", 0),
    ] {
        assert_eq!(done[name], count, "{name}");
    }
    let errors = home.get(&format!("{shown}/ErrorDetails"));
    let errors = errors["ErrorDetail"].as_array().unwrap();
    let line = |error: &Value| error["Line"].as_u64().unwrap();
    let all: Vec<u64> = errors.iter().map(line).collect();
    assert_eq!(all, (2..u64::from(ORDERS) + 2).collect::<Vec<u64>>());
    let is_bad = |error: &&Value| error["Reason"] != "ACTION_REF_NOT_FOUND";
    let lines: Vec<u64> = errors.iter().filter(is_bad).map(line).collect();
    let expected: Vec<u64> = (0..bad).map(|nth| nth * 50 + 9).collect();
    assert_eq!(lines, expected);
    assert_eq!(home.send(&text), shown);
    let expected: BTreeMap<String, Vec<u64>> = (0..u64::from(ORDERS))
        .filter(|order| order % 50 != 7)
        .map(|order| (format!("o{order}"), vec![order + 2]))
        .collect();
    let stored = home.stored();
    assert_eq!(stored.len(), expected.len());
    assert_eq!(stored, expected);
}

#[test]
fn rows_that_came_in_another_file_are_retries() {
    let home = Home::new();
    let first = home.send(&file(300));
    home.done(&first);
    let second = home.send(&file(310));
    assert_ne!(first, second);
    let done = home.done(&second);
    assert_eq!(done["TotalRetries"], 294);
    assert_eq!(done["TotalStored"], 9);
    assert_eq!(home.get(FILES)["@total"], "2");
    let stored = home.stored();
    assert_eq!(stored.len(), 303);
    assert!(stored.values().all(|lines| lines.len() == 1));
}
