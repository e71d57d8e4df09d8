//! The rounds: start, load, kill at a moment of the deck; a check of everything now and then.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::known::Known;
use super::load::Load;
use super::store::Stored;
use super::world::{BRAND, catalog};
use super::{arrived, compare, entries, recount, told};
use crate::support::commands;
use crate::support::config::{Ack, Config};
use crate::support::daemon::Daemon;
use crate::support::dice::Dice;
use crate::support::receiver::{Mood, Receiver};

/// Rounds unless told otherwise.
const ROUNDS: u64 = 8;
/// Rounds in which everything that can be cut off is.
const MANY: u64 = 40;
/// Rounds between two checks.
const CHECK_EVERY: u64 = 10;
/// The longest a start may take on a machine however busy.
const READY_MAX: Duration = Duration::from_secs(20);
/// The longest a graceful stop may take.
const STOP_MAX: Duration = Duration::from_secs(20);
/// The longest that an event of the right kind may take to come.
const EVENT_MAX: Duration = Duration::from_secs(2);
/// Differences that a failure lists.
const LISTED: usize = 20;

/// When the daemon is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// Before it is ready.
    Starting,
    /// At any time while it serves.
    Serving,
    /// Around the end of a slot, when it is folded.
    Folding,
    /// At the end of a burst.
    Bursting,
    /// While it stops.
    Stopping,
    /// When a postback was answered, before that is noted.
    Telling,
}

/// Ten rounds.
const DECK: [Moment; 10] = [
    Moment::Telling,
    Moment::Serving,
    Moment::Serving,
    Moment::Serving,
    Moment::Serving,
    Moment::Starting,
    Moment::Starting,
    Moment::Folding,
    Moment::Bursting,
    Moment::Stopping,
];

/// Tells clients to stop when it is dropped, also by a failed assertion.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Run {
    dice: Dice,
    config: Config,
    token: String,
    receiver: Receiver,
    known: Mutex<Known>,
    /// How long each start took.
    starts: Vec<Duration>,
    torn: usize,
}

fn millis(from: u64, more: u64, dice: &mut Dice) -> Duration {
    Duration::from_millis(from) + Duration::from_micros(dice.below(more * 1_000))
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut config = Config::new();
        // Small, so that tables are written and the log is cut under load.
        config.set("store", "write_buffer", "\"16MiB\"");
        config.set("store", "wal_total", "\"16MiB\"");
        config.set("postbacks", "allow_private", true);
        config.set("postbacks", "timeout", "\"1s\"");
        config.set("postbacks", "first_wait", "\"1s\"");
        let receiver = Receiver::start();
        commands::apply_catalog(&config, &catalog(&receiver.url()));
        let token = commands::create_key(&config, BRAND);
        Self {
            dice: Dice(seed),
            config,
            token,
            receiver,
            known: Mutex::default(),
            starts: Vec::new(),
            torn: 0,
        }
    }

    fn start(&mut self) -> Daemon {
        let ack = *self.dice.pick(&[Ack::Fast, Ack::Fast, Ack::Durable]);
        self.config.ack(ack);
        let workers = 1 + self.dice.below(2);
        self.config.set("public", "workers", workers);
        // Slots of a second, or many short ones that end and are folded all the time.
        let rows = *self.dice.pick(&[1_000, 200_000]);
        self.config.set("store", "slot_rows_max", rows);
        Daemon::start(&self.config)
    }

    fn ready(&mut self, daemon: &mut Daemon) {
        let took = daemon.wait_ready(READY_MAX).unwrap();
        self.starts.push(took);
    }

    /// One daemon's life under load.
    fn round(&mut self, moment: Moment) {
        let (pause, stop) = (AtomicBool::new(true), AtomicBool::new(false));
        let mut dice = self.dice.split();
        let known = std::mem::take(&mut self.known);
        let token = self.token.clone();
        self.receiver.set(Mood::Weak(self.dice.split()));
        let mut daemon = self.start();
        let settings = self.config.file();
        let load = Load {
            public: self.config.public,
            api: self.config.api,
            settings: &settings,
            token: &token,
            known: &known,
            pause: &pause,
            stop: &stop,
        };
        std::thread::scope(|scope| {
            let stopping = Stop(&stop);
            load.start(scope, &mut dice);
            self.live(&mut daemon, moment, &pause);
            known.lock().cut();
            daemon.kill();
            drop(stopping);
        });
        told::is_stored(&self.config.log(), &self.receiver);
        self.known = known;
    }

    /// Lets the daemon live up to the moment.
    fn live(&mut self, daemon: &mut Daemon, moment: Moment, pause: &AtomicBool) {
        if moment == Moment::Starting {
            let longest = self.starts.last().map_or(100, Duration::as_millis);
            let longest = u64::try_from(longest).unwrap().clamp(20, 1_000);
            return std::thread::sleep(millis(0, longest, &mut self.dice));
        }
        self.ready(daemon);
        let dice = &mut self.dice;
        match moment {
            Moment::Starting => {}
            Moment::Serving => std::thread::sleep(millis(50, 1_500, dice)),
            // A slot ends a second after the log was opened, shortly before it was ready.
            Moment::Folding => std::thread::sleep(millis(880, 250, dice)),
            Moment::Bursting => {
                std::thread::sleep(millis(50, 200, dice));
                pause.store(false, Ordering::Relaxed);
                std::thread::sleep(millis(200, 300, dice));
                pause.store(true, Ordering::Relaxed);
                std::thread::sleep(millis(0, 30, dice));
            }
            Moment::Stopping => {
                std::thread::sleep(millis(50, 500, dice));
                daemon.terminate();
                std::thread::sleep(millis(0, 300, dice));
            }
            Moment::Telling => {
                std::thread::sleep(millis(50, 1_000, dice));
                self.receiver.set(Mood::Kill(daemon.id()));
                let _killed = daemon.wait_end(EVENT_MAX);
            }
        }
    }

    /// Starts once more, and compares everything that is stored and shown with what was sent.
    fn check(&mut self) {
        let mut daemon = self.start();
        self.ready(&mut daemon);
        self.receiver.set(Mood::Well);
        self.finish();
        let verified = commands::verify(&self.config);
        told::wait(&self.config.file());
        let shown = compare::shown(&self.config, &self.token);
        if self.dice.chance(50) {
            daemon.kill();
        } else {
            daemon.terminate();
            let ended = daemon.wait_end(STOP_MAX).map(|status| status.code());
            assert_eq!(ended, Some(Some(0)), "{}", daemon.said());
        }
        let stored = Stored::read(&self.config.log());
        let known = self.known.lock();
        let mut wrong = Vec::new();
        compare::clicks(&known, &stored, &mut wrong);
        entries::conversions(&known, &stored, &mut wrong);
        entries::changes(&known, &stored, &mut wrong);
        arrived::arrivals(&known, &stored, &mut wrong);
        arrived::imported(&known, &stored, &mut wrong);
        compare::footers(&stored, &mut wrong);
        if wrong.is_empty() {
            let (counted, actions) = recount::recount(&known, &stored);
            compare::figures(&counted, &shown, &mut wrong);
            told::compare(&actions, &self.receiver.arrivals(), &mut wrong);
        }
        if let Err(said) = verified {
            wrong.push(format!("clickd verify: {said}"));
        }
        let count = wrong.len();
        wrong.truncate(LISTED);
        let listed = wrong.join("\n");
        assert!(count == 0, "{count} differences:\n{listed}");
        self.torn = stored.footers.values().filter(|footer| footer.torn).count();
    }

    /// Carries to its end what was cut off, on a daemon that runs.
    fn finish(&self) {
        let settings = self.config.file();
        let nothing = AtomicBool::new(false);
        let load = Load {
            public: self.config.public,
            api: self.config.api,
            settings: &settings,
            token: &self.token,
            known: &self.known,
            pause: &nothing,
            stop: &nothing,
        };
        load.finish();
    }

    fn sums(&mut self) -> String {
        self.starts.sort_unstable();
        let at = self.starts.len().saturating_sub(1) * 99 / 100;
        format!(
            "ready again p99 {:?} of {} starts; {} torn slots closed; {} postbacks of {} events; \
             {:?}",
            self.starts[at],
            self.starts.len(),
            self.torn,
            self.receiver.arrivals().len(),
            self.receiver.accepted().len(),
            self.known.lock().sums()
        )
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}: not a number")),
    )
}

/// Shown also when the test passes.
fn say(text: &str) {
    writeln!(std::io::stderr(), "crash: {text}").unwrap();
}

#[test]
fn kills_at_any_moment_lose_double_and_invent_nothing() {
    let seed = number("CLICKD_CRASH_SEED").unwrap_or_else(|| {
        let now = jiff::Timestamp::now().as_microsecond();
        now.unsigned_abs() ^ u64::from(std::process::id()) << 40
    });
    let rounds = number("CLICKD_CRASH_ROUNDS").unwrap_or(ROUNDS);
    say(&format!(
        "CLICKD_CRASH_SEED={seed} CLICKD_CRASH_ROUNDS={rounds}"
    ));
    let mut run = Run::new(seed);
    let mut deck = Vec::new();
    for round in 1..=rounds {
        if deck.is_empty() {
            deck = DECK.to_vec();
        }
        let at = run.dice.place(deck.len());
        run.round(deck.swap_remove(at));
        if round % CHECK_EVERY == 0 || round == rounds {
            run.check();
        }
    }
    say(&run.sums());
    let sums = run.known.lock().sums();
    assert!(sums.recorded > 0 && sums.conversions > 0, "{sums:?}");
    assert!(sums.changes > 0 && sums.arrivals > 0, "{sums:?}");
    assert!(sums.files > 0 && sums.imports > 0, "{sums:?}");
    assert!(!run.receiver.accepted().is_empty());
    if rounds >= MANY {
        assert!(run.torn > 0 && sums.unknown > 0, "{sums:?}");
        assert!(sums.sent_again > 0 && sums.arrivals_unknown > 0, "{sums:?}");
        assert!(sums.files_cut > 0 && sums.imports_cut > 0, "{sums:?}");
    }
}
