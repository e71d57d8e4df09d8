//! `rebuild`: the log folded again, as it is or with its past judged by other lists.

use std::io::Write;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use serde_json::{Value, json};

use super::line::{ConfigFile, load, read};
use super::{Failure, ask, show};

/// What is written where the second figure is the first.
const ARROW: &str = " > ";

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("lists")
    .args(["robots", "hosting", "current_lists"])
    .multiple(true))]
pub(super) struct RebuildArguments {
    #[command(flatten)]
    config: ConfigFile,
    /// Judge all clicks so far by this list of robots, in the form of `config/robots.toml`, and
    /// print what changes.
    #[arg(long, value_name = "FILE")]
    robots: Option<PathBuf>,
    /// The same by this list of networks of hosts, in the form of `config/hosting.toml`.
    #[arg(long, value_name = "FILE")]
    hosting: Option<PathBuf>,
    /// Judge all clicks so far by the lists in force, which are also taken for one that is not
    /// named.
    #[arg(long)]
    current_lists: bool,
    /// Store the lists as the ones that judge the past, and let the new figures serve. What clicks
    /// and settled actions were paid stands on its day; what the lists make more or less of it is
    /// booked as adjustments of today. New clicks are judged by the lists of the configuration as
    /// before.
    #[arg(long, requires = "lists")]
    commit: bool,
}

/// Rebuilds, or judges the past and prints the difference.
///
/// # Errors
/// What the verb or the way to it says.
pub(super) fn run(arguments: &RebuildArguments, out: &mut dyn Write) -> Result<(), Failure> {
    let config = load(&arguments.config.config)?;
    let (robots, hosting) = (&arguments.robots, &arguments.hosting);
    if robots.is_none() && hosting.is_none() && !arguments.current_lists {
        let answer = ask::ask(&config, "rebuild", Value::Null)?;
        writeln!(
            out,
            "generation {} serves, up to slot {}",
            answer["generation"], answer["slot"]
        )?;
        return Ok(());
    }
    let text = |file: &Option<PathBuf>| file.as_deref().map(read).transpose();
    let value = json!({
        "robots": text(robots)?,
        "hosting": text(hosting)?,
        "commit": arguments.commit,
    });
    difference(out, &ask::ask(&config, "rescore", value)?)
}

/// The difference as a table: a line for each program, then one for each of its partners that
/// differs. A figure that changes shows as `old > new`.
fn difference(out: &mut dyn Write, answer: &Value) -> Result<(), Failure> {
    let heads = [
        "program", "partner", "raw", "unique", "payable", "robots", "actions", "cost", "", "risk",
    ];
    let mut lines = vec![heads.map(str::to_owned)];
    let mut notes = Vec::new();
    for program in list(&answer["programs"]) {
        let named = [&program["program"], &program["currency"]].map(show::text);
        lines.push(line(&named[0], "all", &named[1], program));
        for partner in list(&program["partners"]) {
            let number = show::text(&partner["partner"]);
            lines.push(line("", &number, "", partner));
            if partner["adjusted_clicks"] != 0 || partner["adjusted_actions"] != 0 {
                notes.push(format!(
                    "  program {}, partner {number}: {} {} for {} clicks and {} actions",
                    named[0],
                    show::text(&partner["adjustments"]),
                    named[1],
                    partner["adjusted_clicks"],
                    partner["adjusted_actions"],
                ));
            }
        }
    }
    if lines.len() > 1 {
        table(out, &lines)?;
    }
    writeln!(
        out,
        "{} of {} partners differ, up to slot {}; levels of risk that change: {}",
        answer["differ"], answer["partners"], answer["slot"], answer["levels_changed"]
    )?;
    if !notes.is_empty() {
        match answer["at"].as_str() {
            Some(at) => writeln!(out, "adjusted at {at}; what was paid stands:")?,
            None => writeln!(
                out,
                "would be adjusted on the day of the commit; what was paid stands:"
            )?,
        }
        for note in notes {
            writeln!(out, "{note}")?;
        }
    }
    if answer["committed"] == true {
        writeln!(
            out,
            "committed: clicks up to slot {} are judged by these lists from now on; new ones by \
             those of the configuration",
            answer["until"]
        )?;
    } else {
        writeln!(out, "nothing is changed; --commit lets this stand")?;
    }
    Ok(())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn line(program: &str, partner: &str, currency: &str, row: &Value) -> [String; 10] {
    let figure = |name: &str| {
        let [before, after] = [&row[name][0], &row[name][1]].map(|value| match value {
            Value::Null => "-".to_owned(),
            value => show::text(value),
        });
        if before == after {
            before
        } else {
            [before, after].join(ARROW)
        }
    };
    [
        program.to_owned(),
        partner.to_owned(),
        figure("raw_clicks"),
        figure("unique_clicks"),
        figure("payable_clicks"),
        figure("robots"),
        figure("actions"),
        figure("cost"),
        currency.to_owned(),
        figure("risk"),
    ]
}

/// Lines in columns as wide as they need be.
fn table(out: &mut dyn Write, lines: &[[String; 10]]) -> Result<(), Failure> {
    let mut widths = [0; 10];
    for line in lines {
        for (width, text) in widths.iter_mut().zip(line) {
            *width = text.chars().count().max(*width);
        }
    }
    for line in lines {
        let cells = line.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(text, width)| format!("{text:<width$}"))
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(partner: &Value, unique: [&str; 2]) -> Value {
        json!({
            "partner": partner,
            "raw_clicks": ["9", "9"],
            "unique_clicks": unique,
            "payable_clicks": ["5", "5"],
            "robots": ["0", "1"],
            "actions": ["2", "2"],
            "cost": ["1.00", "0.50"],
            "risk": [null, "stop"],
            "adjusted_clicks": 3,
            "adjusted_actions": 1,
            "adjustments": "-0.50",
        })
    }

    #[test]
    fn what_differs_is_told_as_a_table() {
        let mut program = row(&Value::Null, ["7", "6"]);
        program["program"] = json!(1_000);
        program["currency"] = json!("USD");
        program["risk"] = json!([null, null]);
        program["partners"] = json!([row(&json!(280), ["7", "6"])]);
        let answer = json!({
            "programs": [program], "partners": 3, "differ": 1, "slot": 8, "until": 7,
            "levels_changed": 1, "committed": false,
        });
        let mut out = Vec::new();
        difference(&mut out, &answer).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "program  partner  raw  unique  payable  robots  actions  cost              \
             risk\n\
             1000     all      9    7 > 6   5        0 > 1   2        1.00 > 0.50  USD  -\n\
             \x20        280      9    7 > 6   5        0 > 1   2        \
             1.00 > 0.50       - > stop\n\
             1 of 3 partners differ, up to slot 8; levels of risk that change: 1\n\
             would be adjusted on the day of the commit; what was paid stands:\n  \
             program 1000, partner 280: -0.50 USD for 3 clicks and 1 actions\n\
             nothing is changed; --commit lets this stand\n"
        );
    }
}
