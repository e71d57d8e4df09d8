//! The count itself: the fold of a stored log, each kind of click and the conversion, on one
//! daemon; the fold of conversions, on another.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::commands::apply_catalog;
use crate::support::config::Config;
use crate::support::daemon::Daemon;
use crate::support::http::{Client, get};

use super::brand::Brand;
use super::callgrind::{Counted, of, of_all, version};
use super::profile::Thread;
use super::table::{Counts, Table, built_with};
use super::traffic::{CATALOG, Customers};

/// Clicks of one kind.
const CLICKS: u32 = 1_024;
/// Requests that are written at once.
const BATCH: u32 = 16;
/// Events of each kind before the count, so that buffers, caches and the dictionary are filled.
const FIRST: u32 = 256;
/// Clicks that are folded, and those of one slot: so many that a slot more or less hardly counts.
const STORED: u32 = 8_192;
const SLOT: u32 = 1_000;
/// Conversions that are answered, those that are folded, and the connections that store these: so
/// many that slots end by their rows.
const CONVERSIONS: u32 = 512;
const FOLDED_CONVERSIONS: u32 = 4_000;
const CONNECTIONS: usize = 32;
/// What is counted of the public worker, with the requests that are written at once. Links that are
/// refused are not: their answers leave before the worker has come to rest, so it depends on the
/// client's speed whether it rests once or twice a request, and the figure wobbles by 7 %.
const KINDS: [(&str, u32); 2] = [("alone", 1), ("pipelined", BATCH)];
/// Longer than the fold, a start or a stop takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn clicks_and_conversions_cost_as_many_instructions_as_the_table_says() {
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
    let mut counts = Counts::new();
    clicks(&mut counts);
    folded_conversions(&mut counts);
    counts
}

/// Counts the fold of clicks, each kind of click and the conversion.
fn clicks(counts: &mut Counts) {
    let config = config();
    apply_catalog(&config, CATALOG);
    store_clicks(&config);
    let daemon = Counted::start(&config);
    let mut add = |name: &str, instructions: u64, events: u32| {
        counts.insert(name.to_owned(), instructions / u64::from(events));
    };
    wait_folded(&config, "clickd_fold_clicks_total", STORED);
    add("fold", of(&daemon.count("fold"), Thread::Fold), STORED);
    let mut customers = Customers::connect(&config);
    for (_, batch) in KINDS {
        customers.click(FIRST, batch);
    }
    daemon.begin();
    for (name, batch) in KINDS {
        customers.click(CLICKS, batch);
        add(name, of(&daemon.count(name), Thread::Public), CLICKS);
    }
    let mut brand = Brand::connect(&config, 1);
    brand.convert(&customers.ids, FIRST);
    daemon.begin();
    brand.convert(&customers.ids, CONVERSIONS);
    let threads = daemon.count("conversion");
    let instructions = of_all(&threads, &[Thread::Api, Thread::Store]);
    add("conversion", instructions, CONVERSIONS);
    assert!(daemon.stop().success());
}

/// Counts the fold of conversions, whose clicks were folded before.
fn folded_conversions(counts: &mut Counts) {
    let config = config();
    apply_catalog(&config, CATALOG);
    store_conversions(&config);
    let daemon = Counted::start(&config);
    let credited = "clickd_fold_credits_total{kind=\"stored\"}";
    wait_folded(&config, credited, FOLDED_CONVERSIONS);
    let instructions = of(&daemon.count("fold-conversion"), Thread::Fold);
    let each = instructions / u64::from(FOLDED_CONVERSIONS);
    counts.insert("fold-conversion".to_owned(), each);
    assert!(daemon.stop().success());
}

/// Settings under which nothing but clicks and conversions costs much.
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
fn store_clicks(config: &Config) {
    uncounted(config, || {
        Customers::connect(config).click(STORED, BATCH);
    });
    std::fs::remove_dir_all(derived(config)).unwrap();
}

/// Stores clicks that are folded, and conversions of them that are not: what the fold had made of
/// the clicks is put in place of what it made of both.
fn store_conversions(config: &Config) {
    let ids = uncounted(config, || {
        let mut customers = Customers::connect(config);
        customers.click(FOLDED_CONVERSIONS, BATCH);
        wait_folded(config, "clickd_fold_clicks_total", FOLDED_CONVERSIONS);
        customers.ids
    });
    let (derived, before) = (derived(config), config.folder().join("before"));
    copy(&derived, &before);
    uncounted(config, || {
        Brand::connect(config, CONNECTIONS).convert(&ids, FOLDED_CONVERSIONS);
    });
    std::fs::remove_dir_all(&derived).unwrap();
    std::fs::rename(before, derived).unwrap();
}

/// Does `work` while a daemon runs that nobody counts.
fn uncounted<T>(config: &Config, work: impl FnOnce() -> T) -> T {
    let mut daemon = Daemon::start(config);
    daemon.wait_ready(PATIENCE).unwrap();
    let done = work();
    daemon.terminate();
    assert!(daemon.wait_end(PATIENCE).unwrap().success());
    done
}

fn derived(config: &Config) -> PathBuf {
    config.folder().join("store/derived")
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Waits until the metric `name` shows that so many are in the reports.
fn wait_folded(config: &Config, name: &str, count: u32) {
    let began = Instant::now();
    let line = format!("{name} {count}");
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
