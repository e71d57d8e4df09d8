//! What no derived row holds: asked of whoever holds the log.

use crate::model::action::change::Change;
use crate::model::id::{AdId, EventNumber, PartnerId, Slot, SubmissionId};
use crate::model::request::host;
use crate::model::submission::Submission;
use crate::model::tally::Facet;
use crate::model::time::Millis;
use crate::registry::facet::FacetKind;

/// What is shown of a click beside its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClickFacts {
    /// The ad of its link.
    pub ad: AdId,
    /// Whether the ad had ended.
    pub is_expired: bool,
    /// The partner's property that its link names, empty when it names none.
    pub property: String,
    /// `sharedid` of its link, empty when it had none.
    pub shared_id: String,
    /// `subId1` to `subId3` of its link, for its partner alone; empty when it had none.
    pub sub_ids: [String; 3],
    /// The page that it was on, without its query; empty when the browser did not say.
    pub referrer: String,
    /// What sent the request says it is; empty when it did not say.
    pub user_agent: String,
}

/// Point reads of stored events. An event that is not there is no error: the answer leaves out
/// what it would have said.
pub trait Facts {
    /// A conversion.
    ///
    /// # Errors
    /// It can't be read; a sentence for the operator.
    fn conversion(&self, id: SubmissionId) -> Result<Option<Submission>, String>;

    /// A modification or a reversal.
    ///
    /// # Errors
    /// As [`Facts::conversion`].
    fn change(&self, id: SubmissionId) -> Result<Option<Change>, String>;

    /// A click.
    ///
    /// # Errors
    /// As [`Facts::conversion`].
    fn click(
        &self,
        slot: Slot,
        partner: PartnerId,
        number: EventNumber,
    ) -> Result<Option<ClickFacts>, String>;

    /// When a slot ended.
    ///
    /// # Errors
    /// As [`Facts::conversion`].
    fn end_of(&self, slot: Slot) -> Result<Option<Millis>, String>;
}

impl ClickFacts {
    /// What reports keep it apart by; nothing where they do not count it by that.
    #[must_use]
    pub fn facet(&self, kind: FacetKind) -> Option<Facet> {
        let text = |text: &str| Some(Facet::Text(text.into()));
        match kind {
            FacetKind::Ad => Some(Facet::Number(self.ad.0)),
            FacetKind::ExpiredAd => self.is_expired.then_some(Facet::Number(self.ad.0)),
            FacetKind::SharedId => text(&self.shared_id),
            FacetKind::Property => text(&self.property),
            FacetKind::Domain => text(&self.referring_domain()),
            _ => None,
        }
    }

    /// The host of the page that the click was on, without `www.`, as reports have it; empty when
    /// the browser did not say.
    #[must_use]
    pub fn referring_domain(&self) -> String {
        host(&self.referrer)
    }
}
