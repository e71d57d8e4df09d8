//! Random customers of two programs, who come by partners and channels and buy, and a brand that
//! changes and takes back what they bought; each person has one name.

use std::collections::BTreeMap;
use std::path::Path;

use clickd::catalog::{parse_toml, to_stored};
use clickd::derived::{Action, ActionId};
use clickd::log::{Clock, Log, Options, TurnWriter};
use clickd::model::action::change::{Change, What};
use clickd::model::action::settlement::Settlement;
use clickd::model::arrival::Outcome;
use clickd::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use clickd::model::click_id::ClickId;
use clickd::model::id::{
    AdId, EventNumber, EventTypeId, PartnerId, ProgramId, StringRef, SubmissionId,
};
use clickd::model::money::Money;
use clickd::model::submission::{
    Claim, EventTime, Order, Origin, PayloadHash, Person, Reference, Submission,
};
use clickd::model::time::{DAY, HOUR, MINUTE, Millis};
use clickd::model::visit::{Came, Visit};

use crate::support::dice::Dice;

/// Number, zone, and the longest referral window before and after the change of the catalogue.
pub(super) const PROGRAMS: [(u32, &str, [i64; 2]); 2] = [
    (1, "America/New_York", [3 * DAY, 36 * HOUR]),
    (2, "Asia/Kolkata", [2 * DAY, 2 * DAY]),
];
pub(super) const LATE: i64 = DAY;
/// Clicks and arrivals of one person; fewer than the steps of a path that is kept.
const TOUCHES_MAX: usize = 24;
const PERSONS: usize = 8;

const CATALOG: &str = r#"
version = 0
brand = [{ sid = "IRtrip", name = "Trip" }]
[[partner]]
id = 10
name = "Ten"
[[partner]]
id = 11
name = "Eleven"
[[partner]]
id = 12
name = "Twelve"
"#;

const PROGRAM: &str = r#"
[[program]]
id = ID
brand = "IRtrip"
name = "Trip ID"
time_zone = "ZONE"
currency = "USD"
landing_page = "https://trip.example/"
late_limit = "1d"
page_load = true
site_hosts = ["trip.example"]
[[event_type]]
program = ID
id = 1
name = "Sale"
category = "SALE"
[[event_type]]
program = ID
id = 2
name = "Lead"
category = "LEAD"
credit_policy = "FIRST_CLICK"
[[channel]]
program = ID
name = 'Mail\t'
rules = [{ part = "UTM_SOURCE", operator = "IS", values = ["mail"] }]
[[promo_code]]
program = ID
code = "TEN"
partner = 10
credit_policy = "ALWAYS"
[[contract]]
program = ID
partner = 10
start = 2026-01-01
referral_window = "1d"
payouts = [{ event_type = 1, rate = "10%" }, { event_type = 2, amount = "1.00" }]
[[contract]]
program = ID
partner = 11
start = 2026-01-01
referral_window = "WINDOW"
payouts = [{ event_type = 1, rate = "5%" }, { event_type = 2, amount = "1.00" }]
[[contract]]
program = ID
partner = 12
start = 2026-01-01
referral_window = "12h"
payouts = [{ event_type = 1, rate = "7%" }, { event_type = 2, amount = "1.00" }]
"#;

fn catalog(change: usize) -> Vec<u8> {
    let programs = PROGRAMS.map(|(id, zone, windows)| {
        let window = format!("{}h", windows[change] / HOUR);
        PROGRAM
            .replace("ID", &id.to_string())
            .replace("ZONE", zone)
            .replace("WINDOW", &window)
    });
    let doc = parse_toml(&format!("{CATALOG}{}", programs.concat()));
    to_stored(&doc.unwrap_or_else(|problems| panic!("{problems:?}"))).unwrap()
}

/// What led a person somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Partner(u32),
    Channel(&'static str),
}

/// When, by which event, and what.
pub(super) type Touch = (i64, u64, By);

/// What is known of a conversion when it is said.
#[derive(Clone, Debug)]
pub(super) struct Sale {
    /// Everything that led the person so far, and the click that is named, by time.
    pub(super) touches: Vec<Touch>,
    /// When the event was, and how exactly that is known.
    pub(super) event: (i64, i64),
    pub(super) received: i64,
    pub(super) look_back: i64,
    pub(super) is_forced: bool,
}

#[derive(Debug)]
pub(super) struct Trips {
    pub(super) dice: Dice,
    pub(super) sales: BTreeMap<SubmissionId, Sale>,
    now: Millis,
    change: usize,
    counter: u64,
    touches: BTreeMap<(usize, usize), Vec<Touch>>,
    clicks: Vec<(usize, ClickId)>,
}

/// 2026-03-07T22:40:00Z: the days after it change clocks in New York.
const START: Millis = Millis(1_772_923_200_000);

impl Trips {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed),
            sales: BTreeMap::new(),
            now: START,
            change: 0,
            counter: 0,
            touches: BTreeMap::new(),
            clicks: Vec::new(),
        }
    }

    /// Opens the log some time after it was open last.
    pub(super) fn open(&mut self, dir: &Path) -> Log {
        let waits = [2 * MINUTE, 50 * MINUTE, 7 * HOUR, 20 * HOUR];
        self.now = self.now.plus(*self.dice.pick(&waits));
        Log::open(&Options::new(dir), Clock::start_at(self.now)).unwrap()
    }

    /// Puts the catalogue in force, before or after its change.
    pub(super) fn offer(&mut self, log: &Log, change: usize) {
        self.change = change;
        log.put_catalog(log.current_catalog(), &catalog(change))
            .unwrap();
    }

    /// Says a slot's worth of things, and ends the slot.
    pub(super) fn slot(&mut self, log: &Log, actions: &[(ActionId, Action)]) {
        let mut writer = log.writer();
        for _ in 0..self.dice.below(8) {
            self.click(&mut writer);
        }
        writer.commit().unwrap();
        if self.dice.chance(70) && !actions.is_empty() {
            self.settle(log, actions);
        }
        for _ in 0..self.dice.below(24) {
            match self.dice.below(10) {
                0..6 => self.arrive(log),
                6..9 => self.sell(log),
                _ => self.change(log, actions),
            }
        }
        log.seal().unwrap();
    }

    fn click(&mut self, writer: &mut TurnWriter) {
        let program = self.dice.place(PROGRAMS.len());
        let late = i64::try_from(self.dice.below((4 * DAY).cast_unsigned())).unwrap();
        let late = if self.dice.chance(70) {
            late / 20
        } else {
            late
        };
        self.counter += 1;
        let number = EventNumber::first_at(self.now.plus(-late), 500).0 + self.counter % 4_096;
        let id = ClickId {
            number: EventNumber(number),
            partner: PartnerId(*self.dice.pick(&[10, 10, 11, 12])),
            ad: AdId(0),
            program: ProgramId(PROGRAMS[program].0),
            unrecorded: false,
            key_number: 0,
        };
        let nothing: [(Parameter, &[u8]); 0] = [];
        let click = Click {
            flags: ClickFlags::NONE,
            program: id.program,
            ad: id.ad,
            network: Network::V4([192, 0, 2]),
            visitor: Visitor(self.counter),
            visitor_before: None,
            cookie: None,
            user_agent: StringRef(0),
            referrer: StringRef(0),
            shape: StringRef(0),
            landing: StringRef(0),
            parameters: nothing.into_iter(),
        };
        writer.count(id.program, Outcome::Received);
        writer.push(id.partner, id.number, &click);
        self.clicks.push((program, id));
    }

    /// A click of a program, and what it is to the person whom it led.
    fn one_of(&mut self, program: usize) -> Option<(ClickId, Touch)> {
        let own = self.clicks.iter().filter(|(of, _)| *of == program);
        let own: Vec<ClickId> = own.map(|(_, id)| *id).collect();
        if own.is_empty() {
            return None;
        }
        let id = if self.dice.chance(60) {
            own[own.len() - 1 - self.dice.place(own.len().min(4))]
        } else {
            *self.dice.pick(&own)
        };
        let touch = (id.number.time().0, id.number.0, By::Partner(id.partner.0));
        Some((id, touch))
    }

    fn name(program: usize, person: usize) -> Person {
        let of = ProgramId(PROGRAMS[program].0);
        Person::named(of, "CustomProfileId", &person.to_string()).unwrap()
    }

    fn touch(&mut self, of: (usize, usize), touch: Touch) {
        let all = self.touches.entry(of).or_default();
        if !all.contains(&touch) {
            all.push(touch);
        }
    }

    fn arrive(&mut self, log: &Log) {
        let (program, person) = (self.dice.place(PROGRAMS.len()), self.dice.place(PERSONS));
        let of = (program, person);
        if self.touches.entry(of).or_default().len() >= TOUCHES_MAX {
            return;
        }
        let ago = i64::try_from(self.dice.below((DAY - HOUR).cast_unsigned())).unwrap();
        let start = log.clock().now().plus(-ago);
        let mut visit = Visit {
            program: ProgramId(PROGRAMS[program].0),
            event: EventTime::At {
                start,
                precision: 1,
            },
            persons: vec![Self::name(program, person)],
            ..Visit::default()
        };
        if self.dice.chance(55)
            && let Some((id, touch)) = self.one_of(program)
        {
            visit.claim = Claim::Verified(id);
            log.visit(&visit).unwrap();
            self.touch(of, touch);
            return;
        }
        let (host, source, channel) = *self.dice.pick(&[
            ("", "", "Direct"),
            ("blog.example", "", "Referral"),
            ("", "mail", r"Mail\t"),
        ]);
        visit.came = Came {
            utm_source: source.into(),
            referrer_host: host.into(),
            ..Came::default()
        };
        let (number, _) = log.visit(&visit).unwrap();
        let begins = self.touches[&of]
            .iter()
            .filter(|(at, ..)| (start.0 - 30 * MINUTE..=start.0).contains(at));
        let key = |touch: &&Touch| (touch.0, touch.1);
        let last = begins.max_by_key(key).map(|touch| touch.2);
        let goes_on = match last {
            None => false,
            Some(By::Channel(last)) if channel != "Direct" => last == channel,
            Some(_) => channel == "Direct",
        };
        if !goes_on {
            self.touch(of, (start.0, number.0, By::Channel(channel)));
        }
    }

    /// When something was sold, as exactly as brands say it.
    fn event(&mut self, now: Millis) -> EventTime {
        let ago = i64::try_from(self.dice.below((2 * DAY).cast_unsigned())).unwrap();
        match self.dice.below(5) {
            0 => EventTime::At {
                start: now.plus(-ago),
                precision: 1,
            },
            1 => EventTime::At {
                start: Millis(now.0 - now.0.rem_euclid(DAY)),
                precision: DAY,
            },
            _ => EventTime::Now,
        }
    }

    fn sell(&mut self, log: &Log) {
        let (program, person) = (self.dice.place(PROGRAMS.len()), self.dice.place(PERSONS));
        let name = self.dice.chance(85).then_some(Self::name(program, person));
        let known = self.touches.get(&(program, person)).map_or(0, Vec::len);
        let named = if self.dice.chance(30) && known < TOUCHES_MAX {
            self.one_of(program)
        } else {
            None
        };
        let event = self.event(log.clock().now());
        let is_forced = self.dice.chance(4);
        let mut references: Vec<Reference> = name.into_iter().map(Reference::Person).collect();
        if self.dice.chance(25) {
            references.push(Reference::PromoCode("TEN".into()));
        }
        if is_forced {
            references.insert(0, Reference::Partner(PartnerId(11)));
        }
        self.counter += 1;
        let cents = i64::try_from(1 + self.dice.below(10_000)).unwrap();
        let submission = Submission {
            program: ProgramId(PROGRAMS[program].0),
            event_type: EventTypeId(*self.dice.pick(&[1, 1, 2])),
            order_id: format!("order-{}", self.counter).into(),
            event,
            claim: named.map_or(Claim::None, |(id, _)| Claim::Verified(id)),
            references,
            order: Order {
                amount: Some(Money(cents * 10_000)),
                items: Vec::new(),
            },
            payload: PayloadHash(u128::from(self.dice.next()).to_be_bytes()),
            ..Submission::default()
        };
        let id = log.submit(&submission).unwrap().id;
        let received = id.number.time().0;
        let of = (program, person);
        let mut touches = match name {
            Some(_) => self.touches.get(&of).cloned().unwrap_or_default(),
            None => Vec::new(),
        };
        if let Some((_, touch)) = named {
            if !touches.contains(&touch) {
                touches.push(touch);
            }
            if name.is_some() {
                self.touch(of, touch);
            }
        }
        touches.sort_by_key(|(at, number, by)| (*at, *number, matches!(by, By::Partner(_))));
        let sale = Sale {
            touches,
            event: match event {
                EventTime::Now => (received, 0),
                EventTime::At { start, precision } => (start.0, precision),
            },
            received,
            look_back: PROGRAMS[program].2[self.change],
            is_forced,
        };
        self.sales.insert(id, sale);
    }

    /// Modifies or takes back an action.
    fn change(&mut self, log: &Log, actions: &[(ActionId, Action)]) {
        if actions.is_empty() {
            return;
        }
        let (id, action) = self.dice.pick(actions).clone();
        let cents = i64::try_from(1 + self.dice.below(10_000)).unwrap();
        let what = if self.dice.chance(50) {
            What::Reverse
        } else {
            What::Modify {
                amount: Some(Money(cents * 10_000)),
                customer_status: None,
                items: Vec::new(),
            }
        };
        let change = Change {
            program: id.program,
            event_type: id.event_type,
            order_id: action.order_id,
            action: None,
            what,
            reason: "OTHER".into(),
            origin: Origin::Api,
            is_signed: false,
            payload: PayloadHash(u128::from(self.dice.next()).to_be_bytes()),
            fields: Vec::new(),
        };
        log.change(&change).unwrap();
    }

    /// Settles an action with another partner, moment or standing than it has, or one that the
    /// rules do not give.
    fn settle(&mut self, log: &Log, actions: &[(ActionId, Action)]) {
        let (mut id, action) = self.dice.pick(actions).clone();
        let mut settlement = Settlement {
            program: id.program,
            event_type: id.event_type,
            order_id: action.order_id.clone(),
            action: id.order,
            partner: action.partner,
            date: action.date,
            day: action.day,
            locking: action.date,
            amount: action.amount,
            cost: action.cost,
            gross_cost: action.gross_cost,
            reversed: action.is_reversed(),
        };
        match self.dice.below(4) {
            0 => settlement.partner = PartnerId(12),
            // The day stays: it begins at a full half-hour.
            1 => settlement.date = Millis(action.date.0 - action.date.0.rem_euclid(30 * MINUTE)),
            _ if settlement.reversed => {}
            2 => {
                settlement.cost = Money(settlement.cost.0 + 10_000);
                settlement.gross_cost = settlement.cost;
            }
            _ => {
                self.counter += 1;
                id.order = 1 + self.counter;
                settlement.order_id = format!("restored-{}", self.counter).into();
                settlement.action = id.order;
            }
        }
        log.settle(&[settlement]).unwrap();
    }
}
