//! Who earns a conversion, told once more: people, touches, codes and orders in plain collections.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use clickd::catalog::Catalog;
use clickd::catalog::snapshot::{
    CodeOwner, CodePolicy, Contract, CreditGroup, CreditPolicy, Payout, Program,
};
use clickd::model::click::ClickFlags;
use clickd::model::click_id::ClickId;
use clickd::model::id::{EventNumber, PartnerId, SubmissionId};
use clickd::model::referral::ReferringType;
use clickd::model::submission::{
    Claim, EventTime, Fingerprint, Person, PersonKind, Reference, Submission,
};
use clickd::model::visit::Visit;

use super::touch::{By, Click, Touch, time};

/// What is known before a conversion is settled.
#[derive(Default)]
pub(crate) struct State {
    /// Flags of stored clicks.
    pub(crate) clicks: BTreeMap<Click, ClickFlags>,
    /// Clicks that a strict program gives no credit.
    pub(crate) risky: BTreeSet<Click>,
    /// Dates of the actions of orders.
    orders: BTreeMap<(u32, u32, String), Vec<i64>>,
    links: BTreeSet<(u32, Person, Person)>,
    touches: BTreeSet<(u32, Person, Touch)>,
    /// Actions that clicks have earned, by program and event type.
    earned: BTreeMap<(u32, u32, Click), u32>,
}

/// Who earns a conversion.
pub(crate) struct Won<'a> {
    pub(crate) partner: u32,
    pub(crate) click: Option<Click>,
    pub(crate) recovered: bool,
    pub(crate) late: bool,
    pub(crate) date: i64,
    pub(crate) payout: &'a Payout,
}

/// What may earn it.
#[derive(Clone)]
struct One<'a> {
    partner: u32,
    click: Option<Click>,
    is_named: bool,
    /// Its contract and payout, or why it earns nothing.
    fate: Result<(&'a Contract, &'a Payout), &'static str>,
}

impl One<'_> {
    fn group(&self) -> CreditGroup {
        self.fate.as_ref().unwrap().0.terms.credit_group
    }
}

fn references(submission: &Submission) -> (Option<u32>, Vec<Person>, Option<&str>) {
    let (mut forced, mut persons, mut code) = (None, Vec::new(), None);
    for reference in &submission.references {
        match reference {
            Reference::Partner(partner) => forced = Some(partner.0),
            Reference::Person(person) => persons.push(*person),
            Reference::PromoCode(text) => code = Some(&**text),
            other => panic!("{other:?}"),
        }
    }
    (forced, persons, code)
}

/// The click that a conversion names and that may earn it.
pub(crate) fn named(submission: &Submission, terms: &Catalog) -> Option<ClickId> {
    let Claim::Verified(id) = submission.claim else {
        return None;
    };
    let known = terms.partners.contains_key(&id.partner);
    (id.program == submission.program && known).then_some(id)
}

/// The click that a conversion waits for.
pub(crate) fn awaited(submission: &Submission, terms: &Catalog) -> Option<ClickId> {
    let (forced, ..) = references(submission);
    named(submission, terms).filter(|_| forced.is_none())
}

fn contract(terms: &Catalog, submission: &Submission, partner: u32, at: i64) -> Option<Contract> {
    let own = terms
        .contracts
        .get(&(submission.program, PartnerId(partner)))?;
    let mut own = own.iter();
    let found = own.find(|c| c.start.0 <= at && c.end.is_none_or(|end| at < end.0));
    found.cloned()
}

impl State {
    /// Notes a click that a customer made, by the cookie that it carried.
    pub(crate) fn carry(&mut self, program: u32, cookie: Option<Fingerprint>, click: Click) {
        let kind = PersonKind::Cookie;
        let person = cookie.map(|id| Person { kind, id });
        self.touches
            .extend(person.map(|person| (program, person, Touch::of(click))));
    }

    /// Notes what a conversion that is settled tells of people.
    pub(crate) fn meet(&mut self, submission: &Submission, terms: &Catalog) {
        let (_, persons, _) = references(submission);
        if submission.is_test {
            return;
        }
        let click = named(submission, terms).map(|id| (id.number.0, id.partner.0));
        self.name(submission.program.0, &persons, click.map(Touch::of));
    }

    /// All these names are one person's, whom this led.
    fn name(&mut self, program: u32, persons: &[Person], touch: Option<Touch>) {
        for one in persons {
            for other in persons.iter().filter(|other| *other != one) {
                self.links.insert((program, *one, *other));
            }
            if let Some(touch) = touch {
                self.touches.insert((program, *one, touch));
            }
        }
    }

    /// Notes that somebody arrives: by a click of the program, or else by a channel, where a
    /// session begins. One goes on for half an hour after what began it, unless the page tells of
    /// another way to it.
    pub(crate) fn arrive(&mut self, number: EventNumber, visit: &Visit, terms: &Catalog) {
        let program = visit.program.0;
        let touch = match visit.claim {
            Claim::Verified(id)
                if id.program == visit.program && terms.partners.contains_key(&id.partner) =>
            {
                Some(Touch::of((id.number.0, id.partner.0)))
            }
            _ => self.session(number, visit, terms),
        };
        self.name(program, &visit.persons, touch);
    }

    fn session(&self, number: EventNumber, visit: &Visit, terms: &Catalog) -> Option<Touch> {
        let received = number.time().0;
        let start = match visit.event {
            EventTime::At { start, .. } => start.0,
            EventTime::Now => received,
        };
        let is_late = received - start > terms.programs[&visit.program].late_limit;
        let time = if is_late { received } else { start };
        let came = &visit.came;
        let is_led = !came.utm_source.is_empty() || !came.referrer_host.is_empty();
        let name = match (visit.program.0, &*came.utm_source) {
            (1, "news") => "Newsletter",
            _ if is_led => "Referral",
            _ => "Direct",
        };
        let all = self.journey(visit.program.0, &visit.persons);
        let near = |touch: &&Touch| (time - 1_800_000..=time).contains(&touch.time);
        let goes_on = match all.iter().rfind(near).map(|touch| touch.by) {
            None => false,
            Some(By::Channel(last)) if is_led => last == name,
            Some(_) => !is_led,
        };
        (!goes_on).then_some(Touch {
            time,
            number: number.0,
            by: By::Channel(name),
        })
    }

    /// Notes an action.
    pub(crate) fn count(&mut self, submission: &Submission, won: &Won<'_>) {
        let (program, event_type) = (submission.program.0, submission.event_type.0);
        let order = (program, event_type, submission.order_id.to_string());
        self.orders.entry(order).or_default().push(won.date);
        if let Some(click) = won.click {
            *self.earned.entry((program, event_type, click)).or_default() += 1;
        }
    }

    fn linked(&self, program: u32, person: Person) -> BTreeSet<Person> {
        let all = self.links.iter();
        let own = all.filter(|link| link.0 == program && link.1 == person);
        own.map(|link| link.2).collect()
    }

    /// What led a person, under all names.
    fn journey(&self, program: u32, persons: &[Person]) -> BTreeSet<Touch> {
        let mut names: BTreeSet<Person> = persons.iter().copied().collect();
        let near: BTreeSet<Person> = persons
            .iter()
            .flat_map(|person| self.linked(program, *person))
            .filter(|person| !persons.contains(person))
            .collect();
        for person in &near {
            if person.kind == PersonKind::Customer {
                names.extend(self.linked(program, *person));
            }
        }
        names.extend(near);
        assert!(names.len() < 64);
        let touches = self.touches.iter();
        let own = touches.filter(|touch| touch.0 == program && names.contains(&touch.1));
        own.map(|touch| touch.2).collect()
    }

    /// Clicks of known partners that may have led to a conversion, the one it names first; and
    /// whether a channel did.
    fn known(
        &self,
        submission: &Submission,
        terms: &Catalog,
        named: Option<Click>,
        reach: RangeInclusive<i64>,
    ) -> (Vec<Click>, bool) {
        let (_, persons, _) = references(submission);
        let mut clicks: Vec<Click> = named.into_iter().collect();
        let mut all = self.journey(submission.program.0, &persons);
        all.retain(|touch| reach.contains(&touch.time));
        let led = all.iter().filter_map(|touch| touch.click());
        clicks.extend(led.filter(|click| Some(*click) != named));
        let by_channel = all.iter().any(|touch| touch.click().is_none());
        clicks.retain(|click| {
            let flags = self.flags(*click);
            let known = terms.partners.contains_key(&PartnerId(click.1));
            known && !flags.any(ClickFlags::UNKNOWN_PARTNER)
        });
        (clicks, by_channel)
    }

    /// Decides who earns a conversion.
    pub(crate) fn decide<'a>(
        &self,
        id: SubmissionId,
        submission: &Submission,
        terms: &'a Catalog,
    ) -> Result<Won<'a>, &'static str> {
        let received = id.number.time().0;
        let (start, precision) = match submission.event {
            EventTime::Now => (received, 0),
            EventTime::At { start, precision } => (start.0, precision),
        };
        let program = &terms.programs[&submission.program];
        let late = received - start > program.late_limit;
        let date = if late { received } else { start };
        let (forced, _, code) = references(submission);
        let latest = start + precision + 120_000;
        let named = named(submission, terms).map(|id| (id.number.0, id.partner.0));
        let reach = start - program.look_back..=latest;
        let (mut clicks, mut by_channel) = self.known(submission, terms, named, reach);
        let found =
            code.and_then(|code| program.codes.find(code, clickd::model::time::Millis(date)));
        let (owner, policy) = match found.map(|code| (&code.owner, code.policy)) {
            Some((CodeOwner::Partner(partner), policy)) => (Some(partner.0), Some(policy)),
            _ => (None, None),
        };
        if forced.is_some() {
            clicks.clear();
            by_channel = false;
        }
        let others = by_channel || forced.or(owner).is_some();
        self.screen_order(submission, program, date, (&clicks, others))?;
        let judge = |partner: u32, click: Option<Click>, referring| One {
            partner,
            click,
            is_named: click.is_some() && click == named,
            fate: self.fate(
                submission,
                terms,
                (partner, click),
                (date, latest),
                referring,
            ),
        };
        let won = |one: &One<'a>, click: Option<Click>| Won {
            partner: one.partner,
            click,
            recovered: one
                .click
                .is_some_and(|click| !self.clicks.contains_key(&click)),
            late,
            date,
            payout: one.fate.as_ref().unwrap().1,
        };
        if let Some(partner) = forced {
            let one = judge(partner, None, ReferringType::ReportedPartnerId);
            one.fate?;
            return Ok(won(&one, None));
        }
        let clicks: Vec<One<'a>> = clicks
            .into_iter()
            .map(|click| judge(click.1, Some(click), ReferringType::ClickCookie))
            .collect();
        let code = owner.map(|owner| judge(owner, None, ReferringType::Promocode));
        let group_of =
            |partner| contract(terms, submission, partner, date).map(|c| c.terms.credit_group);
        let first = program.event_types[&submission.event_type].credit == CreditPolicy::FirstClick;
        let policy = code.as_ref().zip(policy);
        let (one, by_code) = choose((&clicks, by_channel), policy, first, group_of)?;
        let own = || {
            let own = clicks
                .iter()
                .filter(|c| c.partner == one.partner && c.fate.is_ok());
            own.filter_map(|c| c.click)
                .max_by_key(|click| (time(*click), *click))
        };
        Ok(won(&one, if by_code { own() } else { one.click }))
    }

    fn flags(&self, click: Click) -> ClickFlags {
        self.clicks.get(&click).copied().unwrap_or(ClickFlags::NONE)
    }

    fn screen_order(
        &self,
        submission: &Submission,
        program: &Program,
        date: i64,
        (clicks, others): (&[Click], bool),
    ) -> Result<(), &'static str> {
        if clicks.is_empty() && !others {
            return Err("ACTION_REF_NOT_FOUND");
        }
        let event_type = &program.event_types[&submission.event_type];
        let order = (
            submission.program.0,
            submission.event_type.0,
            submission.order_id.to_string(),
        );
        if let Some(last) = self.orders.get(&order).and_then(|dates| dates.last())
            && event_type
                .order_id_window
                .is_none_or(|window| date < last + window)
        {
            return Err("CONV_DUPLICATE");
        }
        let paused = |click: &Click| self.flags(*click).any(ClickFlags::PAUSED_PROGRAM);
        if !program.active || (!others && clicks.iter().all(paused)) {
            return Err("CAMPAIGN_NOT_FOUND");
        }
        if !event_type.active {
            return Err("ACTIONTRACKER_NOT_ACTIVE");
        }
        Ok(())
    }

    fn fate<'a>(
        &self,
        submission: &Submission,
        terms: &'a Catalog,
        (partner, click): (u32, Option<Click>),
        (date, latest): (i64, i64),
        referring: ReferringType,
    ) -> Result<(&'a Contract, &'a Payout), &'static str> {
        let flags = click.map_or(ClickFlags::NONE, |click| self.flags(click));
        let clicked = click.map(time);
        let own = terms
            .contracts
            .get(&(submission.program, PartnerId(partner)));
        let mut own = own.into_iter().flat_map(|own| own.iter());
        let contract = own.find(|c| c.start.0 <= date && c.end.is_none_or(|end| date < end.0));
        let payout = contract.and_then(|c| c.terms.payouts.get(&submission.event_type));
        let active = terms
            .partners
            .get(&PartnerId(partner))
            .is_some_and(|p| p.active);
        let joined = !flags.any(ClickFlags::ENDED_CONTRACT.with(ClickFlags::NOT_JOINED));
        let earned = click.map_or(0, |click| {
            let key = (submission.program.0, submission.event_type.0, click);
            self.earned.get(&key).copied().unwrap_or(0)
        });
        let most = payout.and_then(|payout| payout.recurrences_max);
        let checks = [
            (!flags.any(ClickFlags::PAUSED_PROGRAM), "CAMPAIGN_NOT_FOUND"),
            (
                active && !flags.any(ClickFlags::INACTIVE_PARTNER),
                "PARTNER_NOT_ACTIVE",
            ),
            (!flags.any(ClickFlags::MALFORMED_DEEP_LINK), "MALFORMED"),
            (
                click.is_none_or(|click| submission.program.0 != 3 || !self.risky.contains(&click)),
                "NO_VALID_ACTION_REF",
            ),
            (clicked.is_none_or(|at| at <= latest), "NO_VALID_ACTION_REF"),
            (contract.is_some() && joined, "CONTRACT_NOT_FOUND"),
            (
                clicked
                    .zip(contract)
                    .is_none_or(|(at, c)| date - at <= c.referral_window),
                "OUTSIDE_ASSOCIATION_WINDOW",
            ),
            (
                contract.is_some_and(|c| c.terms.accepts.contains(referring)),
                "REFTYPE_NOT_ACCEPTED",
            ),
            (payout.is_some(), "ACTIONTERMS_NOT_FOUND"),
            (
                click.is_none() || most.is_none_or(|most| earned < most),
                "MAX_RECURRENCES_REACHED",
            ),
        ];
        match checks.iter().find(|(holds, _)| !holds) {
            Some((_, code)) => Err(code),
            None => Ok((contract.unwrap(), payout.unwrap())),
        }
    }
}

/// The winner among clicks and a code with its policy, and whether the code made it that. A channel
/// never wins here, but it takes part.
fn choose<'a>(
    (clicks, by_channel): (&[One<'a>], bool),
    code: Option<(&One<'a>, CodePolicy)>,
    first: bool,
    group_of: impl Fn(u32) -> Option<CreditGroup>,
) -> Result<(One<'a>, bool), &'static str> {
    let passing: Vec<&One<'a>> = clicks.iter().filter(|one| one.fate.is_ok()).collect();
    let named = clicks.iter().find(|one| one.is_named);
    let mut groups: Vec<CreditGroup> = passing.iter().map(|one| one.group()).collect();
    groups.extend(
        code.filter(|code| code.0.fate.is_ok())
            .map(|code| code.0.group()),
    );
    groups.extend(named.and_then(|one| group_of(one.partner)));
    let plain = !first && code.is_none() && groups.iter().all(|g| *g == CreditGroup::Preferred);
    if let Some(named) = named.filter(|_| plain) {
        named.fate?;
        return Ok((named.clone(), false));
    }
    let takes = code.filter(|(one, policy)| {
        one.fate.is_ok()
            && match policy {
                CodePolicy::Always => true,
                CodePolicy::Involved => passing.iter().any(|c| c.partner == one.partner),
                CodePolicy::Winner => false,
            }
    });
    let best_click = passing.iter().map(|one| one.group()).max();
    if let Some((one, _)) = takes.filter(|(one, _)| best_click.is_none_or(|g| g <= one.group())) {
        return Ok((one.clone(), true));
    }
    let Some(best) = best_click else {
        let all = clicks.iter().chain(code.map(|code| code.0));
        let mut codes: BTreeSet<Option<&str>> =
            all.map(|one| one.fate.as_ref().err().copied()).collect();
        codes.extend(by_channel.then_some(Some("NO_VALID_ACTION_REF")));
        let shared = codes
            .first()
            .copied()
            .flatten()
            .filter(|_| codes.len() == 1);
        return Err(shared.unwrap_or("NO_VALID_ACTION_REF"));
    };
    let mut best_clicks: Vec<&One<'a>> = passing;
    best_clicks.retain(|one| one.group() == best);
    best_clicks.sort_by_key(|one| one.click.map(|click| (time(click), click)));
    let named = best_clicks.iter().find(|one| one.is_named && !first);
    let end = if first {
        best_clicks.first()
    } else {
        best_clicks.last()
    };
    let winner = named.or(end).unwrap();
    if let Some((one, _)) = code
        && one.partner != winner.partner
        && group_of(one.partner).is_none_or(|group| best <= group)
    {
        return Err("BLOCKED_BY_PROMOCODE");
    }
    Ok(((*winner).clone(), false))
}
