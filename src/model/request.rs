//! What a request names: device, browser and system by its user agent, and a host by its page.
//!
//! The words are those of the `woothee` data set for browsers and systems, and the trade's own for
//! devices. What names none is `UNKNOWN`. Called by the fold and by listings of clicks, so that
//! both say the same of a click.

use woothee::parser::Parser;

/// The word where nothing is named.
const UNKNOWN: &str = "UNKNOWN";

/// Reads user agents.
pub struct Devices(Parser);

impl std::fmt::Debug for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Devices")
    }
}

impl Default for Devices {
    fn default() -> Self {
        Self(Parser::new())
    }
}

impl Devices {
    /// Device, browser and system, as the parts of a facet's text, which tabs keep apart.
    #[must_use]
    pub fn named(&self, user_agent: &str) -> String {
        // A guess by a part of a word, which some makers of phones bear in their names. Robots are
        // told by their list.
        let is_guess = |name: &str| name == "misc crawler";
        let parsed = self.0.parse(user_agent);
        let parsed = parsed.filter(|found| !is_guess(found.name));
        let (kind, browser, os) = parsed.map_or((UNKNOWN, UNKNOWN, UNKNOWN), |found| {
            let kind = match (found.category, found.os) {
                ("pc", _) => "DESKTOP",
                (_, "iPad") => "TABLET",
                // Android asks makers to leave the word out on tablets.
                ("smartphone", "Android") if !user_agent.contains("Mobile") => "TABLET",
                ("smartphone" | "mobilephone", _) => "PHONE",
                ("crawler", _) => "ROBOT",
                ("appliance", "InternetTVBrowser" | "DigitalTV") => "TV",
                ("appliance", _) => "GAME",
                _ => UNKNOWN,
            };
            (kind, found.name, found.os)
        });
        [kind, browser, os].join("\t")
    }
}

/// The host of a page, without port, in lower case and without a leading `www.`.
#[must_use]
pub fn host(page: &str) -> String {
    let url = url::Url::parse(page).ok();
    let host = url.as_ref().and_then(url::Url::host_str).unwrap_or("");
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// A page, the same text however its host was written.
#[must_use]
pub fn page(sent: &str) -> String {
    url::Url::parse(sent).map_or_else(|_| sent.to_owned(), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_one_however_its_host_is_written() {
        for (sent, shown) in [
            ("https://WWW.Blog.example/A", "https://www.blog.example/A"),
            ("HTTPS://www.blog.example:443", "https://www.blog.example/"),
            ("http://blog.example:8080/a", "http://blog.example:8080/a"),
            ("not a page", "not a page"),
            ("", ""),
        ] {
            assert_eq!(page(sent), shown, "{sent}");
        }
    }

    #[test]
    fn devices_browsers_and_systems_are_named() {
        let devices = Devices::default();
        for (user_agent, named) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/131.0.0.0 Safari/537.36",
                "DESKTOP\tChrome\tWindows 10",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "PHONE\tSafari\tiPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like \
                 Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
                "TABLET\tSafari\tiPad",
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/120.0.0.0 Safari/537.36",
                "TABLET\tChrome\tAndroid",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/120.0.0.0 Mobile Safari/537.36",
                "PHONE\tChrome\tAndroid",
            ),
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                "ROBOT\tGooglebot\tUNKNOWN",
            ),
            ("Mozilla/5.0 CUBOT Note", "UNKNOWN\tUNKNOWN\tUNKNOWN"),
            ("", "UNKNOWN\tUNKNOWN\tUNKNOWN"),
            ("\t\t\t", "UNKNOWN\tUNKNOWN\tUNKNOWN"),
        ] {
            assert_eq!(devices.named(user_agent), named, "{user_agent}");
        }
    }

    #[test]
    fn hosts_are_told_by_the_url_parser() {
        for (page, named) in [
            ("https://www.Blog.example:8443/a/b", "blog.example"),
            ("https://blog.example", "blog.example"),
            ("android-app://com.example.app/", "com.example.app"),
            ("https://bücher.example/", "xn--bcher-kva.example"),
            ("http://192.0.2.7/x", "192.0.2.7"),
            ("about:blank", ""),
            ("not a page", ""),
            ("", ""),
        ] {
            assert_eq!(host(page), named, "{page}");
        }
    }
}
