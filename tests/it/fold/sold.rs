//! An order and its price as the tests of prices reckon it: in whole cents, by the terms of their
//! catalogue written out by hand, with every limit added up anew from all other orders.

use jiff::civil::Date;

/// An order as the model keeps it, in cents.
#[derive(Clone, Debug)]
pub(crate) struct Sold {
    pub(crate) id: String,
    pub(crate) partner: u32,
    pub(crate) click: u64,
    pub(crate) date: Date,
    pub(crate) customer: Option<u64>,
    pub(crate) is_new: bool,
    pub(crate) is_shared: bool,
    pub(crate) amount: i64,
    /// Category, units, net.
    pub(crate) items: Vec<(usize, u32, i64)>,
    pub(crate) is_reversed: bool,
    /// Group and cost of what is priced: the order, or each item.
    pub(crate) paid: Vec<(Option<u8>, i64)>,
}

pub(crate) fn half_even(value: i64, divisor: i64) -> i64 {
    let (whole, rest) = (value / divisor, value % divisor);
    let up = rest * 2 > divisor || (rest * 2 == divisor && whole % 2 == 1);
    whole + i64::from(up)
}

fn week(date: Date) -> Date {
    let from_monday = i64::from(date.weekday().to_monday_zero_offset());
    date.checked_sub(jiff::Span::new().days(from_monday))
        .unwrap()
}

fn quarter(date: Date) -> (i16, i8) {
    (date.year(), (date.month() - 1) / 3)
}

impl Sold {
    pub(crate) fn cost(&self) -> i64 {
        self.paid.iter().map(|(_, cost)| cost).sum()
    }

    fn cost_of(&self, group: u8) -> i64 {
        let own = self.paid.iter().filter(|(of, _)| *of == Some(group));
        own.map(|(_, cost)| cost).sum()
    }

    /// Prices by the terms of its partner, with what `others` left of the limits.
    pub(crate) fn price(&mut self, others: &[&Self]) {
        let sum = |of: &dyn Fn(&Self) -> bool, cost: &dyn Fn(&Self) -> i64| -> i64 {
            others.iter().filter(|o| of(o)).map(|o| cost(o)).sum()
        };
        let count = |of: &dyn Fn(&Self) -> bool| others.iter().filter(|o| of(o)).count();
        if self.partner == 10 {
            let (group, mut cost) = if self.is_new {
                (Some(0), half_even(self.amount * 20, 100))
            } else if self.is_shared {
                (Some(1), 700)
            } else {
                (None, half_even(self.amount * 10, 100))
            };
            let (day, customer) = (self.date, self.customer);
            let same =
                |o: &Self| o.customer == customer && week(o.date) == week(day) && o.cost_of(0) > 0;
            if group == Some(0) && customer.is_some() && count(&same) >= 1 {
                cost = 0;
            }
            cost = cost.min((4_000 - sum(&|o| o.date == day, &Self::cost)).max(0));
            let click = self.click;
            let month =
                |o: &Self| o.click == click && o.date.first_of_month() == day.first_of_month();
            cost = cost.min((6_000 - sum(&month, &Self::cost)).max(0));
            self.paid = vec![(group, cost)];
            return;
        }
        let price = |(category, units, net): &(usize, u32, i64)| match category {
            _ if *units == 0 => (None, 0),
            0 => (Some(0), 400 * i64::from(*units)),
            1 => (None, 0),
            _ => (None, half_even(net * 5, 100)),
        };
        self.paid = self.items.iter().map(price).collect();
        let own = quarter(self.date);
        let room = 5_000 - sum(&|o| quarter(o.date) == own, &|o| o.cost_of(0));
        let mut over = (self.cost_of(0) - room.max(0)).max(0);
        for (_, cost) in self.paid.iter_mut().rev().filter(|row| row.0 == Some(0)) {
            let taken = over.min(*cost);
            *cost -= taken;
            over -= taken;
        }
        let own = week(self.date);
        if count(&|o: &Self| week(o.date) == own && o.cost() > 0) >= 4 {
            self.paid.iter_mut().for_each(|row| row.1 = 0);
        }
    }
}
