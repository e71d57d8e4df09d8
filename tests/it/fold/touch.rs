//! The steps of journeys, as the recount knows them.

use clickd::model::id::EventNumber;

/// A click by its number and its partner.
pub(crate) type Click = (u64, u32);

/// A step of somebody's journey; ordered by when it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Touch {
    pub(crate) time: i64,
    pub(crate) number: u64,
    pub(crate) by: By,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// A channel, by its name.
    Channel(&'static str),
    /// A click, by its partner.
    Partner(u32),
}

impl Touch {
    pub(crate) fn of(click: Click) -> Self {
        Self {
            time: time(click),
            number: click.0,
            by: By::Partner(click.1),
        }
    }

    pub(crate) fn click(self) -> Option<Click> {
        match self.by {
            By::Partner(partner) => Some((self.number, partner)),
            By::Channel(_) => None,
        }
    }
}

/// When a click was.
pub(crate) fn time(click: Click) -> i64 {
    EventNumber(click.0).time().0
}
