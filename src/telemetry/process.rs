//! What the kernel says about this process: memory, processor time, open files.
//!
//! In: `/proc/self` (also readable under `ProcSubset=pid`). Out: values for the process gauges.
//! A value that can't be read keeps its last figure; a scrape never fails because of it.

use std::fs;
use std::io;

use super::metric::ProcessMetrics;

/// Ticks of a second in `/proc/self/stat`: part of the kernel's interface, 100 on x86-64 and Arm.
const TICKS_PER_SECOND: f64 = 100.0;
const KIBIBYTE: f64 = 1024.0;

/// Reads `/proc/self` into the gauges.
pub fn refresh(metrics: &ProcessMetrics) {
    if let Some(bytes) = read("/proc/self/status").and_then(|text| resident_bytes(&text)) {
        metrics.resident.set(bytes);
    }
    if let Some(seconds) = read("/proc/self/stat").and_then(|text| cpu_seconds(&text)) {
        metrics.cpu.set(seconds);
    }
    if let Ok(count) = open_fds() {
        metrics.open_fds.set(f64::from(count));
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn resident_bytes(status: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(product(f64::from(kibibytes), KIBIBYTE))
}

/// User and system time are the 14th and 15th field; the second field, the name, may hold spaces
/// and brackets, so counting starts behind its last bracket.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(quotient(
        f64::from(user.saturating_add(system)),
        TICKS_PER_SECOND,
    ))
}

/// The directory is itself open while it is counted, and not counted.
fn open_fds() -> io::Result<u32> {
    let count = fs::read_dir("/proc/self/fd")?.count().saturating_sub(1);
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

#[expect(
    clippy::float_arithmetic,
    reason = "metrics are floating point by format"
)]
fn product(a: f64, b: f64) -> f64 {
    a * b
}

#[expect(
    clippy::float_arithmetic,
    reason = "metrics are floating point by format"
)]
fn quotient(a: f64, b: f64) -> f64 {
    a / b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tclickd\nVmRSS:\t   2048 kB\nThreads:\t3\n";
        assert_eq!(resident_bytes(status), Some(2_097_152.0));
        assert_eq!(resident_bytes("Name:\tclickd\n"), None);
    }

    #[test]
    fn processor_time_is_found_behind_an_odd_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 1 0 99 0 0";
        assert_eq!(cpu_seconds(stat), Some(4.0));
        assert_eq!(cpu_seconds("7 (a"), None);
    }

    #[test]
    fn an_opened_file_is_counted() {
        // Other tests of this binary open and close files meanwhile, so only a lower bound holds.
        let held: Vec<_> = (0..50)
            .map(|_| fs::File::open("/proc/self/stat").unwrap())
            .collect();
        assert!(open_fds().unwrap() >= u32::try_from(held.len()).unwrap());
    }
}
