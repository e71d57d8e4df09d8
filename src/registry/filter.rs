//! The parameters of a report query. Most are the same for every report; some need a figure or a
//! facet that not every report has.

use super::audience::{Audience, Viewer};
use super::click::NARROWED_BY;
use super::cube::CubeId;
use super::facet::FacetKind;
use super::measure::{ACTIONS, CLICKS};
use super::report::{Figures, Report, Source};
use super::show::Show;

/// What a parameter decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterKind {
    /// One program.
    Program,
    /// One partner.
    Partner,
    /// First day.
    Start,
    /// Last day.
    End,
    /// Whose days they are.
    TimeZone,
    /// One value of the report's facet.
    Facet(FacetKind),
    /// The group of partners.
    Group,
    /// Fewest unique clicks of a row.
    MinClicks,
    /// Fewest actions of a row.
    MinActions,
    /// The earlier days that figures are compared with.
    Compare,
    /// Whether steps of paths that repeat the one before are left out.
    Collapse,
    /// Column to sort by.
    SortBy,
    /// Direction of the sort.
    SortDir,
    /// Number of the page.
    Page,
    /// Rows of a page.
    PageSize,
    /// The state of the figures that the first page was made from.
    AsOf,
    /// Form of the answer.
    Format,
    /// Version of the API; read and not used.
    Version,
    /// One click.
    Click,
    /// What clicks count as.
    Class,
    /// Columns on request.
    Show(Show),
}

/// One row of [`FILTERS`].
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Its name, in links too.
    pub name: &'static str,
    /// Older names that mean the same.
    pub aliases: &'static [&'static str],
    /// What it decides.
    pub kind: FilterKind,
    /// Data type, in the words of the metadata.
    pub data_type: &'static str,
    /// What is allowed.
    pub format: &'static str,
    /// What it does, as a sentence.
    pub help: &'static str,
}

/// Most days that one query may cover.
pub const DAYS_MAX: i32 = 366;
/// Most days that a query of minutes may cover, some 200,000 rows.
pub const MINUTE_DAYS_MAX: i32 = 31;
/// Days that a query without dates covers.
pub const DAYS_DEFAULT: i32 = 30;
/// Days that a query of clicks without dates covers.
pub const CLICK_DAYS_DEFAULT: i32 = 14;
/// Most rows of one page.
pub const PAGE_SIZE_MAX: u32 = 20_000;
/// Rows of a page when the query does not say.
pub const PAGE_SIZE_DEFAULT: u32 = 1_000;

/// Every parameter, in the order of links.
pub const FILTERS: &[Filter] = &[
    Filter {
        name: "SUBAID",
        aliases: &[],
        kind: FilterKind::Program,
        data_type: "INTEGER",
        format: "number of a program",
        help: "Only this program; all of the account's programs without it.",
    },
    Filter {
        name: "MediaId",
        aliases: &["MP_ID"],
        kind: FilterKind::Partner,
        data_type: "INTEGER",
        format: "number of a partner",
        help: "Only this partner.",
    },
    Filter {
        name: "StartDate",
        aliases: &["START_DATE"],
        kind: FilterKind::Start,
        data_type: "DATE",
        format: "YYYY-MM-DD",
        help: "First day, in the program's time zone; 29 days before the last one without it, \
            13 for clicks, the last one itself for minutes.",
    },
    Filter {
        name: "EndDate",
        aliases: &["END_DATE"],
        kind: FilterKind::End,
        data_type: "DATE",
        format: "YYYY-MM-DD, at most 366 days in all, 31 of minutes",
        help: "Last day, in the program's time zone; today without it.",
    },
    Filter {
        name: "TimeZone",
        aliases: &["TIME_ZONE"],
        kind: FilterKind::TimeZone,
        data_type: "TEXT",
        format: "an IANA name such as Europe/Berlin, or UTC",
        help: "Time zone of the days, in place of each program's own. Sums are kept by UTC hours, \
            so their zone is whole hours from UTC; listings take any.",
    },
    Filter {
        name: "AdId",
        aliases: &["AD_ID"],
        kind: FilterKind::Facet(FacetKind::Ad),
        data_type: "INTEGER",
        format: "number of an ad",
        help: "Only this ad; a listing looks at 200000 clicks at most for it.",
    },
    Filter {
        name: "ActionTrackerId",
        aliases: &["ACTION_TRACKER_ID"],
        kind: FilterKind::Facet(FacetKind::EventType),
        data_type: "INTEGER",
        format: "number of an event type",
        help: "Only this event type.",
    },
    Filter {
        name: "SharedId",
        aliases: &["SHARED_ID"],
        kind: FilterKind::Facet(FacetKind::SharedId),
        data_type: "TEXT",
        format: "a shared id as it was sent; empty for those without one",
        help: "Only this shared id; a listing looks at 200000 clicks at most for it.",
    },
    Filter {
        name: "MediaPropertyId",
        aliases: &[],
        kind: FilterKind::Facet(FacetKind::Property),
        data_type: "TEXT",
        format: "number of a property; empty for links without one",
        help: "Only this property; a listing looks at 200000 clicks at most for it.",
    },
    Filter {
        name: "ReferringDomain",
        aliases: &["REF_DOMAIN"],
        kind: FilterKind::Facet(FacetKind::Domain),
        data_type: "TEXT",
        format: "a host without `www.`; empty where the browser did not say",
        help: "Only this referring domain; a listing looks at 200000 clicks at most for it.",
    },
    Filter {
        name: "PartnerGroup",
        aliases: &["Group"],
        kind: FilterKind::Group,
        data_type: "TEXT",
        format: "a group of the catalogue; empty for partners without one",
        help: "Only partners that the catalogue in force files under this group; for brands alone.",
    },
    Filter {
        name: "MinClicks",
        aliases: &["MIN_CLICKS"],
        kind: FilterKind::MinClicks,
        data_type: "INTEGER",
        format: "a number",
        help: "Only rows with at least so many unique clicks.",
    },
    Filter {
        name: "MinActions",
        aliases: &["MIN_ACTIONS"],
        kind: FilterKind::MinActions,
        data_type: "INTEGER",
        format: "a number",
        help: "Only rows with at least so many actions.",
    },
    Filter {
        name: "Compare",
        aliases: &[],
        kind: FilterKind::Compare,
        data_type: "TEXT",
        format: "PREVIOUS_PERIOD or PREVIOUS_YEAR",
        help: "Adds to each figure what it was in as many days before the first one, or on the \
            same days a year earlier, as `…Previous`, and the part of that which it has changed \
            by, as `…Change`.",
    },
    Filter {
        name: "CollapseRepeats",
        aliases: &["COLLAPSE_REPEATS"],
        kind: FilterKind::Collapse,
        data_type: "BOOLEAN",
        format: "TRUE or FALSE",
        help: "Whether steps that repeat the one before are left out, so that `A → A → B` and \
            `A → B` are one path; they stay without it.",
    },
    Filter {
        name: "SortBy",
        aliases: &[],
        kind: FilterKind::SortBy,
        data_type: "TEXT",
        format: "a column, or -column for descending",
        help: "Column to sort by, any that the rows have but links; the row's number without it. \
            One of an event type is named as the rows name it then, and refused where it is not \
            there.",
    },
    Filter {
        name: "SortDir",
        aliases: &[],
        kind: FilterKind::SortDir,
        data_type: "TEXT",
        format: "ASC or DESC",
        help: "Direction of the sort.",
    },
    Filter {
        name: "Page",
        aliases: &[],
        kind: FilterKind::Page,
        data_type: "INTEGER",
        format: "1 or more",
        help: "Number of the page.",
    },
    Filter {
        name: "PageSize",
        aliases: &[],
        kind: FilterKind::PageSize,
        data_type: "INTEGER",
        format: "1 to 20000",
        help: "Rows of a page; 1000 without it.",
    },
    Filter {
        name: "AsOf",
        aliases: &[],
        kind: FilterKind::AsOf,
        data_type: "INTEGER",
        format: "the @asofslot of an answer",
        help: "Carried by the links to other pages, which show the same state while it is held; \
            @asofslot says which one a page shows.",
    },
    Filter {
        name: "ResultFormat",
        aliases: &[],
        kind: FilterKind::Format,
        data_type: "TEXT",
        format: "JSON or CSV",
        help: "Form of the answer; what `Accept` asks for without it, JSON by default.",
    },
    Filter {
        name: "IrVersion",
        aliases: &[],
        kind: FilterKind::Version,
        data_type: "INTEGER",
        format: "a number",
        help: "Accepted for existing clients; changes nothing.",
    },
    Filter {
        name: "ClickId",
        aliases: &["CLICK_ID"],
        kind: FilterKind::Click,
        data_type: "TEXT",
        format: "a ClickId of an answer, or the click id of a landing page",
        help: "Only this click of a listing.",
    },
    Filter {
        name: "Classification",
        aliases: &[],
        kind: FilterKind::Class,
        data_type: "TEXT",
        format: "U, D, R, P, H or F",
        help: "Only clicks of a listing that count as this, and no adjustments.",
    },
    Filter {
        name: "ExpiredAdId",
        aliases: &[],
        kind: FilterKind::Facet(FacetKind::ExpiredAd),
        data_type: "INTEGER",
        format: "number of an ad",
        help: "Only clicks of a listing that this ad got after its end; it looks at 200000 clicks \
            at most for it.",
    },
    Filter {
        name: "SHOW_PARTNER_GROUP",
        aliases: &[],
        kind: FilterKind::Show(Show::PartnerGroup),
        data_type: "BOOLEAN",
        format: SWITCH,
        help: "Whether to add the group of each partner, `PartnerGroup`; for brands alone.",
    },
    Filter {
        name: "SHOW_PARTNER_VALUES",
        aliases: &[],
        kind: FilterKind::Show(Show::PartnerValues),
        data_type: "BOOLEAN",
        format: SWITCH,
        help: "Whether to add what the brands note about each partner, `PartnerValue1` to \
            `PartnerValue3`; for brands alone.",
    },
    Filter {
        name: "SHOW_COMPANY_URL",
        aliases: &[],
        kind: FilterKind::Show(Show::CompanyUrl),
        data_type: "BOOLEAN",
        format: SWITCH,
        help: "Whether to add the first property of each partner, `CompanyURL`.",
    },
    Filter {
        name: "SHOW_MEDIA_TYPE",
        aliases: &[],
        kind: FilterKind::Show(Show::MediaType),
        data_type: "BOOLEAN",
        format: SWITCH,
        help: "Whether to add how each partner advertises, `MediaType`.",
    },
    Filter {
        name: "SHOW_EVENT_TYPES",
        aliases: &[],
        kind: FilterKind::Show(Show::EventTypes),
        data_type: "BOOLEAN",
        format: SWITCH,
        help: "Whether to add two columns for each event type of the programs, `Actions – {name}` \
            and `Action Cost – {name}`. Event types of one name have their numbers behind it.",
    },
];

/// What switches a column on or off.
const SWITCH: &str = "1, TRUE, 0 or FALSE";

impl Filter {
    /// Whether a report can apply it for `viewer`: its sums are kept apart by it, it shows the
    /// figure, or it lists clicks and they have it; and what it adds is not the other side's.
    #[must_use]
    pub fn applies_to(&self, report: &Report, viewer: Viewer) -> bool {
        if let FilterKind::Show(show) = self.kind
            && !show.audience().includes(viewer)
        {
            return false;
        }
        // A partner sees itself alone, and not how brands group it.
        let others = match self.kind {
            FilterKind::Partner => report.audience == Audience::Partner,
            FilterKind::Group => viewer == Viewer::Partner,
            _ => false,
        };
        if others {
            return false;
        }
        match report.source {
            Source::Cells(figures) => self.applies_to_sums(&figures),
            Source::Clicks(_) => self.applies_to_clicks(),
        }
    }

    fn applies_to_sums(&self, figures: &Figures) -> bool {
        let shows = |name| figures.measures.iter().any(|measure| measure.name == name);
        match self.kind {
            FilterKind::Collapse => figures.dimension.facet == FacetKind::Path,
            FilterKind::TimeZone => figures.cube.hourly().is_some(),
            FilterKind::Group => {
                figures.dimension.partner || figures.dimension.facet == FacetKind::PartnerGroup
            }
            FilterKind::MinClicks => shows(CLICKS.name),
            FilterKind::MinActions => shows(ACTIONS.name),
            // Stretches of time have no other days to be compared with.
            FilterKind::Compare => {
                figures.dimension.bucket.is_none() && figures.dimension.facet != FacetKind::Minute
            }
            // What arrives is no partner's before it is judged.
            FilterKind::Partner => figures.cube != CubeId::LEDGER,
            // A report of expired ads is asked by `AdId`.
            FilterKind::Click | FilterKind::Class | FilterKind::Facet(FacetKind::ExpiredAd) => {
                false
            }
            FilterKind::Facet(kind) => figures.dimension.facet.names(kind),
            FilterKind::Show(show) => show.applies_to(figures),
            _ => true,
        }
    }

    fn applies_to_clicks(&self) -> bool {
        match self.kind {
            FilterKind::Facet(kind) => NARROWED_BY.contains(&kind),
            FilterKind::Collapse
            | FilterKind::Group
            | FilterKind::MinClicks
            | FilterKind::MinActions
            | FilterKind::Compare
            | FilterKind::Show(_)
            | FilterKind::SortBy
            | FilterKind::SortDir => false,
            _ => true,
        }
    }

    /// The parameters that a report can apply for `viewer`, in the order of links.
    pub fn of(report: &Report, viewer: Viewer) -> impl Iterator<Item = &'static Self> {
        FILTERS
            .iter()
            .filter(move |filter| filter.applies_to(report, viewer))
    }

    /// The parameter called `name`, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FILTERS.iter().find(|filter| {
            let mut names = std::iter::once(&filter.name).chain(filter.aliases);
            names.any(|listed| listed.eq_ignore_ascii_case(name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::click::LOOKED_MAX;

    #[test]
    fn names_and_kinds_are_unique() {
        let mut names: Vec<&str> = FILTERS
            .iter()
            .flat_map(|filter| std::iter::once(filter.name).chain(filter.aliases.iter().copied()))
            .collect();
        for (i, filter) in FILTERS.iter().enumerate() {
            assert!(FILTERS[i + 1..].iter().all(|f| f.kind != filter.kind));
            assert_eq!(
                Filter::named(&filter.name.to_uppercase()).unwrap().kind,
                filter.kind
            );
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn formats_name_the_bounds() {
        let format = |name| Filter::named(name).unwrap().format;
        assert!(format("PageSize").contains(&PAGE_SIZE_MAX.to_string()));
        assert!(format("EndDate").contains(&DAYS_MAX.to_string()));
        assert!(format("EndDate").contains(&MINUTE_DAYS_MAX.to_string()));
        let help = |name| Filter::named(name).unwrap().help;
        assert!(help("PageSize").contains(&PAGE_SIZE_DEFAULT.to_string()));
        assert!(help("StartDate").contains(&(DAYS_DEFAULT - 1).to_string()));
        assert!(help("StartDate").contains(&(CLICK_DAYS_DEFAULT - 1).to_string()));
        for kind in NARROWED_BY {
            let narrows = |filter: &&Filter| filter.kind == FilterKind::Facet(*kind);
            let filter = FILTERS.iter().find(narrows).unwrap();
            assert!(filter.help.contains(&LOOKED_MAX.to_string()), "{kind:?}");
        }
    }
}
