//! Uploaded files: into the spool, and what is shown of them.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::bench::{Bench, HASH_KEY, Reply, auth, short};
use crate::job::batch::spool;
use crate::job::batch::{LineError, Spool};
use crate::log::{Beside, LogError};
use crate::model::time::{Millis, SECOND};
use crate::server::api::files::Files;
use crate::server::api::keys::{self, Scope};

const FILES: &str = "/Advertisers/IRacme/FTPFileSubmissions";
const TEXT: &str = "CampaignId,EventTypeCode,EventDate,OrderId,CustomerId\n1000,SALE,NOW,o1,c\n";

fn send(bench: &Bench, query: &str, headers: &str, body: &str) -> Reply {
    let headers = format!("{headers}Content-Length: {}\r\n", body.len());
    bench.ask("POST", &format!("{FILES}{query}"), &headers, body)
}

fn csv(bench: &Bench, query: &str, body: &str) -> Reply {
    send(bench, query, "Content-Type: text/csv\r\n", body)
}

/// The place in the answer to an upload.
fn queued(reply: &Reply) -> String {
    let body = reply.json();
    assert_eq!((reply.status, &body["Status"]), (200, &"QUEUED".into()));
    body["QueuedUri"].as_str().unwrap().to_owned()
}

/// How many files lie in the spool.
fn spooled(bench: &Bench) -> usize {
    let folder = bench.state.files.spool.directory();
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn a_file_is_queued_with_its_bytes_and_sent_again_it_is_the_same() {
    let bench = Bench::start();
    let first = queued(&csv(&bench, "?Type=Conversion&FileName=a%20b.csv", TEXT));
    let again = queued(&csv(&bench, "?type=conversion&filename=other.csv", TEXT));
    assert_eq!(first, again);
    let reversal = queued(&csv(&bench, "?Type=Reversal", TEXT));
    assert_ne!(first, reversal);
    let spool = &bench.state.files.spool;
    let job = spool.next(Duration::ZERO).unwrap();
    assert_eq!(first, format!("{FILES}/{job}"));
    let bytes = std::fs::read(spool.path(job)).unwrap();
    assert_eq!((bytes, spooled(&bench)), (TEXT.as_bytes().to_vec(), 2));
    let shown = bench.get(&first).json();
    for (name, value) in [
        ("BatchId", job.to_string().into()),
        ("AccountId", "IRacme".into()),
        ("FileName", "a b.csv".into()),
        ("Type", "Conversion".into()),
        ("Status", "Queued".into()),
        ("TotalRecords", 0.into()),
        ("TotalErrors", 0.into()),
        ("CompletionDate", serde_json::Value::Null),
        ("ErrorsUri", format!("{first}/ErrorDetails").into()),
        ("Uri", first.clone().into()),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    assert_eq!(bench.get(&first.replace("FTPFile", "FTP")).json(), shown);
}

#[test]
fn what_is_not_a_file_is_refused_and_leaves_nothing() {
    let bench = Bench::start();
    for (query, headers, status) in [
        ("", "Content-Type: text/csv\r\n", 400),
        ("?Type=Sale", "Content-Type: text/csv\r\n", 400),
        ("?Type=Conversion&x=1", "Content-Type: text/csv\r\n", 400),
        ("?Type=Conversion", "", 415),
        (
            "?Type=Conversion",
            "Content-Type: application/json\r\n",
            415,
        ),
        (
            "?Type=Conversion",
            "Content-Type: text/csv; charset=latin1\r\n",
            415,
        ),
        (
            "?Type=Conversion",
            "Content-Type: text/csv\r\nContent-Encoding: gzip\r\n",
            415,
        ),
    ] {
        let reply = send(&bench, query, headers, TEXT);
        assert_eq!(reply.status, status, "{query} {headers} {reply:?}");
    }
    let lines = "Content-Type: application/x-ndjson; charset=UTF-8\r\n";
    assert_eq!(send(&bench, "?Type=Reversal", lines, "{}\n").status, 200);
    assert_eq!(spooled(&bench), 1);
}

/// A bench whose files have these bounds.
fn bounded(bytes_max: u64, disk_free_min: u64) -> Bench {
    Bench::with_files(short(), |log| {
        let spool = Spool::new(log.directory().with_file_name("spool"));
        spool.recover(log).unwrap();
        Files::new(Arc::new(spool), bytes_max, disk_free_min)
    })
}

#[test]
fn a_file_is_bounded_whether_it_says_its_length_or_not() {
    let bench = bounded(TEXT.len() as u64, 0);
    assert_eq!(csv(&bench, "?Type=Conversion", TEXT).status, 200);
    let more = format!("{TEXT}\n");
    assert_eq!(csv(&bench, "?Type=Conversion", &more).status, 413);
    let headers = "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n";
    let chunked = format!("{:x}\r\n{more}\r\n0\r\n\r\n", more.len());
    let target = format!("{FILES}?Type=Conversion");
    let reply = bench.ask("POST", &target, headers, &chunked);
    assert_eq!(reply.status, 413, "{reply:?}");
    assert_eq!(spooled(&bench), 1);
}

#[test]
fn a_file_that_the_disk_has_no_room_for_is_refused() {
    let bench = bounded(1 << 20, u64::MAX >> 1);
    let reply = csv(&bench, "?Type=Conversion", TEXT);
    assert_eq!((reply.status, spooled(&bench)), (507, 0), "{reply:?}");
}

#[test]
fn a_file_that_ends_early_or_never_leaves_nothing() {
    let bench = bounded(1 << 20, 0);
    let head = |length: usize| {
        format!(
            "POST {FILES}?Type=Conversion HTTP/1.1\r\nHost: x\r\n{}Content-Type: text/csv\r\n\
             Content-Length: {length}\r\n\r\n{TEXT}",
            bench.auth()
        )
    };
    let mut cut = bench.connect();
    cut.write_all(head(TEXT.len() + 1).as_bytes()).unwrap();
    drop(cut);
    assert_eq!(bench.raw(head(TEXT.len() + 1)).status, 408);
    let patience = std::time::Instant::now();
    while spooled(&bench) > 0 && patience.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(spooled(&bench), 0);
    assert_eq!(bench.log.batches().unwrap(), []);
}

#[test]
fn a_key_needs_the_scope_of_what_the_lines_do() {
    let bench = Bench::start();
    for (scope, allowed) in [
        (Scope::WriteConversions, [200, 403, 403]),
        (Scope::ModifyActions, [403, 200, 200]),
        (Scope::ReadReports, [403; 3]),
    ] {
        let made = keys::create(&bench.log, &HASH_KEY, "IRacme", &[scope], Millis(0)).unwrap();
        bench.state.reload_keys().unwrap();
        for (kind, status) in ["Conversion", "Modification", "Reversal"]
            .iter()
            .zip(allowed)
        {
            let reply = bench.raw(format!(
                "POST {FILES}?Type={kind} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}\
                 Content-Type: text/csv\r\nContent-Length: {}\r\n\r\n{TEXT}",
                auth("IRacme", &made.token),
                TEXT.len()
            ));
            assert_eq!(reply.status, status, "{scope:?} {kind}");
        }
    }
}

#[test]
fn a_signature_covers_every_byte_of_a_file() {
    let bench = Bench::start();
    let made = keys::create_signing(&bench.log, &HASH_KEY, "IRacme", Millis(0)).unwrap();
    bench.state.reload_keys().unwrap();
    let time = bench.log.clock().now().0 / SECOND;
    let mut mac = Hmac::<Sha256>::new_from_slice(made.token.as_bytes()).unwrap();
    mac.update(format!("{time}.{TEXT}").as_bytes());
    let tag: [u8; 32] = mac.finalize().into_bytes().into();
    let tag = blake3::Hash::from_bytes(tag);
    let headers = format!("Content-Type: text/csv\r\nX-Signature: t={time},v1={tag}\r\n");
    let forged = format!("{TEXT}1000,SALE,NOW,o2,c\n");
    let reply = send(&bench, "?Type=Conversion", &headers, &forged);
    assert_eq!((reply.status, spooled(&bench)), (401, 0));
    assert_eq!(send(&bench, "?Type=Conversion", &headers, TEXT).status, 200);
    let job = bench.state.files.spool.next(Duration::ZERO).unwrap();
    assert!(spool::find(&bench.log, job).unwrap().unwrap().is_signed);
}

#[test]
fn files_and_their_errors_are_listed_for_their_own_account_alone() {
    let bench = Bench::start();
    let first = queued(&csv(&bench, "?Type=Conversion&FileName=1", TEXT));
    let second = queued(&csv(&bench, "?Type=Modification&FileName=2", TEXT));
    let list = |query: &str| bench.get(&format!("{FILES}{query}")).json();
    assert_eq!(list("")["@total"], "2");
    let page = list("?PageSize=1&Page=2");
    assert_eq!(page["@numpages"], "2");
    assert_eq!(page["FTPFileSubmissions"].as_array().unwrap().len(), 1);
    assert_eq!(list("?SubmissionDateEnd=2020-01-01")["@total"], "0");
    assert_eq!(list("?SubmissionDateStart=2020-01-01")["@total"], "2");
    assert_eq!(list("?CompletedDateStart=2020-01-01")["@total"], "0");
    assert_eq!(bench.get(&format!("{FILES}?Pages=1")).status, 400);
    let job = first.rsplit('/').next().unwrap().parse().unwrap();
    let error = LineError {
        line: 2,
        program: Some("1000".to_owned()),
        order_id: Some("o1".to_owned()),
        message: "Amount: is wrong".to_owned(),
        ..LineError::default()
    };
    let record = bench.log.batch(job).unwrap().unwrap();
    let errors = vec![(2, serde_json::to_vec(&error).unwrap())];
    let stored = bench.log.submit_chunk(job, &[], &[], |_| {
        Ok::<_, LogError>(Beside { record, errors })
    });
    bench.log.wait_durable(stored.unwrap()).unwrap();
    let details = bench.get(&format!("{first}/ErrorDetails")).json();
    let shown = &details["ErrorDetail"][0];
    for (name, value) in [
        ("Line", serde_json::Value::from(2)),
        ("CampaignId", 1000.into()),
        ("OrderId", "o1".into()),
        ("Status", "Validation".into()),
        ("Reason", "Amount: is wrong".into()),
        ("Uri", format!("{first}/ErrorDetails/2").into()),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    let other = first.replace("FTPFileSubmissions", "FTPSubmissions");
    assert_eq!(bench.get(&format!("{other}/Errors/2")).json(), *shown);
    assert_eq!(bench.get(&format!("{other}/Errors")).json()["@total"], "1");
    let none = bench.get(&format!("{second}/ErrorDetails")).json();
    assert_eq!(none["@total"], "0");
    let scopes = Scope::ALL.map(|(scope, _)| scope);
    let zen = keys::create(&bench.log, &HASH_KEY, "IRzen", &scopes, Millis(0)).unwrap();
    bench.state.reload_keys().unwrap();
    let as_zen = |path: &str| {
        bench.raw(format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}\r\n",
            auth("IRzen", &zen.token)
        ))
    };
    let absent = as_zen("/Advertisers/IRzen/FTPFileSubmissions/J-0000000000000001");
    assert_eq!(absent.status, 404);
    for path in ["", "/ErrorDetails", "/ErrorDetails/2"] {
        let foreign = format!("{}{path}", first.replace("IRacme", "IRzen"));
        assert_eq!(as_zen(&foreign).without_date(), absent.without_date());
    }
    let all = as_zen("/Advertisers/IRzen/FTPFileSubmissions").json();
    assert_eq!(all["@total"], "0");
}
