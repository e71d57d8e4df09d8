//! The whole arrival: every field checked, every error reported at once.

use std::net::IpAddr;

use jiff::tz::TimeZone;
use url::Url;

use crate::catalog::Catalog;
use crate::catalog::snapshot::Program;
use crate::conversion::body::{self, ContentType};
use crate::conversion::{FieldError, event_date};
use crate::model::click_id::ClickId;
use crate::model::id::ProgramId;
use crate::model::submission::{Claim, EventTime, Person};
use crate::model::time::Millis;
use crate::model::visit::Visit;

use super::fields::Fields;
use super::page::Page;

/// The fields of which an arrival needs one: who came, or by which click.
const NAMES: [&str; 7] = [
    "CustomProfileId",
    "GoogAId",
    "AndroidId",
    "AppleIfa",
    "AppleIfv",
    "ClickId",
    "CustomerId",
];
/// The fields that only apps send.
const OF_APPS: [&str; 4] = ["PropertyId", "AppName", "AppPackage", "AppVer"];

/// The request and what is needed to judge it.
pub struct Loaded<'a> {
    /// Media type of the body.
    pub content_type: ContentType,
    /// The body, bounded by the caller.
    pub body: &'a [u8],
    /// The program that the path of the request names, where it names one.
    pub program: Option<ProgramId>,
    /// Whether the request forbids to follow the person (`Sec-GPC`).
    pub is_private: bool,
    /// The catalogue in force.
    pub catalog: &'a Catalog,
    /// When it was received.
    pub now: Millis,
    /// What a click id says if its tag holds.
    pub verify: &'a dyn Fn(&str) -> Option<ClickId>,
}

/// A checked arrival, and what its answer is made of.
#[derive(Debug)]
pub struct Arrived {
    /// What is stored of it, where the person permits it.
    pub visit: Visit,
    /// Whether the person permits that anything is stored.
    pub consents: bool,
    /// Path and query of the link that was opened, if one was.
    pub link: Option<(String, Option<String>)>,
    /// The click id that holds, as it was sent.
    pub click_id: Option<String>,
    /// `UserAgent`.
    pub user_agent: Option<String>,
    /// `ReferringUrl`.
    pub referrer: Option<String>,
    /// `IpAddress`.
    pub address: Option<IpAddr>,
    /// What was left out, and why.
    pub warnings: Vec<FieldError>,
}

/// Why an arrival is turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No program of this number takes arrivals.
    NoProgram(FieldError),
    /// Every error found, at least one.
    Invalid {
        /// The program, when that much could be read.
        program: Option<ProgramId>,
        /// What is wrong.
        errors: Vec<FieldError>,
    },
}

/// Reads and checks an arrival.
///
/// # Errors
/// Every field error at once.
pub fn read(loaded: &Loaded<'_>) -> Result<Arrived, Refused> {
    let invalid = |program, errors| Refused::Invalid { program, errors };
    let mut errors = Vec::new();
    let pairs = body::pairs(loaded.content_type, loaded.body)
        .map_err(|error| invalid(loaded.program, vec![error]))?;
    let fields = Fields::collect(pairs, &mut errors);
    let id = campaign(loaded.program, &fields, &mut errors);
    let Some(id) = id else {
        return Err(invalid(None, errors));
    };
    let program = loaded.catalog.program(id);
    let Some(program) = program.filter(|program| program.site.page_load) else {
        let message = format!("no program {id} takes page loads");
        return Err(Refused::NoProgram(FieldError::new("CampaignId", message)));
    };
    let event = event(&fields, &program.time_zone, loaded.now, &mut errors);
    let is_app = OF_APPS.iter().any(|name| fields.filled(name).is_some());
    let (url, before) = pages(&fields, is_app, &mut errors);
    let consent = consent(&fields, &mut errors);
    let address = address(&fields, &mut errors);
    property(&fields, &mut errors);
    let page = Page::new(program, url);
    let names = NAMES.iter().any(|name| fields.filled(name).is_some());
    if !names {
        let message = format!("is missing: send one of {}", NAMES.join(", "));
        errors.push(FieldError::new("CustomProfileId", message));
    }
    let (Some(event), true) = (event, errors.is_empty()) else {
        return Err(invalid(Some(id), errors));
    };
    let mut warnings = Vec::new();
    let (claim, click_id) = claim(loaded, program, &fields, &page, &mut warnings);
    let text = |name| fields.filled(name).map(ToOwned::to_owned);
    Ok(Arrived {
        visit: Visit {
            program: id,
            event,
            claim,
            persons: persons(program, &fields),
            is_test: page.is_test(),
            is_app,
            came: page.came(before.as_ref()),
        },
        consents: consent && !loaded.is_private,
        link: page.link(),
        click_id,
        user_agent: text("UserAgent"),
        referrer: text("ReferringUrl"),
        address,
        warnings,
    })
}

/// The program that path and body name, which must be the same.
fn campaign(
    path: Option<ProgramId>,
    fields: &Fields,
    errors: &mut Vec<FieldError>,
) -> Option<ProgramId> {
    let mut wrong = |message: &str| {
        errors.push(FieldError::new("CampaignId", message));
        None
    };
    let Some(text) = fields.filled("CampaignId") else {
        return path.or_else(|| wrong("is missing: send the number of a program"));
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse().ok().filter(|_| digits).map(ProgramId) {
        None => wrong("is not a number: send the number of a program"),
        Some(id) if path.is_some_and(|path| path != id) => {
            wrong("differs from the program in the path: send the same one, or none here")
        }
        id => id,
    }
}

fn event(
    fields: &Fields,
    zone: &TimeZone,
    now: Millis,
    errors: &mut Vec<FieldError>,
) -> Option<EventTime> {
    let said = fields.filled("EventDate");
    let said = said.ok_or_else(|| "is missing: send NOW or an ISO 8601 date".to_owned());
    said.and_then(|text| event_date::parse(text, zone, now))
        .map_err(|message| errors.push(FieldError::new("EventDate", message)))
        .ok()
}

/// The page that was opened, which an app may not have, and the one before.
fn pages(
    fields: &Fields,
    is_app: bool,
    errors: &mut Vec<FieldError>,
) -> (Option<Url>, Option<Url>) {
    if fields.filled("PageUrl").is_none() && !is_app {
        let message = "is missing: send the address of the page; only an app that was opened \
            without one, and that names itself by PropertyId or AppName, sends none";
        errors.push(FieldError::new("PageUrl", message));
    }
    let [page, before] = ["PageUrl", "ReferringUrl"].map(|name| {
        let url = Url::parse(fields.filled(name)?);
        let message = "is no address with its scheme, such as https://www.example.com/page";
        url.map_err(|_| errors.push(FieldError::new(name, message)))
            .ok()
    });
    (page, before)
}

fn consent(fields: &Fields, errors: &mut Vec<FieldError>) -> bool {
    let Some(said) = fields.filled("TrackingConsent") else {
        return true;
    };
    let is = |word: &str| said.eq_ignore_ascii_case(word);
    if !is("true") && !is("false") {
        errors.push(FieldError::new(
            "TrackingConsent",
            "is neither true nor false",
        ));
    }
    is("true")
}

fn address(fields: &Fields, errors: &mut Vec<FieldError>) -> Option<IpAddr> {
    let address = fields.filled("IpAddress")?.parse();
    let message = "is no IPv4 or IPv6 address";
    address
        .map_err(|_| errors.push(FieldError::new("IpAddress", message)))
        .ok()
}

fn property(fields: &Fields, errors: &mut Vec<FieldError>) {
    let said = fields.filled("PropertyId");
    if said.is_some_and(|said| said.parse::<u64>().is_err()) {
        errors.push(FieldError::new("PropertyId", "is not the number of an app"));
    }
}

/// What the click id that was sent says, and its text if it holds. One that does not hold, or is of
/// another program, is as if none was sent.
fn claim(
    loaded: &Loaded<'_>,
    program: &Program,
    fields: &Fields,
    page: &Page<'_>,
    warnings: &mut Vec<FieldError>,
) -> (Claim, Option<String>) {
    let (field, sent) = match fields.filled("ClickId") {
        Some(id) => ("ClickId", Some(id.to_owned())),
        None => ("PageUrl", page.click_id()),
    };
    let Some(text) = sent else {
        return (Claim::None, None);
    };
    let holds = (loaded.verify)(&text).filter(|id| id.program == program.id);
    if let Some(id) = holds {
        return (Claim::Verified(id), Some(text));
    }
    let message = "holds a click id that is none of this program's; it is not used";
    warnings.push(FieldError::new(field, message));
    (Claim::Forged, None)
}

/// Everybody whom the fields name, sorted, each once.
fn persons(program: &Program, fields: &Fields) -> Vec<Person> {
    let named = |(field, _): &(&'static str, _)| {
        let value = fields.filled(field)?;
        Person::named(program.id, field, value)
    };
    let mut persons: Vec<Person> = Person::FIELDS.iter().filter_map(named).collect();
    persons.sort();
    persons.dedup();
    persons
}
