//! File descriptors: the limit that a daemon needs, asked for before it opens anything.
//!
//! Called by `serve`. The soft limit is raised as far as the hard one allows; a hard limit that is
//! too low is a fault of the configuration, named before the first customer finds it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

use super::Failure;
use super::line::EXIT_CONFIG;

/// Descriptors kept free for the store's files, the listeners, and what the process opens besides.
const RESERVE: u64 = 1_024;

/// Sees to it that the process may open what `config` lets in.
///
/// # Errors
/// The hard limit is below that.
pub(super) fn reserve_descriptors(config: &Config) -> Result<(), Failure> {
    let wanted = wanted(config.public.connections_max, config.api.connections_max);
    let limit = getrlimit(Resource::Nofile);
    if let Some(raised) = raise(wanted, limit)? {
        setrlimit(Resource::Nofile, raised).map_err(std::io::Error::from)?;
    }
    Ok(())
}

fn wanted(public: usize, api: usize) -> u64 {
    let connections = u64::try_from(public.saturating_add(api)).unwrap_or(u64::MAX);
    connections.saturating_add(RESERVE)
}

/// The limit to set, if the present one is too low.
fn raise(wanted: u64, limit: Rlimit) -> Result<Option<Rlimit>, Failure> {
    // No limit is shown as none.
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(None);
    }
    match limit.maximum {
        Some(maximum) if maximum < wanted => Err(Failure::new(
            EXIT_CONFIG,
            format!(
                "public.connections_max and api.connections_max: they need {wanted} file \
                 descriptors, {maximum} are allowed; lower them or raise LimitNOFILE"
            ),
        )),
        maximum => Ok(Some(Rlimit {
            current: Some(wanted),
            maximum,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_soft_limit_is_raised_and_a_low_hard_one_is_named() {
        let limit = |current, maximum| Rlimit { current, maximum };
        let raised = |limit| raise(5_000, limit).map_err(|failure| failure.exit);
        assert_eq!(raised(limit(Some(5_000), Some(9_000))), Ok(None));
        assert_eq!(raised(limit(None, None)), Ok(None));
        let expected = limit(Some(5_000), Some(9_000));
        assert_eq!(raised(limit(Some(1_024), Some(9_000))), Ok(Some(expected)));
        assert_eq!(raised(limit(Some(1_024), Some(4_999))), Err(EXIT_CONFIG));
        assert_eq!(wanted(10_000, 512), 11_536);
    }
}
