//! Submitting conversions and asking what became of them.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use super::bench::{Bench, Reply, short};
use crate::derived::{ActionId, Settled, SubmissionOutcome};
use crate::model::arrival::{Outcome, RefusedReason};
use crate::model::entry::Entry;
use crate::model::id::{EventTypeId, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::refusal::Refusal;
use crate::model::submission::Submission;
use crate::server::api::Limits;

const GOOD: &str = "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId=o-1\
    &CurrencyCode=USD&Amount=12.50&ClickId=forged&mine=1";
const FORM: &str = "application/x-www-form-urlencoded";

fn queued(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{reply:?}");
    let json = reply.json();
    assert_eq!(json["Status"], "QUEUED");
    json["QueuedUri"].as_str().unwrap().to_owned()
}

fn id_of(uri: &str) -> SubmissionId {
    let (_, id) = uri.rsplit_once('/').unwrap();
    id.parse().unwrap()
}

/// How often submissions were refused so.
fn refused(bench: &Bench, program: u32, reason: RefusedReason) -> u64 {
    let sealed = bench.log.seal().unwrap();
    let first = bench.log.first_slot().unwrap().unwrap();
    let footers = (first.0..=sealed.0).filter_map(|slot| bench.log.footer(Slot(slot)).unwrap());
    footers
        .flat_map(|footer| footer.ledger)
        .filter(|e| e.program == ProgramId(program) && e.outcome == Outcome::Refused(reason))
        .map(|entry| entry.count)
        .sum()
}

fn conversion(bench: &Bench, id: SubmissionId) -> Submission {
    let entry = bench.log.entry(id).unwrap();
    entry.and_then(Entry::into_conversion).unwrap()
}

#[test]
fn a_conversion_is_queued_once_and_its_retry_gets_the_first_answer() {
    let bench = Bench::start();
    let first = queued(&bench.form(GOOD));
    assert!(first.starts_with("/Advertisers/IRacme/APISubmissions/A-"));
    assert_eq!(queued(&bench.form(GOOD)), first);
    let json = r#"{"OrderId":"o-1","Amount":12.50,"CurrencyCode":"USD","EventDate":"NOW",
        "EventTypeId":10001,"CampaignId":1000,"ClickId":"forged","mine":"1"}"#;
    assert_eq!(queued(&bench.post("application/json", json)), first);
    let other = queued(&bench.form(&GOOD.replace("12.50", "13.50")));
    assert_ne!(other, first);
    assert_eq!(bench.stored(), [id_of(&first), id_of(&other)]);
    let stored = conversion(&bench, id_of(&first));
    assert!(
        stored
            .fields
            .iter()
            .any(|(name, value)| (&**name, &**value) == ("mine", "1"))
    );
    assert_eq!(refused(&bench, 1000, RefusedReason::Retry), 2);
}

#[test]
fn equal_submissions_at_once_are_stored_once() {
    let bench = Bench::start();
    let uris: Vec<String> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| queued(&bench.form(GOOD))))
            .collect();
        sent.into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(uris.iter().all(|uri| *uri == uris[0]), "{uris:?}");
    assert_eq!(bench.stored().len(), 1);
}

#[test]
fn the_result_of_a_submission_can_be_asked_for() {
    let bench = Bench::start();
    let uri = queued(&bench.form(GOOD));
    let shown = bench.get(&uri).json();
    let id = id_of(&uri);
    let received = id.number.time().to_string();
    assert_eq!(
        shown,
        serde_json::json!({
            "BatchId": id.to_string(),
            "AccountId": "IRacme",
            "SubmissionDate": received,
            "CampaignId": 1000,
            "ActionTrackerId": 10_001,
            "MediaPartnerId": null,
            "EventCode": "SALE",
            "OrderId": "o-1",
            "Payload": "Amount=12.50&CampaignId=1000&ClickId=forged&CurrencyCode=USD&EventDate=NOW\
                &EventTypeCode=SALE&OrderId=o-1&mine=1",
            "Type": "Conversion",
            "Status": "Queued",
            "CompletionDate": null,
            "ErrorType": null,
            "ErrorReason": null,
            "ErrorMessage": null,
            "ActionId": null,
            "IsTest": false,
            "Uri": uri,
        })
    );
    let slot = bench.log.seal().unwrap();
    let end = bench
        .log
        .footer(slot)
        .unwrap()
        .unwrap()
        .wall_end
        .to_string();
    let tell = |outcome| {
        let settled = Settled { slot, outcome };
        bench.figures.outcomes.lock().insert(id, settled);
        bench.get(&uri).json()
    };
    let action = ActionId {
        program: ProgramId(1000),
        event_type: EventTypeId(10_001),
        order: 5,
    };
    let waiting = tell(SubmissionOutcome::Waiting);
    assert_eq!(waiting["Status"], "In Progress");
    assert!(waiting["CompletionDate"].is_null());
    let credited = tell(SubmissionOutcome::Credited(action));
    assert_eq!(credited["Status"], "Complete");
    assert_eq!(credited["CompletionDate"], end);
    assert_eq!(credited["ActionId"], "1000.10001.5");
    assert!(credited["ErrorReason"].is_null());
    let refused = tell(SubmissionOutcome::Refused(Refusal::ConvDuplicate));
    assert_eq!(refused["Status"], "Complete");
    assert_eq!(refused["ErrorType"], "Validation");
    assert_eq!(refused["ErrorReason"], "CONV_DUPLICATE");
    assert_eq!(refused["ErrorMessage"], Refusal::ConvDuplicate.meaning());
    assert!(refused["ActionId"].is_null());
    let tested = tell(SubmissionOutcome::Test(Ok(PartnerId(7))));
    assert_eq!(tested["Status"], "Complete");
    assert_eq!(tested["MediaPartnerId"], 7);
    assert!(tested["ActionId"].is_null() && tested["ErrorReason"].is_null());
    let tested = tell(SubmissionOutcome::Test(Err(Refusal::ConvDuplicate)));
    assert_eq!(tested["ErrorReason"], "CONV_DUPLICATE");
    let refused = tell(SubmissionOutcome::Refused(Refusal::ContractNotFound));
    assert_eq!(refused["ErrorType"], "Contract Error");
}

#[test]
fn submissions_of_others_are_as_if_they_were_not_there() {
    let bench = Bench::start();
    let own = id_of(&queued(&bench.form(GOOD)));
    let nowhere = bench.get("/nowhere").without_date();
    let stored = conversion(&bench, own);
    let foreign = Submission {
        program: ProgramId(2000),
        ..stored
    };
    let foreign = bench.log.submit(&foreign).unwrap().id;
    let unknown = SubmissionId {
        slot: Slot(77_777),
        ..own
    };
    for id in [foreign, unknown] {
        let reply = bench.get(&format!("/Advertisers/IRacme/APISubmissions/{id}"));
        assert_eq!(reply.without_date(), nowhere, "{id}");
    }
}

#[test]
fn other_content_types_and_encodings_are_refused() {
    let bench = Bench::start();
    let length = format!("Content-Length: {}\r\n", GOOD.len());
    for headers in [
        String::new(),
        "Content-Type: text/plain\r\n".to_owned(),
        "Content-Type: application/xml\r\n".to_owned(),
        "Content-Type: application/json; charset=utf-16\r\n".to_owned(),
        format!("Content-Type: {FORM}\r\nContent-Type: {FORM}\r\n"),
        format!("Content-Type: {FORM}\r\nContent-Encoding: gzip\r\n"),
        format!("Content-Type: {FORM}\r\nContent-Encoding: identity\r\n"),
    ] {
        let headers = format!("{headers}{length}");
        let reply = bench.ask("POST", "/Advertisers/IRacme/Conversions", &headers, GOOD);
        assert_eq!(reply.status, 415, "{headers}");
    }
    assert_eq!(bench.stored(), []);
    assert_eq!(refused(&bench, 0, RefusedReason::BadRequest), 7);
}

#[test]
fn bodies_that_say_nothing_readable_are_refused_and_counted() {
    let bench = Bench::start();
    let deep = format!("{{\"a\":{}", "[".repeat(10_000));
    let json = [
        "",
        "null",
        "[]",
        "\"x\"",
        "{}",
        "{\"CampaignId\":1000",
        "{}{}",
        "{} x",
        "\u{feff}{}",
        "{\"Amount\":1,\"amount\":2}",
        &deep,
    ];
    for body in json {
        let reply = bench.post("application/json", body);
        assert_eq!(reply.status, 400, "{body}");
        let json = reply.json();
        assert_eq!(json["Status"], "ERROR");
        let error = &json["errors"][0];
        for name in ["field", "level", "message"] {
            assert!(error[name].is_string(), "{body}: {json}");
        }
    }
    assert_eq!(refused(&bench, 0, RefusedReason::Invalid), 11);
    let reply = bench.form("CampaignId=1000&OrderId=&EventDate=never&Amount=x");
    let json = reply.json();
    let fields: Vec<&str> = json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "EventTypeId",
            "OrderId",
            "EventDate",
            "CurrencyCode",
            "Amount",
            "ClickId"
        ]
    );
    assert_eq!(refused(&bench, 1000, RefusedReason::Invalid), 1);
    assert_eq!(bench.stored(), []);
}

#[test]
fn the_size_of_a_body_is_bounded() {
    let max = 10 << 10;
    let bench = Bench::with(Limits {
        body_bytes: max,
        ..short()
    });
    let body = |size: usize| {
        let start = format!("{GOOD}&{}", "&".repeat(size));
        start.chars().take(size).collect::<String>()
    };
    assert_eq!(bench.form(&body(max)).status, 200);
    assert_eq!(bench.form(&body(max + 1)).status, 413);
    let headers = format!("Content-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n");
    let chunk = format!("8000\r\n{}\r\n", "a".repeat(0x8000));
    let target = "/Advertisers/IRacme/Conversions";
    let reply = bench.ask("POST", target, &headers, &chunk.repeat(3));
    assert_eq!(reply.status, 413);
    let headers = format!("Content-Type: {FORM}\r\nContent-Length: 99999999999\r\n");
    assert_eq!(bench.ask("POST", target, &headers, "").status, 413);
    assert_eq!(refused(&bench, 0, RefusedReason::TooLong), 3);
    assert_eq!(bench.stored().len(), 1);
}

#[test]
fn bodies_that_do_not_come_are_given_up() {
    let bench = Bench::with(short());
    let head = format!(
        "POST /Advertisers/IRacme/Conversions HTTP/1.1\r\nHost: x\r\n{}Content-Type: {FORM}\r\n\
         Content-Length: {}\r\n\r\n",
        bench.auth(),
        GOOD.len() + 1
    );
    let reply = bench.raw(format!("{head}{GOOD}"));
    assert_eq!(reply.status, 408);
    assert!(reply.head.contains("connection: close"));
    // A client that goes away has sent nothing.
    let mut client = bench.connect();
    client.write_all(head.as_bytes()).unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    assert_eq!(bench.stored(), []);
}

#[test]
fn what_cannot_be_made_durable_is_not_acknowledged() {
    let bench = Bench::with(Limits {
        store: Duration::from_millis(500),
        ..Limits::default()
    });
    // Its sync thread has ended, so nothing is ever durable again.
    bench.log.stop().unwrap();
    let reply = bench.form(&GOOD.replace("o-1", "o-2"));
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.head.contains("retry-after: 1"));
}

#[test]
fn an_order_id_has_only_so_many_attempts() {
    let bench = Bench::start();
    let mut client = bench.connect();
    let mut last = String::new();
    for i in 0..=crate::log::store::conversions::ATTEMPTS_MAX {
        let body = GOOD.replace("mine=1", &format!("mine={i}"));
        let request = format!(
            "POST /Advertisers/IRacme/Conversions HTTP/1.1\r\nHost: x\r\n{}Content-Type: {FORM}\
             \r\nContent-Length: {}\r\n\r\n{body}",
            bench.auth(),
            body.len()
        );
        client.write_all(request.as_bytes()).unwrap();
        let mut bytes = [0; 1024];
        let read = client.read(&mut bytes).unwrap();
        last = String::from_utf8_lossy(&bytes[..read]).into_owned();
    }
    assert!(last.starts_with("HTTP/1.1 400"), "{last}");
    assert!(last.contains("OrderId"), "{last}");
}
