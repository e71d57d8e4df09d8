//! What arrived, as the sums of the ledger have it, against what was sent.

use std::collections::BTreeMap;

use clickd::derived::Derived;
use clickd::fold::{Folder, verify};
use clickd::log::{Clock, Log, Options};
use clickd::model::arrival::{Outcome, RefusedReason, Stream};
use clickd::model::id::{PartnerId, ProgramId};
use clickd::model::tally::{Facet, Stored};
use clickd::model::time::{Day, Millis};
use clickd::registry::cube::CubeId;

use super::same::{catch_up, open};
use super::world::begin;

/// 2026-03-07T22:40:00Z, when it is the 8th in the zone of program 2 alone.
const BEGIN: Millis = Millis(1_772_923_200_000);

/// Counts of program, measure and stream, each day added up.
type Found = BTreeMap<(u32, u32, Stored), i128>;

fn found(derived: &Derived) -> (Found, Vec<(u32, Day, PartnerId, u32)>) {
    let (mut sums, mut places) = (Found::new(), Vec::new());
    let serving = derived.serving();
    let view = serving.view().unwrap();
    view.for_each_cell_of_all(CubeId::LEDGER, &mut |cell| {
        let Facet::Number(facet) = cell.facet else {
            panic!("{cell:?}")
        };
        places.push((cell.program.0, cell.day, cell.partner, facet));
        for (measure, count) in cell.tally.iter() {
            *sums
                .entry((cell.program.0, facet % 8, measure))
                .or_default() += count;
        }
    })
    .unwrap();
    (sums, places)
}

#[test]
fn arrivals_are_counted_by_minute_and_by_what_became_of_them() {
    let root = tempfile::tempdir().unwrap();
    let log = Log::open(
        &Options::new(root.path().join("log")),
        Clock::start_at(BEGIN),
    )
    .unwrap();
    begin(&log);
    let mut expected = Found::new();
    let mut add = |program, stream, measure| {
        *expected.entry((program, stream, measure)).or_default() += 1;
    };
    for (nth, (reason, ..)) in RefusedReason::ALL.iter().enumerate() {
        for _ in 0..=nth {
            log.refuse(ProgramId(1), Stream::Conversion, *reason);
            add(1, 1, Stored::Received);
            add(1, 1, Stored::Refused);
            let own = match reason {
                RefusedReason::Invalid => Stored::RefusedInvalid,
                RefusedReason::Retry => Stored::RefusedRetry,
                RefusedReason::Unavailable => Stored::RefusedUnavailable,
                RefusedReason::NoConsent => Stored::RefusedNoConsent,
                _ => continue,
            };
            add(1, 1, own);
        }
    }
    log.refuse(ProgramId(2), Stream::PageLoad, RefusedReason::NoConsent);
    for measure in [Stored::Received, Stored::Refused, Stored::RefusedNoConsent] {
        add(2, 5, measure);
    }
    // What locked is no arrival.
    log.refuse(ProgramId(2), Stream::Settlement, RefusedReason::Invalid);
    let mut writer = log.writer();
    writer.count(ProgramId(2), Outcome::Received);
    writer.count(ProgramId(2), Outcome::Unrecorded);
    writer.commit().unwrap();
    add(2, 0, Stored::Received);
    add(2, 0, Stored::Unrecorded);
    log.seal().unwrap();
    let derived = open(&root.path().join("derived"), &log);
    let mut folder = Folder::new(log.clone(), derived.serving());
    catch_up(&mut folder, &log);
    let (sums, places) = found(&derived);
    assert_eq!(sums, expected);
    let minute = u32::try_from(BEGIN.0 / 60_000).unwrap();
    for (program, day, partner, facet) in places {
        assert_eq!((partner, facet / 8), (PartnerId(0), minute));
        let ahead = program == 2;
        assert_eq!(day, Day(BEGIN.utc_day().0 + i32::from(ahead)), "{program}");
    }
    assert!(verify(&log, &derived).unwrap().is_clean());

    // What comes later in the minute, folded by another that remembers nothing, is added.
    log.refuse(ProgramId(2), Stream::PageLoad, RefusedReason::NoConsent);
    log.seal().unwrap();
    catch_up(&mut Folder::new(log.clone(), derived.serving()), &log);
    let (sums, _) = found(&derived);
    assert_eq!(sums[&(2, 5, Stored::Received)], 2);
    assert!(verify(&log, &derived).unwrap().is_clean());
}
