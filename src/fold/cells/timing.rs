//! What an action bears besides what it counts for: the signs of its click, and how soon it came.

use crate::derived::{Action, Signs};
use crate::model::tally::{Stored, Tally};
use crate::model::time::{DAY, HOUR, SECOND};

use super::marks::{AT_RISK, SIGNS};

/// An action sooner than this after its click was not made by a person who came by it.
pub(in crate::fold) const TOO_SOON: i64 = 5 * SECOND;

/// Counts one action, whose click bears `signs`.
pub(in crate::fold) fn marks(action: &Action, signs: Signs) -> Tally {
    let mut tally = Tally::default();
    let after = action.click.map(|click| action.date.since(click.time));
    let too_soon = after.is_some_and(|after| (0..TOO_SOON).contains(&after));
    let at_risk = signs.any(AT_RISK) || too_soon;
    tally.add(Stored::RiskActions, at_risk.into());
    for (sign, _, measure) in SIGNS {
        if let Some(measure) = measure {
            tally.add(*measure, signs.any(*sign).into());
        }
    }
    // A date that is said roughly lies before the click, and tells nothing of the time between.
    if let Some(after) = after.filter(|after| *after >= 0) {
        tally.add(Stored::ClickedActions, 1);
        for (measure, from, to) in [
            (Stored::Under5sActions, 0, TOO_SOON),
            (Stored::Under10sActions, 0, 10 * SECOND),
            (Stored::Under2hActions, 0, 2 * HOUR),
            (Stored::Under24hActions, 2 * HOUR, DAY),
            (Stored::Under7dActions, 2 * DAY, 7 * DAY),
        ] {
            tally.add(measure, (from..to).contains(&after).into());
        }
    }
    tally
}
