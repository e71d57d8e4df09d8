//! An arrival on a page of the brand, or in its app, that was not a click of ours.
//!
//! Only what says who came and by what is kept: no address, no user agent, and of the pages only
//! the parts that name a channel.

use super::id::ProgramId;
use super::submission::{Claim, EventTime, Person};

/// Most bytes of one text of [`Came`].
pub const TEXT_BYTES_MAX: usize = 64;
/// Most bytes of a host.
pub const HOST_BYTES_MAX: usize = 255;

/// One arrival. Its time of receipt is the mint time of its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    /// `CampaignId`.
    pub program: ProgramId,
    /// `EventDate`.
    pub event: EventTime,
    /// `ClickId`, or the click id that the page was opened with.
    pub claim: Claim,
    /// Everybody whom it names, sorted, each once: all of them are one person.
    pub persons: Vec<Person>,
    /// It tries out a brand's integration.
    pub is_test: bool,
    /// An app was opened, not a page.
    pub is_app: bool,
    /// What tells its channel.
    pub came: Came,
}

/// What a page and the one before it tell of the way that a person came. A text that was not sent
/// is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// `utm_source` of the page.
    pub utm_source: Box<str>,
    /// `utm_medium` of the page.
    pub utm_medium: Box<str>,
    /// `utm_campaign` of the page.
    pub utm_campaign: Box<str>,
    /// Names of the page's query parameters, joined by commas.
    pub query_names: Box<str>,
    /// Host of the page before; empty when that is a page of the brand's own.
    pub referrer_host: Box<str>,
}

impl Came {
    /// Whether it tells of a way at all: a campaign, or a page of somebody else.
    #[must_use]
    pub fn is_led(&self) -> bool {
        let texts = [
            &self.utm_source,
            &self.utm_medium,
            &self.utm_campaign,
            &self.referrer_host,
        ];
        texts.iter().any(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_or_a_foreign_page_leads() {
        assert!(!Came::default().is_led());
        let names = Came {
            query_names: "page,size".into(),
            ..Came::default()
        };
        assert!(!names.is_led());
        for came in [
            Came {
                utm_medium: "email".into(),
                ..Came::default()
            },
            Came {
                referrer_host: "blog.example".into(),
                ..Came::default()
            },
        ] {
            assert!(came.is_led());
        }
    }
}
