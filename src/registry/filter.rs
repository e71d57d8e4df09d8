//! The parameters of a report query, the same for every report.

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
    /// Version of the API; read and not used.
    Version,
    /// One ad.
    Ad,
    /// One shared id.
    SharedId,
    /// One click.
    Click,
}

/// Which reports take a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// All of them.
    Every,
    /// Reports of sums.
    Figures,
    /// Listings of clicks.
    Clicks,
}

impl Of {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Every => "every report",
            Self::Figures => "sums",
            Self::Clicks => "listings of clicks",
        }
    }
}

/// One row of [`FILTERS`].
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Its name, in links too.
    pub name: &'static str,
    /// Older names that mean the same.
    pub aliases: &'static [&'static str],
    /// Which reports take it.
    pub of: Of,
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
        of: Of::Every,
        kind: FilterKind::Program,
        data_type: "INTEGER",
        format: "number of a program",
        help: "Only this program; all of the account's programs without it.",
    },
    Filter {
        name: "MediaId",
        aliases: &["MP_ID"],
        of: Of::Every,
        kind: FilterKind::Partner,
        data_type: "INTEGER",
        format: "number of a partner",
        help: "Only this partner.",
    },
    Filter {
        name: "StartDate",
        aliases: &["START_DATE"],
        of: Of::Every,
        kind: FilterKind::Start,
        data_type: "DATE",
        format: "YYYY-MM-DD",
        help: "First day, in the program's time zone; 29 days before the last one without it, \
            13 for clicks.",
    },
    Filter {
        name: "EndDate",
        aliases: &["END_DATE"],
        of: Of::Every,
        kind: FilterKind::End,
        data_type: "DATE",
        format: "YYYY-MM-DD, at most 366 days in all",
        help: "Last day, in the program's time zone; today without it.",
    },
    Filter {
        name: "SortBy",
        aliases: &[],
        of: Of::Figures,
        kind: FilterKind::SortBy,
        data_type: "TEXT",
        format: "a column, or -column for descending",
        help: "Column to sort by; the row's number without it.",
    },
    Filter {
        name: "SortDir",
        aliases: &[],
        of: Of::Figures,
        kind: FilterKind::SortDir,
        data_type: "TEXT",
        format: "ASC or DESC",
        help: "Direction of the sort.",
    },
    Filter {
        name: "Page",
        aliases: &[],
        of: Of::Every,
        kind: FilterKind::Page,
        data_type: "INTEGER",
        format: "1 or more",
        help: "Number of the page.",
    },
    Filter {
        name: "PageSize",
        aliases: &[],
        of: Of::Every,
        kind: FilterKind::PageSize,
        data_type: "INTEGER",
        format: "1 to 20000",
        help: "Rows of a page; 1000 without it.",
    },
    Filter {
        name: "AsOf",
        aliases: &[],
        of: Of::Every,
        kind: FilterKind::AsOf,
        data_type: "INTEGER",
        format: "the @asofslot of an answer",
        help: "Carried by the links to other pages, which show the same state while it is held; \
            @asofslot says which one a page shows.",
    },
    Filter {
        name: "IrVersion",
        aliases: &[],
        of: Of::Every,
        kind: FilterKind::Version,
        data_type: "INTEGER",
        format: "a number",
        help: "Accepted for existing clients; changes nothing.",
    },
    Filter {
        name: "AdId",
        aliases: &["AD_ID"],
        of: Of::Clicks,
        kind: FilterKind::Ad,
        data_type: "INTEGER",
        format: "number of an ad",
        help: "Only clicks of this ad; at most 200000 clicks are looked at for it.",
    },
    Filter {
        name: "SharedId",
        aliases: &["SHARED_ID"],
        of: Of::Clicks,
        kind: FilterKind::SharedId,
        data_type: "TEXT",
        format: "a shared id, or nothing for clicks without one",
        help: "Only clicks with this shared id; at most 200000 clicks are looked at for it.",
    },
    Filter {
        name: "ClickId",
        aliases: &["CLICK_ID"],
        of: Of::Clicks,
        kind: FilterKind::Click,
        data_type: "TEXT",
        format: "a ClickId of an answer, or the click id of a landing page",
        help: "Only this click.",
    },
];

impl Filter {
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
        let help = |name| Filter::named(name).unwrap().help;
        assert!(help("PageSize").contains(&PAGE_SIZE_DEFAULT.to_string()));
        assert!(help("StartDate").contains(&(DAYS_DEFAULT - 1).to_string()));
        assert!(help("StartDate").contains(&(CLICK_DAYS_DEFAULT - 1).to_string()));
        assert!(help("AdId").contains(&LOOKED_MAX.to_string()));
        assert!(help("SharedId").contains(&LOOKED_MAX.to_string()));
    }
}
