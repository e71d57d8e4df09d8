//! Modifications and reversals of actions.
//!
//! Like a conversion, a change is answered 200 only when a finished fdatasync covers it, and its
//! repetition gets the first answer. What it does is the fold's to decide; that its order or action
//! exists is known before it is stored. Everything refused is counted in the log's ledger.

use std::sync::Arc;

use hyper::body::Body;
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request, StatusCode};
use tokio::time::timeout;

use crate::conversion::change::{self, ActionParts, Asked, Received, Refused};
use crate::conversion::{ContentType, FieldError};
use crate::derived::{ActionId, Stop};
use crate::job::batch::Unresolved;
use crate::log::Log;
use crate::model::action::change::Change;
use crate::model::arrival::{RefusedReason, Stream};
use crate::model::id::ProgramId;
use crate::model::submission::Origin;
use crate::telemetry::label::SubmissionResult;

use super::respond::{self, Answer};
use super::signature;
use super::state::{ApiState, Figures};
use super::submissions::{content_type, queued, read_body, store};

const UNAVAILABLE: &str = "the change could not be made durable; send it again";
const UNREADABLE: &str = "the action could not be looked up; send the change again";
const STREAM: Stream = Stream::Modification;
/// Slots, of a second each, that the fold may lag before an action that it does not know may be
/// one it has not come to.
const LAG_MAX: u32 = 60;

/// `PUT` and `DELETE /Advertisers/{sid}/Actions`
pub async fn submit<B>(state: &Arc<ApiState>, sid: &str, request: Request<B>) -> Answer
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let asked = match receive(state, sid, request).await {
        Ok(asked) => asked,
        Err(answer) => return *answer,
    };
    let program = asked.program;
    let change = match resolve(state, asked).await {
        Ok(change) => change,
        Err(Unresolved::NotFound) => {
            refuse(state, Some(program), RefusedReason::Invalid);
            return respond::not_found();
        }
        Err(Unresolved::Invalid(error)) => {
            refuse(state, Some(program), RefusedReason::Invalid);
            return respond::field_errors(&[error]);
        }
        Err(Unresolved::Unreadable(reason)) => {
            tracing::warn!(reason, "the action of a change could not be looked up");
            refuse(state, Some(program), RefusedReason::Unavailable);
            return respond::try_again(StatusCode::SERVICE_UNAVAILABLE, UNREADABLE);
        }
    };
    let put = move |log: &Log| log.change(&change);
    match store(state, program, STREAM, put).await {
        Ok(accepted) => {
            let result = if accepted.retry {
                SubmissionResult::Retry
            } else {
                SubmissionResult::Stored
            };
            count(state, result);
            queued(sid, accepted.id)
        }
        Err(error) => {
            let reason = error.map_or_else(|| "timed out".to_owned(), |error| error.to_string());
            tracing::warn!(reason, "a change was not stored");
            count(state, SubmissionResult::Failed);
            respond::try_again(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE)
        }
    }
}

/// Counts a change that is not stored. Without a program it counts under number 0.
pub fn refuse(state: &ApiState, program: Option<ProgramId>, reason: RefusedReason) {
    let program = program.unwrap_or_default();
    state.log.refuse(program, STREAM, reason);
    let result = if reason == RefusedReason::Unavailable {
        SubmissionResult::Failed
    } else {
        SubmissionResult::Refused
    };
    count(state, result);
}

fn count(state: &ApiState, result: SubmissionResult) {
    state.metrics.conversion.changes.add(result, 1);
}

/// Reads and checks a request.
async fn receive<B>(state: &ApiState, sid: &str, request: Request<B>) -> Result<Asked, Box<Answer>>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let signed_wrong = |answer| {
        count(state, SubmissionResult::Refused);
        answer
    };
    let signature = signature::before_body(state, sid, STREAM, request.headers());
    let signature = signature.map_err(signed_wrong)?;
    let is_reversal = request.method() == Method::DELETE;
    let query = request.uri().query().unwrap_or_default().to_owned();
    // Many clients can't send a body with DELETE: without one its fields are those of the query.
    let is_bare = is_reversal
        && request.body().is_end_stream()
        && !request.headers().contains_key(CONTENT_TYPE);
    let content_type = if is_bare {
        Ok(ContentType::Form)
    } else {
        content_type(request.headers())
    };
    let content_type = content_type.map_err(|message| {
        refuse(state, None, RefusedReason::BadRequest);
        respond::closing(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    })?;
    let body = read_body(state, request.into_body()).await;
    let body = body.map_err(|(reason, answer)| {
        refuse(state, None, reason);
        answer
    })?;
    let is_signed = signature::of_body(state, sid, STREAM, signature.as_ref(), &body);
    let is_signed = is_signed.map_err(signed_wrong)?;
    // A signature does not cover the query, so what is signed is read from the body alone.
    let (content_type, body) = if is_reversal && body.is_empty() && !is_signed {
        (ContentType::Form, query.into_bytes())
    } else {
        (content_type, body)
    };
    let posted = Posted {
        content_type,
        body: &body,
        is_reversal,
        is_signed,
    };
    check(state, sid, &posted).map_err(|refused| {
        Box::new(match refused {
            Refused::NotFound => {
                refuse(state, None, RefusedReason::Invalid);
                respond::not_found()
            }
            Refused::Invalid { program, errors } => {
                refuse(state, program, RefusedReason::Invalid);
                respond::field_errors(&errors)
            }
        })
    })
}

/// What of a request a change is read from.
struct Posted<'a> {
    content_type: ContentType,
    body: &'a [u8],
    is_reversal: bool,
    is_signed: bool,
}

fn check(state: &ApiState, sid: &str, posted: &Posted<'_>) -> Result<Asked, Refused> {
    let catalog = state.catalog.load();
    let brand = catalog.brand(sid).ok_or(Refused::NotFound)?;
    change::read(&Received {
        content_type: posted.content_type,
        body: posted.body,
        catalog: &catalog,
        brand,
        is_reversal: posted.is_reversal,
        origin: Origin::Api,
        is_signed: posted.is_signed,
        parts_of: &parts_of,
    })
}

/// The parts of an action id.
#[must_use]
pub fn parts_of(text: &str) -> Option<ActionParts> {
    let id: ActionId = text.parse().ok()?;
    Some((id.program, id.event_type, id.order))
}

/// Finds the order that a change is for.
async fn resolve(state: &Arc<ApiState>, asked: Asked) -> Result<Change, Unresolved> {
    let turn = timeout(state.limits.store, state.store_turns.acquire()).await;
    let Ok(Ok(turn)) = turn else {
        return Err(Unresolved::Unreadable("timed out".to_owned()));
    };
    let own = Arc::clone(state);
    let found = tokio::task::spawn_blocking(move || find(&own.log, &*own.figures, asked)).await;
    drop(turn);
    found.unwrap_or_else(|error| Err(Unresolved::Unreadable(error.to_string())))
}

/// Finds the order that a change is for, here and now.
///
/// # Errors
/// There is none, or it can't be looked up.
pub fn find(log: &Log, figures: &dyn Figures, asked: Asked) -> Result<Change, Unresolved> {
    let order_id = match asked.action {
        Some(order) => order_of(log, figures, &asked, order)?,
        None => submitted(log, &asked)?,
    };
    match &asked.order_id {
        Some(sent) if *sent != order_id => {
            let message = "names another action than ActionId; send one of them";
            Err(Unresolved::Invalid(FieldError::new("OrderId", message)))
        }
        _ => Ok(asked.of_order(order_id)),
    }
}

/// The order of a named action.
fn order_of(
    log: &Log,
    figures: &dyn Figures,
    asked: &Asked,
    order: u64,
) -> Result<Box<str>, Unresolved> {
    let id = ActionId {
        program: asked.program,
        event_type: asked.event_type,
        order,
    };
    let mut found = None;
    let viewed = figures.at_one_moment(&Stop::default(), &mut |view| {
        found = Some(view.action(id).and_then(|action| {
            let folded = view.watermark()?.unwrap_or_default().slot;
            Ok((action, folded))
        }));
    });
    let unreadable = |error: &dyn std::fmt::Display| Unresolved::Unreadable(error.to_string());
    viewed.map_err(|error| unreadable(&error))?;
    let (action, folded) = found
        .ok_or(Unresolved::NotFound)?
        .map_err(|error| unreadable(&error))?;
    if let Some(action) = action {
        return Ok(action.order_id);
    }
    let last = log.last_footer().map_err(|error| unreadable(&error))?;
    let lag = last.map_or(0, |last| last.slot.0.saturating_sub(folded.0));
    if lag > LAG_MAX {
        return Err(Unresolved::Unreadable(format!("the fold lags {lag} slots")));
    }
    Err(Unresolved::NotFound)
}

/// The named order, if a conversion of it was ever submitted.
fn submitted(log: &Log, asked: &Asked) -> Result<Box<str>, Unresolved> {
    let order_id = asked.order_id.clone().ok_or(Unresolved::NotFound)?;
    let attempts = log
        .attempts(asked.program, asked.event_type, &order_id)
        .map_err(|error| Unresolved::Unreadable(error.to_string()))?;
    if attempts.is_empty() {
        return Err(Unresolved::NotFound);
    }
    Ok(order_id)
}
