//! Conversions in, and what became of them.
//!
//! A submission is answered 200 only when a finished fdatasync covers it. Everything refused is
//! counted in the log's ledger.

use std::sync::Arc;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use hyper::{Request, StatusCode};
use serde::Serialize;
use serde_json::json;
use tokio::time::timeout;

use crate::conversion::error::FieldError;
use crate::conversion::{self, ContentType, Received, Refused};
use crate::derived::{SubmissionOutcome, WhyRefused};
use crate::log::{Accepted, Log, LogError};
use crate::model::action::change::{Change, ChangeRefusal, What};
use crate::model::arrival::{RefusedReason, Stream};
use crate::model::entry::Entry;
use crate::model::id::{ProgramId, SubmissionId};
use crate::model::refusal::Refusal;
use crate::model::submission::{Claim, Reference, Submission};
use crate::model::time::Millis;
use crate::telemetry::label::SubmissionResult;

use super::respond::{self, Answer};
use super::signature;
use super::state::ApiState;

const UNAVAILABLE: &str = "the conversion could not be made durable; send it again";

/// `POST /Advertisers/{sid}/Conversions`
pub async fn submit<B>(state: &Arc<ApiState>, sid: &str, request: Request<B>) -> Answer
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = Stream::Conversion;
    let signature = match signature::before_body(state, sid, stream, request.headers()) {
        Ok(signature) => signature,
        Err(answer) => {
            count_refused(state);
            return *answer;
        }
    };
    let content_type = match content_type(request.headers()) {
        Ok(content_type) => content_type,
        Err(message) => {
            refuse(state, None, RefusedReason::BadRequest);
            return respond::closing(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
        }
    };
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = match read_body(state, request.into_body()).await {
        Ok(body) => body,
        Err((reason, answer)) => {
            refuse(state, None, reason);
            return answer;
        }
    };
    let is_signed = match signature::of_body(state, sid, stream, signature.as_ref(), &body) {
        Ok(is_signed) => is_signed,
        Err(answer) => {
            count_refused(state);
            return *answer;
        }
    };
    let posted = Posted {
        content_type,
        body: &body,
        query: &query,
        is_signed,
    };
    let submission = match check(state, sid, &posted) {
        Ok(submission) => submission,
        Err(refused) => {
            refuse(state, refused.program, RefusedReason::Invalid);
            return respond::field_errors(&refused.errors);
        }
    };
    let program = submission.program;
    let put = move |log: &Log| log.submit(&submission);
    match store(state, program, stream, put).await {
        Ok(accepted) => {
            let result = if accepted.retry {
                SubmissionResult::Retry
            } else {
                SubmissionResult::Stored
            };
            state.metrics.conversion.submissions.add(result, 1);
            queued(sid, accepted.id)
        }
        Err(Some(LogError::TooManyAttempts(count))) => {
            count_refused(state);
            let message = format!("was submitted {count} times with differing content already");
            respond::field_errors(&[FieldError::new("OrderId", message)])
        }
        Err(error) => {
            let reason = error.map_or_else(|| "timed out".to_owned(), |error| error.to_string());
            tracing::warn!(reason, "a conversion was not stored");
            let result = SubmissionResult::Failed;
            state.metrics.conversion.submissions.add(result, 1);
            respond::try_again(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE)
        }
    }
}

/// Counts a submission that is not stored. Without a program it counts under number 0.
pub fn refuse(state: &ApiState, program: Option<ProgramId>, reason: RefusedReason) {
    let program = program.unwrap_or_default();
    state.log.refuse(program, Stream::Conversion, reason);
    if reason != RefusedReason::Unavailable {
        count_refused(state);
    }
}

fn count_refused(state: &ApiState) {
    let result = SubmissionResult::Refused;
    state.metrics.conversion.submissions.add(result, 1);
}

pub(super) fn content_type(headers: &HeaderMap) -> Result<ContentType, &'static str> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err("send the body without Content-Encoding");
    }
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    values
        .next()
        .filter(|_| values.next().is_none())
        .and_then(|value| value.to_str().ok())
        .and_then(ContentType::parse)
        .ok_or("send Content-Type application/json or application/x-www-form-urlencoded, in UTF-8")
}

pub(super) async fn read_body<B>(
    state: &ApiState,
    body: B,
) -> Result<Vec<u8>, (RefusedReason, Answer)>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let max = state.limits.body_bytes;
    let too_large = || {
        let message = format!("the body is larger than {max} bytes");
        let answer = respond::closing(StatusCode::PAYLOAD_TOO_LARGE, &message);
        (RefusedReason::TooLong, answer)
    };
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > max {
        return Err(too_large());
    }
    let limited = Box::pin(Limited::new(body, max).collect());
    match timeout(state.limits.body, limited).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => {
            let message = "the body ended early or is malformed";
            let answer = respond::closing(StatusCode::BAD_REQUEST, message);
            Err((RefusedReason::BadRequest, answer))
        }
        Err(_) => {
            let message = "the body came too slowly";
            let answer = respond::closing(StatusCode::REQUEST_TIMEOUT, message);
            Err((RefusedReason::BadRequest, answer))
        }
    }
}

/// What of a request a submission is read from.
struct Posted<'a> {
    content_type: ContentType,
    body: &'a [u8],
    query: &'a str,
    is_signed: bool,
}

fn check(state: &ApiState, sid: &str, posted: &Posted<'_>) -> Result<Submission, Refused> {
    let catalog = state.catalog.load();
    let brand = catalog.brand(sid).ok_or_else(|| Refused {
        program: None,
        errors: vec![FieldError::new(
            "CampaignId",
            "this account has no programs",
        )],
    })?;
    conversion::read(&Received {
        content_type: posted.content_type,
        body: posted.body,
        query: posted.query,
        is_signed: posted.is_signed,
        catalog: &catalog,
        brand,
        now: state.log.clock().now(),
        verify: &state.verify,
    })
}

/// Stores what `put` puts and waits until it is durable; `Err(None)` when that takes too long.
/// Either way it may be sent again: an exact retry of a stored one adds nothing.
pub(super) async fn store(
    state: &Arc<ApiState>,
    program: ProgramId,
    stream: Stream,
    put: impl FnOnce(&Log) -> Result<Accepted, LogError> + Send + 'static,
) -> Result<Accepted, Option<LogError>> {
    let turn = timeout(state.limits.store, state.store_turns.acquire()).await;
    let Ok(Ok(turn)) = turn else {
        state
            .log
            .refuse(program, stream, RefusedReason::Unavailable);
        return Err(None);
    };
    let log = state.log.clone();
    let stored = tokio::task::spawn_blocking(move || put(&log)).await;
    drop(turn);
    let accepted = stored.map_err(|_| None)?.map_err(Some)?;
    match timeout(state.limits.store, state.log.durable(accepted.epoch)).await {
        Ok(durable) => durable.map_err(Some)?,
        Err(_) => return Err(None),
    }
    Ok(accepted)
}

/// The answer to what is stored.
pub(super) fn queued(sid: &str, id: SubmissionId) -> Answer {
    let body = json!({"Status": "QUEUED", "QueuedUri": uri(sid, id)});
    respond::value(StatusCode::OK, &body)
}

fn uri(sid: &str, id: SubmissionId) -> String {
    format!("/Advertisers/{sid}/APISubmissions/{id}")
}

/// A submission and what became of it, as impact.com publishes it, in the order it is written;
/// `ErrorMessage`, `ActionId` and `IsTest` are ours.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    batch_id: String,
    account_id: String,
    submission_date: String,
    campaign_id: u32,
    action_tracker_id: u32,
    media_partner_id: Option<u32>,
    event_code: Option<String>,
    order_id: Box<str>,
    payload: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    status: &'static str,
    completion_date: Option<String>,
    error_type: Option<&'static str>,
    error_reason: Option<&'static str>,
    error_message: Option<&'static str>,
    action_id: Option<String>,
    is_test: bool,
    uri: String,
}

/// `GET /Advertisers/{sid}/APISubmissions/{id}`
pub async fn show(state: &Arc<ApiState>, sid: &str, id: &str) -> Answer {
    let Ok(id) = id.parse::<SubmissionId>() else {
        return respond::not_found();
    };
    let own = state
        .catalog
        .load()
        .brand(sid)
        .is_some_and(|brand| brand.programs.binary_search(&id.program).is_ok());
    if !own {
        return respond::not_found();
    }
    let Ok(Ok(turn)) = timeout(state.limits.store, state.store_turns.acquire()).await else {
        let message = "too many requests at once; try again";
        return respond::try_again(StatusCode::SERVICE_UNAVAILABLE, message);
    };
    let (log, figures) = (state.log.clone(), Arc::clone(&state.figures));
    let read = tokio::task::spawn_blocking(move || {
        let submission = log.entry(id).map_err(|error| error.to_string())?;
        let settled = figures.outcome(id).map_err(|error| error.to_string())?;
        let footer = settled.map(|settled| log.footer(settled.slot)).transpose();
        let footer = footer.map_err(|error| error.to_string())?.flatten();
        let at = footer.map(|footer| footer.wall_end);
        Ok::<_, String>((submission, settled.map(|settled| (settled.outcome, at))))
    })
    .await;
    drop(turn);
    match read {
        Ok(Ok((None, _))) => respond::not_found(),
        Ok(Ok((Some(entry), settled))) => {
            let mut shown = match entry {
                Entry::Conversion(submission) => shown(sid, id, submission),
                Entry::Change(change) => shown_change(sid, id, change),
                // Nobody submitted it.
                Entry::Settlement(_) => return respond::not_found(),
            };
            if let Some((outcome, at)) = settled {
                shown.settle(outcome, at);
            }
            respond::value(StatusCode::OK, &shown)
        }
        Ok(Err(reason)) => {
            tracing::error!(reason, "a submission could not be read");
            unreadable()
        }
        Err(_) => unreadable(),
    }
}

fn unreadable() -> Answer {
    let message = "the submission could not be read";
    respond::try_again(StatusCode::SERVICE_UNAVAILABLE, message)
}

/// What is shown of a submission before it is settled.
fn shown(sid: &str, id: SubmissionId, submission: Submission) -> Shown {
    let code = submission
        .fields
        .iter()
        .find(|(name, _)| &**name == "EventTypeCode");
    let forced = match submission.references.first() {
        Some(Reference::Partner(partner)) => Some(partner.0),
        _ => None,
    };
    let partner = forced.or(match submission.claim {
        Claim::Verified(click) => Some(click.partner.0),
        Claim::None | Claim::Forged => None,
    });
    Shown {
        batch_id: id.to_string(),
        account_id: sid.to_owned(),
        submission_date: id.number.time().to_string(),
        campaign_id: submission.program.0,
        action_tracker_id: submission.event_type.0,
        media_partner_id: partner,
        event_code: code.map(|(_, code)| String::from(&**code)),
        order_id: submission.order_id,
        payload: payload(&submission.fields),
        kind: "Conversion",
        status: "Queued",
        completion_date: None,
        error_type: None,
        error_reason: None,
        error_message: None,
        action_id: None,
        is_test: submission.is_test,
        uri: uri(sid, id),
    }
}

/// What is shown of a modification or reversal before it is settled.
fn shown_change(sid: &str, id: SubmissionId, change: Change) -> Shown {
    Shown {
        batch_id: id.to_string(),
        account_id: sid.to_owned(),
        submission_date: id.number.time().to_string(),
        campaign_id: change.program.0,
        action_tracker_id: change.event_type.0,
        media_partner_id: None,
        event_code: None,
        order_id: change.order_id,
        payload: payload(&change.fields),
        kind: match change.what {
            What::Modify { .. } => "Modification",
            What::Reverse => "Reversal",
        },
        status: "Queued",
        completion_date: None,
        error_type: None,
        error_reason: None,
        error_message: None,
        action_id: None,
        is_test: false,
        uri: uri(sid, id),
    }
}

fn payload(fields: &[(Box<str>, Box<str>)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

impl Shown {
    /// Adds what became of it; `at` is the end of the slot that said so.
    fn settle(&mut self, outcome: SubmissionOutcome, at: Option<Millis>) {
        if outcome == SubmissionOutcome::Waiting {
            self.status = "In Progress";
            return;
        }
        self.status = "Complete";
        self.completion_date = at.map(|at| at.to_string());
        match outcome {
            SubmissionOutcome::Waiting => {}
            SubmissionOutcome::Credited(action)
            | SubmissionOutcome::Settled(action, _)
            | SubmissionOutcome::Changed(action, _)
            | SubmissionOutcome::Unchanged(action) => self.action_id = Some(action.to_string()),
            // Who would have earned it, had it been real.
            SubmissionOutcome::Test(Ok(partner)) => self.media_partner_id = Some(partner.0),
            SubmissionOutcome::Refused(refusal) | SubmissionOutcome::Test(Err(refusal)) => {
                self.error_type = Some(error_type(WhyRefused::Conversion(refusal)));
                self.error_reason = Some(refusal.code());
                self.error_message = Some(refusal.meaning());
            }
            SubmissionOutcome::NotChanged(refusal) => {
                self.error_type = Some(error_type(WhyRefused::Change(refusal)));
                self.error_reason = Some(refusal.code());
                self.error_message = Some(refusal.meaning());
            }
        }
    }
}

/// What is wrong is what was submitted.
pub(super) const VALIDATION: &str = "Validation";
/// What is wrong is what the contract allows.
const CONTRACT: &str = "Contract Error";

/// Whether the terms of a contract refuse it, or what was submitted.
pub(super) fn error_type(why: WhyRefused) -> &'static str {
    let refusal = match why {
        WhyRefused::Conversion(refusal) => refusal,
        WhyRefused::Change(refusal) => return error_type_of_change(refusal),
    };
    match refusal {
        Refusal::OutsideAssociationWindow
        | Refusal::ContractNotFound
        | Refusal::ActionTermsNotFound
        | Refusal::RefTypeNotAccepted
        | Refusal::MaxRecurrencesReached
        | Refusal::PartnerNotActive => CONTRACT,
        Refusal::ActionRefNotFound
        | Refusal::NoValidActionRef
        | Refusal::CampaignNotFound
        | Refusal::ActionTrackerNotActive
        | Refusal::ConvDuplicate
        | Refusal::Malformed
        | Refusal::ActionTrackerNotFound
        | Refusal::ActionTrackerCampaignMismatch
        | Refusal::OidMissing
        | Refusal::NoItem
        | Refusal::CreditingRuleMismatch
        | Refusal::OtherRefPrioritized
        | Refusal::BlockedByPromocode
        | Refusal::RestrictedPromocode
        | Refusal::BlacklistedSourceIp
        | Refusal::Unclaimed
        | Refusal::CallDuplicate
        | Refusal::CallDurationTooShort
        | Refusal::CallForCallPerConvAt
        | Refusal::CallIncomplete
        | Refusal::CallOutsideDailyRange => VALIDATION,
    }
}

/// What has ended the life of an action is its contract's; the rest is what was submitted.
fn error_type_of_change(refusal: ChangeRefusal) -> &'static str {
    match refusal {
        ChangeRefusal::ActionLocked
        | ChangeRefusal::ActionReversed
        | ChangeRefusal::TooManyModifications => CONTRACT,
        ChangeRefusal::ActionNotFound
        | ChangeRefusal::ItemNotFound
        | ChangeRefusal::AmountBelowZero => VALIDATION,
    }
}
