//! Events of the fold's notices.
//!
//! In: the notices, actions, updates and lines of the generation that serves, the catalogue in
//! force, clicks and conversions of the log. Out: rendered events. On the postbacks thread only.
//!
//! What an update did and what the action came to by it is that of the update. The items, the
//! customer status and the names are as they stand when the event is made, a moment after the slot
//! is folded.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Destination, NoticeKind};
use crate::derived::{
    Action, ActionItem, ActionState, Notice, NoticeKey, Update, UpdateKind, View,
};
use crate::log::LogError;
use crate::log::row::click as click_row;
use crate::model::click::Parameter;
use crate::model::entry::Entry;
use crate::model::id::ProgramId;
use crate::model::money::Money;
use crate::model::submission::{Origin, Reference, Submission};
use crate::model::time::Millis;
use crate::postback::{
    NoticeFacts, NoticeItem, Pending, Place, PostbackError, Source, Taken, event,
};

use super::super::stores::Stores;
use super::start::beginning;

/// Notices looked at before others have their turn.
const LOOKED_MAX: usize = 4_096;

/// The source.
pub(super) struct Notices {
    stores: Arc<Stores>,
}

/// What a click tells.
#[derive(Debug, Default)]
struct Clicked {
    at: Option<Millis>,
    shared_id: String,
    sub_ids: [String; 3],
    landing_page: String,
}

impl Source for Notices {
    fn destinations(&mut self) -> Vec<u32> {
        let catalog = self.stores.catalog.load();
        let active = catalog.destinations.values().filter(|own| own.active);
        active.map(|own| own.id).collect()
    }

    fn next(
        &mut self,
        destination: u32,
        after: Option<Place>,
        most: usize,
    ) -> Result<Taken, PostbackError> {
        let catalog = self.stores.catalog.load_full();
        let Some(to) = catalog.destinations.get(&destination) else {
            return Ok(Taken::default());
        };
        let Some(after) = after else {
            return Ok(Taken {
                cursor: Some(beginning(&self.stores.log)),
                ..Taken::default()
            });
        };
        let serving = self.stores.derived.serving();
        let view = serving.view()?;
        let end = view.watermark()?.map(|mark| Place {
            slot: mark.slot,
            sequence: u32::MAX,
        });
        // A generation that is made anew may be behind; what it has is taken already.
        let Some(end) = end.filter(|end| *end > after) else {
            return Ok(Taken::default());
        };
        let mut found = Vec::new();
        let (mut looked, mut stopped_at) = (0, None);
        view.for_each_notice_from(next_key(to.program, after), &mut |key, notice| {
            looked += 1;
            let partner = notice.partner;
            if to.hears(kind(&notice), notice.update.action.event_type, partner) {
                found.push((key, notice));
            }
            if found.len() >= most || looked >= LOOKED_MAX {
                stopped_at = Some(place(key));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        let mut events = Vec::with_capacity(found.len());
        for (key, notice) in found {
            if let Some(event) = self.render(&view, &catalog, to, &notice)? {
                events.push((place(key), event));
            }
        }
        Ok(Taken {
            events,
            cursor: Some(stopped_at.unwrap_or(end)),
            has_more: stopped_at.is_some(),
        })
    }

    fn again(&mut self, destination: u32, place: Place) -> Result<Option<Pending>, PostbackError> {
        let catalog = self.stores.catalog.load_full();
        let Some(to) = catalog.destinations.get(&destination) else {
            return Ok(None);
        };
        let serving = self.stores.derived.serving();
        let view = serving.view()?;
        let key = NoticeKey {
            program: to.program,
            slot: place.slot,
            sequence: place.sequence,
        };
        match view.notice(key)? {
            Some(notice) => self.render(&view, &catalog, to, &notice),
            None => Ok(None),
        }
    }
}

impl Notices {
    pub(super) fn new(stores: Arc<Stores>) -> Self {
        Self { stores }
    }

    /// The event of a notice; nothing of an action that was imported, or when the rows it speaks
    /// of are not there, which `verify` tells.
    fn render(
        &self,
        view: &View<'_>,
        catalog: &Catalog,
        to: &Destination,
        notice: &Notice,
    ) -> Result<Option<Pending>, PostbackError> {
        let id = notice.update.action;
        let (Some(update), Some(action), Some(program)) = (
            view.update(notice.update)?,
            view.action(id)?,
            catalog.program(id.program),
        ) else {
            tracing::error!(action = %id, "a notice of an action that is not there");
            return Ok(None);
        };
        let event_type = program.event_types.get(&id.event_type);
        let partner = catalog.partner(notice.partner);
        let said = self.said(&action)?;
        if said.as_ref().is_some_and(is_history) {
            return Ok(None);
        }
        let clicked = self.clicked(&action)?;
        let items = view.items(id)?;
        let items: Vec<NoticeItem<'_>> = items.iter().map(item).collect();
        let facts = NoticeFacts {
            program: id.program,
            program_name: &program.name,
            zone: &program.time_zone,
            event_type: id.event_type,
            event_type_name: event_type.map_or("", |own| &*own.name),
            category: event_type.map_or("", |own| own.category),
            partner: notice.partner,
            partner_name: partner.map_or("", |own| &*own.name),
            referring_type: action.referring_type,
            action: &id.to_string(),
            update: notice.update.number,
            status: status(&action, &update).word(),
            status_detail: &update.reason,
            ad: action.ad,
            payout: update.cost,
            delta_payout: Money(update.delta_cost),
            intended_payout: action.intended_cost,
            amount: update.amount,
            delta_amount: Money(update.delta_amount),
            intended_amount: action.intended_amount.unwrap_or_default(),
            currency: program.currency,
            event_date: action.date,
            creation_date: action.submission.number.time(),
            locking_date: action.locking,
            referring_date: clicked.at,
            order_id: &action.order_id,
            promo_code: said.as_ref().map_or("", promo_code),
            customer_status: action.customer_status.as_deref().unwrap_or_default(),
            shared_id: &clicked.shared_id,
            sub_ids: clicked.sub_ids.each_ref().map(String::as_str),
            landing_page_url: &clicked.landing_page,
            items: &items,
        };
        Ok(Some(event(to, &facts, kind(notice), update.at())))
    }

    /// The conversion that the action was credited for; nothing of one that was restored from what
    /// it came to.
    fn said(&self, action: &Action) -> Result<Option<Submission>, LogError> {
        let entry = self.stores.log.entry(action.submission)?;
        Ok(entry.and_then(Entry::into_conversion))
    }

    fn clicked(&self, action: &Action) -> Result<Clicked, LogError> {
        let Some(click) = action.click else {
            return Ok(Clicked::default());
        };
        let mut clicked = Clicked {
            at: Some(click.time),
            ..Clicked::default()
        };
        let log = &self.stores.log;
        let row = match click.slot {
            Some(slot) => log.click_row(slot, action.partner, click.number)?,
            None => None,
        };
        let Some(row) = row else { return Ok(clicked) };
        let row = click_row::read(&row)?;
        if row.landing.0 != 0 {
            let landing = log.string(row.landing)?.unwrap_or_default();
            clicked.landing_page = String::from_utf8_lossy(&landing).into_owned();
        }
        for (parameter, value) in row.parameters {
            let [first, second, third] = &mut clicked.sub_ids;
            let into = match parameter {
                Parameter::SubId(1) => first,
                Parameter::SubId(2) => second,
                Parameter::SubId(3) => third,
                Parameter::SharedId => &mut clicked.shared_id,
                _ => continue,
            };
            *into = String::from_utf8_lossy(value).into_owned();
        }
        Ok(clicked)
    }
}

/// The first key after a place.
fn next_key(program: ProgramId, after: Place) -> NoticeKey {
    let (slot, sequence) = match after.sequence.checked_add(1) {
        Some(sequence) => (after.slot, sequence),
        None => (after.slot.next(), 0),
    };
    NoticeKey {
        program,
        slot,
        sequence,
    }
}

fn place(key: NoticeKey) -> Place {
    Place {
        slot: key.slot,
        sequence: key.sequence,
    }
}

fn kind(notice: &Notice) -> NoticeKind {
    match notice.kind {
        UpdateKind::Tracked => NoticeKind::Tracked,
        UpdateKind::Reversed => NoticeKind::Reversed,
        UpdateKind::Modified | UpdateKind::Settled => NoticeKind::Modified,
    }
}

/// Where the action stood once the update was made, whatever came later.
fn status(action: &Action, update: &Update) -> ActionState {
    match update.kind {
        UpdateKind::Reversed => ActionState::Reversed,
        _ if action.is_locked(update.at()) => ActionState::Approved,
        _ => ActionState::Pending,
    }
}

/// Whether it was imported: what brands and partners settled elsewhere long ago is no news.
fn is_history(said: &Submission) -> bool {
    matches!(said.origin, Origin::Import { .. })
}

fn promo_code(said: &Submission) -> &str {
    let mut codes = said
        .references
        .iter()
        .filter_map(|reference| match reference {
            Reference::PromoCode(code) => Some(&**code),
            _ => None,
        });
    codes.next().unwrap_or_default()
}

fn item(item: &ActionItem) -> NoticeItem<'_> {
    NoticeItem {
        sku: &item.sku,
        quantity: item.units,
        amount: item.net,
    }
}
