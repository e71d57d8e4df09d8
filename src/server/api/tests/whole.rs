//! The whole way with nothing replaced: a click in the log, its conversion over HTTP, the fold, and
//! the figures over HTTP.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::bench::{Bench, PARTNER};
use crate::catalog::to_stored;
use crate::click::signer::Signer;
use crate::conversion::fixture;
use crate::derived::{Derived, Options};
use crate::fold::{Fold, RULES};
use crate::log::Log;
use crate::log::store::conversions::ATTEMPTS_MAX;
use crate::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use crate::model::click_id::ClickId;
use crate::model::id::{AdId, CatalogVersion, EventTypeId, PartnerId, ProgramId, StringRef};
use crate::server::api::Limits;

/// Stores one click of a partner in program 1000 and gives the id its customer carries.
fn click(log: &Log, signer: &Signer, partner: PartnerId) -> String {
    click_with(log, signer, (ProgramId(1000), partner), &[])
}

/// Stores one click whose link has these parameters.
pub(super) fn click_with(
    log: &Log,
    signer: &Signer,
    (program, partner): (ProgramId, PartnerId),
    parameters: &[(Parameter, &[u8])],
) -> String {
    let mut writer = log.writer();
    let (number, covered) = writer.mint(writer.now());
    assert!(covered);
    let click = Click {
        flags: ClickFlags::NONE,
        program,
        ad: AdId(0),
        network: Network::V4([192, 0, 2]),
        visitor: Visitor(5),
        visitor_before: None,
        cookie: None,
        user_agent: writer.intern(b"Mozilla/5.0").unwrap(),
        referrer: StringRef(0),
        shape: StringRef(0),
        landing: StringRef(0),
        parameters: parameters.iter().copied(),
    };
    writer.push(partner, number, &click);
    writer.commit().unwrap();
    let id = ClickId {
        number,
        partner,
        ad: click.ad,
        program: click.program,
        unrecorded: false,
        key_number: signer.key_number(),
    };
    String::from_utf8(signer.sign(&id).to_vec()).unwrap()
}

/// A server over a log and a running fold, and what signs its click ids.
pub(super) fn whole() -> (Bench, Arc<Signer>, Fold) {
    let signer = Arc::new(Signer::new(vec![(0, [9; 32])]).unwrap());
    let fold = Mutex::new(None);
    let verifier = Arc::clone(&signer);
    let bench = Bench::over(Limits::default(), |log, folder| {
        let stored = to_stored(&fixture::document()).unwrap();
        log.put_catalog(CatalogVersion(0), &stored).unwrap();
        let options = Options::new(RULES);
        let derived = Derived::open(&folder.join("derived"), &options, None).unwrap();
        *fold.lock() =
            Some(Fold::start(log.clone(), derived.clone(), Arc::default(), None).unwrap());
        let verify = move |text: &str| verifier.verify(text.as_bytes());
        (Arc::new(derived), Box::new(verify))
    });
    let fold = fold.lock().take().unwrap();
    (bench, signer, fold)
}

/// Waits until everything received so far is folded.
pub(super) fn folded(bench: &Bench, fold: &Fold) {
    let sealed = bench.log.seal().unwrap();
    let status = fold.status();
    while status.watermark().slot < sealed {
        assert_eq!(status.failure(), None);
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_click_becomes_an_action_and_both_are_in_the_figures() {
    let (bench, signer, mut fold) = whole();
    let id = click(&bench.log, &signer, PartnerId(7));
    let queued = |order: &str, click: &str| {
        let body = format!(
            "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId={order}&CurrencyCode=USD\
             &Amount=12.34&ClickId={click}"
        );
        let json = bench.form(&body).json();
        json["QueuedUri"].as_str().unwrap().to_owned()
    };
    let credited = queued("o-1", &id);
    let forged = queued("o-2", &format!("-{}", id.get(1..).unwrap()));
    folded(&bench, &fold);
    let shown = bench.get(&credited).json();
    assert_eq!(shown["Status"], "Complete");
    assert_eq!(shown["MediaPartnerId"], 7);
    assert!(shown["CompletionDate"].is_string());
    let action = shown["ActionId"].as_str().unwrap();
    assert!(action.starts_with("1000.10001."), "{action}");
    let shown = bench.get(&forged).json();
    assert_eq!(shown["ErrorReason"], "ACTION_REF_NOT_FOUND");

    let target = format!("/Advertisers/IRacme/Reports/{PARTNER}?SUBAID=1000");
    let answer = bench.get(&target).json();
    let record = &answer["Records"][0];
    assert_eq!(record["MediaId"], "7");
    assert_eq!(
        (&record["RawClicks"], &record["Actions"]),
        (&1.into(), &1.into())
    );
    assert_eq!(record["SaleAmount"], "12.34");
    assert_eq!(record["ActionCost"], "1.23");
    assert_eq!(record["ROAS"], "10.032520");
    assert_eq!(answer["@total"], "1");
    assert!(answer["@asof"].is_string());
    let other = bench.get(&target.replace("1000", "1001")).json();
    assert_eq!(other["@total"], "0");
    fold.stop();
}

#[test]
fn a_test_is_judged_but_earns_nothing_and_leaves_its_order_id_free() {
    let (bench, signer, mut fold) = whole();
    let id = click(&bench.log, &signer, PartnerId(7));
    let body = format!(
        "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId=o-1&CurrencyCode=USD\
         &Amount=12.34&ClickId={id}"
    );
    let queued = |body: &str| {
        let json = bench.form(body).json();
        json["QueuedUri"].as_str().unwrap().to_owned()
    };
    let test = format!("{body}&impacttest=1");
    let before = queued(&test);
    assert_eq!(queued(&test), before);
    folded(&bench, &fold);
    let real = queued(&body);
    assert_ne!(real, before);
    folded(&bench, &fold);
    let after = queued(&format!("{test}&Note=after"));
    folded(&bench, &fold);

    let shown = bench.get(&before).json();
    assert_eq!(
        (&shown["Status"], &shown["IsTest"]),
        (&"Complete".into(), &true.into())
    );
    assert_eq!(shown["MediaPartnerId"], 7);
    assert!(shown["ActionId"].is_null() && shown["ErrorReason"].is_null());
    let shown = bench.get(&real).json();
    assert_eq!(shown["IsTest"], false);
    assert!(shown["ActionId"].is_string(), "{shown}");
    // A test shows that the real order is counted already.
    let shown = bench.get(&after).json();
    assert_eq!(shown["ErrorReason"], "CONV_DUPLICATE");

    let target = format!("/Advertisers/IRacme/Reports/{PARTNER}?SUBAID=1000");
    let record = &bench.get(&target).json()["Records"][0];
    assert_eq!(record["Actions"], 1);
    assert_eq!(record["SaleAmount"], "12.34");
    assert_eq!(record["ActionCost"], "1.23");
    fold.stop();
}

#[test]
fn tests_leave_the_attempts_of_the_real_order_alone() {
    let bench = Bench::start();
    let body = "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId=o-1&CustomerId=c";
    let submit = |number: usize| {
        let body = format!("{body}&n={number}&impacttest=1");
        bench.form(&body).status
    };
    for number in 0..ATTEMPTS_MAX {
        assert_eq!(submit(number), 200, "{number}");
    }
    assert_eq!(submit(ATTEMPTS_MAX), 400);
    assert_eq!(bench.form(body).status, 200);
    let (program, event_type) = (ProgramId(1000), EventTypeId(10_001));
    let attempts = bench.log.attempts(program, event_type, "o-1").unwrap();
    assert_eq!(attempts, bench.stored());
}

#[test]
fn what_the_api_does_is_counted() {
    let bench = Bench::start();
    bench.get("/Advertisers/IRacme/Reports");
    bench.get("/nowhere");
    bench.raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    bench.raw("no http at all\r\n\r\n");
    let good = "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId=1&CustomerId=c";
    bench.form(good);
    bench.form(good);
    bench.form("CampaignId=1000");
    let page = bench.recorder.render();
    for line in [
        "clickd_api_requests_total{route=\"report_list\",code_class=\"2xx\"} 1",
        "clickd_api_requests_total{route=\"other\",code_class=\"4xx\"} 2",
        "clickd_api_requests_total{route=\"conversions\",code_class=\"2xx\"} 2",
        "clickd_api_auth_failures_total 1",
        "clickd_conversion_submissions_total{result=\"stored\"} 1",
        "clickd_conversion_submissions_total{result=\"retry\"} 1",
        "clickd_conversion_submissions_total{result=\"refused\"} 1",
        "clickd_http_accepted_total{listener=\"api\"} 7",
        "clickd_http_parse_errors_total{listener=\"api\"} 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in {page}");
    }
}
