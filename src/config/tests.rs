//! Whole files: the shipped one, and bad ones with the answers they get.

use std::time::Duration;

use super::read::{Notes, read};
use super::settings::{AckMode, Config, LogFormat, LogLevel, Postbacks, SecretsDirectory};

const SHIPPED: &str = include_str!("../../config/clickd.toml");

/// The shipped file with every option in force: a `#` without a blank after it is taken away.
fn uncommented() -> String {
    let lines = SHIPPED.lines().map(|line| match line.strip_prefix('#') {
        Some(option) if option.starts_with(|c: char| c.is_ascii_alphanumeric()) => option,
        _ => line,
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Reading `text` tells exactly these problems.
fn check(text: &str, expected: &[&str]) {
    let told = match Config::parse("c.toml", text) {
        Ok(_) => Vec::new(),
        Err(error) => error.0.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(told, expected, "{text}");
}

/// One option with a bad value is told with `piece`.
fn refused(section: &str, option: &str, piece: &str) {
    let error = Config::parse("c.toml", &format!("[{section}]\n{option}\n")).unwrap_err();
    let [problem] = error.0.as_slice() else {
        panic!("{section} {option}: {error}");
    };
    let key = option.split(' ').next().unwrap();
    assert_eq!(problem.key, format!("{section}.{key}"), "{problem}");
    assert!(problem.at.starts_with("c.toml:2:"), "{problem}");
    assert!(problem.problem.contains(piece), "{problem}, not {piece}");
    assert!(
        !problem.allowed.is_empty(),
        "{problem} does not say what is allowed"
    );
}

#[test]
fn the_shipped_file_holds_every_option_with_its_default() {
    let text = uncommented();
    let mut notes = Notes::new("clickd.toml", &text);
    let config = read(&text, &mut notes);
    assert!(notes.problems.is_empty(), "{:#?}", notes.problems);
    assert_eq!(config, Config::default());
    let named: Vec<_> = notes.places.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(
        named, notes.known,
        "the file names what is known, in the same order"
    );
    let quiet = SHIPPED.lines().filter(|line| !line.starts_with(['#', '[']));
    assert!(
        quiet.collect::<String>().is_empty(),
        "no option is in force as shipped"
    );
}

#[test]
fn every_option_is_read_and_has_a_type() {
    let mut notes = Notes::new("", "");
    read("", &mut notes);
    assert_eq!(notes.known.len(), 36, "{:?}", notes.known);
    for key in &notes.known {
        let (section, option) = key.split_once('.').unwrap();
        refused(section, &format!("{option} = {{ a = 1 }}"), "is a table");
    }
}

#[test]
fn options_change_the_settings() {
    let config = Config::parse(
        "",
        "[store]\ndirectory = \"/data\"\nwrite_buffer = \"1GiB\"\nslot_rows_max = 1_000\n\
         [ack]\nclicks = \"durable\"\ndurable_wait = \"1s\"\n\
         [public]\nlisten = \"[::]:80\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n\
         [ops]\nlisten = \"192.0.2.1:9460\"\nallow_public = true\n\
         [fold]\nrobots_file = \"r.toml\"\nhosting_file = \"h.toml\"\n\
         [api]\nupload_max = \"5MiB\"\n\
         [jobs]\ndirectory = \"/spool\"\ndisk_free_min = \"2GiB\"\n\
         [postbacks]\nallow_private = true\nconnections_max = 7\ntries_max = 3\n\
         timeout = \"2s\"\nfirst_wait = \"5s\"\n\
         give_up_after = \"1h\"\nkeep_log = \"7d\"\nca_file = \"ca.pem\"\n\
         [secrets]\ndirectory = \"$CREDENTIALS_DIRECTORY\"\n\
         [log]\nformat = \"json\"\nlevel = \"debug\"\n",
    )
    .unwrap();
    assert_eq!(config.store.directory.to_str(), Some("/data"));
    assert_eq!(
        (config.store.write_buffer, config.store.slot_rows_max),
        (1 << 30, 1_000)
    );
    assert_eq!(config.ack.clicks, AckMode::Durable);
    assert_eq!(config.ack.durable_wait, Duration::from_secs(1));
    assert_eq!(config.public.listen.to_string(), "[::]:80");
    assert_eq!(config.public.trusted_proxies.len(), 2);
    assert_eq!(config.fold.robots_file.unwrap().to_str(), Some("r.toml"));
    assert_eq!(config.fold.hosting_file.unwrap().to_str(), Some("h.toml"));
    assert_eq!(config.api.upload_max, 5 << 20);
    let jobs = (config.jobs.directory.unwrap(), config.jobs.disk_free_min);
    assert_eq!(jobs, ("/spool".into(), 2 << 30));
    let postbacks = Postbacks {
        allow_private: true,
        connections_max: 7,
        timeout: Duration::from_secs(2),
        first_wait: Duration::from_secs(5),
        tries_max: 3,
        give_up_after: Duration::from_secs(3_600),
        keep_log: Duration::from_secs(7 * 86_400),
        ca_file: Some("ca.pem".into()),
    };
    assert_eq!(config.postbacks, postbacks);
    assert_eq!(config.secrets.directory, SecretsDirectory::Credentials);
    assert_eq!(
        (config.log.format, config.log.level),
        (LogFormat::Json, LogLevel::Debug)
    );
}

#[test]
fn unknown_names_are_told_with_the_nearest() {
    check(
        "[public]\nlisen = \"0.0.0.0:80\"\n\n[stor]\n[metrics]\n[ack]\ncolour = 1\n",
        &[
            "c.toml:2:1: public.lisen: is unknown; did you mean `listen`?",
            "c.toml:4:2: stor: is unknown; did you mean [store]?",
            "c.toml:5:2: metrics: is unknown; the sections are store, ack, public, api, ops, \
             control, fold, jobs, postbacks, secrets, shutdown, log",
            "c.toml:7:1: ack.colour: is unknown; the options of [ack] are clicks, durable_wait",
        ],
    );
    check(
        "store = 1\n",
        &["c.toml:1:9: store: is not a section; [store]"],
    );
    check(
        "listen = \"x\"\n",
        &[
            "c.toml:1:1: listen: is unknown; the sections are store, ack, public, api, ops, \
             control, fold, jobs, postbacks, secrets, shutdown, log",
        ],
    );
}

#[test]
fn quantities_are_checked() {
    for (section, option, piece) in [
        ("ack", "durable_wait = 50", "is a whole number, not a text"),
        ("ack", "durable_wait = \"50\"", "has no unit"),
        ("ack", "durable_wait = \"-50ms\"", "no whole number"),
        ("ack", "durable_wait = \"0ms\"", "out of range"),
        ("ack", "durable_wait = \"11s\"", "out of range"),
        ("shutdown", "grace = \"99999999999999999999s\"", "too large"),
        ("public", "keep_alive = \"0s\"", "out of range"),
        ("store", "write_buffer = \"384\"", "has no unit"),
        ("store", "write_buffer = \"384MB\"", "no whole number"),
        ("store", "block_cache = \"0B\"", "out of range"),
        ("store", "wal_total = \"17179869184GiB\"", "too large"),
        ("store", "slot_rows_max = 0", "is 0"),
        ("store", "slot_rows_max = -1", "is -1"),
        (
            "store",
            "slot_rows_max = 99999999999999999999",
            "is 99999999999999999999",
        ),
        ("store", "slot_rows_max = 4294967296", "is 4294967296"),
        ("store", "slot_rows_max = 1e3", "is a float"),
        (
            "store",
            "slot_rows_max = \"1000\"",
            "is a text, not a whole number",
        ),
        ("public", "workers = 257", "is 257"),
        ("api", "body_max = \"17MiB\"", "out of range"),
    ] {
        refused(section, option, piece);
    }
}

#[test]
fn addresses_paths_and_words_are_checked() {
    let long = format!("socket = \"/{}\"", "x".repeat(107));
    for (section, option, piece) in [
        ("public", "listen = \"0.0.0.0:0\"", "has port 0"),
        ("public", "listen = \"0.0.0.0\"", "no address with a port"),
        (
            "public",
            "listen = \"localhost:80\"",
            "no address with a port",
        ),
        ("public", "listen = \":80\"", "no address with a port"),
        (
            "public",
            "listen = \"0.0.0.0:65536\"",
            "no address with a port",
        ),
        ("public", "listen = 8080", "is a whole number"),
        (
            "public",
            "trusted_proxies = \"10.0.0.0/8\"",
            "is a text, not a list",
        ),
        (
            "public",
            "trusted_proxies = [\"0.0.0.0/0\"]",
            "covers every address",
        ),
        (
            "public",
            "trusted_proxies = [\"::/0\"]",
            "covers every address",
        ),
        (
            "public",
            "trusted_proxies = [\"10.0.0.1/8\"]",
            "bits set behind",
        ),
        (
            "public",
            "trusted_proxies = [\"10.0.0.0/33\"]",
            "prefix length",
        ),
        (
            "public",
            "trusted_proxies = [\"proxy\"]",
            "no address range",
        ),
        (
            "public",
            "trusted_proxies = [1]",
            "is a whole number, not a text",
        ),
        (
            "ops",
            "allow_public = \"yes\"",
            "is a text, not true or false",
        ),
        ("ops", "listen = \"0.0.0.0:9460\"", "from outside"),
        ("ops", "listen = \"[::ffff:10.0.0.1]:9460\"", "from outside"),
        ("store", "directory = \"\"", "is empty"),
        ("store", "directory = \"/a\\u0000b\"", "control characters"),
        ("control", &long, "too long"),
        ("secrets", "directory = \"$HOME\"", "another variable"),
        ("ack", "clicks = \"Fast\"", "not in the list"),
        ("log", "level = \"verbose\"", "not in the list"),
    ] {
        refused(section, option, piece);
    }
    for listen in ["127.0.0.2:9460", "[::1]:9460", "[::ffff:127.0.0.1]:9460"] {
        check(&format!("[ops]\nlisten = \"{listen}\"\n"), &[]);
    }
}

#[test]
fn two_listeners_on_one_address_are_told() {
    check(
        "[public]\nlisten = \"127.0.0.1:81\"\n[api]\nlisten = \"0.0.0.0:81\"\n",
        &[
            "c.toml:4:10: api.listen: 0.0.0.0:81 is taken by public.listen = 127.0.0.1:81; another \
           port",
        ],
    );
    check(
        "[ops]\nlisten = \"127.0.0.1:8081\"\n",
        &[
            "c.toml:2:10: ops.listen: 127.0.0.1:8081 is taken by api.listen = 127.0.0.1:8081; \
             another \
         port",
        ],
    );
    check(
        "[api]\nlisten = \"127.0.0.1:8080\"\n[public]\nlisten = \"192.0.2.1:8080\"\n",
        &[],
    );
}

#[test]
fn texts_that_are_no_toml_are_told_with_line_and_column() {
    for (text, at) in [
        ("[ack]\nclicks = fast\n", "c.toml:2:10"),
        ("[ack\n", "c.toml:1:5"),
        (
            "[ack]\nclicks = \"fast\"\nclicks = \"fast\"\n",
            "c.toml:3:1",
        ),
        ("[ack]\n[ack]\n", "c.toml:2:2"),
        ("[ack]\nclicks = \"é\u{0}\"\n", "c.toml:2:12"),
        ("\u{feff}[ack]\n", "c.toml:1:1"),
    ] {
        let error = Config::parse("c.toml", text).unwrap_err();
        assert!(
            error.0.iter().any(|problem| problem.at == at),
            "{text:?}: {error}"
        );
    }
}

#[test]
fn every_problem_is_told_at_once_in_the_order_of_the_file() {
    check(
        "[log]\nlevel = \"loud\"\n[public]\nworkers = 0\nwrokers = 1\ntrusted_proxies = [\"x\", \
         \"10.0.0.0/8\", \"y\"]\n",
        &[
            "c.toml:2:9: log.level: \"loud\" is not in the list; \"error\" or \"warn\" or \
             \"info\" or \"debug\" or \"trace\"",
            "c.toml:4:11: public.workers: is 0; a whole number from 1 to 256",
            "c.toml:5:1: public.wrokers: is unknown; did you mean `workers`?",
            "c.toml:6:20: public.trusted_proxies: \"x\" is no address range such as 10.0.0.0/8 \
             or 2001:db8::/32; the proxies' own addresses or ranges, such as \"10.0.0.0/8\"",
            "c.toml:6:39: public.trusted_proxies: \"y\" is no address range such as 10.0.0.0/8 \
             or 2001:db8::/32; the proxies' own addresses or ranges, such as \"10.0.0.0/8\"",
        ],
    );
}
