//! The operator: a thread that imports files by the command, over the control socket, one after the
//! other: clicks, some of which the file before had too, and conversions that name such clicks.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::super::known::{Import, Imported, Known, Payload, Reference, Way};
use super::super::world::{BROWSERS, PARTNERS, PROGRAMS, Program, ROBOT};
use super::lines;
use crate::support::commands;
use crate::support::dice::Dice;

const PATIENCE: Duration = Duration::from_secs(30);
/// Between two files, and two tries of one.
const PAUSE: Duration = Duration::from_millis(40);
/// Most and fewest rows of clicks.
const CLICKS: (u64, u64) = (100, 3_000);
/// Most and fewest rows of conversions.
const CONVERSIONS: (u64, u64) = (50, 500);
/// Imported clicks lie within a few hours a day ago, ten seconds apart, so that windows matter.
const AGO: i64 = 26 * 3_600_000;
const STEP: i64 = 10_000;
const STEPS: u64 = 1_080;
const VISITORS: u64 = 3;

/// Whoever runs the command.
pub(crate) struct Imports<'a> {
    /// The settings of the daemon.
    pub(crate) settings: &'a Path,
    pub(crate) known: &'a Mutex<Known>,
}

impl Imports<'_> {
    /// Imports files until `stop`.
    pub(crate) fn submit(&self, mut dice: Dice, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            if !self.is_open() {
                begin(&mut self.known.lock(), &mut dice);
            }
            self.run();
            std::thread::sleep(PAUSE);
        }
    }

    /// Carries the file that is under way to its end.
    pub(crate) fn finish(&self) {
        let since = Instant::now();
        while self.is_open() {
            let said = self.run();
            assert!(since.elapsed() < PATIENCE, "{said}");
        }
    }

    fn is_open(&self) -> bool {
        let known = self.known.lock();
        known
            .imports
            .last()
            .is_some_and(|import| !import.is_complete)
    }

    /// Runs the command for the newest file; what it said.
    fn run(&self) -> String {
        let (place, import) = {
            let known = self.known.lock();
            let place = known.imports.len() - 1;
            (place, known.imports[place].clone())
        };
        let file = self.settings.with_file_name(format!("import-{place}.csv"));
        std::fs::write(&file, &import.text).unwrap();
        self.known.lock().imports[place].runs += 1;
        let arguments = ["import", import.kind, file.to_str().unwrap()];
        let output = commands::run_on(self.settings, &arguments);
        let said = commands::said(&output);
        // Rows that are rejected.
        assert_ne!(output.status.code(), Some(1), "import {place}: {said}");
        if output.status.success() {
            let Import {
                kind, new, known, ..
            } = import;
            let told = format!("{new} {kind} stored, {known} known before, 0 rejected");
            assert!(said.contains(&told), "import {place}: {said}, not {told}");
            self.known.lock().imports[place].is_complete = true;
        }
        said
    }
}

/// Makes the next file.
fn begin(known: &mut Known, dice: &mut Dice) {
    let place = known.imports.len();
    let (kind, text, known_before) = if place == 0 || dice.chance(60) {
        let (text, before) = clicks(known, dice, place);
        ("clicks", text, before)
    } else {
        ("conversions", conversions(known, dice, place), 0)
    };
    let rows = text.lines().count() - 1;
    known.imports.push(Import {
        kind,
        text,
        new: rows - known_before,
        known: known_before,
        is_complete: false,
        is_cut: false,
        runs: 0,
    });
}

/// A file of clicks, and how many of them the newest file of clicks had.
fn clicks(known: &mut Known, dice: &mut Dice, place: usize) -> (String, usize) {
    let begin = jiff::Timestamp::now().as_millisecond() - AGO;
    let begin = begin - begin.rem_euclid(STEP);
    let first = known.imported.len();
    for _ in 0..CLICKS.0 + dice.below(CLICKS.1 - CLICKS.0) {
        let program = dice.pick(&PROGRAMS);
        known.imported.push(Imported {
            import: place,
            program: program.id,
            partner: *dice.pick(&PARTNERS),
            ad: dice.pick(program.ads).0,
            visitor: dice.below(VISITORS),
            is_robot: dice.chance(3),
            time: begin + STEP * i64::try_from(dice.below(STEPS)).unwrap(),
        });
    }
    let most = if dice.chance(30) { first.min(50) } else { 0 };
    let all = known.imported.iter().enumerate().skip(first - most);
    let forms: Vec<String> = all.map(|(number, click)| form(number, click)).collect();
    (lines::csv(forms.iter().map(|form| &**form)), most)
}

fn form(number: usize, click: &Imported) -> String {
    let agent = if click.is_robot { ROBOT } else { BROWSERS[0] };
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("ExternalClickId", &format!("x{number}"))
        .append_pair("EventDate", &click.time.to_string())
        .append_pair("CampaignId", &click.program.to_string())
        .append_pair("MediaId", &click.partner.to_string())
        .append_pair("AdId", &click.ad.to_string())
        .append_pair("Visitor", &format!("v{}", click.visitor))
        .append_pair("UserAgent", agent)
        .append_pair("SubId1", &number.to_string());
    form.finish()
}

/// A time as it is stored, however it is written.
fn stored(time: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(time).unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A file of conversions that name imported clicks. No two have one own time, so that each row has
/// one place in their order.
fn conversions(known: &mut Known, dice: &mut Dice, place: usize) -> String {
    let first = known.payloads.len();
    let mut at = 0;
    for _ in 0..CONVERSIONS.0 + dice.below(CONVERSIONS.1 - CONVERSIONS.0) {
        at += 1;
        let named = dice.place(known.imported.len());
        let click = known.imported[named];
        let program = Program::of(click.program);
        let (number, amount) = (known.payloads.len(), 1 + dice.below(50_000));
        known.orders += 1;
        let order = known.orders;
        // Shorter than a step.
        let time = click.time + at * 10;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("CampaignId", &program.id.to_string())
            .append_pair("ActionTrackerId", &program.event_type.to_string())
            .append_pair("EventDate", &stored(time))
            .append_pair("OrderId", &format!("order-{order}"))
            .append_pair("CurrencyCode", program.currency)
            .append_pair("Amount", &program.text(amount))
            .append_pair("CustomClickId", &format!("x{named}"))
            .append_pair("Note", &number.to_string());
        known.payloads.push(Payload {
            program: program.id,
            order,
            way: Way::Import(place, 0),
            reference: Reference::Imported(named),
            own_time: Some(time),
            amount,
            form: form.finish(),
            answered: None,
            sent: 1,
        });
    }
    let rows = &mut known.payloads[first..];
    let mut times: Vec<_> = rows.iter().map(|row| row.own_time).collect();
    times.sort_unstable();
    for row in rows.iter_mut() {
        let before = times.partition_point(|time| *time < row.own_time);
        row.way = Way::Import(place, before as u64 + 1);
    }
    lines::csv(rows.iter().map(|row| &*row.form))
}
