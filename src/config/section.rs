//! One section of the file, read option by option.
//!
//! Each read takes the option out of the table, checks it and notes its name as known. What is
//! left when the section ends is unknown. A wrong value is noted and leaves the default in place,
//! so that every problem of the file is found in one go.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest::nearest;
use super::read::Notes;
use super::values;

pub(super) struct Section<'a, 'n> {
    name: &'static str,
    table: DeTable<'a>,
    known: Vec<&'static str>,
    notes: &'n mut Notes<'a>,
}

impl<'a, 'n> Section<'a, 'n> {
    pub(super) fn new(name: &'static str, table: DeTable<'a>, notes: &'n mut Notes<'a>) -> Self {
        Self {
            name,
            table,
            known: Vec::new(),
            notes,
        }
    }

    /// A word out of a list.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        target: &mut T,
        list: &[(&str, T)],
    ) {
        let allowed = || {
            let words: Vec<_> = list.iter().map(|(word, _)| format!("{word:?}")).collect();
            words.join(" or ")
        };
        self.text(key, target, allowed, |text| {
            let found = list.iter().find(|(word, _)| *word == text);
            found
                .map(|(_, value)| *value)
                .ok_or_else(|| "is not in the list".to_owned())
        });
    }

    pub(super) fn flag(&mut self, key: &'static str, target: &mut bool) {
        let Some(value) = self.take(key) else { return };
        match value.get_ref() {
            DeValue::Boolean(flag) => *target = *flag,
            other => {
                let problem = format!("is {}, not true or false", a(other));
                self.note(key, value.span().start, problem, "true or false");
            }
        }
    }

    /// A whole number within `range`.
    pub(super) fn count<T>(&mut self, key: &'static str, target: &mut T, range: RangeInclusive<T>)
    where
        T: Copy + PartialOrd + Display + TryFrom<i64>,
    {
        let Some(value) = self.take(key) else { return };
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        let problem = match value.get_ref() {
            DeValue::Integer(number) => {
                let read = i64::from_str_radix(number.as_str(), number.radix());
                match read.ok().and_then(|number| T::try_from(number).ok()) {
                    Some(number) if range.contains(&number) => {
                        *target = number;
                        return;
                    }
                    _ => format!("is {}", number.as_str()),
                }
            }
            other => format!("is {}, not a whole number", a(other)),
        };
        self.note(key, value.span().start, problem, allowed);
    }

    /// A size in bytes with its unit.
    pub(super) fn size<T>(&mut self, key: &'static str, target: &mut T, range: RangeInclusive<u64>)
    where
        T: TryFrom<u64>,
    {
        let (least, most) = (
            values::size_text(*range.start()),
            values::size_text(*range.end()),
        );
        let allowed =
            || format!("a whole number with its unit B, KiB, MiB or GiB, from {least} to {most}");
        self.text(key, target, allowed, |text| {
            let bytes = values::size(text).map_err(|error| error.to_string())?;
            if !range.contains(&bytes) {
                return Err("is out of range".to_owned());
            }
            T::try_from(bytes).map_err(|_| "is too large for this machine".to_owned())
        });
    }

    /// A duration with its unit.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        target: &mut Duration,
        range: RangeInclusive<Duration>,
    ) {
        let least = values::duration_text(*range.start());
        let most = values::duration_text(*range.end());
        let allowed =
            || format!("a whole number with its unit ms, s, m, h or d, from {least} to {most}");
        self.text(key, target, allowed, |text| {
            let duration = values::duration(text).map_err(|error| error.to_string())?;
            if range.contains(&duration) {
                Ok(duration)
            } else {
                Err("is out of range".to_owned())
            }
        });
    }

    /// An address and port to listen on.
    pub(super) fn address(&mut self, key: &'static str, target: &mut SocketAddr) {
        let allowed = || "an IP address and a port from 1 to 65535, such as \"127.0.0.1:8081\"";
        self.text(key, target, allowed, |text| {
            match text.parse::<SocketAddr>() {
                Ok(address) if address.port() == 0 => Err("has port 0".to_owned()),
                Ok(address) => Ok(address),
                Err(_) => Err("is no address with a port".to_owned()),
            }
        });
    }

    /// A path; `longest` in bytes.
    pub(super) fn path(&mut self, key: &'static str, target: &mut PathBuf, longest: usize) {
        let allowed = || format!("a path of 1 to {longest} bytes without control characters");
        self.text(key, target, allowed, |text| path(text, longest));
    }

    /// A path, or empty for none.
    pub(super) fn maybe_path(&mut self, key: &'static str, target: &mut Option<PathBuf>) {
        let allowed = || "a path without control characters, or \"\"";
        self.text(key, target, allowed, |text| match text {
            "" => Ok(None),
            text => path(text, PATH_MAX).map(Some),
        });
    }

    /// A text that `read` turns into the value.
    pub(super) fn text<T, A: Display>(
        &mut self,
        key: &'static str,
        target: &mut T,
        allowed: impl Fn() -> A,
        read: impl Fn(&str) -> Result<T, String>,
    ) {
        let Some(value) = self.take(key) else { return };
        if let Some(read) = self.one(key, &value, allowed, read) {
            *target = read;
        }
    }

    /// A list of texts that `read` turns into the values.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        target: &mut Vec<T>,
        allowed: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) {
        let Some(value) = self.take(key) else { return };
        let DeValue::Array(items) = value.get_ref() else {
            let problem = format!("is {}, not a list", a(value.get_ref()));
            return self.note(
                key,
                value.span().start,
                problem,
                format!("a list of {allowed}"),
            );
        };
        let items = items.iter();
        *target = items
            .filter_map(|item| self.one(key, item, || allowed, &read))
            .collect();
    }

    /// Ends the section: what was not read is unknown.
    pub(super) fn end(self) {
        for (key, _) in &self.table {
            let name = key.get_ref();
            let allowed = match nearest(name, &self.known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "the options of [{}] are {}",
                    self.name,
                    self.known.join(", ")
                ),
            };
            let key_name = format!("{}.{}", self.name, name.escape_debug());
            self.notes
                .note(key.span().start, key_name, "is unknown", allowed);
        }
    }

    fn one<T, A: Display>(
        &mut self,
        key: &'static str,
        value: &Spanned<DeValue<'a>>,
        allowed: impl Fn() -> A,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let start = value.span().start;
        let problem = match value.get_ref() {
            DeValue::String(text) => match read(text) {
                Ok(value) => return Some(value),
                Err(problem) => {
                    format!("{:?} {problem}", text.chars().take(80).collect::<String>())
                }
            },
            other => format!("is {}, not a text in quotes", a(other)),
        };
        self.note(key, start, problem, allowed().to_string());
        None
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.notes.known.push(format!("{}.{key}", self.name));
        let value = self.table.remove(key)?;
        let at = (format!("{}.{key}", self.name), value.span().start);
        self.notes.places.push(at);
        Some(value)
    }

    fn note(&mut self, key: &str, start: usize, problem: String, allowed: impl Into<String>) {
        let key = format!("{}.{key}", self.name);
        self.notes.note(start, key, problem, allowed);
    }
}

/// The longest path in bytes.
pub(super) const PATH_MAX: usize = 4_095;

pub(super) fn path(text: &str, longest: usize) -> Result<PathBuf, String> {
    if text.is_empty() {
        Err("is empty".to_owned())
    } else if text.len() > longest {
        Err("is too long".to_owned())
    } else if text.chars().any(char::is_control) {
        Err("holds control characters".to_owned())
    } else {
        Ok(text.into())
    }
}

fn a(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(_) => "a whole number".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
        other => format!("a {}", other.type_str()),
    }
}
