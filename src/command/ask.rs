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
    let mut asker = Asker::new(config);
    let answer = asker.ask(verb, value);
    let ended = asker.end();
    let answer = answer?;
    ended.map(|()| answer)
}

/// Asks for several verbs in turn. Stores that were opened for want of a daemon stay open until
/// the end, or until a daemon starts, which waits for them.
pub struct Asker<'a> {
    config: &'a Config,
    alone: Option<Alone>,
}

impl<'a> Asker<'a> {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(config: &'a Config) -> Self {
        Self {
            config,
            alone: None,
        }
    }

    /// The answer of `verb` to `value`.
    ///
    /// # Errors
    /// What the verb or the way to it says.
    pub fn ask(&mut self, verb: &str, value: Value) -> Result<Value, Failure> {
        let socket = &self.config.control.socket;
        if let Some(alone) = self.alone.take_if(|_| control::listens(socket)) {
            alone.close()?;
        }
        if let Some(alone) = &self.alone {
            return alone.ask(verb, value);
        }
        match control::call(socket, verb, &value) {
            Ok(answer) => Ok(answer),
            Err(CallError::NotRunning { .. }) => {
                let alone = self.alone.insert(Alone::open(self.config)?);
                alone.ask(verb, value)
            }
            Err(CallError::Refused(error)) => Err(refused(&error)),
            Err(error) => Err(Failure::new(error.exit(), error.to_string())),
        }
    }

    /// Closes the stores, if they were opened.
    ///
    /// # Errors
    /// The last sync failed.
    pub fn end(self) -> Result<(), Failure> {
        self.alone.map_or(Ok(()), Alone::close)
    }
}

/// The stores, open beside no daemon.
struct Alone {
    stores: Arc<Stores>,
    fold: Fold,
}

impl Alone {
    fn open(config: &Config) -> Result<Self, Failure> {
        let stores = Stores::open(config)
            .map_err(|error| Failure::new(error.exit_code(), error.to_string()))?;
        let stores = Arc::new(stores);
        let fold = Fold::start(
            stores.log.clone(),
            stores.derived.clone(),
            Arc::clone(&stores.shelf),
            None,
        )
        .map_err(|error| Failure::new(error.exit_code(), error.to_string()))?;
        Ok(Self { stores, fold })
    }

    fn ask(&self, verb: &str, value: Value) -> Result<Value, Failure> {
        let verbs = verbs::table(&self.stores, self.fold.remote(), None, None);
        verbs.run(verb, value).map_err(|error| refused(&error))
    }

    fn close(mut self) -> Result<(), Failure> {
        self.fold.stop();
        let stopped = self.stores.log.stop();
        stopped.map_err(|error| Failure::new(error.exit_code(), error.to_string()))
    }
}

fn refused(error: &VerbError) -> Failure {
    let mut message = error.error.clone();
    for detail in &error.details {
        message.push_str("\n  ");
        message.push_str(detail);
    }
    Failure::new(error.exit, message)
}
