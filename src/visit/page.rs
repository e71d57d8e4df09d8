//! What the addresses of two pages tell: the one that was opened and the one before it.

use url::Url;

use crate::catalog::snapshot::Program;
use crate::link::{self, Pairs};
use crate::model::visit::{Came, HOST_BYTES_MAX, TEXT_BYTES_MAX};

/// The name of the parameter that marks a page as a test.
const TEST: &str = "impacttest";

/// The page that was opened.
#[derive(Debug)]
pub struct Page<'a> {
    program: &'a Program,
    url: Option<Url>,
}

impl<'a> Page<'a> {
    /// The page at `url`, or none, of `program`.
    #[must_use]
    pub fn new(program: &'a Program, url: Option<Url>) -> Self {
        Self { program, url }
    }

    /// Whether it is a page of the brand's own.
    fn is_own(&self, url: &Url) -> bool {
        let own = |host: &str| {
            self.program
                .site
                .hosts
                .iter()
                .any(|rule| rule.permits(host))
        };
        url.host_str().is_some_and(own)
    }

    /// Path and query of one of our links of this program, if the page is one: the app was opened
    /// instead of a browser.
    #[must_use]
    pub fn link(&self) -> Option<(String, Option<String>)> {
        let url = self.url.as_ref()?;
        if !matches!(url.scheme(), "http" | "https") || self.is_own(url) {
            return None;
        }
        let (path, query) = (url.path(), url.query());
        let mut pairs = Pairs::default();
        let link = link::parse(path, query, &mut pairs).ok()?;
        (link.program == self.program.id).then(|| (path.to_owned(), query.map(ToOwned::to_owned)))
    }

    /// The click id that the page was opened with.
    #[must_use]
    pub fn click_id(&self) -> Option<String> {
        self.value(&self.program.click_id_parameter)
    }

    /// Whether it is opened as a test.
    #[must_use]
    pub fn is_test(&self) -> bool {
        let value = self.value(TEST);
        value.is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }

    /// What it and the page before it tell of the way.
    #[must_use]
    pub fn came(&self, before: Option<&Url>) -> Came {
        let text = |name| cut(self.value(name).unwrap_or_default(), TEXT_BYTES_MAX);
        let host = before
            .filter(|url| !self.is_own(url))
            .and_then(Url::host_str);
        Came {
            utm_source: text("utm_source"),
            utm_medium: text("utm_medium"),
            utm_campaign: text("utm_campaign"),
            query_names: self.query_names(),
            referrer_host: cut(host.unwrap_or_default().to_owned(), HOST_BYTES_MAX),
        }
    }

    /// The value of a query parameter unless it is empty.
    fn value(&self, name: &str) -> Option<String> {
        let mut pairs = self.url.as_ref()?.query_pairs();
        let found = pairs.find(|(sent, value)| *sent == *name && !value.is_empty());
        found.map(|(_, value)| value.into_owned())
    }

    /// The names of the query, as many as there is room for; a name is never cut.
    fn query_names(&self) -> Box<str> {
        let mut names = String::new();
        let pairs = self.url.iter().flat_map(Url::query_pairs);
        for (name, _) in pairs {
            let is_plain = !name.is_empty() && !name.contains(',');
            if is_plain && names.len() + name.len() < TEXT_BYTES_MAX {
                if !names.is_empty() {
                    names.push(',');
                }
                names.push_str(&name);
            }
        }
        names.into()
    }
}

/// At most so many bytes of a text, and no part of a character.
fn cut(mut text: String, max: usize) -> Box<str> {
    let end = (0..=max.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
    text.into()
}
