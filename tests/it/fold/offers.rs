//! The catalogue of the random histories.

use clickd::catalog::{parse_toml, to_stored};

const CATALOG: &str = r#"
version = 0
[[brand]]
sid = "IRone"
name = "One"
[[brand]]
sid = "IRtwo"
name = "Two"
[[program]]
id = 1
brand = "IRone"
name = "One US"
time_zone = "America/New_York"
risk = "MODERATE"
currency = "USD"
landing_page = "https://one.example/"
unique_click_window = "30m"
unique_click_type = "ROLLING"
late_limit = "2d"
[[program]]
id = 2
brand = "IRone"
name = "One India"
time_zone = "Asia/Kolkata"
currency = "INR"
landing_page = "https://one.example/in"
unique_click_window = "1h"
unique_click_type = "FIXED"
pay_expired_ads = false
risk = "RELAXED"
late_limit = "1d"
[[program]]
id = 3
brand = "IRtwo"
name = "Two Samoa"
risk = "STRICT"
STATE
time_zone = "Pacific/Apia"
currency = "JPY"
landing_page = "https://two.example/"
unique_click_window = "5m"
unique_click_type = "FIXED"
[[event_type]]
program = 1
id = 1
name = "Sale"
category = "SALE"
[[event_type]]
program = 1
id = 2
name = "Lead"
category = "LEAD"
credit_policy = "FIRST_CLICK"
order_id_window = "6h"
[[event_type]]
program = 2
id = 1
name = "Sale"
category = "SALE"
[[event_type]]
program = 3
id = 1
name = "Sale"
category = "SALE"
TRACKER
[[channel]]
program = 1
name = "Newsletter"
rules = [{ part = "UTM_SOURCE", operator = "IS", values = ["news"] }]
[[ad]]
program = 1
id = 5
name = "Ad"
type = "TEXT_LINK"
[[partner]]
id = 10
name = "Ten"
[[partner]]
id = 11
name = "Eleven"
PARTNER
[[partner]]
id = 12
name = "Twelve"
properties = [{ id = 1, name = "blog.example" }]
[[partner]]
id = 13
name = "Thirteen"
[[contract]]
program = 1
partner = 10
start = 2026-01-01
referral_window = "1d"
payouts = [{ event_type = 1, rate = "12.5%" }, { event_type = 2, amount = "1.50" }]
[[promo_code]]
program = 1
code = "TEN"
partner = 10
credit_policy = "ALWAYS"
[[promo_code]]
program = 1
code = "ELEVEN"
partner = 11
credit_policy = "INVOLVED"
[[promo_code]]
program = 3
code = "TEN"
partner = 10
credit_policy = "WINNER"
[[contract]]
program = 1
partner = 12
start = 2026-01-01
credit_group = "STANDARD"
accepts = ["CLICK"]
payouts = [
    { event_type = 1, amount = "2.00", recurrences_max = 1 },
    { event_type = 2, amount = "0.50" },
]
[[contract]]
program = 1
partner = 11
start = 2026-01-01
end = 2026-03-08
payouts = [{ event_type = 1, rate = "PRICE_OF_SALE" }]
[[contract]]
program = 2
partner = 10
start = 2026-01-01
payouts = [{ event_type = 1, amount = "33.33", recurrences_max = 2 }]
[[contract]]
program = 2
partner = 12
start = 2026-03-08T12:00:00Z
referral_window = "2h"
payouts = [{ event_type = 1, rate = "3.3333%" }]
[[contract]]
program = 3
partner = 10
start = 2026-01-01
payouts = [{ event_type = 1, rate = "7.25%" }]
[[contract]]
program = 3
partner = 11
start = 2026-01-01
payouts = [{ event_type = 1, rate = "50%" }]
"#;

/// What two brands offer, before and after a change.
pub(crate) fn catalog(changed: bool) -> Vec<u8> {
    let pick = |before: &'static str, after: &'static str| if changed { after } else { before };
    let text = CATALOG
        .replace("STATE", pick("", "state = \"CLOSED\""))
        .replace("TRACKER", pick("state = \"INACTIVE\"", ""))
        .replace("PARTNER", pick("", "state = \"INACTIVE\""))
        .replace("PRICE_OF_SALE", pick("5%", "6%"))
        .replace("\"30m\"", pick("\"30m\"", "\"1h\""));
    let doc = parse_toml(&text).unwrap_or_else(|problems| panic!("{problems:?}"));
    to_stored(&doc).unwrap()
}
