//! Which pages of other origins may read an answer (CORS): those of the program's own site.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use url::Url;

use crate::catalog::Catalog;
use crate::catalog::snapshot::Program;
use crate::model::id::ProgramId;

/// How long a browser may remember what it may send, seconds: a day.
const MAX_AGE: &str = "86400";

/// Lets the page that asks read the answer, if it is one of `program`, or of any program that takes
/// arrivals where none is named.
pub(super) fn allow(
    asked: &HeaderMap,
    catalog: &Catalog,
    program: Option<ProgramId>,
    answered: &mut HeaderMap,
) {
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
    let is_own = match program {
        Some(id) => catalog.program(id).is_some_and(permits),
        None => catalog.programs.values().any(permits),
    };
    if is_own {
        answered.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
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
