//! `GET …/FTPFileSubmissions` and what is below it, in impact.com's shapes.

use std::ops::RangeInclusive;
use std::sync::Arc;

use hyper::StatusCode;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::job::batch::spool::{self, SpoolError};
use crate::job::batch::{BatchRecord, LineError};
use crate::model::id::JobId;
use crate::model::time::Millis;
use crate::report::error::QueryError;
use crate::report::listing::instant;
use crate::report::page::Page;
use crate::report::parameters::{decode, shown};

use super::super::respond::{self, Answer};
use super::super::route::Route;
use super::super::state::ApiState;

/// Rows of a page; the most are also the default.
const PAGE_SIZES: RangeInclusive<u32> = 1..=10_000;
/// Parameters of the list of all files; those of errors are the last two.
const PARAMETERS: [&str; 6] = [
    "SubmissionDateStart",
    "SubmissionDateEnd",
    "CompletedDateStart",
    "CompletedDateEnd",
    "Page",
    "PageSize",
];

/// `GET` of `…/FTPFileSubmissions` and what is below it.
pub async fn show(
    state: &Arc<ApiState>,
    sid: &str,
    route: Route<'_>,
    path: &str,
    query: String,
) -> Answer {
    let Some(question) = Question::of(route) else {
        return respond::not_found();
    };
    let Ok(Ok(turn)) = timeout(state.limits.store, state.store_turns.acquire()).await else {
        let message = "too many requests at once; try again";
        return respond::try_again(StatusCode::SERVICE_UNAVAILABLE, message);
    };
    let (own, sid, path) = (Arc::clone(state), sid.to_owned(), path.to_owned());
    let read =
        tokio::task::spawn_blocking(move || answer(&own, &question, &sid, &path, &query)).await;
    drop(turn);
    match read {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::error!(%error, "uploaded files could not be read");
            unreadable()
        }
        Err(_) => unreadable(),
    }
}

fn unreadable() -> Answer {
    let message = "the files could not be read";
    respond::try_again(StatusCode::SERVICE_UNAVAILABLE, message)
}

/// Where a file is shown.
pub(super) fn uri(sid: &str, job: JobId) -> String {
    format!("/Advertisers/{sid}/FTPFileSubmissions/{job}")
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    All,
    One(JobId),
    Errors(JobId),
    Error(JobId, u64),
}

impl Question {
    /// Nothing for what can't be the id of a file or the number of a line.
    fn of(route: Route<'_>) -> Option<Self> {
        Some(match route {
            Route::Files => Self::All,
            Route::File(id) => Self::One(id.parse().ok()?),
            Route::FileErrors(id) => Self::Errors(id.parse().ok()?),
            Route::FileError(id, line) => Self::Error(id.parse().ok()?, line.parse().ok()?),
            _ => return None,
        })
    }
}

fn answer(
    state: &ApiState,
    question: &Question,
    sid: &str,
    path: &str,
    query: &str,
) -> Result<Answer, SpoolError> {
    let log = &state.log;
    let own = |job| {
        let found = spool::find(log, job)?;
        Ok::<_, SpoolError>(found.filter(|record| record.account == sid))
    };
    Ok(match *question {
        Question::All => {
            let asked = match Asked::read(query, &PARAMETERS) {
                Ok(asked) => asked,
                Err(errors) => return Ok(respond::query_errors(&errors)),
            };
            let mut records = spool::of_account(log, sid)?;
            records.retain(|record| asked.takes(record));
            page("FTPFileSubmissions", &asked, path, &records, |record| {
                Shown::of(sid, record)
            })
        }
        Question::One(job) => match own(job)? {
            Some(record) => respond::value(StatusCode::OK, &Shown::of(sid, &record)),
            None => respond::not_found(),
        },
        Question::Errors(job) => {
            if own(job)?.is_none() {
                return Ok(respond::not_found());
            }
            let asked = match Asked::read(query, &PARAMETERS[4..]) {
                Ok(asked) => asked,
                Err(errors) => return Ok(respond::query_errors(&errors)),
            };
            let mut errors = Vec::new();
            for row in log.batch_errors(job)? {
                errors.push(error(job, &row)?);
            }
            page("ErrorDetail", &asked, path, &errors, |error| {
                ShownError::of(sid, job, error)
            })
        }
        Question::Error(job, line) => match (own(job)?, log.batch_error(job, line)?) {
            (Some(_), Some(row)) => {
                let error = error(job, &row)?;
                respond::value(StatusCode::OK, &ShownError::of(sid, job, &error))
            }
            _ => respond::not_found(),
        },
    })
}

fn error(job: JobId, row: &[u8]) -> Result<LineError, SpoolError> {
    serde_json::from_slice(row).map_err(|source| SpoolError::Record { job, source })
}

/// One page of `rows` with its paging attributes.
fn page<'r, T, S: Serialize>(
    name: &str,
    asked: &Asked,
    path: &str,
    rows: &'r [T],
    shown: impl Fn(&'r T) -> S,
) -> Answer {
    let total = rows.len();
    let page = Page::numbered(asked.page, asked.page_size, total);
    let to = |number: u32| asked.link(path, number);
    let attributes = page.attributes(asked.page_size, total, to);
    let listed: Vec<S> = rows
        .get(page.rows)
        .unwrap_or_default()
        .iter()
        .map(shown)
        .collect();
    let mut body: Map<String, Value> = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    match serde_json::to_value(&listed) {
        Ok(listed) => {
            body.insert(name.to_owned(), listed);
            respond::value(StatusCode::OK, &body)
        }
        Err(error) => {
            tracing::error!(%error, "a list of files could not be written");
            unreadable()
        }
    }
}

/// The query of a list.
#[derive(Clone, Debug, Default)]
struct Asked {
    /// What was sent, by published name.
    sent: Vec<(&'static str, String)>,
    submitted: (Option<Millis>, Option<Millis>),
    completed: (Option<Millis>, Option<Millis>),
    page: u32,
    page_size: u32,
}

impl Asked {
    fn read(query: &str, allowed: &[&'static str]) -> Result<Self, Vec<QueryError>> {
        let mut asked = Self {
            page: 1,
            page_size: *PAGE_SIZES.end(),
            ..Self::default()
        };
        let mut errors = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (sent, value) = pair.split_once('=').unwrap_or((pair, ""));
            let mut error = |message: String| errors.push(QueryError::new(shown(sent), message));
            let known = allowed.iter().find(|name| name.eq_ignore_ascii_case(sent));
            let (Some(name), Some(value)) = (known, decode(value)) else {
                error(format!("is no parameter; known are {}", allowed.join(", ")));
                continue;
            };
            if asked.sent.iter().any(|(known, _)| known == name) {
                error("is given more than once; send it once".to_owned());
                continue;
            }
            if let Err(message) = asked.set(name, &value) {
                error(message);
            }
            asked.sent.push((name, value));
        }
        if errors.is_empty() {
            Ok(asked)
        } else {
            Err(errors)
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = |allowed: RangeInclusive<u32>| {
            let is_number = value.bytes().all(|b| b.is_ascii_digit());
            let number = value.parse().ok().filter(|_| is_number);
            let (first, last) = (*allowed.start(), *allowed.end());
            number
                .filter(|number| allowed.contains(number))
                .ok_or_else(|| format!("is no whole number from {first} to {last}"))
        };
        let instants = || instant::read(value, &TimeZone::UTC);
        match name {
            "SubmissionDateStart" => self.submitted.0 = Some(instants()?.0),
            "SubmissionDateEnd" => self.submitted.1 = Some(instants()?.1),
            "CompletedDateStart" => self.completed.0 = Some(instants()?.0),
            "CompletedDateEnd" => self.completed.1 = Some(instants()?.1),
            "Page" => self.page = number(1..=u32::MAX)?,
            _ => self.page_size = number(PAGE_SIZES)?,
        }
        Ok(())
    }

    fn takes(&self, record: &BatchRecord) -> bool {
        let inside = |at: Option<Millis>, range: (Option<Millis>, Option<Millis>)| match range {
            (None, None) => true,
            (first, last) => at.is_some_and(|at| {
                first.is_none_or(|first| first <= at) && last.is_none_or(|last| at <= last)
            }),
        };
        inside(Some(record.created), self.submitted) && inside(record.completed, self.completed)
    }

    fn link(&self, path: &str, page: u32) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.sent {
            if !name.starts_with("Page") {
                query.append_pair(name, value);
            }
        }
        query.append_pair("Page", &page.to_string());
        query.append_pair("PageSize", &self.page_size.to_string());
        format!("{path}?{}", query.finish())
    }
}

/// A file, in the order it is written; the last three are ours.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    batch_id: String,
    account_id: &'a str,
    submission_date: String,
    file_name: &'a str,
    #[serde(rename = "Type")]
    kind: &'static str,
    status: &'static str,
    total_records: u64,
    total_errors: u64,
    completion_date: Option<String>,
    errors_uri: String,
    uri: String,
    total_stored: u64,
    total_retries: u64,
}

impl<'a> Shown<'a> {
    fn of(sid: &'a str, record: &'a BatchRecord) -> Self {
        let uri = uri(sid, record.job);
        Self {
            batch_id: record.job.to_string(),
            account_id: sid,
            submission_date: record.created.to_string(),
            file_name: &record.file_name,
            kind: record.kind.name(),
            status: record.status(),
            total_records: record.cursor,
            total_errors: record.refused,
            completion_date: record.completed.map(|at| at.to_string()),
            errors_uri: format!("{uri}/ErrorDetails"),
            uri,
            total_stored: record.stored,
            total_retries: record.retries,
        }
    }
}

/// What is wrong with a line, in the order it is written; `Message` is ours.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownError<'a> {
    line: u64,
    campaign_id: Option<Value>,
    action_tracker_id: Option<Value>,
    media_partner_id: Option<Value>,
    event_code: Option<&'a str>,
    order_id: Option<&'a str>,
    category: Option<&'a str>,
    sku: Option<&'a str>,
    status: &'static str,
    reason: &'a str,
    message: &'a str,
    uri: String,
}

impl<'a> ShownError<'a> {
    fn of(sid: &str, job: JobId, error: &'a LineError) -> Self {
        // A number as one; whatever else was sent as text.
        let number = |text: &Option<String>| {
            let text = text.as_ref()?;
            let number = text.parse::<u32>().map(Value::from);
            Some(number.unwrap_or_else(|_| Value::from(text.as_str())))
        };
        Self {
            line: error.line,
            campaign_id: number(&error.program),
            action_tracker_id: number(&error.event_type),
            media_partner_id: number(&error.partner),
            event_code: error.event_code.as_deref(),
            order_id: error.order_id.as_deref(),
            category: error.category.as_deref(),
            sku: error.sku.as_deref(),
            status: "Validation",
            reason: error.code.as_deref().unwrap_or(&error.message),
            message: &error.message,
            uri: format!("{}/ErrorDetails/{}", uri(sid, job), error.line),
        }
    }
}
