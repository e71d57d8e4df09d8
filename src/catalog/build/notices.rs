//! Receivers of notices.

use super::ids::not_zero;
use super::whole::Builder;
use crate::catalog::check::word::{
    AUDIENCES, BODY_TYPES, METHODS, NOTICE_KINDS, choice, choice_or,
};
use crate::catalog::check::{STATES, notify, period, text};
use crate::catalog::document::PostbackDoc;
use crate::catalog::problem::{Complaint, Problems, quoted};
use crate::catalog::snapshot::{Audience, BodyType, Catalog, Destination, Filled, Kinds, Method};
use crate::model::time::DAY;

/// The most postbacks of a catalogue: each has a queue of its own.
const POSTBACKS_MAX: usize = 1_000;
/// The longest delay.
const DELAY_MAX: i64 = 7 * DAY;

impl Builder {
    pub(in crate::catalog) fn postback(&mut self, doc: &PostbackDoc) {
        let problems = &mut self.problems;
        not_zero(doc.id, doc, problems);
        pointing(doc, &self.catalog, problems);
        let compiled = compiled(doc, problems);
        if !self.postbacks.first(doc.id, doc.line, doc, "id", problems) {
            return;
        }
        if self.catalog.destinations.len() >= POSTBACKS_MAX {
            let problem = "is one postback too many";
            problems.note(doc, "id", problem, format!("at most {POSTBACKS_MAX}"));
            return;
        }
        self.catalog.destinations.insert(doc.id, compiled);
    }
}

/// Notes references that point nowhere.
fn pointing(doc: &PostbackDoc, catalog: &Catalog, problems: &mut Problems) {
    let program = catalog.program(doc.program);
    if program.is_none() {
        let problem = format!("there is no program {}", doc.program);
        problems.note(doc, "program", problem, "the id of a [[program]]");
    }
    if let Some(partner) = doc.partner
        && catalog.partner(partner).is_none()
    {
        let problem = format!("there is no partner {partner}");
        problems.note(doc, "partner", problem, "the id of a [[partner]]");
    }
    if let (Some(program), Some(of)) = (program, doc.event_type)
        && !program.event_types.contains_key(&of)
    {
        let problem = format!("program {} has no event type {of}", doc.program);
        let allowed = "the id of an [[event_type]] of the program";
        problems.note(doc, "event_type", problem, allowed);
    }
}

fn compiled(doc: &PostbackDoc, problems: &mut Problems) -> Destination {
    let is_partner = problems.or(doc, "audience", choice(&doc.audience, AUDIENCES), false);
    let audience = match (is_partner, doc.partner) {
        (true, Some(partner)) => Audience::Partner(partner),
        (false, None) => Audience::Brand,
        (true, None) => {
            problems.note(doc, "partner", "is missing", "the partner that hears");
            Audience::Brand
        }
        (false, Some(_)) => {
            let problem = "is there, but the brand hears of all partners";
            problems.note(doc, "partner", problem, "only with the audience PARTNER");
            Audience::Brand
        }
    };
    let method = choice_or(doc.method.as_deref(), METHODS);
    let method = problems.or(doc, "method", method, Method::Get);
    let state = text::word(&doc.state, STATES);
    let url = notify::url(&doc.url, is_partner);
    let delay = doc.delay.as_deref().map(delay).transpose();
    Destination {
        id: doc.id,
        program: doc.program,
        audience,
        event_type: doc.event_type,
        kinds: kinds(doc, problems),
        method,
        url: problems.or(doc, "url", url, Filled::default()),
        body: body(doc, method, is_partner, problems),
        delay: problems.or(doc, "delay", delay, None).unwrap_or(0),
        active: problems.or(doc, "state", state, "") == "ACTIVE",
    }
}

fn kinds(doc: &PostbackDoc, problems: &mut Problems) -> Kinds {
    let Some(names) = &doc.kinds else {
        return Kinds::ALL;
    };
    if names.is_empty() {
        let allowed = "one or more of TRACKED, MODIFIED, REVERSED; leave it out for all";
        problems.note(doc, "kinds", "is empty", allowed);
    }
    names.iter().fold(Kinds::default(), |kinds, name| {
        let kind = choice(name, NOTICE_KINDS).map(Some);
        let kind = problems.or(doc, "kinds", kind, None);
        kind.map_or(kinds, |kind| kinds.with(kind))
    })
}

fn body(
    doc: &PostbackDoc,
    method: Method,
    is_partner: bool,
    problems: &mut Problems,
) -> Option<(BodyType, Filled)> {
    let kind = choice_or(doc.content_type.as_deref(), BODY_TYPES);
    let kind = problems.or(doc, "content_type", kind, BodyType::Json);
    let Some(body) = &doc.body else {
        if doc.content_type.is_some() {
            problems.note(doc, "content_type", "is there without a body", "add a body");
        }
        return None;
    };
    if method == Method::Get {
        let allowed = "method = \"POST\" with a body";
        problems.note(doc, "body", "is never sent by GET", allowed);
    }
    let body = notify::body(body, kind, is_partner).map(Some);
    let body = problems.or(doc, "body", body, None)?;
    Some((kind, body))
}

fn delay(text: &str) -> Result<i64, Complaint> {
    match period::duration(text)? {
        delay if delay <= DELAY_MAX => Ok(delay),
        _ => Err(Complaint::new(
            format!("{} is too long", quoted(text)),
            "at most 7d",
        )),
    }
}
