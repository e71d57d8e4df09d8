//! Orders and their actions as a view shows them.

use std::ops::{ControlFlow, RangeInclusive};

use crate::model::id::{EventTypeId, ProgramId, Slot};
use crate::model::time::Millis;

use super::error::DerivedError;
use super::family::Family;
use super::row::action::Action;
use super::row::item::{self, ActionItem};
use super::row::key::{ActionId, IndexKey, IndexKind, NoticeKey, OrderKey, UpdateKey};
use super::row::order;
use super::row::update::{Notice, Update};
use super::view::View;

impl View<'_> {
    /// The actions of an order, the oldest first.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn actions_of(&self, key: &OrderKey) -> Result<Vec<ActionId>, DerivedError> {
        let found = self.get(Family::Orders, &key.encode(), |value| {
            order::decode(key, value)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// One action.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn action(&self, id: ActionId) -> Result<Option<Action>, DerivedError> {
        self.get(Family::Actions, &id.encode(), |value| {
            Action::decode(&id, value)
        })
    }

    /// The lines of an action; none when it has no lines.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn items(&self, id: ActionId) -> Result<Vec<ActionItem>, DerivedError> {
        let found = self.get(Family::Items, &id.encode(), item::decode)?;
        Ok(found.unwrap_or_default())
    }

    /// One update of an action.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn update(&self, key: UpdateKey) -> Result<Option<Update>, DerivedError> {
        self.get(Family::Updates, &key.encode(), |value| {
            Update::decode(key.action.program, value)
        })
    }

    /// Hands every action to `f`, in key order.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_action(&self, f: &mut dyn FnMut(ActionId, Action)) -> Result<(), DerivedError> {
        self.scan(Family::Actions, &[], None, &mut |key, value| {
            let id = ActionId::decode(key)?;
            f(id, Action::decode(&id, value)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Hands every update to `f`, in key order.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_update(
        &self,
        f: &mut dyn FnMut(UpdateKey, Update),
    ) -> Result<(), DerivedError> {
        self.scan(Family::Updates, &[], None, &mut |key, value| {
            let key = UpdateKey::decode(key)?;
            f(key, Update::decode(key.action.program, value)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// One notice.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn notice(&self, key: NoticeKey) -> Result<Option<Notice>, DerivedError> {
        self.get(Family::Notices, &key.encode(), |value| {
            Notice::decode(key, value)
        })
    }

    /// Hands every notice to `f`, in key order.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_notice(
        &self,
        f: &mut dyn FnMut(NoticeKey, Notice),
    ) -> Result<(), DerivedError> {
        self.scan(Family::Notices, &[], None, &mut |key, value| {
            let key = NoticeKey::decode(key)?;
            f(key, Notice::decode(key, value)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Hands the notices of the program of `from` from there on to `f`, in the order of the fold,
    /// until it breaks.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_notice_from(
        &self,
        from: NoticeKey,
        f: &mut dyn FnMut(NoticeKey, Notice) -> ControlFlow<()>,
    ) -> Result<(), DerivedError> {
        let last = NoticeKey {
            slot: Slot(u32::MAX),
            sequence: u32::MAX,
            ..from
        };
        let (first, last) = (from.encode(), last.encode());
        self.scan(Family::Notices, &first, Some(&last), &mut |key, value| {
            let key = NoticeKey::decode(key)?;
            Ok(f(key, Notice::decode(key, value)?))
        })
    }

    /// Hands the places in one index of a program with times in `times` to `f`, in time order,
    /// until it breaks.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_indexed(
        &self,
        program: ProgramId,
        kind: IndexKind,
        times: RangeInclusive<Millis>,
        f: &mut dyn FnMut(IndexKey) -> ControlFlow<()>,
    ) -> Result<(), DerivedError> {
        if times.is_empty() {
            return Ok(());
        }
        let key = |at, most| IndexKey {
            program,
            kind,
            at,
            event_type: EventTypeId(if most { u32::MAX } else { 0 }),
            order: if most { u64::MAX } else { 0 },
            update: if most { u32::MAX } else { 0 },
        };
        let first = key(*times.start(), false).encode();
        let last = key(*times.end(), true).encode();
        self.scan(Family::Index, &first, Some(&last), &mut |key, _| {
            Ok(f(IndexKey::decode(key)?))
        })
    }
}

impl View<'_> {
    /// Hands the actions of every program that were due to lock by `until` and are not settled to
    /// `f`, until it breaks.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_due(
        &self,
        until: Millis,
        f: &mut dyn FnMut(ActionId) -> ControlFlow<()>,
    ) -> Result<(), DerivedError> {
        let mut next = Some(ProgramId(0));
        while let Some(from) = next {
            let mut found = None;
            self.scan(Family::Index, &from.0.to_be_bytes(), None, &mut |key, _| {
                found = Some(IndexKey::decode(key)?.program);
                Ok(ControlFlow::Break(()))
            })?;
            let Some(program) = found else { break };
            let mut broke = false;
            let times = Millis(i64::MIN)..=until;
            self.for_each_indexed(program, IndexKind::Due, times, &mut |key| {
                let flow = f(key.action());
                broke = flow.is_break();
                flow
            })?;
            if broke {
                break;
            }
            next = program.0.checked_add(1).map(ProgramId);
        }
        Ok(())
    }
}

impl IndexKey {
    /// The action.
    #[must_use]
    pub fn action(&self) -> ActionId {
        ActionId {
            program: self.program,
            event_type: self.event_type,
            order: self.order,
        }
    }
}
