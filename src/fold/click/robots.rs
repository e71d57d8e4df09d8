//! The robot list: which user agents are no people.
//!
//! In: a TOML document as it is stored in the log ([`SHIPPED_ROBOTS`] is the one that ships), with
//! the networks of hosts behind it. Out: a compiled list. A user agent is any bytes, so patterns
//! are matched on bytes.

use jiff::civil::Date;
use regex::bytes::{RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::hosting::{Hosting, Section};

/// The list that ships: `config/robots.toml`.
pub const SHIPPED_ROBOTS: &str = include_str!("../../../config/robots.toml");

/// Why a robot list can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RobotsError {
    /// Not UTF-8.
    #[error("the robot list is not UTF-8 text")]
    NotText,
    /// Not the document that is expected.
    #[error("the robot list does not read: {0}")]
    Syntax(String),
    /// A network of hosts is none.
    #[error("`hosting.networks` holds `{text}`, which {why}")]
    Hosting {
        /// What it holds.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// A pattern is no regular expression.
    #[error("`{list}` holds `{pattern}`, which is no regular expression: {why}")]
    Pattern {
        /// Which list it is in.
        list: &'static str,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    date: Date,
    robots: Vec<String>,
    #[serde(default)]
    not_robots: Vec<String>,
    hosting: Option<Section>,
}

/// A compiled robot list.
#[derive(Clone, Debug)]
pub struct Robots {
    /// When the list was last reviewed; `None` when no list was ever stored.
    pub date: Option<Date>,
    /// The networks of hosts.
    pub hosting: Hosting,
    listed: RegexSet,
    excepted: RegexSet,
}

impl Default for Robots {
    /// The empty list: only a missing user agent makes a robot.
    fn default() -> Self {
        Self {
            date: None,
            hosting: Hosting::default(),
            listed: RegexSet::empty(),
            excepted: RegexSet::empty(),
        }
    }
}

impl Robots {
    /// Reads and compiles a list.
    ///
    /// # Errors
    /// What is wrong with it, with the pattern at fault.
    pub fn parse(stored: &[u8]) -> Result<Self, RobotsError> {
        let text = std::str::from_utf8(stored).map_err(|_| RobotsError::NotText)?;
        let document: Document =
            toml::from_str(text).map_err(|error| RobotsError::Syntax(error.to_string()))?;
        let hosting = document.hosting.map(Hosting::read).transpose();
        Ok(Self {
            date: Some(document.date),
            hosting: hosting
                .map_err(|(text, why)| RobotsError::Hosting { text, why })?
                .unwrap_or_default(),
            listed: compile("robots", &document.robots)?,
            excepted: compile("not_robots", &document.not_robots)?,
        })
    }

    /// Whether a user agent is listed.
    #[must_use]
    pub fn lists(&self, user_agent: &[u8]) -> bool {
        self.listed.is_match(user_agent) && !self.excepted.is_match(user_agent)
    }
}

fn compile(list: &'static str, patterns: &[String]) -> Result<RegexSet, RobotsError> {
    let set = |patterns: &[String]| {
        RegexSetBuilder::new(patterns)
            .case_insensitive(true)
            .unicode(false)
            .build()
    };
    set(patterns).map_err(|error| {
        // The set does not say which pattern is at fault.
        let found = patterns.chunks(1).find_map(|one| {
            let why = set(one).err()?.to_string();
            Some((one.first()?.clone(), why))
        });
        let (pattern, why) =
            found.unwrap_or_else(|| ("all together".to_owned(), error.to_string()));
        RobotsError::Pattern { list, pattern, why }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_knows_robots_from_people() {
        let robots = Robots::parse(SHIPPED_ROBOTS.as_bytes()).unwrap();
        assert_eq!(robots.date.unwrap().to_string(), "2026-11-30");
        for robot in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0)",
            "facebookexternalhit/1.1",
            "curl/8.5.0",
            "python-requests/2.31.0",
            "Go-http-client/2.0",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0.0.0",
            "Wget/1.21.2",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "Baiduspider+(+http://www.baidu.com/search/spider.htm)",
            "Acme-Fetching-Tool/3.2",
            "Sogou web spider/4.0",
            "Mozilla/5.0 (compatible; PageAudit)",
        ] {
            assert!(robots.lists(robot.as_bytes()), "{robot}");
        }
        for person in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/120.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, \
             like Gecko) Version/17.1 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
            "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/119.0 Mobile",
            "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0; .NET4.0E)",
            "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
            "Dalvik/2.1.0 (Linux; U; Android 9; SM-G960F)",
        ] {
            assert!(!robots.lists(person.as_bytes()), "{person}");
        }
        assert!(!robots.lists(b"\xff\xfe"));
    }

    #[test]
    fn robots_are_told_by_what_they_say_and_how_they_are_written() {
        let robots = Robots::parse(SHIPPED_ROBOTS.as_bytes()).unwrap();
        for robot in [
            // Words.
            "Mozilla/5.0 (compatible; MSIE 9.0; AcmeUptime)",
            "Mozilla/5.0 (Windows NT 10.0) Chrome/14.0 Safari/535.1 acme_partner_monitoring X",
            "Mozilla/4.0 (compatible; WebMon 1.0; Windows XP)",
            "Mozilla/5.0 (Windows NT 6.3; WOW64) Websnapper/3.0 Safari/534.34",
            "LinkExtract/\"1.01\" (Windows)",
            "SiteWatch/\"1.01\" (Windows)",
            "Mozilla/5.0 (X11; Linux x86_64) Acme Screenshot Service/1.0 Safari/537.21",
            "Mozilla/5.0 (X11; Linux x86_64) (KHTML, like Gecko) wkhtmltopdf Safari/534.34",
            "Mozilla/5.0 (X11; Linux) Acme Tracer Safari/534.34",
            "Mozilla/5.0 (X11; Linux) Acme Probe; Safari/534.34",
            "Mozilla/5.0 (X11; Linux) Acme Preload Safari/534.34",
            "Mozilla/5.0 (X11; Linux) Firefox/82.0 Observatory/82.0",
            "Mozilla/5.0 (Windows; U) Gecko/20080311 Firefox/2.0 SEOtool/1.0",
            "Mozilla/5.0 (compatible; Prospector; contact via site) Chrome/124.0 Safari/537.36",
            "[object Promise] acme website analyse",
            "Mozilla/4.0 (compatible;  MSIE 5.01; AcmeAgent 2.0; Windows NT)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Acme-User/0.1)",
            "Mozilla/5.0 (Linux; Android 8.0; Pixel 2; AcmeWeb-Google/1.0) Mobile Safari/537.36",
            "Mozilla/5.0 (X11; U; Linux) (KHTML, like Gecko, Google Keyword Suggestion)",
            "Mozilla/5.0 Chrome/10.0 Safari/534.15 Acme.js/5.0",
            "Mozilla/5.0 (compatible; MSIE or Firefox mutant; not on Windows;) Daumoa/4.0",
            // An address to write to, or a page.
            "acme_viewer (acme2.6.3@unspecified.mail)",
            "acme/\"1.0\" (root@localhost)",
            "Acme&v4.0 - acme at example dot test",
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/137.0 Safari/537.36; Acme/1.0; +example.test",
            "Mozilla/5.0 (compatible; acme; linux; +; )",
            // Shapes.
            "Acme/Walk/FrankfurtEU",
            "Acme::Bookmark/2.00 (Acme; master;)",
            "acme-tool/v0-570-g26f8c96",
            "Mozilla/5.0 Acme/4.0",
            "Mozilla/4.0 (compatible; acme-client-2.3)",
            "Mozilla/4.0 (compatible; A-c-m-e)",
            "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) Acme",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X) Excel/14.62.0",
            "Mozilla/5.0 (Windows NT 6.1) Firefox/77.0 Time/1710630666672",
            "${jndi:ldap://${hostName}.example.test}",
            "() { :;};echo",
            "pip/21.3 {ci:null}",
        ] {
            assert!(robots.lists(robot.as_bytes()), "{robot}");
        }
    }

    #[test]
    fn a_device_or_a_label_of_a_browser_is_no_robot() {
        let robots = Robots::parse(SHIPPED_ROBOTS.as_bytes()).unwrap();
        let people = [
            // Named like robots.
            "Mozilla/5.0 (Linux; Android 6.0; CUBOT_NOTE_S Build/MRA58K) Chrome/71.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 6.0; VR BOT 552 PLUS) Chrome/73.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 8.1.0; XBot_Senior Build/O11019) Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 4.2.1; MAJESTIC Zeus21 Build/JOP40D) Safari/537.36",
            "Mozilla/5.0 (Linux; Android 8.0.0; Expanse) AppleWebKit/537.36 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 9; Google Pixelbook) AppleWebKit/537.36 Safari/537.36",
            "Mozilla/5.0 (X11; Linux x86_64; rv:5.0) Gecko/20100101 Firefox/5.0 FirePHP/0.5",
            "Mozilla/4.0 LG-GM750Q MMS/LGMMSv1.0/1.2 Java/LGVM/1.1 Profile/MIDP-2.1 (Windows CE)",
            "YahooMobile/1.0 (im; 1.8.4.15957); (Linux; U; Android 4.0.4; ALLVIEW Build/Unknown);",
            // What other systems keep.
            "Browser/1",
            "Mobile Safari",
            "Mobile Safari UI/WKWebView",
            "Safari (in-app)",
            "Chrome 126",
            "Chrome Mobile iOS",
            "Chrome on Windows 10",
            "Chrome/Android/mobile",
            "Samsung Internet",
            "Samsung SM-G960F",
            "iPhone 15 Pro Max",
            "Moto G Power (2022)",
            "desktop",
        ];
        for person in people {
            assert!(!robots.lists(person.as_bytes()), "{person}");
        }
        // More than names, or none of them.
        for robot in [
            "Mobile Robot",
            "Chrome fetch",
            "Safari check",
            "Android/1.0 crawler",
            "HeadlessChrome 120",
            "9260",
            "x",
            "Acme 2",
        ] {
            assert!(robots.lists(robot.as_bytes()), "{robot}");
        }
    }

    #[test]
    fn no_list_lists_nobody() {
        assert!(!Robots::default().lists(b"curl/8.5.0"));
    }

    #[test]
    fn a_bad_list_says_what_is_wrong() {
        let read = |text: &str| Robots::parse(text.as_bytes()).unwrap_err().to_string();
        let message = read("date = \"2026-11-01\"\nrobots = ['ok', '(']");
        assert!(
            message.starts_with("`robots` holds `(`, which is no"),
            "{message}"
        );
        assert!(read("robots = []").contains("date"));
        let hosts = "date = \"2026-11-01\"\nrobots = []\n[hosting]\ndate = \"2026-11-01\"\n";
        assert_eq!(
            read(&format!("{hosts}networks = ['10.0.0.0/8', '10.0.0.1/24']")),
            "`hosting.networks` holds `10.0.0.1/24`, which has bits set behind its prefix"
        );
        assert!(read("date = \"2026-11-01\"\nrobots = []\nx = 1").contains("unknown field"));
        assert!(read("date = \"2026-13-01\"\nrobots = []").contains("does not read"));
        assert_eq!(Robots::parse(&[0xff]).unwrap_err(), RobotsError::NotText);
    }
}
