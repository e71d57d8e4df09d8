//! The lists that clicks are judged by: robots, and networks of hosts.
//!
//! In: the files that the configuration names, or the lists that ship, or texts that are sent to be
//! tried. Out: the rules as the log keeps them, which are the one list with the other behind it.

use std::path::Path;

use crate::config::settings;
use crate::fold::{Robots, RobotsError, SHIPPED_HOSTING, SHIPPED_ROBOTS};

use super::stores::OpenError;

/// Both lists as written.
#[derive(Clone, Debug)]
pub struct Lists {
    /// The list of robots.
    pub robots: String,
    /// That of networks of hosts.
    pub hosting: String,
}

impl Lists {
    /// Those that the configuration names.
    ///
    /// # Errors
    /// A file does not read.
    pub fn read(fold: &settings::Fold) -> Result<Self, OpenError> {
        let read = |option, file: Option<&Path>, shipped: &str| match file {
            None => Ok(shipped.to_owned()),
            Some(path) => std::fs::read_to_string(path).map_err(|source| OpenError::ListFile {
                option,
                path: path.to_owned(),
                source,
            }),
        };
        Ok(Self {
            robots: read("robots_file", fold.robots_file.as_deref(), SHIPPED_ROBOTS)?,
            hosting: read(
                "hosting_file",
                fold.hosting_file.as_deref(),
                SHIPPED_HOSTING,
            )?,
        })
    }

    /// The rules as the log keeps them.
    #[must_use]
    pub fn stored(&self) -> String {
        format!("{}\n{}", self.robots, self.hosting)
    }

    /// The rules, compiled.
    ///
    /// # Errors
    /// What is wrong with a list.
    pub fn rules(&self) -> Result<Robots, RobotsError> {
        Robots::parse(self.stored().as_bytes())
    }
}
