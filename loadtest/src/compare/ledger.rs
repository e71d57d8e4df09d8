//! How many clicks a server must have recorded, from what its clients counted.

use std::fmt;

/// Bounds of a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Clicks whose answer was counted.
    pub(crate) least: u64,
    /// Those, and what was in flight when a client ended.
    pub(crate) most: u64,
}

/// What a server recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Redirected and recorded.
    pub(crate) clicks: u64,
    /// Answered otherwise or not recorded.
    pub(crate) others: u64,
}

impl Bounds {
    /// So many answers counted, so many requests in flight at the end.
    pub(crate) fn new(counted: u64, in_flight: u64) -> Self {
        Self {
            least: counted,
            most: counted + in_flight,
        }
    }

    /// Adds those of another run.
    pub(crate) fn add(&mut self, other: Self) {
        self.least += other.least;
        self.most += other.most;
    }

    /// What is wrong with a server that recorded this.
    pub(crate) fn fault(self, found: Recorded) -> Option<String> {
        let Recorded { clicks, others } = found;
        if others > 0 {
            return Some(format!(
                "{others} requests were not answered by 302 and recorded"
            ));
        }
        let fits = (self.least..=self.most).contains(&clicks);
        (!fits).then(|| format!("{clicks} clicks are recorded, {self} were sent"))
    }
}

impl Recorded {
    /// What came since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            clicks: self.clicks.saturating_sub(before.clicks),
            others: self.others.saturating_sub(before.others),
        }
    }

    /// Adds what came later.
    pub(crate) fn add(&mut self, other: Self) {
        self.clicks += other.clicks;
        self.others += other.others;
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_click_too_few_or_too_many_is_a_fault() {
        let mut bounds = Bounds::new(100, 4);
        bounds.add(Bounds::new(10, 2));
        assert_eq!(bounds.to_string(), "110 to 116");
        for (clicks, others, fits) in [
            (109, 0, false),
            (110, 0, true),
            (116, 0, true),
            (117, 0, false),
            (112, 1, false),
        ] {
            let fault = bounds.fault(Recorded { clicks, others });
            assert_eq!(fault.is_none(), fits, "{fault:?}");
        }
    }
}
