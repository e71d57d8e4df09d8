//! Listing, describing and running reports.

use super::bench::{Bench, PARTNER, short};
use crate::registry::report::Source;
use crate::registry::{REPORTS, Report, Viewer};
use crate::server::api::Limits;

const LIST: &str = "/Advertisers/IRacme/Reports";

fn of_brands() -> impl Iterator<Item = &'static Report> {
    let reports = REPORTS.iter();
    reports.filter(|report| report.audience.includes(Viewer::Brand))
}

#[test]
fn the_list_leads_to_every_report() {
    let bench = Bench::start();
    let list = bench.get(LIST).json();
    let entries = list["Reports"].as_array().unwrap();
    let reports: Vec<&Report> = of_brands().collect();
    assert_eq!(entries.len(), reports.len());
    assert_eq!(list["@total"], reports.len().to_string());
    for (entry, report) in entries.iter().zip(reports) {
        assert_eq!(entry["Id"], report.handle);
        assert_eq!(entry["ApiAccessible"], true);
        let metadata = bench.get(entry["MetaDataUri"].as_str().unwrap());
        assert_eq!(metadata.json()["Name"], report.name);
        let run = entry["ApiRunUri"].as_str().unwrap();
        let reply = bench.get(&format!("{run}?SUBAID=1000"));
        if matches!(report.source, Source::Clicks(_)) {
            // The bench has no clicks to view.
            assert_eq!(reply.status, 503);
            continue;
        }
        let answer = reply.json();
        let record = answer["Records"][0].as_object().unwrap();
        let links = ["ActionsUri", "AdjustmentsUri", "ClicksUri", "RawClicksUri"];
        let links = links.iter().filter(|link| record.contains_key(**link));
        assert_eq!(record.len(), report.columns().count() + links.count());
        assert_eq!(record[report.measures()[0].name], 1);
        assert!(answer["@asofslot"].is_string());
        let uri = answer["@uri"].as_str().unwrap();
        assert!(
            uri.starts_with(&format!("{run}?SUBAID=1000&StartDate=")),
            "{uri}"
        );
    }
}

#[test]
fn bad_queries_are_told_in_the_shape_of_the_trade() {
    let bench = Bench::start();
    let reply = bench.get(&format!(
        "{LIST}/{PARTNER}?SUBAID=1000&PageSize=0&colour=red"
    ));
    assert_eq!(reply.status, 400);
    let json = reply.json();
    assert_eq!(json["Status"], "ERROR");
    assert!(json["Message"].is_string());
    assert_eq!(json["Errors"].as_array().unwrap().len(), 2);
    assert_eq!(json["Errors"][1]["Field"], "PageSize");
    let reply = bench.get(&format!("{LIST}/{PARTNER}"));
    assert_eq!(reply.json()["Errors"][0]["Field"], "SUBAID");
}

#[test]
fn the_list_is_searched_by_words_and_category() {
    let bench = Bench::start();
    let names = |query: &str| -> Vec<String> {
        let list = bench.get(&format!("{LIST}?{query}")).json();
        let entries = list["Reports"].as_array().unwrap().iter();
        let names: Vec<String> = entries
            .map(|entry| entry["Name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(list["@total"], names.len().to_string());
        names
    };
    assert_eq!(names("Search=BY+week"), ["Performance by Week"]);
    assert_eq!(
        names("Search=week%20monday&IrVersion=14"),
        ["Performance by Week"]
    );
    assert_eq!(names("Search=mend"), ["Clicks from Expired Ads"]);
    assert_eq!(names("category=operations"), ["Clicks from Expired Ads"]);
    assert_eq!(names("Search=week&Category=Operations"), [""; 0]);
    assert_eq!(names("Search=").len(), of_brands().count());
    let reply = bench.get(&format!("{LIST}?Search=a&Search=b&Colour=red&Category=%ff"));
    assert_eq!(reply.status, 400);
    let json = reply.json();
    let errors = json["Errors"].as_array().unwrap().iter();
    let fields: Vec<&str> = errors.map(|e| e["Field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["Search", "Colour", "Category"]);
}

#[test]
fn a_report_is_answered_as_csv_on_demand() {
    let bench = Bench::start();
    let target = format!("{LIST}/{PARTNER}?SUBAID=1001&PageSize=2");
    let currency = bench.get(&target).json()["@currency"].clone();
    let currency = format!(
        "x-clickd-currency: {}",
        currency.as_str().unwrap().to_lowercase()
    );
    let by_accept = bench.ask("GET", &target, "Accept: text/csv\r\n", "");
    let by_query = bench.get(&format!("{target}&ResultFormat=csv"));
    for reply in [&by_accept, &by_query] {
        assert_eq!(reply.status, 200);
        assert!(
            reply.head.contains("content-type: text/csv"),
            "{}",
            reply.head
        );
        assert!(reply.head.contains(&currency), "{}", reply.head);
        assert!(reply.head.contains("x-clickd-as-of: "));
        let lines: Vec<&str> = reply.body.split("\r\n").collect();
        assert_eq!(lines.len(), 4, "{}", reply.body);
        assert!(lines[0].starts_with("MediaId,Partner,RawClicks,"));
        assert!(lines[1].starts_with("1,Partner 1,2,"));
        assert!(lines[2].starts_with("2,Partner 2,3,"));
    }
    // The bench shows heads in lower case.
    let next = "&page=2&pagesize=2&asof=";
    let format = "&resultformat=csv>; rel=\"next\"";
    let head = &by_query.head;
    assert!(head.contains(next) && head.contains(format), "{head}");
    let second = bench.get(&format!("{target}&Page=2&ResultFormat=CSV"));
    assert!(
        second.body.contains("\r\n3,Partner 3,4,"),
        "{}",
        second.body
    );
    assert!(!second.head.contains("link: "));
    let json = bench.ask("GET", &target, "Accept: text/csv, application/json\r\n", "");
    assert!(json.head.contains("content-type: application/json"));
    let reply = bench.get(&format!("{target}&ResultFormat=XML"));
    assert_eq!(reply.json()["Errors"][0]["Field"], "ResultFormat");
}

#[test]
fn other_forms_are_not_answered() {
    let bench = Bench::start();
    let report = format!("{LIST}/{PARTNER}?SUBAID=1000");
    for (target, accept) in [
        (LIST, "application/xml"),
        (LIST, "text/csv"),
        (&*report, "application/xml"),
        (&*report, "text/csv;q=0"),
    ] {
        let reply = bench.ask("GET", target, &format!("Accept: {accept}\r\n"), "");
        assert_eq!(reply.status, 406, "{accept}");
    }
    let reply = bench.ask("GET", LIST, "Accept: text/html, */*;q=0.1\r\n", "");
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("content-type: application/json"));
    // A conversion is stored whatever form its sender would like the answer in.
    let headers =
        "Accept: application/xml\r\nContent-Type: application/json\r\nContent-Length: 2\r\n";
    let reply = bench.ask("POST", "/Advertisers/IRacme/Conversions", headers, "{}");
    assert_eq!(reply.status, 400);
}

#[test]
fn too_many_reports_at_once_are_put_off() {
    let bench = Bench::with(Limits {
        reports: 0,
        ..short()
    });
    let reply = bench.get(&format!("{LIST}/{PARTNER}?SUBAID=1000"));
    assert_eq!(reply.status, 429);
    assert!(reply.head.contains("retry-after: 1"));
    assert_eq!(bench.get(LIST).status, 200);
}

#[test]
fn sums_that_cannot_be_read_are_no_figures() {
    let bench = Bench::start();
    *bench.figures.broken.lock() = true;
    let reply = bench.get(&format!("{LIST}/{PARTNER}?SUBAID=1000"));
    assert_eq!(reply.status, 503);
    assert!(!reply.body.contains("aggregates"));
}

#[test]
fn the_pages_of_an_answer_show_one_state_of_the_figures() {
    let bench = Bench::start();
    let target = format!("{LIST}/{PARTNER}?SUBAID=1001&PageSize=2");
    let first = bench.get(&target).json();
    // Others ask meanwhile, and the fold goes on.
    bench.get(&target);
    let second = bench.get(first["@nextpageuri"].as_str().unwrap()).json();
    assert_eq!(second["@asofslot"], first["@asofslot"]);
    assert_eq!(second["Records"][0]["MediaId"], "3");
    let last = bench.get(second["@lastpageuri"].as_str().unwrap()).json();
    assert_eq!(last, second);
    // A state that is not held is replaced by the newest, and the answer says so.
    let newest = bench.get(&format!("{target}&AsOf=1")).json();
    assert_eq!(newest["@asofslot"], "11");
}
