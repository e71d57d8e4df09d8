//! What a process and its children used, from the kernel's CPU clocks and `/proc`.
//!
//! CPU time is that of all threads in nanoseconds, ended ones included. What the kernel does for
//! loopback is charged to whoever sends. Memory is the resident set and its peak. `steal` tells
//! whether the machine's host took time away, which makes a measurement worthless.

use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::time::ClockId;
use nix::unistd::Pid;

/// The parent of the kernel's threads.
const KERNEL: u32 = 2;

/// A reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// CPU time since the processes began.
    pub(crate) cpu: Duration,
    /// Resident bytes.
    pub(crate) resident: u64,
    /// Most resident bytes so far.
    pub(crate) peak: u64,
    /// Bytes handed to file systems on disk.
    pub(crate) written: u64,
    /// The machine.
    pub(crate) machine: Machine,
    /// CPU time of this program and of children that it has seen end.
    pub(crate) own: Duration,
    /// CPU time of the kernel's threads, which write what programs hand to file systems.
    pub(crate) kernel: Duration,
}

/// Machine-wide ticks since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Machine {
    /// Taken away by the host.
    stolen: u64,
    /// Spent idle.
    idle: u64,
    /// All.
    all: u64,
}

impl Usage {
    /// Reads the process `pid` and the machine.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        Self::of_all(&[pid])
    }

    /// Reads the process `pid` with all its descendants, and the machine.
    pub(crate) fn of_tree(pid: u32) -> Result<Self> {
        Self::of_all(&tree(pid))
    }

    fn of_all(pids: &[u32]) -> Result<Self> {
        let mut sum = Self {
            machine: machine(&read("/proc/stat".to_owned())?).context("/proc/stat")?,
            own: own()?,
            kernel: kernel(),
            ..Self::default()
        };
        for pid in pids {
            let status = read(format!("/proc/{pid}/status"))?;
            let io = read(format!("/proc/{pid}/io"))?;
            let bytes = |name| {
                let kilobytes = number(&status, name).context(name)?;
                anyhow::Ok(kilobytes.saturating_mul(1_024))
            };
            sum.cpu += cpu_of(*pid)?;
            sum.resident += bytes("VmRSS:")?;
            sum.peak += bytes("VmHWM:")?;
            sum.written += number(&io, "write_bytes:").context("write_bytes")?;
        }
        Ok(sum)
    }

    /// CPU time used since `before`.
    pub(crate) fn cpu_since(&self, before: &Self) -> Duration {
        self.cpu.saturating_sub(before.cpu)
    }

    /// Per mille of the machine's time that was stolen since `before`.
    pub(crate) fn stolen_since(&self, before: &Self) -> u64 {
        let stolen = self.machine.stolen.saturating_sub(before.machine.stolen);
        stolen.saturating_mul(1_000) / self.ticks_since(before)
    }

    /// Per mille of the machine's time since `before` that neither these processes nor this
    /// program, its ended children or the kernel's threads used.
    pub(crate) fn foreign_since(&self, before: &Self) -> u64 {
        let machine = |of: &Self| of.machine.all - of.machine.idle - of.machine.stolen;
        let busy = machine(self).saturating_sub(machine(before));
        let own = self.own.saturating_sub(before.own);
        let kernel = self.kernel.saturating_sub(before.kernel);
        let known = ticks(self.cpu_since(before) + own + kernel);
        busy.saturating_sub(known).saturating_mul(1_000) / self.ticks_since(before)
    }

    /// Per mille of the machine's time since `before` that the kernel's threads used.
    pub(crate) fn kernel_since(&self, before: &Self) -> u64 {
        let kernel = self.kernel.saturating_sub(before.kernel);
        ticks(kernel).saturating_mul(1_000) / self.ticks_since(before)
    }

    fn ticks_since(&self, before: &Self) -> u64 {
        self.machine.all.saturating_sub(before.machine.all).max(1)
    }
}

/// The CPU time of a process.
pub(crate) fn cpu_of(pid: u32) -> Result<Duration> {
    let pid = Pid::from_raw(i32::try_from(pid)?);
    let clock = ClockId::pid_cpu_clock_id(pid).with_context(|| format!("CPU clock of {pid}"))?;
    Ok(clock.now()?.into())
}

/// A process and all its descendants. One that ends meanwhile may be missing.
pub(crate) fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        next += 1;
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for task in tasks.flatten() {
            let children = std::fs::read_to_string(task.path().join("children"));
            let children = children.unwrap_or_default();
            found.extend(
                children
                    .split_ascii_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
    }
    found
}

/// A duration in the machine's ticks.
fn ticks(duration: Duration) -> u64 {
    let per_second = rustix::param::clock_ticks_per_second();
    let ticks = duration.as_micros() * u128::from(per_second) / 1_000_000;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// Nothing where the kernel's threads are not in sight.
fn kernel() -> Duration {
    let name = std::fs::read_to_string(format!("/proc/{KERNEL}/comm")).unwrap_or_default();
    if name.trim_end() != "kthreadd" {
        return Duration::ZERO;
    }
    // A thread that ended meanwhile is left out.
    let times = tree(KERNEL).into_iter().map(cpu_of);
    times.filter_map(Result::ok).sum()
}

fn own() -> Result<Duration> {
    let mut sum = 0;
    for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
        let usage = getrusage(who).context("getrusage")?;
        sum += usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    }
    Ok(Duration::from_micros(u64::try_from(sum)?))
}

fn read(path: String) -> Result<String> {
    std::fs::read_to_string(&path).context(path)
}

/// The number behind `name` at the begin of a line.
fn number(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

/// The eighth figure of the `cpu` line is steal, the fourth and fifth are idle time; the sum of the
/// first eight is all (guest time is part of user time).
fn machine(stat: &str) -> Option<Machine> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line
        .split_ascii_whitespace()
        .take(8)
        .map_while(|text| text.parse().ok())
        .collect();
    Some(Machine {
        stolen: *ticks.get(7)?,
        idle: ticks.get(3)? + ticks.get(4)?,
        all: ticks.iter().sum(),
    })
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    #[test]
    fn memory_io_and_machine_are_read() {
        let status = "Name:\tclickd\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(number(status, "VmRSS:"), Some(1_024));
        assert_eq!(number(status, "VmHWM:"), Some(2_048));
        let io = "wchar: 9\nwrite_bytes: 4096\ncancelled_write_bytes: 1\n";
        assert_eq!(number(io, "write_bytes:"), Some(4_096));
        let read = machine("cpu  10 0 10 70 4 0 1 5 9 9\ncpu0 1\n").unwrap();
        assert_eq!((read.stolen, read.idle, read.all), (5, 74, 100));
        assert_eq!(machine("cpu  10 0 10\n"), None);
    }

    #[test]
    fn foreign_time_is_what_nobody_known_used() {
        let ticks = rustix::param::clock_ticks_per_second();
        let at = |seconds: [u64; 3], used: [u64; 3]| {
            let [stolen, idle, all] = seconds.map(|seconds| seconds * ticks);
            let [cpu, own, kernel] = used.map(Duration::from_secs);
            Usage {
                machine: Machine { stolen, idle, all },
                cpu,
                own,
                kernel,
                ..Usage::default()
            }
        };
        let before = at([1, 100, 200], [50, 20, 7]);
        // Of 20 s 2 were stolen and 4 idle; server, loader and kernel used 12, so 2 are foreign.
        let after = at([3, 104, 220], [57, 23, 9]);
        assert_eq!(after.foreign_since(&before), 100);
        assert_eq!(after.stolen_since(&before), 100);
        assert_eq!(after.kernel_since(&before), 100);
        assert_eq!(at([3, 104, 220], [90, 23, 9]).foreign_since(&before), 0);
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

    #[test]
    fn threads_that_ended_are_counted() {
        let pid = std::process::id();
        let before = cpu_of(pid).unwrap();
        let busy = std::thread::spawn(|| {
            let since = std::time::Instant::now();
            while since.elapsed() < Duration::from_millis(100) {
                std::hint::spin_loop();
            }
        });
        busy.join().unwrap();
        assert!(cpu_of(pid).unwrap() > before + Duration::from_millis(5));
    }

    struct Killed(Child);

    impl Drop for Killed {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    #[test]
    fn the_tree_holds_children_of_children() {
        let mut command = Command::new("/bin/sh");
        // Both shells end when their input does, so that none is left behind.
        command.args(["-c", "sh -c 'read line; :'; :"]);
        let shell = Killed(command.stdin(Stdio::piped()).spawn().unwrap());
        let pid = shell.0.id();
        let found = loop {
            let found = tree(pid);
            if found.len() == 2 {
                break found;
            }
        };
        assert_eq!(found[0], pid);
        let sum = Usage::of_tree(pid).unwrap().resident;
        assert!(sum > Usage::of(pid).unwrap().resident);
    }
}
