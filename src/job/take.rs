//! A row of clicks becomes a click to store, as if its link had been followed at its own time.
//!
//! In: rows of a chunk, and the catalogue in force. Out: clicks in the [`Importer`], or what is
//! wrong with a row. Called by the control socket's verbs, one chunk at a time.
//!
//! Invariants: what was wrong with the link is decided by the code that answers links; a click
//! whose name is known is not taken again; an address becomes its network and a number under the
//! salt of the job before anything is stored, and a referrer loses its user, query and fragment.

use url::Url;

use crate::catalog::Catalog;
use crate::click::visitor::{SALT_LEN, Who, of_import};
use crate::click::{DeepLinkCache, decide};
use crate::conversion::FieldError;
use crate::link::query::Pairs;
use crate::link::{self, percent};
use crate::log::{Epoch, Imported, Importer, Log, LogError};
use crate::model::arrival::RefusedReason;
use crate::model::click::{Click as StoredClick, Network, Parameter};
use crate::model::id::{JobId, ProgramId, StringRef};
use crate::model::submission::Fingerprint;
use crate::model::time::Millis;

use super::click::{self, Click};
use super::line::Row;
use super::own_time;

/// Bytes of a landing page or a referrer that are stored.
const URL_BYTES_MAX: usize = 512;

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored with the next commit.
    Stored,
    /// A click of its name is stored already.
    Known,
    /// It can't be taken: as what it counts in the ledger, and what is wrong with it.
    Refused(RefusedReason, Vec<FieldError>),
}

/// Takes the rows of imports.
#[derive(Debug)]
pub struct Taker {
    importer: Importer,
    deep_links: DeepLinkCache,
    pairs: Pairs,
}

impl Taker {
    /// A taker for `log`.
    #[must_use]
    pub fn new(log: &Log) -> Self {
        Self {
            importer: log.importer(),
            deep_links: DeepLinkCache::default(),
            pairs: Pairs::default(),
        }
    }

    /// Takes a row of `job`.
    ///
    /// # Errors
    /// The store failed.
    pub fn take(
        &mut self,
        catalog: &Catalog,
        (job, salt): (JobId, &[u8; SALT_LEN]),
        row: &Row,
        now: Millis,
    ) -> Result<Taken, LogError> {
        let mut errors = Vec::new();
        if let Some(message) = own_time::ahead(row.time, now) {
            errors.push(FieldError::new("EventDate", message));
        }
        let (mut program, mut reason) = (row.program, RefusedReason::Invalid);
        if catalog.program(row.program).is_none() {
            let message = format!(
                "the catalogue has no program {}; apply it first",
                row.program
            );
            errors.push(FieldError::new("CampaignId", message));
            (program, reason) = (ProgramId(0), RefusedReason::UnknownProgram);
        }
        match click::read(row) {
            Ok(click) if errors.is_empty() => {
                let external = Fingerprint::of_external_click(program, click.external);
                if self.importer.is_known(program, external)? {
                    self.importer.refuse(program, RefusedReason::Retry);
                    return Ok(Taken::Known);
                }
                if self.push(catalog, (job, salt), &click, external) {
                    return Ok(Taken::Stored);
                }
                // Numbers that were checked make a link.
                errors.push(FieldError::new("MediaId", "makes no tracking link"));
            }
            Ok(_) => {}
            Err(further) => errors.extend(further),
        }
        self.importer.refuse(program, reason);
        Ok(Taken::Refused(reason, errors))
    }

    /// Whether the click made a link.
    fn push(
        &mut self,
        catalog: &Catalog,
        (job, salt): (JobId, &[u8; SALT_LEN]),
        click: &Click<'_>,
        external: Fingerprint,
    ) -> bool {
        self.deep_links.set_version(catalog.version);
        let path = format!("/c/{}/{}/{}", click.partner, click.ad, click.program);
        let query = query(click);
        let Ok(link) = link::parse(&path, Some(&query), &mut self.pairs) else {
            return false;
        };
        // The name of the host that was asked is not known.
        let host = b"";
        let Some(decision) = decide(catalog, &link, click.time, host, &mut self.deep_links) else {
            return false;
        };
        let landing = decision.landing.url.as_bytes();
        let landing = landing.get(..URL_BYTES_MAX).unwrap_or(landing);
        let who = match click.visitor {
            Some(text) => Who::Named(text),
            None => Who::From(click.address, click.user_agent),
        };
        let stored = StoredClick {
            flags: decision.flags,
            program: click.program,
            ad: click.ad,
            network: click.address.map_or(Network::V4([0; 3]), Network::of),
            visitor: of_import(salt, who),
            visitor_before: None,
            cookie: None,
            user_agent: self.importer.intern(click.user_agent.as_bytes()),
            referrer: self.importer.intern(referrer(click.referrer).as_bytes()),
            shape: StringRef(0),
            landing: self.importer.intern(landing),
            parameters: link.parameters(),
        };
        let imported = Imported {
            job,
            time: click.time,
            external,
            click: stored,
        };
        self.importer.push(click.partner, &imported);
        true
    }

    /// Keeps `kept` of a refused row.
    pub fn keep_refused(&mut self, row: u64, kept: Vec<u8>) {
        self.importer.keep_refused(row, kept);
    }

    /// Whether what is taken should be committed.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.importer.is_full()
    }

    /// Commits what is taken with the record of its job.
    ///
    /// # Errors
    /// As [`Importer::commit`].
    pub fn commit(&mut self, job: JobId, record: &[u8]) -> Result<Epoch, LogError> {
        self.importer.commit(job, record)
    }

    /// Forgets what is taken and not committed.
    pub fn clear(&mut self) {
        self.importer.clear();
    }
}

/// The query of the link that the click would have followed.
fn query(click: &Click<'_>) -> String {
    let mut query = Vec::new();
    let mut add = |name: &str, value: &str| {
        if !query.is_empty() {
            query.push(b'&');
        }
        query.extend_from_slice(name.as_bytes());
        query.push(b'=');
        percent::encode(value.as_bytes(), &mut query);
    };
    if let Some(deep_link) = click.deep_link {
        add("u", deep_link);
    }
    for (parameter, value) in &click.parameters {
        match parameter {
            Parameter::SubId(number) => add(&format!("subId{number}"), value),
            Parameter::SharedId => add("sharedid", value),
            // No column of clicks is any of these.
            Parameter::Property
            | Parameter::ProductSku
            | Parameter::Param(_)
            | Parameter::Unknown => {}
        }
    }
    String::from_utf8(query).unwrap_or_default()
}

/// Origin and path of a page on the web; nothing of anything else. User, query and fragment may
/// name a person.
fn referrer(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return String::new();
    };
    if !matches!(url.scheme(), "http" | "https") {
        return String::new();
    }
    url.set_query(None);
    url.set_fragment(None);
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return String::new();
    }
    let mut text = String::from(url);
    // What is serialised is ASCII, so any byte is the end of a character.
    text.truncate(URL_BYTES_MAX);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{AdId, PartnerId};

    #[test]
    fn a_referrer_names_nobody() {
        for (sent, kept) in [
            (
                "https://a:b@blog.example/p/q?mail=x#y",
                "https://blog.example/p/q",
            ),
            ("http://blog.example", "http://blog.example/"),
            ("android-app://com.example/", ""),
            ("blog.example/p", ""),
            ("", ""),
        ] {
            assert_eq!(referrer(sent), kept, "{sent}");
        }
        let long = format!("https://blog.example/{}", "p".repeat(2_000));
        assert_eq!(referrer(&long).len(), URL_BYTES_MAX);
    }

    #[test]
    fn the_link_carries_what_the_row_says() {
        let click = Click {
            external: "17",
            time: Millis(0),
            program: ProgramId(7),
            partner: PartnerId(280),
            ad: AdId(0),
            address: None,
            visitor: Some("v"),
            user_agent: "",
            referrer: "",
            deep_link: Some("https://www.brand.example/?a=1&b=ü"),
            parameters: vec![(Parameter::SubId(2), "a&b=c%"), (Parameter::SharedId, "s")],
        };
        let query = query(&click);
        let mut pairs = Pairs::default();
        let link = link::parse("/c/280/0/7", Some(&query), &mut pairs).unwrap();
        let found: Vec<(Parameter, &[u8])> = link.parameters().collect();
        let expected: [(Parameter, &[u8]); 2] = [
            (Parameter::SubId(2), b"a&b=c%"),
            (Parameter::SharedId, b"s"),
        ];
        assert_eq!(found, expected);
        let mut decoded = Vec::new();
        percent::decode(link.deep_link.unwrap().as_bytes(), &mut decoded);
        assert_eq!(decoded, click.deep_link.unwrap().as_bytes());
        assert_eq!(link.flags, crate::model::click::ClickFlags::NONE);
    }
}
