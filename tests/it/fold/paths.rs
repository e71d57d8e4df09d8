//! Top Paths and Contribution against a recount of what was said, live, restarted, stopped and
//! rebuilt.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use clickd::derived::{Action, ActionId, Derived};
use clickd::fold::{Folder, rebuild, verify};
use clickd::log::Log;
use clickd::model::id::ProgramId;
use clickd::model::tally::{Facet, Stored};
use clickd::model::time::{Day, MINUTE};
use clickd::registry::cube::CubeId;
use jiff::Timestamp;
use jiff::civil::Date;

use super::same::{catch_up, dump, fold, fold_held_back, fold_in_parts, open};
use super::trips::{By, LATE, PROGRAMS, Sale, Trips};

/// By program, day and partner: what a path came to, and what a partner had to do with actions.
type Place = (u32, Date, u32);
type Paths = BTreeMap<(Place, String), [i128; 4]>;
type Parts = BTreeMap<Place, [i128; 8]>;

const OF_PATHS: [Stored; 4] = [
    Stored::Actions,
    Stored::SaleAmount,
    Stored::ActionCost,
    Stored::SecondsToConvert,
];
const OF_PARTS: [Stored; 8] = [
    Stored::Introducer,
    Stored::Influencer,
    Stored::Closer,
    Stored::Solo,
    Stored::Credited,
    Stored::Assisted,
    Stored::Participations,
    Stored::ParticipatingClicks,
];

fn actions(derived: &Derived) -> Vec<(ActionId, Action)> {
    let mut found = Vec::new();
    let serving = derived.serving();
    let view = serving.view().unwrap();
    view.for_each_action(&mut |id, action| found.push((id, action)))
        .unwrap();
    found
}

fn cells<const N: usize>(
    derived: &Derived,
    cube: CubeId,
    measures: [Stored; N],
) -> BTreeMap<(Place, String), [i128; N]> {
    let mut found = BTreeMap::new();
    let epoch = jiff::civil::date(1970, 1, 1);
    let serving = derived.serving();
    let view = serving.view().unwrap();
    for (program, ..) in PROGRAMS {
        let days = Day(i32::MIN)..=Day(i32::MAX);
        view.for_each_cell(cube, ProgramId(program), days, None, &mut |cell| {
            let text = match &cell.facet {
                Facet::None => String::new(),
                Facet::Text(text) => text.to_string(),
                Facet::Other => return,
                Facet::Number(_) => panic!("{cell:?}"),
            };
            let day = epoch + jiff::Span::new().days(cell.day.0);
            let sums = measures.map(|measure| cell.tally.get(measure));
            let held = cell.tally.iter().map(|(measure, _)| measure);
            assert!(held.into_iter().all(|measure| measures.contains(&measure)));
            if sums != [0; N] {
                found.insert(((program, day, cell.partner.0), text), sums);
            }
        })
        .unwrap();
    }
    found
}

/// What led to an action, and when that began.
fn steps(action: &Action, sale: Option<&Sale>, came_up: &mut BTreeSet<&'static str>) -> Steps {
    let Some(sale) = sale else {
        came_up.insert("restored");
        return (vec![By::Partner(action.partner.0)], None, true);
    };
    let (start, precision) = sale.event;
    let mut steps = Vec::new();
    let mut first = None;
    for (at, _, by) in sale.touches.iter().filter(|_| !sale.is_forced) {
        if *at < start - sale.look_back || *at > start + precision + 2 * MINUTE {
            came_up.insert("outside");
            continue;
        }
        first = first.or(Some(*at));
        steps.push(*by);
    }
    let credited = By::Partner(action.partner.0);
    let is_named = !steps.contains(&credited);
    if is_named {
        came_up.insert(if steps.is_empty() {
            "name"
        } else {
            "journey and name"
        });
        steps.push(credited);
    }
    (steps, first, is_named)
}

type Steps = (Vec<By>, Option<i64>, bool);

/// Counts everything from what was said.
fn recount(
    derived: &Derived,
    trips: &Trips,
    came_up: &mut BTreeSet<&'static str>,
) -> (Paths, Parts) {
    let (mut paths, mut parts) = (Paths::new(), Parts::new());
    for (id, action) in actions(derived) {
        if action.is_reversed() {
            came_up.insert("reversed");
            continue;
        }
        let sale = trips.sales.get(&action.submission);
        let zone = PROGRAMS.iter().find(|program| program.0 == id.program.0);
        let date = Timestamp::from_millisecond(action.date.0).unwrap();
        let day = date.in_tz(zone.unwrap().1).unwrap().date();
        if let Some(sale) = sale
            && sale.received - sale.event.0 > LATE
        {
            came_up.insert("late");
        }
        let (steps, first, is_named) = steps(&action, sale, came_up);
        let credited = action.partner.0;
        let place = |partner| (id.program.0, day, partner);
        if steps.len() <= 9 {
            let texts = steps.iter().map(|by| match by {
                By::Partner(partner) => partner.to_string(),
                By::Channel(name) => format!(":{}", name.replace('\\', "\\\\")),
            });
            let text = texts.collect::<Vec<_>>().join("\t");
            let took = first.map_or(0, |first| (action.date.0 - first).max(0) / 1_000);
            let sums = paths.entry((place(credited), text)).or_default();
            for (sum, more) in sums.iter_mut().zip([
                1,
                action.amount.map_or(0, |amount| amount.0),
                action.cost.0,
                took,
            ]) {
                *sum += i128::from(more);
            }
        } else {
            came_up.insert("too long");
        }
        for partner in [10, 11, 12] {
            let by = By::Partner(partner);
            let own: Vec<bool> = steps.iter().map(|step| *step == by).collect();
            if own.contains(&true) {
                let sums = parts.entry(place(partner)).or_default();
                let is_named = is_named && partner == credited;
                for (sum, more) in
                    sums.iter_mut()
                        .zip(part(&own, partner == credited, is_named, came_up))
                {
                    *sum += more;
                }
            }
        }
    }
    (paths, parts)
}

/// The part of a partner in an action, by which steps are its own.
fn part(
    own: &[bool],
    is_credited: bool,
    is_named: bool,
    came_up: &mut BTreeSet<&'static str>,
) -> [i128; 8] {
    let count = own.iter().filter(|own| **own).count();
    let solo = count == own.len();
    let (first, last) = (own[0], own[own.len() - 1]);
    let roles = [
        ("introducer", first && !solo),
        ("influencer", !first && !last),
        ("closer", last && !solo),
        ("solo", solo),
    ];
    let more = [
        ("both ends", first && last && !solo),
        ("alone, again and again", solo && count > 1),
    ];
    let found = roles.iter().chain(&more).filter(|(_, is)| *is);
    came_up.extend(found.map(|(name, _)| *name));
    let [introducer, influencer, closer, solo] = roles.map(|(_, is)| i128::from(is));
    let (credited, clicks) = (i128::from(is_credited), count - usize::from(is_named));
    let clicks = i128::try_from(clicks).unwrap();
    [
        introducer,
        influencer,
        closer,
        solo,
        credited,
        1 - credited,
        1,
        clicks,
    ]
}

fn same(derived: &Derived, log: &Log, trips: &Trips, came_up: &mut BTreeSet<&'static str>) {
    let (paths, parts) = recount(derived, trips, came_up);
    assert_eq!(cells(derived, CubeId::PATH, OF_PATHS), paths);
    let found = cells(derived, CubeId::CONTRIBUTION, OF_PARTS);
    let found: Parts = found
        .into_iter()
        .map(|((place, _), sums)| (place, sums))
        .collect();
    assert_eq!(found, parts);
    let report = verify(log, derived).unwrap();
    assert!(report.is_clean(), "{report:#?}");
}

fn history(seed: u64, root: &Path) -> BTreeSet<&'static str> {
    let dir = |name: &str| root.join(name);
    let mut came_up = BTreeSet::new();
    let mut trips = Trips::new(seed);
    let mut known = Vec::new();
    for epoch in 0..8 {
        let log = trips.open(&dir("log"));
        if [0, 4].contains(&epoch) {
            trips.offer(&log, epoch / 4);
        }
        let derived = open(&dir("live"), &log);
        let mut live = Folder::new(log.clone(), derived.serving());
        for _ in 0..=trips.dice.below(3) {
            trips.slot(&log, &known);
            catch_up(&mut live, &log);
            known = actions(&derived);
        }
        fold(&dir("restarted"), &log, 2);
        same(&derived, &log, &trips, &mut came_up);
        log.stop().unwrap();
    }
    let log = trips.open(&dir("log"));
    log.stop().unwrap();
    fold(&dir("live"), &log, 1_000);
    fold(&dir("restarted"), &log, 2);
    fold_in_parts(&dir("stopped"), &log, 2);
    fold_held_back(&dir("held"), &log, 2);
    let rows = dump(&dir("live"), &log);
    for how in ["restarted", "stopped", "held"] {
        assert_eq!(rows, dump(&dir(how), &log), "{how}, seed {seed}");
    }
    let derived = open(&dir("live"), &log);
    assert!(rebuild(&log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
    same(&derived, &log, &trips, &mut came_up);
    drop(derived);
    assert_eq!(rows, dump(&dir("live"), &log), "rebuilt, seed {seed}");
    came_up
}

#[test]
fn paths_and_parts_of_partners_equal_a_recount_of_what_was_said() {
    let mut came_up = BTreeSet::new();
    for seed in 0..6 {
        let root = tempfile::tempdir().unwrap();
        came_up.extend(history(seed, root.path()));
    }
    let all = [
        "alone, again and again",
        "both ends",
        "closer",
        "influencer",
        "introducer",
        "journey and name",
        "late",
        "name",
        "outside",
        "restored",
        "reversed",
        "solo",
        "too long",
    ];
    assert_eq!(came_up.into_iter().collect::<Vec<_>>(), all);
}
