//! The command and the verbs of an import against a running daemon.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clickd::job::column::Kind;
use clickd::job::import::{Chunk, Finish, Finished, Open, Opened, Stored};
use clickd::job::line::Row;
use clickd::model::id::{JobId, ProgramId};
use clickd::model::time::Millis;
use clickd::server::control::{CallError, call};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::told::{CATALOG, Told, mix, recount, told};
use crate::support::commands::{apply_catalog, create_key, run, said, verify};
use crate::support::config::Config;
use crate::support::daemon::Daemon;
use crate::support::http::{Client, basic, get};

const PATIENCE: Duration = Duration::from_secs(60);
const BRAND: &str = "IRone";
const REPORT: &str = "att_adv_performance_by_media_pm_only";

struct Home {
    config: Config,
    daemon: Daemon,
    token: String,
}

impl Home {
    fn new() -> Self {
        let config = Config::new();
        let mut daemon = Daemon::start(&config);
        daemon.wait_ready(PATIENCE).unwrap();
        apply_catalog(&config, CATALOG);
        let token = create_key(&config, BRAND);
        Self {
            config,
            daemon,
            token,
        }
    }

    fn crash(&mut self) {
        self.daemon.kill();
        self.daemon = Daemon::start(&self.config);
        self.daemon.wait_ready(PATIENCE).unwrap();
    }

    fn ask<T: DeserializeOwned>(&self, verb: &str, value: &impl Serialize) -> Result<T, String> {
        let socket = self.config.folder().join("control.sock");
        let value = serde_json::to_value(value).unwrap();
        match call(&socket, verb, &value) {
            Ok(answer) => Ok(serde_json::from_value(answer).unwrap()),
            Err(CallError::Refused(error)) => Err(error.error),
            Err(error) => panic!("{error}"),
        }
    }

    /// Imports a file of these lines; the exit code and what was said.
    fn import(&self, kind: &str, lines: &str) -> (i32, String) {
        let file = self.config.folder().join("rows.csv");
        std::fs::write(&file, lines).unwrap();
        let output = run(&self.config, &["import", kind, file.to_str().unwrap()]);
        (output.status.code().unwrap(), said(&output))
    }

    /// The rows of the report over three days, once everything is folded and proven.
    fn reports(&self) -> String {
        verify(&self.config).unwrap();
        let mut text = String::new();
        for day in ["2017-11-06", "2017-11-07", "2017-11-08"] {
            let query = format!("{REPORT}?SUBAID=1&StartDate={day}&EndDate={day}");
            writeln!(text, "{}", self.records(&query)).unwrap();
        }
        text
    }

    /// The rows of a report.
    fn records(&self, report: &str) -> serde_json::Value {
        let path = format!("/Advertisers/{BRAND}/Reports/{report}");
        let authorization = basic(BRAND, &self.token);
        let request = get(&path, &[("Authorization", &authorization)]);
        let mut client = Client::connect(self.config.api, PATIENCE).unwrap();
        let answer = client.exchange(&request).unwrap();
        assert_eq!(answer.status, 200);
        let mut records = answer.json()["Records"].clone();
        for record in records.as_array_mut().unwrap() {
            // Links name the slot that they were answered at.
            let record = record.as_object_mut().unwrap();
            record.retain(|column, _| !column.ends_with("Uri"));
        }
        records
    }

    /// The series of rows that are not 0, by their labels.
    fn counted(&self) -> BTreeMap<String, u64> {
        let mut ops = Client::connect(self.config.ops, PATIENCE).unwrap();
        let page = ops.exchange(&get("/metrics", &[])).unwrap().body;
        let page = String::from_utf8(page).unwrap();
        let lines = page.lines();
        let rows = lines.filter_map(|line| line.strip_prefix("clickd_import_rows_total{"));
        let rows: Vec<(&str, &str)> = rows.filter_map(|row| row.split_once("} ")).collect();
        // Every one shows from the start.
        assert_eq!(rows.len(), 10, "{rows:?}");
        let rows = rows.into_iter();
        let numbers = rows.map(|(labels, count)| (labels.to_owned(), count.parse().unwrap()));
        numbers.filter(|(_, count)| *count > 0).collect()
    }

    /// Waits until those are `expected`; the page is kept for a moment.
    #[track_caller]
    fn counts(&self, expected: &[(&str, &str, u64)]) {
        let expected: BTreeMap<String, u64> = expected
            .iter()
            .map(|(kind, result, count)| (format!("kind=\"{kind}\",result=\"{result}\""), *count))
            .collect();
        let begun = Instant::now();
        while self.counted() != expected && begun.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(self.counted(), expected);
    }

    fn figures(&self) -> BTreeMap<(i64, u32), (i128, i128)> {
        let mut found = BTreeMap::new();
        for (day, line) in (0..).zip(self.reports().lines()) {
            let records: Vec<serde_json::Value> = serde_json::from_str(line).unwrap();
            for record in records {
                let number = |name: &str| record[name].as_i64().unwrap();
                let partner = record["MediaId"].as_str().unwrap().parse().unwrap();
                let (raw, unique) = (number("RawClicks").into(), number("Clicks").into());
                assert_eq!(number("PayableClicks"), number("Clicks"));
                found.insert((day, partner), (raw, unique));
            }
        }
        found
    }
}

/// The lines of a file, in the order that `seed` makes.
fn csv(clicks: &[Told], seed: u64) -> String {
    let mut lines: Vec<(u64, String)> = (0_u64..)
        .zip(clicks)
        .map(|(nth, told)| {
            let Told {
                partner, visitor, ..
            } = told;
            let time = told.millis();
            let agent = "Mozilla/5.0 (X11) Browser/1";
            let line = format!("x{nth},{time},1,{partner},5,v{visitor},{agent}");
            (mix(seed << 32 | nth), line)
        })
        .collect();
    lines.sort_unstable();
    let head = "ExternalClickId,EventDate,CampaignId,MediaId,AdId,Visitor,UserAgent\n";
    lines
        .into_iter()
        .fold(head.to_owned(), |text, (_, line)| text + &line + "\n")
}

#[test]
fn the_order_of_a_file_and_a_second_run_change_nothing() {
    let clicks = told(7, 2_500);
    let mut first: Option<(String, String)> = None;
    for seed in [1, 2] {
        let home = Home::new();
        let (code, text) = home.import("clicks", &csv(&clicks, seed));
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("2500 clicks stored, 0 known"), "{text}");
        assert_eq!(home.figures(), recount(&clicks));
        let reports = home.reports();
        let again = home.import("clicks", &csv(&clicks, seed + 5));
        assert_eq!(again, (0, text.clone()));
        assert_eq!(home.reports(), reports);
        let both = (text, reports);
        assert_eq!(*first.get_or_insert_with(|| both.clone()), both);
    }
}

#[test]
fn another_file_with_a_known_click_adds_the_others_alone() {
    let home = Home::new();
    let clicks = told(8, 30);
    assert_eq!(home.import("clicks", &csv(&clicks[..10], 1)).0, 0);
    let (code, text) = home.import("clicks", &csv(&clicks, 1));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("20 clicks stored, 10 known before"), "{text}");
    let found = home.figures();
    assert_eq!(found.values().map(|place| place.0).sum::<i128>(), 30);
    let listed = said(&run(&home.config, &["import", "list"]));
    assert_eq!(listed.lines().count(), 3, "{listed}");
    for line in listed.lines().skip(1) {
        assert!(line.contains("rows.csv") && line.contains("20"), "{listed}");
    }
}

#[test]
fn a_row_that_cannot_be_taken_is_named_and_counted() {
    let home = Home::new();
    let head = "ExternalClickId,EventDate,CampaignId,MediaId,Visitor,UserAgent\n";
    let good = "a,2017-11-06T00:00Z,1,10,v,Mozilla/5.0 (X11) Browser/1\n";
    let other = "b,2017-11-06T00:00Z,9,10,v,Mozilla/5.0 (X11) Browser/1\n";
    let ahead = "c,2097-11-06T00:00Z,1,10,v,Mozilla/5.0 (X11) Browser/1\n";
    let file = [head, good, other, ahead].concat();
    let (code, text) = home.import("clicks", &file);
    assert_eq!(code, 1);
    assert!(
        text.contains("1 clicks stored, 0 known before, 2 rejected"),
        "{text}"
    );
    let again = home.import("clicks", &file);
    assert_eq!(again, (code, text));
    verify(&home.config).unwrap();
}

#[test]
fn conversions_are_stored_once_and_what_they_lack_is_named() {
    let home = Home::new();
    let head = "OrderId,EventDate,CampaignId,ActionTrackerId,CustomClickId\n";
    let good = "o-1,2017-11-07T00:00Z,1,1,x0\no-2,2017-11-07T00:01Z,1,1,x1\n";
    let wrong = "o-3,2017-11-07T00:02Z,1,77,x1\n";
    let file = [head, good, wrong].concat();
    let (code, text) = home.import("conversions", &file);
    assert_eq!(code, 1);
    assert!(
        text.contains("2 conversions stored, 0 known before, 1 rejected"),
        "{text}"
    );
    assert_eq!(home.import("conversions", &file), (code, text));
    let (code, text) = home.import("conversions", &[head, good].concat());
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("0 conversions stored, 2 known before"),
        "{text}"
    );
    verify(&home.config).unwrap();
}

#[test]
fn a_conversion_is_credited_to_the_imported_click_that_it_names_on_its_own_day() {
    let home = Home::new();
    let clicks = told(6, 5);
    assert_eq!(home.import("clicks", &csv(&clicks, 1)).0, 0);
    let mut file = "OrderId,EventDate,CampaignId,ActionTrackerId,CustomClickId\n".to_owned();
    for (nth, told) in clicks.iter().enumerate() {
        writeln!(file, "o{nth},{},1,1,x{nth}", told.millis() + 1_000).unwrap();
    }
    writeln!(file, "o9,2017-11-08T23:59Z,1,1,unknown").unwrap();
    assert_eq!(home.import("conversions", &file).0, 0);
    let mut actions = 0;
    for line in home.reports().lines() {
        let records: Vec<serde_json::Value> = serde_json::from_str(line).unwrap();
        for record in records {
            assert_eq!(record["Actions"], record["RawClicks"], "{line}");
            actions += record["Actions"].as_u64().unwrap();
        }
    }
    assert_eq!(actions, 5);
}

#[test]
fn an_imported_click_is_a_step_of_the_customer_whose_order_named_it() {
    let home = Home::new();
    // People are remembered for 400 days.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let minute = |nth: u64| now.as_secs() - 2 * 86_400 + 60 * nth;
    let clicks = [(10, 0), (11, 10)]
        .map(|(partner, nth)| format!("x{partner},{},1,{partner},5,v,Browser/1\n", minute(nth)));
    let head = "ExternalClickId,EventDate,CampaignId,MediaId,AdId,Visitor,UserAgent\n";
    let (code, text) = home.import("clicks", &(head.to_owned() + &clicks.concat()));
    assert_eq!(code, 0, "{text}");
    let orders = [
        ("named", 20, "x11"),
        ("earlier click", 30, "x10"),
        ("customer alone", 40, ""),
    ];
    let orders =
        orders.map(|(order, nth, click)| format!("{order},{},1,1,{click},c\n", minute(nth)));
    let head = "OrderId,EventDate,CampaignId,ActionTrackerId,CustomClickId,CustomerId\n";
    let (code, text) = home.import("conversions", &(head.to_owned() + &orders.concat()));
    assert_eq!(code, 0, "{text}");
    verify(&home.config).unwrap();
    let report = |handle| {
        let rows = home.records(&format!("{handle}?SUBAID=1"));
        rows.as_array().unwrap().clone()
    };
    let actions: Vec<(String, u64)> = report(REPORT)
        .iter()
        .map(|row| (row["Partner"].to_string(), row["Actions"].as_u64().unwrap()))
        .collect();
    let expected = [("\"Ten\"", 1), ("\"Eleven\"", 2)];
    assert_eq!(
        actions,
        expected.map(|(name, count)| (name.to_owned(), count))
    );
    let paths = report("att_adv_top_paths_pm_only");
    let paths: Vec<&str> = paths
        .iter()
        .map(|row| row["PathIds"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["10 → 11", "11"]);
}

fn rows(clicks: &[Told]) -> Vec<Row> {
    let row = |(nth, told): (usize, &Told)| {
        let pairs = [
            ("AdId", "5".to_owned()),
            ("CampaignId", "1".to_owned()),
            ("EventDate", told.millis().to_string()),
            ("ExternalClickId", format!("x{nth}")),
            ("MediaId", told.partner.to_string()),
            ("UserAgent", "Mozilla/5.0 (X11) Browser/1".to_owned()),
            ("Visitor", format!("v{}", told.visitor)),
        ];
        Row {
            time: Millis(told.millis()),
            program: ProgramId(1),
            fields: pairs.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    };
    clicks.iter().enumerate().map(row).collect()
}

#[test]
fn a_daemon_that_is_killed_between_chunks_goes_on_from_its_cursor() {
    let mut home = Home::new();
    let clicks = told(4, 1_000);
    let rows = rows(&clicks);
    let open = Open {
        job: JobId(5),
        digest: "d".to_owned(),
        kind: Kind::Clicks,
        rows: 1_000,
        programs: vec![ProgramId(1)],
        file_name: "f".to_owned(),
    };
    let finish = Finish { job: JobId(5) };
    let mut cursor = 0;
    for end in [300, 301, 900, 1_000] {
        let opened: Opened = home.ask("import-open", &open).unwrap();
        assert_eq!((opened.cursor, opened.finished), (cursor, false));
        let early = home.ask::<Finished>("import-finish", &finish);
        assert!(early.unwrap_err().contains("stands at row"));
        let from = usize::try_from(cursor).unwrap();
        let chunk = Chunk {
            job: JobId(5),
            cursor,
            rows: rows[from..end].to_vec(),
        };
        let stored: Stored = home.ask("import-chunk", &chunk).unwrap();
        cursor = u64::try_from(end).unwrap();
        assert_eq!((stored.cursor, stored.refused), (cursor, Vec::new()));
        // The answer was lost: the same chunk is out of step, and nothing is stored twice.
        assert!(home.ask::<Stored>("import-chunk", &chunk).is_err());
        home.crash();
    }
    for _ in 0..2 {
        let finished: Finished = home.ask("import-finish", &finish).unwrap();
        assert_eq!(finished.stored, 1_000);
        home.crash();
    }
    let other = Open { rows: 999, ..open };
    assert!(home.ask::<Opened>("import-open", &other).is_err());
    assert_eq!(home.figures(), recount(&clicks));
}

#[test]
fn metrics_count_what_became_of_each_row_once() {
    let mut home = Home::new();
    home.counts(&[]);
    let head = "ExternalClickId,EventDate,CampaignId,MediaId,Visitor,UserAgent\n";
    let row = |name: &str, time: &str, program: u32| {
        format!("{name},{time},{program},10,v,Mozilla/5.0 (X11) Browser/1\n")
    };
    let now = "2017-11-06T00:00Z";
    let first = [head, &row("a", now, 1)].concat();
    assert_eq!(home.import("clicks", &first).0, 0);
    let stored = ("clicks", "stored", 1);
    home.counts(&[stored]);
    // A file that is known is not sent again.
    assert_eq!(home.import("clicks", &first).0, 0);
    let rest = [("a", now, 1), ("b", now, 9), ("c", "2097-11-06T00:00Z", 1)];
    let rest = rest.map(|(name, time, program)| row(name, time, program));
    assert_eq!(home.import("clicks", &[head, &rest.concat()].concat()).0, 1);
    let refused = [("clicks", "unknown_program", 1), ("clicks", "invalid", 1)];
    let clicks = [[stored, ("clicks", "known", 1)], refused].concat();
    home.counts(&clicks);
    let head = "OrderId,EventDate,CampaignId,ActionTrackerId,CustomClickId,CurrencyCode,Amount\n";
    let row = |order: &str, program: u32, event_type: u32, amount: u32| {
        format!("{order},2017-11-07T00:00Z,{program},{event_type},a,USD,{amount}\n")
    };
    let known = row("q", 1, 1, 1);
    let mut file = [head, &row("o", 9, 1, 1), &row("o", 1, 77, 1), &known].concat();
    for amount in 0..260 {
        file.push_str(&row("o", 1, 1, amount));
    }
    assert_eq!(home.import("conversions", &file).0, 1);
    let again = [head, &known, &row("p", 1, 1, 1)].concat();
    let (code, text) = home.import("conversions", &again);
    assert_eq!(code, 0, "{text}");
    let conversions = [
        ("conversions", "stored", 258),
        ("conversions", "known", 1),
        ("conversions", "unknown_program", 1),
        ("conversions", "invalid", 1),
        ("conversions", "too_many_attempts", 4),
    ];
    home.counts(&[clicks.as_slice(), &conversions].concat());
    verify(&home.config).unwrap();
    home.crash();
    home.counts(&[]);
}

#[test]
fn an_imported_click_is_explained_by_its_name_in_the_other_system() {
    let home = Home::new();
    let clicks = told(7, 20);
    let (code, text) = home.import("clicks", &csv(&clicks, 1));
    assert_eq!(code, 0, "{text}");
    verify(&home.config).unwrap();
    let explain = |what: &str| {
        let output = run(&home.config, &["explain", what]);
        (output.status.code().unwrap(), said(&output))
    };
    let (code, text) = explain("x3");
    assert_eq!(code, 0, "{text}");
    let partner = format!("partner: {}", clicks[3].partner);
    let time = format!("time: {}", Millis(clicks[3].millis()));
    for part in [
        "x3",
        &partner,
        &time,
        "class: ",
        "payable: ",
        "Mozilla/5.0 (X11) Browser/1",
    ] {
        assert!(text.contains(part), "`{part}` in {text}");
    }
    let (code, text) = explain("x20");
    assert_ne!(code, 0, "{text}");
    assert!(text.contains("ExternalClickId"), "{text}");
}
