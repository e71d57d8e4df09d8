//! Figures out of what `/metrics` answers.
//!
//! One series a line: a name, labels in braces unless it has none, a value. Only whole numbers are
//! read, which counters and gauges of things are.

use anyhow::{Context as _, Result, ensure};

/// An answer of `/metrics`.
pub(crate) struct Metrics(String);

impl Metrics {
    /// What was answered.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The sum of the series of this name that carry this label, such as `listener="public"`; an
    /// empty label is carried by all.
    pub(crate) fn sum(&self, name: &str, label: &str) -> Result<u64> {
        let found = self.series(name, label)?;
        Ok(found.iter().map(|(_, value)| value).sum())
    }

    /// The same series, each with its labels as they stand.
    pub(crate) fn series(&self, name: &str, label: &str) -> Result<Vec<(&str, u64)>> {
        let mut found = Vec::new();
        for line in self.0.lines() {
            let Some(rest) = line.strip_prefix(name) else {
                continue;
            };
            let (labels, value) = match rest.strip_prefix('{') {
                Some(rest) => rest.rsplit_once("} ").unwrap_or((rest, "")),
                None => ("", rest.strip_prefix(' ').unwrap_or_default()),
            };
            let is_longer = !rest.starts_with(['{', ' ']);
            if is_longer || !(label.is_empty() || labels.split(',').any(|one| one == label)) {
                continue;
            }
            let value = value
                .parse()
                .with_context(|| format!("{line:?} has no whole number"))?;
            found.push((labels, value));
        }
        ensure!(!found.is_empty(), "/metrics has no {name}{{{label}}}");
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE clickd_a_total counter\nclickd_a_total 12\n\
                        clickd_b{listener=\"public\",reason=\"idle\"} 3\n\
                        clickd_b{listener=\"public\",reason=\"slow_head\"} 4\n\
                        clickd_b{listener=\"ops\",reason=\"idle\"} 50\n\
                        clickd_bc 600\nclickd_d 1.5\n";

    #[test]
    fn series_are_found_by_their_whole_name_and_label() {
        let metrics = Metrics::new(TEXT.to_owned());
        for (name, label, sum) in [
            ("clickd_a_total", "", 12),
            ("clickd_b", "", 57),
            ("clickd_b", "listener=\"public\"", 7),
            ("clickd_b", "reason=\"idle\"", 53),
            ("clickd_bc", "", 600),
        ] {
            assert_eq!(metrics.sum(name, label).unwrap(), sum, "{name} {label}");
        }
        let series = metrics.series("clickd_b", "listener=\"ops\"").unwrap();
        assert_eq!(series, [("listener=\"ops\",reason=\"idle\"", 50)]);
    }

    #[test]
    fn what_is_missing_or_no_whole_number_is_an_error() {
        let metrics = Metrics::new(TEXT.to_owned());
        for (name, label) in [
            ("clickd_a", ""),
            ("clickd_b", "listener=\"api\""),
            ("clickd_d", ""),
        ] {
            assert!(metrics.sum(name, label).is_err(), "{name}");
        }
    }
}
