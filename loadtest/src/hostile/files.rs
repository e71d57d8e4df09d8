//! Room for connections: the limit of open files of this process.

use anyhow::{Context as _, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files beside connections: standard streams, timers, the runtime, the daemon's log.
const OTHERS: u64 = 128;

/// Raises the soft limit so that so many connections can be open.
pub(super) fn make_room(connections: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let Some(soft) = wanted(limit.current, limit.maximum, connections)? else {
        return Ok(());
    };
    let raised = Rlimit {
        current: Some(soft),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).context("raising the limit of open files")
}

/// The soft limit to set, if it must change. `None` as a limit means that there is none.
fn wanted(soft: Option<u64>, hard: Option<u64>, connections: u64) -> Result<Option<u64>> {
    let needed = connections.saturating_add(OTHERS);
    if soft.is_none_or(|soft| soft >= needed) {
        return Ok(None);
    }
    match hard {
        Some(hard) if hard < needed => bail!(
            "the hard limit of open files is {hard}, this run needs {needed}: raise it \
             (`ulimit -Hn`, LimitNOFILE=) or lower --slow and --idle"
        ),
        _ => Ok(Some(needed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_raised_only_if_it_must_and_can_be() {
        let needed = 1_000 + OTHERS;
        for (soft, hard, want) in [
            (Some(needed), Some(needed), None),
            (None, None, None),
            (Some(needed - 1), Some(needed), Some(needed)),
            (Some(256), None, Some(needed)),
        ] {
            assert_eq!(wanted(soft, hard, 1_000).unwrap(), want);
        }
        let error = wanted(Some(256), Some(needed - 1), 1_000).unwrap_err();
        assert!(error.to_string().contains("needs 1128"), "{error}");
    }

    #[test]
    fn this_process_can_open_a_few() {
        make_room(16).unwrap();
    }
}
