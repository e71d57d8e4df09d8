//! All partners of a program: the clean ones and those of each kind of fraud.

use std::collections::BTreeSet;

use anyhow::Result;

use super::dice::Dice;
use super::kind::Kind;
use super::plant;
use super::source::Source;
use super::traffic::{Sale, Traffic, site};
use crate::traffic::catalogue;

/// Clean partners, from this number on.
const CLEAN: u32 = 40;
const CLEAN_FIRST: u32 = 1_001;
/// Partners of each planted kind, from this number on.
const EACH: u32 = 3;
const PLANTED_FIRST: u32 = 2_001;

/// A program's partners and what they brought.
pub(super) struct Market {
    /// What each partner does, in the order of `traffic`.
    pub(super) kinds: Vec<Kind>,
    /// What each brought.
    pub(super) traffic: Vec<Traffic>,
}

impl Market {
    /// The market of a seed, whose clicks begin at the midnight `start`.
    pub(super) fn new(source: &Source, seed: u64, start: i64) -> Result<Self> {
        let clean = (CLEAN_FIRST..CLEAN_FIRST + CLEAN).map(|partner| (Kind::Clean, partner));
        let planted = Kind::PLANTED
            .into_iter()
            .flat_map(|kind| [kind; EACH as usize]);
        let all: Vec<(Kind, u32)> = clean.chain(planted.zip(PLANTED_FIRST..)).collect();
        let mut traffic = Vec::new();
        let mut orders: Vec<Sale> = Vec::new();
        for (kind, partner) in &all {
            let mut dice = Dice::new(seed, *partner);
            let mut made = plant::partner(source, *kind, *partner, start, &mut dice)?;
            match kind {
                Kind::Clean => orders.extend(made.sales.iter().cloned()),
                Kind::Orders => plant::steal(&mut made, &orders, &mut dice),
                _ => (),
            }
            traffic.push(made);
        }
        let kinds = all.into_iter().map(|(kind, _)| kind).collect();
        Ok(Self { kinds, traffic })
    }

    /// The catalogue: every partner has a site of its own.
    pub(super) fn catalogue(&self) -> String {
        let partners = self.traffic.iter().map(|traffic| traffic.partner).collect();
        let clicks = self.traffic.iter().flat_map(|traffic| &traffic.clicks);
        let ads: BTreeSet<u32> = clicks.map(|click| click.ad).collect();
        catalogue::text_with(&partners, &ads, |partner| {
            format!(
                "properties = [{{ id = 1, name = \"{}\" }}]\n",
                site(partner)
            )
        })
    }

    /// Clicks of the import.
    pub(super) fn clicks(&self) -> u64 {
        let each = self.traffic.iter().map(|traffic| traffic.clicks.len());
        u64::try_from(each.sum::<usize>()).unwrap_or(u64::MAX)
    }

    /// Conversions that actions must come of.
    pub(super) fn sales(&self) -> impl Iterator<Item = &Sale> {
        let all = self.traffic.iter().flat_map(|traffic| &traffic.sales);
        all.filter(|sale| sale.counts)
    }
}
