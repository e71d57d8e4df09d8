//! Folding the whole log again into a generation of its own, while the serving one goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::catalog::Shelf;
use crate::derived::Derived;
use crate::log::Log;
use crate::model::id::Slot;

use super::error::FoldError;
use super::slot::Folder;

/// Tells how far a rebuild has come: the slot just folded, and the newest sealed one.
pub type Progress<'a> = dyn FnMut(Slot, Slot) + 'a;

/// Slots from which on it pays to write what changes for many of them together.
const HELD_BACK_MIN: u32 = 4;

/// Folds every sealed slot of `log` into a new generation and lets it serve. For tools that have
/// the store to themselves; the daemon asks its fold thread instead. False when `stop` was set.
///
/// # Errors
/// A slot does not match its footer, or a store fails; the old generation goes on serving.
pub fn rebuild(
    log: &Log,
    derived: &Derived,
    stop: &AtomicBool,
    progress: &mut Progress<'_>,
) -> Result<bool, FoldError> {
    match refold(log, derived, Arc::default(), stop, progress)? {
        Some(folder) => {
            derived.adopt(folder.generation().clone())?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// Folds every sealed slot into a new generation that does not serve yet; `None` when stopped.
pub(super) fn refold(
    log: &Log,
    derived: &Derived,
    shelf: Arc<Shelf>,
    stop: &AtomicBool,
    progress: &mut Progress<'_>,
) -> Result<Option<Folder>, FoldError> {
    let generation = derived.next_generation()?;
    let mut folder = Folder::new(log.clone(), generation).sharing(shelf);
    let folded = catch_up_with(&mut folder, log, stop, progress);
    if !matches!(folded, Ok(true)) {
        folder.generation().retire();
    }
    Ok(folded?.then_some(folder))
}

/// Folds up to slot `last`, which is sealed, into a generation that does not serve, with the cells
/// of many slots written together, where there are many; false when stopped before, and then
/// `folder` is of no use.
pub(super) fn catch_up(
    folder: &mut Folder,
    last: Slot,
    stop: &dyn Fn() -> bool,
    progress: &mut Progress<'_>,
) -> Result<bool, FoldError> {
    let next = folder.next_slot()?;
    if next.is_some_and(|next| last.0.saturating_sub(next.0) >= HELD_BACK_MIN) {
        folder.hold_back();
    }
    while let Some(slot) = folder.next_slot()?
        && slot <= last
    {
        if stop() || folder.fold(slot, stop)?.is_none() {
            return Ok(false);
        }
        progress(slot, last);
    }
    folder.release()?;
    Ok(true)
}

/// The same up to the newest sealed slot, also where slots are sealed meanwhile.
fn catch_up_with(
    folder: &mut Folder,
    log: &Log,
    stop: &AtomicBool,
    progress: &mut Progress<'_>,
) -> Result<bool, FoldError> {
    let stop = || stop.load(Ordering::Relaxed);
    loop {
        let sealed = log.sealed();
        match folder.next_slot()? {
            Some(slot) if slot <= sealed => {
                if !catch_up(folder, sealed, &stop, progress)? {
                    return Ok(false);
                }
            }
            _ => return Ok(true),
        }
    }
}
