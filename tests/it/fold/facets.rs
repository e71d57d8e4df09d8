//! Sums that are kept apart by ad, event type or shared id: a recount of the log's own rows, and
//! what happens when there are more texts than are kept apart.

use std::collections::BTreeMap;

use clickd::derived::View;
use clickd::fold::{Folder, verify};
use clickd::log::{Clock, Log, Options};
use clickd::model::arrival::Outcome;
use clickd::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use clickd::model::id::{AdId, EventNumber, PartnerId, ProgramId, Slot, StringRef};
use clickd::model::tally::{Facet, Stored, Tally};
use clickd::model::time::{Day, Millis};
use clickd::registry::cube::{CUBES, CubeId, TEXTS_MAX};

use super::same::{catch_up, open};
use super::world::{PROGRAMS, STRANGER, World, begin, change};

type Sums = BTreeMap<(u32, Day, PartnerId, Facet), Tally>;

fn cells(view: &View<'_>, cube: CubeId) -> Sums {
    let mut sums = Sums::new();
    let all = Day(i32::MIN)..=Day(i32::MAX);
    for program in PROGRAMS {
        let days = all.clone();
        view.for_each_cell(cube, ProgramId(program), days, None, &mut |cell| {
            let place = (program, cell.day, cell.partner, cell.facet.clone());
            assert!(sums.insert(place, cell.tally.clone()).is_none());
        })
        .unwrap();
    }
    sums
}

/// The same without what they are kept apart by, of the measures of performance that `cube` holds.
fn merged(sums: &Sums, of: CubeId) -> Sums {
    let cube = of.cube().unwrap();
    let whole = CubeId::PARTNER_PERFORMANCE.cube().unwrap();
    let counts = |measure| cube.counts(measure) && whole.counts(measure);
    let mut merged = Sums::new();
    for ((program, day, partner, _), tally) in sums {
        let place = (*program, *day, *partner, Facet::None);
        for (measure, value) in tally.iter().filter(|(measure, _)| counts(*measure)) {
            let into: &mut Tally = merged.entry(place.clone()).or_default();
            into.add(measure, value);
        }
    }
    merged
}

#[test]
fn what_is_kept_apart_adds_up_to_the_whole() {
    for seed in 0..6 {
        let root = tempfile::tempdir().unwrap();
        let mut world = World::new(seed);
        let log = world.open(&root.path().join("log"));
        begin(&log);
        let mut writer = log.writer();
        for slot in 0..12 {
            if slot == 6 {
                change(&log);
            }
            world.slot(&log, &mut writer);
        }
        let derived = open(&root.path().join("derived"), &log);
        catch_up(&mut Folder::new(log.clone(), derived.serving()), &log);
        let serving = derived.serving();
        let view = serving.view().unwrap();
        let whole = cells(&view, CubeId::PARTNER_PERFORMANCE);
        let of_actions = CUBES.iter().filter(|cube| cube.counts(Stored::Actions));
        // Paths that are too long are left out.
        for cube in of_actions.filter(|cube| cube.id != CubeId::PATH) {
            let parts = merged(&cells(&view, cube.id), cube.id);
            let mut whole = merged(&whole, cube.id);
            whole.retain(|_, tally| !tally.is_zero());
            let parts: Sums = parts.into_iter().filter(|(_, t)| !t.is_zero()).collect();
            assert_eq!(parts, whole, "{} seed {seed}", cube.name);
        }
        assert_eq!(stored_clicks(&view), clicks_of(&log), "seed {seed}");
        // Whoever is not in the catalogue is the unknown partner in every sum.
        for cube in CUBES {
            let sums = cells(&view, cube.id);
            let stranger = sums.keys().find(|place| place.2.0 == STRANGER);
            assert_eq!(stranger, None, "{} seed {seed}", cube.name);
        }
    }
}

/// Raw clicks by cube, program and value.
type ByValue = BTreeMap<(&'static str, u32, String), i128>;

const KINDS: [(&str, CubeId); 7] = [
    ("sub ids", CubeId::SUB_IDS),
    ("ad", CubeId::AD),
    ("shared id", CubeId::SHARED_ID),
    ("property", CubeId::PROPERTY),
    ("domain", CubeId::DOMAIN),
    ("device", CubeId::DEVICE),
    ("expired", CubeId::EXPIRED_AD),
];

fn stored_clicks(view: &View<'_>) -> ByValue {
    let mut found = ByValue::new();
    for (kind, cube) in KINDS {
        for ((program, _, _, facet), tally) in cells(view, cube) {
            let value = match facet {
                Facet::Number(number) => number.to_string(),
                Facet::Text(text) => text.into(),
                Facet::None | Facet::Other => continue,
            };
            let raw = tally.get(Stored::RawClicks);
            *found.entry((kind, program, value)).or_default() += raw;
            let last = tally.get(Stored::LastClick);
            assert_eq!(last > 0, kind == "expired");
        }
    }
    found.retain(|_, clicks| *clicks > 0);
    found
}

/// The same from the rows of the log.
fn clicks_of(log: &Log) -> ByValue {
    let mut counted = ByValue::new();
    let string = |at| String::from_utf8(log.string(at).unwrap().unwrap_or_default()).unwrap();
    for slot in log.first_slot().unwrap().unwrap().0..=log.sealed().0 {
        log.for_each_click(Slot(slot), &mut |row| {
            let mut count = |kind, value: &str| {
                let place = (kind, row.click.program.0, value.to_owned());
                *counted.entry(place).or_default() += 1;
            };
            count("ad", &row.click.ad.to_string());
            let (mut shared, mut sub_ids) = (String::new(), [const { String::new() }; 3]);
            for (parameter, value) in row.click.parameters.clone() {
                let value = String::from_utf8(value.to_vec()).unwrap();
                match parameter {
                    Parameter::Property => count("property", &value),
                    Parameter::SubId(number) => sub_ids[usize::from(number) - 1] = value,
                    _ => shared = value,
                }
            }
            count("shared id", &shared);
            let [first, second, third] = sub_ids;
            let joined = format!("{first}\t{second}\t{third}");
            count("sub ids", if joined == "\t\t" { "" } else { &joined });
            let page = string(row.click.referrer);
            let domain = match page.as_str() {
                "https://www.blog.example/a" => "blog.example",
                "https://deals.example:8443/b/c" => "deals.example",
                _ => "",
            };
            count("domain", domain);
            let device = match string(row.click.user_agent).as_str() {
                "Mozilla/5.0 Firefox/1.0" => "UNKNOWN\tFirefox\tUNKNOWN",
                "curl/8" => "UNKNOWN\tHTTP Library\tUNKNOWN",
                _ => "UNKNOWN\tUNKNOWN\tUNKNOWN",
            };
            count("device", device);
            if row.click.flags.any(ClickFlags::EXPIRED_AD) {
                count("expired", &format!("{}\t{page}", row.click.ad));
            }
        })
        .unwrap();
    }
    counted
}

/// Stores a click of partner 10 for each shared id, by writers from number `by` on, and ends the
/// slot.
fn clicks(log: &Log, by: u16, shared_ids: impl Iterator<Item = u32>) {
    let mut writer = log.writer();
    for (nth, shared_id) in (0_u64..).zip(shared_ids) {
        let now = log.clock().now();
        let text = format!("s{shared_id:05}");
        let parameters = [(Parameter::SharedId, text.as_bytes())];
        let click = Click {
            flags: ClickFlags::NONE,
            program: ProgramId(1),
            ad: AdId(5),
            network: Network::V4([192, 0, 2]),
            visitor: Visitor(nth),
            visitor_before: None,
            cookie: None,
            user_agent: StringRef(0),
            referrer: StringRef(0),
            shape: StringRef(0),
            landing: StringRef(0),
            parameters: parameters.into_iter(),
        };
        // A writer of its own for every 4,096 clicks, so that no number comes twice.
        let source = by + u16::try_from(nth / 4_096).unwrap();
        let number = EventNumber(EventNumber::first_at(now, source).0 + nth % 4_096);
        writer.count(ProgramId(1), Outcome::Received);
        writer.push(PartnerId(10), number, &click);
    }
    writer.commit().unwrap();
    log.seal().unwrap();
}

#[test]
fn texts_beyond_the_bound_are_added_up_together() {
    let root = tempfile::tempdir().unwrap();
    let clock = Clock::start_at(Millis(1_772_923_200_000));
    let log = Log::open(&Options::new(root.path().join("log")), clock).unwrap();
    begin(&log);
    clicks(&log, 500, 0..TEXTS_MAX - 1);
    // The first that is counted takes the last place; one that has its place keeps it.
    clicks(&log, 600, [90_002, 90_001, 90_003, 7].into_iter());
    clicks(&log, 700, [90_002, 90_003, 90_003].into_iter());
    let derived = open(&root.path().join("derived"), &log);
    // A new folder for each slot remembers nothing of the one before.
    while Folder::new(log.clone(), derived.serving())
        .next_slot()
        .unwrap()
        .unwrap()
        <= log.sealed()
    {
        let mut folder = Folder::new(log.clone(), derived.serving());
        let slot = folder.next_slot().unwrap().unwrap();
        folder.fold(slot, &|| false).unwrap().unwrap();
    }
    let serving = derived.serving();
    let found = cells(&serving.view().unwrap(), CubeId::SHARED_ID);
    assert_eq!(found.len(), usize::try_from(TEXTS_MAX).unwrap() + 1);
    let of = |facet: Facet| {
        let cell = found.iter().find(|((.., stored), _)| *stored == facet);
        cell.map(|(_, tally)| tally.get(Stored::RawClicks))
    };
    let text = |number: u32| of(Facet::Text(format!("s{number:05}").into()));
    assert_eq!(
        [7, 8, 90_001, 90_002, 90_003].map(text),
        [Some(2), Some(1), None, Some(2), None]
    );
    assert_eq!(of(Facet::Other), Some(4));
    let report = verify(&log, &derived).unwrap();
    assert!(report.is_clean(), "{report:#?}");
}
