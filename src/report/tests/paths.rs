//! Top Paths: rows by path, as they are and without repeats.

use crate::conversion::fixture;
use crate::derived::TakeCell;
use crate::derived::{Cell, DerivedError, Watermark};
use crate::model::id::{PartnerId, ProgramId};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::Day;
use crate::report::*;

use super::asked::both;

/// Actions of program 1000 by credited partner and path, and the seconds they took.
struct Paths(&'static [(u32, Option<&'static str>, i128, i128)]);

const ALL: Paths = Paths(&[
    (7, Some("7\t7\t8"), 2, 100),
    (7, Some("7\t8"), 1, 20),
    (8, Some("7\t8"), 1, 40),
    (8, Some(":Paid \\\\ Search\t9\t9\t:Direct"), 1, 0),
    (8, None, 5, 50),
    (8, Some("8"), 0, 0),
]);

impl Source for Paths {
    fn read(
        &self,
        _: &Wanted<'_>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        for (partner, path, actions, seconds) in self.0 {
            let mut tally = Tally::default();
            tally.add(Stored::Actions, *actions);
            tally.add(Stored::SecondsToConvert, *seconds);
            take(&Cell {
                program: ProgramId(1000),
                day: Day(1),
                partner: PartnerId(*partner),
                facet: path.map_or(Facet::Other, |path| Facet::Text(path.into())),
                tally,
                ..Cell::default()
            });
        }
        Ok(None)
    }
}

/// The answer for program 1000 and what `more` asks for.
fn ask(handle: &str, more: &str) -> Result<serde_json::Value, ReportError> {
    let (json, _) = both(&fixture::catalog(), &ALL, handle, more)?;
    Ok(json)
}

const TOP: &str = "att_adv_top_paths_pm_only";

/// Path, ids, length, actions and time of each row.
fn rows(more: &str) -> Vec<String> {
    let answer = ask(TOP, more).unwrap();
    let columns = ["PathIds", "PathLength", "Actions", "TimeToConvert"];
    let of = |record: &serde_json::Value| {
        let texts = columns.map(|column| record[column].to_string().replace('"', ""));
        texts.join("|")
    };
    answer["Records"]
        .as_array()
        .unwrap()
        .iter()
        .map(of)
        .collect()
}

#[test]
fn each_path_is_a_row_whoever_is_credited() {
    assert_eq!(
        rows("&SortBy=-PathLength"),
        [
            r":Paid \\ Search → 9 → 9 → :Direct|4|1|0.000000",
            "7 → 7 → 8|3|2|50.000000",
            "7 → 8|2|2|30.000000",
            "(other)||5|10.000000",
        ]
    );
    let answer = ask(TOP, "&SortBy=PathIds").unwrap();
    let names: Vec<&str> = answer["Records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["Path"].as_str().unwrap())
        .collect();
    assert_eq!(names[0], "(other)");
    assert_eq!(names[1], r#"Blog "Seven" → Blog "Seven" → Coupons"#);
    assert_eq!(names[3], r"Paid \ Search → Partner 9 → Partner 9 → Direct");
}

#[test]
fn steps_that_repeat_are_left_out_on_demand_and_in_links() {
    let collapsed = [
        r":Paid \\ Search → 9 → :Direct|3|1|0.000000",
        "7 → 8|2|4|40.000000",
        "(other)||5|10.000000",
    ];
    assert_eq!(rows("&SortBy=-PathLength&CollapseRepeats=true"), collapsed);
    assert_eq!(rows("&CollapseRepeats=FALSE"), rows(""));
    let link = |more| {
        let answer = ask(TOP, more).unwrap();
        answer["@nextpageuri"].as_str().unwrap().to_owned()
    };
    assert!(link("&PageSize=1&COLLAPSE_REPEATS=TRUE").contains("&CollapseRepeats=TRUE&"));
    assert!(!link("&PageSize=1").contains("CollapseRepeats"));
    assert!(link("&PageSize=1&CollapseRepeats=false").contains("&CollapseRepeats=FALSE&"));
}

#[test]
fn what_is_no_answer_to_whether_repeats_stay_is_told() {
    let told = |handle, more| match ask(handle, more) {
        Err(ReportError::Invalid(errors)) => errors[0].to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        told(TOP, "&CollapseRepeats=1"),
        "CollapseRepeats: is `1`; TRUE or FALSE is allowed"
    );
    assert_eq!(
        told("att_adv_contribution_pm_only", "&CollapseRepeats=TRUE"),
        "CollapseRepeats: does not apply to this report; ask Top Paths"
    );
}
