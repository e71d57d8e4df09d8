//! The ledger as reports: what arrived for a program, and what became of it.
//!
//! One cube holds it, apart by the minute and by what flowed in. The daemon counts arrivals slot by
//! slot, a slot being a second, so a minute is that of the seconds that began in it.

use crate::model::arrival::Stream;
use crate::model::tally::Stored;
use crate::model::time::{MINUTE, Millis};

use super::audience::Audience;
use super::bucket::Bucket;
use super::cube::CubeId;
use super::dimension::{Attribute, AttributeKind, Dimension};
use super::facet::FacetKind;
use super::measure::{Measure, Source};
use super::report::{Figures, Report, Source as Rows};

/// Numbers of one minute, more than there are streams.
const STREAMS_MAX: u32 = 8;

/// The value of [`FacetKind::Minute`] for what flowed in at a time.
#[must_use]
pub fn facet(at: Millis, stream: Stream) -> u32 {
    let minute = u32::try_from((at.0 / MINUTE).max(0)).unwrap_or(u32::MAX);
    minute.saturating_mul(STREAMS_MAX) + u32::from(stream.code())
}

/// The value of [`FacetKind::Stream`] for one of [`FacetKind::Minute`].
#[must_use]
pub const fn stream(facet: u32) -> u32 {
    facet % STREAMS_MAX
}

/// The minute of a value of [`FacetKind::Minute`].
#[must_use]
pub fn minute(facet: u32) -> Millis {
    Millis(i64::from(facet / STREAMS_MAX) * MINUTE)
}

/// The name of a stream by either facet.
#[must_use]
pub fn stream_name(facet: u32) -> &'static str {
    let code = u8::try_from(stream(facet)).unwrap_or(u8::MAX);
    Stream::from_code(code).map_or("", Stream::name)
}

pub(super) const STREAM: Attribute = Attribute {
    name: "Stream",
    kind: AttributeKind::Stream,
    help: "What flowed in: Clicks, Conversions, Modifications, Imported clicks or Page loads.",
};

pub(super) const MINUTE_AND_STREAM: &[Attribute] = &[
    Attribute {
        name: "Minute",
        kind: AttributeKind::Minute,
        help: "Beginning of the minute, in UTC.",
    },
    STREAM,
];

/// What the cube holds.
pub(super) const COUNTED: &[Stored] = &[
    Stored::Received,
    Stored::Recorded,
    Stored::Unrecorded,
    Stored::Refused,
    Stored::RefusedInvalid,
    Stored::RefusedRetry,
    Stored::RefusedUnavailable,
    Stored::RefusedNoConsent,
];

/// The figures of the ledger.
pub const MEASURES: &[Measure] = &[
    Measure {
        name: "Received",
        source: Source::Stored(Stored::Received),
        help: "What arrived: Stored, Unrecorded and Refused together. After a crash what was \
            refused within its last second is missing.",
    },
    Measure {
        name: "Stored",
        source: Source::Stored(Stored::Recorded),
        help: "Of that, what is in the log.",
    },
    Measure {
        name: "Unrecorded",
        source: Source::Stored(Stored::Unrecorded),
        help: "Clicks of customers who were sent on while the store could not take them.",
    },
    Measure {
        name: "Refused",
        source: Source::Stored(Stored::Refused),
        help: "What was turned away, for whatever reason. What was turned away before its program \
            was known is in no brand's ledger: links to nowhere, requests that break HTTP, wrong \
            signatures.",
    },
    Measure {
        name: "RefusedInvalid",
        source: Source::Stored(Stored::RefusedInvalid),
        help: "Refused, since a field was wrong.",
    },
    Measure {
        name: "RefusedRetry",
        source: Source::Stored(Stored::RefusedRetry),
        help: "Refused, since the same is stored already; the first answer was repeated.",
    },
    Measure {
        name: "RefusedUnavailable",
        source: Source::Stored(Stored::RefusedUnavailable),
        help: "Refused, since the store could not take it; the sender was told to try again.",
    },
    Measure {
        name: "RefusedNoConsent",
        source: Source::Stored(Stored::RefusedNoConsent),
        help: "Refused, since the person who came does not want to be followed.",
    },
];

/// Ledger.
pub const BY_DAY: Report = Report {
    handle: "adv_ledger_pm_only",
    name: "Ledger",
    category: "Audit",
    audience: Audience::Brand,
    help: "What arrived for the programs on each day of receipt, what of it is stored, and why \
        the rest is not (ours).",
    source: Rows::Cells(Figures {
        cube: CubeId::LEDGER,
        dimension: Dimension {
            bucket: Some(Bucket::Day),
            ..Dimension::facet(FacetKind::Stream)
        },
        measures: MEASURES,
    }),
};

/// Ledger by Minute.
pub const BY_MINUTE: Report = Report {
    handle: "adv_ledger_by_minute_pm_only",
    name: "Ledger by Minute",
    category: "Audit",
    audience: Audience::Brand,
    help: "What arrived for the programs in each minute, what of it is stored, and why the rest \
        is not (ours): a second counts in the minute in which it began. At most 31 days.",
    source: Rows::Cells(Figures {
        cube: CubeId::LEDGER,
        dimension: Dimension::facet(FacetKind::Minute),
        measures: MEASURES,
    }),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_and_streams_are_told_from_each_other() {
        let at = Millis(1_795_370_459_999);
        for (row, code, name) in Stream::ALL {
            let facet = facet(at, *row);
            assert_eq!(minute(facet), Millis(1_795_370_400_000));
            assert_eq!(stream(facet), u32::from(*code));
            assert_eq!(
                (stream_name(facet), stream_name(stream(facet))),
                (*name, *name)
            );
        }
        assert!(Stream::ALL.len() <= STREAMS_MAX as usize);
        assert_eq!(stream_name(7), "");
    }
}
