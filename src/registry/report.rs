//! The closed table of reports.

use crate::model::tally::Tally;

use super::audience::{Audience, Viewer, earnings};
use super::bucket::Bucket;
use super::click::{Field, Shown};
use super::cube::CubeId;
use super::dimension::{Attribute, Dimension};
use super::facet::FacetKind;
use super::filter::{CLICK_DAYS_DEFAULT, DAYS_DEFAULT, DAYS_MAX, MINUTE_DAYS_MAX};
use super::ledger;
use super::measure::{self, Measure};
use super::risk;

/// One row of [`REPORTS`].
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Its handle in the API.
    pub handle: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// Its category in the list of reports.
    pub category: &'static str,
    /// Whom it is for.
    pub audience: Audience,
    /// What it shows, as a sentence.
    pub help: &'static str,
    /// What its rows are made of.
    pub source: Source,
}

/// What the rows of a report are made of.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// Sums of the fold.
    Cells(Figures),
    /// Clicks one by one.
    Clicks(Shown),
}

/// A report of sums.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// The sums it reads.
    pub cube: CubeId,
    /// What one row stands for.
    pub dimension: Dimension,
    /// Its figures in order.
    pub measures: &'static [Measure],
}

/// A column of a report.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// Names the row.
    Attribute(&'static Attribute),
    /// A figure.
    Measure(&'static Measure),
    /// Says something of one click.
    Field(&'static Field),
}

const PERFORMANCE: &[Measure] = &[
    measure::RAW_CLICKS,
    measure::CLICKS,
    measure::PAYABLE_CLICKS,
    measure::GROSS_ACTIONS,
    measure::GROSS_ACTION_COST,
    measure::ACTIONS,
    measure::SALE_AMOUNT,
    measure::ACTION_COST,
    measure::CONVERSION_RATE,
    measure::EPC,
    measure::AOV,
    measure::ROAS,
    measure::CPC_COST,
    measure::ADJUSTMENTS,
    measure::TOTAL_COST,
    measure::CPC,
];

const ACTIONS: &[Measure] = &[
    measure::GROSS_ACTIONS,
    measure::GROSS_ACTION_COST,
    measure::ACTIONS,
    measure::SALE_AMOUNT,
    measure::ACTION_COST,
    measure::AOV,
    measure::ROAS,
];

/// Every report.
pub const REPORTS: &[Report] = &[
    Report {
        handle: "att_adv_performance_by_media_pm_only",
        name: "Performance by Partner",
        category: "Performance",
        audience: Audience::Brand,
        help: "Clicks, actions and money of each partner.",
        source: Source::Cells(Figures {
            cube: CubeId::PARTNER_PERFORMANCE,
            dimension: Dimension::PARTNER,
            measures: PERFORMANCE,
        }),
    },
    Report {
        handle: "att_adv_performance_by_day_pm_only",
        name: "Performance by Day",
        category: "Performance",
        audience: Audience::Brand,
        help: "Clicks, actions and money of each day.",
        source: Source::Cells(Figures {
            cube: CubeId::PARTNER_PERFORMANCE,
            dimension: Dimension::time(Bucket::Day),
            measures: PERFORMANCE,
        }),
    },
    Report {
        handle: "att_adv_performance_by_week_pm_only",
        name: "Performance by Week",
        category: "Performance",
        audience: Audience::Brand,
        help: "Clicks, actions and money of each week, from Monday to Sunday.",
        source: Source::Cells(Figures {
            cube: CubeId::PARTNER_PERFORMANCE,
            dimension: Dimension::time(Bucket::Week),
            measures: PERFORMANCE,
        }),
    },
    Report {
        handle: "att_adv_performance_by_month_pm_only",
        name: "Performance by Month",
        category: "Performance",
        audience: Audience::Brand,
        help: "Clicks, actions and money of each calendar month.",
        source: Source::Cells(Figures {
            cube: CubeId::PARTNER_PERFORMANCE,
            dimension: Dimension::time(Bucket::Month),
            measures: PERFORMANCE,
        }),
    },
    Report {
        handle: "att_adv_performance_by_ad_pm_only",
        name: "Performance by Ad",
        category: "Performance",
        audience: Audience::Brand,
        help: "Clicks, actions and money of each ad.",
        source: Source::Cells(Figures {
            cube: CubeId::AD,
            dimension: Dimension::facet(FacetKind::Ad),
            measures: PERFORMANCE,
        }),
    },
    Report {
        handle: "att_adv_performance_by_action_tracker_pm_only",
        name: "Performance by Event Type",
        category: "Performance",
        audience: Audience::Brand,
        help: "Actions and money of each event type.",
        source: Source::Cells(Figures {
            cube: CubeId::EVENT_TYPE,
            dimension: Dimension::facet(FacetKind::EventType),
            measures: ACTIONS,
        }),
    },
    Report {
        handle: "att_adv_performance_by_shared_id_pm_only",
        name: "Performance by Shared ID",
        category: "Performance",
        audience: Audience::Brand,
        help: "Clicks, actions and money of each partner and shared id.",
        source: Source::Cells(Figures {
            cube: CubeId::SHARED_ID,
            dimension: Dimension {
                partner: true,
                ..Dimension::facet(FacetKind::SharedId)
            },
            measures: PERFORMANCE,
        }),
    },
    Report {
        handle: "adv_payable_click_data_pm_only",
        name: "Payable Click Data",
        category: "Listing",
        audience: Audience::Brand,
        help: "Every unique click with what it is paid by itself, or why it is not, and every \
            adjustment of a click on its date (ours: other clicks are left out unless they were \
            paid before they were judged so; Click Data has them).",
        source: Source::Clicks(Shown::Unique),
    },
    Report {
        handle: "adv_adjustments_pm_only",
        name: "Adjustments",
        category: "Listing",
        audience: Audience::Brand,
        help: "By how much each click and settled action is paid more, or less, since the past was \
            judged by other lists: what `Adjustments` of a day are made of. Ours.",
        source: Source::Clicks(Shown::Adjusted),
    },
    Report {
        handle: "adv_click_data_pm_only",
        name: "Click Data",
        category: "Listing",
        audience: Audience::Brand,
        help: "Every click, by program, partner and time.",
        source: Source::Clicks(Shown::All),
    },
    Report {
        handle: "att_adv_performance_by_property_pm_only",
        name: "Performance by Property",
        category: "Performance",
        audience: Audience::Brand,
        help: "Clicks, actions and money of each partner's properties.",
        source: Source::Cells(Figures {
            cube: CubeId::PROPERTY,
            dimension: Dimension {
                partner: true,
                ..Dimension::facet(FacetKind::Property)
            },
            measures: PERFORMANCE,
        }),
    },
    Report {
        handle: "att_adv_performance_by_referring_domain_pm_only",
        name: "Performance by Referring Domain",
        category: "Performance",
        audience: Audience::Brand,
        help: "Clicks, actions and money of each partner and host that its links were on.",
        source: Source::Cells(Figures {
            cube: CubeId::DOMAIN,
            dimension: Dimension {
                partner: true,
                ..Dimension::facet(FacetKind::Domain)
            },
            measures: PERFORMANCE,
        }),
    },
    Report {
        handle: "att_adv_performance_by_device_pm_only",
        name: "Performance by Device and Browser",
        category: "Performance",
        audience: Audience::Brand,
        help: "Clicks, actions and money of each device, browser and system.",
        source: Source::Cells(Figures {
            cube: CubeId::DEVICE,
            dimension: Dimension::facet(FacetKind::Device),
            measures: PERFORMANCE,
        }),
    },
    Report {
        handle: "adv_clicks_from_expired_ads",
        name: "Clicks from Expired Ads",
        category: "Operations",
        audience: Audience::Both,
        help: "Clicks on ads that had ended, by partner and ad, with the pages that still show \
            them: what a brand needs to tell a partner which page to mend.",
        source: Source::Cells(Figures {
            cube: CubeId::EXPIRED_AD,
            dimension: Dimension {
                partner: true,
                ..Dimension::facet(FacetKind::ExpiredAd)
            },
            measures: &[
                measure::RAW_CLICKS,
                measure::CLICKS,
                measure::PAYABLE_CLICKS,
                measure::LAST_CLICK,
            ],
        }),
    },
    Report {
        handle: "att_adv_performance_by_group_pm_only",
        name: "Performance by Partner Group",
        category: "Performance",
        audience: Audience::Brand,
        help: "Clicks, actions and money of the partners of each group.",
        source: Source::Cells(Figures {
            cube: CubeId::PARTNER_PERFORMANCE,
            dimension: Dimension::facet(FacetKind::PartnerGroup),
            measures: PERFORMANCE,
        }),
    },
    Report {
        handle: "att_adv_top_paths_pm_only",
        name: "Top Paths",
        category: "Insights",
        audience: Audience::Brand,
        help: "Actions and money of each path that led to them, of at most nine steps: clicks of \
            partners and arrivals by channels, as far back as the program's longest referral \
            window. A credited partner without a click among them, which a code, a page or a \
            settlement names, is the last step; one that the conversion itself forces, or of \
            whose action no conversion is known, is the only one. `MediaId` asks for the actions \
            that a partner is credited with. These rules are ours.",
        source: Source::Cells(Figures {
            cube: CubeId::PATH,
            dimension: Dimension::facet(FacetKind::Path),
            measures: &[
                measure::ACTIONS,
                measure::SALE_AMOUNT,
                measure::ACTION_COST,
                measure::TIME_TO_CONVERT,
            ],
        }),
    },
    Report {
        handle: "att_adv_contribution_pm_only",
        name: "Contribution",
        category: "Insights",
        audience: Audience::Brand,
        help: "What each partner had to do with the actions that are not reversed, by the steps of \
            their paths as in Top Paths, of the newest 32 steps however long the path is; \
            channels count as steps. These rules are ours.",
        source: Source::Cells(Figures {
            cube: CubeId::CONTRIBUTION,
            dimension: Dimension::PARTNER,
            measures: &[
                measure::INTRODUCER,
                measure::INFLUENCER,
                measure::CLOSER,
                measure::SOLO,
                measure::CREDITED,
                measure::ASSISTED,
                measure::PARTICIPATIONS,
                measure::PARTICIPATING_CLICKS,
            ],
        }),
    },
    Report {
        handle: "adv_risk_by_partner",
        name: "Risk by Partner",
        category: "Protect",
        audience: Audience::Brand,
        help: "What speaks against each partner's clicks and actions, reason by reason, and how it \
            stands against the median partner. It decides nothing: a person does.",
        source: Source::Cells(Figures {
            cube: CubeId::RISK,
            dimension: Dimension {
                is_judged: true,
                ..Dimension::PARTNER
            },
            measures: risk::COLUMNS,
        }),
    },
    ledger::BY_DAY,
    ledger::BY_MINUTE,
    earnings::BY_PROGRAM,
    earnings::BY_DAY,
    earnings::BY_WEEK,
    earnings::BY_MONTH,
    earnings::BY_AD,
    earnings::BY_SHARED_ID,
    earnings::BY_SUB_ID,
];

impl Report {
    /// The report with this handle.
    #[must_use]
    pub fn with_handle(handle: &str) -> Option<&'static Self> {
        REPORTS.iter().find(|report| report.handle == handle)
    }

    /// The report with this handle, if it is for `viewer`.
    #[must_use]
    pub fn seen_by(viewer: Viewer, handle: &str) -> Option<&'static Self> {
        Self::with_handle(handle).filter(|report| report.audience.includes(viewer))
    }

    /// What a row is for, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self.source {
            Source::Cells(figures) => figures.dimension.words(),
            Source::Clicks(shown) => shown.words().to_owned(),
        }
    }

    /// Days that a query without dates covers, and the most that a query may cover.
    #[must_use]
    pub fn days(&self) -> (i32, i32) {
        match self.source {
            Source::Cells(figures) if figures.dimension.facet == FacetKind::Minute => {
                (1, MINUTE_DAYS_MAX)
            }
            Source::Cells(_) => (DAYS_DEFAULT, DAYS_MAX),
            Source::Clicks(_) => (CLICK_DAYS_DEFAULT, DAYS_MAX),
        }
    }

    /// Its figures in order; a listing has none.
    #[must_use]
    pub const fn measures(&self) -> &'static [Measure] {
        match self.source {
            Source::Cells(figures) => figures.measures,
            Source::Clicks(_) => &[],
        }
    }

    /// Its columns in order.
    pub fn columns(&self) -> impl Iterator<Item = Column> {
        let (figures, shown) = match self.source {
            Source::Cells(figures) => (Some(figures), None),
            Source::Clicks(shown) => (None, Some(shown)),
        };
        let figures = figures.into_iter().flat_map(Figures::columns);
        let fields = shown.into_iter().flat_map(Shown::fields);
        figures.chain(fields.map(Column::Field))
    }
}

impl Figures {
    /// What a tally adds to the first column of figures.
    #[must_use]
    pub fn first_figure(&self, tally: &Tally) -> i128 {
        let first = self.measures.first();
        first.and_then(|measure| measure.value(tally)).unwrap_or(0)
    }

    /// Whether any figure of a row is other than 0.
    #[must_use]
    pub fn shows(&self, tally: &Tally) -> bool {
        let mut stored = self.measures.iter().flat_map(Measure::needs);
        stored.any(|measure| tally.get(measure) != 0)
    }

    /// Its columns in order: those that name the row, then the figures.
    pub fn columns(self) -> impl Iterator<Item = Column> {
        let attributes = self.dimension.attributes().map(Column::Attribute);
        attributes.chain(self.measures.iter().map(Column::Measure))
    }
}

impl Column {
    /// Its name in answers.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Attribute(attribute) => attribute.name,
            Self::Measure(measure) => measure.name,
            Self::Field(field) => field.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_names_and_columns_are_unique() {
        for (i, report) in REPORTS.iter().enumerate() {
            for other in &REPORTS[i + 1..] {
                assert!(other.handle != report.handle && other.name != report.name);
            }
            let columns: Vec<&str> = report.columns().map(|column| column.name()).collect();
            for (i, name) in columns.iter().enumerate() {
                assert!(!columns[i + 1..].contains(name), "{name}");
            }
            assert_eq!(
                Report::with_handle(report.handle).map(|r| r.name),
                Some(report.name)
            );
        }
        assert!(Report::with_handle("att_adv_performance_by_media").is_none());
    }

    #[test]
    fn sub_ids_are_for_partners_alone() {
        let shows = |report: &Report| {
            let is_of_sub_ids = match report.source {
                Source::Cells(figures) => figures.cube == CubeId::SUB_IDS,
                Source::Clicks(_) => false,
            };
            let sub_ids = ["SubId1", "SubId2", "SubId3"];
            is_of_sub_ids || report.columns().any(|c| sub_ids.contains(&c.name()))
        };
        let found = REPORTS.iter().filter(|report| shows(report));
        let found: Vec<_> = found.map(|own| (own.handle, own.audience)).collect();
        assert_eq!(found, [("partner_performance_by_subid", Audience::Partner)]);
    }

    #[test]
    fn every_figure_is_held_by_the_cube_that_its_report_reads() {
        for report in REPORTS {
            let Source::Cells(figures) = report.source else {
                continue;
            };
            let cube = figures.cube.cube().unwrap();
            for stored in figures.measures.iter().flat_map(Measure::needs) {
                assert!(
                    cube.measures.contains(&stored) || stored.is_made(),
                    "{} {stored:?}",
                    report.handle
                );
            }
        }
    }
}
