//! `GET …/FTPFileSubmissions` and what is below it, in impact.com's shapes.

use std::ops::RangeInclusive;
use std::sync::Arc;

use hyper::StatusCode;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::derived::UploadCount;
use crate::job::batch::spool;
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
use super::wrong::{self, ListError};

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
) -> Result<Answer, ListError> {
    let (log, figures) = (&state.log, &*state.figures);
    let own = |job| {
        let found = spool::find(log, job)?;
        Ok::<_, ListError>(found.filter(|record| record.account == sid))
    };
    Ok(match *question {
        Question::All => {
            let asked = match Asked::read(query, &PARAMETERS) {
                Ok(asked) => asked,
                Err(errors) => return Ok(respond::query_errors(&errors)),
            };
            let mut records = spool::of_account(log, sid)?;
            let counts = figures.uploads()?;
            let count = |record: &BatchRecord| counts.get(&record.job).copied().unwrap_or_default();
            records.retain(|record| asked.takes(record, record.completed(count(record).settled)));
            page("FTPFileSubmissions", &asked, path, &records, |record| {
                Ok(Shown::of(sid, record, count(record)))
            })?
        }
        Question::One(job) => match own(job)? {
            Some(record) => {
                let count = figures.upload(job)?;
                respond::value(StatusCode::OK, &Shown::of(sid, &record, count))
            }
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
            let errors = wrong::all(log, figures, job)?;
            page("ErrorDetail", &asked, path, &errors, |wrong| {
                Ok(ShownError::of(sid, job, wrong.told(log)?))
            })?
        }
        Question::Error(job, line) => {
            if own(job)?.is_none() {
                return Ok(respond::not_found());
            }
            match wrong::one(log, figures, job, line)? {
                Some(wrong) => {
                    let shown = ShownError::of(sid, job, wrong.told(log)?);
                    respond::value(StatusCode::OK, &shown)
                }
                None => respond::not_found(),
            }
        }
    })
}

/// One page of `rows` with its paging attributes.
fn page<'r, T, S: Serialize>(
    name: &str,
    asked: &Asked,
    path: &str,
    rows: &'r [T],
    shown: impl Fn(&'r T) -> Result<S, ListError>,
) -> Result<Answer, ListError> {
    let total = rows.len();
    let page = Page::numbered(asked.page, asked.page_size, total);
    let to = |number: u32| asked.link(path, number);
    let attributes = page.attributes(asked.page_size, total, to);
    let rows = rows.get(page.rows).unwrap_or_default().iter();
    let listed: Vec<S> = rows.map(shown).collect::<Result<_, _>>()?;
    let mut body: Map<String, Value> = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    Ok(match serde_json::to_value(&listed) {
        Ok(listed) => {
            body.insert(name.to_owned(), listed);
            respond::value(StatusCode::OK, &body)
        }
        Err(error) => {
            tracing::error!(%error, "a list of files could not be written");
            unreadable()
        }
    })
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

    fn takes(&self, record: &BatchRecord, completed: Option<Millis>) -> bool {
        let inside = |at: Option<Millis>, range: (Option<Millis>, Option<Millis>)| match range {
            (None, None) => true,
            (first, last) => at.is_some_and(|at| {
                first.is_none_or(|first| first <= at) && last.is_none_or(|last| at <= last)
            }),
        };
        inside(Some(record.created), self.submitted) && inside(completed, self.completed)
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
    fn of(sid: &'a str, record: &'a BatchRecord, count: UploadCount) -> Self {
        let uri = uri(sid, record.job);
        Self {
            batch_id: record.job.to_string(),
            account_id: sid,
            submission_date: record.created.to_string(),
            file_name: &record.file_name,
            kind: record.kind.name(),
            status: record.status(count.settled),
            total_records: record.cursor,
            total_errors: record.refused.saturating_add(count.refused),
            completion_date: record.completed(count.settled).map(|at| at.to_string()),
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
struct ShownError {
    line: u64,
    campaign_id: Option<Value>,
    action_tracker_id: Option<Value>,
    media_partner_id: Option<Value>,
    event_code: Option<String>,
    order_id: Option<String>,
    category: Option<String>,
    sku: Option<String>,
    status: &'static str,
    reason: String,
    message: String,
    uri: String,
}

impl ShownError {
    fn of(sid: &str, job: JobId, (error, status): (LineError, &'static str)) -> Self {
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
            event_code: error.event_code,
            order_id: error.order_id,
            category: error.category,
            sku: error.sku,
            status,
            reason: error.code.unwrap_or_else(|| error.message.clone()),
            message: error.message,
            uri: format!("{}/ErrorDetails/{}", uri(sid, job), error.line),
        }
    }
}
