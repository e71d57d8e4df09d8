//! What concerns the document as a whole.

use super::base::{BASE, build, check, check_more};
use crate::catalog::snapshot::{Found, HostRule, Payout, Price};
use crate::model::id::{AdId, CatalogVersion, EventTypeId, PartnerId, ProgramId};
use crate::model::money::{Money, Rate};
use crate::model::time::{DAY, MINUTE, Millis};

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
    let terms = |when| catalog.contract(ProgramId(7), PartnerId(280), at(when));
    assert!(matches!(
        terms("2025-12-31T22:59:59.999Z"),
        Found::NotJoined
    ));
    let Found::InForce(contract) = terms("2026-06-30T21:59:59.999Z") else {
        panic!("the end date is part of the contract");
    };
    assert_eq!(contract.referral_window, 30 * DAY);
    assert_eq!(
        *contract.terms.payouts.get(&EventTypeId(70)).unwrap(),
        Payout::from(Price::Rate(Rate(125_000)))
    );
    assert_eq!(
        *contract.terms.payouts.get(&EventTypeId(71)).unwrap(),
        Payout::from(Price::Flat(Money(5_000_000)))
    );
    assert!(matches!(terms("2026-06-30T22:00:00Z"), Found::Ended));
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
fn an_account_is_of_one_brand_or_one_partner() {
    let partner =
        |id, account| format!("[[partner]]\nid = {id}\nname = \"x\"\naccount = \"{account}\"\n");
    check_more(
        &partner(281, "IRacme"),
        &[("line 42, partner 281: account", "line 2")],
    );
    let twice = partner(281, "IRblog") + &partner(282, "IRblog");
    check_more(
        &twice,
        &[("line 46, partner 282: account", "already used on line 42")],
    );
    check_more(
        &partner(281, "IR blog"),
        &[("partner 281: account", "is no account SID")],
    );
    let good = format!("{BASE}{}", partner(281, "IRblog"));
    let catalog = build(&good).unwrap();
    assert_eq!(catalog.partner_of("IRblog").unwrap().id, PartnerId(281));
    assert!(catalog.partner_of("IRacme").is_none() && catalog.partner_of("").is_none());
    assert!(catalog.brand("IRblog").is_none());
    assert_eq!(catalog.programs_of(PartnerId(280)), [ProgramId(7)]);
    assert!(catalog.programs_of(PartnerId(281)).is_empty());
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
