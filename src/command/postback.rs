//! `clickd postback`: what waits for which destination, what became of events, sending them again,
//! and the secrets of signatures.

use std::io::Write;

use clap::Subcommand;
use serde_json::{Value, json};

use super::line::{ConfigFile, load};
use super::show::text;
use super::{Failure, ask};

#[derive(Debug, Subcommand)]
pub(super) enum PostbackCommand {
    /// List the postbacks and what waits for each.
    List(ConfigFile),
    /// Show what became of events, oldest first, at most 1,000.
    Log {
        #[command(flatten)]
        config: ConfigFile,
        /// Only of this postback.
        #[arg(long, value_name = "ID")]
        destination: Option<u32>,
        /// Only what was given up.
        #[arg(long)]
        failed: bool,
        /// From when on, as in 2026-11-25T09:00:00Z; otherwise the last day.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
    },
    /// Send an event again, or all of a postback since a time; needs the running daemon.
    Replay {
        #[command(flatten)]
        config: ConfigFile,
        /// The id of the event.
        #[arg(conflicts_with_all = ["destination", "since", "failed"])]
        event: Option<String>,
        /// The postback.
        #[arg(long, value_name = "ID", requires = "since")]
        destination: Option<u32>,
        /// Events that ended at this time or later.
        #[arg(long, value_name = "TIME", requires = "destination")]
        since: Option<String>,
        /// Only what was given up.
        #[arg(long, requires = "since")]
        failed: bool,
    },
    /// Print the secret that a postback's requests are signed with.
    Secret {
        #[command(flatten)]
        config: ConfigFile,
        /// The postback.
        id: u32,
    },
}

/// Runs the command.
pub(super) fn run(command: PostbackCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        PostbackCommand::List(file) => {
            let answer = ask::ask(&load(&file.config)?, "postback-list", Value::Null)?;
            list(out, &answer)?;
        }
        PostbackCommand::Log {
            config,
            destination,
            failed,
            since,
        } => {
            let value = json!({ "destination": destination, "failed": failed, "since": since });
            let answer = ask::ask(&load(&config.config)?, "postback-log", value)?;
            log(out, &answer)?;
        }
        PostbackCommand::Replay {
            config,
            event,
            destination,
            since,
            failed,
        } => {
            let value = json!({
                "event": event, "destination": destination, "since": since, "failed": failed,
            });
            let answer = ask::ask(&load(&config.config)?, "postback-replay", value)?;
            writeln!(out, "{} events are sent again", answer["events"])?;
            if let Some(from) = answer["left_from"].as_str() {
                writeln!(out, "there are more: go on with --since {from}")?;
            }
        }
        PostbackCommand::Secret { config, id } => {
            let value = json!({ "destination": id });
            let answer = ask::ask(&load(&config.config)?, "postback-secret", value)?;
            writeln!(out, "secret: {}", text(&answer["secret"]))?;
        }
    }
    Ok(())
}

/// What is null as a dash.
fn cell(value: &Value) -> String {
    if value.is_null() {
        "-".to_owned()
    } else {
        text(value)
    }
}

fn list(out: &mut dyn Write, answer: &Value) -> std::io::Result<()> {
    writeln!(
        out,
        "{:<6} {:<8} {:<8} {:<9} {:>8} {:>8} next try",
        "id", "program", "partner", "state", "waiting", "failed"
    )?;
    for row in answer["postbacks"].as_array().into_iter().flatten() {
        let of = |name: &str| cell(&row[name]);
        writeln!(
            out,
            "{:<6} {:<8} {:<8} {:<9} {:>8} {:>8} {}",
            of("id"),
            of("program"),
            of("partner"),
            of("state"),
            of("waiting"),
            of("failed"),
            of("next_at"),
        )?;
    }
    Ok(())
}

fn log(out: &mut dyn Write, answer: &Value) -> std::io::Result<()> {
    writeln!(
        out,
        "{:<26} {:<9} {:<9} {:>5} {:<7} event",
        "ended", "kind", "end", "tries", "answer"
    )?;
    for row in answer["events"].as_array().into_iter().flatten() {
        let of = |name: &str| cell(&row[name]);
        let said = if row["status"].is_null() {
            of("error")
        } else {
            of("status")
        };
        writeln!(
            out,
            "{:<26} {:<9} {:<9} {:>5} {:<7} {}",
            of("at"),
            of("kind"),
            of("end"),
            of("tries"),
            said,
            of("event"),
        )?;
    }
    if let Some(from) = answer["more_from"].as_str() {
        writeln!(out, "there are more: go on with --since {from}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_shown_with_dashes_for_what_is_not_there() {
        let mut out = Vec::new();
        let waits = json!({ "postbacks": [{
            "id": 7, "program": 1000, "partner": null, "state": "ACTIVE", "waiting": 2,
            "failed": 1, "next_at": "2026-11-25T09:00:00Z",
        }] });
        list(&mut out, &waits).unwrap();
        let ended = json!({ "more_from": "2026-11-26T00:00:00Z", "events": [{
            "at": "2026-11-25T09:00:00Z", "destination": 7, "event": "E-1000.10.5.1-7",
            "kind": "TRACKED", "end": "tries", "tries": 15, "status": null, "error": "timeout",
        }] });
        log(&mut out, &ended).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = shown.lines().collect();
        let expected = "7      1000     -        ACTIVE           2        1 2026-11-25T09:00:00Z";
        assert_eq!(lines[1], expected);
        assert!(
            lines[3].ends_with("tries        15 timeout E-1000.10.5.1-7"),
            "{shown}"
        );
        assert_eq!(
            lines[4],
            "there are more: go on with --since 2026-11-26T00:00:00Z"
        );
    }
}
