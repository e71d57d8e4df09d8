//! A row of conversions becomes a submission, by the rules of the Conversions API.
//!
//! In: a row of a chunk, the catalogue in force, how click ids are checked. Out: the submission, or
//! every field error at once. Called by the control socket's verbs.

use url::form_urlencoded::Serializer;

use crate::catalog::Catalog;
use crate::conversion::{self, ContentType, FieldError, Received, Refused};
use crate::model::click_id::ClickId;
use crate::model::id::JobId;
use crate::model::submission::{Origin, Submission};
use crate::model::time::Millis;

use super::column::Kind;
use super::line::{self, Row};

/// Reads the conversion of `row`, the one with this number of its job.
///
/// # Errors
/// What is wrong with it.
pub fn read(
    catalog: &Catalog,
    verify: &dyn Fn(&str) -> Option<ClickId>,
    row: &Row,
    (job, number): (JobId, u64),
    now: Millis,
) -> Result<Submission, Refused> {
    let known = catalog.program(row.program);
    let mut errors = line::check(Kind::Conversions, row);
    let Some(brand) = known.and_then(|program| catalog.brand(&program.brand)) else {
        let message = format!(
            "the catalogue has no program {}; apply it first",
            row.program
        );
        errors.push(FieldError::new("CampaignId", message));
        let program = None;
        return Err(Refused { program, errors });
    };
    if !errors.is_empty() {
        let program = Some(row.program);
        return Err(Refused { program, errors });
    }
    let mut body = Serializer::new(String::new());
    for (name, value) in &row.fields {
        body.append_pair(name, value);
    }
    let submission = conversion::read(&Received {
        content_type: ContentType::Form,
        body: body.finish().as_bytes(),
        query: "",
        is_signed: false,
        catalog,
        brand,
        now,
        verify,
    })?;
    let origin = Origin::Import { job, row: number };
    Ok(Submission {
        origin,
        ..submission
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversion::fixture;
    use crate::model::id::ProgramId;
    use crate::model::submission::{Fingerprint, Reference};

    fn row(program: u32, fields: &[(&str, &str)]) -> Row {
        let mut fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        fields.sort();
        Row {
            time: Millis(1_510_047_000_000),
            program: ProgramId(program),
            fields,
        }
    }

    const FIELDS: [(&str, &str); 5] = [
        ("CampaignId", "1000"),
        ("CustomClickId", "c&1"),
        ("EventDate", "2017-11-07T09:30Z"),
        ("EventTypeCode", "SALE"),
        ("OrderId", "o=1"),
    ];

    fn take(row: &Row) -> Result<Submission, Refused> {
        let (place, now) = ((JobId(5), 9), Millis(1_795_000_000_000));
        read(&fixture::catalog(), &|_| None, row, place, now)
    }

    #[test]
    fn a_row_is_a_submission_that_names_its_row_and_an_imported_click() {
        let submission = take(&row(1000, &FIELDS)).unwrap();
        assert_eq!(&*submission.order_id, "o=1");
        let (job, number) = (JobId(5), 9);
        assert_eq!(submission.origin, Origin::Import { job, row: number });
        let click = Fingerprint::of_external_click(ProgramId(1000), "c&1");
        assert_eq!(submission.references, [Reference::External(click)]);
    }

    #[test]
    fn a_row_is_refused_with_all_that_is_wrong() {
        let named = |refused: Refused| {
            let fields = refused.errors.into_iter().map(|error| error.field);
            (refused.program, fields.collect::<Vec<_>>())
        };
        let unknown = take(&row(9, &[("CampaignId", "9")])).unwrap_err();
        let (program, fields) = named(unknown);
        assert_eq!(program, None);
        assert!(
            fields.iter().any(|field| field == "CampaignId"),
            "{fields:?}"
        );
        assert!(
            fields.iter().any(|field| field == "EventDate"),
            "{fields:?}"
        );
        let mut wrong = FIELDS;
        wrong[3].1 = "NONE";
        wrong[4].1 = "";
        let (program, fields) = named(take(&row(1000, &wrong)).unwrap_err());
        assert_eq!(program, Some(ProgramId(1000)));
        assert_eq!(fields.len(), 2, "{fields:?}");
    }
}
