//! The text of a configuration file to a [`Config`]: which options there are, and the rules that
//! span several of them.

use std::net::SocketAddr;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::cidr::Cidr;
use super::nearest::nearest;
use super::problem::{ConfigError, Problem};
use super::section::{PATH_MAX, Section, path};
use super::settings::{AckMode, Config, LogFormat, LogLevel, SecretsDirectory};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The longest path of a Unix socket on Linux, without its closing zero byte.
const SOCKET_PATH_MAX: usize = 107;

type Reader = fn(&mut Section<'_, '_>, &mut Config);

/// The sections and what reads each.
const SECTIONS: &[(&str, Reader)] = &[
    ("store", store),
    ("ack", ack),
    ("public", public),
    ("api", api),
    ("ops", ops),
    ("control", |s, c| {
        s.path("socket", &mut c.control.socket, SOCKET_PATH_MAX);
    }),
    ("fold", |s, c| {
        s.maybe_path("robots_file", &mut c.fold.robots_file);
        s.maybe_path("hosting_file", &mut c.fold.hosting_file);
    }),
    ("jobs", jobs),
    ("postbacks", postbacks),
    ("secrets", secrets),
    ("shutdown", |s, c| {
        s.duration("grace", &mut c.shutdown.grace, SECOND..=HOUR);
    }),
    ("log", log),
];

impl Config {
    /// The settings of `text`, which `name` names in problems.
    ///
    /// # Errors
    /// Every problem of syntax, or else every problem of the options.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let mut notes = Notes::new(name, text);
        let config = read(text, &mut notes);
        if notes.problems.is_empty() {
            Ok(config)
        } else {
            notes.problems.sort_by_key(|(start, _)| *start);
            let problems = notes.problems.into_iter();
            Err(ConfigError(problems.map(|(_, problem)| problem).collect()))
        }
    }
}

/// What was found while reading.
pub(super) struct Notes<'a> {
    name: &'a str,
    text: &'a str,
    /// Problems with their offset in the text.
    pub(super) problems: Vec<(usize, Problem)>,
    /// Every option there is, in order.
    pub(super) known: Vec<String>,
    /// Where the options that the text names stand.
    pub(super) places: Vec<(String, usize)>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(name: &'a str, text: &'a str) -> Self {
        Self {
            name,
            text,
            problems: Vec::new(),
            known: Vec::new(),
            places: Vec::new(),
        }
    }

    pub(super) fn note(
        &mut self,
        start: usize,
        key: impl Into<String>,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        let problem = Problem {
            at: place(self.name, self.text, start),
            key: key.into(),
            problem: problem.into(),
            allowed: allowed.into(),
        };
        self.problems.push((start, problem));
    }

    /// Notes a problem of an option, at its place if the text names it.
    fn note_option(&mut self, key: &str, problem: impl Into<String>, allowed: impl Into<String>) {
        let place = self.places.iter().find(|(named, _)| named == key);
        let start = place.map_or(0, |(_, start)| *start);
        self.note(start, key, problem, allowed);
    }
}

/// `name:line:column` of the byte at `start`, both counted from 1, the column in characters.
pub(super) fn place(name: &str, text: &str, start: usize) -> String {
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{name}:{line}:{column}")
}

/// Reads `text`; what is wrong with it goes into `notes`.
pub(super) fn read<'a>(text: &'a str, notes: &mut Notes<'a>) -> Config {
    let mut config = Config::default();
    if text.starts_with('\u{feff}') {
        let allowed = "save the file as UTF-8 without one";
        notes.note(0, "", "begins with a byte order mark", allowed);
        return config;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let start = error.span().map_or(0, |span| span.start);
        notes.note(start, "", error.message(), "");
    }
    if !errors.is_empty() {
        return config;
    }
    let mut table = table.into_inner();
    for (name, reader) in SECTIONS {
        let mut found = DeTable::new();
        if let Some(value) = table.remove(*name) {
            let start = value.span().start;
            match value.into_inner() {
                DeValue::Table(table) => found = table,
                _ => notes.note(start, *name, "is not a section", format!("[{name}]")),
            }
        }
        let mut section = Section::new(name, found, notes);
        reader(&mut section, &mut config);
        section.end();
    }
    let names: Vec<_> = SECTIONS.iter().map(|(name, _)| *name).collect();
    for (key, _) in &table {
        let name = key.get_ref();
        let allowed = match nearest(name, &names) {
            Some(near) => format!("did you mean [{near}]?"),
            None => format!("the sections are {}", names.join(", ")),
        };
        notes.note(
            key.span().start,
            name.escape_debug().to_string(),
            "is unknown",
            allowed,
        );
    }
    listeners(&config, notes);
    config
}

fn store(section: &mut Section<'_, '_>, config: &mut Config) {
    let store = &mut config.store;
    section.path("directory", &mut store.directory, PATH_MAX);
    section.count(
        "slot_rows_max",
        &mut store.slot_rows_max,
        1_000..=10_000_000,
    );
    section.size("write_buffer", &mut store.write_buffer, 16 * MIB..=64 * GIB);
    section.size("block_cache", &mut store.block_cache, 8 * MIB..=1_024 * GIB);
    section.size("wal_total", &mut store.wal_total, 16 * MIB..=64 * GIB);
}

fn ack(section: &mut Section<'_, '_>, config: &mut Config) {
    let ack = &mut config.ack;
    let modes = [("fast", AckMode::Fast), ("durable", AckMode::Durable)];
    section.choice("clicks", &mut ack.clicks, &modes);
    let range = Duration::from_millis(1)..=10 * SECOND;
    section.duration("durable_wait", &mut ack.durable_wait, range);
}

fn public(section: &mut Section<'_, '_>, config: &mut Config) {
    let public = &mut config.public;
    section.address("listen", &mut public.listen);
    section.count("workers", &mut public.workers, 1..=256);
    section.count(
        "connections_max",
        &mut public.connections_max,
        1..=1_000_000,
    );
    let requests = &mut public.requests_per_connection_max;
    section.count("requests_per_connection_max", requests, 1..=1_000_000_000);
    section.list(
        "trusted_proxies",
        &mut public.trusted_proxies,
        "the proxies' own addresses or ranges, such as \"10.0.0.0/8\"",
        |text| text.parse::<Cidr>().map_err(|error| error.to_string()),
    );
    section.duration("keep_alive", &mut public.keep_alive, SECOND..=HOUR);
}

fn api(section: &mut Section<'_, '_>, config: &mut Config) {
    let api = &mut config.api;
    section.address("listen", &mut api.listen);
    section.count("connections_max", &mut api.connections_max, 1..=100_000);
    section.size("body_max", &mut api.body_max, KIB..=16 * MIB);
    section.size("upload_max", &mut api.upload_max, MIB..=64 * GIB);
}

fn jobs(section: &mut Section<'_, '_>, config: &mut Config) {
    let jobs = &mut config.jobs;
    section.maybe_path("directory", &mut jobs.directory);
    section.size("disk_free_min", &mut jobs.disk_free_min, MIB..=1_024 * GIB);
}

fn ops(section: &mut Section<'_, '_>, config: &mut Config) {
    section.address("listen", &mut config.ops.listen);
    section.flag("allow_public", &mut config.ops.allow_public);
}

fn postbacks(section: &mut Section<'_, '_>, config: &mut Config) {
    let postbacks = &mut config.postbacks;
    section.flag("allow_private", &mut postbacks.allow_private);
    section.count("connections_max", &mut postbacks.connections_max, 1..=512);
    section.duration("timeout", &mut postbacks.timeout, SECOND..=60 * SECOND);
    section.duration("first_wait", &mut postbacks.first_wait, SECOND..=HOUR);
    section.count("tries_max", &mut postbacks.tries_max, 1..=100);
    let range = 60 * SECOND..=30 * DAY;
    section.duration("give_up_after", &mut postbacks.give_up_after, range);
    section.duration("keep_log", &mut postbacks.keep_log, HOUR..=400 * DAY);
    section.maybe_path("ca_file", &mut postbacks.ca_file);
}

fn secrets(section: &mut Section<'_, '_>, config: &mut Config) {
    let allowed = || "a path, \"\" or \"$CREDENTIALS_DIRECTORY\"";
    section.text(
        "directory",
        &mut config.secrets.directory,
        allowed,
        |text| match text {
            "" => Ok(SecretsDirectory::BesideStore),
            "$CREDENTIALS_DIRECTORY" => Ok(SecretsDirectory::Credentials),
            text if text.starts_with('$') => Err("names another variable".to_owned()),
            text => path(text, PATH_MAX).map(SecretsDirectory::At),
        },
    );
}

fn log(section: &mut Section<'_, '_>, config: &mut Config) {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    section.choice("format", &mut config.log.format, &formats);
    let levels = [
        LogLevel::Error,
        LogLevel::Warn,
        LogLevel::Info,
        LogLevel::Debug,
        LogLevel::Trace,
    ];
    section.choice(
        "level",
        &mut config.log.level,
        &levels.map(|level| (level.name(), level)),
    );
}

/// No two listeners on one address, and metrics only on this machine unless said otherwise.
fn listeners(config: &Config, notes: &mut Notes<'_>) {
    let listeners = [
        ("public.listen", config.public.listen),
        ("api.listen", config.api.listen),
        ("ops.listen", config.ops.listen),
    ];
    for (i, (key, address)) in listeners.iter().enumerate() {
        let same = listeners
            .iter()
            .take(i)
            .find(|(_, earlier)| collide(*earlier, *address));
        if let Some((other, at)) = same {
            let problem = format!("{address} is taken by {other} = {at}");
            notes.note_option(key, problem, "another port");
        }
    }
    let ops = config.ops.listen;
    if !ops.ip().to_canonical().is_loopback() && !config.ops.allow_public {
        notes.note_option(
            "ops.listen",
            format!("{ops} can be reached from outside"),
            "a loopback address, or ops.allow_public = true",
        );
    }
}

/// Whether both can't be listened on at once.
fn collide(a: SocketAddr, b: SocketAddr) -> bool {
    let (ip_a, ip_b) = (a.ip().to_canonical(), b.ip().to_canonical());
    a.port() == b.port() && (ip_a == ip_b || ip_a.is_unspecified() || ip_b.is_unspecified())
}
