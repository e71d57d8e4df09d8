//! What a group says becomes a conversion or a change, by the rules of the API.
//!
//! In: the fields of one request, the catalogue in force, the record of the file. Out: what is to
//! be stored, or what is wrong, as the errors of the file list it. Beside the rules of the API: an
//! event of more than 88 days before the file came is refused, unless its partner is named, which
//! reaches 398 days back.

use url::form_urlencoded::Serializer;

use crate::catalog::Catalog;
use crate::catalog::snapshot::Brand;
use crate::conversion::change::{self, ActionParts, Asked};
use crate::conversion::{self, ContentType, FieldError};
use crate::log::Said;
use crate::model::action::change::{Change, ChangeRefusal};
use crate::model::arrival::Stream;
use crate::model::click_id::ClickId;
use crate::model::id::ProgramId;
use crate::model::refusal::Refusal;
use crate::model::submission::{EventTime, Origin, Reference, Submission};
use crate::model::time::DAY;

use super::group::{CHANGED_ITEM, Group, value};
use super::record::{BatchKind, BatchRecord, LineError};

/// How old an event may be.
const AGE_MAX: i64 = 88 * DAY;
/// How old one may be whose partner is named.
const AGE_MAX_FORCED: i64 = 398 * DAY;
/// Characters of all that is said of one line.
const MESSAGE_MAX: usize = 1_000;

/// Why a change that is well formed is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// There is no such order or action.
    NotFound,
    /// Order and action do not go together.
    Invalid(FieldError),
    /// Nobody knows just now.
    Unreadable(String),
}

/// Verifies a click id.
pub type Verify<'a> = &'a dyn Fn(&str) -> Option<ClickId>;

/// What reading needs to know.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What a click id says if its tag holds.
    pub verify: Verify<'a>,
    /// The parts of an action id; nothing for any other text.
    pub parts_of: &'a dyn Fn(&str) -> Option<ActionParts>,
    /// Finds the order of a change.
    pub resolve: &'a dyn Fn(Asked) -> Result<Change, Unresolved>,
}

/// What is wrong with a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The program it was for, when that much could be read.
    pub program: Option<ProgramId>,
    /// What the errors of the file say.
    pub error: LineError,
}

/// Why a group is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRead {
    /// It is wrong.
    Wrong(Box<Wrong>),
    /// Whether it is wrong can't be told just now.
    Unreadable(String),
}

/// The stream that lines of this kind are counted in.
#[must_use]
pub fn stream(kind: BatchKind) -> Stream {
    match kind {
        BatchKind::Conversion => Stream::Conversion,
        BatchKind::Modification | BatchKind::Reversal => Stream::Modification,
    }
}

/// Reads and checks a group.
///
/// # Errors
/// See [`NotRead`].
pub fn read(
    catalog: &Catalog,
    known: &Known<'_>,
    record: &BatchRecord,
    group: &Group,
) -> Result<Said, NotRead> {
    let wrong = |program, code, errors: &[FieldError]| {
        let error = described(group, code, errors);
        NotRead::Wrong(Box::new(Wrong { program, error }))
    };
    if let Some(error) = &group.error {
        return Err(wrong(None, None, std::slice::from_ref(error)));
    }
    let Some(brand) = catalog.brand(&record.account) else {
        let error = FieldError::new("CampaignId", "this account has no programs");
        let code = Some(Refusal::CampaignNotFound.code());
        return Err(wrong(None, code, &[error]));
    };
    let mut body = Serializer::new(String::new());
    body.extend_pairs(&group.pairs);
    let body = body.finish();
    if record.kind == BatchKind::Conversion {
        let read = conversion(catalog, brand, known.verify, record, group, &body);
        return read.map(Said::Conversion).map_err(|refused| {
            let code = code(catalog, brand, group, &refused.errors);
            wrong(refused.program, code, &refused.errors)
        });
    }
    let not_found = |program| {
        let refusal = ChangeRefusal::ActionNotFound;
        let error = FieldError::new("OrderId", refusal.meaning());
        wrong(program, Some(refusal.code()), &[error])
    };
    let asked = change::read(&change::Received {
        content_type: ContentType::Form,
        body: body.as_bytes(),
        catalog,
        brand,
        is_reversal: record.kind == BatchKind::Reversal,
        origin: origin(record, group),
        is_signed: record.is_signed,
        parts_of: known.parts_of,
    });
    let asked = asked.map_err(|refused| match refused {
        change::Refused::NotFound => not_found(None),
        change::Refused::Invalid { program, errors } => {
            let code = code(catalog, brand, group, &errors);
            wrong(program, code, &errors)
        }
    })?;
    let program = Some(asked.program);
    (known.resolve)(asked)
        .map(Said::Change)
        .map_err(|unresolved| match unresolved {
            Unresolved::NotFound => not_found(program),
            Unresolved::Invalid(error) => wrong(program, None, &[error]),
            Unresolved::Unreadable(reason) => NotRead::Unreadable(reason),
        })
}

fn conversion(
    catalog: &Catalog,
    brand: &Brand,
    verify: Verify<'_>,
    record: &BatchRecord,
    group: &Group,
    body: &str,
) -> Result<Submission, conversion::Refused> {
    let submission = conversion::read(&conversion::Received {
        content_type: ContentType::Form,
        body: body.as_bytes(),
        query: "",
        is_signed: record.is_signed,
        catalog,
        brand,
        // The same whenever the file is read.
        now: record.created,
        verify,
    })?;
    if let EventTime::At { start, .. } = submission.event {
        let forced = matches!(submission.references.first(), Some(Reference::Partner(_)));
        let allowed = if forced { AGE_MAX_FORCED } else { AGE_MAX };
        if record.created.since(start) > allowed {
            let message = format!(
                "is more than {} days before the file was received; files hold events of at most \
                 88 days before, or 398 days with MediaId",
                allowed / DAY
            );
            return Err(conversion::Refused {
                program: Some(submission.program),
                errors: vec![FieldError::new("EventDate", message)],
            });
        }
    }
    Ok(Submission {
        origin: origin(record, group),
        ..submission
    })
}

fn origin(record: &BatchRecord, group: &Group) -> Origin {
    Origin::Batch {
        job: record.job,
        line: group.lines.first().copied().unwrap_or(0),
    }
}

/// The published code of the first error, where one fits.
fn code(
    catalog: &Catalog,
    brand: &Brand,
    group: &Group,
    errors: &[FieldError],
) -> Option<&'static str> {
    const TRACKER: [&str; 2] = ["ActionTrackerId", "EventTypeId"];
    match &*errors.first()?.field {
        "CampaignId" => Some(Refusal::CampaignNotFound.code()),
        "ActionTrackerId" | "EventTypeId" | "EventTypeCode" => {
            let (id, by_code) = (
                value(&group.pairs, &TRACKER),
                value(&group.pairs, &["EventTypeCode"]),
            );
            let programs = brand.programs.iter().filter_map(|id| catalog.program(*id));
            let is_elsewhere = programs
                .flat_map(|program| program.event_types.values())
                .any(|known| {
                    let same_id = id.is_some_and(|id| *id == known.id.to_string());
                    same_id || (by_code.is_some() && by_code.map(|c| &**c) == known.code.as_deref())
                });
            Some(if is_elsewhere {
                "ACTIONTRACKER_CAMPAIGN_MISMATCH"
            } else {
                "ACTIONTRACKER_NOT_FOUND"
            })
        }
        "OrderId" if value(&group.pairs, &["OrderId", "Oid"]).is_none() => Some("OID_MISSING"),
        _ => None,
    }
}

/// What the errors of the file say of a group.
pub(super) fn described(
    group: &Group,
    code: Option<&'static str>,
    errors: &[FieldError],
) -> LineError {
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let sent = |names: &[&str]| value(&group.pairs, names).cloned();
    LineError {
        code: code.map(ToOwned::to_owned),
        message: said.join("; ").chars().take(MESSAGE_MAX).collect(),
        ..LineError::told(line(group, errors), sent)
    }
}

/// The line that the first error is about: that of its item, or the first one.
fn line(group: &Group, errors: &[FieldError]) -> u64 {
    let number = errors.first().and_then(|error| {
        let (stem, number) = conversion::fields::split_number(&error.field);
        let is_of_item = stem.starts_with("Item") || CHANGED_ITEM.contains(&stem);
        let number = Some(number).filter(|_| is_of_item)?;
        let item = number.split('_').next()?;
        item.parse::<usize>().ok()?.checked_sub(1)
    });
    let of_item = number.and_then(|number| group.lines.get(number));
    let line = of_item.or_else(|| group.lines.first());
    line.copied().unwrap_or(0)
}
