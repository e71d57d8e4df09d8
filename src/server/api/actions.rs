//! Actions, their lines and their updates, read one by one.

use std::sync::Arc;

use hyper::StatusCode;
use percent_encoding::percent_decode_str;

use crate::derived::Stop;
use crate::log::Log;
use crate::log::row::click as click_row;
use crate::model::action::change::Change;
use crate::model::click::{ClickFlags, Parameter};
use crate::model::id::{EventNumber, PartnerId, Slot, SubmissionId};
use crate::model::submission::Submission;
use crate::model::time::Millis;
use crate::report::query::Format;
use crate::report::{ClickFacts, Facts, Listing, ReportError, Scope};

use super::reports;
use super::respond::{self, Answer};
use super::route::{Account, Route};
use super::state::ApiState;
use crate::model::entry::Entry;

/// `GET` of `…/Actions`, `…/ActionUpdates` and what is below them.
pub async fn show(
    state: &Arc<ApiState>,
    account: Account<'_>,
    route: Route<'_>,
    path: &str,
    query: String,
    asked: Format,
) -> Answer {
    let Some(question) = Question::of(route) else {
        return respond::not_found();
    };
    let viewer = account.viewer;
    let (own, sid, path) = (Arc::clone(state), account.sid.to_owned(), path.to_owned());
    reports::in_turn(state, "actions", move |stop| {
        let sid = &sid;
        let account = Account { viewer, sid };
        read(&own, &question, account, (&path, &query, asked), stop)
    })
    .await
}

/// What is asked for.
enum Question {
    Actions,
    Action(String),
    Items(String),
    Item(String, String),
    Updates,
    Update(String),
}

impl Question {
    fn of(route: Route<'_>) -> Option<Self> {
        Some(match route {
            Route::Actions => Self::Actions,
            Route::Action(id) => Self::Action(id.to_owned()),
            Route::ActionItems(id) => Self::Items(id.to_owned()),
            Route::ActionItem(id, sku) => {
                let sku = percent_decode_str(sku).decode_utf8().ok()?;
                Self::Item(id.to_owned(), sku.into_owned())
            }
            Route::ActionUpdates => Self::Updates,
            Route::ActionUpdate(id) => Self::Update(id.to_owned()),
            _ => return None,
        })
    }
}

fn read(
    state: &ApiState,
    question: &Question,
    account: Account<'_>,
    (path, query, asked): (&str, &str, Format),
    stop: &Stop,
) -> Result<Answer, ReportError> {
    let catalog = state.catalog.load();
    let now = state.log.clock().now();
    let facts = Stored(&state.log);
    let mut answer = Err(ReportError::NotFound);
    let viewed = state.figures.at_one_moment(stop, &mut |view| {
        let Some(scope) = Scope::of(&catalog, account.viewer, account.sid) else {
            return;
        };
        let listing = Listing::of(&catalog, scope, account.base(), view, &facts);
        let json = |json| respond::body_of(StatusCode::OK, json);
        answer = match question {
            Question::Actions => {
                let list = listing.actions(query, path, asked, now);
                list.map(respond::written)
            }
            Question::Action(id) => listing.action(id).map(json),
            Question::Items(id) => listing.items(id, path).map(json),
            Question::Item(id, sku) => listing.item(id, sku).map(json),
            Question::Updates => {
                let list = listing.updates(query, path, asked, now);
                list.map(respond::written)
            }
            Question::Update(id) => listing.update(id).map(json),
        };
    });
    viewed.map_err(|error| ReportError::Unreadable(error.to_string()))?;
    answer
}

/// The events of a log.
pub(super) struct Stored<'a>(pub(super) &'a Log);

impl Facts for Stored<'_> {
    fn conversion(&self, id: SubmissionId) -> Result<Option<Submission>, String> {
        let entry = self.0.entry(id).map_err(|error| error.to_string())?;
        Ok(entry.and_then(Entry::into_conversion))
    }

    fn change(&self, id: SubmissionId) -> Result<Option<Change>, String> {
        let entry = self.0.entry(id).map_err(|error| error.to_string())?;
        Ok(match entry {
            Some(Entry::Change(change)) => Some(change),
            Some(Entry::Conversion(_) | Entry::Settlement(_)) | None => None,
        })
    }

    fn click(
        &self,
        slot: Slot,
        partner: PartnerId,
        number: EventNumber,
    ) -> Result<Option<ClickFacts>, String> {
        let row = self.0.click_row(slot, partner, number);
        let Some(row) = row.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let click = click_row::read(&row).map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let sent = |wanted| {
            let mut sent = click.parameters.clone();
            let found = sent.find(|(name, _)| *name == wanted);
            found.map_or_else(String::new, |(_, value)| text(value))
        };
        let named = |string| {
            let stored = self.0.string(string).map_err(|error| error.to_string())?;
            Ok::<_, String>(stored.map_or_else(String::new, |bytes| text(&bytes)))
        };
        Ok(Some(ClickFacts {
            ad: click.ad,
            is_expired: click.flags.any(ClickFlags::EXPIRED_AD),
            property: sent(Parameter::Property),
            shared_id: sent(Parameter::SharedId),
            sub_ids: [1, 2, 3].map(|number| sent(Parameter::SubId(number))),
            referrer: named(click.referrer)?,
            user_agent: named(click.user_agent)?,
        }))
    }

    fn end_of(&self, slot: Slot) -> Result<Option<Millis>, String> {
        let footer = self.0.footer(slot).map_err(|error| error.to_string())?;
        Ok(footer.map(|footer| footer.wall_end))
    }
}
