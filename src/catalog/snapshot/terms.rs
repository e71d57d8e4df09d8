//! What a contract accepts, what it pays for what, and until when an action may change.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::rule::Rule;
use crate::model::id::EventTypeId;
use crate::model::money::{Money, Rate};
use crate::model::referral::Referrals;
use crate::model::time::Millis;
use crate::model::time::calendar::{after_month_end, local};

/// The terms of a contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Terms {
    /// How it stands against other partners of the same journey.
    pub credit_group: CreditGroup,
    /// The ways of referring that earn.
    pub accepts: Referrals,
    /// When its actions lock.
    pub locking: Locking,
    /// What it pays per event type.
    pub payouts: Payouts,
    /// What it pays instead at certain times; the first in force that pays the event type counts.
    pub scheduled: Box<[Scheduled]>,
}

/// How partners and channels of one journey stand against each other, the best one last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CreditGroup {
    /// Behind all others.
    NonPreferred,
    /// Between.
    Standard,
    /// Before all others.
    #[default]
    Preferred,
}

/// When an action locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Locking {
    /// So many whole days after the end of the month that is so many months after its own.
    AfterMonthEnd {
        /// Months after the action's own.
        months: u8,
        /// Days after the end of that month.
        days: u16,
    },
    /// When the brand gives a reason that its event type locks by.
    Open,
}

/// Payouts that count at certain times.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scheduled {
    /// Shown in explanations.
    pub name: Box<str>,
    /// First instant.
    pub start: Millis,
    /// First instant after.
    pub end: Millis,
    /// Days of the week in the program's calendar; none means every day.
    pub days: Option<Weekdays>,
    /// Time of the day on the program's clock; none means all day.
    pub hours: Option<Hours>,
    /// What is paid then.
    pub payouts: Payouts,
}

/// Days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

/// A part of the day, in minutes since midnight by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hours {
    /// First minute.
    pub from: u16,
    /// First minute after, at most 1,440.
    pub to: u16,
}

/// What a contract pays, ordered by event type. Contracts that pay the same share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Payouts(Arc<[(EventTypeId, Payout)]>);

/// What one action of an event type earns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Payout {
    /// What is priced: the order, each item or each click.
    pub level: Level,
    /// The price when no group says otherwise.
    pub price: Price,
    /// Sets of rules; any one whose rules all hold pays nothing.
    pub restrictions: Box<[Box<[Rule]>]>,
    /// Ranked; the first whose rules all hold counts, and only that one.
    pub groups: Box<[PayoutGroup]>,
    /// Limits of the whole event type.
    pub limits: Box<[Limit]>,
    /// How many actions one click may earn.
    pub recurrences_max: Option<u32>,
}

/// What a payout is reckoned of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    /// The order as a whole.
    #[default]
    Order,
    /// Each item.
    Item,
    /// Each click, of an event type of category `CLICK`.
    Click,
}

/// An amount or a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Price {
    /// A fixed amount.
    Flat(Money),
    /// A share of the amount.
    Rate(Rate),
}

/// A price for what certain rules describe.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PayoutGroup {
    /// Shown in explanations.
    pub name: Box<str>,
    /// All must hold; none is fulfilled always.
    pub rules: Box<[Rule]>,
    /// What is paid then.
    pub price: Price,
    /// Limits of this group.
    pub limits: Box<[Limit]>,
}

/// The most that is paid in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// What is counted.
    pub of: LimitOf,
    /// Of whom.
    pub scope: Scope,
    /// In which period of the program's calendar.
    pub period: Period,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitOf {
    /// The sum of payouts.
    Payout(Money),
    /// The number of actions.
    Actions(u32),
}

/// Whose actions a limit counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All of the contract.
    All,
    /// Those of one customer.
    Customer,
    /// Those of one order.
    Order,
    /// Those of one click.
    Click,
}

/// When a limit starts anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// At midnight.
    Day,
    /// On Monday.
    Week,
    /// On the first of the month.
    Month,
    /// On the first of January, April, July and October.
    Quarter,
    /// Never.
    Contract,
}

impl Default for Locking {
    fn default() -> Self {
        Self::AfterMonthEnd { months: 1, days: 0 }
    }
}

impl Locking {
    /// The first instant at which an action of this date is locked; none when it never is.
    #[must_use]
    pub fn instant(self, action_date: Millis, zone: &TimeZone) -> Option<Millis> {
        match self {
            Self::AfterMonthEnd { months, days } => {
                after_month_end(action_date, zone, months, days)
            }
            Self::Open => None,
        }
    }
}

impl Terms {
    /// What an action of `event_type` on `action_date` earns.
    #[must_use]
    pub fn payout(
        &self,
        event_type: EventTypeId,
        action_date: Millis,
        zone: &TimeZone,
    ) -> Option<&Payout> {
        self.scheduled
            .iter()
            .filter(|scheduled| scheduled.is_in_force(action_date, zone))
            .find_map(|scheduled| scheduled.payouts.get(&event_type))
            .or_else(|| self.payouts.get(&event_type))
    }
}

impl Scheduled {
    /// Whether it counts at `at`.
    #[must_use]
    pub fn is_in_force(&self, at: Millis, zone: &TimeZone) -> bool {
        if at < self.start || at >= self.end {
            return false;
        }
        let Some(local) = local(at, zone) else {
            return false;
        };
        let day = local.weekday().to_monday_zero_offset();
        self.days.is_none_or(|days| days.contains(day))
            && self.hours.is_none_or(|hours| hours.contain(at, zone))
    }
}

impl Weekdays {
    /// The set with a day in it, counted from Monday as 0.
    #[must_use]
    pub fn with(self, from_monday: i8) -> Self {
        Self(self.0 | Self::bit(from_monday))
    }

    /// Whether a day is in it, counted from Monday as 0.
    #[must_use]
    pub fn contains(self, from_monday: i8) -> bool {
        self.0 & Self::bit(from_monday) != 0
    }

    fn bit(from_monday: i8) -> u8 {
        u32::try_from(from_monday)
            .ok()
            .and_then(|day| 1_u8.checked_shl(day))
            .unwrap_or(0)
    }
}

impl Hours {
    /// Whether the clock of `zone` shows one of these minutes at `at`.
    #[must_use]
    pub fn contain(self, at: Millis, zone: &TimeZone) -> bool {
        local(at, zone).is_some_and(|local| {
            let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
            i32::from(self.from) <= minute && minute < i32::from(self.to)
        })
    }
}

impl From<Price> for Payout {
    /// A price per order without any rule or limit.
    fn from(price: Price) -> Self {
        Self {
            level: Level::Order,
            price,
            restrictions: Box::default(),
            groups: Box::default(),
            limits: Box::default(),
            recurrences_max: None,
        }
    }
}

impl Default for Payouts {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Payouts {
    /// Payouts of event types, each named once.
    #[must_use]
    pub fn new(mut payouts: Vec<(EventTypeId, Payout)>) -> Self {
        payouts.sort_unstable_by_key(|(event_type, _)| *event_type);
        Self(payouts.into())
    }

    /// What an action of this event type earns.
    #[must_use]
    pub fn get(&self, event_type: &EventTypeId) -> Option<&Payout> {
        let at = self.0.binary_search_by_key(event_type, |(own, _)| *own);
        self.0.get(at.ok()?).map(|(_, payout)| payout)
    }

    /// All of them, by event type.
    pub fn iter(&self) -> impl Iterator<Item = &(EventTypeId, Payout)> {
        self.0.iter()
    }

    /// How many event types it pays for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it pays nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payouts_are_found_by_event_type_in_any_order() {
        let payout = |n| {
            (
                EventTypeId(n),
                Payout::from(Price::Flat(Money(i64::from(n)))),
            )
        };
        let payouts = Payouts::new(vec![payout(3), payout(1), payout(2)]);
        for n in 1..=3 {
            assert_eq!(payouts.get(&EventTypeId(n)), Some(&payout(n).1));
        }
        assert_eq!(payouts.get(&EventTypeId(4)), None);
        assert_eq!(
            payouts.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        assert_eq!((payouts.len(), payouts.is_empty()), (3, false));
    }

    fn at(text: &str) -> Millis {
        Millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn an_action_locks_as_its_contract_says() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let january = at("2026-01-31T22:59:59.999Z");
        let locked = |locking: Locking| locking.instant(january, &zone);
        assert_eq!(
            locked(Locking::default()),
            Some(at("2026-02-28T23:00:00Z")),
            "the first instant after 28 February"
        );
        let later = Locking::AfterMonthEnd { months: 0, days: 5 };
        assert_eq!(locked(later), Some(at("2026-02-05T23:00:00Z")));
        assert_eq!(locked(Locking::Open), None);
    }

    fn pays(millionths: i64) -> Payouts {
        let price = Price::Flat(Money(millionths));
        Payouts::new(vec![(EventTypeId(1), price.into())])
    }

    #[test]
    fn the_first_scheduled_payout_in_force_counts_by_the_programs_clock() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let scheduled = |days, hours, payouts| Scheduled {
            name: "s".into(),
            start: at("2026-11-27T05:00:00Z"),
            end: at("2026-12-01T05:00:00Z"),
            days,
            hours,
            payouts,
        };
        let friday = Weekdays::default().with(4);
        let morning = Hours { from: 540, to: 720 };
        let terms = Terms {
            payouts: pays(1),
            scheduled: [
                scheduled(None, None, Payouts::default()),
                scheduled(Some(friday), Some(morning), pays(2)),
                scheduled(None, Some(morning), pays(3)),
                scheduled(Some(friday), None, pays(4)),
            ]
            .into(),
            ..Terms::default()
        };
        for (when, expected) in [
            ("2026-11-20T15:00:00Z", 1), // a Friday before
            ("2026-11-27T04:59:59.999Z", 1),
            ("2026-11-27T05:00:00Z", 4),
            ("2026-11-27T13:59:59.999Z", 4),
            ("2026-11-27T14:00:00Z", 2),
            ("2026-11-27T16:59:59.999Z", 2),
            ("2026-11-27T17:00:00Z", 4),
            ("2026-11-28T05:00:00Z", 1), // Saturday there
            ("2026-11-28T14:00:00Z", 3),
            ("2026-12-01T04:59:59.999Z", 1),
            ("2026-12-04T14:00:00Z", 1), // a Friday after
        ] {
            let found = terms.payout(EventTypeId(1), at(when), &zone);
            let price = found.map(|payout| payout.price);
            assert_eq!(price, Some(Price::Flat(Money(expected))), "{when}");
        }
        assert_eq!(
            terms.payout(EventTypeId(2), at("2026-11-27T15:00:00Z"), &zone),
            None
        );
    }

    #[test]
    fn the_better_credit_group_is_the_greater_one() {
        assert!(CreditGroup::Preferred > CreditGroup::Standard);
        assert!(CreditGroup::Standard > CreditGroup::NonPreferred);
        assert_eq!(CreditGroup::default(), CreditGroup::Preferred);
    }
}
