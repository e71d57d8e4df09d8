//! The list of reports, what each one takes, and their answers.

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::catalog::Catalog;
use crate::derived::Stop;
use crate::registry::click::Shown;
use crate::registry::report::Source;
use crate::registry::{REPORTS, Report, Viewer, describe};
use crate::report::clicks::Clicks;
use crate::report::error::QueryError;
use crate::report::parameters::{decode, shown};
use crate::report::query::{Format, Query};
use crate::report::render::Rendered;
use crate::report::{Reader, ReportError, Written};

use super::actions::Stored;
use super::keys::KeyRecord;
use super::pins::Pins;
use super::respond::{self, Answer};
use super::route::Account;
use super::state::ApiState;

/// `GET …/Reports`, of `?Search=` and `?Category=` those that fit; what the key has pinned comes
/// first.
#[must_use]
pub fn list(pins: &Pins, key: &KeyRecord, account: Account<'_>, query: &str) -> Answer {
    let wanted = match Wanted::read(query) {
        Ok(wanted) => wanted,
        Err(errors) => return respond::query_errors(&errors),
    };
    let base = format!("{}/Reports", account.base());
    let fit = REPORTS
        .iter()
        .filter(|report| report.audience.includes(account.viewer) && wanted.takes(report));
    let (pinned, others): (Vec<&Report>, Vec<&Report>) =
        fit.partition(|report| pins.holds(&key.id, report));
    let entry = |is_pinned| {
        let base = &base;
        move |report: &Report| describe::entry(report, base, is_pinned)
    };
    let pinned = pinned.into_iter().map(entry(true));
    let entries: Vec<Value> = pinned.chain(others.into_iter().map(entry(false))).collect();
    let total = entries.len().to_string();
    let last = entries.len().saturating_sub(1).to_string();
    let uri = match query {
        "" => base,
        query => format!("{base}?{query}"),
    };
    let body = json!({
        "@page": "1",
        "@numpages": "1",
        "@pagesize": total,
        "@total": total,
        "@start": "0",
        "@end": last,
        "@uri": uri,
        "@firstpageuri": uri,
        "@previouspageuri": "",
        "@nextpageuri": "",
        "@lastpageuri": uri,
        "Reports": entries,
    });
    respond::value(StatusCode::OK, &body)
}

/// Which reports a list is asked for.
#[derive(Default)]
struct Wanted {
    search: Option<String>,
    category: Option<String>,
}

impl Wanted {
    fn read(query: &str) -> Result<Self, Vec<QueryError>> {
        let mut wanted = Self::default();
        let mut errors = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                let message = "is not UTF-8 after percent-decoding";
                errors.push(QueryError::new(shown(name), message));
                continue;
            };
            let place = match name.to_ascii_lowercase().as_str() {
                "search" => &mut wanted.search,
                "category" => &mut wanted.category,
                "irversion" | "page" | "pagesize" => continue,
                _ => {
                    let message = "is no parameter of the list; known are Search, Category";
                    errors.push(QueryError::new(shown(&name), message));
                    continue;
                }
            };
            if place.replace(value).is_some() {
                let message = "is given more than once; send it once";
                errors.push(QueryError::new(shown(&name), message));
            }
        }
        if errors.is_empty() {
            Ok(wanted)
        } else {
            Err(errors)
        }
    }

    /// Whether every word of the search stands in name or description, in any case.
    fn takes(&self, report: &Report) -> bool {
        let text = format!("{} {}", report.name, report.help).to_lowercase();
        let words = self.search.as_deref().unwrap_or_default().to_lowercase();
        let category = self.category.as_deref();
        words.split_whitespace().all(|word| text.contains(word))
            && category.is_none_or(|category| category.eq_ignore_ascii_case(report.category))
    }
}

/// `GET …/Reports/{handle}/MetaData`
#[must_use]
pub fn metadata(viewer: Viewer, handle: &str) -> Answer {
    Report::seen_by(viewer, handle).map_or_else(respond::not_found, |report| {
        respond::value(StatusCode::OK, &describe::metadata(report, viewer))
    })
}

/// `GET …/Reports/{handle}`; `asked` is the form that `Accept` asks for.
pub async fn run(
    state: &Arc<ApiState>,
    account: Account<'_>,
    handle: &str,
    asked: Format,
    path: &str,
    query: String,
) -> Answer {
    let viewer = account.viewer;
    let Some(report) = Report::seen_by(viewer, handle) else {
        return respond::not_found();
    };
    let (own, sid, path) = (Arc::clone(state), account.sid.to_owned(), path.to_owned());
    in_turn(state, "report", move |stop| {
        let sid = &sid;
        let account = Account { viewer, sid };
        read(&own, report, account, (&path, &query, asked), stop)
    })
    .await
}

/// Sets a [`Stop`] when it is dropped, as when a client leaves before its answer.
struct Waiting(Stop);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// Reads derived rows on a blocking thread once it is this question's turn; `what` names in
/// errors what was asked for. When nobody waits any more the read is told to stop, and the turn
/// lasts until it has.
pub(super) async fn in_turn(
    state: &ApiState,
    what: &'static str,
    read: impl FnOnce(&Stop) -> Result<Answer, ReportError> + Send + 'static,
) -> Answer {
    let turn = Arc::clone(&state.report_turns).acquire_owned();
    let Ok(Ok(turn)) = timeout(state.limits.report_turn, turn).await else {
        let message = "too many reports at once; try again";
        return respond::try_again(StatusCode::TOO_MANY_REQUESTS, message);
    };
    let stop = Stop::default();
    let waiting = Waiting(stop.clone());
    let read = move || {
        let read = read(&stop);
        drop(turn);
        read
    };
    let read = tokio::task::spawn_blocking(read).await;
    drop(waiting);
    let reason = match read {
        Ok(Ok(answer)) => return answer,
        Ok(Err(ReportError::NotFound)) => return respond::not_found(),
        Ok(Err(ReportError::Invalid(errors))) => return respond::query_errors(&errors),
        Ok(Err(ReportError::Unreadable(reason))) => reason,
        Err(error) => error.to_string(),
    };
    tracing::error!(reason, what, "could not be read");
    let message = format!("the {what} could not be read");
    respond::try_again(StatusCode::SERVICE_UNAVAILABLE, &message)
}

/// A page of clicks one by one.
fn clicks(
    state: &ApiState,
    catalog: &Catalog,
    (report, shown): (&'static Report, Shown),
    (query, path, asked): (&Query, &str, Format),
    stop: &Stop,
) -> Result<Written, ReportError> {
    let facts = Stored(&state.log);
    let mut answer = Err(ReportError::NotFound);
    let viewed = state.figures.at_one_moment(stop, &mut |view| {
        let listing = Clicks {
            catalog,
            view,
            facts: &facts,
            report,
            shown,
        };
        answer = listing.page(query, path, asked);
    });
    viewed.map_err(|error| ReportError::Unreadable(error.to_string()))?;
    answer
}

fn read(
    state: &ApiState,
    report: &'static Report,
    account: Account<'_>,
    (path, query, asked): (&str, &str, Format),
    stop: &Stop,
) -> Result<Answer, ReportError> {
    let catalog = state.catalog.load();
    let (Account { viewer, sid }, holder) = (account, account.base());
    let reader = Reader::of(&catalog, viewer, sid, &*state.figures);
    let reader = reader.ok_or(ReportError::NotFound)?.until(stop);
    let query = reader.query(report, query, state.log.clock().now())?;
    if let Source::Clicks(shown) = report.source {
        let listed = clicks(
            state,
            &catalog,
            (report, shown),
            (&query, path, asked),
            stop,
        )?;
        return Ok(respond::written(listed));
    }
    let answer = if let Some(answer) = state.held.find(&holder, report, &query) {
        answer
    } else {
        let answer = Arc::new(reader.answer(report, &query)?);
        state.held.hold(&holder, &query, &answer);
        answer
    };
    let rendered = Rendered {
        answer: &answer,
        viewer,
        query: &query,
        path,
        names: &reader.names(&query),
    };
    rendered.written(asked).map(respond::written)
}
