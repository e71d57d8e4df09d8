//! The whole request: every field checked, every error reported at once.

use crate::catalog::Catalog;
use crate::catalog::snapshot::Brand;
use crate::model::action::change::{Change, What};
use crate::model::id::{EventTypeId, ProgramId};
use crate::model::submission::{Origin, PayloadHash};

use super::super::body::{self, ContentType};
use super::super::error::FieldError;
use super::super::fields::{Fields, split_number};
use super::target::{self, Target};
use super::what;

/// Names that `Conversions` does not have; the rest is spelled there.
const NAMES: &[&str] = &[
    "ActionId",
    "Reason",
    "Sku",
    "Category",
    "Quantity",
    "ItemSubTotalDelta",
];

/// An action's id in its parts: program, event type and number.
pub type ActionParts = (ProgramId, EventTypeId, u64);

/// The request and what is needed to judge it.
pub struct Received<'a> {
    /// Media type of the body.
    pub content_type: ContentType,
    /// The body, bounded by the caller.
    pub body: &'a [u8],
    /// The catalogue in force.
    pub catalog: &'a Catalog,
    /// The brand that asks, by its key.
    pub brand: &'a Brand,
    /// Whether the action is to be taken back; otherwise it is to be modified.
    pub is_reversal: bool,
    /// Where the request came from.
    pub origin: Origin,
    /// A signature of it verified.
    pub is_signed: bool,
    /// The parts of an action id; nothing for any other text.
    pub parts_of: &'a dyn Fn(&str) -> Option<ActionParts>,
}

/// Why a request is turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It names nothing of this account's.
    NotFound,
    /// Its fields are wrong.
    Invalid {
        /// The program it was for, when that much could be read.
        program: Option<ProgramId>,
        /// Every error found, at least one.
        errors: Vec<FieldError>,
    },
}

/// A change that is checked but for the stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The program.
    pub program: ProgramId,
    /// The event type.
    pub event_type: EventTypeId,
    /// The number of the action, when it was named.
    pub action: Option<u64>,
    /// The order, when it was named; without a number it always is.
    pub order_id: Option<Box<str>>,
    pub(super) what: What,
    pub(super) reason: Box<str>,
    origin: Origin,
    is_signed: bool,
    pub(super) payload: PayloadHash,
    fields: Vec<(Box<str>, Box<str>)>,
}

impl Asked {
    /// The change, of the order that it turned out to be.
    #[must_use]
    pub fn of_order(self, order_id: Box<str>) -> Change {
        Change {
            program: self.program,
            event_type: self.event_type,
            order_id,
            action: self.action,
            what: self.what,
            reason: self.reason,
            origin: self.origin,
            is_signed: self.is_signed,
            payload: self.payload,
            fields: self.fields,
        }
    }
}

/// Reads and checks a request.
///
/// # Errors
/// It names nothing of the account's, or every field error at once.
pub fn read(received: &Received<'_>) -> Result<Asked, Refused> {
    let mut errors = Vec::new();
    let pairs = body::pairs(received.content_type, received.body);
    let mut pairs = pairs.map_err(|error| Refused::Invalid {
        program: None,
        errors: vec![error],
    })?;
    for (name, _) in &mut pairs {
        *name = spelled(name);
    }
    let fields = Fields::collect(pairs, &mut errors);
    let target = target::read(received, &fields, &mut errors)?;
    let program = target.as_ref().map(|target| target.program);
    let event_type = target.as_ref().and_then(Target::terms);
    let reason = what::reason(received.is_reversal, event_type, &fields, &mut errors);
    let what = if received.is_reversal {
        what::refuse_items(&fields, &mut errors);
        Some(What::Reverse)
    } else {
        what::modification(program, event_type, &fields, &mut errors)
    };
    match (target, what, reason) {
        (Some(target), Some(what), Some(reason)) if errors.is_empty() => Ok(Asked {
            program: target.program.id,
            event_type: target.event_type,
            action: target.action,
            payload: payload(&target, &what, &reason, &fields),
            order_id: target.order_id,
            what,
            reason,
            origin: received.origin,
            is_signed: received.is_signed,
            fields: fields.into_stored(),
        }),
        _ => Err(Refused::Invalid {
            program: program.map(|program| program.id),
            errors,
        }),
    }
}

/// The published spelling of a name.
fn spelled(sent: &str) -> String {
    let (stem, number) = split_number(sent);
    let mut known = NAMES.iter();
    known
        .find(|known| known.eq_ignore_ascii_case(stem))
        .map_or_else(|| sent.to_owned(), |known| format!("{known}{number}"))
}

/// Hash of what is asked for: the same for the same request whatever its encoding, the order and
/// case of its field names. Each text is preceded by its length, so that no two requests read the
/// same.
fn payload(target: &Target<'_>, what: &What, reason: &str, fields: &Fields) -> PayloadHash {
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &[u8]| {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_be_bytes());
        hasher.update(text);
    };
    add(match what {
        What::Reverse => b"reversal",
        What::Modify { .. } => b"modification",
    });
    add(&target.event_type.0.to_be_bytes());
    match (target.action, &target.order_id) {
        (Some(action), _) => add(&action.to_be_bytes()),
        (None, order_id) => add(order_id.as_deref().unwrap_or_default().as_bytes()),
    }
    add(reason.as_bytes());
    for (name, value) in fields.iter() {
        if !target::NAMES.contains(&name) && !what::REASONS.contains(&name) {
            add(name.as_bytes());
            add(value.as_bytes());
        }
    }
    let hash = hasher.finalize();
    PayloadHash(hash.as_bytes().first_chunk().copied().unwrap_or_default())
}

/// A number as ids are written: digits only.
pub(super) fn number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// The start of a value that an error repeats.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(32).collect()
}
