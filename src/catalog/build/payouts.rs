//! What contracts pay: prices, restrictions, groups and limits.

use super::ids::Seen;
use super::offers::stand_in;
use crate::catalog::check::pattern::Patterns;
use crate::catalog::check::word::{LEVELS, choice_or};
use crate::catalog::check::{payout, rule, text};
use crate::catalog::document::{ContractDoc, GroupDoc, LimitDoc, PayoutDoc, PayoutMore, RuleDoc};
use crate::catalog::problem::{Complaint, Problems, quoted};
use crate::catalog::snapshot::{
    EventType, Level, Limit, Payout, PayoutGroup, Payouts, Price, Program, Rule, Scope,
};
use crate::model::currency::Currency;
use crate::model::money::Money;

/// The most sets of restrictions, and the most groups, of one payout.
const GROUPS_MAX: usize = 200;
/// The most rules of one set or group.
const RULES_MAX: usize = 20;
/// The most limits of one payout or group.
const LIMITS_MAX: usize = 10;

/// What a payout is for.
#[derive(Clone, Copy)]
struct Of {
    currency: Currency,
    /// The category of its event type; empty when that is unknown.
    category: &'static str,
}

impl Of {
    fn clicks(self) -> bool {
        self.category == EventType::CLICK
    }

    /// Clicks are priced one by one, and nothing else is.
    fn level(self, written: Option<&str>) -> Result<Level, Complaint> {
        let level = match written {
            None if self.clicks() => Level::Click,
            written => choice_or(written, LEVELS).map_err(|complaint| complaint.of("level"))?,
        };
        if (level == Level::Click) != self.clicks() && !self.category.is_empty() {
            let word = written.unwrap_or_default();
            return Err(Complaint::new(
                format!("level `{word}` is not for category {}", self.category),
                "CLICK for event types of category CLICK, ORDER or ITEM for all others",
            ));
        }
        Ok(level)
    }
}

/// Reads the payouts of one contract.
pub(super) struct Reader<'a> {
    pub(super) doc: &'a ContractDoc,
    pub(super) program: Option<&'a Program>,
    pub(super) patterns: &'a mut Patterns,
    pub(super) problems: &'a mut Problems,
}

impl Reader<'_> {
    /// The payouts that stand in `within`, which is empty or ends in a comma.
    pub(super) fn payouts(&mut self, docs: &[PayoutDoc], within: &str) -> Payouts {
        let mut seen = Seen::default();
        let mut compiled = Vec::with_capacity(docs.len());
        let program = self.program;
        let Some(currency) = program.map_or_else(stand_in, |program| Some(program.currency)) else {
            return Payouts::new(compiled);
        };
        for entry in docs {
            let field = format!("{within}payout for event_type {}", entry.event_type);
            seen.first(
                entry.event_type,
                self.doc.line,
                self.doc,
                &field,
                self.problems,
            );
            if program.is_some_and(|p| !p.event_types.contains_key(&entry.event_type)) {
                let problem = format!("program {} has no such event type", self.doc.program);
                let allowed = "the id of an [[event_type]] of the program";
                self.problems.note(self.doc, &field, problem, allowed);
            }
            let category = program
                .and_then(|program| program.event_types.get(&entry.event_type))
                .map_or("", |event_type| event_type.category);
            let of = Of { currency, category };
            let price = self.price(&field, (&entry.amount, &entry.rate), of);
            let mut payout = match &entry.more {
                Some(more) => self.more(&field, price, more, of),
                None => Payout::from(price),
            };
            if of.clicks() {
                payout.level = Level::Click;
                self.answered_by_clicks(&field, &payout);
            }
            compiled.push((entry.event_type, payout));
        }
        Payouts::new(compiled)
    }

    fn price(
        &mut self,
        field: &str,
        (amount, rate): (&Option<String>, &Option<String>),
        of: Of,
    ) -> Price {
        let (amount, rate) = (amount.as_deref(), rate.as_deref());
        let price = if of.clicks() {
            payout::click_price(amount, rate)
        } else {
            payout::price(amount, rate, of.currency)
        };
        self.problems
            .or(self.doc, field, price, Price::Flat(Money::ZERO))
    }

    fn more(&mut self, field: &str, price: Price, more: &PayoutMore, of: Of) -> Payout {
        let PayoutMore {
            level,
            recurrences_max,
            restrictions,
            groups,
            limits,
        } = more;
        let level = of.level(level.as_deref());
        let level = self.problems.or(self.doc, field, level, Level::Order);
        if *recurrences_max == Some(0) {
            let allowed = "at least 1; leave it out for any number";
            self.problems
                .note(self.doc, field, "recurrences_max is 0", allowed);
        }
        self.bounded(field, "restrictions", restrictions.len(), GROUPS_MAX);
        self.bounded(field, "groups", groups.len(), GROUPS_MAX);
        let restrictions = restrictions.iter().enumerate().map(|(at, rules)| {
            let field = format!("{field}, restriction {}", at + 1);
            if rules.is_empty() {
                let allowed = "at least one rule; a restriction without any would pay nothing";
                self.problems
                    .note(self.doc, &field, "has no rules", allowed);
            }
            self.rules(&field, rules)
        });
        let restrictions = restrictions.collect();
        let mut names = Seen::default();
        let groups = groups.iter().map(|group| {
            let field = format!("{field}, group {}", quoted(&group.name));
            let name = group.name.as_str();
            names.first(name, self.doc.line, self.doc, &field, self.problems);
            self.group(&field, group, of)
        });
        Payout {
            level,
            price,
            restrictions,
            groups: groups.collect(),
            limits: self.limits(field, limits, of.currency),
            recurrences_max: *recurrences_max,
        }
    }

    fn group(&mut self, field: &str, group: &GroupDoc, of: Of) -> PayoutGroup {
        let name = text::name(&group.name);
        if group.rules.is_empty() {
            let allowed = "at least one rule; the payout itself has the price for all others";
            self.problems.note(self.doc, field, "has no rules", allowed);
        }
        PayoutGroup {
            name: self.problems.or(self.doc, field, name, Box::default()),
            rules: self.rules(field, &group.rules),
            price: self.price(field, (&group.amount, &group.rate), of),
            limits: self.limits(field, &group.limits, of.currency),
        }
    }

    fn rules(&mut self, field: &str, docs: &[RuleDoc]) -> Box<[Rule]> {
        self.bounded(field, "rules", docs.len(), RULES_MAX);
        let lists = self.program.map(|program| &program.lists);
        let rules = docs.iter().enumerate().filter_map(|(at, doc)| {
            let field = format!("{field}, rule {}", at + 1);
            let rule = rule::rule(doc, lists, self.patterns).map(Some);
            self.problems.or(self.doc, &field, rule, None)
        });
        rules.collect()
    }

    fn limits(&mut self, field: &str, docs: &[LimitDoc], currency: Currency) -> Box<[Limit]> {
        self.bounded(field, "limits", docs.len(), LIMITS_MAX);
        let limits = docs.iter().enumerate().filter_map(|(at, doc)| {
            let field = format!("{field}, limit {}", at + 1);
            let limit = payout::limit(doc, currency).map(Some);
            self.problems.or(self.doc, &field, limit, None)
        });
        limits.collect()
    }

    /// Notes what a payout for clicks asks that no click answers.
    fn answered_by_clicks(&mut self, field: &str, payout: &Payout) {
        let mut note = |problem: &str, allowed: &str| {
            self.problems
                .note(self.doc, field, problem.to_owned(), allowed.to_owned());
        };
        if payout.recurrences_max.is_some() {
            note("recurrences_max is for actions", "none for clicks");
        }
        let groups = payout.groups.iter().map(|group| &group.rules);
        let mut rules = payout.restrictions.iter().chain(groups).flatten();
        if rules.any(|rule| !rule.variable.is_of_click()) {
            let allowed = "rules about AD_ID, PROPERTY_ID or SHARED_ID, which links carry";
            note("asks for what no click says", allowed);
        }
        let own = payout.groups.iter().flat_map(|group| &group.limits);
        if payout
            .limits
            .iter()
            .chain(own)
            .any(|limit| limit.scope != Scope::All)
        {
            note("has a limit of another scope", "scope = \"ALL\" for clicks");
        }
    }

    fn bounded(&mut self, field: &str, what: &str, count: usize, max: usize) {
        if count > max {
            let problem = format!("has {count} {what}");
            self.problems
                .note(self.doc, field, problem, format!("at most {max}"));
        }
    }
}
