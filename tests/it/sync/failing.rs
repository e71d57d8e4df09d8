//! When a sync fails, nothing is acknowledged any more and the daemon ends for a restart.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::daemon::{Home, Running};
use super::load::Answers;
use super::proof::{Promise, Proof};
use super::trace::{ARGUMENTS, Trace};

const DURABLE: &str = "[ack]\nclicks = \"durable\"\ndurable_wait = \"10s\"\n";
const FAST: &str = "[ack]\nclicks = \"fast\"\n";
/// How soon after the failure the process must be gone.
const GONE_WITHIN: Duration = Duration::from_secs(5);
/// The exit code that says a restart may help.
const TEMPORARY: i32 = 75;
/// Daemons at a time.
const AT_ONCE: usize = 3;
/// More events than any daemon lives to see.
const ENDLESS: usize = 1_000_000;

/// One daemon whose syncs fail.
struct Run {
    /// Which sync of each thread fails, in the words of `strace`.
    when: String,
    settings: &'static str,
    /// Only syncs of the log count, and only they are traced.
    only_log: bool,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The start failed.
    NotStarted,
    /// It failed while it served; so many events were acknowledged before.
    Failed(usize),
}

impl Run {
    fn arguments(&self, home: &Home) -> Vec<String> {
        let mut words: Vec<String> = ARGUMENTS.iter().map(ToString::to_string).collect();
        words.push(format!("-einject=fdatasync:error=EIO:when={}", self.when));
        words.push(format!("-o{}", home.path().join("trace").display()));
        if self.only_log {
            // The number of the next log is not known, but it is small.
            let names = (1..60).map(|number| format!("{number:06}.log"));
            for name in names.chain(["durable".to_owned()]) {
                words.push(format!(
                    "-P{}",
                    home.store().join("log").join(name).display()
                ));
            }
        }
        words
    }

    /// Starts, loads, waits for the end and checks everything.
    fn play(&self, template: &Home) -> Result<End, String> {
        let home = template.copy(self.settings);
        let words = self.arguments(&home);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let running = Running::start(&mut home.command(&words));
        let serves = running.is_serving();
        let answers = Answers::default();
        if serves {
            let done = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let (answers, home) = (&answers, &home);
                let loads = [
                    scope.spawn(|| answers.click(home, ENDLESS)),
                    scope.spawn(|| answers.click(home, ENDLESS)),
                    scope.spawn(|| answers.convert(home, "a", ENDLESS)),
                    scope.spawn(|| answers.convert(home, "b", ENDLESS)),
                ];
                scope.spawn(|| answers.probe(home, &done));
                for load in loads {
                    load.join().unwrap();
                }
                done.store(true, Ordering::SeqCst);
            });
        }
        let (code, said) = running.ended();
        let trace = Trace::read(&home.path().join("trace"));
        let wrong = |what: &str| Err(format!("when={}: {what}\n{said}", self.when));
        if code != TEMPORARY {
            return wrong(&format!("exit code {code}"));
        }
        let Some(failed) = trace.first_failed_sync() else {
            return wrong("no sync failed");
        };
        let took = trace.exited_at.saturating_sub(failed.at);
        if took > GONE_WITHIN {
            return wrong(&format!("gone after {took:?}"));
        }
        if let Some(first) = answers.wrong.lock().first() {
            return wrong(first);
        }
        if !serves {
            let served = trace.calls.iter().any(super::trace::Call::is_answer);
            return if served {
                wrong("answered without serving")
            } else {
                Ok(End::NotStarted)
            };
        }
        if !self.only_log
            && let Err(what) = self.all_synced(&trace, &answers)
        {
            return wrong(&what);
        }
        let acknowledged = answers.clicks.lock().len() + answers.conversions.lock().len();
        Ok(End::Failed(acknowledged))
    }

    /// Every acknowledgement had its good sync before it left; the failed one counts for nothing.
    fn all_synced(&self, trace: &Trace, answers: &Answers) -> Result<(), String> {
        let proof = Proof::new(trace);
        let (clicks, conversions) = (answers.clicks.lock(), answers.conversions.lock());
        let fast = self.settings == FAST;
        let promise = if fast {
            Promise::Written
        } else {
            Promise::Synced
        };
        for click in clicks.iter() {
            proof.check(click, promise)?;
        }
        for conversion in conversions.iter() {
            proof.check(conversion, Promise::Synced)?;
        }
        Ok(())
    }
}

/// Plays all runs, a few at a time; how each ended.
fn play(runs: &[Run]) -> Vec<End> {
    let template = Home::new("");
    let (next, ends, wrong) = (
        AtomicUsize::new(0),
        Mutex::new(Vec::new()),
        Mutex::new(Vec::new()),
    );
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(run) = runs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    match run.play(&template) {
                        Ok(end) => ends.lock().push(end),
                        Err(what) => wrong.lock().push(what),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        runs.len(),
        wrong.join("\n")
    );
    ends.into_inner()
}

/// Neither kind of end may be missing, and before the failure the daemon must have been at work.
fn assert_both_ends(ends: &[End]) {
    assert!(ends.contains(&End::NotStarted), "{ends:?}");
    let acknowledged = ends.iter().map(|end| match end {
        End::NotStarted => 0,
        End::Failed(acknowledged) => *acknowledged,
    });
    // How many depends on the machine; none would mean that nothing was put to the test.
    assert!(acknowledged.sum::<usize>() > 20, "{ends:?}");
}

#[test]
fn after_the_nth_sync_failed_nothing_is_acknowledged_and_the_daemon_ends() {
    let runs: Vec<Run> = (1..=20)
        .map(|number| Run {
            when: number.to_string(),
            settings: if number % 2 == 0 { DURABLE } else { FAST },
            only_log: false,
        })
        .collect();
    assert_both_ends(&play(&runs));
}

#[test]
fn a_failed_sync_of_log_or_side_file_is_final_though_the_next_would_succeed() {
    let runs: Vec<Run> = (1..=14)
        .map(|number| Run {
            when: format!("{number}{}", if number % 3 == 0 { "+" } else { "" }),
            settings: if number % 2 == 0 { FAST } else { DURABLE },
            only_log: true,
        })
        .collect();
    assert_both_ends(&play(&runs));
}
