//! What a report has one row for, and the columns that name the row.

use crate::model::id::PartnerId;
use crate::model::time::Day;

/// What one row of a report stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// One partner.
    Partner,
    /// One calendar day in the program's time zone.
    Day,
}

/// A column that names the row.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Column name in answers.
    pub name: &'static str,
    /// What it holds.
    pub kind: AttributeKind,
    /// What it means, as a sentence.
    pub help: &'static str,
}

/// What a naming column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// The partner's number.
    PartnerId,
    /// The partner's name in the catalogue.
    PartnerName,
    /// A calendar day, `YYYY-MM-DD`.
    Day,
}

/// Shown for the clicks whose link names no known partner.
pub const UNKNOWN_PARTNER: &str = "Unknown partner";

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 2] = [Self::Partner, Self::Day];

    /// The number of the row that a cell belongs to.
    #[must_use]
    pub fn row(self, partner: PartnerId, day: Day) -> i64 {
        match self {
            Self::Partner => i64::from(partner.0),
            Self::Day => i64::from(day.0),
        }
    }

    /// The columns that name its rows; the first one holds the row's number.
    #[must_use]
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::Partner => &[
                Attribute {
                    name: "MediaId",
                    kind: AttributeKind::PartnerId,
                    help: "Number of the partner; 0 gathers the clicks of unknown partners.",
                },
                Attribute {
                    name: "Partner",
                    kind: AttributeKind::PartnerName,
                    help: "Name of the partner.",
                },
            ],
            Self::Day => &[Attribute {
                name: "Day",
                kind: AttributeKind::Day,
                help: "Calendar day in the program's time zone.",
            }],
        }
    }
}

impl Attribute {
    /// What it shows for a row; `name_of` gives the name of a partner in the catalogue.
    #[must_use]
    pub fn text<'a>(&self, row: i64, name_of: &dyn Fn(PartnerId) -> Option<&'a str>) -> String {
        let partner = PartnerId(u32::try_from(row).unwrap_or(0));
        match self.kind {
            AttributeKind::PartnerId => row.to_string(),
            AttributeKind::PartnerName if partner == PartnerId::UNKNOWN => {
                UNKNOWN_PARTNER.to_owned()
            }
            AttributeKind::PartnerName => {
                name_of(partner).map_or_else(|| format!("Partner {partner}"), ToOwned::to_owned)
            }
            AttributeKind::Day => day_text(Day(i32::try_from(row).unwrap_or(i32::MAX))),
        }
    }
}

/// A calendar day as `YYYY-MM-DD`.
#[must_use]
pub fn day_text(day: Day) -> String {
    let date = jiff::civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().days(day.0.clamp(-700_000, 2_900_000)));
    date.map_or_else(|_| day.0.to_string(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_themselves() {
        let name_of = |partner: PartnerId| (partner.0 == 7).then_some("Seven");
        let texts = |dimension: Dimension, row| -> Vec<String> {
            let attributes = dimension.attributes().iter();
            attributes.map(|a| a.text(row, &name_of)).collect()
        };
        assert_eq!(texts(Dimension::Partner, 7), ["7", "Seven"]);
        assert_eq!(texts(Dimension::Partner, 0), ["0", "Unknown partner"]);
        assert_eq!(texts(Dimension::Partner, 9), ["9", "Partner 9"]);
        assert_eq!(texts(Dimension::Day, 20_000), ["2024-10-04"]);
        assert_eq!(texts(Dimension::Day, -1), ["1969-12-31"]);
    }

    #[test]
    fn cells_fall_into_the_row_of_their_dimension() {
        let row = |dimension: Dimension| dimension.row(PartnerId(7), Day(-3));
        assert_eq!(Dimension::ALL.map(row), [7, -3]);
    }
}
