//! A brand's question to sums held in memory, and both forms of its answer.

use crate::catalog::Catalog;
use crate::model::time::Millis;
use crate::registry::{Report, Viewer};
use crate::report::render::Rendered;
use crate::report::*;

/// 2026-11-22T18:00:00Z: the same day in New York and Berlin, the next one in Tokyo.
pub(super) const NOW: Millis = Millis(1_795_370_400_000);

/// The answer to the brand `IRacme` for program 1000 and what `more` asks for, as JSON and as CSV.
pub(super) fn both<S: Source>(
    catalog: &Catalog,
    source: &S,
    handle: &str,
    more: &str,
) -> Result<(serde_json::Value, String), ReportError> {
    let reader = Reader::for_brand(catalog, "IRacme", source).unwrap();
    let report = Report::with_handle(handle).unwrap();
    let query = reader.query(report, &format!("SUBAID=1000{more}"), NOW)?;
    let rendered = Rendered {
        answer: &reader.answer(report, &query)?,
        viewer: Viewer::Brand,
        query: &query,
        path: &format!("/Advertisers/IRacme/Reports/{handle}"),
        names: &reader.names(&query),
    };
    let json = serde_json::from_slice(&rendered.json()?).unwrap();
    Ok((json, String::from_utf8(rendered.csv()?).unwrap()))
}
