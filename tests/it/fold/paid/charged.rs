//! What every click is paid, folded in several ways, against the recount of [`super::shop`]; what
//! `verify` says of a charge that was changed; and what the listings show.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use clickd::derived::{Charge, Class, Judged, VerdictKey};
use clickd::fold::{Folder, rebuild, verify};
use clickd::log::Log;
use clickd::registry::cpc::CpcError;

use super::super::same::{catch_up, dump, open};
use super::listed;
use super::shop::{World, judged};

/// Folds with a new folder for every two clicks.
pub(super) fn in_parts(dir: &Path, log: &Log) {
    let derived = open(dir, log);
    let mut stops = 0;
    loop {
        let mut folder = Folder::new(log.clone(), derived.serving());
        folder.commit_every(2);
        let next = folder.next_slot().unwrap();
        let Some(slot) = next.filter(|slot| *slot <= log.sealed()) else {
            return;
        };
        if folder.fold(slot, &|| true).unwrap().is_none() {
            stops += 1;
            if stops % 16 != 3 {
                continue;
            }
            // A slot that is half folded shows nothing, nor what its clicks use up of limits.
            let report = verify(log, &derived).unwrap();
            assert!(report.is_clean(), "{report:#?}");
        }
    }
}

#[test]
fn every_click_is_paid_what_groups_and_limits_leave_or_has_a_code() {
    let mut codes: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..5 {
        let root = tempfile::tempdir().unwrap();
        let mut world = World::open(&root.path().join("log"), seed);
        let live = root.path().join("live");
        let derived = open(&live, &world.log);
        for slot in 0..9 {
            if slot % 3 == 2 {
                world.change(slot / 3);
            }
            world.slot(&derived);
        }
        world.compare(&derived, seed);
        for paid in world.paid.values() {
            let code = match (paid.cost, paid.code) {
                (1.., "OVERLIMIT_BUDGET") => "part",
                (_, code) => code,
            };
            *codes.entry(code).or_default() += 1;
        }
        world.log.stop().unwrap();
        catch_up(
            &mut Folder::new(world.log.clone(), derived.serving()),
            &world.log,
        );
        drop(derived);
        in_parts(&root.path().join("parts"), &world.log);
        let rows = dump(&live, &world.log);
        assert!(
            rows == dump(&root.path().join("parts"), &world.log),
            "parts, seed {seed}"
        );
        let derived = open(&live, &world.log);
        assert!(
            rebuild(
                &world.log,
                &derived,
                &AtomicBool::new(false),
                &mut |_, _| {}
            )
            .unwrap()
        );
        drop(derived);
        assert!(rows == dump(&live, &world.log), "rebuilt, seed {seed}");
    }
    for (.., code, _) in CpcError::ALL {
        assert!(codes.contains_key(code), "{code} never came up: {codes:?}");
    }
    assert!(codes[""] > 50 && codes["part"] > 0, "{codes:?}");
}

#[test]
fn verify_names_a_charge_that_was_changed() {
    let root = tempfile::tempdir().unwrap();
    let mut world = World::open(&root.path().join("log"), 3);
    let derived = open(&root.path().join("derived"), &world.log);
    world.slot(&derived);
    world.slot(&derived);
    let checks = |plant: &dyn Fn(Charge) -> Charge| {
        let all = judged(&derived);
        let held =
            |row: &&(VerdictKey, Judged)| row.1.charge.is_some_and(|charge| charge.held.is_some());
        let (key, before) = *all.values().find(held).unwrap();
        let serving = derived.serving();
        let put = |judged: &Judged| {
            let mut batch = serving.families().unwrap().batch();
            batch.judged(key, judged);
            batch.commit(&serving.mark().unwrap()).unwrap();
        };
        let charge = before.charge.map(plant);
        put(&Judged { charge, ..before });
        let report = verify(&world.log, &derived).unwrap();
        put(&before);
        let mut checks: Vec<_> = report
            .first_differences
            .iter()
            .map(|row| row.check)
            .collect();
        checks.dedup();
        checks.sort_unstable();
        checks.dedup();
        checks
    };
    let more = |mut charge: Charge| {
        charge.cost.0 += 1;
        charge
    };
    assert_eq!(checks(&more), ["aggregate cell", "counter"]);
    let free = |mut charge: Charge| {
        charge.held = None;
        charge
    };
    assert_eq!(checks(&free), ["counter"]);
    let refused = |mut charge: Charge| {
        charge.error = Some(CpcError::Restricted);
        charge
    };
    assert_eq!(checks(&refused), ["charge"]);
    assert!(verify(&world.log, &derived).unwrap().is_clean());
}

#[test]
fn the_listings_show_every_click_once_over_all_pages() {
    let root = tempfile::tempdir().unwrap();
    let mut world = World::open(&root.path().join("log"), 1);
    let derived = open(&root.path().join("derived"), &world.log);
    for _ in 0..4 {
        world.slot(&derived);
    }
    let rows: Vec<listed::Row> = judged(&derived)
        .into_values()
        .map(|(key, judged)| {
            let paid = &world.paid[&key.number.0];
            let stamp = &paid.stamp;
            let known = stamp.partner != 99;
            listed::Row {
                place: (stamp.program, stamp.partner, stamp.time, key.number.0),
                unique: judged.verdict.class == Class::Unique,
                date: paid.date,
                ad: stamp.ad,
                partner: if known { stamp.partner } else { 0 },
                shared: stamp.shared,
                cost: paid.cost,
                code: paid.code,
            }
        })
        .collect();
    let clicks = listed::Clicks {
        log: &world.log.clone(),
        derived: &derived,
        rows,
    };
    clicks.are_listed();
    clicks.are_the_same_on_later_pages(&mut || world.slot(&derived));
    clicks.are_found();
    clicks.are_not_listed_for_bad_queries();
}
