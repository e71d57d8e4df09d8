//! What an arrival on a page of the brand tells: whose names belong together, and by what the
//! person came.
//!
//! A click id that holds stands for its click, at the click's own time. Without one the person came
//! by a channel of the brand's own, but only where a session begins: a campaign or a page of
//! somebody else begins one, anything else where the person was not there for [`SESSION`].

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Arrival, Program};
use crate::derived::{Source, Touch};
use crate::model::id::{EventNumber, ProgramId};
use crate::model::submission::Claim;
use crate::model::time::{MINUTE, Millis};
use crate::model::visit::{Came, Visit};

use super::super::action::desk::Desk;
use super::super::credit::case::{Clicked, action_date};
use super::super::error::FoldError;
use super::journey::journey;
use super::note::note;

/// How long after what led a person the next arrival belongs to the same session.
pub(super) const SESSION: i64 = 30 * MINUTE;

/// The channel of those whom a page led that belongs to no channel of the program.
pub(super) const REFERRAL: &str = "Referral";
/// The channel of those who came by themselves.
pub(super) const DIRECT: &str = "Direct";

impl Desk<'_, '_> {
    /// Notes an arrival.
    ///
    /// # Errors
    /// The store fails.
    pub(in crate::fold) fn arrive(
        &mut self,
        number: EventNumber,
        visit: &Visit,
        catalog: &Catalog,
    ) -> Result<(), FoldError> {
        let Some(program) = catalog.program(visit.program) else {
            return Ok(());
        };
        if visit.persons.is_empty() {
            return Ok(());
        }
        let received = number.time();
        let (time, _) = action_date(visit.event, received, program.late_limit);
        let touch = match visit.claim {
            Claim::Verified(id)
                if id.program == program.id && catalog.partner(id.partner).is_some() =>
            {
                Some(self.clicked(program.id, &id.into())?)
            }
            Claim::None | Claim::Forged | Claim::Verified(_) => {
                self.session(program, visit, (time, number))?
            }
        };
        let (names, touch) = (&visit.persons, touch.as_ref());
        Ok(note(self.batch, program.id, names, received, touch)?)
    }

    /// The touch of an arrival that begins a session.
    fn session(
        &self,
        program: &Program,
        visit: &Visit,
        (time, number): (Millis, EventNumber),
    ) -> Result<Option<Touch>, FoldError> {
        let name = channel(program, &visit.came);
        let times = time.plus(-SESSION)..=time;
        let before = journey(self.batch, program.id, &visit.persons, &times)?;
        let goes_on = match before.first().map(|touch| &touch.source) {
            // Many pages of one campaign are one touch: they must not push clicks out of a journey.
            Some(Source::Channel(last)) if visit.came.is_led() => **last == *name,
            Some(_) => !visit.came.is_led(),
            None => false,
        };
        Ok((!goes_on).then(|| Touch {
            time,
            number,
            source: Source::Channel(name.into()),
        }))
    }

    /// The touch of a click, whether it is stored or not.
    pub(in crate::fold) fn clicked(
        &self,
        program: ProgramId,
        click: &Clicked,
    ) -> Result<Touch, FoldError> {
        let stored = self.folder.stored(self.families, program, click)?;
        Ok(Touch {
            time: click.time,
            number: click.number,
            source: Source::Click {
                partner: click.partner,
                ad: click.ad,
                slot: stored.map(|stored| stored.slot),
            },
        })
    }
}

/// The channel by which a person came whom no partner sent.
fn channel<'a>(program: &'a Program, came: &Came) -> &'a str {
    let names: Vec<&str> = came.query_names.split(',').collect();
    let found = program.channels.of(&Arrival {
        utm_source: &came.utm_source,
        utm_medium: &came.utm_medium,
        utm_campaign: &came.utm_campaign,
        referrer_host: &came.referrer_host,
        query_names: if came.query_names.is_empty() {
            &[]
        } else {
            &names
        },
    });
    match found {
        Some(channel) => &channel.name,
        None if came.is_led() => REFERRAL,
        None => DIRECT,
    }
}
