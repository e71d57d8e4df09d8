//! The catalogue of a run, as the TOML text that `clickd catalog apply` reads.
//!
//! One brand, one program in UTC and USD, one event type with a flat payout, every partner under
//! contract, every ad running. Nothing in it makes a click unpayable, so that payable clicks must
//! equal unique clicks. Links may name pages of the brand as their destination.

use std::collections::BTreeSet;

/// Account SID of the brand.
pub(crate) const BRAND: &str = "LOADTEST";
/// The program's number.
pub(crate) const PROGRAM: u32 = 7;
/// The event type's number.
pub(crate) const EVENT_TYPE: u32 = 3;
/// What one action pays, in millionths of a dollar.
pub(crate) const PAYOUT: i64 = 1_250_000;
/// The unique-click window in milliseconds, rolling.
pub(crate) const WINDOW: i64 = 30 * 60 * 1_000;

const HEAD: &str = r#"
[[brand]]
sid = "LOADTEST"
name = "Load test"

[[program]]
id = 7
brand = "LOADTEST"
name = "Installs"
time_zone = "UTC"
currency = "USD"
landing_page = "https://www.brand.example/install"
deep_linking = true
deep_link_domains = ["*.brand.example"]
unique_click_window = "30m"
unique_click_type = "ROLLING"

[[event_type]]
program = 7
id = 3
code = "install"
name = "Install"
category = "INSTALL"
"#;

/// The text for these partners and ads.
pub(crate) fn text(partners: &BTreeSet<u32>, ads: &BTreeSet<u32>) -> String {
    text_with(partners, ads, |_| String::new())
}

/// The same, with further lines of each partner.
pub(crate) fn text_with(
    partners: &BTreeSet<u32>,
    ads: &BTreeSet<u32>,
    more: impl Fn(u32) -> String,
) -> String {
    let parts: Vec<String> = std::iter::once(HEAD.to_owned())
        .chain(ads.iter().map(|id| ad(*id)))
        .chain(partners.iter().map(|id| partner(*id, &more(*id))))
        .collect();
    parts.concat()
}

fn ad(id: u32) -> String {
    format!(
        r#"
[[ad]]
program = {PROGRAM}
id = {id}
name = "App {id}"
type = "TEXT_LINK"
landing_page = "https://www.brand.example/app/{id}"
"#
    )
}

fn partner(id: u32, more: &str) -> String {
    format!(
        r#"
[[partner]]
id = {id}
name = "Channel {id}"
{more}
[[contract]]
program = {PROGRAM}
partner = {id}
start = 2016-01-01
referral_window = "30d"
payouts = [{{ event_type = {EVENT_TYPE}, amount = "1.25" }}]
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partner_has_a_contract_and_every_ad_a_page() {
        let text = text(&BTreeSet::from([3, 280]), &BTreeSet::from([1, 551]));
        for (part, times) in [
            ("[[brand]]", 1),
            ("[[program]]", 1),
            ("[[event_type]]", 1),
            ("[[ad]]", 2),
            ("[[partner]]", 2),
            ("[[contract]]", 2),
            ("\npartner = 280\n", 1),
            ("\nid = 551\n", 1),
            ("https://www.brand.example/app/551", 1),
            ("{ event_type = 3, amount = \"1.25\" }", 2),
        ] {
            assert_eq!(text.matches(part).count(), times, "{part:?}");
        }
    }

    #[test]
    fn the_fixed_part_says_what_the_constants_say() {
        let id = |section: &str| {
            let (_, rest) = HEAD.split_once(section).unwrap();
            let (_, rest) = rest.split_once("\nid = ").unwrap();
            rest.lines().next().unwrap().parse::<u32>().unwrap()
        };
        assert_eq!(
            (id("[[program]]"), id("[[event_type]]")),
            (PROGRAM, EVENT_TYPE)
        );
        assert!(HEAD.contains(&format!("sid = \"{BRAND}\"")));
        assert_eq!((WINDOW, PAYOUT), (30 * 60_000, 1_250_000));
    }
}
