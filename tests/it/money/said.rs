//! What the brand said, as plain data, and as the log takes it.

use std::collections::BTreeMap;

use clickd::model::action::change::{Change, ItemChange, What};
use clickd::model::action::settlement::Settlement;
use clickd::model::click_id::ClickId;
use clickd::model::id::{EventTypeId, JobId, PartnerId, ProgramId, SubmissionId};
use clickd::model::money::Money;
use clickd::model::submission::{
    self as model, Claim, EventTime, Origin, PayloadHash, Person, Reference, Submission,
};
use clickd::model::time::{Day, Millis};
use clickd::model::visit::Visit;

use super::model::Action;
use super::terms::Catalogue;

/// Program, event type and order id.
pub(crate) type Order = (u32, u32, String);

/// What a conversion names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named {
    Nothing,
    Forged,
    Click(ClickId),
    /// A person, who may have arrived before.
    Person(Name),
}

/// A name of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Customer(u32),
    Profile(u32),
}

/// Somebody's arrival on a page.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) program: u32,
    /// All of them one person's.
    pub(crate) names: Vec<Name>,
    /// The click they came by; without one they came by themselves.
    pub(crate) click: Option<ClickId>,
}

/// A conversion.
#[derive(Clone, Debug)]
pub(crate) struct Sale {
    pub(crate) order: Order,
    /// First millisecond and how many are meant; none is `NOW`.
    pub(crate) event: Option<(i64, i64)>,
    pub(crate) named: Named,
    /// Millionths.
    pub(crate) amount: Option<i64>,
    pub(crate) payload: u128,
}

/// Which action of its order a change means.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meant {
    Newest,
    /// By the number that it has.
    Number(u64),
    /// By a number that no action of the order has.
    Stranger(u64),
}

/// A modification or a reversal.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    pub(crate) order: Order,
    pub(crate) meant: Meant,
    pub(crate) new: New,
    pub(crate) reason: &'static str,
    pub(crate) payload: u128,
}

/// What is new by a change.
#[derive(Clone, Debug)]
pub(crate) enum New {
    /// The action is taken back.
    Reversed,
    Modified {
        amount: Option<i64>,
        status: Option<&'static str>,
        /// The item of this SKU gets another amount.
        item: Option<(&'static str, i64)>,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Said {
    Sale(Sale),
    Revision(Revision),
    Locked(Locked),
}

/// What an action came to when it locked.
#[derive(Clone, Debug)]
pub(crate) struct Locked {
    pub(crate) action: Action,
    /// The number of the action.
    pub(crate) number: u64,
    /// How much more it is to cost than the fold made of it, as by other rules.
    pub(crate) more: i64,
}

/// Everything that was said and stored, and every catalogue by its version.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) said: BTreeMap<SubmissionId, Said>,
    /// By their numbers.
    pub(crate) arrivals: BTreeMap<u64, Arrival>,
    pub(crate) catalogues: BTreeMap<u32, Catalogue>,
    /// What was said of actions that locked; the log does not answer by which id.
    pub(crate) locked: BTreeMap<Order, Locked>,
}

impl Sale {
    pub(crate) fn entry(&self) -> Submission {
        let (program, event_type, order_id) = &self.order;
        Submission {
            program: ProgramId(*program),
            event_type: EventTypeId(*event_type),
            order_id: order_id.as_str().into(),
            event: match self.event {
                None => EventTime::Now,
                Some((start, precision)) => EventTime::At {
                    start: Millis(start),
                    precision,
                },
            },
            claim: match self.named {
                Named::Nothing | Named::Person(_) => Claim::None,
                Named::Forged => Claim::Forged,
                Named::Click(id) => Claim::Verified(id),
            },
            references: match self.named {
                Named::Person(name) => vec![Reference::Person(name.person(*program))],
                _ => Vec::new(),
            },
            order: model::Order {
                amount: self.amount.map(Money),
                items: Vec::new(),
            },
            origin: line(self.payload),
            payload: PayloadHash(self.payload.to_be_bytes()),
            ..Submission::default()
        }
    }
}

impl Name {
    fn person(self, program: u32) -> Person {
        let (field, number) = match self {
            Self::Customer(number) => ("CustomerId", number),
            Self::Profile(number) => ("CustomProfileId", number),
        };
        Person::named(ProgramId(program), field, &number.to_string()).unwrap()
    }
}

impl Arrival {
    pub(crate) fn entry(&self) -> Visit {
        let names = self.names.iter();
        Visit {
            program: ProgramId(self.program),
            claim: self.click.map_or(Claim::None, Claim::Verified),
            persons: names.map(|name| name.person(self.program)).collect(),
            ..Visit::default()
        }
    }
}

impl Revision {
    pub(crate) fn entry(&self) -> Change {
        let (program, event_type, order_id) = &self.order;
        Change {
            program: ProgramId(*program),
            event_type: EventTypeId(*event_type),
            order_id: order_id.as_str().into(),
            action: match self.meant {
                Meant::Newest => None,
                Meant::Number(number) | Meant::Stranger(number) => Some(number),
            },
            what: match self.new {
                New::Reversed => What::Reverse,
                New::Modified {
                    amount,
                    status,
                    item,
                } => What::Modify {
                    amount: amount.map(Money),
                    customer_status: status.map(Into::into),
                    items: item.into_iter().map(item_change).collect(),
                },
            },
            reason: self.reason.into(),
            // An older change that is said again would have the line it had before.
            origin: Origin::Api,
            is_signed: false,
            payload: PayloadHash(self.payload.to_be_bytes()),
            fields: Vec::new(),
        }
    }
}

impl Locked {
    pub(crate) fn entry(&self) -> Settlement {
        let (program, event_type, order_id) = &self.action.order;
        let now = self.action.now();
        let epoch = jiff::civil::date(1970, 1, 1);
        Settlement {
            program: ProgramId(*program),
            event_type: EventTypeId(*event_type),
            order_id: order_id.as_str().into(),
            action: self.number,
            partner: PartnerId(self.action.partner),
            date: Millis(self.action.date),
            day: Day(epoch.until(self.action.day).unwrap().get_days()),
            locking: Millis(self.action.locks.unwrap()),
            amount: now.amount.map(Money),
            cost: Money(now.cost + self.more),
            gross_cost: Money(now.gross + self.more),
            reversed: now.reversed,
        }
    }
}

/// Sales are said by one uploaded file, each at a line of its own.
fn line(payload: u128) -> Origin {
    Origin::Batch {
        job: JobId(1),
        line: u64::try_from(payload).unwrap(),
    }
}

fn item_change((sku, amount): (&str, i64)) -> ItemChange {
    ItemChange {
        sku: sku.into(),
        amount: Some(Money(amount)),
        ..ItemChange::default()
    }
}
