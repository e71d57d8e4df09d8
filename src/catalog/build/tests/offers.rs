//! Brands, programs, event types, ads and partners.

use super::base::{BASE, build, check};
use crate::model::id::{AdId, ProgramId};

#[test]
fn a_brand_lists_its_programs_in_order() {
    let program = BASE.split("[[").find(|part| part.starts_with("program]]"));
    let more = program.unwrap().replace("id = 7", "id = 3");
    let catalog = build(&format!("{BASE}[[{more}")).unwrap();
    let programs = &catalog.brand("IRacme").unwrap().programs;
    assert_eq!(*programs, [ProgramId(3), ProgramId(7)]);
}

#[test]
fn an_ad_without_a_page_has_that_of_its_program() {
    let page = "landing_page = \"https://www.acme.example/spring\"\n";
    let catalog = build(&BASE.replace(page, "")).unwrap();
    let program = catalog.program(ProgramId(7)).unwrap();
    assert_eq!(program.ads[&AdId(12)].landing, program.landing);
}

/// What is replaced in the base document, by what, the field named and a piece of the problem.
type Case = (&'static str, &'static str, &'static str, &'static str);

const PROGRAM_CASES: &[Case] = &[
    (
        "id = 7\n",
        "id = 7\nstate = \"PAUSED\"\n",
        "state",
        "not in the list",
    ),
    ("\"Europe/Berlin\"", "\"Berlin\"", "time_zone", "`Berlin`"),
    (
        "\"Europe/Berlin\"",
        "\"europe/berlin\"",
        "time_zone",
        "`europe/berlin`",
    ),
    ("\"EUR\"", "\"EURO\"", "currency", "`EURO`"),
    ("\"EUR\"", "\"XXX\"", "currency", "`XXX`"),
    (
        "\"p={irpid}\"",
        "\"p={click_id}\"",
        "partner_template",
        "no macro",
    ),
    (
        "partner_template",
        "program_template = \"{subid1}\" #",
        "program_template",
        "sub id",
    ),
    (
        "id = 7\n",
        "id = 7\nclick_id_parameter = \"a b\"\n",
        "click_id_parameter",
        "`a b`",
    ),
    (
        "id = 7\n",
        "id = 7\nunique_click_window = \"2m\"\n",
        "unique_click_window",
        "`2m`",
    ),
    (
        "id = 7\n",
        "id = 7\nunique_click_type = \"NEW\"\n",
        "unique_click_type",
        "`NEW`",
    ),
    (
        "id = 7\n",
        "id = 7\nlate_limit = \"88\"\n",
        "late_limit",
        "no unit",
    ),
    ("\"Acme shop\"", "\"\"", "name", "no name"),
];

#[test]
fn programs_are_checked_field_by_field() {
    for (from, to, field, piece) in PROGRAM_CASES {
        check(from, to, &[(&format!("line 5, program 7: {field}"), piece)]);
    }
}

#[test]
fn landing_pages_and_deep_link_domains_are_checked() {
    for (page, piece) in [
        ("ftp://x.example", "scheme"),
        ("https://a@x.example", "user name"),
        ("https://192.0.2.7/", "IP address"),
    ] {
        let expected = [("line 5, program 7: landing_page", piece)];
        check(
            "\"https://www.acme.example\"",
            &format!("{page:?}"),
            &expected,
        );
    }
    for (entry, piece) in [
        ("*", "`*`"),
        ("*.com", "single label"),
        ("co.uk", "anyone can register"),
        ("http://x/", "no domain name"),
        (" brand.example ", "no domain name"),
        ("", "is empty"),
        ("müller.example", "ASCII"),
    ] {
        let expected = [("line 5, program 7: deep_link_domains", piece)];
        check("\"*.Acme.example\"", &format!("{entry:?}"), &expected);
    }
}

#[test]
fn ads_and_partners_are_checked_field_by_field() {
    let ad = "line 26, ad 12 of program 7";
    let with = |more: &str| format!("type = \"BANNER\"\n{more}");
    for (more, field, piece) in [
        ("start = \"soon\"", "start", "neither a date"),
        ("start = 2026-02-30T00:00:00", "", ""),
        ("end = \"2026-01-01T00:00:00\"", "end", "neither a date"),
        (
            "start = 2026-02-02\nend = 2026-02-01",
            "end",
            "not after the start",
        ),
        (
            "expired_landing_page = \"https://x.example\"",
            "expired_landing_page",
            "no end",
        ),
        (
            "end = 2026-02-02\nexpired_landing_page = \"x\"",
            "expired_landing_page",
            "no URL",
        ),
    ] {
        if field.is_empty() {
            assert!(build(&BASE.replace("type = \"BANNER\"\n", &with(more))).is_err());
            continue;
        }
        check(
            "type = \"BANNER\"",
            &with(more),
            &[(&format!("{ad}: {field}"), piece)],
        );
    }
    check(
        "type = \"BANNER\"",
        "type = \"banner\"",
        &[(&format!("{ad}: type"), "`banner`")],
    );
    check(
        "id = 280",
        "id = 280\nstate = \"active\"",
        &[("partner 280: state", "`active`")],
    );
    check(
        "id = 280",
        "id = 280\ngroup = \"\"",
        &[("partner 280: group", "no name")],
    );
    check(
        "category = \"LEAD\"",
        "category = \"VIEW\"",
        &[("event_type 71 of program 7: category", "`VIEW`")],
    );
    check(
        "sid = \"IRacme\"",
        "sid = \"IR acme\"",
        &[("brand", "account SID"), (": brand", "no brand")],
    );
}
