//! Columns that a report has only when they are asked for.

use super::audience::Audience;
use super::dimension::{Attribute, AttributeKind, Said};
use super::facet::FacetKind;
use super::measure::ACTIONS;
use super::report::Figures;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// The partner's group.
    PartnerGroup,
    /// What the brands note about the partner.
    PartnerValues,
    /// The partner's first property.
    CompanyUrl,
    /// How the partner advertises.
    MediaType,
    /// Actions and cost of each event type.
    EventTypes,
}

impl Show {
    /// All of them, in the order of their columns.
    pub const ALL: [Self; 5] = [
        Self::PartnerGroup,
        Self::PartnerValues,
        Self::CompanyUrl,
        Self::MediaType,
        Self::EventTypes,
    ];

    /// Who may ask for it: what brands note about partners, and how they group them, is theirs.
    #[must_use]
    pub const fn audience(self) -> Audience {
        match self {
            Self::PartnerGroup | Self::PartnerValues => Audience::Brand,
            Self::CompanyUrl | Self::MediaType | Self::EventTypes => Audience::Both,
        }
    }

    /// Whether a report of these figures can show it: its rows are those of partners, and for
    /// event types, of nothing else.
    #[must_use]
    pub fn applies_to(self, figures: &Figures) -> bool {
        let dimension = figures.dimension;
        match self {
            Self::EventTypes => {
                dimension.partner
                    && dimension.facet == FacetKind::None
                    && !dimension.is_judged
                    && figures.measures.iter().any(|own| own.name == ACTIONS.name)
            }
            Self::PartnerGroup | Self::PartnerValues | Self::CompanyUrl | Self::MediaType => {
                dimension.partner
            }
        }
    }

    /// The columns that name something of the row.
    #[must_use]
    pub const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::PartnerGroup => &[Attribute {
                name: "PartnerGroup",
                kind: AttributeKind::OfPartner(Said::Group),
                help: "Group of the partner, by the catalogue in force; empty without one.",
            }],
            Self::PartnerValues => VALUES,
            Self::CompanyUrl => &[Attribute {
                name: "CompanyURL",
                kind: AttributeKind::OfPartner(Said::FirstProperty),
                help: "The first property of the partner, by the catalogue in force (ours); empty \
                    without one.",
            }],
            Self::MediaType => &[Attribute {
                name: "MediaType",
                kind: AttributeKind::OfPartner(Said::MediaType),
                help: "How the partner advertises, by the catalogue in force; empty where it does \
                    not say.",
            }],
            Self::EventTypes => &[],
        }
    }
}

const VALUES: &[Attribute] = &[
    value("PartnerValue1", 1),
    value("PartnerValue2", 2),
    value("PartnerValue3", 3),
];

const fn value(name: &'static str, nth: u8) -> Attribute {
    Attribute {
        name,
        kind: AttributeKind::OfPartner(Said::Value(nth)),
        help: "What brands note about the partner, by the catalogue in force; empty without it.",
    }
}

/// The two columns that compare a figure with earlier days, by its name: what it was, and the part
/// of that which it has changed by.
#[must_use]
pub fn compared(figure: &str) -> [String; 2] {
    [format!("{figure}Previous"), format!("{figure}Change")]
}

/// The two columns of an event type, by its name.
#[must_use]
pub fn of_event_type(name: &str) -> [String; 2] {
    [format!("Actions – {name}"), format!("Action Cost – {name}")]
}
