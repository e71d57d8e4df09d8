//! The list of reports, what each one takes, and their answers.

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::catalog::Catalog;
use crate::registry::click::Shown;
use crate::registry::report::Source;
use crate::registry::{REPORTS, Report, describe};
use crate::report::clicks::Clicks;
use crate::report::query::Query;
use crate::report::render::Rendered;
use crate::report::{Reader, ReportError};

use super::actions::Stored;
use super::respond::{self, Answer};
use super::state::ApiState;

/// `GET /Advertisers/{sid}/Reports`
#[must_use]
pub fn list(sid: &str) -> Answer {
    let base = format!("/Advertisers/{sid}/Reports");
    let entries: Vec<Value> = REPORTS
        .iter()
        .map(|report| describe::entry(report, &base))
        .collect();
    let total = entries.len().to_string();
    let last = entries.len().saturating_sub(1).to_string();
    let body = json!({
        "@page": "1",
        "@numpages": "1",
        "@pagesize": total,
        "@total": total,
        "@start": "0",
        "@end": last,
        "@uri": base,
        "@firstpageuri": base,
        "@previouspageuri": "",
        "@nextpageuri": "",
        "@lastpageuri": base,
        "Reports": entries,
    });
    respond::value(StatusCode::OK, &body)
}

/// `GET /Advertisers/{sid}/Reports/{handle}/MetaData`
#[must_use]
pub fn metadata(handle: &str) -> Answer {
    Report::with_handle(handle).map_or_else(respond::not_found, |report| {
        respond::value(StatusCode::OK, &describe::metadata(report))
    })
}

/// `GET /Advertisers/{sid}/Reports/{handle}`
pub async fn run(
    state: &Arc<ApiState>,
    sid: &str,
    handle: &str,
    path: &str,
    query: String,
) -> Answer {
    let Some(report) = Report::with_handle(handle) else {
        return respond::not_found();
    };
    let (own, sid, path) = (Arc::clone(state), sid.to_owned(), path.to_owned());
    in_turn(state, "report", move || {
        read(&own, report, &sid, &path, &query)
    })
    .await
}

/// Reads derived rows on a blocking thread once it is this question's turn; `what` names in
/// errors what was asked for.
pub(super) async fn in_turn(
    state: &ApiState,
    what: &'static str,
    read: impl FnOnce() -> Result<Vec<u8>, ReportError> + Send + 'static,
) -> Answer {
    let Ok(Ok(turn)) = timeout(state.limits.report_turn, state.report_turns.acquire()).await else {
        let message = "too many reports at once; try again";
        return respond::try_again(StatusCode::TOO_MANY_REQUESTS, message);
    };
    let read = tokio::task::spawn_blocking(read).await;
    drop(turn);
    let reason = match read {
        Ok(Ok(json)) => return respond::body_of(StatusCode::OK, json),
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
    (query, path): (&Query, &str),
) -> Result<Vec<u8>, ReportError> {
    let facts = Stored(&state.log);
    let mut answer = Err(ReportError::NotFound);
    let viewed = state.figures.at_one_moment(&mut |view| {
        let listing = Clicks {
            catalog,
            view,
            facts: &facts,
            report,
            shown,
        };
        answer = listing.page(query, path);
    });
    viewed.map_err(|error| ReportError::Unreadable(error.to_string()))?;
    answer
}

fn read(
    state: &ApiState,
    report: &'static Report,
    sid: &str,
    path: &str,
    query: &str,
) -> Result<Vec<u8>, ReportError> {
    let catalog = state.catalog.load();
    let reader = Reader::for_brand(&catalog, sid, &*state.figures).ok_or(ReportError::NotFound)?;
    let query = reader.query(report, query, state.log.clock().now())?;
    if let Source::Clicks(shown) = report.source {
        return clicks(state, &catalog, (report, shown), (&query, path));
    }
    let answer = if let Some(answer) = state.held.find(sid, report, &query) {
        answer
    } else {
        let answer = Arc::new(reader.answer(report, &query)?);
        state.held.hold(sid, &query, &answer);
        answer
    };
    let rendered = Rendered {
        answer: &answer,
        query: &query,
        path,
        names: &reader.names(&query),
    };
    rendered
        .json()
        .map_err(|error| ReportError::Unreadable(error.to_string()))
}
