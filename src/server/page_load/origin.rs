//! Which pages of other origins may read an answer (CORS): those of the program's own site.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use url::Url;

use crate::catalog::Catalog;
use crate::catalog::snapshot::Program;
use crate::model::id::ProgramId;

/// How long a browser may remember what it may send, seconds: a day.
const MAX_AGE: &str = "86400";

/// Who may read an answer.
pub(super) struct Allow<'a> {
    pub(super) catalog: &'a Catalog,
    /// The program that the arrival is of; any that takes arrivals where none is named.
    pub(super) program: Option<ProgramId>,
    /// Whether the answer is that of the tracking domain, which may have a cookie.
    pub(super) with_cookie: bool,
}

impl Allow<'_> {
    /// Lets the page that asks read the answer, if it is one of the program, and have its cookie
    /// sent along where the program has one.
    pub(super) fn answer(&self, asked: &HeaderMap, answered: &mut HeaderMap) {
        // Whatever is answered depends on it.
        answered.insert(VARY, HeaderValue::from_name(ORIGIN));
        let Some(origin) = asked.get(ORIGIN) else {
            return;
        };
        let host = origin.to_str().ok().and_then(|text| Url::parse(text).ok());
        let Some(host) = host.as_ref().and_then(Url::host_str) else {
            return;
        };
        let permits = |program: &Program| {
            program.site.page_load && program.site.hosts.iter().any(|rule| rule.permits(host))
        };
        let sends_cookie = |program: &Program| program.site.cookie && permits(program);
        if self.any(permits) {
            answered.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        if self.with_cookie && self.any(sends_cookie) {
            let yes = HeaderValue::from_static("true");
            answered.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
    }

    fn any(&self, which: impl Fn(&Program) -> bool) -> bool {
        match self.program {
            Some(id) => self.catalog.program(id).is_some_and(which),
            None => self.catalog.programs.values().any(which),
        }
    }
}

/// Says what a page may send, before it sends it.
pub(super) fn preflight(answered: &mut HeaderMap) {
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ] {
        answered.insert(name, HeaderValue::from_static(value));
    }
}
