//! The rules as tables: who may use what, which words and sizes are allowed.

/// Which modules of the crate a module may use; a module without a row fails.
pub(crate) const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("registry", &["model"]),
    ("config", &["model"]),
    ("telemetry", &["model", "config"]),
    ("catalog", &["model"]),
    ("link", &["model"]),
    ("click", &["model", "link", "catalog"]),
    ("conversion", &["model", "catalog", "click"]),
    ("visit", &["model", "catalog", "link", "conversion"]),
    (
        "job",
        &[
            "model",
            "catalog",
            "link",
            "click",
            "conversion",
            "log",
            "telemetry",
        ],
    ),
    ("log", &["model", "config", "telemetry"]),
    ("derived", &["model", "registry", "log", "telemetry"]),
    (
        "fold",
        &[
            "model",
            "registry",
            "catalog",
            "log",
            "derived",
            "telemetry",
        ],
    ),
    ("report", &["model", "registry", "catalog", "derived"]),
    (
        "postback",
        &["model", "config", "telemetry", "catalog", "log", "derived"],
    ),
    (
        "server",
        &[
            "model",
            "registry",
            "config",
            "telemetry",
            "catalog",
            "link",
            "click",
            "conversion",
            "job",
            "log",
            "derived",
            "fold",
            "report",
            "visit",
        ],
    ),
    ("command", &["*"]),
    ("daemon", &["*"]),
    ("lib", &["*"]),
    ("main", &["*"]),
];

/// Crates that only some modules may name.
pub(crate) const FENCES: &[(&str, &[&str])] = &[
    ("rocksdb", &["log", "derived"]),
    ("hyper", &["server", "command", "postback"]),
    ("hyper_util", &["server", "command", "postback"]),
    ("http_body_util", &["server", "command", "postback"]),
    ("rustls", &["postback"]),
    ("tokio_rustls", &["postback"]),
    ("rustls_native_certs", &["postback"]),
    ("toml", &["catalog", "config", "fold"]),
    ("metrics_exporter_prometheus", &["telemetry"]),
    ("tracing_subscriber", &["telemetry"]),
    ("listenfd", &["server"]),
    ("sd_notify", &["server"]),
    ("anyhow", &["main"]),
];

/// What a file on the way of every click does without.
pub(crate) const NOT_ON_THE_HOT_PATH: &[&str] = &[
    "format!",
    ".to_string(",
    ".to_owned(",
    "Box::new",
    ".lock(",
    "info!",
    "warn!",
];

/// What no file says: paths of one machine, and work put off. Put together here, so that this
/// file does not say them either.
pub(crate) const WORDS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("for", " now"),
    concat!("in a real", " system"),
];

/// Names of modules that gather what belongs elsewhere.
pub(crate) const DRAWERS: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "misc", "types", "prelude",
];
/// Everything that may lie at the root, beside dotfiles.
pub(crate) const ROOT_ENTRIES: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "benches",
    "config",
    "loadtest",
    "systemd",
    "tests",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "target",
];
/// Lines of one source file.
pub(crate) const LINES_MAX: usize = 500;
/// Columns of one line.
pub(crate) const COLUMNS_MAX: usize = 100;
/// Files in one folder of `src`.
pub(crate) const FILES_MAX: usize = 15;
