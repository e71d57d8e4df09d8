//! Judging the past by other lists: what that would change, and, if asked for, letting it stand.
//!
//! The log is folded by these lists into a generation beside the one that serves. Both are compared
//! at one slot. Without `commit` the new one is thrown away, and nothing was written but it. With
//! it, what changes of what was paid goes into the log as adjustments, and then the lists and the
//! judgement in one durable commit, without which the adjustments are nothing. Where there are
//! any, the log is folded once more, with them, and only then does the new generation serve:
//! whatever ends the process before the commit leaves everything as it was, and after it the next
//! start folds the log again by the judgement while the old rows serve.
//!
//! Runs on a blocking thread of the control socket, or in a command without a daemon; the folding
//! on a thread of its own. One at a time.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::derived::{AdjustedKind, Mark, View};
use crate::fold::{FoldError, FoldRemote, Robots, Trial, adjustments, step_back};
use crate::log::{Adjusted, Adjustment, Judgement, Log};
use crate::model::currency::Currency;
use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::money::decimal_text;
use crate::registry::risk::Band;
use crate::report::difference::{COUNTS, Change, Changes, Standing, difference};
use crate::server::control::VerbError;
use crate::server::control::verb::{EXIT_INPUT, EXIT_TEMPORARY};

use super::lists::Lists;
use super::stores::Stores;
use super::verbs::{failed, read, until};

/// How long a judgement waits for actions that are being settled.
const PATIENCE: Duration = Duration::from_secs(10);
/// Adjustments that are held until they are stored.
const ADJUSTMENTS_AT_ONCE: usize = 1_000;
/// Decimals of amounts of a program that the catalogue does not hold any more.
const DECIMALS: u32 = 2;

#[derive(Deserialize)]
struct Asked {
    /// The list of robots; that in force without it.
    robots: Option<String>,
    /// The list of networks of hosts; that in force without it.
    hosting: Option<String>,
    #[serde(default)]
    commit: bool,
}

/// What a trial has shown.
struct Shown {
    trial: Trial,
    /// The slot at which both folds were compared.
    slot: Slot,
    changes: Changes,
    adjustments: u64,
}

/// What is to be tried out, and whether it is to stand.
struct Asking {
    judgement: Judgement,
    robots: Robots,
    commit: bool,
}

/// Judges the past by the lists that are sent.
pub(super) fn rescore(
    stores: &Stores,
    remote: &FoldRemote,
    value: Value,
) -> Result<Value, VerbError> {
    let asked: Asked = read(value)?;
    let commit = asked.commit;
    let (rules, robots) = lists(stores, asked)?;
    let Some(_alone) = stores.judging.try_lock_for(PATIENCE) else {
        let error = "the past is being judged, or actions settled, just now: try again";
        return Err(VerbError::new(EXIT_TEMPORARY, error));
    };
    // What was settled until now must show in the rows that are compared.
    let sealed = stores.log.seal().map_err(|error| failed(&error))?;
    let newest = stores.log.current_judgement();
    let newest = newest.map_err(|error| failed(&error))?.version;
    let overruled = |mark: Mark| mark.judgement < newest;
    if stores.derived.serving().mark().is_some_and(overruled) && !remote.status().is_rebuilding() {
        // The rows of the judgement before could not be made.
        remote.rebuild();
    }
    until(remote, || {
        let mark = stores.derived.serving().mark();
        mark.is_some_and(|mark| mark.slot >= sealed && mark.judgement >= newest)
    })?;
    let judgement = stores.log.next_judgement(sealed, rules.as_bytes());
    let judgement = judgement.map_err(|error| failed(&error))?;
    let asked = Asking {
        judgement,
        robots,
        commit,
    };
    let stopped = "the fold was stopped; nothing is changed";
    let shown = apart(|| try_out(stores, remote, asked), stopped)?;
    let mut answer = told(stores, &shown);
    answer.insert("until".to_owned(), json!(judgement.until));
    answer.insert("committed".to_owned(), json!(commit));
    if commit {
        let judgement = Judgement {
            at: stores.log.clock().now(),
            settled: shown.slot,
            adjustments: shown.adjustments,
            ..judgement
        };
        let put = stores.log.put_judgement(&judgement, rules.as_bytes());
        put.map_err(|error| failed(&error))?;
        tracing::info!(
            judgement = judgement.version.0,
            rules = judgement.rules.0,
            until = judgement.until.0,
            adjustments = judgement.adjustments,
            "the past is judged anew"
        );
        answer.insert("at".to_owned(), json!(judgement.at.to_string()));
        let trial = if judgement.adjustments == 0 {
            shown.trial
        } else {
            drop(shown.trial);
            let stopped =
                "the fold was stopped; the judgement stands, and the next start folds by it";
            apart(|| again(stores, remote), stopped).map_err(|mut error| {
                remote.rebuild();
                let stands = "the judgement stands, and the log is folded again by it";
                error.error = format!("{stands}: {}", error.error);
                error
            })?
        };
        remote.adopt(trial);
        until(remote, || {
            let mark = stores.derived.serving().mark();
            mark.is_some_and(|mark| mark.judgement >= judgement.version)
        })?;
    }
    Ok(Value::Object(answer))
}

/// The rules to judge by, as stored and compiled.
fn lists(stores: &Stores, asked: Asked) -> Result<(String, Robots), VerbError> {
    let wrong = |option: &str, error: &dyn std::fmt::Display| {
        VerbError::new(EXIT_INPUT, format!("{option}: {error}"))
    };
    if let Some(robots) = &asked.robots {
        // By itself, so that what is wrong with it names its own lines.
        Robots::parse(robots.as_bytes()).map_err(|error| wrong("--robots", &error))?;
    }
    let option = if asked.hosting.is_some() {
        "--hosting"
    } else {
        "--robots"
    };
    let lists = Lists {
        robots: asked.robots.unwrap_or_else(|| stores.lists.robots.clone()),
        hosting: asked
            .hosting
            .unwrap_or_else(|| stores.lists.hosting.clone()),
    };
    let robots = lists.rules().map_err(|error| wrong(option, &error))?;
    Ok((lists.stored(), robots))
}

/// Folds on a thread of its own; `stopped` is told where the fold was stopped meanwhile.
fn apart<T: Send>(
    fold: impl FnOnce() -> Result<Option<T>, FoldError> + Send,
    stopped: &str,
) -> Result<T, VerbError> {
    let folded = std::thread::scope(|scope| {
        let folding = std::thread::Builder::new()
            .name("fold-trial".to_owned())
            .spawn_scoped(scope, move || {
                step_back();
                fold()
            })
            .map_err(FoldError::Thread)?;
        let ended = folding.join();
        ended.unwrap_or_else(|_| Err(FoldError::Thread(std::io::Error::other("it panicked"))))
    });
    let folded = folded.map_err(|error| VerbError::new(error.exit_code(), error.to_string()))?;
    folded.ok_or_else(|| VerbError::new(EXIT_TEMPORARY, stopped))
}

/// Folds the past by a judgement and compares.
fn try_out(
    stores: &Stores,
    remote: &FoldRemote,
    asked: Asking,
) -> Result<Option<Shown>, FoldError> {
    let (log, derived, shelf) = (&stores.log, &stores.derived, Arc::clone(&stores.shelf));
    let Asking {
        judgement,
        robots,
        commit,
    } = asked;
    let mut trial = Trial::begin(log, derived, shelf, judgement, robots)?;
    let stop = remote.stopping();
    if !trial.fold(judgement.until, stop, &mut |_, _| {})? {
        return Ok(None);
    }
    let serving = derived.serving();
    let before = serving.view()?;
    let slot = before.watermark()?.unwrap_or_default().slot;
    if !trial.fold(slot, stop, &mut |_, _| {})? {
        return Ok(None);
    }
    let after = trial.generation().view()?;
    let mut changes = difference(&before, &after)?;
    let adjustments = book(log, (judgement, commit), [&before, &after], &mut changes)?;
    drop(after);
    Ok(Some(Shown {
        trial,
        slot,
        changes,
        adjustments,
    }))
}

/// Adds up what is adjusted, and stores it where the judgement is to stand; how much that is.
fn book(
    log: &Log,
    (judgement, commit): (Judgement, bool),
    [before, after]: [&View<'_>; 2],
    changes: &mut Changes,
) -> Result<u64, FoldError> {
    let version = judgement.version;
    if commit {
        log.clear_adjustments(version)?;
    }
    let (mut rows, mut count) = (Vec::<Adjustment>::new(), 0);
    adjustments(log, before, after, &mut |program, partner, row| {
        let kind = match row.of {
            Adjusted::Click { .. } => AdjustedKind::Click,
            Adjusted::Action { .. } => AdjustedKind::Action,
        };
        let change = changes.entry((program, partner)).or_default();
        change.book(kind, row.more);
        count += 1;
        rows.push(row);
        if rows.len() < ADJUSTMENTS_AT_ONCE {
            return Ok(());
        }
        if commit {
            log.put_adjustments(version, &rows)?;
        }
        rows.clear();
        Ok(())
    })?;
    if commit {
        log.put_adjustments(version, &rows)?;
    }
    Ok(count)
}

/// Folds the past by the judgement that is stored, up to about what serves.
fn again(stores: &Stores, remote: &FoldRemote) -> Result<Option<Trial>, FoldError> {
    let (log, derived, shelf) = (&stores.log, &stores.derived, Arc::clone(&stores.shelf));
    let mut trial = Trial::again(log, derived, shelf)?;
    let slot = derived.watermark().unwrap_or_default().slot;
    let is_folded = trial.fold(slot, remote.stopping(), &mut |_, _| {})?;
    Ok(is_folded.then_some(trial))
}

/// The difference, program by program, each with its partners.
fn told(stores: &Stores, shown: &Shown) -> Map<String, Value> {
    let catalog = stores.catalog.load();
    let currency = |program| catalog.program(program).map(|program| program.currency);
    let mut programs: Vec<Value> = Vec::new();
    let (mut differ, mut levels) = (0_u64, 0_u64);
    let mut rest = shown.changes.iter().peekable();
    while let Some(&(&(program, _), _)) = rest.peek() {
        let currency = currency(program);
        let decimals = currency.map_or(DECIMALS, |currency| currency.decimals());
        let mut sum = Change::default();
        let mut partners = Vec::new();
        while let Some((&(_, partner), change)) = rest.next_if(|((own, _), _)| *own == program) {
            sum.before += change.before;
            sum.after += change.after;
            sum.booked.clicks += change.booked.clicks;
            sum.booked.actions += change.booked.actions;
            sum.booked.cost += change.booked.cost;
            levels += u64::from(change.before.level != change.after.level);
            if !change.is_none() {
                partners.push(row(Some(partner), change, decimals));
            }
        }
        differ += u64::try_from(partners.len()).unwrap_or(u64::MAX);
        if !partners.is_empty() {
            programs.push(program_row(program, &sum, decimals, currency, &partners));
        }
    }
    let answer = json!({
        "slot": shown.slot,
        "partners": shown.changes.len(),
        "differ": differ,
        "levels_changed": levels,
        "programs": programs,
    });
    match answer {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn program_row(
    program: ProgramId,
    sum: &Change,
    decimals: u32,
    currency: Option<Currency>,
    partners: &[Value],
) -> Value {
    let mut fields = row(None, sum, decimals);
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("program".to_owned(), json!(program));
        let code = currency.map(|currency| currency.code().to_owned());
        fields.insert("currency".to_owned(), json!(code));
        fields.insert("partners".to_owned(), json!(partners));
    }
    fields
}

/// One row: each figure in both folds.
fn row(partner: Option<PartnerId>, change: &Change, decimals: u32) -> Value {
    let (before, after) = (&change.before, &change.after);
    let mut fields = Map::new();
    fields.insert("partner".to_owned(), json!(partner));
    for ((name, ..), counts) in COUNTS.iter().zip(before.counts.iter().zip(after.counts)) {
        let shown = [counts.0.to_string(), counts.1.to_string()];
        fields.insert((*name).to_owned(), json!(shown));
    }
    let cost = |standing: &Standing| decimal_text(standing.cost, decimals);
    let level = |standing: &Standing| standing.level.map(Band::words);
    fields.insert("cost".to_owned(), json!([cost(before), cost(after)]));
    fields.insert("risk".to_owned(), json!([level(before), level(after)]));
    let booked = &change.booked;
    fields.insert("adjusted_clicks".to_owned(), json!(booked.clicks));
    fields.insert("adjusted_actions".to_owned(), json!(booked.actions));
    let cost = decimal_text(booked.cost, decimals);
    fields.insert("adjustments".to_owned(), json!(cost));
    Value::Object(fields)
}
