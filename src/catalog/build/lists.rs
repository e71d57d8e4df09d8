//! Exception lists, channels and promo codes of programs.

use ahash::AHashMap;

use super::ids::not_zero;
use super::offers::{bound, ordered, owner};
use super::whole::Builder;
use crate::catalog::check::pattern::Patterns;
use crate::catalog::check::word::{
    CODE_POLICIES, CODE_TYPES, CREDIT_GROUPS, LIST_MATCHES, LIST_TYPES, choice, choice_or,
};
use crate::catalog::check::{period, rule, text};
use crate::catalog::document::{ChannelDoc, ExceptionListDoc, Line, PromoCodeDoc};
use crate::catalog::problem::{Problems, quoted};
use crate::catalog::snapshot::{
    Channel, CodeOwner, CodePolicy, ExceptionList, ListKind, PromoCode,
};
use crate::model::id::ProgramId;
use crate::model::time::Millis;

/// The longest value of a list, and the longest promo code, in bytes.
const VALUE_MAX: usize = 255;
/// The most channels of a program.
const CHANNELS_MAX: usize = 100;
/// The most rules of a channel.
const RULES_MAX: usize = 20;

/// Periods of the promo codes so far: of a program, whether it is an expression, and the code.
pub(super) type Coded = AHashMap<(ProgramId, bool, Box<str>), Vec<(Millis, Millis, Line)>>;

impl Builder {
    pub(in crate::catalog) fn list(&mut self, doc: &ExceptionListDoc) {
        let problems = &mut self.problems;
        not_zero(doc.id, doc, problems);
        let list = compiled_list(doc, &mut self.patterns, problems);
        let key = (doc.program, doc.id);
        let new = self.lists.first(key, doc.line, doc, "id", problems);
        if let Some(program) = owner(doc.program, doc, &mut self.catalog, problems)
            && new
        {
            program.lists.0.insert(doc.id, list);
        }
    }

    pub(in crate::catalog) fn channel(&mut self, doc: &ChannelDoc) {
        let problems = &mut self.problems;
        let channel = compiled_channel(doc, &mut self.patterns, problems);
        let key = (doc.program, doc.name.as_str().into());
        let new = self.channels.first(key, doc.line, doc, "name", problems);
        if let Some(program) = owner(doc.program, doc, &mut self.catalog, problems)
            && new
        {
            if program.channels.0.len() >= CHANNELS_MAX {
                let problem = "is one channel too many";
                problems.note(doc, "name", problem, format!("at most {CHANNELS_MAX}"));
                return;
            }
            program.channels.0.push(channel);
        }
    }

    pub(in crate::catalog) fn promo_code(&mut self, doc: &PromoCodeDoc) {
        let problems = &mut self.problems;
        let is_pattern = choice_or(doc.kind.as_deref(), CODE_TYPES);
        let is_pattern = problems.or(doc, "type", is_pattern, false);
        let owned = code_owner(doc, problems);
        match &owned {
            Some((CodeOwner::Partner(partner), _)) if self.catalog.partner(*partner).is_none() => {
                let problem = format!("there is no partner {partner}");
                problems.note(doc, "partner", problem, "the id of a [[partner]]");
            }
            Some((CodeOwner::Channel(name), _))
                if self.channels.line(&(doc.program, name.clone())).is_none() =>
            {
                let problem = format!("the program has no channel {}", quoted(name));
                problems.note(doc, "channel", problem, "the name of a [[channel]]");
            }
            _ => {}
        }
        let Some(program) = owner(doc.program, doc, &mut self.catalog, problems) else {
            return;
        };
        let zone = &program.time_zone;
        let (from, to) = (doc.start.as_deref(), doc.end.as_deref());
        let start = bound(
            doc,
            "start",
            from,
            |text| period::start(text, zone),
            problems,
        );
        let end = bound(doc, "end", to, |text| period::end(text, zone), problems);
        ordered(doc, start, end, problems);
        let pattern = if is_pattern {
            self.patterns.get(&doc.code).map(Some)
        } else {
            text::value(&doc.code, VALUE_MAX).map(|_| None)
        };
        let pattern = problems.or(doc, "code", pattern, None);
        overlapping(
            doc,
            is_pattern,
            (start, end),
            &mut self.promo_codes,
            problems,
        );
        let Some((owner, policy)) = owned else { return };
        let code = PromoCode {
            owner,
            policy,
            start,
            end,
        };
        match pattern {
            Some(pattern) => program.codes.add_pattern(pattern, code),
            None => program.codes.add(&doc.code, code),
        }
    }
}

fn compiled_list(
    doc: &ExceptionListDoc,
    patterns: &mut Patterns,
    problems: &mut Problems,
) -> ExceptionList {
    let is_pattern = choice_or(doc.compared.as_deref(), LIST_MATCHES);
    let is_pattern = problems.or(doc, "match", is_pattern, false);
    let mut list = ExceptionList {
        id: doc.id,
        name: problems.or(doc, "name", text::name(&doc.name), Box::default()),
        kind: problems.or(doc, "type", choice(&doc.kind, LIST_TYPES), ListKind::Sku),
        texts: ahash::AHashSet::new(),
        patterns: Box::default(),
    };
    if is_pattern {
        let patterns = doc
            .values
            .iter()
            .filter_map(|value| problems.or(doc, "values", patterns.get(value).map(Some), None));
        list.patterns = patterns.collect();
    } else {
        for value in &doc.values {
            let value = text::value(value, VALUE_MAX);
            let value = problems.or(doc, "values", value, Box::default());
            list.texts.insert(value.to_lowercase().into());
        }
    }
    list
}

fn compiled_channel(doc: &ChannelDoc, patterns: &mut Patterns, problems: &mut Problems) -> Channel {
    let group = doc.credit_group.as_deref();
    let group = group.map(|group| choice(group, CREDIT_GROUPS)).transpose();
    if doc.rules.len() > RULES_MAX {
        let problem = format!("has {} rules", doc.rules.len());
        problems.note(doc, "rules", problem, format!("at most {RULES_MAX}"));
    }
    let credit_group = problems.or(doc, "credit_group", group, None);
    let name = problems.or(doc, "name", text::value(&doc.name, 64), Box::default());
    let rules = doc.rules.iter().enumerate().filter_map(|(at, own)| {
        let field = format!("rule {}", at + 1);
        let own = rule::channel_rule(own, patterns).map(Some);
        problems.or(doc, &field, own, None)
    });
    Channel {
        name,
        when: rules.collect(),
        credit_group,
    }
}

/// Whose a code is and when that earns; noted when it says too much or too little.
fn code_owner(doc: &PromoCodeDoc, problems: &mut Problems) -> Option<(CodeOwner, CodePolicy)> {
    match (doc.partner, &doc.channel, doc.credit_policy.as_deref()) {
        (Some(partner), None, Some(policy)) => {
            let policy = choice(policy, CODE_POLICIES).map(Some);
            let policy = problems.or(doc, "credit_policy", policy, None)?;
            Some((CodeOwner::Partner(partner), policy))
        }
        (None, Some(channel), None) => {
            let owner = CodeOwner::Channel(channel.as_str().into());
            Some((owner, CodePolicy::Always))
        }
        (Some(_), None, None) => {
            let allowed = "one of ALWAYS, INVOLVED, WINNER with a partner";
            problems.note(doc, "credit_policy", "is missing", allowed);
            None
        }
        (None, Some(_), Some(_)) => {
            let problem = "is there, but a channel never earns by a code";
            problems.note(doc, "credit_policy", problem, "only with a partner");
            None
        }
        (partner, _, _) => {
            let problem = match partner {
                Some(_) => "is there beside a channel",
                None => "and channel are missing",
            };
            problems.note(doc, "partner", problem, "one of partner and channel");
            None
        }
    }
}

/// Notes a code that is somebody's already at some time.
fn overlapping(
    doc: &PromoCodeDoc,
    is_pattern: bool,
    (start, end): (Option<Millis>, Option<Millis>),
    known: &mut Coded,
    problems: &mut Problems,
) {
    let code = if is_pattern {
        doc.code.as_str().into()
    } else {
        doc.code.to_lowercase().into()
    };
    let own = (
        start.unwrap_or(Millis(i64::MIN)),
        end.unwrap_or(Millis(i64::MAX)),
    );
    let others = known.entry((doc.program, is_pattern, code)).or_default();
    let mut same = others.iter();
    if let Some((_, _, line)) = same.find(|(from, to, _)| own.0 < *to && *from < own.1) {
        let problem = match line.0 {
            Some(line) => format!("the code on line {line} is the same at some time"),
            None => "another code is the same at some time".to_owned(),
        };
        let allowed = "one owner at a time, whatever the case of letters";
        problems.note(doc, "code", problem, allowed);
    }
    others.push((own.0, own.1, doc.line));
}
