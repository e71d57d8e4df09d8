//! The rules of a whole document: each bad document with the problem it must be told.

use crate::catalog::snapshot::{Catalog, HostRule, Payout, Terms};
use crate::catalog::{Problem, parse_toml};
use crate::model::id::{AdId, CatalogVersion, EventTypeId, PartnerId, ProgramId};
use crate::model::money::{Money, Rate};
use crate::model::time::{DAY, MINUTE, Millis};

const BASE: &str = r#"
[[brand]]
sid = "IRacme"
name = "Acme"
[[program]]
id = 7
brand = "IRacme"
name = "Acme shop"
time_zone = "Europe/Berlin"
currency = "EUR"
landing_page = "https://www.acme.example"
deep_linking = true
deep_link_domains = ["acme.example", "*.Acme.example"]
partner_template = "p={irpid}"
[[event_type]]
program = 7
id = 70
code = "SALE"
name = "Sale"
category = "SALE"
[[event_type]]
program = 7
id = 71
name = "Sign-up"
category = "LEAD"
[[ad]]
program = 7
id = 12
name = "Spring"
type = "BANNER"
landing_page = "https://www.acme.example/spring"
[[partner]]
id = 280
name = "Blog"
properties = [{ id = 1, name = "blog.example" }]
[[contract]]
program = 7
partner = 280
start = 2026-01-01
end = 2026-06-30
payouts = [{ event_type = 70, rate = "12.5%" }, { event_type = 71, amount = "5.00" }]
"#;

fn build(text: &str) -> Result<Catalog, Vec<Problem>> {
    Catalog::build(&parse_toml(text)?, CatalogVersion(3))
}

/// The base document with `from` replaced by `to` has exactly the problems that begin and read
/// like the `expected`: pairs of a place and a piece of the problem.
fn check(from: &str, to: &str, expected: &[(&str, &str)]) {
    assert!(BASE.contains(from), "{from}");
    let text = BASE.replacen(from, to, 1);
    let problems = build(&text).err().unwrap_or_default();
    let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), expected.len(), "{to}: {shown:#?}");
    for (problem, (place, piece)) in problems.iter().zip(expected) {
        assert!(
            problem.place.contains(place),
            "{to}: {problem}, not {place}"
        );
        assert!(
            problem.problem.contains(piece),
            "{to}: {problem}, not {piece}"
        );
        assert!(
            !problem.allowed.is_empty(),
            "{to}: {problem} does not say what is allowed"
        );
    }
}

/// The base document with `more` after it.
fn check_more(more: &str, expected: &[(&str, &str)]) {
    let last = "payouts = [{ event_type = 70, rate = \"12.5%\" }, { event_type = 71, amount = \
                \"5.00\" }]\n";
    check(last, &format!("{last}{more}"), expected);
}

#[test]
fn a_good_document_is_compiled() {
    let catalog = build(BASE).unwrap();
    assert_eq!(catalog.version, CatalogVersion(3));
    assert_eq!(catalog.brand("IRacme").unwrap().programs, [ProgramId(7)]);
    let program = catalog.program(ProgramId(7)).unwrap();
    assert!(program.active && program.unique_rolling && program.pay_expired_ads);
    assert_eq!(&*program.click_id_parameter, "im_ref");
    assert_eq!(&*program.landing.url, "https://www.acme.example/");
    assert_eq!(
        (program.unique_window, program.late_limit),
        (30 * MINUTE, 88 * DAY)
    );
    assert_eq!(
        program.deep_links.hosts,
        [
            HostRule::Exact("acme.example".into()),
            HostRule::Below("acme.example".into())
        ]
    );
    assert_eq!(
        program.event_types[&EventTypeId(70)].code.as_deref(),
        Some("SALE")
    );
    assert_eq!(
        &*program.ads[&AdId(12)].landing.url,
        "https://www.acme.example/spring"
    );
    let at = |text: &str| Millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
    let terms = |when| catalog.terms(ProgramId(7), PartnerId(280), at(when));
    assert!(matches!(
        terms("2025-12-31T22:59:59.999Z"),
        Terms::NotJoined
    ));
    let Terms::InForce(contract) = terms("2026-06-30T21:59:59.999Z") else {
        panic!("the end date is part of the contract");
    };
    assert_eq!(contract.referral_window, 30 * DAY);
    assert_eq!(
        *contract.payouts.get(&EventTypeId(70)).unwrap(),
        Payout::Rate(Rate(125_000))
    );
    assert_eq!(
        *contract.payouts.get(&EventTypeId(71)).unwrap(),
        Payout::Flat(Money(5_000_000))
    );
    assert!(matches!(terms("2026-06-30T22:00:00Z"), Terms::Ended));
}

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

#[test]
fn duplicates_are_told_with_both_lines() {
    check_more(
        "[[brand]]\nsid = \"IRacme\"\nname = \"x\"\n",
        &[("line 42, brand IRacme: sid", "line 2")],
    );
    check_more(
        "[[partner]]\nid = 280\nname = \"x\"\n",
        &[("line 42, partner 280: id", "line 32")],
    );
    check_more(
        "[[ad]]\nprogram = 7\nid = 12\nname = \"x\"\ntype = \"TEXT_LINK\"\n",
        &[("line 42, ad 12 of program 7: id", "line 26")],
    );
    check_more(
        "[[event_type]]\nprogram = 7\nid = 71\ncode = \"SALE\"\nname = \"x\"\n\
         category = \"SALE\"\n",
        &[
            ("line 42, event_type 71 of program 7: id", "line 21"),
            ("line 42, event_type 71 of program 7: code", "line 15"),
        ],
    );
    check(
        "properties = [{ id = 1, name = \"blog.example\" }]",
        "properties = [{ id = 1, name = \"a\" }, { id = 1, name = \"b\" }]",
        &[("partner 280: property 1", "already used")],
    );
    let program = "[[program]]\nid = 7\nbrand = \"IRacme\"\nname = \"x\"\ntime_zone = \"UTC\"\n\
                   currency = \"USD\"\nlanding_page = \"https://x.example/\"\n";
    check_more(program, &[("line 42, program 7: id", "line 5")]);
}

#[test]
fn references_that_point_nowhere_are_told() {
    check(
        "brand = \"IRacme\"",
        "brand = \"IRother\"",
        &[("program 7: brand", "no brand `IRother`")],
    );
    check(
        "[[ad]]\nprogram = 7",
        "[[ad]]\nprogram = 8",
        &[("line 26, ad 12 of program 8: program", "no program 8")],
    );
    check(
        "[[contract]]\nprogram = 7\npartner = 280",
        "[[contract]]\nprogram = 8\npartner = 281",
        &[
            (": program", "no program 8"),
            (": partner", "no partner 281"),
        ],
    );
    check(
        "{ event_type = 71,",
        "{ event_type = 72,",
        &[("payout for event_type 72", "no such event type")],
    );
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
fn numbers_start_at_one() {
    check(
        "id = 280",
        "id = 0",
        &[
            ("partner 0: id", "unknown partners"),
            (": partner", "no partner 280"),
        ],
    );
    check("id = 12", "id = 0", &[("ad 0 of program 7: id", "is 0")]);
    check("{ id = 1,", "{ id = 0,", &[("partner 280: id", "is 0")]);
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

#[test]
fn contracts_are_checked_field_by_field() {
    let place = "line 36, contract of partner 280 with program 7 from 2026-01-01";
    for (from, to, field, piece) in [
        (
            "end = 2026-06-30",
            "end = 2025-12-31",
            "end",
            "not after the start",
        ),
        (
            "end = 2026-06-30",
            "referral_window = \"30\"",
            "referral_window",
            "no unit",
        ),
        (
            "end = 2026-06-30",
            "referral_window = \"0d\"",
            "referral_window",
            "zero",
        ),
        (
            "\"12.5%\"",
            "\"100.5%\"",
            "payout for event_type 70",
            "more than 100%",
        ),
        (
            "\"12.5%\"",
            "\"-1%\"",
            "payout for event_type 70",
            "no percentage",
        ),
        (
            "\"12.5%\"",
            "\"NaN%\"",
            "payout for event_type 70",
            "no percentage",
        ),
        (
            "\"12.5%\"",
            "\"1.00001%\"",
            "payout for event_type 70",
            "more than 4 decimals",
        ),
        (
            "\"5.00\"",
            "\"-5.00\"",
            "payout for event_type 71",
            "no decimal",
        ),
        (
            "\"5.00\"",
            "\"5.001\"",
            "payout for event_type 71",
            "more decimals",
        ),
        (
            "event_type = 71",
            "event_type = 70",
            "payout for event_type 70",
            "already used",
        ),
    ] {
        check(from, to, &[(&format!("{place}: {field}"), piece)]);
    }
}

#[test]
fn periods_of_one_partner_and_program_do_not_overlap() {
    let more = |start: &str| {
        format!("[[contract]]\nprogram = 7\npartner = 280\nstart = {start}\npayouts = []\n")
    };
    check_more(&more("2026-07-01"), &[]);
    check_more(
        &more("2026-06-30"),
        &[(
            "line 42, contract of partner 280",
            "overlaps that of the contract on line 36",
        )],
    );
    check_more(&more("2026-06-30T22:00:00Z"), &[]);
    check_more(&more("2026-06-30T21:59:59Z"), &[("line 42", "overlaps")]);
    check_more(
        &more("2025-12-31"),
        &[("line 36", "overlaps that of the contract on line 42")],
    );
}

#[test]
fn every_problem_is_told_at_once() {
    let text = BASE
        .replace("\"EUR\"", "\"EURO\"")
        .replace("\"p={irpid}\"", "\"p={nobody}\"")
        .replace("\"*.Acme.example\"", "\"*\", \"com\"")
        .replace("\"BANNER\"", "\"POSTER\"")
        .replace("\"12.5%\"", "\"112.5%\"");
    let problems = build(&text).unwrap_err();
    assert_eq!(problems.len(), 6, "{problems:#?}");
}

#[test]
fn a_retired_id_never_comes_back() {
    check_more(
        "[retired]\nprograms = [7]\npartners = [280, 5]\nads = [{ program = 7, id = 12 }]\n\
         event_types = [{ program = 7, id = 71 }, { program = 9, id = 70 }]\n",
        &[
            ("line 5, program 7: id", "retired"),
            ("line 21, event_type 71 of program 7: id", "retired"),
            ("line 26, ad 12 of program 7: id", "retired"),
            ("line 32, partner 280: id", "retired"),
        ],
    );
}
