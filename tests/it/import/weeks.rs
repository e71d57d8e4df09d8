//! Sums of whole weeks: they are those of their days, and no report tells that it read them.

use std::collections::BTreeMap;

use clickd::catalog::{Catalog, parse_toml, to_stored};
use clickd::derived::Derived;
use clickd::log::Log;
use clickd::model::id::{JobId, PartnerId};
use clickd::model::tally::{Stored, Tally};
use clickd::model::time::{Day, Millis};
use clickd::registry::Report;
use clickd::registry::bucket::Bucket;
use clickd::registry::cube::{CubeId, Granularity};
use clickd::report::Reader;
use tempfile::TempDir;

use super::fold::{DAY_ONE, PROGRAM, catch_up_in_parts, derived, import, log, verified, with_view};
use super::told::{CATALOG, Told, told};

/// Clicks of 33 days from a Monday on, folded in parts.
fn store() -> (TempDir, Log, Derived, Vec<Told>) {
    let root = tempfile::tempdir().unwrap();
    let log = log(&root.path().join("log"));
    let over_33_days = |told: Told| Told {
        minute: told.minute * 11,
        ..told
    };
    let clicks: Vec<Told> = told(5, 400).into_iter().map(over_33_days).collect();
    import(&mut log.importer(), JobId(4), 0, &clicks);
    log.seal().unwrap();
    let derived = derived(&root.path().join("derived"), &log);
    catch_up_in_parts(&derived, &log);
    (root, log, derived, clicks)
}

/// Every first and last day of them, and some around.
fn ranges() -> impl Iterator<Item = (i32, i32)> {
    (-2..36).flat_map(|first| (first..36).map(move |last| (first, last)))
}

#[test]
fn weeks_add_up_to_their_days() {
    let (_root, log, derived, _) = store();
    let cube = CubeId::PARTNER_PERFORMANCE;
    with_view(&derived, |view| {
        for ((first, last), partner) in ranges().flat_map(|days| [(days, None), (days, Some(11))]) {
            let days = Day(DAY_ONE + first)..=Day(DAY_ONE + last);
            let partner = partner.map(PartnerId);
            let bucket = |day: i32| match day - day.rem_euclid(7) {
                monday if monday >= first && monday + 6 <= last => (Granularity::Week, monday),
                _ => (Granularity::Day, day),
            };
            let mut expected = BTreeMap::<_, Tally>::new();
            view.for_each_cell(cube, PROGRAM, days.clone(), partner, &mut |cell| {
                let place = (bucket(cell.day.0 - DAY_ONE), cell.partner);
                expected.entry(place).or_default().merge(&cell.tally);
            })
            .unwrap();
            let mut found = BTreeMap::new();
            for buckets in cube.cube().unwrap().fewest(days) {
                view.for_each_cell_in((cube, PROGRAM), &buckets, partner, &mut |cell| {
                    let place = ((cell.granularity, cell.day.0 - DAY_ONE), cell.partner);
                    assert!(found.insert(place, cell.tally.clone()).is_none());
                })
                .unwrap();
            }
            assert_eq!(found, expected, "from {first} to {last}, {partner:?}");
        }
    });
    let report = verified(&log, &derived);
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn reports_of_any_stretch_count_each_click_on_its_own_day() {
    let (_root, _log, derived, clicks) = store();
    let stored = to_stored(&parse_toml(CATALOG).unwrap()).unwrap();
    let catalog = Catalog::from_stored(&stored).unwrap();
    let reader = Reader::for_brand(&catalog, "IRone", &derived).unwrap();
    for (handle, bucket) in [
        ("att_adv_performance_by_media_pm_only", None),
        ("att_adv_performance_by_day_pm_only", Some(Bucket::Day)),
        ("att_adv_performance_by_week_pm_only", Some(Bucket::Week)),
        ("att_adv_performance_by_month_pm_only", Some(Bucket::Month)),
    ] {
        let report = Report::with_handle(handle).unwrap();
        for (first, last) in ranges().step_by(3) {
            let day = |after: i32| Millis(i64::from(DAY_ONE + after) * 86_400_000).to_string();
            let text = format!("StartDate={}&EndDate={}", day(first), day(last));
            let query = reader.query(report, &text, Millis(0)).unwrap();
            let rows = reader.answer(report, &query).unwrap().rows;
            let found: BTreeMap<_, _> = rows
                .iter()
                .map(|row| {
                    let clicks = row.tally.get(Stored::RawClicks);
                    ((row.key.bucket, row.key.partner), clicks)
                })
                .collect();
            let mut expected = BTreeMap::new();
            for click in &clicks {
                let after = i32::try_from(click.minute.div_euclid(1_440)).unwrap();
                if (first..=last).contains(&after) {
                    let bucket = bucket.map(|bucket| bucket.first(Day(DAY_ONE + after)));
                    let partner = bucket.is_none().then_some(PartnerId(click.partner));
                    *expected.entry((bucket, partner)).or_insert(0) += 1;
                }
            }
            assert_eq!(found, expected, "{handle} from {first} to {last}");
        }
    }
}
