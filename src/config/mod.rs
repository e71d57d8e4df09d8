//! The daemon's own settings: one TOML file, one section per stage.
//!
//! In: the bytes of `config/clickd.toml` or a file like it. Out: a [`Config`] that is complete and
//! within bounds, or every problem with its line and column. An option that is not named has its
//! default. The environment is never read here: `$STATE_DIRECTORY` and `$CREDENTIALS_DIRECTORY`
//! count only where an option or a command names them. Read once at start; nothing is reloaded.
//!
//! Tests and the demo set fields of [`Config`] themselves and may use what the file may not, such
//! as port 0.

pub mod cidr;
mod file;
mod nearest;
pub mod problem;
mod read;
pub mod secrets;
mod section;
pub mod settings;
#[cfg(test)]
mod tests;
mod values;

pub use cidr::Cidr;
pub use problem::{ConfigError, Problem};
pub use settings::Config;
