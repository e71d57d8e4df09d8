//! Values that stand inside a line, as TOML.

use toml::Value;
use toml::value::Datetime;

use crate::catalog::document::{
    CallDoc, ChannelRuleDoc, GroupDoc, LimitDoc, LockingDays, LockingDoc, PayoutDoc, PayoutMore,
    RuleDoc, ScheduledDoc,
};

/// The pairs of a table in braces.
struct Table(Vec<String>);

impl Table {
    fn new(key: &str, value: &str) -> Self {
        let mut table = Self(Vec::new());
        table.pair(key, value);
        table
    }

    fn pair(&mut self, key: &str, value: &str) {
        self.0.push(format!("{key} = {value}"));
    }

    fn maybe(&mut self, key: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.pair(key, &quoted(value));
        }
    }

    fn list<T>(&mut self, key: &str, values: &[T], show: impl Fn(&T) -> String) {
        if !values.is_empty() {
            self.pair(key, &list(values, show));
        }
    }

    fn text(&self) -> String {
        format!("{{ {} }}", self.0.join(", "))
    }
}

pub(super) fn payout(payout: &PayoutDoc) -> String {
    let PayoutDoc {
        event_type,
        amount,
        rate,
        more,
    } = payout;
    let mut table = Table::new("event_type", &event_type.to_string());
    table.maybe("amount", amount.as_ref());
    table.maybe("rate", rate.as_ref());
    if let Some(more) = more {
        let PayoutMore {
            level,
            recurrences_max,
            restrictions,
            groups,
            limits,
        } = &**more;
        table.maybe("level", level.as_ref());
        if let Some(most) = recurrences_max {
            table.pair("recurrences_max", &most.to_string());
        }
        table.list("restrictions", restrictions, |rules| list(rules, rule));
        table.list("groups", groups, group);
        table.list("limits", limits, limit);
    }
    table.text()
}

fn group(group: &GroupDoc) -> String {
    let GroupDoc {
        name,
        rules,
        amount,
        rate,
        limits,
    } = group;
    let mut table = Table::new("name", &quoted(name));
    table.pair("rules", &list(rules, rule));
    table.maybe("amount", amount.as_ref());
    table.maybe("rate", rate.as_ref());
    table.list("limits", limits, limit);
    table.text()
}

fn rule(rule: &RuleDoc) -> String {
    let RuleDoc {
        variable,
        operator,
        values,
    } = rule;
    let mut table = Table::new("variable", &quoted(variable));
    table.pair("operator", &quoted(operator));
    table.pair("values", &texts(values));
    table.text()
}

pub(super) fn channel_rule(rule: &ChannelRuleDoc) -> String {
    let ChannelRuleDoc {
        part,
        operator,
        values,
    } = rule;
    let mut table = Table::new("part", &quoted(part));
    table.pair("operator", &quoted(operator));
    table.pair("values", &texts(values));
    table.text()
}

fn limit(limit: &LimitDoc) -> String {
    let LimitDoc {
        of,
        amount,
        count,
        scope,
        period,
    } = limit;
    let mut table = Table::new("of", &quoted(of));
    table.maybe("amount", amount.as_ref());
    if let Some(count) = count {
        table.pair("count", &count.to_string());
    }
    table.maybe("scope", scope.as_ref());
    table.pair("period", &quoted(period));
    table.text()
}

pub(super) fn scheduled(scheduled: &ScheduledDoc) -> String {
    let ScheduledDoc {
        name,
        start,
        end,
        days,
        hours,
        payouts,
    } = scheduled;
    let mut table = Table::new("name", &quoted(name));
    table.pair("start", &date(start));
    table.pair("end", &date(end));
    table.list("days", days, |day| quoted(day));
    table.maybe("hours", hours.as_ref());
    table.pair("payouts", &list(payouts, payout));
    table.text()
}

pub(super) fn locking(locking: &LockingDoc) -> String {
    match locking {
        LockingDoc::Word(word) => quoted(word),
        LockingDoc::After(LockingDays { months, days }) => {
            format!("{{ months = {months}, days = {days} }}")
        }
    }
}

pub(super) fn call(call: &CallDoc) -> String {
    let CallDoc {
        min_talk,
        duplicate_window,
        hours,
        pays,
    } = call;
    let mut table = Table::new("pays", &pays.to_string());
    table.maybe("min_talk", min_talk.as_ref());
    table.maybe("duplicate_window", duplicate_window.as_ref());
    table.maybe("hours", hours.as_ref());
    table.text()
}

pub(super) fn texts(values: &[String]) -> String {
    list(values, |value| quoted(value))
}

fn list<T>(values: &[T], show: impl Fn(&T) -> String) -> String {
    let values: Vec<_> = values.iter().map(show).collect();
    format!("[{}]", values.join(", "))
}

pub(super) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// A key in quotes, which unlike a value stays on one line whatever it holds.
pub(super) fn key(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let escape = format!("\\u{:04X}", u32::from(c));
                quoted.push_str(&escape);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A TOML date where that reads back as the same text, else a string.
pub(super) fn date(text: &str) -> String {
    match text.parse::<Datetime>() {
        Ok(date) if date.to_string() == text => date.to_string(),
        _ => quoted(text),
    }
}
