//! The catalogue of these tests, and its customers and brand.

use std::fmt::Write as _;
use std::time::Duration;

use crate::support::commands;
use crate::support::config::Config;
use crate::support::http::{self, Client};

const PATIENCE: Duration = Duration::from_secs(10);
pub(crate) const BRAND: &str = "IRpost";

const CATALOG: &str = r#"
version = 0

[[brand]]
sid = "IRpost"
name = "Post"

[[program]]
id = 1
brand = "IRpost"
name = "Alpha"
time_zone = "America/New_York"
currency = "USD"
landing_page = "https://www.alpha.example/"

[[event_type]]
program = 1
id = 10
name = "Sale"
category = "SALE"

[[event_type]]
program = 1
id = 11
name = "Lead"
category = "LEAD"

[[ad]]
program = 1
id = 101
name = "General"
type = "ONLINE_TRACKING_LINK"

[[partner]]
id = 11
name = "Eleven"

[[partner]]
id = 12
name = "Twelve"

[[contract]]
program = 1
partner = 11
start = 2020-01-01
payouts = [{ event_type = 10, rate = "12.5%" }, { event_type = 11, amount = "2" }]

[[contract]]
program = 1
partner = 12
start = 2020-01-01
payouts = [{ event_type = 10, amount = "1.50" }]
"#;

/// Everything, by POST, to the brand.
pub(crate) const ALL: u32 = 1;
/// Sales of partner 11, by GET, to that partner.
pub(crate) const PARTNER: u32 = 2;
/// Never called.
pub(crate) const OFF: u32 = 3;
/// Modifications and reversals only.
pub(crate) const LATER: u32 = 4;
/// Comes when the others have been there for a while.
pub(crate) const NEW: u32 = 5;

/// The catalogue with its postbacks to `url`; `all` adds [`NEW`].
pub(crate) fn catalog(url: &str, all: bool) -> String {
    let body = concat!(
        r#"{ "event": "{EventId}", "action": "{ActionId}", "order": "{Oid}", "#,
        r#""status": "{Status}", "reason": "{StatusDetail}", "partner": {MediaPartnerId}, "#,
        r#""payout": {Payout}, "delta": {DeltaPayout}, "amount": {Amount}, "#,
        r#""deltaAmount": {DeltaAmount}, "code": "{PromoCode}", "items": {Items}, "#,
        r#""page": "{LandingPageUrl}" }"#
    );
    let brand = |id: u32, rest: &str| {
        format!(
            "[[postback]]\nid = {id}\nprogram = 1\naudience = \"BRAND\"\nmethod = \"POST\"\n\
             url = \"{url}/{id}\"\nbody = '{body}'\n{rest}\n"
        )
    };
    let mut text = CATALOG.to_owned();
    text += &brand(ALL, "");
    write!(
        text,
        "[[postback]]\nid = {PARTNER}\nprogram = 1\naudience = \"PARTNER\"\npartner = 11\n\
         event_type = 10\nurl = \"{url}/{PARTNER}?id={{EventId}}&sub={{SubId1}}&pay={{Payout}}\"\n"
    )
    .unwrap();
    text += &brand(OFF, "state = \"INACTIVE\"");
    text += &brand(LATER, "kinds = [\"MODIFIED\", \"REVERSED\"]");
    if all {
        text = text.replace("version = 0", "version = 1");
        text += &brand(NEW, "");
    }
    text
}

/// Clicks a link of `partner` labelled `label`; the click's id.
pub(crate) fn click(config: &Config, partner: u32, label: &str) -> String {
    let mut client = Client::connect(config.public, PATIENCE).unwrap();
    let path = format!("/c/{partner}/101/1?subId1={label}");
    let headers = [("User-Agent", "Mozilla/5.0 Firefox/140.0")];
    let answer = client.exchange(&http::get(&path, &headers)).unwrap();
    assert_eq!(answer.status, 302, "{answer:?}");
    let url = url::Url::parse(answer.header("location").unwrap()).unwrap();
    let mut pairs = url.query_pairs();
    let id = pairs.find(|pair| pair.0 == "im_ref").unwrap();
    id.1.into_owned()
}

/// Submits conversions of the brand.
pub(crate) struct Shop {
    authorization: String,
}

impl Shop {
    pub(crate) fn open(config: &Config) -> Self {
        let token = commands::create_key(config, BRAND);
        Self {
            authorization: http::basic(BRAND, &token),
        }
    }

    /// Sells `order` for `amount` to who clicked `click`.
    pub(crate) fn sell(
        &self,
        config: &Config,
        (event_type, order): (u32, &str),
        amount: &str,
        click: &str,
    ) {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("CampaignId", "1")
            .append_pair("ActionTrackerId", &event_type.to_string())
            .append_pair("EventDate", "NOW")
            .append_pair("OrderId", order)
            .append_pair("CurrencyCode", "USD")
            .append_pair("Amount", amount)
            .append_pair("ItemSku1", "a&\"b")
            .append_pair("ItemQuantity1", "2")
            .append_pair("ClickId", click);
        let path = format!("/Advertisers/{BRAND}/Conversions");
        let headers = [("Authorization", self.authorization.as_str())];
        let request = http::post_form(&path, &headers, &form.finish());
        let mut client = Client::connect(config.api, PATIENCE).unwrap();
        let answer = client.exchange(&request).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}
