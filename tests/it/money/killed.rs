//! `kill -9` while conversions and changes are stored: what was acknowledged is there once, what
//! was not at most once, and the money of what is there is the model's.
//!
//! The process that is killed is this very test, started again as [`child`]; it notes what it is
//! about to say and what was acknowledged, in a file that outlives it. What was not acknowledged
//! is said again by the next one, as a brand would.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use clickd::fold::{Folder, verify};
use clickd::log::{Clock, Log, Options};
use clickd::model::click_id::ClickId;
use clickd::model::entry::Entry;
use clickd::model::id::{AdId, EventNumber, PartnerId, ProgramId, SubmissionId};
use clickd::model::submission::PayloadHash;
use clickd::model::time::MINUTE;

use super::check;
use super::model::Model;
use super::said::{Meant, Named, New, Notes, Revision, Said, Sale};
use super::terms::{Catalogue, LOCKS, PARTNERS, Program};
use super::world::{START, amount};
use crate::fold::same::open;
use crate::support::dice::Dice;

const ROUNDS: u64 = 20;
/// Threads of a child; each has orders of its own, so that a change that was not acknowledged is
/// said again before any other of its order.
const THREADS: u64 = 3;
/// Entries that one child says at most.
const MOST: u64 = 30_000;

/// Folder, first number, round: set for a child only.
const CHILD: &str = "CLICKD_MONEY_CHILD";

/// The entry with this number; its payload is the number.
fn said(number: u64) -> Said {
    let mut dice = Dice(number.wrapping_mul(0x9e37_79b9));
    let near = (number / 6).saturating_sub(dice.below(4));
    let program = u32::try_from(1 + near % 3).unwrap();
    let order = (program, 1, format!("{}-{near}", number % THREADS));
    let payload = number.into();
    if dice.chance(50) {
        let click = ClickId {
            number: EventNumber(EventNumber::first_at(START.plus(-MINUTE), 500).0 + number % 4_096),
            partner: PartnerId(*dice.pick(&PARTNERS)),
            ad: AdId(5),
            program: ProgramId(program),
            unrecorded: true,
            key_number: 0,
        };
        return Said::Sale(Sale {
            order,
            event: None,
            named: Named::Click(click),
            amount: amount(&mut dice, program),
            payload,
        });
    }
    let new = if dice.chance(20) {
        New::Reversed
    } else {
        New::Modified {
            amount: Some(i64::try_from(dice.below(9_000)).unwrap() * Program::of(program).unit),
            status: None,
            item: None,
        }
    };
    Said::Revision(Revision {
        order,
        meant: Meant::Newest,
        new,
        reason: if dice.chance(30) { LOCKS } else { "OTHER" },
        payload,
    })
}

fn log(dir: &Path, round: u64) -> Log {
    // Every process begins later than the one before it ended.
    let now = START.plus(i64::try_from(round).unwrap() * 5 * MINUTE);
    Log::open(&Options::new(dir.join("log")), Clock::start_at(now)).unwrap()
}

/// A line that is written at once and whole.
fn note(mut to: &File, line: &str) {
    to.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// The process that is killed; nothing unless it was started by the test below.
#[test]
fn child() {
    let Ok(text) = std::env::var(CHILD) else {
        return;
    };
    let mut parts = text.split(' ');
    let mut part = || parts.next().unwrap();
    let (dir, first, round) = (Path::new(part()), part(), part());
    let first: u64 = first.parse().unwrap();
    let log = log(dir, round.parse().unwrap());
    let notes = File::options().append(true).open(dir.join("notes"));
    let notes = notes.unwrap();
    let again = std::fs::read_to_string(dir.join("again")).unwrap();
    let again: Vec<u64> = again.lines().map(|line| line.parse().unwrap()).collect();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (log, notes, again) = (&log, &notes, &again);
            scope.spawn(move || {
                let old = again.iter().copied();
                for number in old.chain(first..first + MOST) {
                    if number % THREADS != thread {
                        continue;
                    }
                    note(notes, &format!("said {number}"));
                    let accepted = match said(number) {
                        Said::Sale(sale) => log.submit(&sale.entry()),
                        Said::Revision(revision) => log.change(&revision.entry()),
                        Said::Locked(_) => panic!("nobody settles here"),
                    };
                    let accepted = accepted.unwrap();
                    log.wait_durable(accepted.epoch).unwrap();
                    note(notes, &format!("stored {number} {}", accepted.id));
                }
            });
        }
    });
}

/// What the children noted: the id of what was acknowledged, none of what was only said.
fn noted(dir: &Path) -> BTreeMap<u64, Option<SubmissionId>> {
    let text = std::fs::read_to_string(dir.join("notes")).unwrap();
    let mut noted = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let (what, number) = (words.next().unwrap(), words.next().unwrap());
        let of_number = noted.entry(number.parse().unwrap()).or_insert(None);
        if what == "stored" {
            let id: SubmissionId = words.next().unwrap().parse().unwrap();
            let before = of_number.replace(id);
            assert!(before.is_none_or(|before| before == id), "{line}");
        }
    }
    noted
}

fn round(dir: &Path, round: u64, dice: &mut Dice) {
    let noted = noted(dir);
    let first = noted.keys().next_back().map_or(0, |last| last + 1);
    let mut again = String::new();
    for (number, stored) in &noted {
        // Of what was acknowledged some conversions come again, too.
        let is_sale = matches!(said(*number), Said::Sale(_));
        if stored.is_none() || (is_sale && dice.chance(2)) {
            writeln!(again, "{number}").unwrap();
        }
    }
    std::fs::write(dir.join("again"), again).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "money::killed::child"])
        .env(CHILD, format!("{} {first} {round}", dir.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(60 + dice.below(400)));
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ended.is_none(), "it ended by itself: {ended:?}");
}

/// The entry that a row is, by its payload.
fn number(entry: &Entry) -> u64 {
    let PayloadHash(payload) = match entry {
        Entry::Conversion(submission) => submission.payload,
        Entry::Change(change) => change.payload,
        Entry::Settlement(_) => panic!("nobody settled: {entry:?}"),
    };
    u128::from_be_bytes(payload).try_into().unwrap()
}

/// Everything stored, each once and as it was said.
fn stored(log: &Log, noted: &BTreeMap<u64, Option<SubmissionId>>, notes: &mut Notes) {
    let mut found = BTreeMap::new();
    let first = log.first_slot().unwrap().unwrap();
    for slot in first.0..=log.sealed().0 {
        for (id, entry) in log.entries(clickd::model::id::Slot(slot)).unwrap() {
            let number = number(&entry);
            assert!(noted.contains_key(&number), "invented: {entry:?}");
            let said = said(number);
            let same = match &said {
                Said::Sale(sale) => entry == Entry::Conversion(sale.entry()),
                Said::Revision(revision) => entry == Entry::Change(revision.entry()),
                Said::Locked(_) => false,
            };
            assert!(same, "altered: {entry:?} of {said:?}");
            let before = found.insert(number, id);
            assert!(before.is_none(), "doubled: {entry:?}, {id} and {before:?}");
            notes.said.insert(id, said);
        }
    }
    for (number, id) in noted {
        if id.is_some() {
            assert_eq!(found.get(number).copied(), *id, "lost: {number}");
        }
    }
}

#[test]
fn kills_lose_and_double_no_change_and_money_is_the_models() {
    let seed =
        u64::from(std::process::id()) << 20 ^ jiff::Timestamp::now().as_second().unsigned_abs();
    // Shown when something fails.
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    File::create(dir.join("notes")).unwrap();
    let mut notes = Notes::default();
    let begun = log(dir, 0);
    let catalogue = Catalogue::random(&mut dice, START.0);
    let version = begun.put_catalog(begun.current_catalog(), &catalogue.stored());
    notes.catalogues.insert(version.unwrap().0, catalogue);
    begun.stop().unwrap();
    drop(begun);
    for number in 1..=ROUNDS {
        round(dir, number, &mut dice);
    }
    let log = log(dir, ROUNDS + 1);
    log.stop().unwrap();
    let noted = noted(dir);
    let acknowledged = noted.values().flatten().count();
    assert!(acknowledged > 500, "{acknowledged}");
    stored(&log, &noted, &mut notes);
    let derived = open(&dir.join("derived"), &log);
    let mut folder = Folder::new(log.clone(), derived.serving());
    let mut model = Model::default();
    let sealed = log.sealed();
    while let Some(slot) = folder.next_slot().unwrap()
        && slot <= sealed
    {
        folder.fold(slot, &|| false).unwrap().unwrap();
        let sealed = check::sealed(&log, slot.0, &mut notes);
        model.slot(sealed, &notes);
    }
    check::same(&derived, &model);
    let report = verify(&log, &derived).unwrap();
    assert!(report.is_clean(), "{report:#?}");
    assert!(model.actions.iter().any(|action| action.history.len() > 2));
}
