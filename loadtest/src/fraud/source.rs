//! What the sample says of real traffic, to be drawn from: clicks with their hour, address and
//! device, how many clicks a partner has, how many convert and how long after.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::dice::Dice;
use crate::convert::sample;
use crate::traffic::visit::Visit;

/// Partners with fewer clicks are not drawn: their figures say nothing.
const CLICKS_MIN: u64 = 500;
/// More clicks than these are drawn as these, so that one partner does not outweigh the others.
const CLICKS_MAX: u64 = 3_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

/// The sample's distributions.
pub(super) struct Source {
    /// Clicks, with milliseconds from the first midnight.
    clicks: Vec<(Visit, i64)>,
    /// Minutes from click to conversion.
    delays: Vec<i64>,
    /// Clicks of each partner.
    volumes: Vec<u64>,
}

impl Source {
    /// Reads the sample.
    pub(super) fn read(path: &Path) -> Result<Self> {
        Self::new(sample::read(path)?).with_context(|| format!("reading {}", path.display()))
    }

    /// Reads CSV text.
    #[cfg(test)]
    pub(super) fn parse(text: &[u8]) -> Result<Self> {
        Self::new(sample::rows(std::io::Cursor::new(text.to_vec())))
    }

    fn new(rows: impl Iterator<Item = Result<sample::Row>>) -> Result<Self> {
        let (mut clicks, mut delays) = (Vec::new(), Vec::new());
        let mut volumes = BTreeMap::new();
        for row in rows {
            let row = row?;
            clicks.push((row.visit, row.clicked.millis));
            *volumes.entry(row.visit.partner).or_insert(0) += 1;
            if let Some(installed) = row.installed {
                delays.push((installed.millis - row.clicked.millis) / MINUTE);
            }
        }
        let first = clicks.iter().map(|(_, millis)| *millis).min();
        let midnight = first.context("no rows")? / DAY * DAY;
        for (_, millis) in &mut clicks {
            *millis -= midnight;
        }
        let volumes: Vec<u64> = volumes
            .into_values()
            .filter(|clicks| *clicks >= CLICKS_MIN)
            .map(|clicks| clicks.min(CLICKS_MAX))
            .collect();
        ensure!(!delays.is_empty(), "no row converts");
        ensure!(
            !volumes.is_empty(),
            "no partner has {CLICKS_MIN} clicks or more"
        );
        Ok(Self {
            clicks,
            delays,
            volumes,
        })
    }

    /// A click and its time. The sample's times are to the minute; the rest is drawn.
    pub(super) fn click(&self, dice: &mut Dice) -> Result<(Visit, i64)> {
        let (visit, minute) = dice.pick(&self.clicks).context("no clicks")?;
        Ok((*visit, minute + dice.between(0, MINUTE - 1)))
    }

    /// Milliseconds from a click to its conversion: between two times within their minutes.
    pub(super) fn delay(&self, dice: &mut Dice) -> Result<i64> {
        let minutes = dice.pick(&self.delays).context("no delays")?;
        loop {
            let rest = dice.between(0, MINUTE - 1) - dice.between(0, MINUTE - 1);
            let delay = minutes * MINUTE + rest;
            if delay >= 0 {
                return Ok(delay);
            }
        }
    }

    /// How many clicks a partner has.
    pub(super) fn volume(&self, dice: &mut Dice) -> Result<u64> {
        dice.pick(&self.volumes).copied().context("no volumes")
    }

    /// How many clicks of a million convert.
    pub(super) fn rate(&self) -> u64 {
        let all = u64::try_from(self.clicks.len()).unwrap_or(u64::MAX);
        let converted = u64::try_from(self.delays.len()).unwrap_or(u64::MAX);
        converted.saturating_mul(1_000_000) / all.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_the_samples() {
        let head = "ip,app,device,os,channel,click_time,attributed_time,is_attributed\n";
        let line = "7,12,1,13,497,2017-11-07 9:30,,0\n".repeat(999);
        let sale = "7,12,1,13,497,2017-11-07 9:30,2017-11-07 9:32,1\n";
        let few = "8,12,1,13,3,2017-11-07 9:30,,0\n";
        let text = format!("{head}{line}{sale}{few}");
        let source = Source::new(sample::rows(text.as_bytes())).unwrap();
        let mut dice = Dice::new(1, 1);
        assert_eq!(
            (source.rate(), source.volume(&mut dice).unwrap()),
            (999, 1_000)
        );
        for _ in 0..1_000 {
            let (visit, millis) = source.click(&mut dice).unwrap();
            assert!([7, 8].contains(&visit.ip));
            assert_eq!(millis / MINUTE, 9 * 60 + 30);
            let delay = source.delay(&mut dice).unwrap();
            assert!((MINUTE..3 * MINUTE).contains(&delay), "{delay}");
        }
        assert!(Source::new(sample::rows(head.as_bytes())).is_err());
        let unsold = format!("{head}{line}");
        assert!(Source::new(sample::rows(unsold.as_bytes())).is_err());
    }
}
