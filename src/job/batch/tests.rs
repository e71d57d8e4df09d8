//! Rows, groups, and whole files against a log.

use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use tempfile::TempDir;

use super::check::Known;
use super::group::{Group, Groups};
use super::source::Source;
use super::*;
use crate::conversion::change::Asked;
use crate::conversion::fixture;
use crate::log::{Clock, Log, Options};
use crate::model::arrival::{Outcome, RefusedReason, Stream};
use crate::model::entry::Entry;
use crate::model::id::{JobId, Slot};
use crate::model::money::Money;
use crate::model::submission::{Origin, Submission};
use crate::model::time::{DAY, Millis};
use crate::telemetry::Recorder;

fn groups(kind: BatchKind, form: Form, text: &str) -> Vec<Group> {
    let source = Source::open(form, text.as_bytes()).unwrap();
    let mut groups = Groups::after(source, kind, 0).unwrap();
    std::iter::from_fn(|| groups.read().unwrap()).collect()
}

/// The fields of a group as one text.
fn told(group: &Group) -> String {
    let pairs = group.pairs.iter();
    let pairs: Vec<String> = pairs.map(|(n, v)| format!("{n}={v}")).collect();
    pairs.join("&")
}

/// A log, a spool and the catalogue of the fixture.
struct Desk {
    log: Log,
    spool: Spool,
    catalog: ArcSwap<crate::catalog::Catalog>,
    recorder: Recorder,
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&Options::new(folder.path().join("log")), Clock::start()).unwrap();
        let spool = Spool::new(folder.path().join("spool"));
        spool.recover(&log).unwrap();
        Self {
            log,
            spool,
            catalog: ArcSwap::from_pointee(fixture::catalog()),
            recorder: Recorder::new(Millis(0)).unwrap(),
            folder,
        }
    }

    fn record(&self, kind: BatchKind, form: Form, text: &str) -> BatchRecord {
        let digest = blake3::hash(text.as_bytes());
        BatchRecord {
            job: BatchRecord::id("IRacme", kind, form, &digest),
            account: "IRacme".to_owned(),
            kind,
            form,
            file_name: "a.csv".to_owned(),
            digest: digest.to_hex().to_string(),
            bytes: 1,
            is_signed: false,
            created: self.log.clock().now(),
            cursor: 0,
            stored: 0,
            retries: 0,
            refused: 0,
            completed: None,
            is_lost: false,
        }
    }

    fn queue(&self, kind: BatchKind, form: Form, text: &str) -> JobId {
        let uploaded = self.folder.path().join("uploaded");
        std::fs::write(&uploaded, text).unwrap();
        let record = self.record(kind, form, text);
        self.spool.queue(&self.log, &uploaded, record).unwrap()
    }

    /// Reads the job to its end.
    fn take(&self, job: JobId) -> Result<BatchRecord, BatchError> {
        let metrics = self.recorder.metrics();
        let resolve = |asked: Asked| {
            let order = asked.order_id.clone().unwrap_or_default();
            match &*order {
                "none" => Err(Unresolved::NotFound),
                "later" => Err(Unresolved::Unreadable("the fold lags".to_owned())),
                _ => Ok(asked.of_order(order)),
            }
        };
        let context = Context {
            log: &self.log,
            spool: &self.spool,
            catalog: &self.catalog,
            known: Known {
                verify: &|_| None,
                parts_of: &|_| None,
                resolve: &resolve,
            },
            metrics: &metrics,
        };
        let record = spool::find(&self.log, job).unwrap().unwrap();
        run(&context, record, &AtomicBool::new(false))
    }

    fn send(&self, kind: BatchKind, text: &str) -> BatchRecord {
        let job = self.queue(kind, Form::Csv, text);
        self.take(job).unwrap()
    }

    /// Everything that is stored.
    fn stored(&self) -> Vec<Entry> {
        let sealed = self.log.seal().unwrap();
        let first = self.log.first_slot().unwrap().unwrap();
        let slots = (first.0..=sealed.0).map(Slot);
        let rows = slots.flat_map(|slot| self.log.entries(slot).unwrap());
        rows.map(|(_, entry)| entry).collect()
    }

    fn conversions(&self) -> Vec<Submission> {
        let entries = self.stored().into_iter();
        entries.filter_map(Entry::into_conversion).collect()
    }

    fn errors(&self, job: JobId) -> Vec<LineError> {
        let rows = self.log.batch_errors(job).unwrap();
        let rows = rows.iter();
        rows.map(|row| serde_json::from_slice(row).unwrap())
            .collect()
    }

    /// Received, stored, retries and refused of a stream in all footers.
    fn ledger(&self, stream: Stream) -> [u64; 4] {
        let sealed = self.log.seal().unwrap();
        let mut sums = [0; 4];
        for slot in 1..=sealed.0 {
            let Some(footer) = self.log.footer(Slot(slot)).unwrap() else {
                continue;
            };
            for entry in footer.ledger.iter().filter(|entry| entry.stream == stream) {
                let at = match entry.outcome {
                    Outcome::Received => 0,
                    Outcome::Stored => 1,
                    Outcome::Refused(RefusedReason::Retry) => 2,
                    _ => 3,
                };
                sums[at] += entry.count;
            }
        }
        sums
    }
}

const HEADER: &str = "CampaignId,ActionTrackerId,EventDate,OrderId,MediaId,CurrencyCode,Amount";

fn sales(orders: impl Iterator<Item = u32>) -> String {
    let lines = orders.map(|order| format!("\n1000,10001,NOW,o{order},7,USD,10.00"));
    format!("{HEADER}{}\n", lines.collect::<String>())
}

#[test]
fn lines_of_one_order_that_name_items_are_one_conversion() {
    let text = "\
        campaignid,OID,EVENTDATE,Category,sku,Quantity,Amount,ItemName\r\n\
        7,a,NOW,Shoes,s1,1,5.00,\"Red, \"\"big\"\"\nshoe\"\r\n\
        7,a,NOW,Boots,s2,2,8.00,\r\n\
        7,b,NOW,,s1,1,5.00,x\r\n\
        7,a,NOW,,s1,1,5.00,\r\n\
        7,c,NOW,,,,5.00,\r\n\
        7,c,NOW,,,,6.00,\r\n";
    let found = groups(BatchKind::Conversion, Form::Csv, text);
    let lines: Vec<_> = found.iter().map(|group| &*group.lines).collect();
    let expected: [&[u64]; 5] = [&[2, 4], &[5], &[6], &[7], &[8]];
    assert_eq!(lines, expected);
    assert_eq!(
        told(&found[0]),
        "campaignid=7&OID=a&EVENTDATE=NOW&ItemCategory1=Shoes&ItemSku1=s1&ItemQuantity1=1&\
         ItemSubTotal1=5.00&ItemName1=Red, \"big\"\nshoe&ItemCategory2=Boots&ItemSku2=s2&\
         ItemQuantity2=2&ItemSubTotal2=8.00"
    );
    assert_eq!(
        told(&found[3]),
        "campaignid=7&OID=c&EVENTDATE=NOW&Amount=5.00"
    );
    assert!(found.iter().all(|group| group.error.is_none()));
}

#[test]
fn what_is_not_of_an_item_must_not_differ_between_lines() {
    for (second, field) in [
        ("7,a,NOW,N2,s2,1", "Note"),
        ("7,a,NOW,,s2,1", "row"),
        ("7,a,2026-01-01T00:00Z,N,s2,1", "EventDate"),
    ] {
        let text =
            format!("CampaignId,OrderId,EventDate,Note,Sku,Amount\n7,a,NOW,N,s,1\n{second}\n");
        let found = groups(BatchKind::Conversion, Form::Csv, &text);
        let error = found[0].error.as_ref().unwrap();
        assert_eq!((found.len(), &*error.field), (1, field), "{second}");
        assert!(error.message.contains("lines 2 and 3"), "{error}");
    }
}

#[test]
fn lines_of_a_modification_are_numbered_as_the_api_numbers_them() {
    let text = "{\"OrderId\":\"a\",\"Reason\":\"R\",\"Sku\":\"s\",\"Amount\":1.50}\n\n\
                {\"OrderId\":\"a\",\"Reason\":\"R\",\"sku\":\"t\",\"Quantity\":2}\n\
                {\"OrderId\":\"a\",\"Reason\":\"R\",\"Amount\":3}\n[1]\n";
    let found = groups(BatchKind::Modification, Form::Lines, text);
    let all: Vec<_> = found.iter().map(told).collect();
    assert_eq!(
        all,
        [
            "OrderId=a&Reason=R&Sku=s&Amount=1.50&Sku2=t&Quantity2=2",
            "OrderId=a&Reason=R&Amount=3",
            ""
        ]
    );
    assert_eq!(found[0].lines, [1, 3]);
    assert!(found[2].error.is_some());
    let reversals = "OrderId,Reason,Sku\na,R,s\na,R,t\n";
    assert_eq!(groups(BatchKind::Reversal, Form::Csv, reversals).len(), 2);
}

#[test]
fn an_order_of_too_many_lines_is_one_error_and_nothing_of_it_a_conversion() {
    let lines: Vec<String> = (0..600).map(|sku| format!("a,s{sku}")).collect();
    let text = format!("OrderId,Sku\n{}\nb,s\n", lines.join("\n"));
    let found = groups(BatchKind::Conversion, Form::Csv, &text);
    assert_eq!((found[0].rows, found[1].rows, found.len()), (600, 1, 2));
    assert!(found[0].error.as_ref().unwrap().message.contains("500"));
}

#[test]
fn a_row_with_more_or_fewer_values_than_columns_is_its_own_error() {
    let found = groups(
        BatchKind::Conversion,
        Form::Csv,
        "OrderId,Sku\na\nb,s,x\nc,s\n",
    );
    let errors: Vec<_> = found.iter().map(|group| group.error.is_some()).collect();
    assert_eq!(errors, [true, true, false]);
    let said = found[0].error.as_ref().unwrap().to_string();
    assert_eq!(said, "body: has 1 values; the header names 2 columns");
}

#[test]
fn one_bad_line_of_a_thousand_is_the_only_one_not_stored() {
    let desk = Desk::new();
    let text = sales(0..1_000).replace("o500,7,USD,10.00", "o500,7,USD,ten");
    let done = desk.send(BatchKind::Conversion, &text);
    let counts = (done.cursor, done.stored, done.retries, done.refused);
    assert_eq!(counts, (1_000, 999, 0, 1));
    let errors = desk.errors(done.job);
    assert_eq!((errors.len(), errors[0].line), (1, 502));
    assert_eq!(errors[0].order_id.as_deref(), Some("o500"));
    assert!(errors[0].message.starts_with("Amount: "), "{:?}", errors[0]);
    let stored = desk.conversions();
    let job = done.job;
    assert_eq!(stored.len(), 999);
    let at = |submission: &Submission| (submission.order_id.to_string(), submission.origin);
    assert_eq!(
        at(&stored[1]),
        ("o1".to_owned(), Origin::Batch { job, line: 3 })
    );
    assert_eq!(desk.ledger(Stream::Conversion), [1_000, 999, 0, 1]);
    assert!(!desk.spool.path(job).exists());
}

#[test]
fn a_file_sent_twice_is_the_same_job_and_its_rows_under_another_name_are_retries() {
    let desk = Desk::new();
    let text = sales(0..300);
    let first = desk.queue(BatchKind::Conversion, Form::Csv, &text);
    assert_eq!(desk.queue(BatchKind::Conversion, Form::Csv, &text), first);
    desk.take(first).unwrap();
    assert_eq!(desk.queue(BatchKind::Conversion, Form::Csv, &text), first);
    assert!(!desk.spool.path(first).exists());
    let reversed = desk.queue(BatchKind::Reversal, Form::Csv, &text);
    assert_ne!(
        reversed, first,
        "what a file is for is a part of what it is"
    );
    let again = desk.send(BatchKind::Conversion, &format!("{text}\n"));
    assert_ne!(again.job, first);
    assert_eq!((again.stored, again.retries), (0, 300));
    assert_eq!(desk.conversions().len(), 300);
    assert_eq!(desk.ledger(Stream::Conversion), [600, 300, 300, 0]);
}

#[test]
fn equal_lines_of_one_file_are_stored_once_and_other_content_is_a_further_attempt() {
    let desk = Desk::new();
    let mut text = sales([1, 1].into_iter());
    text.push_str("1000,10001,NOW,o1,7,USD,11.00\n");
    let done = desk.send(BatchKind::Conversion, &text);
    assert_eq!((done.stored, done.retries), (2, 1));
    let log = &desk.log;
    let of = |submission: &Submission| {
        let (program, event_type) = (submission.program, submission.event_type);
        log.attempts(program, event_type, "o1").unwrap().len()
    };
    assert_eq!(of(&desk.conversions()[0]), 2);
}

#[test]
fn a_job_goes_on_at_its_cursor_and_counts_a_line_once() {
    let desk = Desk::new();
    let text = sales(0..700);
    let job = desk.queue(BatchKind::Conversion, Form::Csv, &text);
    // As a process leaves it that ends after 300 lines: nothing before them is read again.
    let mut record = spool::find(&desk.log, job).unwrap().unwrap();
    (record.cursor, record.stored) = (300, 300);
    desk.log
        .put_batch(job, &spool::write(&record).unwrap())
        .unwrap();
    let waiting = Spool::new(desk.spool.directory().to_owned());
    waiting.recover(&desk.log).unwrap();
    assert_eq!(waiting.next(std::time::Duration::ZERO), Some(job));
    let done = desk.take(job).unwrap();
    assert_eq!((done.cursor, done.stored), (700, 700));
    let stored = desk.conversions();
    assert_eq!((stored.len(), &*stored[0].order_id), (400, "o300"));
    assert_eq!(stored[0].origin, Origin::Batch { job, line: 302 });
}

#[test]
fn what_was_not_acknowledged_leaves_the_spool_at_the_next_start() {
    let desk = Desk::new();
    let job = desk.queue(BatchKind::Conversion, Form::Csv, &sales(0..1));
    let file = |name: &str| {
        let path = desk.spool.directory().join(name);
        std::fs::write(&path, "half").unwrap();
        path
    };
    let (orphan, foreign) = (file("clickd-upload-7"), file("notes.txt"));
    let done = file("J-0000000000000001");
    let next = Spool::new(desk.spool.directory().to_owned());
    next.recover(&desk.log).unwrap();
    assert!(!orphan.exists() && !done.exists());
    assert!(foreign.exists());
    assert!(desk.spool.path(job).exists());
}

#[test]
fn a_file_whose_bytes_are_gone_ends_and_goes_on_when_it_is_sent_again() {
    let desk = Desk::new();
    let text = sales(0..3);
    let job = desk.queue(BatchKind::Conversion, Form::Csv, &text);
    std::fs::remove_file(desk.spool.path(job)).unwrap();
    let lost = desk.take(job).unwrap();
    assert!(lost.is_lost && lost.completed.is_some());
    assert_eq!(desk.queue(BatchKind::Conversion, Form::Csv, &text), job);
    assert_eq!(desk.take(job).unwrap().stored, 3);
}

#[test]
fn a_file_that_can_not_be_read_on_keeps_what_stands_before_that_place() {
    let desk = Desk::new();
    let open = format!("{}1000,10001,NOW,\"o9,7,USD,1\n", sales(0..3));
    let done = desk.send(BatchKind::Conversion, &open);
    assert_eq!((done.stored, done.refused), (3, 1));
    let errors = desk.errors(done.job);
    assert_eq!(errors[0].line, 5);
    assert!(errors[0].message.contains("quote"), "{errors:?}");
    let marked = desk.send(BatchKind::Conversion, &format!("\u{feff}{}", sales(9..12)));
    assert_eq!((marked.stored, marked.refused), (0, 1));
    assert!(
        desk.errors(marked.job)[0]
            .message
            .contains("byte order mark")
    );
}

#[test]
fn items_over_lines_add_up_to_the_amount_of_their_order() {
    let desk = Desk::new();
    let text = format!(
        "{HEADER},Category,Sku,Quantity\n\
         1000,10001,NOW,o1,7,USD,10.00,Shoes,s1,1\n\
         1000,10001,NOW,o1,7,USD,2.50,Boots,s2,3\n\
         1000,10001,NOW,o2,7,USD,1.00,Boots,s2,none\n"
    );
    let done = desk.send(BatchKind::Conversion, &text);
    assert_eq!((done.cursor, done.stored, done.refused), (3, 1, 1));
    let order = &desk.conversions()[0].order;
    assert_eq!(order.amount, Some(Money(12_500_000)));
    let skus: Vec<_> = order
        .items
        .iter()
        .map(|item| (&*item.sku, item.units))
        .collect();
    assert_eq!(skus, [("s1", 1), ("s2", 3)]);
    assert_eq!(desk.errors(done.job)[0].line, 4);
}

#[test]
fn old_events_are_refused_unless_their_partner_is_named() {
    let desk = Desk::new();
    let now = desk.log.clock().now();
    let line = |order: u32, days: i64, partner: &str| {
        let at = now.plus(-days * DAY);
        format!("1000,10001,{at},o{order},{partner},USD,1.00,c\n")
    };
    let text = format!(
        "{HEADER},CustomerId\n{}{}{}{}",
        line(1, 87, ""),
        line(2, 89, ""),
        line(3, 397, "7"),
        line(4, 399, "7")
    );
    let done = desk.send(BatchKind::Conversion, &text);
    assert_eq!(
        (done.stored, done.refused),
        (2, 2),
        "{:?}",
        desk.errors(done.job)
    );
    let lines: Vec<u64> = desk.errors(done.job).iter().map(|e| e.line).collect();
    assert_eq!(lines, [3, 5]);
}

#[test]
fn errors_carry_the_published_code_where_one_fits() {
    let desk = Desk::new();
    let text = format!(
        "{HEADER}\n2000,20001,NOW,o1,7,USD,1.00\n1000,10011,NOW,o2,7,USD,1.00\n\
         1000,9,NOW,o3,7,USD,1.00\n1000,10001,NOW,,7,USD,1.00\n1000,10001,NOW,o4,7,EUR,1.00\n"
    );
    let done = desk.send(BatchKind::Conversion, &text);
    let codes: Vec<_> = desk.errors(done.job).into_iter().map(|e| e.code).collect();
    let codes: Vec<_> = codes.iter().map(|code| code.as_deref()).collect();
    assert_eq!(
        codes,
        [
            Some("CAMPAIGN_NOT_FOUND"),
            Some("ACTIONTRACKER_CAMPAIGN_MISMATCH"),
            Some("ACTIONTRACKER_NOT_FOUND"),
            Some("OID_MISSING"),
            None
        ]
    );
    assert_eq!(desk.ledger(Stream::Conversion), [5, 0, 0, 5]);
}

#[test]
fn changes_are_stored_like_those_of_the_api() {
    let desk = Desk::new();
    let text = "CampaignId,ActionTrackerId,OrderId,Reason,Amount\n\
                1000,10001,o1,ORDER_UPDATE,5.00\n1000,10001,none,ORDER_UPDATE,5.00\n\
                1000,10001,o1,ORDER_UPDATE,5.00\n1000,10001,o2,WHY,5.00\n";
    let done = desk.send(BatchKind::Modification, text);
    let counts = (done.stored, done.retries, done.refused);
    assert_eq!(counts, (1, 1, 2), "{:?}", desk.errors(done.job));
    assert!(matches!(&desk.stored()[..], [Entry::Change(_)]));
    let codes: Vec<_> = desk.errors(done.job).into_iter().map(|e| e.code).collect();
    assert_eq!(codes, [Some("ACTION_NOT_FOUND".to_owned()), None]);
    assert_eq!(desk.ledger(Stream::Modification), [4, 1, 1, 2]);
    let later = "CampaignId,ActionTrackerId,OrderId,Reason,Amount\n\
                 1000,10001,later,ORDER_UPDATE,1\n";
    let job = desk.queue(BatchKind::Modification, Form::Csv, later);
    assert!(desk.take(job).is_err());
}

#[test]
fn only_so_many_errors_are_kept_and_all_are_counted() {
    let desk = Desk::new();
    let lines = "1000,10001,NOW,,7,USD,1\n".repeat(10_050);
    let done = desk.send(BatchKind::Conversion, &format!("{HEADER}\n{lines}"));
    assert_eq!(done.refused, 10_050);
    let errors = desk.errors(done.job);
    assert_eq!((errors.len(), errors[9_999].line), (10_000, 10_001));
}
