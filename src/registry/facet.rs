//! What the cells of a cube are kept apart by besides program, day and partner, and the columns
//! that name it.

use crate::model::tally::Facet;

use super::dimension::{Attribute, AttributeKind, Said};
use super::ledger;

/// What a cube keeps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FacetKind {
    /// Nothing more.
    None,
    /// The ad of the click, also when it is unknown.
    Ad,
    /// The event type of the action.
    EventType,
    /// The shared id of the link, or of the conversion where it names one.
    SharedId,
    /// The partner's property that the link names.
    Property,
    /// The host of the page that held the link.
    Domain,
    /// Device, browser and system of the user agent.
    Device,
    /// An expired ad and the page that held the link; the page is the detail.
    ExpiredAd,
    /// The group that the catalogue in force files the partner under. No cube is kept apart by it.
    PartnerGroup,
    /// The path that led to the action.
    Path,
    /// The partner's three sub ids, of the link or of the conversion where it names any.
    SubIds,
    /// The UTC hour of the click or of the action, by its number since 1970. No report has a row
    /// for it.
    Hour,
    /// The minute in which something arrived, and what flowed in.
    Minute,
    /// What flowed in. No cube is kept apart by it alone.
    Stream,
}

const SUB_IDS: &[Attribute] = &[
    Attribute {
        name: "SubId1",
        kind: AttributeKind::Part(0),
        help: "First sub id of the link, or of the conversion where it names any; empty without \
            one. A tab is shown as a blank, in the others too.",
    },
    Attribute {
        name: "SubId2",
        kind: AttributeKind::Part(1),
        help: "The second.",
    },
    Attribute {
        name: "SubId3",
        kind: AttributeKind::Part(2),
        help: "The third.",
    },
];

const PROPERTY: &[Attribute] = &[
    Attribute {
        name: "MediaPropertyId",
        kind: AttributeKind::Text,
        help: "Number of the property that the link names; empty without one.",
    },
    Attribute {
        name: "MediaProperty",
        kind: AttributeKind::PropertyName,
        help: "Name of the property.",
    },
];

const DEVICE: &[Attribute] = &[
    Attribute {
        name: "DeviceType",
        kind: AttributeKind::Part(0),
        help: "DESKTOP, PHONE, TABLET, GAME, TV, ROBOT or UNKNOWN, as the user agent says.",
    },
    Attribute {
        name: "Browser",
        kind: AttributeKind::Part(1),
        help: "Browser that the user agent names.",
    },
    Attribute {
        name: "Os",
        kind: AttributeKind::Part(2),
        help: "System that the user agent names.",
    },
];

const EXPIRED_AD: &[Attribute] = &[
    Attribute {
        name: "AdId",
        kind: AttributeKind::Number,
        help: "Number of the expired ad.",
    },
    Attribute {
        name: "Ad",
        kind: AttributeKind::AdName,
        help: "Name of the ad.",
    },
    Attribute {
        name: "Expired",
        kind: AttributeKind::AdEnd,
        help: "When the ad ended, by the catalogue in force.",
    },
    Attribute {
        name: "SentTo",
        kind: AttributeKind::AdPage,
        help: "Where customers of the expired ad are sent, by the catalogue in force.",
    },
    Attribute {
        name: "ReferringPages",
        kind: AttributeKind::Details,
        help: "The ten pages with most clicks and their clicks, without queries: those to mend. A \
            page that did not tell its address is `(unknown)`.",
    },
    Attribute {
        name: "Contact",
        kind: AttributeKind::OfPartner(Said::Contact),
        help: "Whom to write to at the partner, by the catalogue in force.",
    },
];

const PATH: &[Attribute] = &[
    Attribute {
        name: "Path",
        kind: AttributeKind::PathNames,
        help: "Partners and channels in the order of time, by their names.",
    },
    Attribute {
        name: "PathIds",
        kind: AttributeKind::PathIds,
        help: "The same with the numbers of the partners; `:` begins the name of a channel.",
    },
    Attribute {
        name: "PathLength",
        kind: AttributeKind::PathLength,
        help: "Number of its steps; without the repeats where they are left out.",
    },
];

impl FacetKind {
    /// Whether its values without their details are those of `kind`.
    #[must_use]
    pub fn names(self, kind: Self) -> bool {
        self == kind || (self == Self::ExpiredAd && kind == Self::Ad)
    }

    /// Whether its values without their details are numbers.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Ad | Self::EventType | Self::ExpiredAd | Self::Hour | Self::Minute | Self::Stream
        )
    }

    /// A facet of this kind without its detail, and the detail.
    #[must_use]
    pub fn split(self, facet: &Facet) -> (Facet, Option<Box<str>>) {
        match (self, facet) {
            (Self::None, _) => (Facet::None, None),
            (Self::ExpiredAd, Facet::Text(text)) => {
                let (ad, page) = text.split_once('\t').unwrap_or((text, ""));
                (Facet::Number(ad.parse().unwrap_or(0)), Some(page.into()))
            }
            (Self::Stream, Facet::Number(minute)) => (Facet::Number(ledger::stream(*minute)), None),
            (_, facet) => (facet.clone(), None),
        }
    }

    /// What one of its values is, in words.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Ad => Some("ad"),
            Self::EventType => Some("event type"),
            Self::SharedId => Some("shared id"),
            Self::Property => Some("property"),
            Self::Domain => Some("referring domain"),
            Self::Device => Some("device, browser and system"),
            Self::ExpiredAd => Some("expired ad"),
            Self::PartnerGroup => Some("partner group"),
            Self::Path => Some("path"),
            Self::SubIds => Some("sub ids"),
            Self::Hour => Some("UTC hour"),
            Self::Minute => Some("minute and stream"),
            Self::Stream => Some("stream"),
        }
    }

    /// The columns that name its values.
    #[must_use]
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::None | Self::Hour => &[],
            Self::Ad => &[
                Attribute {
                    name: "AdId",
                    kind: AttributeKind::Number,
                    help: "Number of the ad that the link names.",
                },
                Attribute {
                    name: "Ad",
                    kind: AttributeKind::AdName,
                    help: "Name of the ad.",
                },
            ],
            Self::EventType => &[
                Attribute {
                    name: "ActionTrackerId",
                    kind: AttributeKind::Number,
                    help: "Number of the event type.",
                },
                Attribute {
                    name: "ActionTracker",
                    kind: AttributeKind::EventTypeName,
                    help: "Name of the event type.",
                },
            ],
            Self::SharedId => &[Attribute {
                name: "SharedId",
                kind: AttributeKind::Text,
                help: "Shared id of the link, or of the conversion where it names one; empty \
                    without one.",
            }],
            Self::Property => PROPERTY,
            Self::Domain => &[Attribute {
                name: "ReferringDomain",
                kind: AttributeKind::Text,
                help: "Host of the page that held the link, without `www.`; empty where the \
                    browser did not say.",
            }],
            Self::Device => DEVICE,
            Self::ExpiredAd => EXPIRED_AD,
            Self::PartnerGroup => &[Attribute {
                name: "Group",
                kind: AttributeKind::Text,
                help: "Group of the partner, by the catalogue in force; empty without one.",
            }],
            Self::Path => PATH,
            Self::SubIds => SUB_IDS,
            Self::Minute => ledger::MINUTE_AND_STREAM,
            Self::Stream => &[ledger::STREAM],
        }
    }
}
