//! Arrivals as brands send them.

use proptest::prelude::*;

use super::*;
use crate::catalog::Catalog;
use crate::conversion::{ContentType, fixture};
use crate::model::click_id::ClickId;
use crate::model::id::{AdId, EventNumber, PartnerId, ProgramId};
use crate::model::submission::{Claim, EventTime, Person};
use crate::model::time::Millis;

const PROGRAM: ProgramId = ProgramId(1000);
const NOW: Millis = Millis(1_790_000_000_000);

fn catalog() -> Catalog {
    let mut document = fixture::document();
    document.programs[0].page_load = true;
    document.programs[0].site_hosts = vec!["shop.example".to_owned()];
    let version = crate::model::id::CatalogVersion(1);
    Catalog::build(&document, version).unwrap()
}

fn click(program: u32) -> ClickId {
    ClickId {
        number: EventNumber(1 << 40),
        partner: PartnerId(7),
        ad: AdId(1),
        program: ProgramId(program),
        unrecorded: false,
        key_number: 0,
    }
}

/// Reads a form; `mine` and `theirs` are click ids whose tags hold.
fn load(form: &str) -> Result<Arrived, Refused> {
    load_as(form, None, false)
}

fn load_as(form: &str, path: Option<u32>, is_private: bool) -> Result<Arrived, Refused> {
    read(&Loaded {
        content_type: ContentType::Form,
        body: form.as_bytes(),
        program: path.map(ProgramId),
        is_private,
        catalog: &catalog(),
        now: NOW,
        verify: &|text| match text {
            "mine" => Some(click(1000)),
            "theirs" => Some(click(1001)),
            _ => None,
        },
    })
}

fn errors(form: &str) -> Vec<String> {
    match load(form) {
        Err(Refused::Invalid { errors, .. }) => errors.iter().map(ToString::to_string).collect(),
        other => panic!("{form}: {other:?}"),
    }
}

const BASE: &str = "CampaignId=1000&EventDate=NOW&CustomProfileId=p";

#[test]
fn the_published_fields_are_read() {
    let arrived = load(&format!(
        "{BASE}&CustomerId=c&GoogAId=G&UserAgent=ua&IpAddress=192.0.2.7&CustomerEmail=a%40b\
         &ReferringUrl=https://blog.example/x&PageUrl=https://shop.example/%3Futm_source%3Dnews\
         %26page%3D2%26impacttest%3D1"
    ))
    .unwrap();
    let visit = &arrived.visit;
    assert_eq!((visit.program, visit.event), (PROGRAM, EventTime::Now));
    assert_eq!(visit.claim, Claim::None);
    let person = |field, value| Person::named(PROGRAM, field, value).unwrap();
    let mut persons = vec![
        person("CustomerId", "c"),
        person("CustomProfileId", "p"),
        person("GoogAId", "g"),
    ];
    persons.sort();
    assert_eq!(visit.persons, persons);
    assert!(visit.is_test && !visit.is_app && arrived.consents);
    assert_eq!(&*visit.came.utm_source, "news");
    assert_eq!(&*visit.came.query_names, "utm_source,page,impacttest");
    assert_eq!(&*visit.came.referrer_host, "blog.example");
    assert_eq!(arrived.user_agent.as_deref(), Some("ua"));
    assert_eq!(arrived.address, "192.0.2.7".parse().ok());
    assert!(arrived.warnings.is_empty() && arrived.link.is_none());
}

#[test]
fn a_page_of_the_brands_own_leads_nobody() {
    let page = format!("{BASE}&PageUrl=https://shop.example/&ReferringUrl=");
    let came = |before: &str| load(&(page.clone() + before)).unwrap().visit.came;
    assert!(!came("https://shop.example/cart").is_led());
    assert!(!came("").is_led());
    assert!(came("https://other.example/").is_led());
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    for (form, starts) in [
        ("", &["CampaignId: is missing"][..]),
        ("CampaignId=x", &["CampaignId: is not a number"]),
        (
            "CampaignId=1000",
            &[
                "EventDate: is missing",
                "PageUrl: is missing",
                "CustomProfileId: is missing: send one of CustomProfileId, GoogAId",
            ],
        ),
        (
            "CampaignId=1000&EventDate=x&CustomerId=c&PageUrl=shop&ReferringUrl=/x&IpAddress=1\
             &TrackingConsent=maybe&PropertyId=a",
            &[
                "EventDate: is not a date",
                "PageUrl: is no address",
                "ReferringUrl: is no address",
                "TrackingConsent: is neither",
                "IpAddress: is no",
                "PropertyId: is not",
            ],
        ),
    ] {
        let said = errors(form);
        assert_eq!(said.len(), starts.len(), "{form}: {said:?}");
        for (said, start) in said.iter().zip(starts) {
            assert!(said.starts_with(start), "{said}");
        }
    }
}

#[test]
fn an_app_is_opened_without_a_page() {
    let arrived = load("CampaignId=1000&EventDate=NOW&PropertyId=5&AppleIfa=a").unwrap();
    assert!(arrived.visit.is_app);
    let app = load(&format!("{BASE}&AppName=a&PageUrl=app://view?sharedid=x")).unwrap();
    assert!(app.link.is_none());
}

#[test]
fn only_programs_that_want_them_take_arrivals() {
    for program in ["1001", "9"] {
        let form = format!("CampaignId={program}&EventDate=NOW");
        assert!(
            matches!(load(&form), Err(Refused::NoProgram(_))),
            "{program}"
        );
    }
    let rest = "EventDate=NOW&CustomerId=c&PageUrl=https://shop.example/";
    assert!(load_as(rest, Some(1000), false).is_ok());
    let twice = format!("{rest}&CampaignId=1000");
    assert!(load_as(&twice, Some(1000), false).is_ok());
    assert!(load_as(&twice, Some(1001), false).is_err());
}

#[test]
fn a_click_id_counts_only_if_it_is_the_programs() {
    let page = format!("{BASE}&PageUrl=https://shop.example/");
    for (more, claim, id, warned) in [
        ("", Claim::None, None, None),
        (
            "&ClickId=mine",
            Claim::Verified(click(1000)),
            Some("mine"),
            None,
        ),
        ("&ClickId=theirs", Claim::Forged, None, Some("ClickId")),
        ("&ClickId=forged", Claim::Forged, None, Some("ClickId")),
        (
            "%3Fim_ref%3Dmine",
            Claim::Verified(click(1000)),
            Some("mine"),
            None,
        ),
        ("%3Fim_ref%3Dx", Claim::Forged, None, Some("PageUrl")),
        (
            "%3Fim_ref%3Dx&ClickId=mine",
            Claim::Verified(click(1000)),
            Some("mine"),
            None,
        ),
    ] {
        let arrived = load(&(page.clone() + more)).unwrap();
        assert_eq!(arrived.visit.claim, claim, "{more}");
        assert_eq!(arrived.click_id.as_deref(), id);
        let field = arrived.warnings.first().map(|warning| &*warning.field);
        assert_eq!(field, warned);
    }
}

#[test]
fn a_page_that_is_a_link_of_the_program_is_one() {
    let link = |page: &str| load(&format!("{BASE}&PageUrl={page}")).unwrap().link;
    let expected = ("/c/7/0/1000".to_owned(), Some("subId1=a".to_owned()));
    assert_eq!(
        link("https://go.example/c/7/0/1000%3FsubId1%3Da"),
        Some(expected)
    );
    for other in [
        "https://go.example/c/7/0/1001",
        "https://shop.example/c/7/0/1000",
        "https://go.example/d/7/0/1000",
        "app://go.example/c/7/0/1000",
    ] {
        assert_eq!(link(other), None, "{other}");
    }
}

#[test]
fn whoever_does_not_want_to_be_followed_is_not() {
    let form = format!("{BASE}&PageUrl=https://shop.example/");
    assert!(load(&form).unwrap().consents);
    assert!(!load_as(&form, None, true).unwrap().consents);
    for (said, expected) in [("true", true), ("FALSE", false), ("false", false)] {
        let form = format!("{form}&TrackingConsent={said}");
        assert_eq!(load(&form).unwrap().consents, expected, "{said}");
    }
}

#[test]
fn names_and_texts_of_a_page_are_bounded() {
    let long = "ü".repeat(40);
    let names: Vec<_> = (0..30).map(|n| format!("%26name{n}%3D")).collect();
    let names = names.concat();
    let page = format!("https://shop.example/%3Futm_source%3D{long}{names}");
    let came = load(&format!("{BASE}&PageUrl={page}")).unwrap().visit.came;
    assert_eq!(&*came.utm_source, "ü".repeat(32));
    assert!(came.query_names.len() <= 64);
    assert!(came.query_names.starts_with("utm_source,name0,name1,"));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body: Vec<u8>, page in ".{0,60}", form: bool) {
        let content_type = if form { ContentType::Form } else { ContentType::Json };
        let loaded = |body| read(&Loaded {
            content_type,
            body,
            program: Some(PROGRAM),
            is_private: false,
            catalog: &catalog(),
            now: NOW,
            verify: &|_| None,
        })
        .is_ok();
        loaded(&body);
        let encoded: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
        let form = format!("EventDate=NOW&CustomerId=c&PageUrl={encoded}");
        loaded(form.as_bytes());
    }
}
