//! The count itself: the fold of a stored log, then each kind of click, on one daemon.

use std::time::{Duration, Instant};

use crate::support::commands::apply_catalog;
use crate::support::config::Config;
use crate::support::daemon::Daemon;
use crate::support::http::{Client, get};

use super::callgrind::{Counted, of, version};
use super::profile::Thread;
use super::table::{Counts, Table, built_with};
use super::traffic::{CATALOG, Customers};

/// Clicks of one kind.
const CLICKS: u32 = 1_024;
/// Requests that are written at once.
const BATCH: u32 = 16;
/// Clicks of each kind before the count, so that buffers, caches and the dictionary are filled.
const FIRST: u32 = 256;
/// Clicks that are folded, and those of one slot: so many that a slot more or less hardly counts.
const STORED: u32 = 8_192;
const SLOT: u32 = 1_000;
/// What is counted of the public worker, with the requests that are written at once. Links that are
/// refused are not: their answers leave before the worker has come to rest, so it depends on the
/// client's speed whether it rests once or twice a request, and the figure wobbles by 7 %.
const KINDS: [(&str, u32); 2] = [("alone", 1), ("pipelined", BATCH)];
/// Longer than the fold, a start or a stop takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_click_costs_as_many_instructions_as_the_table_says() {
    let is_release = !cfg!(debug_assertions);
    assert!(is_release, "the figures are those of cargo test --release");
    let counted_with = built_with(version());
    let counts = count();
    let table = Table::read();
    println!("{counts:?} counted with {counted_with:?}");
    let asked = std::env::var("CLICKD_COUNT").is_ok_and(|asked| asked == "write");
    let mut wrong = table.compare(&counts, &counted_with);
    if asked && !table.is_counted_with(&counted_with) {
        wrong.push("the table names other versions".to_owned());
    }
    if !wrong.is_empty() {
        let now = if asked {
            table.write(&counts, &counted_with);
            "The table is written anew."
        } else {
            "If the change is worth it, CLICKD_COUNT=write has the figures written anew."
        };
        panic!("{}\n{now}", wrong.join("\n"));
    }
}

fn count() -> Counts {
    let config = config();
    apply_catalog(&config, CATALOG);
    store(&config);
    let daemon = Counted::start(&config);
    let mut counts = Counts::new();
    let mut add = |name: &str, thread: Thread, clicks: u32| {
        let instructions = of(&daemon.count(name), thread);
        counts.insert(name.to_owned(), instructions / u64::from(clicks));
    };
    wait_folded(&config, STORED);
    add("fold", Thread::Fold, STORED);
    let mut customers = Customers::connect(&config);
    for (_, batch) in KINDS {
        customers.click(FIRST, batch);
    }
    daemon.begin();
    for (name, batch) in KINDS {
        customers.click(CLICKS, batch);
        add(name, Thread::Public, CLICKS);
    }
    assert!(daemon.stop().success());
    counts
}

/// Settings under which nothing but the clicks costs much.
fn config() -> Config {
    let mut config = Config::new();
    config.set("public", "requests_per_connection_max", 1_000_000);
    // Slots end by their rows, not by the speed of the machine.
    config.set("store", "slot_rows_max", SLOT);
    // The list of the program takes as long to compile as thousands of clicks to fold.
    let robots = config.folder().join("robots.toml");
    std::fs::write(&robots, "date = \"2026-11-01\"\nrobots = ['bot\\b']\n").unwrap();
    config.set("fold", "robots_file", format!("{robots:?}"));
    config
}

/// Stores the clicks that are folded anew when the daemon starts again. Nothing is counted, so this
/// is quick.
fn store(config: &Config) {
    let mut daemon = Daemon::start(config);
    daemon.wait_ready(PATIENCE).unwrap();
    Customers::connect(config).click(STORED, BATCH);
    daemon.terminate();
    assert!(daemon.wait_end(PATIENCE).unwrap().success());
    std::fs::remove_dir_all(config.folder().join("store/derived")).unwrap();
}

/// Waits until `clicks` are in the reports.
fn wait_folded(config: &Config, clicks: u32) {
    let began = Instant::now();
    let line = format!("clickd_fold_clicks_total {clicks}");
    loop {
        let mut ops = Client::connect(config.ops, PATIENCE).unwrap();
        let page = ops.exchange(&get("/metrics", &[])).unwrap().body;
        if String::from_utf8_lossy(&page)
            .lines()
            .any(|found| found == line)
        {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "the fold is behind");
        std::thread::sleep(Duration::from_millis(100));
    }
}
