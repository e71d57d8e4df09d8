//! What is kept of arrivals, and what is not.

use clickd::model::arrival::{Outcome, RefusedReason};
use clickd::model::id::Slot;

use super::site::{PROGRAM, Site, text};

const LINK: &str = "CampaignId=7&EventDate=NOW&CustomProfileId=p&UserAgent=ua\
    &PageUrl=https://go.example/c/10/0/7";

#[test]
fn nothing_is_kept_of_whoever_does_not_want_to_be_followed() {
    let site = Site::start();
    let refusing = format!("{LINK}&TrackingConsent=false");
    for answer in [
        site.load(&refusing),
        site.load_by_api(&refusing),
        site.load_with(&[("Sec-GPC", "1")], LINK),
    ] {
        assert_eq!(answer.status, 200);
        assert_eq!(text(&answer, "clickId"), None);
        let page = "https://shop.example/home".to_owned();
        assert_eq!(text(&answer, "landingPage"), Some(page));
        assert_eq!(answer.json()["warnings"][0]["field"], "TrackingConsent");
    }
    site.fold();
    assert_eq!((site.visits().len(), site.clicks()), (0, 0));
    let refused = Outcome::Refused(RefusedReason::NoConsent);
    assert_eq!(site.counted(refused), 3);
    let sale = site.sell("o-1", "CustomProfileId=p");
    site.fold();
    assert!(site.path(sale).is_empty());
    site.finish();
}

#[test]
fn the_ledger_balances_and_rows_hold_no_text_of_the_person() {
    let site = Site::start();
    for n in 0..5 {
        let form = format!(
            "CampaignId=7&EventDate=NOW&PageUrl=https://shop.example/secret-page%3Fa%3Dsecret\
             &CustomProfileId=secret-{n}&CustomerEmail=secret%40a.example&IpAddress=192.0.2.1"
        );
        assert_eq!(site.load(&form).status, 200);
    }
    assert_eq!(site.load("CampaignId=7").status, 400);
    assert_eq!(site.load("CampaignId=8&CustomerId=c").status, 404);
    site.fold();
    let visits = site.visits();
    assert_eq!(visits.len(), 5);
    for (_, visit) in &visits {
        assert_eq!(visit.program, PROGRAM);
        let row = clickd::log::row::visit::write(visit);
        assert!(memchr::memmem::find(&row, b"secret").is_none(), "{visit:?}");
    }
    assert_eq!(site.counted(Outcome::Received), 7);
    assert_eq!(site.counted(Outcome::Stored), 5);
    let refused = |reason| site.counted(Outcome::Refused(reason));
    assert_eq!(refused(RefusedReason::Invalid), 1);
    assert_eq!(refused(RefusedReason::UnknownProgram), 1);
    let log = &site.daemon.stores.log;
    let footers = (1..=log.sealed().0).filter_map(|slot| log.footer(Slot(slot)).unwrap());
    assert_eq!(footers.map(|footer| footer.visits).sum::<u32>(), 5);
    site.finish();
}
