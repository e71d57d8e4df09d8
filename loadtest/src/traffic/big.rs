//! A catalogue of a chosen size: several programs, ads numbered through all of them, every partner
//! under contract with every program.
//!
//! As in the small catalogue every click is payable, and the pages are of the same form, so that
//! nothing but the size differs.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::catalogue::{BRAND, EVENT_TYPE};

/// The first program's number; the others follow it.
const PROGRAM_FIRST: u32 = 100;
/// What comes before an ad's number in its landing page.
pub(crate) const PAGE: &str = "https://www.brand.example/app/";
/// The most contracts of a catalogue.
const CONTRACTS_MAX: u64 = 1_000_000;

/// How many of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Programs.
    pub(crate) programs: u32,
    /// Ads of all programs together.
    pub(crate) ads: u32,
    /// Partners, each with a contract in every program.
    pub(crate) partners: u32,
}

impl Size {
    /// Every program has an ad, and the number of contracts is bounded.
    pub(crate) fn check(self) -> Result<()> {
        ensure!(
            self.programs >= 1 && self.partners >= 1 && self.ads >= self.programs,
            "a catalogue needs a program, a partner, and an ad in every program"
        );
        ensure!(
            self.contracts() <= CONTRACTS_MAX,
            "{} contracts: allowed are {CONTRACTS_MAX}; change --partners or --programs",
            self.contracts()
        );
        Ok(())
    }

    /// Contracts.
    pub(crate) fn contracts(self) -> u64 {
        u64::from(self.programs) * u64::from(self.partners)
    }

    /// The program of an ad.
    pub(crate) fn program(self, ad: u32) -> u32 {
        PROGRAM_FIRST + ad.saturating_sub(1) % self.programs.max(1)
    }
}

/// The text of version `version + 1`, put on top of `version`. Change `n`, counted from 1, has
/// given the `n`-th ad in `changed` a page of its own.
pub(crate) fn text(size: Size, version: u32, changed: &[u32]) -> Result<String> {
    let mut text = format!("version = {version}\n");
    write!(
        text,
        "\n[[brand]]\nsid = \"{BRAND}\"\nname = \"Load test\"\n"
    )?;
    for program in (0..size.programs).map(|n| PROGRAM_FIRST + n) {
        write!(
            text,
            r#"
[[program]]
id = {program}
brand = "{BRAND}"
name = "Installs {program}"
time_zone = "UTC"
currency = "USD"
landing_page = "https://www.brand.example/install"
deep_linking = true
deep_link_domains = ["*.brand.example"]
unique_click_window = "30m"
unique_click_type = "ROLLING"

[[event_type]]
program = {program}
id = {EVENT_TYPE}
code = "install"
name = "Install"
category = "INSTALL"
"#
        )?;
    }
    for id in 1..=size.ads {
        let change = changed.iter().position(|ad| *ad == id);
        write!(
            text,
            r#"
[[ad]]
program = {}
id = {id}
name = "App {id}"
type = "TEXT_LINK"
landing_page = "{}"
"#,
            size.program(id),
            page(id, change.map_or(0, |index| index + 1))
        )?;
    }
    for id in 1..=size.partners {
        write!(text, "\n[[partner]]\nid = {id}\nname = \"Channel {id}\"\n")?;
        for program in (0..size.programs).map(|n| PROGRAM_FIRST + n) {
            write!(
                text,
                r#"
[[contract]]
program = {program}
partner = {id}
start = 2016-01-01
referral_window = "30d"
payouts = [{{ event_type = {EVENT_TYPE}, amount = "1.25" }}]
"#
            )?;
        }
    }
    Ok(text)
}

/// An ad's page after its change, counted from 1; 0 is its first page.
pub(crate) fn page(ad: u32, change: usize) -> String {
    if change == 0 {
        format!("{PAGE}{ad}")
    } else {
        format!("{PAGE}{ad}?v={change}")
    }
}

/// The ad to whose page a `Location` leads, changed or not.
pub(crate) fn ad_of(location: &str) -> Option<u32> {
    let (ad, _) = location.strip_prefix(PAGE)?.split_once('?')?;
    ad.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::catalogue;

    const SIZE: Size = Size {
        programs: 3,
        ads: 7,
        partners: 4,
    };

    #[test]
    fn everything_is_there_as_often_as_asked() {
        let text = text(SIZE, 5, &[]).unwrap();
        for (part, times) in [
            ("version = 5\n", 1),
            ("[[brand]]", 1),
            ("[[program]]", 3),
            ("[[event_type]]", 3),
            ("[[ad]]", 7),
            ("[[partner]]", 4),
            ("[[contract]]", 12),
            ("\nid = 101\n", 1),
            ("\nprogram = 102\npartner = 4\n", 1),
            ("\nprogram = 100\nid = 7\n", 1),
            ("?v=", 0),
        ] {
            assert_eq!(text.matches(part).count(), times, "{part:?}");
        }
        assert_eq!(SIZE.contracts(), 12);
    }

    #[test]
    fn a_change_is_one_page_and_earlier_ones_stay() {
        let lines = |changed: &[u32]| -> Vec<String> {
            let text = text(SIZE, 1, changed).unwrap();
            text.lines().map(str::to_owned).collect()
        };
        let (one, two) = (lines(&[4]), lines(&[4, 2]));
        let new: Vec<_> = two.iter().filter(|line| !one.contains(line)).collect();
        assert_eq!(new, [&format!("landing_page = \"{}\"", page(2, 2))]);
        assert!(two.contains(&format!("landing_page = \"{}\"", page(4, 1))));
    }

    #[test]
    fn ads_differ_from_those_of_the_small_catalogue_in_number_only() {
        let blocks = |text: &str, program: u32| {
            text.split("\n\n")
                .filter(|block| !block.starts_with("version"))
                .map(|block| block.trim().replace(&program.to_string(), "PROGRAM"))
                .map(|block| block.replace("Installs PROGRAM", "Installs"))
                .collect::<Vec<String>>()
        };
        let size = Size {
            programs: 1,
            ads: 2,
            partners: 2,
        };
        let ids = [1, 2].into_iter().collect();
        // No number but the program's may hold the digits of 7.
        let small = catalogue::text(&ids, &ids);
        assert_eq!(
            blocks(&text(size, 0, &[]).unwrap(), PROGRAM_FIRST),
            blocks(&small, catalogue::PROGRAM)
        );
    }

    #[test]
    fn a_location_leads_to_the_page_of_its_ad() {
        for (location, ad) in [
            (page(5, 0) + "?im_ref=x", Some(5)),
            (page(5, 3) + "&im_ref=x", Some(5)),
            (page(5, 0), None),
            (
                "https://www.brand.example/install?im_ref=x".to_owned(),
                None,
            ),
            (page(5, 0) + "/6?im_ref=x", None),
        ] {
            assert_eq!(ad_of(&location), ad, "{location}");
        }
    }

    #[test]
    fn sizes_are_bounded() {
        SIZE.check().unwrap();
        for size in [
            Size {
                programs: 0,
                ..SIZE
            },
            Size { ads: 2, ..SIZE },
            Size {
                partners: 0,
                ..SIZE
            },
            Size {
                partners: 333_334,
                ..SIZE
            },
        ] {
            assert!(size.check().is_err(), "{size:?}");
        }
    }
}
