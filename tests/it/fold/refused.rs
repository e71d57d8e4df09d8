//! What refused conversions say against partners: imported clicks that came after them, and orders
//! that are another's.

use std::collections::BTreeMap;

use clickd::derived::Derived;
use clickd::fold::{Folder, verify};
use clickd::log::{Clock, Imported, Log, Options, Parameters};
use clickd::model::click::{Click, ClickFlags, Network, Visitor};
use clickd::model::id::{
    AdId, CatalogVersion, EventTypeId, JobId, PartnerId, ProgramId, StringRef,
};
use clickd::model::submission::{
    EventTime, Fingerprint, Origin, PayloadHash, Reference, Submission,
};
use clickd::model::tally::Stored;
use clickd::model::time::{DAY, Day, HOUR, MINUTE, Millis};
use clickd::registry::cube::CubeId;

use super::risk::catalog;
use super::same::{catch_up, open};

const PROGRAM: ProgramId = ProgramId(1);
/// 2026-10-01.
const START: Millis = Millis(1_790_812_800_000);
const JOB: JobId = JobId(4);
const IMPORT: Origin = Origin::Import { job: JOB, row: 1 };

fn name(text: &str) -> Fingerprint {
    Fingerprint::of_external_click(PROGRAM, text)
}

/// Imports a click of each partner, called by its number, at the same time.
fn clicks(log: &Log, partners: &[u32]) {
    let mut importer = log.importer();
    for partner in partners.iter().copied() {
        let click = Click {
            flags: ClickFlags::NONE,
            program: PROGRAM,
            ad: AdId(5),
            network: Network::V4([192, 0, 2]),
            visitor: Visitor(partner.into()),
            visitor_before: None,
            cookie: None,
            user_agent: importer.intern(b"Mozilla/5.0 (X11) Browser/1"),
            referrer: StringRef(0),
            shape: StringRef(0),
            landing: StringRef(0),
            parameters: Parameters::default(),
        };
        let imported = Imported {
            job: JOB,
            time: START,
            external: name(&partner.to_string()),
            click,
        };
        importer.push(PartnerId(partner), &imported);
    }
    importer.commit(JOB, b"{}").unwrap();
}

/// A conversion of `order` that names a click, so long after it.
fn convert(log: &Log, (order, click): (&str, &str), after: i64, more: Submission) {
    let mut payload = [0; 16];
    payload[..8].copy_from_slice(&after.to_be_bytes());
    let submission = Submission {
        program: PROGRAM,
        event_type: EventTypeId(1),
        order_id: order.into(),
        event: EventTime::At {
            start: START.plus(after),
            precision: 1,
        },
        references: [vec![Reference::External(name(click))], more.references].concat(),
        payload: PayloadHash(payload),
        ..more
    };
    log.submit(&submission).unwrap();
}

/// Refused claims and taken orders by day, from the first click on, and partner.
fn against(derived: &Derived) -> BTreeMap<(i32, u32), (i128, i128)> {
    let mut found = BTreeMap::new();
    let days = Day(i32::MIN)..=Day(i32::MAX);
    derived
        .for_each_cell(CubeId::RISK, PROGRAM, days, &mut |cell| {
            let [refused, taken] =
                [Stored::RefusedClaims, Stored::TakenOrders].map(|of| cell.tally.get(of));
            if (refused, taken) != (0, 0) {
                let day = cell.day.0 - START.utc_day().0;
                found.insert((day, cell.partner.0), (refused, taken));
            }
        })
        .unwrap();
    found
}

#[test]
fn imported_clicks_after_their_conversion_and_orders_of_others_count_against_a_partner() {
    let root = tempfile::tempdir().unwrap();
    let now = Clock::start_at(START.plus(9 * DAY));
    let log = Log::open(&Options::new(root.path().join("log")), now).unwrap();
    log.put_catalog(CatalogVersion(0), &catalog("")).unwrap();
    clicks(&log, &[1, 2]);
    let imported = || Submission {
        origin: IMPORT,
        ..Submission::default()
    };
    let asked = Submission::default;
    let test = || Submission {
        is_test: true,
        ..imported()
    };
    convert(&log, ("a", "1"), 10 * MINUTE, imported());
    // Another's order, and once more its own.
    convert(&log, ("a", "2"), DAY + HOUR, imported());
    convert(&log, ("a", "2"), 2 * DAY, asked());
    convert(&log, ("a", "1"), DAY + 2 * HOUR, imported());
    convert(&log, ("a", "2"), DAY + 3 * HOUR, test());
    // Before the click.
    convert(&log, ("b", "1"), -DAY, imported());
    convert(&log, ("c", "1"), -2 * HOUR, imported());
    convert(&log, ("d", "1"), -2 * DAY, asked());
    convert(&log, ("e", "1"), -3 * HOUR, test());
    // A click that nobody knows.
    convert(&log, ("f", "3"), HOUR, imported());
    log.seal().unwrap();
    let derived = open(&root.path().join("derived"), &log);
    catch_up(&mut Folder::new(log.clone(), derived.serving()), &log);
    let expected = [
        ((-1, 1), (2, 0)),
        ((1, 2), (0, 1)),
        // What was not imported, on the day it came.
        ((9, 1), (1, 0)),
        ((9, 2), (0, 1)),
    ];
    assert_eq!(against(&derived), BTreeMap::from(expected));
    let report = verify(&log, &derived).unwrap();
    assert!(report.is_clean(), "{report:#?}");
}

#[test]
fn a_click_that_could_have_led_to_it_is_no_untrue_claim_where_another_is_refused_too() {
    let root = tempfile::tempdir().unwrap();
    let now = Clock::start_at(START.plus(9 * DAY));
    let log = Log::open(&Options::new(root.path().join("log")), now).unwrap();
    // One without a contract; one that nothing is paid to, with a promo code.
    let others = "[[partner]]\nid = 900\nname = \"A\"\n[[partner]]\nid = 901\nname = \"B\"\n\
                  state = \"INACTIVE\"\n[[contract]]\nprogram = 1\npartner = 901\n\
                  start = 2026-01-01\nreferral_window = \"30d\"\n\
                  payouts = [{ event_type = 1, rate = \"5%\" }]\n[[promo_code]]\nprogram = 1\n\
                  code = \"SAVE\"\npartner = 901\ncredit_policy = \"ALWAYS\"\n";
    log.put_catalog(CatalogVersion(0), &catalog(others))
        .unwrap();
    clicks(&log, &[1, 900]);
    let with_code = || Submission {
        origin: IMPORT,
        references: vec![Reference::PromoCode("SAVE".into())],
        ..Submission::default()
    };
    convert(&log, ("a", "900"), HOUR, with_code());
    convert(&log, ("b", "1"), -DAY, with_code());
    log.seal().unwrap();
    let derived = open(&root.path().join("derived"), &log);
    catch_up(&mut Folder::new(log.clone(), derived.serving()), &log);
    assert_eq!(against(&derived), BTreeMap::from([((-1, 1), (1, 0))]));
    let report = verify(&log, &derived).unwrap();
    assert!(report.is_clean(), "{report:#?}");
}
