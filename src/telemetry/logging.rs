//! Log lines on standard output, one for each event, as text or as JSON.
//!
//! In: `tracing` events. Out: one line each, with the time in UTC. Control bytes are written as
//! escapes, so that nothing a stranger sent can forge a line or move a terminal's cursor. Text
//! lines carry the `<n>` priority prefix when the journal reads them.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `time LEVEL target: message field=value`.
    Text,
    /// The same line with the priority prefix of the journal.
    Journal,
    /// One JSON object.
    Json,
}

impl Format {
    /// The format for `json` or text, where `journal_stream` is the value of `$JOURNAL_STREAM`,
    /// which the service manager sets when standard output leads to the journal.
    #[must_use]
    pub fn choose(json: bool, journal_stream: Option<&std::ffi::OsStr>) -> Self {
        match (json, journal_stream) {
            (true, _) => Self::Json,
            (false, Some(_)) => Self::Journal,
            (false, None) => Self::Text,
        }
    }
}

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter can't be read.
    #[error(
        "log filter `{filter}`: {reason}; write a level (error, warn, info, debug, trace) or \
             target=level pairs with commas between"
    )]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it.
        reason: tracing_subscriber::filter::ParseError,
    },
    /// Logging was started before in this process.
    #[error("log lines already have a reader in this process")]
    Started,
}

/// Sends every event that passes `filter` to standard output, from now until the process ends.
///
/// # Errors
/// When the filter can't be read or logging was started before.
pub fn start(filter: &str, format: Format) -> Result<(), LoggingError> {
    let subscriber = subscriber(filter, format, std::io::stdout)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LoggingError::Started)
}

fn subscriber<W>(
    filter: &str,
    format: Format,
    writer: W,
) -> Result<impl Subscriber + Send + Sync, LoggingError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).map_err(|reason| LoggingError::Filter {
        filter: String::from(filter),
        reason,
    })?;
    Ok(tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .event_format(Lines { format })
        .finish())
}

struct Lines {
    format: Format,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let meta = event.metadata();
        let time = jiff::Timestamp::now();
        let line = match self.format {
            Format::Json => json_line(time, *meta.level(), meta.target(), fields)?,
            Format::Text => text_line(time, *meta.level(), meta.target(), &fields)?,
            Format::Journal => {
                let line = text_line(time, *meta.level(), meta.target(), &fields)?;
                write!(writer, "<{}>", priority(*meta.level()))?;
                line
            }
        };
        writeln!(writer, "{line}")
    }
}

/// The syslog priority of a level, as the journal reads it.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

/// The message and the other fields of one event.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        if field.name() == "message" {
            self.message = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
        } else {
            self.others.insert(String::from(field.name()), value);
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::String(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::from(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::from(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        self.put(field, Value::String(text));
    }
}

fn text_line(
    time: jiff::Timestamp,
    level: Level,
    target: &str,
    fields: &Fields,
) -> Result<String, fmt::Error> {
    let mut line = String::new();
    write!(line, "{time:.3} {level:>5} {target}: ")?;
    escape_into(&mut line, &fields.message);
    for (name, value) in &fields.others {
        write!(line, " {name}=")?;
        match value {
            Value::String(text) if text.contains([' ', '"', '=']) || text.is_empty() => {
                line.push('"');
                escape_into(&mut line, &text.replace('\\', "\\\\").replace('"', "\\\""));
                line.push('"');
            }
            Value::String(text) => escape_into(&mut line, text),
            other => write!(line, "{other}")?,
        }
    }
    Ok(line)
}

fn json_line(
    time: jiff::Timestamp,
    level: Level,
    target: &str,
    fields: Fields,
) -> Result<String, fmt::Error> {
    let mut object = Map::new();
    object.insert(String::from("time"), Value::String(format!("{time:.3}")));
    object.insert(String::from("level"), Value::from(level.as_str()));
    object.insert(String::from("target"), Value::from(target));
    object.insert(String::from("message"), Value::from(fields.message));
    for (name, value) in fields.others {
        object.entry(name).or_insert(value);
    }
    let line = serde_json::to_string(&object).map_err(|_| fmt::Error)?;
    // The encoder escapes what JSON forbids; 0x7f to 0x9f are legal there, yet terminals obey them.
    let mut escaped = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_control() {
            write!(escaped, "\\u{:04x}", u32::from(c))?;
        } else {
            escaped.push(c);
        }
    }
    Ok(escaped)
}

/// Appends `text` with every control character as an escape.
fn escape_into(line: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, format: Format, emit: impl FnOnce()) -> String {
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = subscriber(filter, format, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, emit);
        let bytes = sink.0.lock().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_text_line_holds_time_level_target_message_and_fields() {
        let text = logged("info", Format::Text, || {
            tracing::info!(target: "clickd::log", slot = 7_u64, path = "a b", "sealed");
            tracing::debug!(target: "clickd::log", "below the level");
        });
        let (time, rest) = text.split_once(' ').unwrap();
        assert!(
            time.parse::<jiff::Timestamp>().is_ok() && time.ends_with('Z'),
            "{time}"
        );
        assert_eq!(rest, " INFO clickd::log: sealed slot=7 path=\"a b\"\n");
    }

    #[test]
    fn control_bytes_never_reach_the_line_raw() {
        for format in [Format::Text, Format::Journal, Format::Json] {
            let text = logged("info", format, || {
                tracing::warn!(agent = "x\u{1b}[2J\n<0>forged\u{9b}\u{7f}", "told\r\nus");
            });
            let line = text.strip_suffix('\n').unwrap();
            assert!(!line.chars().any(char::is_control), "{format:?} {line:?}");
        }
    }

    #[test]
    fn the_journal_gets_priorities() {
        let text = logged("trace", Format::Journal, || {
            tracing::error!("a");
            tracing::warn!("b");
            tracing::info!("c");
            tracing::debug!("d");
        });
        let prefixes: Vec<&str> = text.lines().map(|line| line.get(..3).unwrap()).collect();
        assert_eq!(prefixes, ["<3>", "<4>", "<6>", "<7>"]);
    }

    #[test]
    fn a_json_line_is_one_object_with_the_whole_error() {
        #[derive(Debug, thiserror::Error)]
        #[error("no sync")]
        struct Failed(#[source] io::Error);
        let error = Failed(io::Error::other("disk is gone"));
        let text = logged("info", Format::Json, || {
            tracing::info!(
                rows = 3_u64,
                ok = true,
                error = &error as &dyn std::error::Error,
                "hi"
            );
        });
        let value: Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!(value["message"], "hi");
        assert_eq!(value["level"], "INFO");
        assert_eq!(value["rows"], 3);
        assert_eq!(value["ok"], true);
        assert_eq!(value["error"], "no sync: disk is gone");
    }

    #[test]
    fn a_bad_filter_says_what_is_allowed() {
        let error = subscriber("info,clickd=loud", Format::Text, io::sink)
            .err()
            .unwrap();
        assert!(error.to_string().contains("error, warn, info"), "{error}");
    }

    #[test]
    fn the_journal_is_recognised_by_its_variable() {
        let journal = Some(std::ffi::OsStr::new("8:1234"));
        assert_eq!(Format::choose(false, None), Format::Text);
        assert_eq!(Format::choose(false, journal), Format::Journal);
        assert_eq!(Format::choose(true, journal), Format::Json);
    }
}
