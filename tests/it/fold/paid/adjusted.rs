//! What clicks were paid stands on its day, whatever judges the past later: the difference counts
//! on the day of the judgement, and both together are what the newest lists make of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use clickd::derived::{
    AdjustedKey, AdjustedRow, Batch, Class, Derived, Family, Judged, VerdictKey, View,
};
use clickd::fold::{rebuild, verify};
use clickd::log::{Adjusted, Log};
use clickd::model::id::{PartnerId, ProgramId};
use clickd::model::money::Money;
use clickd::model::tally::{Facet, Stored};
use clickd::model::time::{DAY, Day, Millis};
use clickd::registry::cube::CubeId;

use serde_json::Value;

use super::super::adjusted::{Rows, commit, judge};
use super::super::same::{Dump, dump, open};
use super::charged::in_parts;
use super::listed::{ADJUSTMENTS, Clicks, PAYABLE};
use super::shop::{START, World, judged};

/// None is a robot; whoever comes with a browser is one; those of the shop.
const LISTS: [&str; 3] = [
    "date = \"2026-12-01\"\nrobots = ['nobody']",
    "date = \"2026-12-02\"\nrobots = ['Mozilla']",
    "date = \"2026-11-01\"\nrobots = ['bot']",
];

/// All rows but the watermark: slots end by the clock.
fn rows_of(dir: &Path, log: &Log) -> Dump {
    let mut rows = dump(dir, log);
    rows.retain(|(family, _), _| *family != Family::Meta.name());
    rows
}

/// One measure by day, and by facet.
fn cells(derived: &Derived, cube: CubeId, measure: Stored) -> BTreeMap<(i32, Facet), i128> {
    let generation = derived.serving();
    let view = generation.view().unwrap();
    let mut found = BTreeMap::new();
    let days = Day(i32::MIN)..=Day(i32::MAX);
    view.for_each_cell(cube, ProgramId(1), days, None, &mut |cell| {
        let value = cell.tally.get(measure);
        if value != 0 {
            assert_eq!(cell.partner, PartnerId(10));
            assert!(
                found
                    .insert((cell.day.0, cell.facet.clone()), value)
                    .is_none()
            );
        }
    })
    .unwrap();
    found
}

/// Adds adjustments made at `at` to the sums of their day, by nothing, ad and shared id.
fn add(world: &World, rows: &Rows, at: Millis, sums: &mut [BTreeMap<(i32, Facet), i128>; 3]) {
    for (program, partner, row) in rows {
        let Adjusted::Click { number, .. } = row.of else {
            panic!("{row:?} of an action");
        };
        assert_eq!((*program, *partner), (ProgramId(1), PartnerId(10)));
        let stamp = &world.paid[&number.0].stamp;
        let facets = [
            Facet::None,
            Facet::Number(stamp.ad),
            Facet::Text(stamp.shared.into()),
        ];
        for (own, facet) in sums.iter_mut().zip(facets) {
            let day = at.plus(-5 * 3_600_000).utc_day();
            *own.entry((day.0, facet)).or_default() += i128::from(row.more);
        }
    }
}

#[test]
fn what_was_paid_stands_on_its_day_and_adjustments_make_up_for_the_rest() {
    let (mut more, mut less, mut unpaid, mut robots) = (0, 0, 0, 0);
    for seed in 10..13 {
        let root = tempfile::tempdir().unwrap();
        let mut world = World::open(&root.path().join("log"), seed);
        let live = root.path().join("live");
        let mut derived = open(&live, &world.log);
        for slot in 0..8 {
            if slot == 4 {
                world.change(0);
            }
            world.slot(&derived);
        }
        let paid = judged(&derived);
        let cubes = [CubeId::PARTNER_PERFORMANCE, CubeId::AD, CubeId::SHARED_ID];
        let costs = cubes.map(|cube| cells(&derived, cube, Stored::CpcCost));
        let mut expected = cubes.map(|_| BTreeMap::<(i32, Facet), i128>::new());
        for (nth, lists) in (0..).zip(LISTS) {
            // New York is five hours behind: it is the day before.
            let at = START.plus(DAY * (10 + 3 * nth));
            let (judgement, rows, prices) = judge(&world.log, &derived, lists, at, &judged_prices);
            commit(&world.log, &judgement, lists, &rows);
            add(&world, &rows, at, &mut expected);
            drop(derived);
            derived = open(&live, &world.log);
            let stop = AtomicBool::new(false);
            assert!(rebuild(&world.log, &derived, &stop, &mut |_, _| {}).unwrap());
            for (number, (key, now)) in judged(&derived) {
                let at = format!("seed {seed}, {key:?}: {now:?}");
                assert_eq!(now.cost(), paid[&number].1.cost(), "{at}");
                let price = now.charge.map_or(0, |charge| charge.price().0);
                assert_eq!(price, prices[&number], "{at}");
                let adjusted = price - now.cost().0;
                more += i32::from(adjusted > 0);
                less += i32::from(adjusted < 0 && price > 0);
                unpaid += i32::from(price == 0 && now.cost().0 > 0);
                let is_robot = now.verdict.class == Class::Robot;
                robots += i32::from(is_robot && now.cost().0 > 0);
            }
            for ((cube, costs), sums) in cubes.into_iter().zip(&costs).zip(&mut expected) {
                assert_eq!(&cells(&derived, cube, Stored::CpcCost), costs);
                sums.retain(|_, sum| *sum != 0);
                assert_eq!(&cells(&derived, cube, Stored::Adjusted), sums);
            }
            let report = verify(&world.log, &derived).unwrap();
            assert!(report.is_clean(), "seed {seed}: {report:#?}");
            drop(derived);
            let rows = rows_of(&live, &world.log);
            let parts = root.path().join(format!("parts{nth}"));
            in_parts(&parts, &world.log);
            assert!(rows == rows_of(&parts, &world.log), "parts, seed {seed}");
            derived = open(&live, &world.log);
        }
        // By the lists of the beginning again, all adjustments together are nothing.
        let left = expected[0].values().sum::<i128>();
        assert_eq!(left, 0, "seed {seed}: {expected:?}");
    }
    let kinds = [more, less, unpaid, robots];
    assert!(kinds.iter().all(|kind| *kind > 0), "{kinds:?}");
}

fn judged_prices(derived: &View<'_>) -> BTreeMap<u64, i64> {
    let mut prices = BTreeMap::new();
    let mut take = |key: VerdictKey, judged: Judged| {
        let price = judged.charge.map_or(0, |charge| charge.price().0);
        prices.insert(key.number.0, price);
    };
    derived.for_each_verdict_of_all(&mut take).unwrap();
    prices
}

#[test]
fn adjustments_without_their_judgement_are_nothing() {
    let root = tempfile::tempdir().unwrap();
    let mut world = World::open(&root.path().join("log"), 10);
    let live = root.path().join("live");
    let derived = open(&live, &world.log);
    for _ in 0..4 {
        world.slot(&derived);
    }
    let (judgement, rows, _) = judge(&world.log, &derived, LISTS[1], Millis(7), &judged_prices);
    assert!(rows.len() > 9);
    drop(derived);
    let before = rows_of(&live, &world.log);
    let stored: Vec<_> = rows.iter().map(|row| row.2).collect();
    let log = &world.log;
    log.put_adjustments(judgement.version, &stored).unwrap();
    let derived = open(&live, log);
    assert!(rebuild(log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
    assert!(verify(log, &derived).unwrap().is_clean());
    drop(derived);
    assert!(before == rows_of(&live, log), "half a judgement counts");
    // What is left of it does not count with the next one, of other lists.
    let derived = open(&live, log);
    let (judgement, rows, _) = judge(log, &derived, LISTS[0], Millis(8), &judged_prices);
    commit(log, &judgement, LISTS[0], &rows);
    assert!(rebuild(log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
    let report = verify(log, &derived).unwrap();
    assert!(report.is_clean(), "{report:#?}");
}

#[test]
fn a_wrong_adjustment_is_found() {
    let root = tempfile::tempdir().unwrap();
    let mut world = World::open(&root.path().join("log"), 10);
    let derived = open(&root.path().join("live"), &world.log);
    for _ in 0..4 {
        world.slot(&derived);
    }
    let log = &world.log;
    let (judgement, rows, _) = judge(log, &derived, LISTS[1], Millis(7), &judged_prices);
    commit(log, &judgement, LISTS[1], &rows);
    assert!(rebuild(log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
    assert!(verify(log, &derived).unwrap().is_clean());
    let serving = derived.serving();
    let found_after = |plant: &dyn Fn(&mut Batch<'_>)| -> BTreeSet<&str> {
        let mut batch = serving.families().unwrap().batch();
        plant(&mut batch);
        batch.commit(&serving.mark().unwrap()).unwrap();
        let report = verify(log, &derived).unwrap();
        let found = report.first_differences.iter();
        found.map(|difference| difference.check).collect()
    };
    let mut first = None;
    let view = serving.view().unwrap();
    view.for_each_adjusted(&mut |key, row| first = first.or(Some((key, row))))
        .unwrap();
    let (key, row) = first.unwrap();
    let (click, mut wrong) = judged(&derived)[&key.number];
    let more = Money(row.more.0 + 1);
    assert!(
        found_after(&|batch| batch.adjust(key, AdjustedRow { more, ..row })) == ["adjusted"].into()
    );
    let time = key.time.plus(1);
    assert!(
        found_after(&|batch| {
            batch.adjust(key, row);
            batch.adjust(AdjustedKey { time, ..key }, row);
        }) == ["adjusted"].into()
    );
    let charge = wrong.charge.as_mut().unwrap();
    charge.adjusted = Money(charge.adjusted.0 + 1);
    assert!(found_after(&|batch| batch.judged(click, &wrong)).contains("adjustments"));
}

/// What the rows of Payable Click Data of these days cost, millionths: those of clicks, and those
/// of adjustments made at `at`; and how many of either there are.
fn listed(clicks: &Clicks<'_>, query: &str, at: Millis) -> ([i128; 2], [usize; 2]) {
    let (mut costs, mut counts) = ([0; 2], [0; 2]);
    for record in clicks.pages(PAYABLE, query, &mut || {}) {
        let cost = record["ClickCost"].as_str().unwrap();
        let (major, minor) = cost.split_once('.').unwrap();
        let micros: i128 = format!("{major}{minor:0<6}").parse().unwrap();
        let kind = match record["AdjustmentDate"].as_str().unwrap() {
            "" => 0,
            made => {
                assert_eq!(made, at.to_string());
                1
            }
        };
        costs[kind] += micros;
        counts[kind] += 1;
    }
    (costs, counts)
}

#[test]
fn payable_clicks_are_listed_as_they_were_paid_and_adjustments_on_their_date() {
    let root = tempfile::tempdir().unwrap();
    let mut world = World::open(&root.path().join("log"), 11);
    let derived = open(&root.path().join("live"), &world.log);
    for _ in 0..5 {
        world.slot(&derived);
    }
    let log = &world.log;
    let at = START.plus(DAY * 10);
    let (judgement, rows, _) = judge(log, &derived, LISTS[1], at, &judged_prices);
    commit(log, &judgement, LISTS[1], &rows);
    assert!(rebuild(log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
    let clicks = Clicks {
        log,
        derived: &derived,
        rows: Vec::new(),
    };
    let sum = |measure| -> i128 {
        let cells = cells(&derived, CubeId::PARTNER_PERFORMANCE, measure);
        cells.values().sum()
    };
    let (paid, adjusted) = (sum(Stored::CpcCost), sum(Stored::Adjusted));
    assert!(paid > 0 && adjusted < 0);
    let (costs, counts) = listed(
        &clicks,
        "StartDate=2026-03-20&EndDate=2026-04-15&PageSize=7",
        at,
    );
    assert_eq!((costs, counts[1]), ([paid, adjusted], rows.len()));
    // Nobody is unique any more, but they were paid.
    assert!(counts[0] >= rows.len());
    // Both lists are those of the days that are asked for.
    let before = listed(
        &clicks,
        "StartDate=2026-03-20&EndDate=2026-04-07&MediaId=10",
        at,
    );
    assert_eq!(before.0, [paid, 0]);
    let after = listed(
        &clicks,
        "StartDate=2026-04-09&EndDate=2026-04-09&PageSize=5",
        at,
    );
    assert_eq!(after, ([0, adjusted], [0, rows.len()]));
    let later = listed(&clicks, "StartDate=2026-04-11&EndDate=2026-04-15", at);
    assert_eq!(later, ([0; 2], [0; 2]));
    // The same are the rows of Adjustments.
    let days = "StartDate=2026-03-20&EndDate=2026-04-15&PageSize=6";
    let records = clicks.pages(ADJUSTMENTS, days, &mut || {});
    assert_eq!(records.len(), rows.len());
    let is_of_click = |record: &Value| record["ActionId"] == "" && record["ClickId"] != "";
    assert!(records.iter().all(is_of_click));
    let unique = "StartDate=2026-03-20&EndDate=2026-04-15&Classification=U";
    let is_unique = |judged: &Judged| judged.verdict.class == Class::Unique;
    let all = judged(&derived);
    let expected = all.values().filter(|(_, judged)| is_unique(judged)).count();
    assert_eq!(listed(&clicks, unique, at).1, [expected, 0]);
    assert_eq!(
        listed(
            &clicks,
            "StartDate=2026-04-09&EndDate=2026-04-09&MediaId=11",
            at
        )
        .1,
        [0; 2]
    );
}
