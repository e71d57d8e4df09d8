//! Random events in a real log: two brands, three programs in three zones, clicks late and early,
//! doubled, over midnight, orders tried again, clicks that never came, people who arrive on pages,
//! a catalogue that changes.

use std::path::Path;

use clickd::log::{Clock, Log, Options, TurnWriter};
use clickd::model::arrival::Outcome;
use clickd::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use clickd::model::click_id::ClickId;
use clickd::model::id::{
    AdId, CatalogVersion, EventNumber, EventTypeId, PartnerId, ProgramId, Slot, StringRef,
};
use clickd::model::money::Money;
use clickd::model::submission::{
    Claim, EventTime, Order, PayloadHash, Person, Reference, Submission,
};
use clickd::model::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use clickd::model::visit::{Came, Visit};

use super::offers::catalog;

/// `SplitMix64`: a small generator whose whole state is its seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

pub(crate) const PROGRAMS: [u32; 3] = [1, 2, 3];
const PARTNERS: [u32; 7] = [10, 10, 10, 11, 12, 13, 99];
/// No catalogue knows it.
pub(super) const STRANGER: u32 = 99;
pub(crate) const ROBOTS: &str = "date = \"2026-11-01\"\nrobots = ['bot', '^curl/']\n\
    not_robots = ['cubot']\n[hosting]\ndate = \"2026-11-01\"\nnetworks = ['198.51.100.0/24']";
const LATER_ROBOTS: &str = "date = \"2026-12-01\"\nrobots = ['bot', '^curl/', 'Firefox/1\\.']";
pub(crate) const AGENTS: [&str; 6] = [
    "Mozilla/5.0 Chrome/120",
    "Mozilla/5.0 Firefox/1.0",
    "Mozilla/5.0 CUBOT Note",
    "SomeBot/1.0",
    "curl/8",
    "",
];

/// Pages of links, by the number of the click.
const PAGES: [&str; 3] = [
    "",
    "https://www.blog.example/a",
    "https://deals.example:8443/b/c",
];

/// Shapes of requests, by the number of the click: of a browser, of an image, of a script.
const SHAPES: [&str; 3] = [
    "host,user-agent,sec-fetch-mode=navigate,sec-fetch-dest=document,accept-language,",
    "host,user-agent,sec-fetch-mode=no-cors,sec-fetch-dest=image,accept-language,",
    "host,user-agent,",
];

/// Shared ids of links, by the number of the click.
const SHARED: [&str; 5] = ["", "friend", "mail", "friend", "ünlü"];

/// Builds up a log over some days of its own time.
pub(crate) struct World {
    pub(crate) dice: Dice,
    now: Millis,
    counter: u64,
    /// Clicks that a conversion may name, stored or not.
    known: Vec<ClickId>,
    /// Clicks minted but held back, to be stored in a later slot.
    held: Vec<(PartnerId, EventNumber, Vec<u8>, Click<()>)>,
    orders: u64,
}

/// 2026-03-07T22:40:00Z: the days after it change clocks in New York.
const START: Millis = Millis(1_772_923_200_000);

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed),
            now: START.plus(22 * HOUR + 40 * MINUTE),
            counter: 0,
            known: Vec::new(),
            held: Vec::new(),
            orders: 0,
        }
    }

    /// Opens the log some time after it was open last.
    pub(crate) fn open(&mut self, dir: &Path) -> Log {
        let wait = self
            .dice
            .one_of(&[4 * SECOND, 2 * MINUTE, 80 * MINUTE, 20 * HOUR, 2 * DAY]);
        self.now = self.now.plus(wait);
        Log::open(&Options::new(dir), Clock::start_at(self.now)).unwrap()
    }

    /// Stores a slot's worth of events and ends the slot.
    pub(crate) fn slot(&mut self, log: &Log, writer: &mut TurnWriter) -> Slot {
        for (partner, number, agent, click) in std::mem::take(&mut self.held) {
            push(writer, partner, number, &agent, &click);
        }
        for _ in 0..self.dice.below(60) {
            self.click(writer);
        }
        writer.commit().unwrap();
        for _ in 0..self.dice.below(10) {
            // Before, between and after what the brands say.
            for _ in 0..self.dice.below(3) {
                log.visit(&self.visit(log.clock().now())).unwrap();
            }
            let submission = self.submission(log.clock().now());
            log.submit(&submission).unwrap();
        }
        for _ in 0..self.dice.below(2) {
            log.visit(&self.visit(log.clock().now())).unwrap();
        }
        if self.dice.chance(30) {
            log.submit(&self.submission(log.clock().now())).unwrap();
        }
        log.seal().unwrap()
    }

    /// Ends the history with a conversion whose click is too young to count as lost.
    pub(crate) fn end(&mut self, log: &Log) {
        let now = log.clock().now();
        self.counter += 1;
        let mut last = self.submission(now);
        last.references.clear();
        last.claim = Claim::Verified(lost(self.counter, last.program, now));
        log.submit(&last).unwrap();
        log.seal().unwrap();
    }

    fn click(&mut self, writer: &mut TurnWriter) {
        let dice = &mut self.dice;
        let late = match dice.below(10) {
            0 => i64::try_from(dice.below(3 * DAY.cast_unsigned())).unwrap(),
            1..4 => i64::try_from(dice.below(2 * HOUR.cast_unsigned())).unwrap(),
            // Round steps, so that gaps of exactly a window come up.
            4..9 => i64::try_from(dice.below(20)).unwrap() * 5 * MINUTE,
            _ => 0,
        };
        let at = self.now.plus(-late);
        self.counter += 1;
        let number = EventNumber(EventNumber::first_at(at, 500).0 + self.counter % 4_096);
        let program = ProgramId(dice.one_of(&[1, 1, 2, 2, 3]));
        let partner = PartnerId(dice.one_of(&PARTNERS));
        let ad = AdId(5 + u32::from(self.counter.is_multiple_of(3)));
        let id = ClickId {
            number,
            partner,
            ad,
            program,
            unrecorded: dice.chance(3),
            key_number: 0,
        };
        self.known.push(id);
        let fate = dice.below(20);
        if id.unrecorded || fate == 0 {
            if id.unrecorded {
                writer.count(program, Outcome::Received);
                writer.count(program, Outcome::Unrecorded);
            }
            return;
        }
        let person = dice.below(3);
        let day = at.utc_day().0;
        let before = at.0.rem_euclid(DAY) < 2 * HOUR;
        let mut flags = ClickFlags::NONE;
        for (flag, _) in ClickFlags::ALL {
            if *flag != ClickFlags::UNKNOWN_PARTNER && dice.chance(2) {
                flags.set(*flag);
            }
        }
        if partner.0 == STRANGER {
            flags.set(ClickFlags::UNKNOWN_PARTNER);
        }
        let click = Click {
            flags,
            program,
            ad,
            network: Network::V4([192, 0, 2]),
            visitor: visitor(person, day),
            visitor_before: before.then(|| visitor(person, day - 1)),
            cookie: number
                .0
                .is_multiple_of(3)
                .then(|| cookie(program, person).id),
            user_agent: StringRef(0),
            referrer: StringRef(0),
            shape: StringRef(0),
            landing: StringRef(0),
            parameters: (),
        };
        let agent = if dice.chance(70) {
            AGENTS[0]
        } else {
            dice.one_of(&AGENTS)
        };
        if fate == 1 {
            self.held.push((partner, number, agent.into(), click));
        } else {
            push(writer, partner, number, agent.as_bytes(), &click);
        }
    }

    /// Somebody arrives, by a click or by a page.
    fn visit(&mut self, now: Millis) -> Visit {
        let dice = &mut self.dice;
        let recent = self.known.len().min(60);
        let click = match recent {
            0 => None,
            _ => self.known[self.known.len() - recent..]
                .get(usize::try_from(dice.below(recent as u64)).unwrap())
                .copied(),
        };
        let program = match click {
            Some(id) if !dice.chance(5) => id.program,
            _ => ProgramId(dice.one_of(&PROGRAMS)),
        };
        let claim = match click {
            Some(_) if dice.chance(5) => Claim::Forged,
            Some(id) if dice.chance(60) => Claim::Verified(id),
            _ => Claim::None,
        };
        let start = now.plus(-i64::try_from(dice.below(3 * DAY.cast_unsigned())).unwrap());
        let persons = persons(dice, program, (40, 70));
        Visit {
            program,
            event: event(dice, now, start, now.plus(-HOUR)),
            claim,
            persons: persons.collect(),
            came: Came {
                utm_source: dice.one_of(&["", "", "news", "mail"]).into(),
                referrer_host: dice.one_of(&["", "", "blog.example"]).into(),
                ..Came::default()
            },
            ..Visit::default()
        }
    }

    fn submission(&mut self, now: Millis) -> Submission {
        let dice = &mut self.dice;
        let named = if dice.chance(6) {
            self.counter += 1;
            let program = ProgramId(dice.one_of(&PROGRAMS));
            Some(lost(self.counter, program, now))
        } else if dice.chance(10) {
            // The oldest of those that are still paid when the event is too old to keep its date.
            let paid = |id: &&ClickId| id.program.0 == 2 && id.partner.0 == 10;
            let oldest = self.known.iter().filter(paid);
            oldest.min_by_key(|id| id.number).copied()
        } else if self.known.is_empty() || dice.chance(5) {
            None
        } else {
            // Mostly a recent one.
            let reach = if dice.chance(60) { 40 } else { 400 };
            let back = dice.below(reach);
            let at = self
                .known
                .len()
                .saturating_sub(1 + usize::try_from(back).unwrap());
            Some(self.known[at])
        };
        let program = match named {
            Some(id) if !dice.chance(3) => id.program,
            _ => ProgramId(dice.one_of(&PROGRAMS)),
        };
        let claim = match named {
            None => Claim::None,
            Some(_) if dice.chance(3) => Claim::Forged,
            Some(id) => Claim::Verified(id),
        };
        let start = now.plus(-i64::try_from(dice.below(3 * DAY.cast_unsigned())).unwrap());
        let meant = named.map_or(start, |id| id.number.time().plus(MINUTE));
        let event = event(dice, now, start, meant);
        self.orders += 1;
        let order = if dice.chance(50) {
            dice.below(5)
        } else {
            self.orders
        };
        let event_type = if program.0 == 1 && dice.chance(30) {
            2
        } else {
            1
        };
        let mut references = references(dice, program);
        if self.orders.is_multiple_of(4) {
            let browser = cookie(program, self.orders / 4 % 3);
            references.push(Reference::Person(browser));
            references.sort();
        }
        let claim = if !references.is_empty() && dice.chance(30) {
            Claim::None
        } else {
            claim
        };
        let cents = i64::try_from(dice.below(10_000)).unwrap();
        let amount = dice.chance(80).then_some(Money(cents * 10_000));
        Submission {
            program,
            event_type: EventTypeId(event_type),
            order_id: format!("order-{order}").into(),
            event,
            claim,
            fields: labels(&references),
            references,
            order: sold(amount),
            is_test: dice.chance(5),
            payload: PayloadHash(u128::from(dice.next()).to_be_bytes()),
            ..Submission::default()
        }
    }
}

/// When the event was, as roughly as brands say it.
fn event(dice: &mut Dice, now: Millis, start: Millis, meant: Millis) -> EventTime {
    match dice.below(6) {
        0 => EventTime::At {
            start: Millis(start.0 - start.0.rem_euclid(DAY)),
            precision: DAY,
        },
        1 => EventTime::At {
            start: now.plus(-MINUTE),
            precision: SECOND,
        },
        2 | 3 => EventTime::At {
            start: meant,
            precision: 1,
        },
        _ => EventTime::Now,
    }
}

/// Two names of eight persons, and now and then a code or a forced partner.
fn references(dice: &mut Dice, program: ProgramId) -> Vec<Reference> {
    let mut references = Vec::new();
    if dice.chance(3) {
        let partner = dice.one_of(&[10, 11, 12]);
        references.push(Reference::Partner(PartnerId(partner)));
    }
    references.extend(persons(dice, program, (25, 35)).map(Reference::Person));
    if dice.chance(10) {
        let code = dice.one_of(&["ten", "Eleven", "NOBODYS"]);
        references.push(Reference::PromoCode(code.into()));
    }
    references
}

/// What is said of the link of a forced partner, with its number; sorted by name.
fn labels(references: &[Reference]) -> Vec<(Box<str>, Box<str>)> {
    let forced = references.iter().find_map(|reference| match reference {
        Reference::Partner(partner) => Some(partner.to_string()),
        _ => None,
    });
    let labels = forced.into_iter().flat_map(|partner| {
        let sub_id = if partner == "11" { "" } else { "said" };
        [
            ("MediaId", partner),
            ("SharedId", "by the brand".to_owned()),
            ("SubId2", sub_id.to_owned()),
        ]
    });
    let labels = labels.map(|(name, value)| (name.into(), value.into()));
    labels.collect()
}

/// None to two names of eight persons, by the chances of both kinds.
fn persons(
    dice: &mut Dice,
    program: ProgramId,
    (customer, profile): (u64, u64),
) -> impl Iterator<Item = Person> + use<> {
    let fields = [("CustomerId", customer), ("CustomProfileId", profile)];
    let names = fields.map(|(field, chance)| {
        let is_sent = dice.chance(chance);
        let name = dice.below(8).to_string();
        is_sent.then(|| Person::named(program, field, &name).unwrap())
    });
    names.into_iter().flatten()
}

fn sold(amount: Option<Money>) -> Order {
    let items = Vec::new();
    Order { amount, items }
}

/// Stores the first catalogue and the first robot list.
pub(crate) fn begin(log: &Log) {
    log.put_catalog(CatalogVersion(0), &catalog(false)).unwrap();
    log.put_rules(ROBOTS.as_bytes()).unwrap();
}

/// Changes catalogue and robot list.
pub(crate) fn change(log: &Log) {
    log.put_catalog(log.current_catalog(), &catalog(true))
        .unwrap();
    log.put_rules(LATER_ROBOTS.as_bytes()).unwrap();
}

/// A click answered at `now` that will never be stored.
fn lost(counter: u64, program: ProgramId, now: Millis) -> ClickId {
    ClickId {
        number: EventNumber(EventNumber::first_at(now, 501).0 + counter % 4_096),
        partner: PartnerId(10),
        ad: AdId(5),
        program,
        unrecorded: false,
        key_number: 0,
    }
}

/// The browser of a person.
fn cookie(program: ProgramId, person: u64) -> Person {
    Person::of_cookie(program, &person.to_string())
}

fn visitor(person: u64, day: i32) -> Visitor {
    Visitor(person << 32 | u64::from(day.cast_unsigned()))
}

/// The person behind a test visitor.
pub(crate) fn person(visitor: Visitor) -> u64 {
    visitor.0 >> 32
}

fn push(
    writer: &mut TurnWriter,
    partner: PartnerId,
    number: EventNumber,
    agent: &[u8],
    click: &Click<()>,
) {
    let user_agent = writer.intern(agent).unwrap();
    let page = PAGES[usize::try_from(number.0 % 3).unwrap()];
    let referrer = writer.intern(page.as_bytes()).unwrap();
    let shape = match number.0 % 13 {
        0 => SHAPES[1],
        1 => SHAPES[2],
        2..6 => "",
        _ => SHAPES[0],
    };
    let shape = writer.intern(shape.as_bytes()).unwrap();
    let host = u8::try_from(number.0 % 11).unwrap();
    let network = match host {
        0 => Network::V4([198, 51, 100]),
        _ => Network::V4([192, 0, host]),
    };
    let shared = SHARED[usize::try_from(number.0 % 5).unwrap()];
    let property = (number.0 % 2).to_string();
    let sub_id = format!("m{}", number.0 % 4);
    let mut parameters = vec![(Parameter::Property, property.as_bytes())];
    if !shared.is_empty() {
        parameters.push((Parameter::SharedId, shared.as_bytes()));
    }
    // None, the first, the third, or both.
    parameters.extend((number.0 & 1 != 0).then_some((Parameter::SubId(1), sub_id.as_bytes())));
    parameters.extend((number.0 & 2 != 0).then_some((Parameter::SubId(3), &b"a b"[..])));
    writer.count(click.program, Outcome::Received);
    let stored = Click {
        user_agent,
        parameters: parameters.into_iter(),
        flags: click.flags,
        program: click.program,
        ad: click.ad,
        network,
        visitor: click.visitor,
        visitor_before: click.visitor_before,
        cookie: click.cookie,
        referrer,
        shape,
        landing: click.landing,
    };
    writer.push(partner, number, &stored);
}
