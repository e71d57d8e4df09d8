//! What each kind of limit leaves, in each scope and period.

use crate::catalog::snapshot::{Limit, LimitOf, Payout, PayoutGroup, Period, Price, Scope};
use crate::derived::{Counted, Counter};
use crate::model::id::{EventNumber, ProgramId};
use crate::model::money::Money;
use crate::model::submission::{Person, Reference, Submission};
use crate::model::time::Day;

use super::limit::{Claim, Cut, Whose, claims, clip, holds};
use super::order::Share;

fn share(item: u16, group: Option<u16>, cost: i64) -> Share {
    Share {
        item,
        group,
        cost: Money(cost),
        cut: Cut::default(),
    }
}

fn limit(of: LimitOf, scope: Scope, period: Period) -> Limit {
    Limit { of, scope, period }
}

fn budget(most: i64) -> Limit {
    limit(LimitOf::Payout(Money(most)), Scope::All, Period::Month)
}

fn count(most: u32) -> Limit {
    limit(LimitOf::Actions(most), Scope::All, Period::Month)
}

/// Limits of the event type, and of two groups.
fn payout(all: &[Limit], groups: [(&str, &[Limit]); 2]) -> Payout {
    let group = |(name, limits): (&str, &[Limit])| PayoutGroup {
        name: name.into(),
        rules: Box::default(),
        price: Price::Flat(Money(1)),
        limits: limits.into(),
    };
    Payout {
        limits: all.into(),
        groups: groups.map(group).into(),
        ..Payout::from(Price::Flat(Money(1)))
    }
}

fn submission(order_id: &str, persons: &[(&str, &str)]) -> Submission {
    let person = |(field, id): &(&str, &str)| {
        let person = Person::named(ProgramId(1), field, id);
        Reference::Person(person.unwrap())
    };
    Submission {
        order_id: order_id.into(),
        references: persons.iter().map(person).collect(),
        ..Submission::default()
    }
}

fn claims_on(payout: &Payout, shares: &[Share], day: i32) -> Vec<Claim> {
    let submission = submission("o", &[]);
    let whose = Whose {
        submission: Some(&submission),
        click: Some(EventNumber(1)),
        day: Day(day),
    };
    claims(payout, shares, &whose)
}

fn used(cost: i128, actions: u64) -> Counter {
    Counter { cost, actions }
}

fn costs(shares: &[Share]) -> Vec<i64> {
    shares.iter().map(|share| share.cost.0).collect()
}

/// What `limits` of the event type leave of three items of 50 each.
fn left(limits: &[Limit], used: &[Counter]) -> Vec<Share> {
    let mut shares = [1, 2, 3].map(|item| share(item, None, 50)).to_vec();
    let payout = payout(limits, [("a", &[]), ("b", &[])]);
    let claims = claims_on(&payout, &shares, 0);
    clip(&mut shares, &claims, used);
    shares
}

#[test]
fn a_limit_on_payouts_takes_from_the_last_item_first_what_is_over() {
    for (most, before, expected) in [
        (1_000, 0, [50, 50, 50]),
        (1_000, 850, [50, 50, 50]),
        (1_000, 851, [50, 50, 49]),
        (1_000, 900, [50, 50, 0]),
        (1_000, 990, [10, 0, 0]),
        (1_000, 1_000, [0, 0, 0]),
        // More was used than a limit that came later permits.
        (1_000, 2_000, [0, 0, 0]),
        (0, 0, [0, 0, 0]),
    ] {
        let shares = left(&[budget(most)], &[used(before, 7)]);
        assert_eq!(costs(&shares), expected, "{before}");
        for share in &shares {
            let cut = share.cost < Money(50);
            assert_eq!(share.cut.budget, cut);
            assert_eq!(share.cut.reason(), cut.then_some("OVERLIMIT_BUDGET"));
        }
    }
}

#[test]
fn a_limit_on_the_number_of_actions_pays_nothing_beyond_it() {
    for (most, before, expected) in [(3, 2, 50), (3, 3, 0), (3, 4, 0), (0, 0, 0)] {
        let shares = left(&[count(most)], &[used(9_999, before)]);
        assert_eq!(costs(&shares), [expected; 3], "{before}");
        let reason = shares[0].cut.reason();
        assert_eq!(reason, (expected == 0).then_some("OVERLIMIT_ACTIONCAP"));
    }
}

#[test]
fn every_limit_takes_from_what_the_one_before_left() {
    let limits = [budget(100), budget(120), count(1)];
    let shares = left(&limits, &[used(0, 0), used(0, 0), used(0, 0)]);
    assert_eq!(costs(&shares), [50, 50, 0]);
    let shares = left(&limits, &[used(0, 0), used(90, 0), used(0, 0)]);
    assert_eq!(costs(&shares), [30, 0, 0]);
    let shares = left(&limits, &[used(0, 0), used(0, 0), used(0, 1)]);
    assert_eq!(costs(&shares), [0, 0, 0]);
}

#[test]
fn the_limits_of_a_group_come_first_and_are_for_its_items_alone() {
    let payout = payout(&[budget(100)], [("a", &[budget(60)]), ("b", &[budget(5)])]);
    let mut shares = vec![
        share(1, Some(0), 50),
        share(2, None, 50),
        share(3, Some(0), 50),
    ];
    let claims = claims_on(&payout, &shares, 0);
    let groups: Vec<_> = claims.iter().map(|claim| claim.group).collect();
    assert_eq!(
        groups,
        [Some(0), None],
        "none of a group that prices nothing"
    );
    clip(&mut shares, &claims, &[used(0, 0), used(0, 0)]);
    assert_eq!(costs(&shares), [50, 50, 0]);
    let held: Vec<_> = holds(&shares, &claims);
    assert_eq!(
        held.iter().map(|hold| hold.cost.0).collect::<Vec<_>>(),
        [50, 100]
    );
    assert_ne!(held[0].counted, held[1].counted);
}

#[test]
fn an_action_uses_up_what_it_is_paid_once_for_each_counter() {
    let limits = [budget(1_000), count(1)];
    let payout = payout(&limits, [("a", &[]), ("b", &[])]);
    let mut shares = vec![share(1, None, 50)];
    let claims = claims_on(&payout, &shares, 0);
    assert_eq!(claims[0].counted, claims[1].counted);
    let held = holds(&shares, &claims);
    assert_eq!((held.len(), held[0].cost), (1, Money(50)));
    // What a limit took uses up nothing, not even one action.
    clip(&mut shares, &claims, &[used(0, 1), used(0, 1)]);
    assert_eq!(holds(&shares, &claims), []);
}

#[test]
fn a_group_is_counted_by_its_name_wherever_it_stands() {
    let counted = |groups, rank| -> Counted {
        let payout = payout(&[], groups);
        claims_on(&payout, &[share(1, Some(rank), 1)], 0)[0].counted
    };
    let limits: &[Limit] = &[count(1)];
    let first = counted([("a", limits), ("b", limits)], 0);
    assert_eq!(first, counted([("b", limits), ("a", limits)], 1));
    assert_ne!(first, counted([("a", limits), ("b", limits)], 1));
    // Groups of the same name are two.
    assert_ne!(first, counted([("a", limits), ("a", limits)], 1));
}

/// The counter that `scope` and `period` use.
fn counter(
    (scope, period): (Scope, Period),
    submission: &Submission,
    click: u64,
    day: i32,
) -> Option<Counted> {
    let limits = [limit(LimitOf::Actions(1), scope, period)];
    let payout = payout(&limits, [("a", &[]), ("b", &[])]);
    let whose = Whose {
        submission: Some(submission),
        click: Some(EventNumber(click)),
        day: Day(day),
    };
    let claims = claims(&payout, &[share(1, None, 1)], &whose);
    claims.first().map(|claim| claim.counted)
}

#[test]
fn a_limit_counts_its_scope_together_and_no_other() {
    let customer = |id| submission("o", &[("CustomerId", id)]);
    let anybody = submission("o", &[]);
    let other_order = submission("p", &[]);
    // 0: the same counter, 1: another one, in the order All, Customer, Order, Click.
    for (one, other, differs) in [
        ((&customer("c"), 1), (&customer("c"), 1), [0, 0, 0, 0]),
        ((&customer("c"), 1), (&customer("d"), 1), [0, 1, 0, 0]),
        ((&anybody, 1), (&other_order, 1), [0, 0, 1, 0]),
        ((&anybody, 1), (&anybody, 2), [0, 0, 0, 1]),
    ] {
        let scopes = [Scope::All, Scope::Customer, Scope::Order, Scope::Click];
        for (scope, differs) in scopes.into_iter().zip(differs) {
            let of = |(submission, click)| counter((scope, Period::Day), submission, click, 0);
            assert_eq!(of(one) != of(other), differs == 1, "{scope:?}");
        }
    }
}

#[test]
fn a_customer_is_known_by_number_or_else_by_profile_and_nobody_is_not_limited() {
    let of = |persons: &[(&str, &str)]| {
        let scope = (Scope::Customer, Period::Day);
        counter(scope, &submission("o", persons), 1, 0)
    };
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[("GoogAId", "g")]), None);
    assert!(of(&[("CustomProfileId", "p")]).is_some());
    assert_ne!(of(&[("CustomProfileId", "c")]), of(&[("CustomerId", "c")]));
    assert_eq!(
        of(&[("CustomProfileId", "p"), ("CustomerId", "c")]),
        of(&[("CustomerId", "c"), ("CustomProfileId", "q")])
    );
}

#[test]
fn a_limit_starts_anew_with_each_period() {
    // 2026-11-22, a Sunday, to Monday; the end of November; of the year.
    const SUNDAY: i32 = 20_779;
    for (period, day, is_new) in [
        (Period::Day, SUNDAY, true),
        (Period::Week, SUNDAY, true),
        (Period::Week, SUNDAY - 1, false),
        (Period::Month, SUNDAY, false),
        (Period::Month, SUNDAY + 8, true),
        (Period::Quarter, SUNDAY + 8, false),
        (Period::Quarter, SUNDAY + 39, true),
        (Period::Contract, SUNDAY + 39, false),
    ] {
        let nobody = submission("o", &[]);
        let of = |day| counter((Scope::All, period), &nobody, 1, day);
        assert_eq!(of(day) != of(day + 1), is_new, "{period:?} {day}");
    }
}
