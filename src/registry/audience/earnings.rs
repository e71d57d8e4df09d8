//! The reports that partners alone see, of what is their own.
//!
//! Nothing in them is made of what others did or were paid; whose cells are read is settled by
//! whoever asks, not here.

use super::super::bucket::Bucket;
use super::super::cube::CubeId;
use super::super::dimension::Dimension;
use super::super::facet::FacetKind;
use super::super::measure::{self, Measure};
use super::super::report::{Figures, Report, Source};
use super::viewer::Audience;

/// The figures of a partner.
const EARNINGS: &[Measure] = &[
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
    measure::CPC_COST,
    measure::ADJUSTMENTS,
    measure::TOTAL_COST,
];

/// Performance by Brand.
pub const BY_PROGRAM: Report = Report {
    handle: "partner_performance_by_program",
    name: "Performance by Brand",
    category: "Performance",
    audience: Audience::Partner,
    help: "The partner's own clicks, actions and earnings in each program.",
    source: Source::Cells(Figures {
        cube: CubeId::PARTNER_PERFORMANCE,
        dimension: Dimension::PROGRAM,
        measures: EARNINGS,
    }),
};

/// Earnings by Day.
pub const BY_DAY: Report = Report {
    handle: "partner_performance_by_day",
    name: "Earnings by Day",
    category: "Performance",
    audience: Audience::Partner,
    help: "The partner's own clicks, actions and earnings of each day.",
    source: Source::Cells(Figures {
        cube: CubeId::PARTNER_PERFORMANCE,
        dimension: Dimension::time(Bucket::Day),
        measures: EARNINGS,
    }),
};

/// Earnings by Week.
pub const BY_WEEK: Report = Report {
    handle: "partner_performance_by_week",
    name: "Earnings by Week",
    category: "Performance",
    audience: Audience::Partner,
    help: "The partner's own clicks, actions and earnings of each week, from Monday to Sunday.",
    source: Source::Cells(Figures {
        cube: CubeId::PARTNER_PERFORMANCE,
        dimension: Dimension::time(Bucket::Week),
        measures: EARNINGS,
    }),
};

/// Earnings by Month.
pub const BY_MONTH: Report = Report {
    handle: "partner_performance_by_month",
    name: "Earnings by Month",
    category: "Performance",
    audience: Audience::Partner,
    help: "The partner's own clicks, actions and earnings of each calendar month.",
    source: Source::Cells(Figures {
        cube: CubeId::PARTNER_PERFORMANCE,
        dimension: Dimension::time(Bucket::Month),
        measures: EARNINGS,
    }),
};

/// Earnings by Ad.
pub const BY_AD: Report = Report {
    handle: "partner_performance_by_ad",
    name: "Earnings by Ad",
    category: "Performance",
    audience: Audience::Partner,
    help: "The partner's own clicks, actions and earnings of each program and ad.",
    source: Source::Cells(Figures {
        cube: CubeId::AD,
        dimension: Dimension {
            program: true,
            ..Dimension::facet(FacetKind::Ad)
        },
        measures: EARNINGS,
    }),
};

/// Earnings by Shared ID.
pub const BY_SHARED_ID: Report = Report {
    handle: "partner_performance_by_shared_id",
    name: "Earnings by Shared ID",
    category: "Performance",
    audience: Audience::Partner,
    help: "The partner's own clicks, actions and earnings of each shared id.",
    source: Source::Cells(Figures {
        cube: CubeId::SHARED_ID,
        dimension: Dimension::facet(FacetKind::SharedId),
        measures: EARNINGS,
    }),
};

/// Performance by Sub ID.
pub const BY_SUB_ID: Report = Report {
    handle: "partner_performance_by_subid",
    name: "Performance by Sub ID",
    category: "Performance",
    audience: Audience::Partner,
    help: "The partner's own clicks, actions and earnings of each set of sub ids, which no brand \
        sees.",
    source: Source::Cells(Figures {
        cube: CubeId::SUB_IDS,
        dimension: Dimension::facet(FacetKind::SubIds),
        measures: EARNINGS,
    }),
};
