//! Who earns by arrivals.

use clickd::derived::{Source, SubmissionOutcome};
use clickd::model::id::PartnerId;
use clickd::model::refusal::Refusal;

use super::site::{Site, text};
use crate::support::http;

const PAGE: &str = "CampaignId=7&EventDate=NOW&PageUrl=https://shop.example/";

fn clicked(site: &Site) -> String {
    let answer = site
        .public()
        .exchange(&http::get("/c/10/0/7", &[]))
        .unwrap();
    let location = answer.header("location").unwrap();
    location.split_once("im_ref=").unwrap().1.to_owned()
}

fn partner(site: &Site, outcome: SubmissionOutcome) -> PartnerId {
    let SubmissionOutcome::Credited(action) = outcome else {
        panic!("{outcome:?}");
    };
    let serving = site.daemon.stores.derived.serving();
    let view = serving.view().unwrap();
    view.action(action).unwrap().unwrap().partner
}

#[test]
fn a_click_on_one_device_earns_a_sale_on_another() {
    let site = Site::start();
    let id = clicked(&site);
    // The phone comes by the click, its owner signs in there and later at a desk.
    let form = format!("{PAGE}%3Fim_ref%3D{id}&CustomProfileId=phone");
    let answer = site.load(&form);
    assert_eq!((answer.status, text(&answer, "clickId")), (200, Some(id)));
    assert_eq!(
        site.load(&format!("{PAGE}&CustomProfileId=phone&CustomerId=c"))
            .status,
        200
    );
    assert_eq!(
        site.load_by_api(&format!("{PAGE}&CustomProfileId=desk&CustomerId=c"))
            .status,
        200
    );
    // All in one slot, maybe: what was answered before the sale is seen by it.
    let by_customer = site.sell("o-1", "CustomerId=c");
    let by_desk = site.sell("o-2", "CustomProfileId=desk");
    let stranger = site.sell("o-3", "CustomProfileId=stranger");
    site.fold();
    for sale in [by_customer, by_desk] {
        let outcome = site.outcome(sale);
        assert_eq!(partner(&site, outcome), PartnerId(10));
    }
    assert!(matches!(
        site.outcome(stranger),
        SubmissionOutcome::Refused(_)
    ));
    site.finish();
}

#[test]
fn a_forged_click_id_earns_nothing() {
    let site = Site::start();
    let mut forged = clicked(&site).into_bytes();
    forged[3] = if forged[3] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let answer = site.load(&format!("{PAGE}&CustomProfileId=p&ClickId={forged}"));
    assert_eq!((answer.status, text(&answer, "clickId")), (200, None));
    assert_eq!(answer.json()["warnings"][0]["field"], "ClickId");
    let sale = site.sell("o-1", "CustomProfileId=p");
    site.fold();
    let outcome = site.outcome(sale);
    assert!(
        matches!(outcome, SubmissionOutcome::Refused(_)),
        "{outcome:?}"
    );
    assert_ne!(
        outcome,
        SubmissionOutcome::Refused(Refusal::CampaignNotFound)
    );
    let clicks = |site: &Site| {
        let path = site.path(sale);
        path.iter()
            .filter(|touch| touch.source.partner().is_some())
            .count()
    };
    assert_eq!(clicks(&site), 0);
    site.finish();
}

#[test]
fn channels_are_steps_of_the_path_and_sessions_one_step_each() {
    let site = Site::start();
    let load = |page: &str| {
        let answer = site.load(&format!("{PAGE}{page}&CustomProfileId=p"));
        assert_eq!(answer.status, 200);
        text(&answer, "sessionStart").is_some()
    };
    assert!(!load("")); // by itself
    assert!(!load("&ReferringUrl=https://www.shop.example/")); // goes on
    assert!(load("%3Futm_source%3Dnews"));
    assert!(load("%3Futm_source%3Dnews")); // the same campaign again
    assert!(load("&ReferringUrl=https://blog.example/"));
    assert!(!load("&ReferringUrl=https://shop.example/"));
    let id = clicked(&site);
    assert!(load(&format!("%3Fim_ref%3D{id}")));
    let sale = site.sell("o-1", "CustomProfileId=p");
    site.fold();
    let before = site.path(sale);
    site.rebuild();
    let mut path = site.path(sale);
    assert_eq!(path, before);
    path.sort_by_key(|touch| (touch.time, touch.number));
    let names: Vec<String> = path
        .iter()
        .map(|touch| match &touch.source {
            Source::Channel(name) => name.to_string(),
            Source::Click { partner, .. } => format!("click of {partner}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["Direct", "Newsletter", "Referral", "click of 10"]);
    let outcome = site.outcome(sale);
    assert_eq!(partner(&site, outcome), PartnerId(10));
    site.finish();
}

#[test]
fn a_link_that_an_app_opened_is_one_click_and_earns() {
    let site = Site::start();
    for (n, load) in [Site::load as fn(&Site, &str) -> _, Site::load_by_api]
        .iter()
        .enumerate()
    {
        let form = format!(
            "CampaignId=7&EventDate=NOW&GoogAId=g{n}&AppName=a&UserAgent=Mozilla/5.0\
             &IpAddress=192.0.2.{n}&PageUrl=https://go.example/c/10/0/7%3Fsubid1%3Dx"
        );
        let answer = load(&site, &form);
        assert_eq!(answer.status, 200, "{:?}", answer.json());
        let id = text(&answer, "clickId").unwrap();
        let expected = format!("https://shop.example/home?im_ref={id}");
        assert_eq!(text(&answer, "landingPage"), Some(expected));
        assert!(site.daemon.stores.signer.verify(id.as_bytes()).is_some());
        let sale = site.sell(&format!("o-{n}"), &format!("GoogAId=G{n}&AppPackage=a"));
        site.fold();
        let outcome = site.outcome(sale);
        assert_eq!(partner(&site, outcome), PartnerId(10));
        assert_eq!(site.clicks(), n + 1);
    }
    site.finish();
}
