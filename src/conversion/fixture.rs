//! A small catalogue for tests: two brands, three programs in different zones and currencies.

use crate::catalog::Catalog;
use crate::catalog::document::CatalogDoc;
use crate::catalog::parse::parse_toml;
use crate::model::id::CatalogVersion;

/// Brand `IRacme` with the programs 1000 (USD, New York) and 1001 (EUR, Berlin), brand `IRzen`
/// with the program 2000 (JPY, Tokyo). Event types are 10 × program + 1 (`SALE`) and + 2 (`LEAD`,
/// inactive). Partner 7 (`IRblog`) earns 10 % of a sale in program 1000, partner 8 (`IRcoupons`)
/// has no contract.
const TEXT: &str = r#"
brand = [{ sid = "IRacme", name = "Acme" }, { sid = "IRzen", name = "Zen" }]

[[program]]
id = 1000
brand = "IRacme"
name = "Acme US"
time_zone = "America/New_York"
currency = "USD"
landing_page = "https://acme.example/"

[[program]]
id = 1001
brand = "IRacme"
name = "Acme Germany"
time_zone = "Europe/Berlin"
currency = "EUR"
landing_page = "https://de.acme.example/"

[[program]]
id = 2000
brand = "IRzen"
name = "Zen Japan"
time_zone = "Asia/Tokyo"
currency = "JPY"
landing_page = "https://zen.example/"

[[partner]]
id = 7
name = 'Blog "Seven"'
account = "IRblog"

[[partner]]
id = 8
name = "Coupons"
account = "IRcoupons"

[[contract]]
program = 1000
partner = 7
start = 2020-01-01
payouts = [{ event_type = 10001, rate = "10%" }]
"#;

/// The document.
pub(crate) fn document() -> CatalogDoc {
    let event_types: String = [1000, 1001, 2000]
        .iter()
        .flat_map(|program| {
            [("SALE", 1, "ACTIVE"), ("LEAD", 2, "INACTIVE")].map(|(code, end, state)| {
                format!(
                    "[[event_type]]\nprogram = {program}\nid = {program}{end}\ncode = '{code}'\n\
                     name = '{code}'\ncategory = '{code}'\nstate = '{state}'\n"
                )
            })
        })
        .collect();
    parse_toml(&format!("{TEXT}\n{event_types}")).unwrap()
}

/// The catalogue of [`document`].
pub(crate) fn catalog() -> Catalog {
    Catalog::build(&document(), CatalogVersion(1)).unwrap()
}
