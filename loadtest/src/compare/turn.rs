//! One turn: one server loaded once, and what that took.
//!
//! CPU time is read when the server is at rest, before its clients come and after it has finished
//! all they asked, so that it covers what is done later, such as the fold. Steal and foreign load
//! are read over the clients' time only.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::figures::divided;
use super::ledger::Bounds;
use super::request::request;
use super::servers::{Server, cpu_of_tree};
use super::wrk::{Counted, Load, Wrk};
use crate::daemon::usage::Usage;
use crate::drive::batch::Same;
use crate::drive::open;
use crate::measure::latency::Percentiles;

/// Connections of the open loop.
pub(crate) const OPEN_CONNECTIONS: u16 = 64;
/// The machine's time that its host may take from a turn, in thousandths.
const STOLEN_MAX: u64 = 10;
/// The same of other programs. They are what is left when all known time is taken from the ticks
/// in which the machine was busy; where a CPU naps between packets, that alone leaves up to 20.
const FOREIGN_MAX: u64 = 30;

/// What a turn of the closed loop took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    /// CPU nanoseconds of the server for each answer.
    pub(crate) cpu: u64,
    /// Answers a second.
    pub(crate) rate: u64,
    /// Latency in microseconds as the client saw it.
    pub(crate) p50: u64,
    /// 99 of 100.
    pub(crate) p99: u64,
    /// 999 of 1,000.
    pub(crate) p999: u64,
    /// Resident bytes of the server.
    pub(crate) resident: u64,
    /// Bytes handed to file systems for each answer.
    pub(crate) written: u64,
    /// Thousandths of the machine's time that its host took.
    pub(crate) stolen: u64,
    /// Thousandths of the machine's time that other programs took.
    pub(crate) foreign: u64,
    /// Thousandths of the machine's time that the kernel's threads took, for whomever.
    pub(crate) kernel: u64,
}

/// A turn of the open loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paced {
    /// Latency from when due.
    pub(crate) latency: Percentiles,
    /// How late requests came due, 99 of 100: the client's own part of that.
    pub(crate) delay: u64,
    /// Thousandths of the machine's time that its host took.
    pub(crate) stolen: u64,
    /// Thousandths of the machine's time that other programs took.
    pub(crate) foreign: u64,
}

/// Whether others took so much that the figures suffer.
pub(crate) fn is_disturbed(stolen: u64, foreign: u64) -> bool {
    stolen > STOLEN_MAX || foreign > FOREIGN_MAX
}

/// Loads a server with as much as the connections carry. Faults are what the records, the client
/// or the server say against it.
pub(crate) async fn closed(
    server: &mut Server,
    wrk: &Wrk,
    load: Load,
    seconds: u32,
) -> Result<(Sample, Vec<String>)> {
    let pid = server.pid();
    let before = Usage::of_tree(pid)?;
    let counted = wrk.run(server.address, load, seconds).await?;
    let ended = Usage::of_tree(pid)?;
    let sent = Bounds::new(counted.requests, load.connections.into());
    let mut faults: Vec<String> = server.settle(sent).await?.into_iter().collect();
    let after = Usage::of_tree(pid)?;
    server.between.charge(after.cpu_since(&before));
    if counted.errors > 0 {
        faults.push(format!(
            "wrk counted {} errors beside {} answers",
            counted.errors, counted.requests
        ));
    }
    let sample = sample(&counted, &before, &ended, &after).context("no figures")?;
    Ok((sample, faults))
}

fn sample(counted: &Counted, before: &Usage, ended: &Usage, after: &Usage) -> Option<Sample> {
    let each = |sum: u128| divided(sum, counted.requests);
    Some(Sample {
        cpu: each(after.cpu_since(before).as_nanos())?,
        rate: divided(u128::from(counted.requests) * 1_000_000, counted.micros)?,
        p50: counted.p50,
        p99: counted.p99,
        p999: counted.p999,
        resident: ended.resident,
        written: each(after.written.saturating_sub(before.written).into())?,
        stolen: ended.stolen_since(before),
        foreign: ended.foreign_since(before),
        kernel: ended.kernel_since(before),
    })
}

/// Sends to a server at a fixed rate, whatever its answers do.
///
/// # Errors
/// A click is not answered by a 302.
pub(crate) async fn paced(
    server: &mut Server,
    rate: u32,
    seconds: u32,
) -> Result<(Paced, Vec<String>)> {
    let length = Duration::from_secs(seconds.into());
    let total = open::count(rate, length);
    let same = Same::new(&request(server.address)?, usize::try_from(total)?);
    let pid = server.pid();
    let before = Usage::of_tree(pid)?;
    let flow = open::send(same, rate, length / 4, OPEN_CONNECTIONS, server.address).await?;
    let ended = Usage::of_tree(pid)?;
    let faults = server.settle(Bounds::new(total, 0)).await?;
    let after = cpu_of_tree(pid)?;
    server.between.charge(after.saturating_sub(before.cpu));
    let paced = Paced {
        latency: flow.latency.percentiles(),
        delay: flow.delay.percentiles().p99,
        stolen: ended.stolen_since(&before),
        foreign: ended.foreign_since(&before),
    };
    Ok((paced, faults.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_divided_among_the_answers_counted() {
        let counted = Counted {
            requests: 1_000,
            micros: 2_000_000,
            errors: 0,
            p50: 1,
            p99: 2,
            p999: 3,
        };
        let usage = |micros, resident, written| Usage {
            cpu: Duration::from_micros(micros),
            resident,
            written,
            ..Usage::default()
        };
        let before = usage(5_000, 10, 100);
        let (ended, after) = (usage(14_000, 20, 3_000), usage(17_345, 30, 4_196));
        let found = sample(&counted, &before, &ended, &after).unwrap();
        assert_eq!((found.cpu, found.rate, found.written), (12_345, 500, 4));
        assert_eq!((found.p50, found.p99, found.p999), (1, 2, 3));
        assert_eq!(found.resident, 20);
        let nothing = Counted::default();
        assert_eq!(sample(&nothing, &before, &ended, &after), None);
    }

    #[test]
    fn much_taken_by_others_is_a_disturbance() {
        assert!(!is_disturbed(10, 30));
        assert!(is_disturbed(11, 0));
        assert!(is_disturbed(0, 31));
    }
}
