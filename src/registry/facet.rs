//! What the cells of a cube are kept apart by besides program, day and partner, and the columns
//! that name it.

use super::dimension::{Attribute, AttributeKind};

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
}

impl FacetKind {
    /// What one of its values is, in words.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Ad => Some("ad"),
            Self::EventType => Some("event type"),
            Self::SharedId => Some("shared id"),
        }
    }

    /// The columns that name its values.
    #[must_use]
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::None => &[],
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
        }
    }
}
