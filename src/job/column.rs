//! The columns of files: one table that reads them and documents them.

use serde::{Deserialize, Serialize};

use crate::conversion::fields;

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Clicks with their own times.
    Clicks,
    /// Conversions with their own times.
    Conversions,
}

impl Kind {
    /// The columns that have a row in the tables.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Clicks => CLICKS,
            Self::Conversions => CONVERSIONS,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clicks => "clicks",
            Self::Conversions => "conversions",
        }
    }

    /// The published spelling of a column's name; nothing if there is no such column.
    #[must_use]
    pub fn column(self, sent: &str) -> Option<String> {
        let is = |name: &str| name.eq_ignore_ascii_case(sent);
        let mut listed = self.columns().iter();
        let listed = listed.find(|row| is(row.name) || row.alias.is_some_and(is));
        let name = listed.map(|row| row.name.to_owned());
        match self {
            Self::Clicks => name,
            Self::Conversions => name.or_else(|| further(sent)),
        }
    }
}

/// A field of the Conversions API without a row of its own; a number only where there are several.
fn further(sent: &str) -> Option<String> {
    let name = fields::known(sent)?;
    let (stem, number) = fields::split_number(&name);
    let is_numbered = stem.starts_with("Item") || NUMBERED.contains(&stem);
    (is_numbered != number.is_empty()).then_some(name)
}

/// Fields of the Conversions API that are numbered without being an item's.
const NUMBERED: [&str; 5] = ["Date", "Money", "Numeric", "SubId", "Text"];

/// When a column must be there and a row must fill it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// Unless the command names the program.
    Program,
    /// This one or another of these.
    OneOf(&'static [&'static str]),
    /// Never.
    Never,
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An own time, see [`super::own_time`].
    Time,
    /// A whole number from this one to 4,294,967,295.
    Number(u32),
    /// An IPv4 or IPv6 address.
    Address,
    /// A text of at most so many bytes, without control characters.
    Text(usize),
    /// Whatever the Conversions API takes; it is checked there.
    Field,
}

/// One row of [`CLICKS`] or [`CONVERSIONS`].
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name; a file may write it in any case of letters.
    pub name: &'static str,
    /// Another name for it.
    pub alias: Option<&'static str>,
    /// When it must be there.
    pub need: Need,
    /// What its values must be; an empty one counts as absent.
    pub form: Form,
    /// What it means, as a sentence.
    pub help: &'static str,
}

const VISITOR: &[&str] = &["IpAddress", "Visitor"];
const EVENT: &[&str] = &["ActionTrackerId", "EventTypeId", "EventTypeCode"];

/// The columns of a file of clicks.
pub const CLICKS: &[Column] = &[
    column(
        "ExternalClickId",
        Need::Always,
        Form::Text(255),
        "Names the click for ever, once in a program; conversions name it as `CustomClickId`.",
    ),
    column(
        "EventDate",
        Need::Always,
        Form::Time,
        "When the click happened.",
    ),
    column(
        "CampaignId",
        Need::Program,
        Form::Number(1),
        "Program number.",
    ),
    Column {
        alias: Some("MediaPartnerId"),
        ..column("MediaId", Need::Always, Form::Number(1), "Partner number.")
    },
    column(
        "AdId",
        Need::Never,
        Form::Number(0),
        "Ad number; without one the click counts as one of an unknown ad.",
    ),
    column(
        "IpAddress",
        Need::OneOf(VISITOR),
        Form::Address,
        "With `UserAgent` tells one visitor from another; only its network is stored.",
    ),
    column(
        "Visitor",
        Need::OneOf(VISITOR),
        Form::Text(255),
        "Any text that tells one visitor from another; then address and user agent do not.",
    ),
    column(
        "UserAgent",
        Need::Never,
        Form::Text(1_024),
        "All that the browser sent. Robots are told by it, and a click without one is a robot's.",
    ),
    column(
        "ReferringUrl",
        Need::Never,
        Form::Text(2_048),
        "Page the click came from.",
    ),
    column(
        "DeepLink",
        Need::Never,
        Form::Text(2_048),
        "The link's `u`: the page it asked for.",
    ),
    column(
        "SubId1",
        Need::Never,
        Form::Text(255),
        "The partner's first own label.",
    ),
    column("SubId2", Need::Never, Form::Text(255), "The second."),
    column("SubId3", Need::Never, Form::Text(255), "The third."),
    column(
        "SharedId",
        Need::Never,
        Form::Text(255),
        "A label that partner and brand see.",
    ),
];

/// The columns of a file of conversions that need a word; every other field of the Conversions API
/// is a column too.
pub const CONVERSIONS: &[Column] = &[
    column(
        "CampaignId",
        Need::Program,
        Form::Number(1),
        "Program number.",
    ),
    column(
        "ActionTrackerId",
        Need::OneOf(EVENT),
        Form::Field,
        "Event type.",
    ),
    column(
        "EventTypeId",
        Need::OneOf(EVENT),
        Form::Field,
        "The same by its other name.",
    ),
    column(
        "EventTypeCode",
        Need::OneOf(EVENT),
        Form::Field,
        "The same by its code.",
    ),
    column(
        "EventDate",
        Need::Always,
        Form::Time,
        "When the conversion happened; it stays so, however long ago.",
    ),
    Column {
        alias: Some("Oid"),
        ..column(
            "OrderId",
            Need::Always,
            Form::Field,
            "Counted once for each event type.",
        )
    },
    column(
        "CustomClickId",
        Need::Never,
        Form::Text(255),
        "`ExternalClickId` of the click that led to it.",
    ),
];

const fn column(name: &'static str, need: Need, form: Form, help: &'static str) -> Column {
    Column {
        name,
        alias: None,
        need,
        form,
        help,
    }
}

/// Both tables for README.md.
#[must_use]
pub fn markdown() -> String {
    let tables = [Kind::Clicks, Kind::Conversions].map(|kind| {
        let rows: String = kind.columns().iter().map(Column::markdown).collect();
        let title = kind.name();
        format!("| Column of {title} | Needed | Value | Meaning |\n|---|---|---|---|\n{rows}")
    });
    let further = "Every other field of the Conversions API is a column of conversions too.\n";
    format!("{}\n{further}", tables.join("\n"))
}

impl Column {
    fn markdown(&self) -> String {
        let alias = self.alias.map(|alias| format!(", `{alias}`"));
        format!(
            "| `{}`{} | {} | {} | {} |\n",
            self.name,
            alias.unwrap_or_default(),
            needed(self.need),
            allowed(self.form),
            self.help
        )
    }
}

fn needed(need: Need) -> String {
    match need {
        Need::Always => "yes".to_owned(),
        Need::Program => "unless `--program`".to_owned(),
        Need::OneOf(names) => format!("one of {}", listed(names)),
        Need::Never => "no".to_owned(),
    }
}

/// Names in code marks, with commas.
pub(super) fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn allowed(form: Form) -> String {
    match form {
        Form::Time => "ISO 8601 with offset, or Unix seconds or milliseconds".to_owned(),
        Form::Number(min) => format!("number from {min}"),
        Form::Address => "IPv4 or IPv6 address".to_owned(),
        Form::Text(max) => format!("text, at most {max} bytes"),
        Form::Field => "as the API takes it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_in_any_case_and_by_their_aliases() {
        let of = |kind: Kind, sent| kind.column(sent);
        assert_eq!(
            of(Kind::Clicks, "externalCLICKid").unwrap(),
            "ExternalClickId"
        );
        assert_eq!(of(Kind::Clicks, "MediaPartnerId").unwrap(), "MediaId");
        assert_eq!(of(Kind::Clicks, "OrderId"), None);
        assert_eq!(of(Kind::Conversions, "OID").unwrap(), "OrderId");
        assert_eq!(
            of(Kind::Conversions, "mediapartnerid").unwrap(),
            "MediaPartnerId"
        );
        assert_eq!(of(Kind::Conversions, "itemtext2_7").unwrap(), "ItemText2_7");
        for sent in [
            "ItemText",
            "Amount1",
            "SubId",
            "ExternalClickId",
            "my_own",
            "",
        ] {
            assert_eq!(of(Kind::Conversions, sent), None, "{sent}");
        }
    }

    #[test]
    fn every_column_of_conversions_is_a_field_of_the_api() {
        for column in CONVERSIONS {
            assert_eq!(fields::known(column.name).as_deref(), Some(column.name));
            let alias = column.alias.map(|alias| fields::known(alias).unwrap());
            assert!(alias.is_none_or(|alias| alias == column.name));
        }
    }

    #[test]
    fn the_markdown_names_every_column() {
        let text = markdown();
        for column in CLICKS.iter().chain(CONVERSIONS) {
            assert!(
                text.contains(&format!("| `{}`", column.name)),
                "{}",
                column.name
            );
        }
        assert!(text.contains("| `MediaId`, `MediaPartnerId` | yes | number from 1 |"));
    }
}
