//! What another fold of the same slots would make of each partner.
//!
//! In: two generations at one slot, the first as it serves. Out: how many clicks, actions and what
//! cost each partner of a program has in either, its level of risk, and what of it is adjusted. For
//! those who run the daemon: it looks at all brands. Holds a row for each program and partner in
//! memory.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use crate::derived::{AdjustedKind, DerivedError, View};
use crate::model::id::{PartnerId, ProgramId};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::Day;
use crate::registry::CubeId;
use crate::registry::cube::Granularity;
use crate::registry::dimension::Dimension;
use crate::registry::risk::Band;

use super::answer::Summed;
use super::judge::Judge;

/// The counts that are compared, each with its name, and the cube that it is read from.
pub const COUNTS: [(&str, CubeId, Stored); 5] = [
    ("raw_clicks", CubeId::PARTNER_PERFORMANCE, Stored::RawClicks),
    ("unique_clicks", CubeId::PARTNER_PERFORMANCE, Stored::Clicks),
    (
        "payable_clicks",
        CubeId::PARTNER_PERFORMANCE,
        Stored::PayableClicks,
    ),
    ("robots", CubeId::RISK, Stored::RobotClicks),
    ("actions", CubeId::PARTNER_PERFORMANCE, Stored::Actions),
];

/// How a partner, or a program, stands in one of the folds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// As [`COUNTS`] names them.
    pub counts: [i128; COUNTS.len()],
    /// What actions and clicks are paid, adjustments included, millionths.
    pub cost: i128,
    /// The level of risk, among all partners of the program and over all days; none where nothing
    /// was counted, and for a program.
    pub level: Option<Band>,
}

impl AddAssign for Standing {
    fn add_assign(&mut self, other: Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.cost += other.cost;
    }
}

/// What was paid, stands on its day, and is adjusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Booked {
    /// Clicks.
    pub clicks: u64,
    /// Settled actions.
    pub actions: u64,
    /// What they are paid more, millionths.
    pub cost: i128,
}

/// One partner of a program in both folds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// In the first.
    pub before: Standing,
    /// In the second.
    pub after: Standing,
    /// What is adjusted to come from one to the other; the rest of the difference is of what was
    /// never settled.
    pub booked: Booked,
}

impl Change {
    /// Whether both folds say the same of the partner.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.before == self.after && self.booked == Booked::default()
    }

    /// Adds an adjustment. A click is judged anew in the second fold, but a settled action stands
    /// there as it was.
    pub fn book(&mut self, kind: AdjustedKind, more: i64) {
        self.booked.cost += i128::from(more);
        match kind {
            AdjustedKind::Click => self.booked.clicks += 1,
            AdjustedKind::Action => {
                self.booked.actions += 1;
                self.after.cost += i128::from(more);
            }
        }
    }
}

/// Every partner of every program.
pub type Changes = BTreeMap<(ProgramId, PartnerId), Change>;

/// Compares two generations that have come to one slot. What is adjusted is added by the caller
/// ([`Change::book`]).
///
/// # Errors
/// One of them can't be read.
pub fn difference(before: &View<'_>, after: &View<'_>) -> Result<Changes, DerivedError> {
    let mut changes = Changes::new();
    for (key, standing) in standings(before)? {
        changes.entry(key).or_default().before = standing;
    }
    for (key, standing) in standings(after)? {
        changes.entry(key).or_default().after = standing;
    }
    Ok(changes)
}

type Standings = BTreeMap<(ProgramId, PartnerId), Standing>;

fn standings(view: &View<'_>) -> Result<Standings, DerivedError> {
    let mut found = Standings::new();
    for cube in [CubeId::PARTNER_PERFORMANCE, CubeId::RISK] {
        view.for_each_cell_of_all(cube, &mut |cell| {
            if cell.facet != Facet::None || cell.granularity != Granularity::Day {
                return;
            }
            let standing = found.entry((cell.program, cell.partner)).or_default();
            for (count, (_, of, measure)) in standing.counts.iter_mut().zip(COUNTS) {
                if of == cube {
                    *count += cell.tally.get(measure);
                }
            }
            if cube == CubeId::PARTNER_PERFORMANCE {
                standing.cost += cost(&cell.tally);
            }
        })?;
    }
    let mut programs: Vec<ProgramId> = found.keys().map(|(program, _)| *program).collect();
    programs.dedup();
    for program in programs {
        for (partner, level) in levels(view, program)? {
            found.entry((program, partner)).or_default().level = Some(level);
        }
    }
    Ok(found)
}

fn cost(tally: &Tally) -> i128 {
    let parts = [Stored::ActionCost, Stored::CpcCost, Stored::Adjusted];
    parts.into_iter().map(|part| tally.get(part)).sum()
}

/// The level of each partner of a program, as the report tells it of all days.
fn levels(view: &View<'_>, program: ProgramId) -> Result<Vec<(PartnerId, Band)>, DerivedError> {
    let (mut sums, mut judge) = (Summed::default(), Judge::default());
    let days = Day(i32::MIN)..=Day(i32::MAX);
    view.for_each_cell(CubeId::RISK, program, days, None, &mut |cell| {
        let spot = (cell.program, cell.day, cell.partner);
        let (key, _) = Dimension::PARTNER.row(spot, &cell.facet);
        if let Facet::Number(part) = cell.facet {
            judge.take(key, part, &cell.tally);
        } else {
            sums.change(key, |(sums, _)| sums.merge(&cell.tally));
        }
    })?;
    judge.judge(&mut sums);
    let levels = sums.into_rows().filter_map(|(key, (tally, _))| {
        let level = Band::of(tally.get(Stored::RiskScore));
        Some((key.partner?, level))
    });
    Ok(levels.collect())
}
