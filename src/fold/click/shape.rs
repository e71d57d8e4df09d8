//! What the headers of a request say against the browser that it names.
//!
//! In: a user agent and the shape of a request as they are stored. Out: [`Signs`]. Pure.
//!
//! Only what a browser always does speaks against a request. The order of headers does not, since
//! proxies change it; nor does the absence of `Sec-Fetch-*` alone, since browsers leave it out
//! where a link is not https, so that is a sign of its own, which partners can be compared by.

use crate::derived::Signs;

/// Bytes of a shape from which on it may have been cut: headers that it lacks may have been sent.
const WHOLE_BELOW: usize = 900;

/// The browser that a user agent names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::fold) struct Browser {
    /// It is one at all.
    is_one: bool,
    /// It is recent: it says which languages it wants, and over https what a request is for.
    is_recent: bool,
    /// It never sends `Sec-CH-UA`, which browsers built on Chromium send.
    is_other_engine: bool,
}

/// What a shape holds.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is told by a header of its own"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::fold) struct Shape {
    /// All headers are known.
    is_whole: bool,
    has_language: bool,
    has_purpose: bool,
    has_engine: bool,
    /// Fired by an image.
    is_image: bool,
    /// Neither a link that was followed nor an image.
    is_scripted: bool,
}

impl Browser {
    /// The one that a user agent names.
    pub(in crate::fold) fn named(user_agent: &str) -> Self {
        let major = |name: &str| {
            let after = user_agent.split_once(name)?.1;
            let digits = after.find(|letter: char| !letter.is_ascii_digit());
            after.get(..digits.unwrap_or(after.len()))?.parse().ok()
        };
        let chromium: Option<u32> = major("Chrome/");
        let firefox: Option<u32> = major("Firefox/").filter(|_| user_agent.contains("Gecko/"));
        let safari: Option<u32> = major("Version/")
            .filter(|_| user_agent.contains(" Safari/") && user_agent.contains("Mac OS X"));
        let (is_recent, is_other_engine) = match (chromium, firefox, safari) {
            (Some(version), _, _) => (version >= 80, false),
            (None, Some(version), _) => (version >= 90, true),
            (None, None, Some(version)) => (version >= 17, true),
            (None, None, None) => (false, false),
        };
        let stems = ["Mozilla/", "Opera/", "Dalvik/"];
        Self {
            is_one: stems.iter().any(|stem| user_agent.starts_with(stem)),
            is_recent,
            is_other_engine,
        }
    }
}

impl Shape {
    /// Reads a stored shape: names of headers, those of `Sec-Fetch-*` with their values.
    pub(in crate::fold) fn read(shape: &str) -> Self {
        let mut read = Self {
            is_whole: !shape.is_empty() && shape.len() < WHOLE_BELOW,
            ..Self::default()
        };
        for header in shape.split(',') {
            let (name, value) = header.split_once('=').unwrap_or((header, ""));
            read.has_purpose |= name.starts_with("sec-fetch-");
            match name {
                "accept-language" => read.has_language = true,
                "sec-ch-ua" => read.has_engine = true,
                "sec-fetch-dest" => read.is_image |= value == "image",
                "sec-fetch-mode" => read.is_scripted |= !value.is_empty() && value != "navigate",
                _ => {}
            }
        }
        read.is_scripted &= !read.is_image;
        read
    }
}

/// What a request says against its click.
pub(in crate::fold) fn signs(browser: Browser, shape: Shape) -> Signs {
    let mut signs = Signs::NONE;
    if !browser.is_one {
        signs.set(Signs::NO_BROWSER);
    }
    if shape.is_image {
        signs.set(Signs::IMAGE);
    }
    let silent = shape.is_whole && browser.is_recent && !shape.has_language;
    if shape.is_scripted || silent || (browser.is_other_engine && shape.has_engine) {
        signs.set(Signs::ANOMALY);
    }
    if shape.is_whole && browser.is_recent && !shape.has_purpose {
        signs.set(Signs::NO_FETCH);
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, \
        like Gecko) Chrome/131.0.0.0 Safari/537.36";
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) \
        AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
    const OLD: &str = "Mozilla/5.0 (Linux; Android 7.0) AppleWebKit/537.36 (KHTML, like Gecko) \
        Chrome/60.0.3112.107 Mobile Safari/537.36";

    fn found(user_agent: &str, shape: &str) -> Vec<&'static str> {
        let signs = signs(Browser::named(user_agent), Shape::read(shape));
        signs.labels().collect()
    }

    #[test]
    fn browsers_that_follow_links_show_nothing() {
        let fetch = "sec-fetch-site=cross-site,sec-fetch-mode=navigate,sec-fetch-dest=document,";
        for user_agent in [CHROME, FIREFOX, SAFARI, OLD] {
            let shape = format!("host,user-agent,accept,{fetch}accept-language,");
            assert!(found(user_agent, &shape).is_empty(), "{user_agent}");
            // An import knows no headers.
            assert!(found(user_agent, "").is_empty(), "{user_agent}");
        }
        let engine = format!("host,sec-ch-ua,user-agent,{fetch}accept-language,");
        assert!(found(CHROME, &engine).is_empty());
        assert!(found(OLD, "host,user-agent,accept,").is_empty());
        let frame = "host,sec-fetch-mode=navigate,sec-fetch-dest=iframe,accept-language,";
        assert!(found(CHROME, frame).is_empty());
        let plain = "host,user-agent,accept,accept-language,";
        assert_eq!(found(CHROME, plain), ["no_fetch_metadata"]);
    }

    #[test]
    fn images_scripts_and_wrong_headers_are_told() {
        let image = "host,sec-fetch-mode=no-cors,sec-fetch-dest=image,accept-language,";
        assert_eq!(found(CHROME, image), ["image_click"]);
        let script = "host,sec-fetch-mode=cors,sec-fetch-dest=empty,accept-language,";
        assert_eq!(found(CHROME, script), ["request_anomaly"]);
        let bare = "host,user-agent,";
        let both = ["request_anomaly", "no_fetch_metadata"];
        for user_agent in [CHROME, FIREFOX, SAFARI] {
            assert_eq!(found(user_agent, bare), both, "{user_agent}");
        }
        let engine = "host,sec-ch-ua,sec-fetch-mode=navigate,accept-language,";
        for user_agent in [FIREFOX, SAFARI] {
            assert_eq!(found(user_agent, engine), ["request_anomaly"]);
        }
    }

    #[test]
    fn a_shape_that_may_be_cut_lacks_nothing() {
        let long = "x-header,".repeat(110);
        assert!(found(CHROME, &long).is_empty());
    }

    #[test]
    fn libraries_are_no_browsers() {
        for user_agent in ["", "okhttp/4.9", "Wget/1.21", "Apache-HttpClient/4.5"] {
            assert_eq!(found(user_agent, ""), ["no_browser"], "{user_agent}");
        }
    }
}
