//! What a process used, from `/proc`.
//!
//! CPU time is user and system time of all threads in the kernel's ticks (10 ms); memory is the
//! resident set and its peak. `steal` tells whether the machine's host took time away, which makes
//! a measurement worthless.

use std::time::Duration;

use anyhow::{Context as _, Result};

/// A reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// User and system time since the process began.
    pub(crate) cpu: Duration,
    /// Resident bytes.
    pub(crate) resident: u64,
    /// Most resident bytes so far.
    pub(crate) peak: u64,
    /// Machine-wide ticks that the host took away, and all ticks, since boot.
    pub(crate) stolen: (u64, u64),
}

impl Usage {
    /// Reads the process `pid` and the machine.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let read = |path: String| std::fs::read_to_string(&path).context(path);
        let ticks = cpu_ticks(&read(format!("/proc/{pid}/stat"))?).context("/proc/PID/stat")?;
        let status = read(format!("/proc/{pid}/status"))?;
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        Ok(Self {
            cpu: Duration::from_millis(ticks.saturating_mul(1_000) / per_second),
            resident: kilobytes(&status, "VmRSS:")
                .context("VmRSS")?
                .saturating_mul(1_024),
            peak: kilobytes(&status, "VmHWM:")
                .context("VmHWM")?
                .saturating_mul(1_024),
            stolen: stolen(&read("/proc/stat".to_owned())?).context("/proc/stat")?,
        })
    }

    /// CPU time used since `before`.
    pub(crate) fn cpu_since(&self, before: &Self) -> Duration {
        self.cpu.saturating_sub(before.cpu)
    }

    /// Per mille of the machine's time that was stolen since `before`.
    pub(crate) fn stolen_since(&self, before: &Self) -> u64 {
        let stolen = self.stolen.0.saturating_sub(before.stolen.0);
        let all = self.stolen.1.saturating_sub(before.stolen.1);
        stolen.saturating_mul(1_000) / all.max(1)
    }
}

/// Fields 14 and 15 of a stat line. The second field is the program's name in parentheses and
/// may itself hold blanks and parentheses.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

/// The eighth figure of the `cpu` line, and the sum of the first eight (guest time is part of
/// user time).
fn stolen(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line
        .split_ascii_whitespace()
        .take(8)
        .map_while(|text| text.parse().ok())
        .collect();
    Some((*ticks.get(7)?, ticks.iter().sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let rest = "S 1 2 3 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 5 0 100 1000 200";
        for name in ["clickd", "a b", "x) y (z"] {
            assert_eq!(
                cpu_ticks(&format!("42 ({name}) {rest}")),
                Some(300),
                "{name}"
            );
        }
        assert_eq!(cpu_ticks("42 (clickd) S 1"), None);
    }

    #[test]
    fn memory_and_steal_are_read() {
        let status = "Name:\tclickd\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(1_024));
        assert_eq!(kilobytes(status, "VmHWM:"), Some(2_048));
        assert_eq!(
            stolen("cpu  10 0 10 70 4 0 1 5 9 9\ncpu0 1\n"),
            Some((5, 100))
        );
    }

    #[test]
    fn a_busy_process_is_seen_to_use_time() {
        let pid = std::process::id();
        let before = Usage::of(pid).unwrap();
        assert!(before.resident > 0 && before.peak >= before.resident);
        let mut after = before;
        let mut sum = 0_u64;
        while after.cpu_since(&before) < Duration::from_millis(20) {
            sum = (0..1_000_000).fold(sum, |sum, n| sum.rotate_left(5) ^ n);
            after = Usage::of(pid).unwrap();
        }
        assert_ne!(sum, 1);
        assert!(after.stolen_since(&before) <= 1_000);
    }
}
