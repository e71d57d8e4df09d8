//! The requests whose cost is counted: in every run the same bytes in the same order, one as long
//! as the other.

use std::time::Duration;

use crate::support::config::Config;
use crate::support::http::{Client, get};

/// The program, its partner and its ads.
pub(super) const CATALOG: &str = r#"
version = 0

[[brand]]
sid = "IRcount"
name = "Count"

[[program]]
id = 1000
brand = "IRcount"
name = "Counted"
time_zone = "America/New_York"
currency = "USD"
landing_page = "https://www.shop.example/"
deep_linking = true
deep_link_domains = ["shop.example", "*.shop.example"]
partner_template = "utm_source=partner&utm_content={irpid}_{subid1}"
program_template = "utm_medium=affiliate&utm_campaign={ircid}&ad={iradid}"

[[event_type]]
program = 1000
id = 10
name = "Sale"
category = "SALE"

[[ad]]
program = 1000
id = 100
name = "General link"
type = "ONLINE_TRACKING_LINK"

[[partner]]
id = 280
name = "Partner"

[[contract]]
program = 1000
partner = 280
start = 2020-01-01
payouts = [{ event_type = 10, rate = "5%" }]
"#;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pages that the links lead to; a worker remembers the deep links it has checked.
const PAGES: u32 = 16;
/// As Chrome 142 on Windows follows a link.
const CHROME: [(&str, &str); 15] = [
    ("Connection", "keep-alive"),
    (
        "sec-ch-ua",
        "\"Chromium\";v=\"142\", \"Google Chrome\";v=\"142\", \"Not_A Brand\";v=\"99\"",
    ),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Windows\""),
    ("Upgrade-Insecure-Requests", "1"),
    (
        "User-Agent",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/142.0.0.0 Safari/537.36",
    ),
    (
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,\
         */*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    ),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-User", "?1"),
    ("Sec-Fetch-Dest", "document"),
    ("Referer", "https://blog.example/reviews/winter-jackets"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
    ("Priority", "u=0, i"),
];

/// One connection, and how many requests it has made.
pub(super) struct Customers {
    client: Client,
    sent: u32,
    /// The id of each click that was answered.
    pub(super) ids: Vec<String>,
}

impl Customers {
    /// Connects, as the proxy of the configuration.
    pub(super) fn connect(config: &Config) -> Self {
        Self {
            client: Client::connect(config.public, PATIENCE).unwrap(),
            sent: 0,
            ids: Vec::new(),
        }
    }

    /// Follows `count` links, `batch` at once and the next after their answers.
    pub(super) fn click(&mut self, count: u32, batch: u32) {
        for _ in 0..count / batch {
            let requests: String = (0..batch).map(|_| self.request()).collect();
            self.client.send(requests.as_bytes()).unwrap();
            for _ in 0..batch {
                let answer = self.client.receive(false).unwrap();
                let is_recorded = answer.header("x-clickd-recorded").is_none();
                let goes_on = is_recorded && !answer.closes();
                assert!(answer.status == 302 && goes_on, "{answer:?}");
                let page = answer.header("location").unwrap_or_default();
                let (_, rest) = page.split_once("im_ref=").expect("a click id");
                let id = rest.split(['&', '#']).next().unwrap_or_default();
                self.ids.push(id.to_owned());
            }
        }
    }

    /// The next request, of another customer each time.
    fn request(&mut self) -> String {
        let number = self.sent;
        self.sent += 1;
        let (page, place) = (number % PAGES, number % 7);
        let path = format!(
            "/c/280/100/1000?u=https%3A%2F%2Fwww.shop.example%2Fsale%2F{page:02}%3Fcolor%3D\
             red&subId1=blog&subId2=winter%20sale&subId3=place-{place}"
        );
        let customer = format!(
            "198.1{}.1{:02}.1{:02}",
            number / 10_000 % 10,
            number / 100 % 100,
            number % 100
        );
        let mut headers = CHROME.to_vec();
        headers.push(("X-Forwarded-For", &customer));
        get(&path, &headers)
    }
}
