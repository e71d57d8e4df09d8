//! What the command line can ask for, of a running daemon or of the stores themselves.
//!
//! Each verb takes and gives one JSON value and runs on a blocking thread. The same table serves
//! the control socket and commands that run without a daemon.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::catalog::apply::{self, Options};
use crate::catalog::{self, Catalog, CatalogDoc, Problem};
use crate::fold::{self, FoldRemote};
use crate::job::import::{CHUNK, FINISH, LIST, OPEN};
use crate::log::LogError;
use crate::model::id::{CatalogVersion, ProgramId, Slot};
use crate::postback::PostbacksRemote;
use crate::server::api::keys::{self, KeyError, Scope};
use crate::server::api::state::ApiState;
use crate::server::control::polite;
use crate::server::control::verb::{EXIT_INPUT, EXIT_TEMPORARY};
use crate::server::control::{VerbError, Verbs};

use super::stores::Stores;
use super::{explain, import, postbacks, rescore};

/// How long a verb looks at what the fold is doing before it looks again.
const GLANCE: Duration = Duration::from_millis(20);

/// The table of verbs over `stores`; `fold` reaches the running fold, `api` the running API,
/// `postbacks` the running postbacks.
#[must_use]
pub fn table(
    stores: &Arc<Stores>,
    fold: FoldRemote,
    api: Option<Arc<ApiState>>,
    postbacks: Option<PostbacksRemote>,
) -> Verbs {
    let api = Arc::new(api);
    let with = |verb: fn(&Stores, Value) -> Result<Value, VerbError>| {
        let stores = Arc::clone(stores);
        move |value| verb(&stores, value)
    };
    let keyed = |verb: fn(&Stores, Value) -> Result<Value, VerbError>| {
        let (stores, api) = (Arc::clone(stores), Arc::clone(&api));
        move |value| {
            let answer = verb(&stores, value)?;
            if let Some(api) = &*api {
                api.reload_keys().map_err(|error| key_failed(&error))?;
            }
            Ok(answer)
        }
    };
    let folding = Arc::clone(stores);
    let verifying = (Arc::clone(stores), fold.clone());
    let judging = verifying.clone();
    let importing = (Arc::clone(stores), Arc::clone(&api));
    let table = Verbs::new()
        .with("catalog-apply", with(catalog_apply))
        .with("catalog-export", with(catalog_export))
        .with("key-create", keyed(key_create))
        .with("key-list", with(key_list))
        .with("key-revoke", keyed(key_revoke))
        .with(OPEN, with(import::open))
        .with(CHUNK, move |value| {
            let (stores, api) = &importing;
            let metrics = api.as_ref().as_ref().map(|api| &*api.metrics);
            import::chunk(stores, metrics, value)
        })
        .with(FINISH, with(import::finish))
        .with(LIST, with(import::list))
        .with("link", with(explain::link))
        .with("explain", with(explain::explain))
        .with("verify", move |_| verify(&verifying.0, &verifying.1))
        .with("rescore", move |value| {
            rescore::rescore(&judging.0, &judging.1, value)
        })
        .with("rebuild", move |_| rebuild(&folding, &fold));
    postbacks::verbs::add(table, stores, postbacks)
}

pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, VerbError> {
    serde_json::from_value(value).map_err(|error| VerbError::new(EXIT_INPUT, error.to_string()))
}

pub(super) fn failed(error: &LogError) -> VerbError {
    VerbError::new(error.exit_code(), error.to_string())
}

fn key_failed(error: &KeyError) -> VerbError {
    let exit = match error {
        KeyError::Unknown(_) | KeyError::TooMany => EXIT_INPUT,
        KeyError::Log(error) => error.exit_code(),
        KeyError::Damaged { .. } => 65,
        KeyError::Random(_) => EXIT_TEMPORARY,
    };
    VerbError::new(exit, error.to_string())
}

fn refused(what: &str, problems: &[Problem]) -> VerbError {
    let details = problems.iter().map(ToString::to_string).collect();
    VerbError::new(EXIT_INPUT, what).with_details(details)
}

/// The document of a version; version 0 is empty.
fn document(stores: &Stores, version: CatalogVersion) -> Result<CatalogDoc, VerbError> {
    if version.0 == 0 {
        return Ok(CatalogDoc::default());
    }
    let stored = stores
        .log
        .catalog(version)
        .map_err(|error| failed(&error))?
        .unwrap_or_default();
    CatalogDoc::from_stored(&stored).map_err(|error| VerbError::new(65, error.to_string()))
}

#[derive(Deserialize)]
struct Apply {
    text: String,
    #[serde(default)]
    prune: bool,
    #[serde(default)]
    force: bool,
}

fn catalog_apply(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let asked: Apply = read(value)?;
    let base = stores.log.current_catalog();
    let (stored, built) = std::thread::scope(|scope| {
        let prepared = std::thread::Builder::new()
            .name("catalog-apply".to_owned())
            .spawn_scoped(scope, move || prepare(stores, base, asked))
            .map_err(|error| VerbError::new(EXIT_TEMPORARY, error.to_string()))?;
        prepared
            .join()
            .map_err(|_| VerbError::new(EXIT_TEMPORARY, "the check of the catalogue panicked"))?
    })?;
    let put = || stores.log.put_catalog(base, &stored);
    let built = stores
        .shelf
        .add(built, put)
        .map_err(|error| failed(&error))?;
    let counts = json!({
        "version": built.version,
        "brands": built.brands.len(),
        "programs": built.programs.len(),
        "partners": built.partners.len(),
        "contracts": built.contracts.values().map(|own| own.len()).sum::<usize>(),
    });
    let begun = postbacks::begin(&stores.log, &stores.catalog.load(), &built);
    let version = built.version.0;
    // The shelf holds the old one, so that the last reader to leave it has nothing to free.
    stores.catalog.store(built);
    begun.map_err(|error| failed(&error))?;
    tracing::info!(version, "a new catalogue is in force");
    Ok(counts)
}

/// What is to be stored and what it means. Takes seconds of CPU time for a big catalogue, so it
/// runs on a thread of its own that lets the workers go first. It takes no lock they wait for.
fn prepare(
    stores: &Stores,
    base: CatalogVersion,
    asked: Apply,
) -> Result<(Vec<u8>, Catalog), VerbError> {
    const REFUSED: &str = "the catalogue was not applied; the one in force stays";
    polite::lower();
    let next = catalog::parse_bytes(asked.text.as_bytes())
        .map_err(|problems| refused(REFUSED, &problems))?;
    drop(asked.text);
    let current = document(stores, base)?;
    let has_events = |program| has_events(stores, program);
    let options = Options {
        prune: asked.prune,
        force: asked.force,
    };
    let (merged, built) = apply::merge(&current, next, options, &has_events)
        .map_err(|problems| refused(REFUSED, &problems))?;
    drop(current);
    let stored = catalog::to_stored(&merged)
        .map_err(|error| VerbError::new(EXIT_TEMPORARY, error.to_string()))?;
    Ok((stored, built))
}

/// Whether any event of `program` is stored: folded, or in the slots after that. A store that
/// can't tell is taken to hold some, so that nothing is changed by mistake.
fn has_events(stores: &Stores, program: ProgramId) -> bool {
    let folded = || -> Result<bool, crate::derived::DerivedError> {
        let generation = stores.derived.serving();
        let view = generation.view()?;
        let mut found = false;
        for cube in crate::registry::cube::CUBES {
            let days = crate::model::time::Day(i32::MIN)..=crate::model::time::Day(i32::MAX);
            view.for_each_cell(cube.id, program, days, None, &mut |_| found = true)?;
        }
        Ok(found)
    };
    let above = stores.derived.watermark().map_or(Slot(0), |mark| mark.slot);
    folded().unwrap_or(true) || stores.log.has_events_after(above, program).unwrap_or(true)
}

fn catalog_export(stores: &Stores, _: Value) -> Result<Value, VerbError> {
    Ok(json!({ "text": catalog::export(&document(stores, stores.log.current_catalog())?) }))
}

#[derive(Deserialize)]
struct CreateKey {
    sid: String,
    /// The account is a partner's.
    #[serde(default)]
    partner: bool,
    #[serde(default)]
    scopes: Vec<String>,
    /// A key that signs requests, and has no scope.
    #[serde(default)]
    signing: bool,
}

fn key_create(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let asked: CreateKey = read(value)?;
    if asked.partner {
        return partner_key_create(stores, &asked);
    }
    if stores.catalog.load().brand(&asked.sid).is_none() {
        let error = format!(
            "brand: `{}` is not in the catalogue; apply it first",
            asked.sid
        );
        return Err(VerbError::new(EXIT_INPUT, error));
    }
    let now = stores.log.clock().now();
    if asked.signing {
        let created = keys::create_signing(&stores.log, &stores.hash_key, &asked.sid, now)
            .map_err(|error| key_failed(&error))?;
        return Ok(json!({ "id": created.record.id, "secret": created.token }));
    }
    let names: Vec<&str> = Scope::ALL.iter().map(|scope| scope.1).collect();
    let scope = |name: &String| {
        Scope::named(name).ok_or_else(|| {
            let error = format!("scopes: `{name}` is unknown; allowed: {}", names.join(", "));
            VerbError::new(EXIT_INPUT, error)
        })
    };
    let scopes = asked
        .scopes
        .iter()
        .map(scope)
        .collect::<Result<Vec<_>, _>>()?;
    let created = keys::create(&stores.log, &stores.hash_key, &asked.sid, &scopes, now)
        .map_err(|error| key_failed(&error))?;
    Ok(json!({ "id": created.record.id, "token": created.token }))
}

/// A partner's key reads reports; it can be asked for nothing else.
fn partner_key_create(stores: &Stores, asked: &CreateKey) -> Result<Value, VerbError> {
    let catalog = stores.catalog.load();
    let partner = catalog.partner_of(&asked.sid).ok_or_else(|| {
        let sid = &asked.sid;
        let error =
            format!("partner: no partner of the catalogue has the account `{sid}`; apply it first");
        VerbError::new(EXIT_INPUT, error)
    })?;
    if asked.signing {
        let error = "signing: partners send nothing to sign; leave it out";
        return Err(VerbError::new(EXIT_INPUT, error));
    }
    let only = Scope::ReadReports;
    if let Some(other) = asked.scopes.iter().find(|name| **name != *only.name()) {
        let only = only.name();
        let error = format!("scopes: `{other}` is not for partners; allowed: {only}");
        return Err(VerbError::new(EXIT_INPUT, error));
    }
    let (account, now) = ((&*asked.sid, partner.id), stores.log.clock().now());
    let created = keys::create_for_partner(&stores.log, &stores.hash_key, account, &[only], now)
        .map_err(|error| key_failed(&error))?;
    Ok(json!({ "id": created.record.id, "token": created.token }))
}

fn key_list(stores: &Stores, _: Value) -> Result<Value, VerbError> {
    let records = keys::list(&stores.log).map_err(|error| key_failed(&error))?;
    let shown: Vec<Value> = records
        .iter()
        .map(|record| {
            let scopes: Vec<&str> = record.scopes.iter().map(|scope| scope.name()).collect();
            json!({
                "id": record.id,
                "account": record.sid,
                "partner": record.partner,
                "scopes": scopes,
                "signs": record.hash.is_none(),
                "created": record.created.to_string(),
                "revoked": record.revoked.map(|at| at.to_string()),
            })
        })
        .collect();
    Ok(json!({ "keys": shown }))
}

#[derive(Deserialize)]
struct RevokeKey {
    id: String,
}

fn key_revoke(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let asked: RevokeKey = read(value)?;
    let now = stores.log.clock().now();
    let record = keys::revoke(&stores.log, &asked.id, now).map_err(|error| key_failed(&error))?;
    Ok(json!({ "id": record.id, "revoked": record.revoked.map(|at| at.to_string()) }))
}

/// Waits for the fold until `done`.
pub(super) fn until(remote: &FoldRemote, done: impl Fn() -> bool) -> Result<(), VerbError> {
    while !done() {
        remote
            .alive()
            .map_err(|why| VerbError::new(EXIT_TEMPORARY, why))?;
        std::thread::sleep(GLANCE);
    }
    Ok(())
}

/// Proves the figures from the events, after everything received so far is folded.
fn verify(stores: &Stores, remote: &FoldRemote) -> Result<Value, VerbError> {
    let sealed = stores.log.seal().map_err(|error| failed(&error))?;
    until(remote, || {
        let mark = stores.derived.watermark();
        mark.is_some_and(|mark| mark.slot >= sealed)
    })?;
    let report = fold::verify(&stores.log, &stores.derived)
        .map_err(|error| VerbError::new(error.exit_code(), error.to_string()))?;
    let mut answer = serde_json::to_value(&report)
        .map_err(|error| VerbError::new(EXIT_TEMPORARY, error.to_string()))?;
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("clean".to_owned(), report.is_clean().into());
    }
    Ok(answer)
}

/// Folds the whole log again beside the rows that serve, then lets the new ones serve.
fn rebuild(stores: &Stores, remote: &FoldRemote) -> Result<Value, VerbError> {
    let before = remote.status().rebuilds();
    remote.rebuild();
    while remote.status().rebuilds() == before {
        remote
            .alive()
            .map_err(|why| VerbError::new(EXIT_TEMPORARY, why))?;
        if !remote.status().is_rebuilding() && remote.status().rebuilds() == before {
            return Err(VerbError::new(
                EXIT_TEMPORARY,
                "the rebuild failed; the old rows serve on",
            ));
        }
        std::thread::sleep(GLANCE);
    }
    let mark = stores.derived.watermark();
    Ok(json!({
        "generation": stores.derived.serving().number(),
        "slot": mark.map(|mark| mark.slot),
    }))
}
