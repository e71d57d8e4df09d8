//! The lists and objects of one account, each from a request to its answer.

use serde_json::value::{RawValue, to_raw_value};

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Found, Payout};
use crate::derived::{
    Action, ActionId, ActionItem, DerivedError, Referred, Update, UpdateKey, View,
};
use crate::model::id::ProgramId;
use crate::model::time::Millis;

use super::super::error::ReportError;
use super::super::page::Page;
use super::super::query::Format;
use super::super::render::Written;
use super::super::scope::Scope;
use super::action::ActionObject;
use super::facts::{ClickFacts, Facts};
use super::item::{ItemObject, only_line};
use super::page::{Head, json, unwritten};
use super::query::{self, Query};
use super::select;
use super::story::{Context, Story};
use super::update::{OneItem, UpdateObject};

/// Reads the actions of one account.
pub struct Listing<'a> {
    catalog: &'a Catalog,
    scope: Scope<'a>,
    base: String,
    view: &'a View<'a>,
    facts: &'a dyn Facts,
}

impl<'a> Listing<'a> {
    /// A listing of what `scope` may read; paths of its account begin with `base`.
    #[must_use]
    pub fn of(
        catalog: &'a Catalog,
        scope: Scope<'a>,
        base: String,
        view: &'a View<'a>,
        facts: &'a dyn Facts,
    ) -> Self {
        Self {
            catalog,
            scope,
            base,
            view,
            facts,
        }
    }

    /// A page of the actions that a query string means, in the form that it names or else in the
    /// one that is `asked` for; `path` is that of the request.
    ///
    /// # Errors
    /// A foreign program, every problem of the query, or rows that can't be read.
    pub fn actions(
        &self,
        query: &str,
        path: &str,
        asked: Format,
        now: Millis,
    ) -> Result<Written, ReportError> {
        let query = self.query(query, now)?;
        let hits = select::actions(self.view, &query, self.as_of()?)?;
        let page = Page::numbered(query.page, query.page_size, hits.len());
        let context = self.context(query.program).ok_or(ReportError::NotFound)?;
        let rows = hits.get(page.rows.clone()).unwrap_or_default();
        let objects = rows.iter().map(|hit| self.shown(&context, hit.action));
        let form = ("Actions", query.format.unwrap_or(asked));
        let head = self.head(&query, path, &page, hits.len())?;
        head.written(form, &ActionObject::none(&context), objects)
    }

    /// One action by the text of its id.
    ///
    /// # Errors
    /// There is none, it is another account's, or it can't be read.
    pub fn action(&self, id: &str) -> Result<Vec<u8>, ReportError> {
        let (context, id, _) = self.own(id)?;
        self.shown(&context, id).and_then(|object| json(&object))
    }

    /// The lines of an action.
    ///
    /// # Errors
    /// As [`Listing::action`].
    pub fn items(&self, id: &str, path: &str) -> Result<Vec<u8>, ReportError> {
        let (context, id, action) = self.own(id)?;
        let lines = self.lines(id, &action)?;
        let objects = lines
            .iter()
            .map(|item| Ok(ItemObject::of(&context, id, item)));
        Head::whole(path, lines.len()).list("ActionItems", objects)
    }

    /// The first line of an action with this stock keeping unit.
    ///
    /// # Errors
    /// As [`Listing::action`], or there is no such line.
    pub fn item(&self, id: &str, sku: &str) -> Result<Vec<u8>, ReportError> {
        let (context, id, action) = self.own(id)?;
        let lines = self.lines(id, &action)?;
        let line = lines.iter().find(|item| &*item.sku == sku);
        json(&ItemObject::of(
            &context,
            id,
            line.ok_or(ReportError::NotFound)?,
        ))
    }

    /// A page of the updates that a query string means.
    ///
    /// # Errors
    /// As [`Listing::actions`].
    pub fn updates(
        &self,
        query: &str,
        path: &str,
        asked: Format,
        now: Millis,
    ) -> Result<Written, ReportError> {
        let query = self.query(query, now)?;
        let hits = select::updates(self.view, &query)?;
        let page = Page::numbered(query.page, query.page_size, hits.len());
        let context = self.context(query.program).ok_or(ReportError::NotFound)?;
        let rows = hits.get(page.rows.clone()).unwrap_or_default();
        let objects = rows.iter().map(|hit| {
            let (action, number) = (hit.action, hit.update);
            self.shown_update(&context, UpdateKey { action, number })
        });
        let form = ("ActionUpdates", query.format.unwrap_or(asked));
        let head = self.head(&query, path, &page, hits.len())?;
        head.written(form, &UpdateObject::none(&context), objects)
    }

    /// One update by the text of its id: the action's, a dot and its number.
    ///
    /// # Errors
    /// As [`Listing::action`].
    pub fn update(&self, id: &str) -> Result<Vec<u8>, ReportError> {
        let (action, number) = id.rsplit_once('.').ok_or(ReportError::NotFound)?;
        let number: u32 = number
            .parse()
            .ok()
            .filter(|parsed: &u32| parsed.to_string() == number)
            .ok_or(ReportError::NotFound)?;
        let (context, action, _) = self.own(action)?;
        let key = UpdateKey { action, number };
        self.shown_update(&context, key)
            .and_then(|object| json(&object))
    }
}

impl Listing<'_> {
    fn query(&self, text: &str, now: Millis) -> Result<Query, ReportError> {
        query::parse(text, &self.scope, now)
    }

    fn context(&self, program: ProgramId) -> Option<Context<'_>> {
        self.scope.program(program).map(|program| Context {
            viewer: self.scope.viewer(),
            base: &self.base,
            program,
        })
    }

    /// An action of the account's own by the text of its id.
    fn own(&self, id: &str) -> Result<(Context<'_>, ActionId, Action), ReportError> {
        let id: ActionId = id.parse().map_err(|_| ReportError::NotFound)?;
        let context = self.context(id.program).ok_or(ReportError::NotFound)?;
        let action = self.view.action(id).map_err(|error| unreadable(&error))?;
        let action = action.filter(|action| self.scope.reads(action.partner));
        Ok((context, id, action.ok_or(ReportError::NotFound)?))
    }

    fn lines(&self, id: ActionId, action: &Action) -> Result<Vec<ActionItem>, ReportError> {
        let lines = self.view.items(id).map_err(|error| unreadable(&error))?;
        Ok(if lines.is_empty() {
            vec![only_line(action)]
        } else {
            lines
        })
    }

    /// The time up to which the figures go: states are those of this moment.
    fn as_of(&self) -> Result<Millis, ReportError> {
        let mark = self.view.watermark().map_err(|error| unreadable(&error))?;
        Ok(mark.unwrap_or_default().wall_end)
    }

    fn head(
        &self,
        query: &Query,
        path: &str,
        page: &Page,
        total: usize,
    ) -> Result<Head, ReportError> {
        let mark = self.view.watermark().map_err(|error| unreadable(&error))?;
        let as_of = mark.map(|mark| mark.wall_end.to_string());
        Ok(Head::of(query, path, page, total).at_moment(as_of))
    }

    fn story<'s>(
        &'s self,
        context: &'s Context<'_>,
        id: ActionId,
    ) -> Result<Story<'s>, ReportError> {
        let action = self.view.action(id).map_err(|error| unreadable(&error))?;
        let action = action.ok_or(ReportError::NotFound)?;
        let conversion = self.facts.conversion(action.submission);
        let conversion = conversion.map_err(ReportError::Unreadable)?;
        let partner = self.catalog.partner(action.partner);
        Ok(Story {
            context,
            id,
            partner_name: partner.map_or("", |partner| &partner.name),
            click: self.click(&action)?,
            conversion,
            action,
        })
    }

    /// What its click says; nothing when it has none, or one that was never stored.
    fn click(&self, action: &Action) -> Result<ClickFacts, ReportError> {
        let Some(Referred {
            number,
            slot: Some(slot),
            ..
        }) = action.click
        else {
            return Ok(ClickFacts::default());
        };
        let click = self.facts.click(slot, action.partner, number);
        Ok(click.map_err(ReportError::Unreadable)?.unwrap_or_default())
    }

    fn shown(&self, context: &Context<'_>, id: ActionId) -> Result<Box<RawValue>, ReportError> {
        let story = self.story(context, id)?;
        let number = story.action.updates;
        let last = self.view.update(UpdateKey { action: id, number });
        let last = last.map_err(|error| unreadable(&error))?;
        let delta = last.map_or((0, 0), |last| (last.delta_cost, last.delta_amount));
        let state = story.action.state(self.as_of()?);
        to_raw_value(&ActionObject::of(&story, state, delta)).map_err(|error| unwritten(&error))
    }

    fn shown_update(
        &self,
        context: &Context<'_>,
        key: UpdateKey,
    ) -> Result<Box<RawValue>, ReportError> {
        let update = self.view.update(key).map_err(|error| unreadable(&error))?;
        let update = update.ok_or(ReportError::NotFound)?;
        let story = self.story(context, key.action)?;
        let item = self.item_of(&story, key, &update)?;
        let payout = self.payout(context, key.action, &story.action);
        let object = UpdateObject::of(&story, (key, &update), item, payout);
        to_raw_value(&object).map_err(|error| unwritten(&error))
    }

    /// The one item that an update speaks of.
    fn item_of(
        &self,
        story: &Story<'_>,
        key: UpdateKey,
        update: &Update,
    ) -> Result<OneItem, ReportError> {
        if key.number == 1 {
            let conversion = story.conversion.as_ref();
            return Ok(conversion.map_or_else(OneItem::default, OneItem::sold));
        }
        let change = self.facts.change(update.submission);
        let Some(change) = change.map_err(ReportError::Unreadable)? else {
            return Ok(OneItem::default());
        };
        let lines = self.lines(key.action, &story.action)?;
        Ok(OneItem::changed(&change, &lines))
    }

    /// What the contract that an action was credited by pays, as it stands in the catalogue in
    /// force; nothing where another is there at that time.
    fn payout(&self, context: &Context<'_>, id: ActionId, action: &Action) -> Option<&Payout> {
        let found = self
            .catalog
            .contract(id.program, action.partner, action.date);
        match found {
            Found::InForce(contract) if contract.start == action.contract => {
                let zone = &context.program.time_zone;
                contract.terms.payout(id.event_type, action.date, zone)
            }
            Found::InForce(_) | Found::Ended | Found::NotJoined => None,
        }
    }
}

fn unreadable(error: &DerivedError) -> ReportError {
    ReportError::Unreadable(error.to_string())
}
