//! Where each kind of link leads, against a catalogue made by hand.

use std::sync::Arc;

use ahash::AHashMap;
use jiff::tz::TimeZone;

use super::*;
use crate::catalog::Catalog;
use crate::catalog::snapshot::{
    Ad, Channels, Contract, DeepLinks, ExceptionLists, HostRule, Landing, Macro, Partner, Program,
    PromoCodes, Risk, Segment, Site, Template,
};
use crate::link::{Pairs, parse};
use crate::model::id::{AdId, PartnerId, ProgramId};
use crate::model::time::Millis;

const NOW: Millis = Millis(1_000_000);

fn ad(id: u32, page: &str, end: Option<i64>, moved: Option<&str>, deep_links: bool) -> (AdId, Ad) {
    let ad = Ad {
        id: AdId(id),
        name: "Ad & more".into(),
        kind: "TEXT_LINK",
        landing: Landing::new(page),
        start: (id == 6).then_some(NOW.plus(1)),
        end: end.map(Millis),
        deep_links,
        expired_landing: moved.map(Landing::new).map(Box::new),
    };
    (AdId(id), ad)
}

fn program(id: u32, active: bool) -> Program {
    Program {
        id: ProgramId(id),
        brand: "B".into(),
        name: "Brand".into(),
        active,
        time_zone: TimeZone::UTC,
        time_zone_name: "UTC".into(),
        currency: "USD".parse().unwrap(),
        landing: Landing::new("https://b.example/home"),
        deep_links: DeepLinks {
            allowed: true,
            hosts: vec![HostRule::Below("b.example".into())],
        },
        click_id_parameter: "im_ref".into(),
        unique_window: 1,
        unique_rolling: true,
        partner_template: Template(vec![
            Segment::Literal("p=".into()),
            Segment::Macro(Macro::PartnerName),
            Segment::Literal("&v=".into()),
            Segment::Macro(Macro::PartnerValue(2)),
            Segment::Literal("&s=".into()),
            Segment::Macro(Macro::SubId(1)),
        ]),
        program_template: Template(vec![
            Segment::Literal("c=".into()),
            Segment::Macro(Macro::ProgramId),
        ]),
        pay_expired_ads: true,
        risk: Risk::default(),
        late_limit: 0,
        ads: AHashMap::from_iter([
            ad(1, "https://b.example/ad?x=1#f", None, None, true),
            ad(2, "https://b.example/old", Some(NOW.0), None, true),
            ad(
                3,
                "https://b.example/old",
                Some(NOW.0),
                Some("https://b.example/new"),
                true,
            ),
            ad(4, "https://b.example/fixed", None, None, false),
            ad(5, "https://b.example/live", Some(NOW.0 + 1), None, true),
            ad(6, "https://b.example/soon", None, None, true),
        ]),
        event_types: AHashMap::new(),
        blocked_networks: Box::default(),
        site: Site::default(),
        codes: PromoCodes::default(),
        channels: Channels::default(),
        lists: ExceptionLists::default(),
        look_back: 0,
        click_event_type: None,
    }
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    for (id, active) in [(7, true), (8, false)] {
        catalog.programs.insert(ProgramId(id), program(id, active));
    }
    for (id, active) in [(1, true), (2, false), (3, true), (4, true)] {
        let partner = Partner {
            id: PartnerId(id),
            name: "P&Q".into(),
            active,
            group: "".into(),
            media_type: "".into(),
            values: ["".into(), "gold&co".into(), "".into()],
            contact: "".into(),
            account: "".into(),
            properties: Box::default(),
            unique_urls: Box::default(),
        };
        catalog.partners.insert(PartnerId(id), partner);
    }
    let contract = |end: Option<i64>| Contract {
        start: Millis(0),
        end: end.map(Millis),
        referral_window: 1,
        terms: Arc::default(),
    };
    for program in [7, 8] {
        for (partner, end) in [(1, None), (2, None), (3, Some(NOW.0))] {
            catalog.contracts.insert(
                (ProgramId(program), PartnerId(partner)),
                vec![contract(end)].into(),
            );
        }
    }
    catalog
}

/// The page and the labels of what was noticed.
fn check(target: &str, page: &str, labels: &[&str]) {
    let catalog = catalog();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut pairs = Pairs::default();
    let link = parse(path, Some(query), &mut pairs).unwrap();
    let mut cache = DeepLinkCache::default();
    for round in ["cold", "warm"] {
        let decision = decide(&catalog, &link, NOW, b"go.b.example", &mut cache).unwrap();
        assert_eq!(&*decision.landing.url, page, "{target} {round}");
        assert_eq!(
            decision.flags.labels().collect::<Vec<_>>(),
            labels,
            "{target} {round}"
        );
    }
}

#[test]
fn each_link_leads_to_the_best_known_page() {
    let home = "https://b.example/home";
    check("/c/1/1/7", "https://b.example/ad?x=1#f", &[]);
    check("/c/1/9/7", home, &["unknown_ad"]);
    check("/c/9/1/7", home, &["unknown_partner"]);
    check("/c/2/1/7", home, &["inactive_partner"]);
    check("/c/3/1/7", home, &["ended_contract"]);
    check("/c/4/1/7", home, &["not_joined"]);
    check("/c/1/1/8", home, &["paused_program"]);
    check(
        "/c/9/9/8",
        home,
        &["unknown_ad", "unknown_partner", "paused_program"],
    );
    check("/c/1/2/7", "https://b.example/old", &["expired_ad"]);
    check("/c/1/3/7", "https://b.example/new", &["expired_ad"]);
    check("/c/1/5/7", "https://b.example/live", &[]);
    check("/c/1/6/7", "https://b.example/soon", &["early_ad"]);
}

#[test]
fn deep_links_stand_above_the_ad_when_permitted() {
    let deep = "https://www.b.example/p?q=1";
    check("/c/1/1/7?u=https://www.b.example/p?q=1", deep, &[]);
    check(
        "/c/1/2/7?u=https://www.b.example/p?q=1",
        deep,
        &["expired_ad"],
    );
    check(
        "/c/1/3/7?u=https://www.b.example/p?q=1",
        "https://b.example/new",
        &["expired_ad"],
    );
    let malformed = &["malformed_deep_link"];
    check(
        "/c/1/4/7?u=https://www.b.example/p",
        "https://b.example/fixed",
        malformed,
    );
    check(
        "/c/1/1/7?u=https://evil.example/",
        "https://b.example/ad?x=1#f",
        malformed,
    );
    check(
        "/c/1/1/7?u=https://go.b.example/c/1/1/7",
        "https://b.example/ad?x=1#f",
        malformed,
    );
    check(
        "/c/9/1/7?u=https://www.b.example/p",
        "https://b.example/home",
        &["unknown_partner"],
    );
}

#[test]
fn an_unknown_program_leads_nowhere() {
    let mut pairs = Pairs::default();
    let link = parse("/c/1/1/9", None, &mut pairs).unwrap();
    let mut cache = DeepLinkCache::default();
    assert!(decide(&catalog(), &link, NOW, b"", &mut cache).is_none());
}

#[test]
fn another_catalogue_version_asks_the_deep_links_again() {
    let mut cache = DeepLinkCache::default();
    let mut changed = program(7, true);
    assert!(cache.check(&changed, "https://www.b.example/").is_some());
    changed.deep_links.allowed = false;
    assert!(
        cache.check(&changed, "https://www.b.example/").is_some(),
        "the answer is kept"
    );
    cache.set_version(crate::model::id::CatalogVersion(2));
    assert!(cache.check(&changed, "https://www.b.example/").is_none());
}

#[test]
fn locations_carry_templates_and_the_click_id_before_the_fragment() {
    let catalog = catalog();
    let locate = |target: &str| {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut pairs = Pairs::default();
        let link = parse(path, Some(query), &mut pairs).unwrap();
        let mut cache = DeepLinkCache::default();
        let decision = decide(&catalog, &link, NOW, b"", &mut cache).unwrap();
        let mut out = Vec::new();
        location::write(&mut out, &decision, &link, &[b'i'; 43], NOW);
        String::from_utf8(out).unwrap()
    };
    let id = "i".repeat(43);
    assert_eq!(
        locate("/c/1/1/7?subId1=a%26b%0Ac"),
        format!("https://b.example/ad?x=1&c=7&p=P%26Q&v=gold%26co&s=&im_ref={id}#f"),
        "a value with control characters is left out"
    );
    assert_eq!(
        locate("/c/1/1/7?subId1=a%26b%23"),
        format!("https://b.example/ad?x=1&c=7&p=P%26Q&v=gold%26co&s=a%26b%23&im_ref={id}#f")
    );
    assert_eq!(
        locate("/c/9/1/7?subId1=x"),
        format!("https://b.example/home?c=7&im_ref={id}"),
        "an unknown partner has no template"
    );
}
