//! Asks the running daemon for a verb; with no daemon, does it on the stores.

use std::sync::Arc;

use serde_json::Value;

use crate::config::Config;
use crate::daemon::{Stores, verbs};
use crate::fold::Fold;
use crate::server::control::{self, CallError, VerbError};

use super::Failure;

/// The answer of `verb` to `value`.
///
/// # Errors
/// What the verb or the way to it says.
pub fn ask(config: &Config, verb: &str, value: Value) -> Result<Value, Failure> {
    match control::call(&config.control.socket, verb, &value) {
        Ok(answer) => Ok(answer),
        Err(CallError::NotRunning { .. }) => alone(config, verb, value),
        Err(CallError::Refused(error)) => Err(refused(&error)),
        Err(error) => Err(Failure::new(error.exit(), error.to_string())),
    }
}

fn alone(config: &Config, verb: &str, value: Value) -> Result<Value, Failure> {
    let stores =
        Stores::open(config).map_err(|error| Failure::new(error.exit_code(), error.to_string()))?;
    let stores = Arc::new(stores);
    let mut fold = Fold::start(
        stores.log.clone(),
        stores.derived.clone(),
        Arc::clone(&stores.shelf),
        None,
    )
    .map_err(|error| Failure::new(error.exit_code(), error.to_string()))?;
    let answer = verbs::table(&stores, fold.remote(), None).run(verb, value);
    fold.stop();
    let stopped = stores.log.stop();
    let answer = answer.map_err(|error| refused(&error))?;
    stopped.map_err(|error| Failure::new(error.exit_code(), error.to_string()))?;
    Ok(answer)
}

fn refused(error: &VerbError) -> Failure {
    let mut message = error.error.clone();
    for detail in &error.details {
        message.push_str("\n  ");
        message.push_str(detail);
    }
    Failure::new(error.exit, message)
}
