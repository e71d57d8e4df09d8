//! Imported clicks beside live ones in a real log, folded in several ways.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use clickd::catalog::{parse_toml, to_stored};
use clickd::derived::{Derived, ExternalKey, Family, Options as DerivedOptions, View};
use clickd::fold::{Folder, RULES, VerifyReport, rebuild, verify};
use clickd::log::{Clock, Imported, Importer, Log, Options, Parameters};
use clickd::model::arrival::Outcome;
use clickd::model::click::{Click, ClickFlags, Network, Visitor};
use clickd::model::id::{AdId, CatalogVersion, JobId, PartnerId, ProgramId, Slot, StringRef};
use clickd::model::submission::Fingerprint;
use clickd::model::tally::Stored;
use clickd::model::time::{Day, Millis};
use clickd::registry::cube::CubeId;

use super::told::{CATALOG, Told, mix, recount, told};

pub(super) const PROGRAM: ProgramId = ProgramId(1);
/// 2026-03-08T10:00:00Z.
const NOW: Millis = Millis(1_772_964_000_000);
/// The day of [`super::told::DAY_ONE`].
pub(super) const DAY_ONE: i32 = 17_476;

pub(super) fn log(dir: &Path) -> Log {
    let log = Log::open(&Options::new(dir), Clock::start_at(NOW)).unwrap();
    if log.current_catalog() == CatalogVersion(0) {
        let doc = parse_toml(CATALOG).unwrap_or_else(|problems| panic!("{problems:?}"));
        log.put_catalog(CatalogVersion(0), &to_stored(&doc).unwrap())
            .unwrap();
    }
    log
}

fn click(visitor: u64, agent: StringRef) -> Click<Parameters<'static>> {
    Click {
        flags: ClickFlags::NONE,
        program: PROGRAM,
        ad: AdId(5),
        network: Network::V4([192, 0, 2]),
        visitor: Visitor(visitor),
        visitor_before: None,
        cookie: None,
        user_agent: agent,
        referrer: StringRef(0),
        shape: StringRef(0),
        landing: StringRef(0),
        parameters: Parameters::default(),
    }
}

fn name(job: JobId, nth: usize) -> Fingerprint {
    Fingerprint::of_external_click(PROGRAM, &format!("{job}-{nth}"))
}

/// Imports clicks of `job`, the first of which is its `nth`.
pub(super) fn import(importer: &mut Importer, job: JobId, nth: usize, clicks: &[Told]) {
    let agent = importer.intern(b"Mozilla/5.0 (X11) Browser/1");
    for (nth, told) in (nth..).zip(clicks) {
        let external = name(job, nth);
        assert!(!importer.is_known(PROGRAM, external).unwrap());
        let imported = Imported {
            job,
            time: Millis(told.millis()),
            external,
            click: click(told.visitor, agent),
        };
        importer.push(PartnerId(told.partner), &imported);
        assert!(importer.is_known(PROGRAM, external).unwrap());
    }
    importer.commit(job, b"{}").unwrap();
}

/// Live clicks of the visitors that imports know by the same numbers.
fn live(log: &Log, count: u64) {
    live_of(log, (0..count).map(|nth| nth % 8));
}

/// A live click of each of these visitors.
fn live_of(log: &Log, visitors: impl Iterator<Item = u64>) {
    let mut writer = log.writer();
    let agent = writer.intern(b"Mozilla/5.0 (X11) Browser/1").unwrap();
    for visitor in visitors {
        let (number, _) = writer.mint(writer.now());
        writer.count(PROGRAM, Outcome::Received);
        writer.push(PartnerId(10), number, &click(visitor, agent));
    }
    writer.commit().unwrap();
}

pub(super) fn derived(dir: &Path, log: &Log) -> Derived {
    let end = log.last_footer().unwrap().map(|footer| footer.slot);
    Derived::open(dir, &DerivedOptions::new(RULES), end).unwrap()
}

fn catch_up(derived: &Derived, log: &Log) {
    let mut folder = Folder::new(log.clone(), derived.serving());
    while let Some(slot) = folder.next_slot().unwrap()
        && slot <= log.sealed()
    {
        folder.fold(slot, &|| false).unwrap().unwrap();
    }
}

/// Folds with a new folder for every two clicks.
pub(super) fn catch_up_in_parts(derived: &Derived, log: &Log) {
    loop {
        let mut folder = Folder::new(log.clone(), derived.serving());
        folder.commit_every(2);
        let next = folder.next_slot().unwrap();
        let Some(slot) = next.filter(|slot| *slot <= log.sealed()) else {
            return;
        };
        folder.fold(slot, &|| true).unwrap();
    }
}

/// Day after [`DAY_ONE`] and partner with raw, unique and payable clicks.
fn cells(derived: &Derived) -> BTreeMap<(i64, u32), (i128, i128)> {
    let mut found = BTreeMap::new();
    derived
        .for_each_cell(
            CubeId(1),
            PROGRAM,
            Day(i32::MIN)..=Day(i32::MAX),
            &mut |cell| {
                let sums = [Stored::RawClicks, Stored::Clicks, Stored::PayableClicks];
                let [raw, unique, payable] = sums.map(|measure| cell.tally.get(measure));
                assert_eq!(unique, payable);
                let day = i64::from(cell.day.0 - DAY_ONE);
                found.insert((day, cell.partner.0), (raw, unique));
            },
        )
        .unwrap();
    found
}

pub(super) fn with_view<T>(derived: &Derived, read: impl FnOnce(&View<'_>) -> T) -> T {
    let generation = derived.serving();
    let view = generation.view().unwrap();
    read(&view)
}

fn has_job_windows(derived: &Derived) -> bool {
    let generation = derived.serving();
    generation.families().unwrap().has_job_windows().unwrap()
}

/// Every row but how far they go: meanwhile the log may have ended a further slot without events.
fn dump(derived: &Derived) -> BTreeMap<(&'static str, Vec<u8>), Vec<u8>> {
    let mut rows = BTreeMap::new();
    with_view(derived, |view| {
        let rows_of = Family::ALL.into_iter();
        for family in rows_of.filter(|family| *family != Family::Meta) {
            view.dump(family, &mut |key, value| {
                rows.insert((family.name(), key.to_vec()), value.to_vec());
            })
            .unwrap();
        }
    });
    rows
}

pub(super) fn verified(log: &Log, derived: &Derived) -> VerifyReport {
    verify(log, derived).unwrap()
}

/// Two jobs, cut into slots at random and mixed with live clicks.
fn store(root: &Path, seed: u64) -> (Log, [Vec<Told>; 2]) {
    let log = log(&root.join("log"));
    let jobs = [told(seed, 300), told(seed + 1, 200)];
    let mut importer = log.importer();
    let mut at = [0; 2];
    for round in 0.. {
        let dice = mix(seed << 20 | round);
        let which = usize::try_from(dice % 2).unwrap();
        let rest = &jobs[which][at[which]..];
        let count = rest.len().min(usize::try_from(dice >> 8 & 31).unwrap());
        let job = JobId(u64::try_from(which).unwrap());
        import(&mut importer, job, at[which], &rest[..count]);
        at[which] += count;
        if (dice >> 16).is_multiple_of(4) {
            live(&log, dice >> 20 & 7);
        }
        if (dice >> 24).is_multiple_of(4) {
            log.seal().unwrap();
        }
        if at == [jobs[0].len(), jobs[1].len()] {
            break;
        }
    }
    (log, jobs)
}

#[test]
fn imports_count_by_their_own_times_each_for_itself_however_they_are_folded() {
    for seed in 1..4 {
        let root = tempfile::tempdir().unwrap();
        let (log, jobs) = store(root.path(), seed);
        log.seal().unwrap();
        let whole = derived(&root.path().join("whole"), &log);
        catch_up(&whole, &log);
        assert!(has_job_windows(&whole));
        let mut expected = recount(&jobs[0]);
        for (place, more) in recount(&jobs[1]) {
            let sum = expected.entry(place).or_insert((0, 0));
            *sum = (sum.0 + more.0, sum.1 + more.1);
        }
        let mut found = cells(&whole);
        // Live clicks are of another year, and see none of the imported visitors.
        let today = found.split_off(&(1_000, 0));
        assert_eq!(found, expected, "seed {seed}");
        for (_, unique) in today.values() {
            assert!(*unique <= 8 && *unique > 0, "{today:?}");
        }
        let report = verified(&log, &whole);
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(
            (report.imported, report.ledger.imported_clicks.rows),
            (500, 500)
        );
        for job in [0, 1] {
            log.end_import(JobId(job), &[PROGRAM], b"{}").unwrap();
        }
        // No slot ends after this, so all fold the same ones.
        log.stop().unwrap();
        catch_up(&whole, &log);
        assert!(!has_job_windows(&whole));
        let parts = derived(&root.path().join("parts"), &log);
        catch_up_in_parts(&parts, &log);
        assert!(dump(&whole) == dump(&parts), "seed {seed}: other rows");
        let nobody = AtomicBool::new(false);
        rebuild(&log, &whole, &nobody, &mut |_, _| {}).unwrap();
        assert!(dump(&whole) == dump(&parts), "seed {seed}: rebuilt rows");
        assert!(verified(&log, &whole).is_clean());
    }
}

#[test]
fn visitors_that_do_not_fit_into_memory_are_looked_for_in_the_store() {
    let root = tempfile::tempdir().unwrap();
    let log = log(&root.path().join("log"));
    let slots = 16;
    for slot in 0..slots {
        live_of(&log, (0..10).map(|nth| mix(10 * slot + nth)));
        log.seal().unwrap();
    }
    live_of(&log, (0..10 * slots).map(mix));
    log.seal().unwrap();
    for held in [4, 1_000] {
        let derived = derived(&root.path().join(held.to_string()), &log);
        let mut folder = Folder::new(log.clone(), derived.serving());
        folder.hold_rows(held);
        while let Some(slot) = folder.next_slot().unwrap()
            && slot <= log.sealed()
        {
            folder.fold(slot, &|| false).unwrap().unwrap();
        }
        let found: Vec<_> = cells(&derived).into_values().collect();
        assert_eq!(found, [(320, 160)], "{held} held");
    }
}

#[test]
fn a_click_is_found_by_its_name_in_the_other_system() {
    let root = tempfile::tempdir().unwrap();
    let log = log(&root.path().join("log"));
    let clicks = told(9, 3);
    let mut importer = log.importer();
    import(&mut importer, JobId(4), 0, &clicks);
    log.seal().unwrap();
    let derived = derived(&root.path().join("derived"), &log);
    catch_up(&derived, &log);
    for (nth, told) in clicks.iter().enumerate() {
        let external = name(JobId(4), nth);
        let place = log.external(PROGRAM, external).unwrap().unwrap();
        with_view(&derived, |view| {
            let found = view.external(PROGRAM, external).unwrap().unwrap();
            assert_eq!((found.slot, found.number), (place.slot, place.number));
            assert_eq!(found.time, Millis(told.millis()));
            assert_eq!((found.partner, found.ad), (place.partner, AdId(5)));
            let verdict = view.verdict(found.verdict(PROGRAM)).unwrap().unwrap();
            assert_eq!(verdict.slot, place.slot);
            let row = log.click_row(place.slot, place.partner, place.number);
            assert!(row.unwrap().is_some());
            assert_eq!(view.external(ProgramId(2), external).unwrap(), None);
        });
    }
}

#[test]
fn a_torn_slot_of_an_import_is_closed_with_its_rows_and_its_cursor() {
    let root = tempfile::tempdir().unwrap();
    let (dir, copy) = (root.path().join("log"), root.path().join("copy"));
    let log_ = log(&dir);
    let clicks = told(3, 40);
    let mut importer = log_.importer();
    import(&mut importer, JobId(4), 0, &clicks);
    // Taken and not committed: it is not there after a crash.
    importer.keep_refused(41, b"why".to_vec());
    let copied = std::process::Command::new("cp")
        .args([Path::new("-a"), &dir, &copy])
        .status();
    assert!(copied.unwrap().success());
    let again = log(&copy);
    again.seal().unwrap();
    let footers = (1..=again.sealed().0).map(|slot| again.footer(Slot(slot)).unwrap().unwrap());
    let torn: Vec<_> = footers.filter(|footer| footer.torn).collect();
    assert_eq!(torn.len(), 1);
    assert_eq!((torn[0].imported, torn[0].clicks), (40, 0));
    again.check(&torn[0]).unwrap();
    assert_eq!(again.job(JobId(4)).unwrap().as_deref(), Some(&b"{}"[..]));
    assert!(again.refused_rows(JobId(4)).unwrap().is_empty());
    let derived = derived(&root.path().join("derived"), &again);
    catch_up(&derived, &again);
    assert_eq!(cells(&derived), recount(&clicks));
    let report = verified(&again, &derived);
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn verify_names_an_imported_click_that_is_not_where_its_name_says() {
    let root = tempfile::tempdir().unwrap();
    let log = log(&root.path().join("log"));
    import(&mut log.importer(), JobId(4), 0, &told(9, 3));
    log.seal().unwrap();
    let derived = derived(&root.path().join("derived"), &log);
    catch_up(&derived, &log);
    let (one, other) = (name(JobId(4), 0), name(JobId(4), 1));
    let click = with_view(&derived, |view| {
        view.external(PROGRAM, one).unwrap().unwrap()
    });
    let serving = derived.serving();
    let mut batch = serving.families().unwrap().batch();
    let key = ExternalKey {
        program: PROGRAM,
        external: other,
    };
    batch.set_external(key, click);
    batch.commit(&serving.mark().unwrap()).unwrap();
    let report = verified(&log, &derived);
    assert_eq!(report.differences, 1, "{report:?}");
    assert_eq!(report.first_differences[0].check, "external");
}
