//! What the log's own rows say against clicks.

use std::sync::Arc;

use ahash::AHashMap;

use crate::catalog::Catalog;
use crate::derived::{Signs, VerdictKey, View};
use crate::log::{Footer, Judgement, Log, Parameters};
use crate::model::click::{Click, ClickFlags};
use crate::model::id::{PartnerId, RulesVersion, StringRef};
use crate::model::request::host;

use super::super::catalogs::Catalogs;
use super::super::click::robots::Robots;
use super::super::click::shape::{Browser, Shape, signs};
use super::super::click::signs::is_foreign;
use super::super::error::FoldError;
use super::report::VerifyReport;

/// Strings remembered; beyond that all are forgotten and read again.
const REMEMBERED_MAX: usize = 65_536;

/// Reads signs by the catalogue and the rules of one slot after the other.
#[derive(Debug, Default)]
pub(super) struct Signed {
    judgement: Judgement,
    catalogs: Catalogs,
    catalog: Arc<Catalog>,
    rules: RulesVersion,
    robots: Robots,
    listed: AHashMap<StringRef, bool>,
    known: AHashMap<StringRef, Arc<str>>,
}

impl Signed {
    /// Judges the past by a judgement.
    pub(super) fn by(judgement: Judgement) -> Self {
        Self {
            judgement,
            ..Self::default()
        }
    }

    /// Turns to the next slot.
    pub(super) fn slot(&mut self, log: &Log, footer: &Footer) -> Result<(), FoldError> {
        self.catalog = self.catalogs.load(log, footer.catalog)?;
        let version = self.judgement.rules_of(footer);
        if version != self.rules {
            let stored = log.rules(version)?;
            let stored = stored.ok_or(FoldError::RulesMissing(version))?;
            self.robots = Robots::parse(&stored)
                .map_err(|source| FoldError::RulesDamaged { version, source })?;
            self.rules = version;
            self.listed.clear();
        }
        Ok(())
    }

    /// Compares the signs of a stored verdict with those of its click.
    pub(super) fn check(
        &mut self,
        (log, view): (&Log, &View<'_>),
        key: VerdictKey,
        click: &Click<Parameters<'_>>,
        report: &mut VerifyReport,
    ) -> Result<(), FoldError> {
        let Some(verdict) = view.verdict(key)? else {
            return Ok(());
        };
        let expected = self.signs(log, key.partner, click)?;
        if verdict.signs != expected {
            let at = || format!("click {} of partner {}", key.number.0, key.partner);
            let labels = |signs: Signs| signs.labels().collect::<Vec<_>>().join(", ");
            report.differs("signs", at, labels(expected), labels(verdict.signs));
        }
        Ok(())
    }

    fn signs(
        &mut self,
        log: &Log,
        partner: PartnerId,
        click: &Click<Parameters<'_>>,
    ) -> Result<Signs, FoldError> {
        let mut found = Signs::NONE;
        if self.robots.hosting.lists(click.network) {
            found.set(Signs::HOSTING);
        }
        let agent = self.string(log, click.user_agent)?;
        let is_sent = click.user_agent != StringRef(0);
        if is_sent && self.is_listed(click.user_agent, &agent) {
            found.set(Signs::ROBOT);
            return Ok(found);
        }
        let followed = !click.flags.any(ClickFlags::HEAD) && !click.flags.any(ClickFlags::PREFETCH);
        if followed && (is_sent || !click.flags.any(ClickFlags::LIMITED_STRINGS)) {
            let shape = self.string(log, click.shape)?;
            found.set(signs(Browser::named(&agent), Shape::read(&shape)));
        }
        let page = self.string(log, click.referrer)?;
        if is_foreign(&self.catalog, partner, &host(&page)) {
            found.set(Signs::FOREIGN_PAGE);
        }
        Ok(found)
    }

    fn is_listed(&mut self, user_agent: StringRef, text: &str) -> bool {
        if self.listed.len() >= REMEMBERED_MAX {
            self.listed.clear();
        }
        let robots = &self.robots;
        let listed = self.listed.entry(user_agent);
        *listed.or_insert_with(|| robots.lists(text.as_bytes()))
    }

    fn string(&mut self, log: &Log, string: StringRef) -> Result<Arc<str>, FoldError> {
        if string == StringRef(0) {
            return Ok("".into());
        }
        if let Some(known) = self.known.get(&string) {
            return Ok(Arc::clone(known));
        }
        let stored = log.string(string)?;
        let stored = stored.ok_or(FoldError::StringMissing(string))?;
        let text: Arc<str> = String::from_utf8_lossy(&stored).into();
        if self.known.len() >= REMEMBERED_MAX {
            self.known.clear();
        }
        self.known.insert(string, Arc::clone(&text));
        Ok(text)
    }
}
