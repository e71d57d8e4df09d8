//! `clickd rebuild` with other lists, on a daemon that runs, is killed, or does not run.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use crate::support::commands::{run_on, said};
use crate::support::http::{self, basic, get};
use crate::sync::daemon::{BRAND, Home};

const PATIENCE: Duration = Duration::from_secs(20);
/// Everything from 100 to 109 is a robot.
const SOME: &str = "date = \"2026-11-01\"\nrobots = ['Firefox/10[0-9]\\.']\n";
/// Everything from 100 to 119.
const MORE: &str = "date = \"2026-11-01\"\nrobots = ['Firefox/1[01][0-9]\\.']\n";

fn click(home: &Home, version: u32) {
    let headers = format!("User-Agent: Mozilla/5.0 (X11; Linux) Firefox/{version}.0\r\n");
    let answer = home.customer().get("/c/280/100/1000", &headers).unwrap();
    assert!(answer.is_recorded_click());
}

fn tell(home: &Home, arguments: &[&str]) -> Output {
    run_on(&home.config(), arguments)
}

fn well(home: &Home, arguments: &[&str]) -> String {
    let output = tell(home, arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    said(&output)
}

fn file(home: &Home, name: &str, text: &str) -> PathBuf {
    let file = home.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// A home whose program pays ten cents for each unique click.
fn home() -> Home {
    let home = Home::new("");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/catalog.toml");
    let sample = std::fs::read_to_string(sample).unwrap();
    let sale = "    { event_type = 11, amount = \"1.50\" },\n]";
    let click = "    { event_type = 11, amount = \"1.50\" },\n    \
        { event_type = 19, amount = \"0.10\" },\n]";
    assert!(sample.contains(sale));
    let of_clicks = "[[event_type]]\nprogram = 1000\nid = 19\ncode = \"CLICK\"\n\
        name = \"Click\"\ncategory = \"CLICK\"\n\n[[event_type]]";
    let text = sample.replacen(sale, click, 1);
    let text = text.replacen("[[event_type]]", of_clicks, 1);
    let text = text.replacen("version = 0", "version = 1", 1);
    let catalog = file(&home, "paid.toml", &text);
    well(&home, &["catalog", "apply", catalog.to_str().unwrap()]);
    home
}

/// Raw and unique clicks of the partner, and what its clicks were paid on their days, in cents,
/// once all is folded and proven. What they are paid in all is what unique ones cost.
fn clicks(home: &Home) -> (i64, i64, i64) {
    well(home, &["verify"]);
    let report = "att_adv_performance_by_media_pm_only";
    let path = format!("/Advertisers/{BRAND}/Reports/{report}?SUBAID=1000");
    let authorization = basic(BRAND, &home.token);
    let request = get(&path, &[("Authorization", &authorization)]);
    let mut client = http::Client::connect(home.api, PATIENCE).unwrap();
    let answer = client.exchange(&request).unwrap();
    assert_eq!(answer.status, 200);
    let record = &answer.json()["Records"][0];
    let number = |name: &str| -> i64 {
        let value = &record[name];
        let text = value.as_str().map(str::to_owned);
        text.unwrap_or_else(|| value.to_string()).parse().unwrap()
    };
    let cents = |name: &str| -> i64 {
        let text = record[name].as_str().unwrap();
        text.replace('.', "").parse().unwrap()
    };
    let (unique, cost) = (number("Clicks"), cents("CPCCost"));
    assert_eq!(cents("TotalCost"), 10 * unique);
    assert_eq!(cost + cents("Adjustments"), 10 * unique);
    (number("RawClicks"), unique, cost)
}

/// The directories of generations.
fn generations(home: &Home) -> usize {
    let entries = std::fs::read_dir(home.store().join("derived")).unwrap();
    entries
        .filter(|entry| entry.as_ref().unwrap().path().is_dir())
        .count()
}

#[test]
fn other_lists_show_what_they_change_and_judge_the_past_once_committed() {
    let home = home();
    let running = home.serve();
    for version in 100..130 {
        click(&home, version);
    }
    assert_eq!(clicks(&home), (30, 30, 300));
    let some = file(&home, "some.toml", SOME);
    let some = ["rebuild", "--robots", some.to_str().unwrap()];
    let shown = well(&home, &some);
    for part in [
        "30 > 20",
        "0 > 10",
        "3.00 > 2.00",
        "would be adjusted on the day of the commit",
        "program 1000, partner 280: -1.00 USD for 10 clicks and 0 actions",
        "1 of 1 partners differ",
        "nothing is changed",
    ] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    assert_eq!(clicks(&home), (30, 30, 300));
    assert_eq!(generations(&home), 1, "a trial is left behind");
    let shown = well(&home, &["rebuild", "--current-lists"]);
    assert!(shown.contains("0 of 1 partners differ"), "{shown}");
    let shown = well(&home, &[&some[..], &["--commit"]].concat());
    assert!(shown.contains("committed: clicks up to slot "), "{shown}");
    assert!(shown.contains("adjusted at 20"), "{shown}");
    assert_eq!(clicks(&home), (30, 20, 300));
    // What comes is judged by the configuration.
    click(&home, 105);
    assert_eq!(clicks(&home), (31, 21, 310));
    drop(running);
    // Also without a daemon, which was killed.
    well(&home, &["rebuild"]);
    let more = file(&home, "more.toml", MORE);
    let more = ["rebuild", "--robots", more.to_str().unwrap(), "--commit"];
    let shown = well(&home, &more);
    for part in ["21 > 10", "2.10 > 1.00", "-1.10 USD for 11 clicks"] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let running = home.serve();
    assert_eq!(clicks(&home), (31, 10, 310));
    well(&home, &["rebuild"]);
    assert_eq!(clicks(&home), (31, 10, 310));
    running.terminate();
    assert_eq!(running.ended().0, 0);
}

#[test]
fn wrong_lists_are_refused_by_the_option_and_what_is_wrong() {
    let home = Home::new("");
    let refused = |arguments: &[&str]| {
        let output = tell(&home, &[&["rebuild"][..], arguments].concat());
        (output.status.code().unwrap(), said(&output))
    };
    let pattern = file(&home, "a.toml", "date = \"2026-11-01\"\nrobots = ['(']\n");
    let robots = ["--robots", pattern.to_str().unwrap(), "--commit"];
    let (code, text) = refused(&robots);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("--robots: `robots` holds `(`"), "{text}");
    let network = "[hosting]\ndate = \"2026-11-01\"\nnetworks = ['10.0.0.1/24']\n";
    let network = file(&home, "b.toml", network);
    let (code, text) = refused(&["--hosting", network.to_str().unwrap()]);
    assert_eq!(code, 1, "{text}");
    let expected = "--hosting: `hosting.networks` holds `10.0.0.1/24`, which has bits";
    assert!(text.contains(expected), "{text}");
    let (code, text) = refused(&["--robots", "/nowhere/list.toml"]);
    assert!(code == 1 && text.contains("/nowhere/list.toml: "), "{text}");
    let (code, text) = refused(&["--commit"]);
    assert!(code == 2 && text.contains("--current-lists"), "{text}");
}

#[test]
fn a_daemon_that_is_killed_at_any_step_has_the_old_figures_or_the_new_ones() {
    let home = home();
    let mut running = home.serve();
    for version in 100..130 {
        click(&home, version);
    }
    let lists = [
        (file(&home, "some.toml", SOME), (30, 20, 300)),
        (file(&home, "more.toml", MORE), (30, 10, 300)),
    ];
    let mut stands = clicks(&home);
    let mut changed = 0;
    let delays = [0, 15, 45, 90, 150, 240, 360, 480, 700, 1_000, 5_000];
    for (round, millis) in delays.into_iter().enumerate() {
        // The longest one is for a busy machine.
        if millis > 1_000 && changed > 0 {
            break;
        }
        let (list, new) = &lists[round % 2];
        let list = list.to_str().unwrap();
        std::thread::scope(|scope| {
            let command = scope.spawn(|| tell(&home, &["rebuild", "--robots", list, "--commit"]));
            std::thread::sleep(Duration::from_millis(millis));
            drop(running);
            command.join().unwrap();
        });
        running = home.serve();
        well(&home, &["rebuild"]);
        let found = clicks(&home);
        assert!(
            found == stands || found == *new,
            "{found:?} after {millis} ms"
        );
        changed += i32::from(found != stands);
        stands = found;
    }
    assert!(changed > 0, "no round came as far as the commit");
    drop(running);
}
