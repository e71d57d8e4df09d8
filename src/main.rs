//! The `clickd` binary: reads the arguments, runs the command, ends with its exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use clickd::command::{Line, run};

/// Threads whose end would leave the daemon taking clicks it can't store or count.
const VITAL: [&str; 3] = ["public-", "log-sync", "fold"];

fn main() -> ExitCode {
    end_on_panic();
    let line = Line::parse();
    // Not locked: the daemon's log lines go to the same stream from other threads.
    let ended = run(line, &mut std::io::stdout());
    let code = match ended {
        Ok(code) => code,
        Err(failure) => {
            // Nobody is left to tell when standard error is gone as well.
            drop(writeln!(std::io::stderr(), "clickd: {}", failure.message));
            failure.exit
        }
    };
    if code == 75 {
        // The log may have failed with threads stuck in the file system; they are not waited for.
        end(code);
    }
    ExitCode::from(code)
}

/// A panic of a vital thread ends the process; recovery at the next start is cheaper than serving
/// on without that thread.
fn end_on_panic() {
    let shown = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        shown(panic);
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        if VITAL.iter().any(|vital| name.starts_with(vital)) {
            end(75);
        }
    }));
}

#[expect(clippy::exit, reason = "the one place that ends the process")]
fn end(code: u8) -> ! {
    std::process::exit(i32::from(code))
}
