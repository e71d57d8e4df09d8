//! The arguments, and which command they mean.

use std::io::Write;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use clap::builder::ArgPredicate;
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};

use crate::config::Config;
use crate::server::control::polite;

use super::import::{self, ImportCommand};
use super::postback::{self, PostbackCommand};
use super::rebuild::{self, RebuildArguments};
use super::{Failure, ask, demo, serve, show};

/// Exit code of a configuration that can't be used.
pub const EXIT_CONFIG: u8 = 78;

/// Click ingestion and attribution with embedded storage.
#[derive(Debug, Parser)]
#[command(name = "clickd", version, arg_required_else_help = true)]
pub struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon.
    Serve(ConfigFile),
    /// Run a daemon on a fresh store in a temporary folder, send it real clicks and conversions
    /// over HTTP, and print a report; serves until Ctrl-C.
    Demo {
        /// Stop after the report.
        #[arg(long)]
        exit: bool,
    },
    /// Check a configuration file and name every problem; opens nothing.
    CheckConfig {
        /// The file.
        file: PathBuf,
    },
    /// Apply or export the catalogue.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Make, list or revoke API keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Make a tracking link and say what is wrong with it now.
    Link(LinkArguments),
    /// Say step by step why a link leads where it does, or what became of a click, an order, a
    /// submission or an action.
    Explain {
        #[command(flatten)]
        config: ConfigFile,
        /// A link, the id of a click, an order, a submission (`A-…`) or an action (`1000.10.5`), or
        /// the `ExternalClickId` of an imported click.
        what: String,
    },
    /// Import clicks or conversions with their own times.
    #[command(subcommand)]
    Import(ImportCommand),
    /// List, log or replay postbacks, or print their secrets.
    #[command(subcommand)]
    Postback(PostbackCommand),
    /// Prove the figures from the stored events; exits 65 on any difference.
    Verify(ConfigFile),
    /// Fold the whole log again beside the rows that serve, then let the new ones serve. With
    /// `--robots`, `--hosting` or `--current-lists`: judge all clicks so far by these lists, and
    /// print what that changes for each partner; nothing is kept without `--commit`.
    Rebuild(RebuildArguments),
}

#[derive(Debug, Args)]
pub(super) struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "/etc/clickd/clickd.toml")]
    pub(super) config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// Check a catalogue file as a whole and put it on top of the one in force.
    Apply {
        #[command(flatten)]
        config: ConfigFile,
        /// The catalogue file.
        file: PathBuf,
        /// Remove what the file does not name; removed ids never come back.
        #[arg(long)]
        prune: bool,
        /// Let more than a tenth of the active programs vanish.
        #[arg(long)]
        force: bool,
    },
    /// Print the catalogue in force as a file that applies back.
    Export(ConfigFile),
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key; its token or secret is printed once.
    Create {
        #[command(flatten)]
        config: ConfigFile,
        /// Account SID of the brand that the key is for.
        #[arg(long, value_name = "SID", required_unless_present = "partner")]
        brand: Option<String>,
        /// Account SID of the partner that the key is for; it reads the partner's own reports.
        #[arg(long, value_name = "SID", conflicts_with = "brand")]
        partner: Option<String>,
        /// What the key may do: read-reports, write-conversions, modify-actions; a partner's only
        /// the first.
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "read-reports,write-conversions",
            default_value_if("partner", ArgPredicate::IsPresent, "read-reports")
        )]
        scopes: Vec<String>,
        /// Make a key that signs requests (`X-Signature`) instead; it opens nothing by itself.
        #[arg(long, conflicts_with = "scopes")]
        signing: bool,
    },
    /// List all keys.
    List(ConfigFile),
    /// Revoke a key.
    Revoke {
        #[command(flatten)]
        config: ConfigFile,
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Args)]
struct LinkArguments {
    #[command(flatten)]
    config: ConfigFile,
    /// Partner number.
    #[arg(long)]
    partner: u32,
    /// Ad number.
    #[arg(long)]
    ad: u32,
    /// Program number.
    #[arg(long)]
    program: u32,
    /// What stands before the path.
    #[arg(long, value_name = "URL", default_value = "http://localhost:8080")]
    base: String,
    /// Deep link: the page to land on.
    #[arg(long, value_name = "URL")]
    deep_link: Option<String>,
    /// Further parameters, such as `subId1=blog`.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pairs: Vec<String>,
}

/// Runs the command; on success its exit code.
///
/// # Errors
/// What to say on standard error, with the exit code.
pub fn run(line: Line, out: &mut dyn Write) -> Result<u8, Failure> {
    match line.command {
        Command::Serve(file) => return serve::run(&load(&file.config)?),
        Command::Demo { exit } => return demo::run(exit, out),
        Command::CheckConfig { file } => {
            load(&file)?;
            writeln!(out, "{}: the configuration is good", file.display())?;
        }
        Command::Catalog(command) => catalog(command, out)?,
        Command::Key(command) => key(command, out)?,
        Command::Link(arguments) => link(&arguments, out)?,
        Command::Explain { config, what } => {
            let answer = ask::ask(&load(&config.config)?, "explain", json!({ "what": what }))?;
            show::tree(out, &answer)?;
        }
        Command::Import(command) => return import::run(command, out),
        Command::Postback(command) => postback::run(command, out)?,
        Command::Verify(file) => {
            let answer = ask::ask(&load(&file.config)?, "verify", Value::Null)?;
            return show::verify(out, &answer);
        }
        Command::Rebuild(arguments) => rebuild::run(&arguments, out)?,
    }
    Ok(0)
}

fn catalog(command: CatalogCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        CatalogCommand::Apply {
            config,
            file,
            prune,
            force,
        } => {
            // A daemon on the same machine has customers who wait.
            polite::lower();
            let value = json!({ "text": read(&file)?, "prune": prune, "force": force });
            show::catalog(
                out,
                &ask::ask(&load(&config.config)?, "catalog-apply", value)?,
            )
        }
        CatalogCommand::Export(file) => {
            let answer = ask::ask(&load(&file.config)?, "catalog-export", Value::Null)?;
            write!(out, "{}", show::text(&answer["text"]))?;
            Ok(())
        }
    }
}

fn key(command: KeyCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        KeyCommand::Create {
            config,
            brand,
            partner,
            scopes,
            signing,
        } => {
            let is_partner = partner.is_some();
            let value = json!({
                "sid": partner.or(brand),
                "partner": is_partner,
                "scopes": scopes,
                "signing": signing,
            });
            let answer = ask::ask(&load(&config.config)?, "key-create", value)?;
            let what = if signing { "secret" } else { "token" };
            writeln!(out, "{what}: {}", show::text(&answer[what]))?;
        }
        KeyCommand::List(file) => {
            let answer = ask::ask(&load(&file.config)?, "key-list", Value::Null)?;
            show::keys(out, &answer)?;
        }
        KeyCommand::Revoke { config, id } => {
            let answer = ask::ask(&load(&config.config)?, "key-revoke", json!({ "id": id }))?;
            let (id, at) = (show::text(&answer["id"]), show::text(&answer["revoked"]));
            writeln!(out, "revoked {id} at {at}")?;
        }
    }
    Ok(())
}

fn link(arguments: &LinkArguments, out: &mut dyn Write) -> Result<(), Failure> {
    let mut pairs = Vec::new();
    if let Some(deep_link) = &arguments.deep_link {
        pairs.push(("u", deep_link.as_str()));
    }
    for pair in &arguments.pairs {
        let Some(pair) = pair.split_once('=') else {
            let message = format!("--set: `{pair}` has no `=`; allowed: NAME=VALUE");
            return Err(Failure::new(1, message));
        };
        pairs.push(pair);
    }
    let value = json!({
        "partner": arguments.partner,
        "ad": arguments.ad,
        "program": arguments.program,
        "pairs": pairs,
    });
    let answer = ask::ask(&load(&arguments.config.config)?, "link", value)?;
    writeln!(
        out,
        "{}{}",
        arguments.base.trim_end_matches('/'),
        show::text(&answer["target"])
    )?;
    let explained = &answer["explained"];
    let flags: Vec<&str> = explained["flags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if explained["answer"] != 302 {
        writeln!(out, "leads nowhere: {}", show::text(&explained["why"]))?;
    } else if !flags.is_empty() {
        writeln!(out, "noticed: {}", flags.join(", "))?;
    }
    Ok(())
}

pub(super) fn load(file: &Path) -> Result<Config, Failure> {
    Config::load(file).map_err(|error| Failure::new(EXIT_CONFIG, error.to_string()))
}

/// The text of a file of catalogue or lists. Whoever can write it decides where customers go, or
/// who is paid, so a file that anybody may write, or that belongs to another user, is refused.
pub(super) fn read(file: &Path) -> Result<String, Failure> {
    let named =
        |error: &dyn std::fmt::Display| Failure::new(1, format!("{}: {error}", file.display()));
    let about = std::fs::metadata(file).map_err(|error| named(&error))?;
    if about.mode() & 0o002 != 0 {
        return Err(named(
            &"anybody may write it; allowed: a file only its owner or group may write",
        ));
    }
    let own = rustix::process::geteuid().as_raw();
    if about.uid() != own && about.uid() != 0 {
        return Err(named(
            &"it belongs to another user; allowed: your own file, or root's",
        ));
    }
    let bytes = std::fs::read(file).map_err(|error| named(&error))?;
    String::from_utf8(bytes).map_err(|_| named(&"not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Line::command().debug_assert();
    }

    #[test]
    fn a_catalogue_that_anybody_may_write_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("catalog.toml");
        std::fs::write(&file, "version = 0\n").unwrap();
        let with = |mode| {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&file, mode).unwrap();
            read(&file).map_err(|failure| failure.message)
        };
        assert_eq!(with(0o644), Ok("version = 0\n".to_owned()));
        assert!(with(0o646).unwrap_err().contains("anybody may write it"));
    }
}
