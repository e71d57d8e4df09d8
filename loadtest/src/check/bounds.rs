//! Bounds that figures must keep; the run goes on after a missed one and fails at its end.

use std::io::Write;

use anyhow::{Result, ensure};

/// The bounds of a run.
#[derive(Default)]
pub(crate) struct Bounds {
    missed: Vec<String>,
}

impl Bounds {
    /// Writes the figure with its bound and remembers it if it is above.
    pub(crate) fn at_most(
        &mut self,
        out: &mut impl Write,
        what: &str,
        [found, most]: [u64; 2],
        say: fn(u64) -> String,
    ) -> Result<()> {
        let text = format!("{what}: {}, allowed are {}", say(found), say(most));
        let held = found <= most;
        writeln!(
            out,
            "{}: {text}",
            if held { "bound held" } else { "BOUND MISSED" }
        )?;
        if !held {
            self.missed.push(text);
        }
        Ok(())
    }

    /// An error that names every missed bound.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.missed.is_empty(),
            "missed bounds:\n  {}",
            self.missed.join("\n  ")
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_above_its_bound_fails_the_run_at_its_end() {
        let mut bounds = Bounds::default();
        let mut out = Vec::new();
        let say = |figure: u64| format!("{figure} ms");
        bounds.at_most(&mut out, "load", [5, 5], say).unwrap();
        bounds.check().unwrap();
        bounds.at_most(&mut out, "p99", [6, 5], say).unwrap();
        bounds.at_most(&mut out, "p50", [1, 5], say).unwrap();
        let error = bounds.check().unwrap_err().to_string();
        assert_eq!(error, "missed bounds:\n  p99: 6 ms, allowed are 5 ms");
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "bound held: load: 5 ms, allowed are 5 ms\n\
             BOUND MISSED: p99: 6 ms, allowed are 5 ms\n\
             bound held: p50: 1 ms, allowed are 5 ms\n"
        );
    }
}
