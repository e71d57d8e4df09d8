//! The whole submission: every field checked, every error reported at once.

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Brand, EventType, Program};
use crate::model::click_id::ClickId;
use crate::model::currency::Currency;
use crate::model::id::{EventTypeId, ProgramId};
use crate::model::submission::{
    Claim, EventTime, ORDER_ID_BYTES_MAX, Order, Origin, PayloadHash, Submission,
};
use crate::model::time::Millis;

use super::amount;
use super::body::{self, ContentType};
use super::error::FieldError;
use super::event_date;
use super::fields::Fields;
use super::{references, rules};

/// The request and what is needed to judge it.
pub struct Received<'a> {
    /// Media type of the body.
    pub content_type: ContentType,
    /// The body, bounded by the caller.
    pub body: &'a [u8],
    /// The query of the request, of which only `impacttest` is read.
    pub query: &'a str,
    /// Whether a signature of the request verified.
    pub is_signed: bool,
    /// The catalogue in force.
    pub catalog: &'a Catalog,
    /// The brand that submits, by its key.
    pub brand: &'a Brand,
    /// When it was received.
    pub now: Millis,
    /// What a click id says if its tag holds.
    pub verify: &'a dyn Fn(&str) -> Option<ClickId>,
}

/// What is wrong with a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The program it was for, when that much could be read.
    pub program: Option<ProgramId>,
    /// Every error found, at least one.
    pub errors: Vec<FieldError>,
}

/// Reads and checks a submission.
///
/// # Errors
/// Every field error at once.
pub fn read(received: &Received<'_>) -> Result<Submission, Refused> {
    let mut errors = Vec::new();
    let mut pairs = body::pairs(received.content_type, received.body).map_err(|error| Refused {
        program: None,
        errors: vec![error],
    })?;
    add_query(&mut pairs, received.query, &mut errors);
    let fields = Fields::collect(pairs, &mut errors);
    let program = program(received, &fields, &mut errors);
    let event_type = event_type(program, &fields, &mut errors);
    let order_id = order_id(&fields, &mut errors);
    let event = event(program, received.now, &fields, &mut errors);
    let order = money(program, &fields, &mut errors);
    let currency = program.map(|program| program.currency);
    rules::check(&fields, received.catalog, currency, &mut errors);
    let terms = program.zip(event_type);
    let terms = terms.and_then(|(program, id)| program.event_types.get(&id));
    if let Some(terms) = terms {
        rules::event_type::check(&fields, terms, &mut errors);
    }
    let claim = match references::click_id(&fields) {
        None => Claim::None,
        Some(text) => (received.verify)(&text).map_or(Claim::Forged, Claim::Verified),
    };
    match (program, event_type, order_id, event) {
        (Some(program), Some(event_type), Some(order_id), Some(event)) if errors.is_empty() => {
            let is_test = fields.filled(rules::TEST);
            let is_test = is_test.and_then(rules::is_switched_on).unwrap_or(false);
            Ok(Submission {
                program: program.id,
                event_type,
                order_id,
                event,
                claim,
                references: references::read(&fields, program.id),
                order,
                customer_status: customer_status(&fields, terms),
                network: references::network(&fields),
                call: references::call(&fields),
                origin: Origin::Api,
                is_test,
                is_signed: received.is_signed,
                payload: payload(&fields, event_type, event, is_test),
                fields: stored(fields),
            })
        }
        _ => Err(Refused {
            program: program.map(|program| program.id),
            errors,
        }),
    }
}

/// Adds what is read of the query to the pairs of the body, where it may stand as well.
fn add_query(pairs: &mut Vec<(String, String)>, query: &str, errors: &mut Vec<FieldError>) {
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if !name.eq_ignore_ascii_case(rules::TEST) {
            continue;
        }
        let sent = pairs
            .iter()
            .find(|(sent, _)| sent.eq_ignore_ascii_case(&name));
        match sent {
            None => pairs.push((name.into_owned(), value.into_owned())),
            Some((_, sent)) if *sent == value => {}
            Some(_) => errors.push(FieldError::new(
                rules::TEST,
                "differs between query and body; send it once",
            )),
        }
    }
}

/// `CustomerStatus` in the brand's own word.
fn customer_status(fields: &Fields, terms: Option<&EventType>) -> Option<Box<str>> {
    let status = fields.filled("CustomerStatus")?;
    let own = terms.and_then(|terms| terms.own_customer_status(status));
    own.map(Into::into)
}

fn program<'a>(
    received: &Received<'a>,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
) -> Option<&'a Program> {
    let mut error = |message: String| errors.push(FieldError::new("CampaignId", message));
    let Some(text) = fields.filled("CampaignId") else {
        error("is missing: send the number of one of this account's programs".to_owned());
        return None;
    };
    let Some(id) = number(text) else {
        error("is not a number: send the number of one of this account's programs".to_owned());
        return None;
    };
    let id = ProgramId(id);
    let own = received.brand.programs.binary_search(&id).is_ok();
    let program = received.catalog.program(id).filter(|_| own);
    if program.is_none() {
        error(format!("this account has no program {id}"));
    }
    program
}

/// Every selector sent must name the same event type of the program.
fn event_type(
    program: Option<&Program>,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
) -> Option<EventTypeId> {
    const SELECTORS: [&str; 3] = ["ActionTrackerId", "EventTypeId", "EventTypeCode"];
    let mut found: Option<(&str, EventTypeId)> = None;
    let mut sent = false;
    for name in SELECTORS {
        let Some(text) = fields.filled(name) else {
            continue;
        };
        sent = true;
        let by_code = name == "EventTypeCode";
        if !by_code && number(text).is_none() {
            errors.push(FieldError::new(name, "is not a number of an event type"));
            continue;
        }
        let Some(program) = program else {
            continue;
        };
        let found_type = program.event_types.values().find(|event_type| {
            if by_code {
                event_type.code.as_deref() == Some(text)
            } else {
                Some(event_type.id.0) == number(text)
            }
        });
        if found_type.is_some_and(EventType::is_of_clicks) {
            let message = "names an event type of category CLICK; its clicks are counted by links \
                           and never submitted";
            errors.push(FieldError::new(name, message));
            continue;
        }
        match (found_type.map(|event_type| event_type.id), found) {
            (None, _) => errors.push(FieldError::new(
                name,
                format!("program {} has no such event type", program.id),
            )),
            (Some(id), Some((other, first))) if id != first => errors.push(FieldError::new(
                name,
                format!("names another event type than {other}; send one of them"),
            )),
            (Some(id), _) => found = Some((name, id)),
        }
    }
    if !sent {
        errors.push(FieldError::new(
            "EventTypeId",
            "is missing: send one of ActionTrackerId, EventTypeId and EventTypeCode",
        ));
    }
    found.map(|(_, id)| id)
}

fn order_id(fields: &Fields, errors: &mut Vec<FieldError>) -> Option<Box<str>> {
    let allowed = format!("1 to {ORDER_ID_BYTES_MAX} bytes without control characters");
    let wrong = match fields.get("OrderId") {
        None => "is missing".to_owned(),
        Some("") => "is empty".to_owned(),
        Some(id) if id.len() > ORDER_ID_BYTES_MAX => format!("has {} bytes", id.len()),
        Some(id) if id.chars().any(char::is_control) => "has a control character".to_owned(),
        Some(id) if id.chars().all(char::is_whitespace) => "is only white space".to_owned(),
        Some(id) => return Some(id.into()),
    };
    errors.push(FieldError::new(
        "OrderId",
        format!("{wrong}: {allowed} are allowed"),
    ));
    None
}

fn event(
    program: Option<&Program>,
    now: Millis,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
) -> Option<EventTime> {
    let Some(text) = fields.filled("EventDate") else {
        errors.push(FieldError::new(
            "EventDate",
            "is missing: send NOW or an ISO 8601 date",
        ));
        return None;
    };
    let utc = jiff::tz::TimeZone::UTC;
    let zone = program.map_or(&utc, |program| &program.time_zone);
    event_date::parse(text, zone, now)
        .map_err(|message| errors.push(FieldError::new("EventDate", message)))
        .ok()
}

fn money(program: Option<&Program>, fields: &Fields, errors: &mut Vec<FieldError>) -> Order {
    let sent = fields.filled("CurrencyCode");
    let allowed = program.map(|program| program.currency);
    let parsed = sent.and_then(|text| text.parse::<Currency>().ok());
    let only = allowed.map_or_else(
        || "send the program's currency, such as USD".to_owned(),
        |currency| format!("{currency} is this program's currency and the only one allowed"),
    );
    let wrong = match sent {
        None => amount::sends_money(fields).then(|| format!("is missing beside money: {only}")),
        Some(text) if parsed.is_none() => {
            Some(format!("`{}` is no currency code: {only}", shown(text)))
        }
        Some(text) => allowed
            .filter(|currency| parsed != Some(*currency))
            .map(|_| format!("is {text}: {only}")),
    };
    errors.extend(wrong.map(|message| FieldError::new("CurrencyCode", message)));
    // Without a program the form of the amounts is still checked, by the currency sent.
    let currency = allowed.or(parsed).or_else(|| "USD".parse().ok());
    currency.map_or_else(Order::default, |currency| {
        amount::order(fields, currency, errors)
    })
}

/// The fields as they are kept: of an address only its network.
fn stored(fields: Fields) -> Vec<(Box<str>, Box<str>)> {
    let network = references::network(&fields);
    let mut stored = fields.into_stored();
    for (name, value) in &mut stored {
        if &**name == "IpAddress" {
            let network = network.map(|network| network.to_string());
            *value = network.unwrap_or_default().into();
        }
    }
    stored
}

/// Hash of the business fields: the same for the same conversion whatever its encoding, the order
/// and case of its field names, and the way it names its event type. Each text is preceded by its
/// length, so that no two lists of fields read the same.
fn payload(
    fields: &Fields,
    event_type: EventTypeId,
    event: EventTime,
    is_test: bool,
) -> PayloadHash {
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &[u8]| {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_be_bytes());
        hasher.update(text);
    };
    add(&event_type.0.to_be_bytes());
    for (name, value) in fields.iter() {
        let left_out = match name {
            "ActionTrackerId"
            | "EventTypeId"
            | "EventTypeCode"
            | "IpAddress"
            | "UserAgent"
            | rules::TEST => true,
            "EventDate" => event == EventTime::Now,
            _ => false,
        };
        if !left_out {
            add(name.as_bytes());
            add(value.as_bytes());
        }
    }
    if is_test {
        add(rules::TEST.as_bytes());
    }
    let hash = hasher.finalize();
    let mut first = [0; 16];
    for (to, from) in first.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    PayloadHash(first)
}

/// A number as ids are written: digits only.
fn number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// The start of a value that an error repeats.
fn shown(text: &str) -> String {
    text.chars().take(16).collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
