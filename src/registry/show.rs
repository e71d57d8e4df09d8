//! Columns that a report has only when they are asked for.

use super::audience::Audience;
use super::dimension::{Attribute, AttributeKind};
use super::facet::FacetKind;
use super::measure::ACTIONS;
use super::report::Figures;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// The partner's group.
    PartnerGroup,
    /// The partner's first property.
    CompanyUrl,
    /// Actions and cost of each event type.
    EventTypes,
}

impl Show {
    /// All of them, in the order of their columns.
    pub const ALL: [Self; 3] = [Self::PartnerGroup, Self::CompanyUrl, Self::EventTypes];

    /// Who may ask for it: how partners are grouped is the brands' affair.
    #[must_use]
    pub const fn audience(self) -> Audience {
        match self {
            Self::PartnerGroup => Audience::Brand,
            Self::CompanyUrl | Self::EventTypes => Audience::Both,
        }
    }

    /// Whether a report of these figures can show it: its rows are those of partners, and for
    /// event types, of nothing else.
    #[must_use]
    pub fn applies_to(self, figures: &Figures) -> bool {
        let dimension = figures.dimension;
        match self {
            Self::PartnerGroup | Self::CompanyUrl => dimension.partner,
            Self::EventTypes => {
                dimension.partner
                    && dimension.facet == FacetKind::None
                    && !dimension.is_judged
                    && figures.measures.iter().any(|own| own.name == ACTIONS.name)
            }
        }
    }

    /// The columns that name something of the row.
    #[must_use]
    pub const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::PartnerGroup => &[Attribute {
                name: "PartnerGroup",
                kind: AttributeKind::PartnerGroup,
                help: "Group of the partner, by the catalogue in force; empty without one.",
            }],
            Self::CompanyUrl => &[Attribute {
                name: "CompanyURL",
                kind: AttributeKind::CompanyUrl,
                help: "The first property of the partner, by the catalogue in force (ours); empty \
                    without one.",
            }],
            Self::EventTypes => &[],
        }
    }
}

/// The two columns of an event type, by its name.
#[must_use]
pub fn of_event_type(name: &str) -> [String; 2] {
    [format!("Actions – {name}"), format!("Action Cost – {name}")]
}
