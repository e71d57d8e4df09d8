//! The tables for readers: metadata of one report as JSON, all of them as Markdown.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::audience::Viewer;
use super::click::FieldKind;
use super::cpc::CpcError;
use super::dimension::AttributeKind;
use super::filter::{FILTERS, Filter, FilterKind};
use super::measure::{self, Unit};
use super::report::{Column, REPORTS, Report};
use super::show::{self, Show};

/// One entry of the list of reports; `base` is the path of the list itself.
#[must_use]
pub fn entry(report: &Report, base: &str, is_pinned: bool) -> Value {
    let uri = format!("{base}/{}", report.handle);
    json!({
        "Id": report.handle,
        "Name": report.name,
        "Category": report.category,
        "Description": report.help,
        "ApiAccessible": true,
        "Pinned": is_pinned,
        "ApiRunUri": uri,
        "MetaDataUri": format!("{uri}/MetaData"),
    })
}

/// What `viewer` can ask of a report and what it answers.
#[must_use]
pub fn metadata(report: &Report, viewer: Viewer) -> Value {
    let filters: Vec<Value> = Filter::of(report, viewer)
        .map(|filter| {
            json!({
                "Name": filter.name,
                "DataType": filter.data_type,
                "Format": filter.format,
                "Description": filter.help,
            })
        })
        .collect();
    let attributes: Vec<Value> = report
        .columns()
        .map(|column| {
            json!({
                "Name": column.name(),
                "DataType": data_type(column),
                "Description": description(column),
            })
        })
        .chain(shown(report, viewer))
        .chain(compared(report, viewer))
        .collect();
    json!({
        "Id": report.handle,
        "Name": report.name,
        "Filters": filters,
        "Attributes": attributes,
    })
}

/// The columns that a report has on request, each with the parameter that asks for it.
fn shown(report: &Report, viewer: Viewer) -> impl Iterator<Item = Value> {
    Filter::of(report, viewer).flat_map(|filter| {
        let FilterKind::Show(show) = filter.kind else {
            return Vec::new();
        };
        let asked = |help: &str| format!("{help} Only with {}=1.", filter.name);
        if show == Show::EventTypes {
            let [actions, cost] = show::of_event_type("{name}");
            let of_each = "of each event type of the programs.";
            return vec![
                json!({
                    "Name": actions,
                    "DataType": "INTEGER",
                    "Description": asked(&format!("Actions that are not reversed, {of_each}")),
                }),
                json!({
                    "Name": cost,
                    "DataType": "MONEY",
                    "Description": asked(&format!("Payout of the actions, {of_each}")),
                }),
            ];
        }
        let attributes = show.attributes().iter().map(|attribute| {
            json!({
                "Name": attribute.name,
                "DataType": "TEXT",
                "Description": asked(attribute.help),
            })
        });
        attributes.collect()
    })
}

/// The columns that a report has for each figure when earlier days are asked for.
fn compared(report: &Report, viewer: Viewer) -> impl Iterator<Item = Value> {
    let mut filters = Filter::of(report, viewer);
    let filter = filters.find(|filter| filter.kind == FilterKind::Compare);
    filter.into_iter().flat_map(|filter| {
        report.measures().iter().flat_map(|measure| {
            let [before, change] = show::compared(measure.name);
            let asked = format!("Only with {}.", filter.name);
            [
                json!({
                    "Name": before,
                    "DataType": data_type(Column::Measure(measure)),
                    "Description": format!("{} of the earlier days. {asked}", measure.name),
                }),
                json!({
                    "Name": change,
                    "DataType": "DECIMAL",
                    "Description": format!(
                        "What {} has changed by, as a part of {before}; null when that is 0 or a \
                         moment. {asked}",
                        measure.name
                    ),
                }),
            ]
        })
    })
}

/// The block of the README that lists reports, figures and parameters.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::new();
    row(
        &mut out,
        &["Report", "Handle", "For", "One row for each", "Columns"],
    );
    row(&mut out, &["---"; 5]);
    for report in REPORTS {
        let columns: Vec<String> = report
            .columns()
            .map(|column| format!("`{}`", column.name()))
            .collect();
        let one = report.words();
        let handle = format!("`{}`", report.handle);
        let whom = report.audience.words();
        let columns = columns.join(", ");
        row(&mut out, &[report.name, &handle, whom, &one, &columns]);
    }
    out.push('\n');
    row(&mut out, &["Figure", "Written as", "Formula", "Meaning"]);
    row(&mut out, &["---"; 4]);
    for measure in measure::all() {
        let name = format!("`{}`", measure.name);
        let written = written(measure.unit());
        row(
            &mut out,
            &[&name, written, &measure.formula(), measure.help],
        );
    }
    out.push('\n');
    row(&mut out, &["CPC error", "Meaning"]);
    row(&mut out, &["---"; 2]);
    for (_, _, code, meaning) in CpcError::ALL {
        row(&mut out, &[&format!("`{code}`"), meaning]);
    }
    out.push('\n');
    row(&mut out, &["Parameter", "Allowed", "Meaning"]);
    row(&mut out, &["---"; 3]);
    for filter in FILTERS {
        let names: Vec<String> = std::iter::once(&filter.name)
            .chain(filter.aliases)
            .map(|name| format!("`{name}`"))
            .collect();
        let names = names.join(", ");
        row(&mut out, &[&names, filter.format, filter.help]);
    }
    out
}

fn row(out: &mut String, cells: &[&str]) {
    // Writing to a String can't fail.
    let written = writeln!(out, "| {} |", cells.join(" | "));
    debug_assert!(written.is_ok());
}

fn data_type(column: Column) -> &'static str {
    match column {
        Column::Attribute(attribute) => match attribute.kind {
            AttributeKind::Day => "DATE",
            _ => "TEXT",
        },
        Column::Measure(measure) => match measure.unit() {
            Unit::Count => "INTEGER",
            Unit::Money => "MONEY",
            Unit::Instant => "DATETIME",
            Unit::Quotient => "DECIMAL",
        },
        Column::Field(field) => match field.kind {
            FieldKind::Date => "DATETIME",
            FieldKind::Cost => "MONEY",
            FieldKind::Error => "ENUM",
            _ => "TEXT",
        },
    }
}

fn description(column: Column) -> String {
    match column {
        Column::Attribute(attribute) => attribute.help.to_owned(),
        Column::Measure(measure) => match measure.unit() {
            Unit::Quotient => format!(
                "{} {}; null when it divides by 0.",
                measure.help,
                measure.formula()
            ),
            Unit::Count | Unit::Money | Unit::Instant => measure.help.to_owned(),
        },
        Column::Field(field) if field.kind == FieldKind::Error => {
            let codes = CpcError::ALL.iter();
            let codes = codes.map(|(_, _, code, meaning)| format!(" {code}: {meaning}."));
            format!("{}{}", field.help, codes.collect::<String>())
        }
        Column::Field(field) => field.help.to_owned(),
    }
}

fn written(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "JSON number",
        Unit::Money => "decimal string with at least the currency's decimals",
        Unit::Instant => "UTC time such as `2026-01-31T12:00:00.000Z`, or null",
        Unit::Quotient => "decimal string with six decimals, or null",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::report::Source;

    #[test]
    fn metadata_lists_every_column_and_parameter() {
        let viewers = [Viewer::Brand, Viewer::Partner];
        for (report, viewer) in REPORTS
            .iter()
            .flat_map(|r| viewers.map(|viewer| (r, viewer)))
        {
            let value = metadata(report, viewer);
            let names = |list: &str| -> Vec<String> {
                let list = value[list].as_array().unwrap().iter();
                list.map(|v| v["Name"].as_str().unwrap().to_owned())
                    .collect()
            };
            let columns: Vec<&str> = report.columns().map(|c| c.name()).collect();
            let shown = shown(report, viewer).map(|v| v["Name"].as_str().unwrap().to_owned());
            let columns = columns.into_iter().map(str::to_owned).chain(shown);
            let figures = report.measures().iter();
            let is_compared = Filter::of(report, viewer).any(|f| f.kind == FilterKind::Compare);
            let compared = figures.filter(|_| is_compared).flat_map(|figure| {
                ["Previous", "Change"].map(|end| format!("{}{end}", figure.name))
            });
            let columns = columns.chain(compared);
            assert_eq!(names("Attributes"), columns.collect::<Vec<_>>());
            let filters: Vec<&str> = Filter::of(report, viewer)
                .map(|filter| filter.name)
                .collect();
            assert_eq!(names("Filters"), filters);
            let is_listing = matches!(report.source, Source::Clicks(_));
            assert_eq!(filters.contains(&"ClickId"), is_listing);
            assert_eq!(filters.contains(&"SortBy"), !is_listing);
            assert!(!is_listing || filters.contains(&"AdId") && filters.contains(&"SharedId"));
        }
    }

    #[test]
    fn entries_point_to_their_report() {
        let entry = entry(&REPORTS[0], "/Advertisers/IRacme/Reports", false);
        assert_eq!(
            entry["MetaDataUri"],
            "/Advertisers/IRacme/Reports/att_adv_performance_by_media_pm_only/MetaData"
        );
    }

    #[test]
    fn the_markdown_names_every_row_of_the_tables() {
        let text = markdown();
        let names = REPORTS.iter().map(|r| r.handle);
        let names = names.chain(measure::all().map(|m| m.name));
        for name in names.chain(FILTERS.iter().map(|f| f.name)) {
            assert!(text.contains(&format!("| `{name}`")), "{name}");
        }
        assert!(text.contains(
            "| `EPC` | decimal string with six decimals, or null | ActionCost / Clicks |"
        ));
    }
}
