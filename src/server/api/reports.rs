//! The list of reports, what each one takes, and their answers.

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::registry::{REPORTS, Report, describe};
use crate::report::render::Rendered;
use crate::report::{Reader, ReportError};

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
    let Ok(Ok(turn)) = timeout(state.limits.report_turn, state.report_turns.acquire()).await else {
        let message = "too many reports at once; try again";
        return respond::try_again(StatusCode::TOO_MANY_REQUESTS, message);
    };
    let (own, sid, path) = (Arc::clone(state), sid.to_owned(), path.to_owned());
    let read = tokio::task::spawn_blocking(move || read(&own, report, &sid, &path, &query)).await;
    drop(turn);
    match read {
        Ok(Ok(json)) => respond::body_of(StatusCode::OK, json),
        Ok(Err(ReportError::NotFound)) => respond::not_found(),
        Ok(Err(ReportError::Invalid(errors))) => respond::query_errors(&errors),
        Ok(Err(ReportError::Unreadable(reason))) => {
            tracing::error!(reason, handle, "a report could not be read");
            unreadable()
        }
        Err(_) => unreadable(),
    }
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
        name_of: &|partner| reader.partner_name(partner),
    };
    rendered
        .json()
        .map_err(|error| ReportError::Unreadable(error.to_string()))
}

fn unreadable() -> Answer {
    let message = "the report could not be read";
    respond::try_again(StatusCode::SERVICE_UNAVAILABLE, message)
}
