//! Payout groups, items and limits through a real log: random orders and changes against a list
//! of orders that is added up anew for every price.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use clickd::catalog::{parse_toml, to_stored};
use clickd::derived::{Action, ActionItem, Derived, Family, OrderKey};
use clickd::fold::{Folder, rebuild, verify};
use clickd::log::{Clock, Log, Options};
use clickd::model::action::change::{Change, ItemChange, What};
use clickd::model::action::settlement::Settlement;
use clickd::model::arrival::Outcome;
use clickd::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use clickd::model::click_id::ClickId;
use clickd::model::id::{
    AdId, CatalogVersion, EventNumber, EventTypeId, PartnerId, ProgramId, StringRef,
};
use clickd::model::money::Money;
use clickd::model::submission::{
    Claim, EventTime, Item, Order, Origin, PayloadHash, Person, Reference, Submission,
};
use clickd::model::time::{DAY, HOUR, Millis};
use jiff::Timestamp;

use super::same::{catch_up, open};
use super::sold::{Sold, half_even};
use super::world::Dice;

const CATALOG: &str = r#"
version = 0
[[brand]]
sid = "IRone"
name = "One"
[[program]]
id = 1
brand = "IRone"
name = "One"
time_zone = "America/New_York"
currency = "USD"
landing_page = "https://one.example/"
late_limit = "60d"
[[event_type]]
program = 1
id = 1
name = "Sale"
category = "SALE"
[[ad]]
program = 1
id = 5
name = "Ad"
type = "TEXT_LINK"
[[partner]]
id = 10
name = "Ten"
[[partner]]
id = 11
name = "Eleven"
[[contract]]
program = 1
partner = 10
start = 2026-01-01
payouts = [{ event_type = 1, rate = "10%", groups = [
    { name = "New", rate = "20%",
      rules = [{ variable = "CUSTOMER_STATUS", operator = "IS", values = ["NEW"] }],
      limits = [{ of = "ACTIONS", count = 1, scope = "CUSTOMER", period = "WEEK" }] },
    { name = "Shared", amount = "7.00",
      rules = [{ variable = "SHARED_ID", operator = "IS", values = ["friend"] }] },
  ], limits = [{ of = "PAYOUT", amount = "40", period = "DAY" },
               { of = "PAYOUT", amount = "60", scope = "CLICK", period = "MONTH" }] }]
[[contract]]
program = 1
partner = 11
start = 2026-01-01
payouts = [{ event_type = 1, rate = "5%", level = "ITEM",
  restrictions = [[{ variable = "ITEM_CATEGORY", operator = "IS", values = ["Gift"] }]],
  groups = [
    { name = "Boots", amount = "4.00",
      rules = [{ variable = "ITEM_CATEGORY", operator = "IS", values = ["Boots"] }],
      limits = [{ of = "PAYOUT", amount = "50", period = "QUARTER" }] },
  ], limits = [{ of = "ACTIONS", count = 4, period = "WEEK" }] }]
"#;

/// 2026-03-25T12:00:00Z: a week, a month and a quarter end soon.
const START: Millis = Millis(1_774_440_000_000);
const CATEGORIES: [&str; 3] = ["Boots", "Gift", "Hats"];

struct Shop {
    dice: Dice,
    log: Log,
    orders: Vec<Sold>,
    said: u64,
}

fn customer(id: u64) -> Reference {
    let person = Person::named(ProgramId(1), "CustomerId", &id.to_string());
    Reference::Person(person.unwrap())
}

impl Shop {
    fn payload(&mut self) -> PayloadHash {
        self.said += 1;
        PayloadHash(u128::from(self.said).to_be_bytes())
    }

    /// Stores a click of partner 10 with a shared id.
    fn click(&self) -> u64 {
        let mut writer = self.log.writer();
        let at = START.plus(-20 * DAY);
        let number = EventNumber::first_at(at, 7);
        let parameters: [(Parameter, &[u8]); 1] = [(Parameter::SharedId, b"friend")];
        writer.count(ProgramId(1), Outcome::Received);
        let click = Click {
            flags: ClickFlags::NONE,
            program: ProgramId(1),
            ad: AdId(5),
            network: Network::V4([192, 0, 2]),
            visitor: Visitor(1),
            visitor_before: None,
            cookie: None,
            user_agent: StringRef(0),
            referrer: StringRef(0),
            shape: StringRef(0),
            landing: StringRef(0),
            parameters: parameters.into_iter(),
        };
        writer.push(PartnerId(10), number, &click);
        writer.commit().unwrap();
        number.0
    }

    fn order(&mut self, shared: u64) {
        let dice = &mut self.dice;
        let partner = if dice.below(2) == 0 { 10 } else { 11 };
        let is_shared = partner == 10 && dice.below(3) == 0;
        let lost = EventNumber::first_at(START.plus(-20 * DAY), 8).0 + dice.below(4);
        let click = if is_shared { shared } else { lost };
        let back = i64::try_from(dice.below(240)).unwrap() * HOUR;
        let date = START.plus(-back);
        let zoned = Timestamp::from_millisecond(date.0).unwrap();
        let customer_id = (dice.below(4) > 0).then(|| dice.below(3));
        let items: Vec<(usize, u32, i64)> = (0..if partner == 11 { dice.below(4) + 1 } else { 0 })
            .map(|_| {
                let category = usize::try_from(dice.below(3)).unwrap();
                let units = u32::try_from(dice.below(3)).unwrap() + 1;
                (
                    category,
                    units,
                    i64::try_from(dice.below(9_000)).unwrap() + 1,
                )
            })
            .collect();
        let single = i64::try_from(dice.below(20_000)).unwrap() + 1;
        let amount = match items.len() {
            0 => single,
            _ => items.iter().map(|(_, _, net)| net).sum(),
        };
        let is_new = dice.below(2) == 0;
        let mut sold = Sold {
            id: format!("o{}", self.orders.len()),
            partner,
            click,
            date: zoned.in_tz("America/New_York").unwrap().date(),
            customer: customer_id,
            is_new,
            is_shared,
            amount,
            items,
            is_reversed: false,
            paid: Vec::new(),
        };
        let payload = self.payload();
        self.log.submit(&submission(&sold, date, payload)).unwrap();
        let others: Vec<&Sold> = self
            .orders
            .iter()
            .filter(|o| o.partner == partner)
            .collect();
        sold.price(&others);
        self.orders.push(sold);
    }

    /// Changes an order, and the model as the change is meant.
    fn change(&mut self) {
        let Some(last) = self.orders.len().checked_sub(1) else {
            return;
        };
        let at = usize::try_from(self.dice.below(last as u64 + 1)).unwrap();
        let mut sold = self.orders[at].clone();
        let what = match self.dice.below(4) {
            0 => {
                sold.is_reversed = true;
                What::Reverse
            }
            1 => {
                sold.is_new = !sold.is_new;
                modify(None, Some(sold.is_new), Vec::new())
            }
            _ if sold.items.is_empty() => {
                sold.amount = i64::try_from(self.dice.below(20_000)).unwrap() + 1;
                modify(Some(sold.amount), None, Vec::new())
            }
            _ => {
                let item = usize::try_from(self.dice.below(sold.items.len() as u64)).unwrap();
                let units = u32::try_from(self.dice.below(4)).unwrap();
                let (_, had, net) = &mut sold.items[item];
                *net = match *had {
                    0 => 0,
                    had => half_even(*net * i64::from(units), i64::from(had)),
                };
                *had = units;
                sold.amount = sold.items.iter().map(|(_, _, net)| net).sum();
                sold.is_reversed =
                    sold.amount == 0 || sold.items.iter().all(|(_, units, _)| *units == 0);
                let change = ItemChange {
                    sku: format!("s{item}").into(),
                    units: Some(units),
                    ..ItemChange::default()
                };
                modify(None, None, vec![change])
            }
        };
        let change = Change {
            program: ProgramId(1),
            event_type: EventTypeId(1),
            order_id: sold.id.as_str().into(),
            action: None,
            what,
            reason: "OTHER".into(),
            origin: Origin::Api,
            is_signed: false,
            payload: self.payload(),
            fields: Vec::new(),
        };
        self.log.change(&change).unwrap();
        if self.orders[at].is_reversed {
            return;
        }
        if sold.is_reversed {
            (sold.amount, sold.paid) = (0, Vec::new());
        } else {
            let others = self.orders.iter().filter(|o| o.partner == sold.partner);
            let others: Vec<&Sold> = others.filter(|o| o.id != sold.id).collect();
            sold.price(&others);
        }
        self.orders[at] = sold;
    }

    /// Settles actions that use up limits with other figures than they stand with: of another cost,
    /// of none, of another partner. What they hold follows.
    fn settle(&self, derived: &Derived) {
        let generation = derived.serving();
        let mut held = Vec::new();
        let view = generation.view().unwrap();
        view.for_each_action(&mut |id, action| {
            if !action.holds.is_empty() {
                held.push((id, action));
            }
        })
        .unwrap();
        for (at, (id, action)) in held.iter().take(4).enumerate() {
            let cost = match at {
                0 => Money(action.cost.0 + 10_000),
                1 => Money(action.cost.0 / 20_000 * 10_000),
                2 => Money::ZERO,
                _ => action.cost,
            };
            let settlement = Settlement {
                program: id.program,
                event_type: id.event_type,
                order_id: action.order_id.clone(),
                action: id.order,
                partner: PartnerId(if at == 3 { 12 } else { action.partner.0 }),
                date: action.date,
                day: action.day,
                locking: action.locking.unwrap(),
                amount: action.amount,
                cost,
                gross_cost: cost,
                reversed: false,
            };
            assert_eq!(self.log.settle(&[settlement]).unwrap(), 1);
        }
        self.log.seal().unwrap();
        catch_up(
            &mut Folder::new(self.log.clone(), derived.serving()),
            &self.log,
        );
        let report = verify(&self.log, derived).unwrap();
        assert!(report.is_clean(), "{report:#?}");
    }

    fn compare(&self, derived: &Derived, seed: u64) {
        let generation = derived.serving();
        let view = generation.view().unwrap();
        for sold in &self.orders {
            let key = OrderKey::new(ProgramId(1), EventTypeId(1), &sold.id);
            let id = view.actions_of(&key).unwrap()[0];
            let action: Action = view.action(id).unwrap().unwrap();
            let items: Vec<ActionItem> = view.items(id).unwrap();
            let at = format!("seed {seed}: {sold:?}, {action:?}");
            assert_eq!(action.cost, Money(sold.cost() * 10_000), "{at}");
            assert_eq!(action.amount, Some(Money(sold.amount * 10_000)), "{at}");
            assert_eq!(action.is_reversed(), sold.is_reversed, "{at}");
            let of_items: i64 = items.iter().map(|item| item.cost.0).sum();
            assert!(items.is_empty() || of_items == action.cost.0, "{at}");
        }
        let report = verify(&self.log, derived).unwrap();
        assert!(report.is_clean(), "seed {seed}: {report:#?}");
    }
}

fn modify(amount: Option<i64>, is_new: Option<bool>, items: Vec<ItemChange>) -> What {
    What::Modify {
        amount: amount.map(|cents| Money(cents * 10_000)),
        customer_status: is_new.map(status),
        items,
    }
}

fn status(is_new: bool) -> Box<str> {
    if is_new { "NEW".into() } else { "OLD".into() }
}

fn submission(sold: &Sold, date: Millis, payload: PayloadHash) -> Submission {
    let click = ClickId {
        number: EventNumber(sold.click),
        partner: PartnerId(sold.partner),
        ad: AdId(5),
        program: ProgramId(1),
        unrecorded: !sold.is_shared,
        key_number: 0,
    };
    let items = (0_u16..)
        .zip(&sold.items)
        .map(|(at, (category, units, net))| Item {
            number: at + 1,
            units: *units,
            net: Some(Money(net * 10_000)),
            sku: format!("s{at}").into(),
            category: CATEGORIES[*category].into(),
            ..Item::default()
        });
    Submission {
        program: ProgramId(1),
        event_type: EventTypeId(1),
        order_id: sold.id.as_str().into(),
        event: EventTime::At {
            start: date,
            precision: 1,
        },
        claim: Claim::Verified(click),
        references: sold.customer.map(customer).into_iter().collect(),
        order: Order {
            amount: Some(Money(sold.amount * 10_000)),
            items: items.collect(),
        },
        customer_status: Some(status(sold.is_new)),
        payload,
        ..Submission::default()
    }
}

fn rows(derived: &Derived) -> BTreeMap<(Family, Vec<u8>), Vec<u8>> {
    let generation = derived.serving();
    let view = generation.view().unwrap();
    let mut rows = BTreeMap::new();
    for family in Family::ALL {
        view.dump(family, &mut |key, value| {
            rows.insert((family, key.to_vec()), value.to_vec());
        })
        .unwrap();
    }
    rows
}

#[test]
fn every_price_is_what_groups_items_and_limits_leave_and_a_rebuild_agrees() {
    for seed in 0..6 {
        let root = tempfile::tempdir().unwrap();
        let options = Options::new(root.path().join("log"));
        let log = Log::open(&options, Clock::start_at(START)).unwrap();
        let stored = to_stored(&parse_toml(CATALOG).unwrap()).unwrap();
        log.put_catalog(CatalogVersion(0), &stored).unwrap();
        let derived = open(&root.path().join("derived"), &log);
        let mut shop = Shop {
            dice: Dice(seed),
            log: log.clone(),
            orders: Vec::new(),
            said: 0,
        };
        let shared = shop.click();
        for _ in 0..12 {
            for _ in 0..shop.dice.below(12) {
                if shop.dice.below(5) < 3 {
                    shop.order(shared);
                } else {
                    shop.change();
                }
            }
            log.seal().unwrap();
            catch_up(&mut Folder::new(log.clone(), derived.serving()), &log);
            shop.compare(&derived, seed);
        }
        shop.settle(&derived);
        // From here on the log stands still.
        log.stop().unwrap();
        catch_up(&mut Folder::new(log.clone(), derived.serving()), &log);
        let live = rows(&derived);
        assert!(rebuild(&log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
        assert!(rows(&derived) == live, "rebuilt, seed {seed}");
    }
}
