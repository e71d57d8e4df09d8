//! What a change leaves of an action, and when it is refused.

use crate::catalog::snapshot::{
    ExceptionLists, Level, Limit, LimitOf, Payout, Period, Price, Scope,
};
use crate::derived::{Action, ActionFlags, ActionItem, ActionState, Counter};
use crate::model::action::change::{Change, ChangeRefusal, ItemChange, What};
use crate::model::currency::Currency;
use crate::model::id::{AdId, EventNumber, EventTypeId, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::money::{Money, Rate};
use crate::model::referral::ReferringType;
use crate::model::submission::{Item, Order, Origin, PayloadHash, Submission};
use crate::model::time::{Day, Millis};

use super::super::price::sale::Link;
use super::bill::{Bill, lines};
use super::modify::Standing;

const LOCKING: Millis = Millis(1_000);

fn cents(cents: i64) -> Money {
    Money(cents * 10_000)
}

fn item(number: u16, sku: &str, category: &str, units: u32, net: i64) -> ActionItem {
    ActionItem {
        number,
        units,
        net: cents(net),
        sku: sku.into(),
        category: category.into(),
        ..ActionItem::default()
    }
}

/// An action of 10 %, tracked once.
fn standing(amount: Option<i64>, items: Vec<ActionItem>) -> Standing {
    let amount = amount.map(cents);
    let cost = Money(amount.unwrap_or_default().0 / 10);
    let action = Action {
        order_id: "o-1".into(),
        occurrence: 0,
        partner: PartnerId(10),
        ad: AdId(5),
        click: None,
        referring_type: ReferringType::ClickCookie,
        contract: Millis(0),
        submission: SubmissionId {
            slot: Slot(1),
            program: ProgramId(1),
            number: EventNumber(8),
        },
        date: Millis(0),
        day: Day(0),
        locking: Some(LOCKING),
        amount,
        cost,
        intended_amount: amount,
        intended_cost: cost,
        gross_cost: cost,
        updated: Millis(0),
        updates: 1,
        group: None,
        customer_status: None,
        holds: Vec::new(),
        ruled: None,
        flags: ActionFlags::NONE,
    };
    Standing { action, items }
}

fn change(what: What) -> Change {
    Change {
        program: ProgramId(1),
        event_type: EventTypeId(1),
        order_id: "o-1".into(),
        action: None,
        what,
        reason: "ITEM_RETURNED".into(),
        origin: Origin::Api,
        is_signed: false,
        payload: PayloadHash([0; 16]),
        fields: Vec::new(),
    }
}

fn amount(cents_: i64) -> What {
    What::Modify {
        amount: Some(cents(cents_)),
        customer_status: None,
        items: Vec::new(),
    }
}

fn items(items: Vec<ItemChange>) -> What {
    What::Modify {
        amount: None,
        customer_status: None,
        items,
    }
}

fn of(sku: &str) -> ItemChange {
    ItemChange {
        sku: sku.into(),
        ..ItemChange::default()
    }
}

fn changed_at(at: Millis, before: &Standing, what: What) -> Result<Standing, ChangeRefusal> {
    let mut after = before.changed(&change(what), at, usd())?;
    if !after.action.is_reversed() {
        charge(&mut after, &tenth(), &[], at);
    }
    Ok(after)
}

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn tenth() -> Payout {
    Payout::from(Price::Rate(Rate(100_000)))
}

/// Prices what stands by `payout`, where others use up `used` of its limits.
fn charge(standing: &mut Standing, payout: &Payout, used: &[Counter], at: Millis) {
    let (submission, lists) = (Submission::default(), ExceptionLists::default());
    let bill = Bill {
        currency: usd(),
        lists: &lists,
        payout,
        submission: &submission,
        link: Link::default(),
    };
    let (priced, claims) = standing.price(&bill);
    standing.charge((&priced, &claims), used, at);
}

fn changed(before: &Standing, what: What) -> Result<Standing, ChangeRefusal> {
    changed_at(Millis(999), before, what)
}

fn nets(standing: &Standing) -> Vec<i64> {
    let nets = standing.items.iter().map(|item| item.net.0 / 10_000);
    nets.collect()
}

#[test]
fn a_new_amount_is_priced_by_the_same_terms() {
    let after = changed(&standing(Some(10_000), vec![]), amount(5_050)).unwrap();
    let action = &after.action;
    assert_eq!(action.amount, Some(cents(5_050)));
    assert_eq!((action.cost, action.gross_cost), (cents(505), cents(505)));
    assert_eq!(action.intended_amount, Some(cents(10_000)));
    assert_eq!(action.intended_cost, cents(1_000));
}

#[test]
fn a_reversed_action_earns_nothing_and_remembers_what_it_did() {
    let lines = vec![item(1, "A", "", 1, 10_000)];
    let before = standing(Some(10_000), lines);
    for what in [What::Reverse, amount(0)] {
        let after = changed(&before, what).unwrap();
        assert!(after.action.is_reversed());
        assert_eq!(after.action.state(Millis(0)), ActionState::Reversed);
        assert_eq!(after.action.amount, Some(Money::ZERO));
        assert_eq!(after.action.cost, Money::ZERO);
        assert_eq!(after.action.gross_cost, cents(1_000));
        assert_eq!(nets(&after), [0]);
        let again = changed(&after, What::Reverse);
        assert_eq!(again, Err(ChangeRefusal::ActionReversed));
    }
}

#[test]
fn an_amount_of_nothing_reverses_also_what_had_none() {
    let before = standing(None, vec![]);
    assert!(changed(&before, amount(0)).unwrap().action.is_reversed());
    let status = What::Modify {
        amount: None,
        customer_status: Some("NEW".into()),
        items: Vec::new(),
    };
    let after = changed(&before, status).unwrap();
    assert!(!after.action.is_reversed());
    assert_eq!(after.action.customer_status.as_deref(), Some("NEW"));
}

#[test]
fn a_status_that_comes_with_an_amount_of_nothing_is_kept() {
    let before = standing(Some(4_000), vec![item(1, "A", "", 3, 4_000)]);
    let nothing = What::Modify {
        amount: Some(Money::ZERO),
        customer_status: Some("NEW".into()),
        items: Vec::new(),
    };
    let after = changed(&before, nothing).unwrap();
    assert!(after.action.is_reversed());
    assert_eq!(after.action.customer_status.as_deref(), Some("NEW"));
    assert_eq!(after.action.gross_cost, cents(400));
}

#[test]
fn an_action_changes_until_the_instant_it_locks() {
    let before = standing(Some(10_000), vec![]);
    let last = Millis(LOCKING.0 - 1);
    assert!(changed_at(last, &before, amount(1)).is_ok());
    for what in [amount(1), What::Reverse] {
        let refused = changed_at(LOCKING, &before, what);
        assert_eq!(refused, Err(ChangeRefusal::ActionLocked));
    }
    assert_eq!(before.action.state(last), ActionState::Pending);
    assert_eq!(before.action.state(LOCKING), ActionState::Approved);
}

#[test]
fn a_thousand_changes_are_taken_and_no_more() {
    let mut before = standing(Some(10_000), vec![]);
    before.action.updates = 1_000;
    assert!(changed(&before, amount(1)).is_ok());
    before.action.updates = 1_001;
    let refused = changed(&before, amount(1));
    assert_eq!(refused, Err(ChangeRefusal::TooManyModifications));
}

#[test]
fn items_change_by_pieces_amount_or_difference() {
    let before = standing(
        Some(10_000),
        vec![item(1, "A", "", 3, 4_000), item(2, "B", "", 1, 6_000)],
    );
    let with = |change: ItemChange| changed(&before, items(vec![change]));
    let pieces = with(ItemChange {
        units: Some(1),
        ..of("A")
    });
    // A third of 40.00, half to even.
    assert_eq!(nets(&pieces.clone().unwrap()), [1_333, 6_000]);
    let pieces = pieces.unwrap();
    assert_eq!(pieces.action.amount, Some(cents(7_333)));
    assert_eq!(pieces.action.cost, cents(733));
    assert_eq!(pieces.items[0].units, 1);
    assert_eq!(
        pieces.items[0].adjusted,
        Some((Millis(999), "ITEM_RETURNED".into()))
    );
    let none = with(ItemChange {
        units: Some(0),
        ..of("B")
    });
    assert_eq!(nets(&none.unwrap()), [4_000, 0]);
    let amount = with(ItemChange {
        amount: Some(cents(1)),
        ..of("B")
    });
    assert_eq!(nets(&amount.unwrap()), [4_000, 1]);
    let less = |delta: i64| {
        with(ItemChange {
            delta: Some(delta * 10_000),
            ..of("B")
        })
    };
    assert_eq!(nets(&less(-6_000).unwrap()), [4_000, 0]);
    assert_eq!(less(-6_001), Err(ChangeRefusal::AmountBelowZero));
    assert_eq!(with(of("C")), Err(ChangeRefusal::ItemNotFound));
}

#[test]
fn an_action_without_its_last_item_is_reversed() {
    let before = standing(Some(4_000), vec![item(1, "A", "", 3, 4_000)]);
    let gone = ItemChange {
        units: Some(0),
        ..of("A")
    };
    let after = changed(&before, items(vec![gone])).unwrap();
    assert!(after.action.is_reversed());
}

#[test]
fn items_of_one_sku_change_together_unless_the_category_tells_them_apart() {
    let before = standing(
        Some(6_000),
        vec![
            item(1, "A", "Shoes", 1, 1_000),
            item(2, "A", "Boots", 2, 5_000),
        ],
    );
    let both = changed(
        &before,
        items(vec![ItemChange {
            units: Some(1),
            ..of("A")
        }]),
    );
    let both = both.unwrap();
    assert_eq!(nets(&both), [2_000, 0]);
    assert_eq!((both.items[0].units, both.items[1].units), (1, 0));
    let boots = changed(
        &before,
        items(vec![ItemChange {
            category: Some("Boots".into()),
            units: Some(1),
            ..of("A")
        }]),
    );
    assert_eq!(nets(&boots.unwrap()), [1_000, 2_500]);
}

#[test]
fn a_new_amount_is_spread_over_the_items_without_losing_a_cent() {
    let before = standing(
        Some(300),
        vec![
            item(1, "A", "", 1, 100),
            item(2, "B", "", 1, 100),
            item(3, "C", "", 1, 100),
        ],
    );
    let after = changed(&before, amount(200)).unwrap();
    assert_eq!(nets(&after), [67, 67, 66]);
}

#[test]
fn lines_without_money_share_the_amount_by_their_units() {
    let item = |number, units, net: Option<i64>| Item {
        number,
        units,
        net: net.map(cents),
        ..Item::default()
    };
    let nets = |items: Vec<Item>, amount: Option<i64>| -> Vec<i64> {
        let order = Order {
            amount: amount.map(cents),
            items,
        };
        let submission = Submission {
            order,
            ..Submission::default()
        };
        let lines = lines(&submission, Money::unit(usd()));
        lines.iter().map(|line| line.net.0 / 10_000).collect()
    };
    let unpriced = || vec![item(1, 1, None), item(4, 2, None)];
    assert_eq!(nets(unpriced(), Some(100)), [33, 67]);
    assert_eq!(nets(unpriced(), None), [0, 0]);
    let priced = vec![item(1, 1, Some(90)), item(4, 2, Some(10))];
    assert_eq!(nets(priced, Some(100)), [90, 10]);
    assert_eq!(nets(vec![], Some(100)), [0; 0]);
}

/// 10 % for each item, at most 10.00 in all.
fn limited() -> Payout {
    Payout {
        level: Level::Item,
        limits: [Limit {
            of: LimitOf::Payout(cents(1_000)),
            scope: Scope::All,
            period: Period::Month,
        }]
        .into(),
        ..tenth()
    }
}

fn used(cents: i64) -> [Counter; 1] {
    [Counter {
        cost: i128::from(cents) * 10_000,
        actions: 1,
    }]
}

#[test]
fn a_limit_marks_the_items_it_takes_from() {
    let lines = vec![item(1, "A", "", 1, 4_000), item(2, "B", "", 1, 6_000)];
    let mut action = standing(Some(10_000), lines);
    let costs = |action: &Standing| -> Vec<i64> {
        action
            .items
            .iter()
            .map(|item| item.cost.0 / 10_000)
            .collect()
    };
    charge(&mut action, &limited(), &used(900), Millis(5));
    assert_eq!(costs(&action), [100, 0]);
    let reasons: Vec<_> = action
        .items
        .iter()
        .map(|item| item.adjusted.clone())
        .collect();
    let mark = |at| Some((Millis(at), "OVERLIMIT_BUDGET".into()));
    assert_eq!(reasons, [mark(5), mark(5)]);
    assert!(action.action.flags.any(ActionFlags::OVERLIMIT_BUDGET));
    assert_eq!(
        (action.action.cost, action.action.gross_cost),
        (cents(100), cents(100))
    );
    assert_eq!(action.action.holds.len(), 1);
    assert_eq!(action.action.holds[0].cost, cents(100));
    // Charged again, it stands as before.
    let before = action.clone();
    charge(&mut action, &limited(), &used(900), Millis(6));
    assert_eq!(action, before);
    // There is room again: the marks stay as what happened last to the items.
    charge(&mut action, &limited(), &used(0), Millis(7));
    assert_eq!(costs(&action), [400, 600]);
    assert!(!action.action.flags.any(ActionFlags::OVERLIMIT_BUDGET));
    let gone = changed(&action, What::Reverse).unwrap();
    assert_eq!((costs(&gone), gone.action.holds), (vec![0, 0], vec![]));
}

#[test]
fn an_action_without_money_keeps_having_none_and_ends_with_its_items() {
    let before = standing(None, vec![item(1, "A", "", 2, 0), item(2, "B", "", 1, 0)]);
    let with = |sku: &str, before: &Standing| {
        let none = ItemChange {
            units: Some(0),
            ..of(sku)
        };
        changed(before, items(vec![none])).unwrap()
    };
    let after = with("A", &before);
    assert_eq!(
        (after.action.amount, after.action.is_reversed()),
        (None, false)
    );
    assert!(with("B", &after).action.is_reversed());
}
