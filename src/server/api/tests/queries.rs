//! Bad queries of reports, each row with what it stands for.
//!
//! Two have no request of their own here. A date has no zone, since it is a day of the program's
//! calendar or of that which `TimeZone` names. And no link to a page is a secret: `AsOf` is the
//! number of a slot, which shows nobody more than their own rows, whoever changes it.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::actions::Whole;
use super::bench::{Bench, PARTNER, short};
use super::clicks::stored;
use crate::server::api::Limits;

const REPORTS: &str = "/Advertisers/IRacme/Reports";

/// What a query is, its text, the status of its answer, and the field that is named.
type Case<'a> = (&'a str, &'a str, u16, &'a str);

/// Queries of Performance by Partner for program 1000.
const CASES: &[Case<'_>] = &[
    ("foreign program", "SUBAID=2000", 404, ""),
    ("program that is not there", "SUBAID=77", 404, ""),
    (
        "from after to",
        "StartDate=2026-01-02&EndDate=2026-01-01",
        400,
        "StartDate",
    ),
    ("bad date", "StartDate=yesterday", 400, "StartDate"),
    ("bad date", "EndDate=", 400, "EndDate"),
    ("30 February", "EndDate=2026-02-30", 400, "EndDate"),
    ("year 0", "StartDate=0000-01-01", 400, "StartDate"),
    ("year 10000", "EndDate=10000-01-01", 400, "EndDate"),
    (
        "range too large",
        "StartDate=2025-01-01&EndDate=2026-01-02",
        400,
        "EndDate",
    ),
    ("limit -1", "PageSize=-1", 400, "PageSize"),
    ("limit 0", "PageSize=0", 400, "PageSize"),
    ("limit 1e9", "PageSize=1e9", 400, "PageSize"),
    ("limit 1e9", "PageSize=1000000000", 400, "PageSize"),
    ("limit abc", "PageSize=abc", 400, "PageSize"),
    ("page 0", "Page=0", 400, "Page"),
    ("cursor edited", "AsOf=9x", 400, "AsOf"),
    ("cursor edited", "AsOf=-1", 400, "AsOf"),
    ("unknown group_by", "group_by=colour", 400, "group_by"),
    ("repeated", "SortBy=Clicks&SortBy=Actions", 400, "SortBy"),
    ("unknown column", "SortBy=Colour", 400, "SortBy"),
    (
        "group_by=subId1 by a brand",
        "group_by=subId1",
        400,
        "group_by",
    ),
    ("filter by sub id by a brand", "SubId1=a", 400, "SubId1"),
    ("unknown zone", "TimeZone=Mars/Olympus", 400, "TimeZone"),
    (
        "zone in other letters",
        "TimeZone=europe/berlin",
        400,
        "TimeZone",
    ),
    ("zone by offset", "TimeZone=%2B01:00", 400, "TimeZone"),
    ("no zone", "TimeZone=", 400, "TimeZone"),
    ("half an hour", "TimeZone=Asia/Kolkata", 400, "TimeZone"),
    (
        "half an hour of the days compared",
        "TimeZone=Australia/Lord_Howe&StartDate=2026-10-05&EndDate=2026-10-05\
         &Compare=PREVIOUS_PERIOD",
        400,
        "TimeZone",
    ),
    (
        "event types of another zone",
        "TimeZone=Europe/Berlin&SHOW_EVENT_TYPES=1",
        400,
        "SHOW_EVENT_TYPES",
    ),
    ("other form", "ResultFormat=XML", 400, "ResultFormat"),
    ("not UTF-8", "SortBy=%ff", 400, "SortBy"),
];

#[test]
fn bad_queries_are_answered_as_the_catalogue_says() {
    let whole = Whole::new();
    let absent = whole.bench.get("/nowhere").without_date();
    for (what, query, status, field) in CASES {
        let program = if query.starts_with("SUBAID") {
            ""
        } else {
            "SUBAID=1000&"
        };
        let reply = whole
            .bench
            .get(&format!("{REPORTS}/{PARTNER}?{program}{query}"));
        assert_eq!(reply.status, *status, "{what}: {query}: {reply:?}");
        if *status == 404 {
            assert_eq!(reply.without_date(), absent, "{what}");
            continue;
        }
        let json = reply.json();
        let errors = json["Errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{what}: {json}");
        assert_eq!(errors[0]["Field"], *field, "{what}");
        assert!(errors[0]["Message"].as_str().unwrap().len() > 10, "{what}");
    }
    // Twenty of them are all told.
    let many = (0..20)
        .map(|n| format!("group_by{n}=x"))
        .collect::<Vec<_>>();
    let target = format!("{REPORTS}/{PARTNER}?SUBAID=1000&{}", many.join("&"));
    let reply = whole.bench.get(&target);
    assert_eq!(reply.json()["Errors"].as_array().unwrap().len(), 20);
}

#[test]
fn keys_accounts_and_forms_are_checked_before_the_query() {
    let bench = Bench::start();
    let run = format!("{REPORTS}/{PARTNER}?SUBAID=1000");
    let no_key = format!("GET {run} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(bench.raw(no_key).status, 401);
    let in_query = bench.get(&format!("{run}&AuthToken={}", bench.token));
    assert_eq!(in_query.status, 400);
    let absent = bench.get("/nowhere").without_date();
    for target in [
        run.replace("IRacme", "IRzen"),
        run.replace("IRacme", "IRnobody"),
        run.replace(PARTNER, "att_adv_performance_by_sub_id_pm_only"),
        run.replace(PARTNER, "..%2f..%2fReports"),
        run.replace(PARTNER, "../Actions"),
    ] {
        assert_eq!(bench.get(&target).without_date(), absent, "{target}");
    }
    let reply = bench.ask("GET", &run, "Accept: application/xml\r\n", "");
    assert_eq!(reply.status, 406);
    // The day is still open: the answer says how far it goes.
    let open = bench.get(&run).json();
    assert!(
        open["@asof"].is_string() && open["@asofslot"].is_string() && open["@complete"] == false,
        "{open}"
    );
    let busy = Bench::with(Limits {
        reports: 0,
        ..short()
    });
    assert_eq!(busy.get(&run).status, 429);
}

/// Waits up to a second.
fn within_a_second(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(1), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_report_is_given_up_when_its_client_leaves() {
    let bench = Bench::with(Limits {
        reports: 1,
        ..Limits::default()
    });
    let reading = || bench.figures.reading.load(Ordering::SeqCst);
    let run = format!("{REPORTS}/{PARTNER}?SUBAID=1000");
    bench.figures.lasts.store(true, Ordering::SeqCst);
    let mut client = bench.connect();
    write!(
        client,
        "GET {run} HTTP/1.1\r\nHost: x\r\n{}\r\n",
        bench.auth()
    )
    .unwrap();
    within_a_second("it is read", || reading() == 1);
    // The one turn is taken.
    let short = Duration::from_millis(100);
    std::thread::sleep(short);
    assert_eq!(reading(), 1, "nobody has left");
    drop(client);
    within_a_second("it is given up", || reading() == 0);
    bench.figures.lasts.store(false, Ordering::SeqCst);
    assert_eq!(bench.get(&run).status, 200);
}

#[test]
fn filters_match_literally() {
    let whole = stored();
    let report = format!("{REPORTS}/att_adv_performance_by_shared_id_pm_only?SUBAID=1000");
    let listing = format!("{REPORTS}/adv_click_data_pm_only?SUBAID=1000");
    for (filter, rows, clicks) in [
        ("RT-1", 1, 4),
        ("RT-.", 0, 0),
        (".*", 0, 0),
        ("*", 0, 0),
        ("%25", 0, 0),
        ("RT%25", 0, 0),
        ("../RT-1", 0, 0),
        ("rt-1", 0, 0),
        ("%3D1%2B1", 2, 2),
    ] {
        for (target, expected) in [(&report, rows), (&listing, clicks)] {
            let json = whole
                .bench
                .get(&format!("{target}&SharedId={filter}"))
                .json();
            assert_eq!(json["@total"], expected.to_string(), "{target} {filter}");
        }
    }
    // A partner of others is as one that is not there.
    for partner in ["98", "4294967295"] {
        let json = whole
            .bench
            .get(&format!("{report}&MediaId={partner}"))
            .json();
        assert_eq!(json["@total"], "0");
    }
}

#[test]
fn a_state_that_was_changed_in_a_link_shows_no_more_than_the_newest() {
    let whole = stored();
    let listing = format!("{REPORTS}/adv_click_data_pm_only?SUBAID=1000");
    let newest = whole.bench.get(&listing).json();
    for (as_of, total) in [("4294967295", "7"), ("0", "0")] {
        let json = whole.bench.get(&format!("{listing}&AsOf={as_of}")).json();
        assert_eq!(json["@total"], total, "{as_of}");
    }
    assert_eq!(newest["@total"], "7");
}
