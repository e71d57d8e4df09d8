//! The catalogue of the test, and what the test itself knows of its terms.

/// The brand of both programs.
pub(crate) const BRAND: &str = "IRcrash";

/// Two programs in different time zones and currencies, unique-click windows that end within the
/// test, rates that need rounding; partner 13 has joined the second program only. Both take
/// arrivals on their pages.
pub(crate) const CATALOG: &str = r#"
version = 0

[[brand]]
sid = "IRcrash"
name = "Crash"

[[program]]
id = 1
brand = "IRcrash"
name = "Alpha"
time_zone = "America/New_York"
currency = "USD"
landing_page = "https://www.alpha.example/"
page_load = true
site_hosts = ["*.alpha.example"]
unique_click_window = "1m"
unique_click_type = "ROLLING"

[[program]]
id = 2
brand = "IRcrash"
name = "Beta"
time_zone = "Asia/Tokyo"
currency = "JPY"
landing_page = "https://beta.example/ja"
click_id_parameter = "clickid"
page_load = true
site_hosts = ["beta.example"]
unique_click_window = "1m"
unique_click_type = "FIXED"

[[event_type]]
program = 1
id = 10
name = "Sale"
category = "SALE"

[[event_type]]
program = 2
id = 20
name = "Sale"
category = "SALE"

[[ad]]
program = 1
id = 101
name = "General"
type = "ONLINE_TRACKING_LINK"

[[ad]]
program = 1
id = 102
name = "Jackets"
type = "BANNER"
landing_page = "https://www.alpha.example/jackets"

[[ad]]
program = 2
id = 201
name = "General"
type = "ONLINE_TRACKING_LINK"

[[partner]]
id = 11
name = "Eleven"

[[partner]]
id = 12
name = "Twelve"

[[partner]]
id = 13
name = "Thirteen"

[[contract]]
program = 1
partner = 11
start = 2020-01-01
payouts = [{ event_type = 10, rate = "12.5%" }]

[[contract]]
program = 1
partner = 12
start = 2020-01-01
payouts = [{ event_type = 10, amount = "1.50" }]

[[contract]]
program = 2
partner = 11
start = 2020-01-01
payouts = [{ event_type = 20, rate = "7.25%" }]

[[contract]]
program = 2
partner = 13
start = 2020-01-01
payouts = [{ event_type = 20, amount = "150" }]
"#;

/// The catalogue with postbacks to `url`: what becomes of partner 11's sales in the first program,
/// and every change in the second.
pub(crate) fn catalog(url: &str) -> String {
    let body = concat!(
        r#"{ "event": "{EventId}", "order": "{Oid}", "status": "{Status}", "#,
        r#""amount": "{Amount}", "payout": "{Payout}" }"#
    );
    let postback = |id: u32, rest: &str| {
        format!(
            "\n[[postback]]\nid = {id}\nprogram = {id}\nmethod = \"POST\"\n\
             url = \"{url}/{id}\"\nbody = '{body}'\n{rest}\n"
        )
    };
    let partner = postback(1, "audience = \"PARTNER\"\npartner = 11");
    let changes = "audience = \"BRAND\"\nkinds = [\"MODIFIED\", \"REVERSED\"]";
    CATALOG.to_owned() + &partner + &postback(2, changes)
}

/// The unique-click window of both programs, milliseconds.
pub(crate) const WINDOW: i64 = 60_000;
/// A partner number that the catalogue does not know.
pub(crate) const UNKNOWN_PARTNER: u32 = 99;
/// An ad number that the catalogue does not know.
pub(crate) const UNKNOWN_AD: u32 = 999;

/// What a sale pays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pay {
    /// Millionths of the amount.
    Rate(u64),
    /// Minor units.
    Flat(u64),
}

/// One program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) id: u32,
    pub(crate) event_type: u32,
    pub(crate) zone: &'static str,
    pub(crate) currency: &'static str,
    /// Decimals of the currency.
    pub(crate) decimals: u32,
    /// The parameter of the landing page that carries the click id.
    pub(crate) parameter: &'static str,
    /// Whether every click starts the window anew.
    pub(crate) rolling: bool,
    /// Ads with their landing pages.
    pub(crate) ads: &'static [(u32, &'static str)],
    /// Where every other ad leads.
    pub(crate) landing: &'static str,
    /// Partners with a contract.
    pub(crate) pays: &'static [(u32, Pay)],
}

/// Both programs.
pub(crate) const PROGRAMS: [Program; 2] = [
    Program {
        id: 1,
        event_type: 10,
        zone: "America/New_York",
        currency: "USD",
        decimals: 2,
        parameter: "im_ref",
        rolling: true,
        ads: &[
            (101, "https://www.alpha.example/"),
            (102, "https://www.alpha.example/jackets"),
        ],
        landing: "https://www.alpha.example/",
        pays: &[(11, Pay::Rate(125_000)), (12, Pay::Flat(150))],
    },
    Program {
        id: 2,
        event_type: 20,
        zone: "Asia/Tokyo",
        currency: "JPY",
        decimals: 0,
        parameter: "clickid",
        rolling: false,
        ads: &[(201, "https://beta.example/ja")],
        landing: "https://beta.example/ja",
        pays: &[(11, Pay::Rate(72_500)), (13, Pay::Flat(150))],
    },
];

/// Partners in the catalogue.
pub(crate) const PARTNERS: [u32; 3] = [11, 12, 13];

/// User agents of people.
pub(crate) const BROWSERS: [&str; 2] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5",
];
/// A user agent of a robot.
pub(crate) const ROBOT: &str =
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

impl Program {
    /// The program with this number.
    pub(crate) fn of(id: u32) -> &'static Self {
        PROGRAMS.iter().find(|program| program.id == id).unwrap()
    }

    /// What a sale of this partner pays, if it has a contract.
    pub(crate) fn pay(&self, partner: u32) -> Option<Pay> {
        let found = self.pays.iter().find(|pay| pay.0 == partner);
        found.map(|pay| pay.1)
    }

    /// Where a link leads, before anything is appended: without a contract to the program's page.
    pub(crate) fn page(&self, partner: u32, ad: u32) -> &'static str {
        let found = self.ads.iter().find(|known| known.0 == ad);
        match (self.pay(partner), found) {
            (Some(_), Some(known)) => known.1,
            _ => self.landing,
        }
    }

    /// An amount in minor units as it is written.
    pub(crate) fn text(&self, minor: u64) -> String {
        match self.decimals {
            0 => minor.to_string(),
            _ => format!("{}.{:02}", minor / 100, minor % 100),
        }
    }
}
