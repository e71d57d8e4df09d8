//! The naive recount: the log's events in plain vectors, its own window and day rules, and its
//! own credit rules in [`super::credit`].
//!
//! It reads rows through the log and terms through the catalogue's public fields; it uses nothing
//! of `fold`, `derived` or their helpers.

use std::collections::BTreeMap;

use clickd::catalog::Catalog;
use clickd::catalog::snapshot::{Payout, Price};
use clickd::log::{Footer, Log};
use clickd::model::click::ClickFlags;
use clickd::model::id::{CatalogVersion, Slot, SubmissionId};
use clickd::model::submission::{Fingerprint, Submission};
use clickd::model::time::Millis;
use jiff::Timestamp;

use super::credit::{State, awaited};
use super::world::person;

/// Sums by program, date and partner, in the order of the report's columns.
pub(crate) type Figures = BTreeMap<(u32, jiff::civil::Date, u32), [i128; 8]>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Result {
    Credited {
        partner: u32,
        recovered: bool,
        late: bool,
        cost: i64,
    },
    Refused(&'static str),
    Test(std::result::Result<u32, &'static str>),
    Waiting,
}

/// Time, number, partner, program and person of a click, whether it may follow one of the day
/// before, its flags, its user agent and cookie, and whether it bears signs of fraud.
type Read = (
    i64,
    u64,
    u32,
    u32,
    u64,
    bool,
    ClickFlags,
    (String, Option<Fingerprint>),
    bool,
);

struct Seen {
    program: u32,
    partner: u32,
    person: u64,
    day: i64,
    time: i64,
    unique: bool,
}

#[derive(Default)]
pub(crate) struct Recount {
    pub(crate) figures: Figures,
    pub(crate) results: BTreeMap<SubmissionId, Result>,
    seen: Vec<Seen>,
    /// The last slot that was judged again, and the rules that judge all up to it.
    past: Option<(Slot, u32)>,
    /// What credit depends on.
    state: State,
    waiting: Vec<(SubmissionId, Submission, Catalog)>,
}

fn date(catalog: &Catalog, program: u32, at: i64) -> jiff::civil::Date {
    let zone = catalog.programs[&clickd::model::id::ProgramId(program)]
        .time_zone
        .clone();
    Timestamp::from_millisecond(at)
        .unwrap()
        .to_zoned(zone)
        .date()
}

fn catalog(log: &Log, version: CatalogVersion) -> Catalog {
    match log.catalog(version).unwrap() {
        Some(stored) => Catalog::from_stored(&stored).unwrap(),
        None => Catalog::default(),
    }
}

fn is_robot(agent: &str, flags: ClickFlags, rules: u32) -> bool {
    let lower = agent.to_lowercase();
    let listed = lower.contains("bot") && !(lower.contains("cubot") && rules == 1);
    // Where the slot took no more strings, nobody knows whether a name was sent.
    (agent.is_empty() && !flags.any(ClickFlags::LIMITED_STRINGS))
        || listed
        || lower.starts_with("curl/")
        || (rules == 2 && lower.contains("firefox/1."))
}

/// Whether an image fired a click, or a program that passes for a browser.
fn is_forced(agent: &str, shape: &str, flags: ClickFlags, rules: u32) -> bool {
    let asked = ClickFlags::HEAD.with(ClickFlags::PREFETCH);
    let unknown = agent.is_empty() && flags.any(ClickFlags::LIMITED_STRINGS);
    let listed = !agent.is_empty() && is_robot(agent, flags, rules);
    let passes = agent.contains("Chrome/120") && shape == "host,user-agent,";
    !flags.any(asked) && !unknown && !listed && (shape.contains("dest=image") || passes)
}

impl Recount {
    /// Counts every sealed slot of the log.
    pub(crate) fn of(log: &Log) -> Self {
        Self::judged(log, None)
    }

    /// The same with all slots up to one judged by other rules than they were closed with.
    pub(crate) fn judged(log: &Log, past: Option<(Slot, u32)>) -> Self {
        let mut recount = Self {
            past,
            ..Self::default()
        };
        let Some(first) = log.first_slot().unwrap() else {
            return recount;
        };
        let mut wall_day = None;
        for slot in first.0..=log.sealed().0 {
            let footer = log.footer(Slot(slot)).unwrap().unwrap();
            let terms = catalog(log, footer.catalog);
            recount.clicks(log, &footer, &terms);
            recount.submissions(log, &footer, &terms);
            let today = footer.wall_end.0.div_euclid(86_400_000);
            if wall_day.is_none_or(|day| day < today) {
                recount.seen.retain(|seen| seen.day > today - 2);
            }
            wall_day = Some(today);
        }
        for (id, ..) in &recount.waiting {
            recount.results.insert(*id, Result::Waiting);
        }
        recount
    }

    fn rules(&self, footer: &Footer) -> u32 {
        let past = self.past.filter(|(until, _)| footer.slot <= *until);
        past.map_or(footer.rules.0, |(_, rules)| rules)
    }

    fn add(&mut self, place: (u32, jiff::civil::Date, u32), column: usize, amount: i128) {
        self.figures.entry(place).or_default()[column] += amount;
    }

    /// The clicks of a slot as they lie in the log.
    fn read(&mut self, log: &Log, footer: &Footer) -> Vec<Read> {
        let mut rows = Vec::new();
        let judged_by = self.rules(footer);
        log.for_each_click(footer.slot, &mut |row| {
            let agent = log
                .string(row.click.user_agent)
                .unwrap()
                .unwrap_or_default();
            let agent = String::from_utf8(agent).unwrap();
            let shape = log.string(row.click.shape).unwrap().unwrap_or_default();
            let shape = String::from_utf8(shape).unwrap();
            let (flags, rules) = (row.click.flags, judged_by);
            let hosted = row.click.network.to_string() == "198.51.100.0/24" && rules == 1;
            let risky = hosted || is_forced(&agent, &shape, flags, rules);
            if risky {
                let click = (row.number.0, row.partner.0);
                self.state.risky.insert(click);
            }
            rows.push((
                row.number.time().0,
                row.number.0,
                row.partner.0,
                row.click.program.0,
                person(row.click.visitor),
                row.click.visitor_before.is_some(),
                row.click.flags,
                (agent, row.click.cookie),
                risky,
            ));
        })
        .unwrap();
        rows
    }

    fn clicks(&mut self, log: &Log, footer: &Footer, terms: &Catalog) {
        let mut rows = self.read(log, footer);
        rows.sort_by_key(|row| (row.0, row.1));
        for (time, number, partner, program, person, before, flags, (agent, cookie), risky) in rows
        {
            self.state.clicks.insert((number, partner), flags);
            let set = terms.programs.get(&clickd::model::id::ProgramId(program));
            let Some(set) = set else {
                panic!("program {program} is not in the catalogue")
            };
            let day = time.div_euclid(86_400_000);
            let robot = is_robot(&agent, flags, self.rules(footer));
            let made = !robot && !flags.any(ClickFlags::HEAD.with(ClickFlags::PREFETCH));
            if made {
                self.state.carry(program, cookie, (number, partner));
            }
            // The second program counts what others leave out.
            let counted = made && (!risky || program == 2);
            let mut unique = false;
            if counted {
                let mut reference = None;
                for seen in &self.seen {
                    let same = (seen.program, seen.partner, seen.person)
                        == (program, partner, person)
                        && (seen.day == day || (before && seen.day == day - 1));
                    if same && (set.unique_rolling || seen.unique) {
                        reference = reference.max(Some(seen.time));
                    }
                }
                unique = reference.is_none_or(|reference| time - reference >= set.unique_window);
                self.seen.push(Seen {
                    program,
                    partner,
                    person,
                    day,
                    time,
                    unique,
                });
            }
            let bucket = if flags.any(ClickFlags::UNKNOWN_PARTNER) {
                0
            } else {
                partner
            };
            let place = (program, date(terms, program, time), bucket);
            let spoiled = ClickFlags::UNKNOWN_PARTNER
                .with(ClickFlags::INACTIVE_PARTNER)
                .with(ClickFlags::ENDED_CONTRACT)
                .with(ClickFlags::NOT_JOINED)
                .with(ClickFlags::PAUSED_PROGRAM)
                .with(ClickFlags::MALFORMED_DEEP_LINK);
            let expired = flags.any(ClickFlags::EXPIRED_AD) && !set.pay_expired_ads;
            self.add(place, 0, 1);
            self.add(place, 1, i128::from(unique));
            let payable = unique && !flags.any(spoiled) && !expired;
            self.add(place, 2, i128::from(payable));
        }
    }

    fn submissions(&mut self, log: &Log, footer: &Footer, terms: &Catalog) {
        let mut due = std::mem::take(&mut self.waiting);
        due.sort_by_key(|row| (row.0.slot, row.0.number));
        for (id, submission, terms) in due {
            self.submission(id, submission, terms, footer.wall_end);
        }
        // What is said and who arrives, by number.
        let mut arrivals = log.visits(footer.slot).unwrap();
        arrivals.sort_by_key(|(number, _)| *number);
        let mut arrivals = arrivals.into_iter().peekable();
        for (id, entry) in log.entries(footer.slot).unwrap() {
            while let Some((number, visit)) = arrivals.next_if(|next| next.0 < id.number) {
                self.state.arrive(number, &visit, terms);
            }
            if let Some(submission) = entry.into_conversion() {
                self.submission(id, submission, terms.clone(), footer.wall_end);
            }
        }
        for (number, visit) in arrivals {
            self.state.arrive(number, &visit, terms);
        }
    }

    fn submission(
        &mut self,
        id: SubmissionId,
        submission: Submission,
        terms: Catalog,
        wall_end: Millis,
    ) {
        match self.settle(id, &submission, &terms, wall_end) {
            Some(result) => {
                self.results.insert(id, result);
            }
            None => self.waiting.push((id, submission, terms)),
        }
    }

    /// Decides a submission; `None` while its click may still come.
    fn settle(
        &mut self,
        id: SubmissionId,
        submission: &Submission,
        terms: &Catalog,
        wall_end: Millis,
    ) -> Option<Result> {
        if let Some(click) = awaited(submission, terms) {
            let stored = self
                .state
                .clicks
                .contains_key(&(click.number.0, click.partner.0));
            if !stored && !click.unrecorded && wall_end.0 < click.number.time().0 + 10_000 {
                return None;
            }
        }
        let decided = self.state.decide(id, submission, terms);
        let result = match decided {
            Err(code) if submission.is_test => Result::Test(Err(code)),
            Err(code) => Result::Refused(code),
            Ok(won) if submission.is_test => Result::Test(Ok(won.partner)),
            Ok(won) => {
                let cost = cost(submission, won.payout, terms);
                let day = date(terms, submission.program.0, won.date);
                let place = (submission.program.0, day, won.partner);
                let amount = submission.order.amount;
                self.add(place, 3, 1);
                self.add(place, 4, 1);
                self.add(place, 5, amount.map_or(0, |amount| i128::from(amount.0)));
                self.add(place, 6, i128::from(cost));
                self.add(place, 7, i128::from(cost));
                self.state.count(submission, &won);
                Result::Credited {
                    partner: won.partner,
                    recovered: won.recovered,
                    late: won.late,
                    cost,
                }
            }
        };
        self.state.meet(submission, terms);
        Some(result)
    }
}

fn cost(submission: &Submission, payout: &Payout, terms: &Catalog) -> i64 {
    match payout.price {
        Price::Flat(amount) => amount.0,
        Price::Rate(rate) => {
            let amount = submission.order.amount.map_or(0, |amount| amount.0);
            let program = &terms.programs[&submission.program];
            let unit = if program.currency.code() == "JPY" {
                1_000_000
            } else {
                10_000
            };
            half_even(i128::from(amount) * i128::from(rate.0), 1_000_000 * unit) * unit
        }
    }
}

fn half_even(value: i128, divisor: i64) -> i64 {
    let divisor = i128::from(divisor);
    let (whole, rest) = (value / divisor, value % divisor);
    let up = rest * 2 > divisor || (rest * 2 == divisor && whole % 2 == 1);
    i64::try_from(whole + i128::from(up)).unwrap()
}
