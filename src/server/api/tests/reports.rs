//! Listing, describing and running reports.

use super::bench::{Bench, PARTNER, short};
use crate::registry::REPORTS;
use crate::registry::report::Source;
use crate::server::api::Limits;

const LIST: &str = "/Advertisers/IRacme/Reports";

#[test]
fn the_list_leads_to_every_report() {
    let bench = Bench::start();
    let list = bench.get(LIST).json();
    let entries = list["Reports"].as_array().unwrap();
    assert_eq!(entries.len(), REPORTS.len());
    assert_eq!(list["@total"], REPORTS.len().to_string());
    for (entry, report) in entries.iter().zip(REPORTS) {
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
        assert_eq!(record.len(), report.columns().count());
        assert_eq!(record["GrossActions"], 1);
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
fn only_json_is_answered() {
    let bench = Bench::start();
    for accept in ["application/xml", "text/csv"] {
        let reply = bench.ask("GET", LIST, &format!("Accept: {accept}\r\n"), "");
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
