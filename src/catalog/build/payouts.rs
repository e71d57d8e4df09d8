//! What contracts pay: prices, restrictions, groups and limits.

use super::ids::Seen;
use super::offers::stand_in;
use crate::catalog::check::pattern::Patterns;
use crate::catalog::check::word::{LEVELS, choice_or};
use crate::catalog::check::{payout, rule, text};
use crate::catalog::document::{ContractDoc, GroupDoc, LimitDoc, PayoutDoc, PayoutMore, RuleDoc};
use crate::catalog::problem::{Problems, quoted};
use crate::catalog::snapshot::{Level, Limit, Payout, PayoutGroup, Payouts, Price, Program, Rule};
use crate::model::currency::Currency;
use crate::model::money::Money;

/// The most sets of restrictions, and the most groups, of one payout.
const GROUPS_MAX: usize = 200;
/// The most rules of one set or group.
const RULES_MAX: usize = 20;
/// The most limits of one payout or group.
const LIMITS_MAX: usize = 10;

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
            let price = self.price(&field, (&entry.amount, &entry.rate), currency);
            let payout = match &entry.more {
                Some(more) => self.more(&field, price, more, currency),
                None => Payout::from(price),
            };
            compiled.push((entry.event_type, payout));
        }
        Payouts::new(compiled)
    }

    fn price(
        &mut self,
        field: &str,
        (amount, rate): (&Option<String>, &Option<String>),
        currency: Currency,
    ) -> Price {
        let price = payout::price(amount.as_deref(), rate.as_deref(), currency);
        self.problems
            .or(self.doc, field, price, Price::Flat(Money::ZERO))
    }

    fn more(&mut self, field: &str, price: Price, more: &PayoutMore, currency: Currency) -> Payout {
        let PayoutMore {
            level,
            recurrences_max,
            restrictions,
            groups,
            limits,
        } = more;
        let level = choice_or(level.as_deref(), LEVELS).map_err(|complaint| complaint.of("level"));
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
            self.group(&field, group, currency)
        });
        Payout {
            level,
            price,
            restrictions,
            groups: groups.collect(),
            limits: self.limits(field, limits, currency),
            recurrences_max: *recurrences_max,
        }
    }

    fn group(&mut self, field: &str, group: &GroupDoc, currency: Currency) -> PayoutGroup {
        let name = text::name(&group.name);
        if group.rules.is_empty() {
            let allowed = "at least one rule; the payout itself has the price for all others";
            self.problems.note(self.doc, field, "has no rules", allowed);
        }
        PayoutGroup {
            name: self.problems.or(self.doc, field, name, Box::default()),
            rules: self.rules(field, &group.rules),
            price: self.price(field, (&group.amount, &group.rate), currency),
            limits: self.limits(field, &group.limits, currency),
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

    fn bounded(&mut self, field: &str, what: &str, count: usize, max: usize) {
        if count > max {
            let problem = format!("has {count} {what}");
            self.problems
                .note(self.doc, field, problem, format!("at most {max}"));
        }
    }
}
