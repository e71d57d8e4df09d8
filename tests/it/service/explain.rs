//! `clickd explain` as its reader sees it: of a sale with a price, a limit and changes, and of
//! what was refused.

use std::time::Duration;

use crate::support::commands;
use crate::support::config::Config;
use crate::support::daemon::Daemon;
use crate::support::http::{self, Answer, Client};

const PATIENCE: Duration = Duration::from_secs(20);

const CATALOG: &str = r#"
version = 0

[[brand]]
sid = "IRtold"
name = "Told"

[[program]]
id = 1
brand = "IRtold"
name = "Alpha"
time_zone = "America/New_York"
currency = "USD"
landing_page = "https://www.alpha.example/"

[[event_type]]
program = 1
id = 10
name = "Sale"
category = "SALE"

[[ad]]
program = 1
id = 101
name = "General"
type = "ONLINE_TRACKING_LINK"

[[partner]]
id = 11
name = "Eleven"

[[contract]]
program = 1
partner = 11
start = 2020-01-01

[[contract.payouts]]
event_type = 10
rate = "10%"
limits = [{ of = "PAYOUT", amount = "25.00", period = "MONTH" }]

[[contract.payouts.groups]]
name = "Big"
rules = [{ variable = "ORDER_TOTAL", operator = "GTE", values = ["100"] }]
rate = "20%"
"#;

/// What the command prints.
fn explain(config: &Config, what: &str) -> String {
    let output = commands::run(config, &["explain", what]);
    assert!(output.status.success(), "{}", commands::said(&output));
    commands::said(&output)
}

/// Checks that `text` has these parts in this order.
fn holds(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("`{part}` is missing or out of order:\n{text}"));
        rest = rest.split_at(at).1;
    }
}

/// A brand and its connection.
struct Brand {
    api: Client,
    authorization: String,
}

impl Brand {
    fn send(&mut self, method: &str, what: &str, form: &str) -> Answer {
        let path = format!("/Advertisers/IRtold/{what}");
        let headers = [("Authorization", self.authorization.as_str())];
        let request = http::form(method, &path, &headers, form);
        let answer = self.api.exchange(&request).unwrap();
        assert_eq!(answer.status, 200, "{form}: {answer:?}");
        answer
    }

    fn sell(&mut self, order: &str, more: &str) -> String {
        let form = format!(
            "CampaignId=1&ActionTrackerId=10&EventDate=NOW&OrderId={order}&CurrencyCode=USD&{more}"
        );
        let answer = self.send("POST", "Conversions", &form);
        last_part(answer.json()["QueuedUri"].as_str().unwrap())
    }
}

/// What a brand did, under the names by which it is explained.
struct Told {
    config: Config,
    daemon: Daemon,
    click: String,
    /// Sold, changed from 100.00 to 90.00.
    first: String,
    /// The same order again.
    again: String,
    /// Of nobody known.
    stranger: String,
    /// A change of what was taken back before.
    late: String,
}

fn last_part(uri: &str) -> String {
    uri.rsplit_once('/').unwrap().1.to_owned()
}

impl Told {
    fn new() -> Self {
        let config = Config::new();
        commands::apply_catalog(&config, CATALOG);
        let token = commands::create_key(&config, "IRtold");
        let mut daemon = Daemon::start(&config);
        daemon.wait_ready(PATIENCE).unwrap();
        let mut public = Client::connect(config.public, PATIENCE).unwrap();
        let agent = [(
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
        )];
        let clicked = public.exchange(&http::get("/c/11/101/1", &agent)).unwrap();
        let location = clicked.header("location").unwrap();
        let click = location.split_once("im_ref=").unwrap().1.to_owned();
        let mut brand = Brand {
            api: Client::connect(config.api, PATIENCE).unwrap(),
            authorization: http::basic("IRtold", &token),
        };
        let named = format!("ClickId={click}");
        let first = brand.sell("first", &format!("{named}&Amount=100.00"));
        let again = brand.sell("first", &format!("{named}&Amount=99.00"));
        brand.sell("second", &format!("{named}&Amount=80.00"));
        brand.sell("fourth", &format!("{named}&Amount=50.00"));
        let stranger = brand.sell("third", "CustomerId=nobody&Amount=5.00");
        let of = "CampaignId=1&ActionTrackerId=10&Reason=OTHER";
        brand.send("PUT", "Actions", &format!("{of}&OrderId=first&Amount=90"));
        brand.send("DELETE", "Actions", &format!("{of}&OrderId=second"));
        let late = brand.send("PUT", "Actions", &format!("{of}&OrderId=second&Amount=1"));
        let late = last_part(late.json()["QueuedUri"].as_str().unwrap());
        commands::verify(&config).unwrap();
        Self {
            config,
            daemon,
            click,
            first,
            again,
            stranger,
            late,
        }
    }

    fn explain(&self, what: &str) -> String {
        explain(&self.config, what)
    }

    /// The action of an order, explained by its id.
    fn action(&self, order: &str) -> String {
        let text = self.explain(order);
        let id = text.split_once("action: ").unwrap().1;
        self.explain(id.split_once('\n').unwrap().0)
    }
}

#[test]
fn what_became_of_a_sale_is_told_rule_by_rule() {
    let told = Told::new();
    let text = told.explain("first");
    holds(
        &text,
        &[
            &told.first,
            "state: credited",
            "by: last click",
            "of partner 11 (Eleven), ad 101, named by the conversion: earns it",
            "K02 Named click: ",
            &told.again,
            "code: CONV_DUPLICATE",
            "R02 CONV_DUPLICATE: ",
            "actions:",
            "state: PENDING",
            "level: ORDER",
        ],
    );
    let stranger = told.explain(&told.stranger);
    holds(&stranger, &["R01 ACTION_REF_NOT_FOUND: "]);
    holds(&told.explain(&told.late), &["M03 ACTION_REVERSED: "]);
    let click = told.explain(&told.click);
    holds(&click, &["class: unique", "payable: true"]);
    told.daemon.terminate();
}

#[test]
fn what_an_action_costs_is_told_with_its_limits_and_changes() {
    let told = Told::new();
    holds(
        &told.action("first"),
        &[
            "state: PENDING",
            "payout: 9.00",
            "intended payout: 20.00",
            "K02 Named click: ",
            "level: ORDER",
            "order: default price, 10 % of 90.00 = 9.00",
            "event type: at most 25.00 of payouts per month, scope all; this action uses 9.00",
            "P03 First group: ",
            "P12 Changes: ",
            "tracked: amount 100.00 (+100.00), payout 20.00 (+20.00)",
            "modified for OTHER: amount 90.00 (-10.00), payout 9.00 (-11.00)",
            "locked: false",
        ],
    );
    holds(
        &told.action("second"),
        &[
            "state: REVERSED",
            "payout: 0.00",
            "intended payout: 8.00",
            "before the reversal: 5.00",
            "L01 Payouts: ",
            "tracked: amount 80.00 (+80.00), payout 5.00 (+5.00)",
            "reversed for OTHER: amount 0.00 (-80.00), payout 0.00 (-5.00)",
        ],
    );
    holds(
        &told.action("fourth"),
        &[
            "payout: 0.00",
            "intended payout: 5.00",
            "order: default price, 10 % of 50.00 = 5.00",
            "before limits: 5.00",
            "this action uses 0.00",
            "taken by limits: 5.00",
            "L01 Payouts: ",
        ],
    );
    told.daemon.terminate();
}
