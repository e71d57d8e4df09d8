//! Risk by Partner: honest partners of many sizes beside one of each kind of fraud, by what the
//! report says of them. What is planted is written from the trade's notes on fraud, not from how
//! partners are judged.

use std::fmt::Write as _;

use clickd::catalog::{Catalog, parse_toml, to_stored};
use clickd::fold::{Folder, verify};
use clickd::log::{Clock, Log, Options, TurnWriter};
use clickd::model::arrival::Outcome;
use clickd::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use clickd::model::click_id::ClickId;
use clickd::model::id::{
    AdId, CatalogVersion, EventNumber, EventTypeId, PartnerId, ProgramId, StringRef,
};
use clickd::model::money::Money;
use clickd::model::submission::{Claim, EventTime, Order, PayloadHash, Submission};
use clickd::model::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use clickd::registry::Report;
use clickd::registry::report::Column;
use clickd::report::Reader;
use clickd::report::answer::Row;

use super::same::{catch_up, open};
use super::world::Dice;

/// 2026-10-01.
const START: Millis = Millis(1_790_812_800_000);
const HONEST: u32 = 40;
/// The one partner of a group.
const WATCHED: u32 = HONEST + 6;
const RULES: &str = "date = \"2026-11-01\"\nrobots = ['bot']\n\
    [hosting]\ndate = \"2026-11-01\"\nnetworks = ['198.51.0.0/16']";
const BROWSER: &str = "host,user-agent,accept,sec-fetch-site=cross-site,sec-fetch-mode=navigate,\
    sec-fetch-dest=document,accept-language,";
const IMAGE: &str = "host,user-agent,accept,sec-fetch-site=cross-site,sec-fetch-mode=no-cors,\
    sec-fetch-dest=image,accept-language,";
const SCRIPT: &str = "host,user-agent,accept,";

/// Kinds of fraud, each with the reason that must come first.
const FRAUD: [(&str, &str); 19] = [
    ("hosted", "DATA_CENTER"),
    ("image", "IMAGE_CLICK"),
    ("script", "REQUEST_ANOMALY"),
    ("robots", "SPIDERS_AND_BOTS"),
    ("library", "NO_BROWSER"),
    ("network", "ADDRESS_CONCENTRATION"),
    ("agent", "AGENT_CONCENTRATION"),
    ("flood", "FLAT_TIMES"),
    ("barren", "LOW_RATE"),
    ("hijack", "TOO_SOON"),
    ("claims", "UNTRUE_CLAIMS"),
    ("foreign", "FOREIGN_PAGE"),
    ("again", "DUPLICATE"),
    ("bare", "NO_REFERRER"),
    ("page", "ONE_REFERRER"),
    ("burst", "BURST"),
    ("own", "SUB_ID_SPREAD"),
    ("label", "SUB_ID_CONCENTRATION"),
    ("thief", "DUPLICATE_ORDERS"),
];

/// How a partner's traffic is made, in thousandths.
#[derive(Clone, Copy, Debug)]
struct Traffic {
    clicks: u64,
    actions: u64,
    robots: u64,
    hosted: u64,
    again: u64,
    sub_ids: u64,
    kind: &'static str,
}

fn honest(dice: &mut Dice) -> Traffic {
    let size = 200 + dice.below(800);
    Traffic {
        clicks: size + dice.below(4) * dice.below(700),
        actions: 20 + dice.below(30),
        robots: dice.below(15),
        hosted: dice.below(10),
        again: 30 + dice.below(150),
        sub_ids: dice.below(2) * (8 + dice.below(60)),
        kind: "",
    }
}

/// The catalogue, with `more` behind it.
pub(super) fn catalog(more: &str) -> Vec<u8> {
    let mut text = String::from(
        "version = 0\n[[brand]]\nsid = \"IRone\"\nname = \"One\"\n[[program]]\nid = 1\n\
         brand = \"IRone\"\nname = \"One\"\ntime_zone = \"UTC\"\ncurrency = \"USD\"\n\
         landing_page = \"https://one.example/\"\nlate_limit = \"60d\"\n[[event_type]]\n\
         program = 1\nid = 1\nname = \"Sale\"\ncategory = \"SALE\"\n[[ad]]\nprogram = 1\nid = 5\n\
         name = \"Ad\"\ntype = \"TEXT_LINK\"\n",
    );
    for partner in 1..=HONEST + u32::try_from(FRAUD.len()).unwrap() {
        let group = match partner {
            WATCHED => "group = \"watched\"\n",
            _ => "",
        };
        write!(
            text,
            "[[partner]]\nid = {partner}\nname = \"P{partner}\"\n{group}\
             properties = [{{ id = {partner}, name = \"p{partner}.example\" }}]\n\
             [[contract]]\nprogram = 1\npartner = {partner}\nstart = 2026-01-01\n\
             referral_window = \"30d\"\npayouts = [{{ event_type = 1, rate = \"5%\" }}]\n"
        )
        .unwrap();
    }
    text.push_str(more);
    let doc = parse_toml(&text).unwrap_or_else(|problems| panic!("{problems:?}"));
    to_stored(&doc).unwrap()
}

/// Writes the traffic of partners into one slot.
struct Maker<'a> {
    dice: Dice,
    log: &'a Log,
    /// Each has its own references of texts, as workers and imports have.
    writers: [TurnWriter; 2],
    counter: u64,
    /// Of honest partners.
    orders: Vec<Box<str>>,
}

impl Maker<'_> {
    fn chance(&mut self, thousandths: u64) -> bool {
        self.dice.below(1_000) < thousandths
    }

    /// A number of `0..end`, small ones far more often, as networks and browsers are spread.
    fn skewed(&mut self, end: u64) -> u64 {
        let at = 1 + self.dice.below(1_000_000);
        (1_000_000 / at).saturating_sub(1).min(end - 1) + self.dice.below(end / 2)
    }

    fn partner(&mut self, partner: u32, made: Traffic) {
        let mut last = None;
        for _ in 0..made.clicks {
            let mut first =
                Millis(START.0 + i64::try_from(self.dice.below(5 * 86_400_000)).unwrap());
            if made.kind == "burst" && self.chance(400) {
                // Over the end of a 64th of the day.
                first = Millis(START.0 + DAY + 22 * MINUTE + first.0 % (10 * MINUTE));
            }
            let (at, visitor) = match last {
                Some((at, visitor)) if self.chance(made.again) => (first.min(at), visitor),
                _ => (first, self.counter + 1),
            };
            let at = if last.is_some_and(|(_, known)| known == visitor) {
                last.unwrap().0.plus(SECOND)
            } else {
                at
            };
            last = Some((at, visitor));
            let id = self.click(partner, made, at, visitor);
            if self.chance(made.actions) {
                self.convert(id, made);
            }
            if self.counter.is_multiple_of(200) {
                self.commit();
            }
        }
        self.commit();
    }

    fn commit(&mut self) {
        for writer in &mut self.writers {
            writer.commit().unwrap();
        }
    }

    fn click(&mut self, partner: u32, made: Traffic, at: Millis, visitor: u64) -> ClickId {
        self.counter += 1;
        let mut network = self.skewed(4_000);
        let mut agent = format!(
            "Mozilla/5.0 (Linux; Android 13; M{}) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/120.0.0.0 Mobile Safari/537.36",
            self.skewed(60)
        );
        let page = self.skewed(30);
        let (mut shape, mut page) = (BROWSER, format!("https://p{partner}.example/{page}"));
        if self.chance(made.robots) {
            agent = "Somebot/1.0".into();
        }
        let mut hosted = self.chance(made.hosted);
        match made.kind {
            "image" if self.chance(300) => shape = IMAGE,
            "script" if self.chance(350) => shape = SCRIPT,
            "library" if self.chance(300) => agent = "okhttp/4.9.0".into(),
            "hosted" => hosted |= self.chance(400),
            "network" if self.chance(500) => network = 77,
            "agent" if self.chance(850) => agent = "Mozilla/5.0 (X11) Chrome/60.0.1".into(),
            "foreign" if self.chance(700) => page = format!("https://other.example{network}/"),
            "page" => page = format!("https://p{partner}.example/"),
            "bare" => page.clear(),
            _ if self.chance(100) => page.clear(),
            _ => {}
        }
        let [_, .., high, low] = network.to_be_bytes();
        let network = if hosted {
            Network::V4([198, 51, low])
        } else {
            Network::V4([10, high, low])
        };
        let sub_id = match made.kind {
            "own" => format!("o{}", self.counter),
            _ => format!("m{}", self.dice.below(made.sub_ids.max(1))),
        };
        let parameters = [(Parameter::SubId(1), sub_id.as_bytes())];
        let sent = usize::from(made.sub_ids > 0);
        let number = EventNumber(EventNumber::first_at(at, 500).0 + self.counter % 4_096);
        let writer = &mut self.writers[usize::from(self.counter.is_multiple_of(2))];
        let mut intern = |text: &str| match text {
            "" => StringRef(0),
            text => writer.intern(text.as_bytes()).unwrap(),
        };
        let click = Click {
            flags: ClickFlags::NONE,
            program: ProgramId(1),
            ad: AdId(5),
            network,
            visitor: Visitor(visitor),
            visitor_before: None,
            cookie: None,
            user_agent: intern(&agent),
            referrer: intern(&page),
            shape: intern(shape),
            landing: StringRef(0),
            parameters: parameters.into_iter().take(sent),
        };
        writer.count(ProgramId(1), Outcome::Received);
        writer.push(PartnerId(partner), number, &click);
        ClickId {
            number,
            partner: PartnerId(partner),
            ad: AdId(5),
            program: ProgramId(1),
            unrecorded: false,
            key_number: 0,
        }
    }

    /// How long after its click somebody buys: most within the hour, some for days.
    fn after(&mut self, kind: &str) -> i64 {
        let mut below = |end: i64| i64::try_from(self.dice.below(end.cast_unsigned())).unwrap();
        match (kind, below(100)) {
            ("flood", _) => below(7 * DAY),
            ("hijack", 0..70) => SECOND + below(3 * SECOND),
            ("claims", 0..50) => 35 * DAY,
            (_, 0..65) => 20 * SECOND + below(40 * MINUTE),
            (_, 65..85) => 30 * MINUTE + below(6 * HOUR),
            _ => 6 * HOUR + below(3 * DAY),
        }
    }

    fn convert(&mut self, id: ClickId, made: Traffic) {
        let start = id.number.time().plus(self.after(made.kind));
        let mut order_id: Box<str> = format!("o{}", self.counter).into();
        match made.kind {
            "" => self.orders.push(order_id.clone()),
            "thief" => {
                let at = usize::try_from(self.dice.below(self.orders.len() as u64)).unwrap();
                order_id = self.orders[at].clone();
            }
            _ => {}
        }
        let submission = Submission {
            program: ProgramId(1),
            event_type: EventTypeId(1),
            order_id,
            event: EventTime::At {
                start,
                precision: 1,
            },
            claim: Claim::Verified(id),
            order: Order {
                amount: Some(Money(25_000_000)),
                items: Vec::new(),
            },
            payload: PayloadHash(u128::from(self.counter).to_be_bytes()),
            ..Submission::default()
        };
        self.commit();
        self.log.submit(&submission).unwrap();
    }
}

/// What the report says of each partner.
fn judged(seed: u64) -> Vec<Row> {
    let root = tempfile::tempdir().unwrap();
    let clock = Clock::start_at(START.plus(50 * DAY));
    let log = Log::open(&Options::new(root.path().join("log")), clock).unwrap();
    let stored = catalog("");
    log.put_catalog(CatalogVersion(0), &stored).unwrap();
    log.put_rules(RULES.as_bytes()).unwrap();
    let mut maker = Maker {
        dice: Dice(seed),
        log: &log,
        writers: [log.writer(), log.writer()],
        counter: 0,
        orders: Vec::new(),
    };
    for partner in 1..=HONEST {
        let made = honest(&mut maker.dice);
        maker.partner(partner, made);
    }
    for (partner, (kind, _)) in (HONEST + 1..).zip(FRAUD) {
        let mut made = Traffic {
            clicks: 1_500,
            kind,
            ..honest(&mut maker.dice)
        };
        match kind {
            "robots" => made.robots = 300,
            "again" => made.again = 350,
            "flood" => (made.clicks, made.actions) = (6_000, 12),
            "own" | "label" => made.sub_ids = 1,
            "barren" => (made.clicks, made.actions) = (1_500, 0),
            _ => {}
        }
        maker.partner(partner, made);
    }
    log.seal().unwrap();
    let derived = open(&root.path().join("derived"), &log);
    catch_up(&mut Folder::new(log.clone(), derived.serving()), &log);
    let report = verify(&log, &derived).unwrap();
    assert!(report.is_clean(), "{report:#?}");
    let catalog = Catalog::from_stored(&stored).unwrap();
    let reader = Reader::for_brand(&catalog, "IRone", &derived).unwrap();
    let report = Report::with_handle("adv_risk_by_partner").unwrap();
    let days = "StartDate=2026-09-25&EndDate=2026-12-31";
    let ask = |more: &str| {
        let query = reader.query(report, &format!("{days}{more}"), START);
        reader.answer(report, &query.unwrap()).unwrap().rows
    };
    let rows = ask("");
    // Who is asked for alone is judged as among all.
    let alone = ask(&format!("&MediaId={WATCHED}"));
    let same = rows.iter().filter(|row| row.key == alone[0].key);
    assert_eq!(same.collect::<Vec<_>>(), alone.iter().collect::<Vec<_>>());
    assert_eq!(ask("&PartnerGroup=watched"), alone);
    rows
}

/// The score and the code of the first reason.
fn first(row: &Row) -> (i128, &str) {
    let report = Report::with_handle("adv_risk_by_partner").unwrap();
    let mut columns = report.columns();
    let score = columns.find_map(|column| match column {
        Column::Measure(measure) if measure.name == "RiskScore" => measure.value(&row.tally),
        _ => None,
    });
    let reason = row.details.first();
    let code = reason.and_then(|(text, _)| text.split_once(':'));
    (score.unwrap(), code.map_or("", |(code, _)| code))
}

#[test]
fn planted_fraud_is_told_by_its_reason_and_honest_partners_are_left_alone() {
    let seeds = 11..14;
    let (mut honest, mut accused) = (0, Vec::new());
    let mut missed = Vec::new();
    for seed in seeds {
        for row in judged(seed) {
            let partner = row.key.partner.unwrap().0;
            let (score, code) = first(&row);
            if partner <= HONEST {
                honest += 1;
                if score >= 5 {
                    accused.push((seed, partner, row.details.clone()));
                }
                continue;
            }
            let (kind, expected) = FRAUD[usize::try_from(partner - HONEST - 1).unwrap()];
            if score < 10 || code != expected {
                missed.push((seed, kind, score, row.details.clone()));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(accused.len(), 0, "of {honest}: {accused:#?}");
}
