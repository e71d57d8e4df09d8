//! The cookie on the tracking domain: when it is set, kept and worth something.

use clickd::derived::SubmissionOutcome;
use clickd::model::id::ProgramId;
use clickd::model::submission::{Person, PersonKind};
use serde_json::json;

use super::site::Site;
use crate::support::http::{self, Answer};

const TERMS: &str = "; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax";
const AGENT: (&str, &str) = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)");
const FORM: &str = "EventDate=NOW&PageUrl=https://shop.example/";
/// What a browser sent before.
const SENT: &str = "AAECAwQFBgcICQoLDA0ODw";

/// A click on a link of a program, read in place or by hyper.
fn click(site: &Site, program: u32, by_hyper: bool, more: &[(&str, &str)]) -> Answer {
    let option = if by_hyper {
        "keep-alive, x"
    } else {
        "keep-alive"
    };
    let headers = [&[AGENT, ("Connection", option)], more].concat();
    let request = http::get(&format!("/c/10/0/{program}"), &headers);
    let answer = site.public().exchange(&request).unwrap();
    assert_eq!(answer.status, 302);
    answer
}

/// The pair that an answer sets, as a browser sends it back.
fn set(answer: &Answer) -> Option<String> {
    let value = answer.header("set-cookie")?;
    let (pair, terms) = value.split_at(value.find(';').unwrap());
    assert_eq!(terms, TERMS);
    assert_eq!(pair.len(), "clickd=".len() + 22, "{pair}");
    Some(pair.to_owned())
}

/// An arrival in a program with a cookie.
fn arrive(site: &Site, program: u32, cookie: Option<&str>, more: &str) -> Answer {
    let headers = cookie.map(|cookie| ("Cookie", cookie));
    let headers: Vec<(&str, &str)> = headers.into_iter().collect();
    let form = format!("CampaignId={program}&{FORM}&{more}");
    let answer = site.load_with(&headers, &form);
    assert_eq!(answer.status, 200);
    answer
}

fn is_credited(site: &Site, outcome: SubmissionOutcome) -> bool {
    let SubmissionOutcome::Credited(action) = outcome else {
        return false;
    };
    let serving = site.daemon.stores.derived.serving();
    let action = serving.view().unwrap().action(action).unwrap().unwrap();
    assert_eq!(action.referring_type.name(), "CLICK_COOKIE");
    action.partner.0 == 10
}

#[test]
fn links_of_a_program_with_cookies_set_one_and_set_it_again() {
    let site = Site::start();
    let mut expected = Vec::new();
    let fingerprint = |program: u32, pair: &str| {
        let text = pair.strip_prefix("clickd=").unwrap();
        Some(Person::of_cookie(ProgramId(program), text).id)
    };
    for by_hyper in [false, true] {
        let first = set(&click(&site, 17, by_hyper, &[])).unwrap();
        let other = set(&click(&site, 17, by_hyper, &[])).unwrap();
        assert_ne!(first, other);
        expected.extend([fingerprint(17, &first), fingerprint(17, &other)]);
        let sent = format!("a=b; {first}");
        for program in [17, 18] {
            let again = click(&site, program, by_hyper, &[("Cookie", &sent)]);
            assert_eq!(set(&again).as_deref(), Some(&*first));
            expected.push(fingerprint(program, &first));
        }
        for malformed in [
            "clickd=x",
            &format!("{first}A"),
            "clickd=AAECAwQFBgcICQoLDA0ODx",
        ] {
            let anew = set(&click(&site, 17, by_hyper, &[("Cookie", malformed)])).unwrap();
            assert_ne!(anew, malformed);
            expected.push(fingerprint(17, &anew));
        }
        // A program without cookies neither sets nor keeps one.
        assert_eq!(set(&click(&site, 7, by_hyper, &[("Cookie", &first)])), None);
        expected.push(None);
        // Nor does any where the customer does not want to be followed.
        let private = [("Cookie", &*first), ("Sec-GPC", "1")];
        assert_eq!(set(&click(&site, 17, by_hyper, &private)), None);
        expected.push(None);
        let secure = click(&site, 17, by_hyper, &[("X-Forwarded-Proto", "https")]);
        let value = secure.header("set-cookie").unwrap().to_owned();
        assert!(value.ends_with("; SameSite=Lax; Secure"), "{value}");
        expected.push(fingerprint(17, value.split(';').next().unwrap()));
    }
    site.fold();
    assert_eq!(site.cookies(), expected);
    site.finish();
}

#[test]
fn a_click_earns_the_sale_of_the_customer_who_came_back_with_its_cookie() {
    let site = Site::start();
    let mut sales = Vec::new();
    for by_hyper in [false, true] {
        let pair = set(&click(&site, 17, by_hyper, &[])).unwrap();
        let who = format!("CustomerId=c-{by_hyper}");
        let arrival = arrive(&site, 17, Some(&pair), &who);
        assert_eq!(set(&arrival).as_deref(), Some(&*pair));
        sales.push((site.sell_in((17, 2), &format!("o-{by_hyper}"), &who), true));
        // The same cookie and name in another program are nobody's.
        arrive(&site, 18, Some(&pair), &who);
        sales.push((site.sell_in((18, 3), &format!("o-{by_hyper}"), &who), false));
    }
    // Nor is anybody known by a cookie that no click carried.
    arrive(&site, 17, Some(&format!("clickd={SENT}")), "CustomerId=d");
    sales.push((site.sell_in((17, 2), "o-d", "CustomerId=d"), false));
    site.fold();
    let outcomes =
        |site: &Site| -> Vec<_> { sales.iter().map(|sale| site.outcome(sale.0)).collect() };
    let before = outcomes(&site);
    for ((_, earns), outcome) in sales.iter().zip(&before) {
        assert_eq!(is_credited(&site, *outcome), *earns, "{outcome:?}");
    }
    let path = site.path(sales[0].0);
    site.rebuild();
    assert_eq!((outcomes(&site), site.path(sales[0].0)), (before, path));
    site.finish();
}

#[test]
fn clicks_that_no_customer_made_are_no_steps() {
    let site = Site::start();
    let pair = format!("clickd={SENT}");
    let cookie = ("Cookie", &*pair);
    let robot = [("User-Agent", "Googlebot/2.1"), cookie];
    let link = "/c/10/0/17";
    let mut client = site.public();
    for request in [
        http::get(link, &robot),
        http::get(link, &[AGENT, cookie, ("Sec-Purpose", "prefetch")]),
    ] {
        assert_eq!(
            set(&client.exchange(&request).unwrap()).as_deref(),
            Some(&*pair)
        );
    }
    let head = http::request("HEAD", link, &[AGENT, cookie]);
    client.send(head.as_bytes()).unwrap();
    assert_eq!(client.receive(true).unwrap().status, 302);
    arrive(&site, 17, Some(&pair), "CustomerId=c");
    let sale = site.sell_in((17, 2), "o-1", "CustomerId=c");
    site.fold();
    assert!(site.cookies().iter().all(Option::is_some));
    assert!(!is_credited(&site, site.outcome(sale)));
    site.finish();
}

#[test]
fn an_arrival_tells_of_a_cookie_that_came_back_and_of_no_other() {
    let site = Site::start();
    let cookies = |site: &Site| -> Vec<Person> {
        let visits = site.visits();
        let persons = visits.iter().flat_map(|(_, visit)| &visit.persons);
        persons
            .filter(|person| person.kind == PersonKind::Cookie)
            .copied()
            .collect()
    };
    let fresh = set(&arrive(&site, 17, None, "CustomerId=c")).unwrap();
    set(&arrive(&site, 17, Some("clickd=x"), "CustomerId=c")).unwrap();
    assert_eq!(set(&arrive(&site, 7, Some(&fresh), "CustomerId=c")), None);
    let form = format!("CampaignId=17&{FORM}&CustomerId=c");
    let private = site.load_with(&[("Cookie", &fresh), ("Sec-GPC", "1")], &form);
    let refusing = format!("{form}&TrackingConsent=false");
    let refusing = site.load_with(&[("Cookie", &fresh)], &refusing);
    let invalid = site.load_with(&[("Cookie", &fresh)], "CampaignId=17");
    // A server that sends arrivals is nobody's browser.
    let server = site.load_by_api(&form);
    for answer in [private, refusing, invalid, server] {
        assert_eq!(set(&answer), None);
    }
    site.fold();
    assert_eq!(cookies(&site), []);
    assert_eq!(
        set(&arrive(&site, 17, Some(&fresh), "CustomerId=c")),
        Some(fresh.clone())
    );
    site.fold();
    let person = Person::of_cookie(ProgramId(17), fresh.strip_prefix("clickd=").unwrap());
    assert_eq!(cookies(&site), [person]);
    site.finish();
}

#[test]
fn a_link_that_a_page_opened_carries_the_cookie_of_the_page() {
    let site = Site::start();
    let form = "CampaignId=17&EventDate=NOW&GoogAId=g&AppName=a&UserAgent=Mozilla/5.0\
                &PageUrl=https://go.example/c/10/0/17";
    let pair = format!("clickd={SENT}");
    let person = Person::of_cookie(ProgramId(17), SENT);
    assert_eq!(site.load_with(&[("Cookie", &pair)], form).status, 200);
    for answer in [site.load(form), site.load_by_api(form)] {
        assert_eq!(answer.status, 200);
    }
    site.fold();
    assert_eq!(site.cookies(), [Some(person.id), None, None]);
    site.finish();
}

#[test]
fn pages_of_a_site_with_cookies_may_send_them() {
    let site = Site::start();
    let own = ("Origin", "https://shop.example");
    for (path, origin, allowed) in [
        ("/p/17", own, Some("true")),
        ("/p/PageLoad", own, Some("true")),
        ("/p/17", ("Origin", "https://other.example"), None),
        ("/p/7", own, None),
    ] {
        let asked = http::request("OPTIONS", path, &[origin]);
        let answer = site.public().exchange(&asked).unwrap();
        let name = "access-control-allow-credentials";
        assert_eq!(answer.header(name), allowed, "{path} {origin:?}");
        let form = http::post_form(path, &[origin], &format!("{FORM}&CustomerId=c"));
        if path != "/p/PageLoad" {
            let answer = site.public().exchange(&form).unwrap();
            assert_eq!(answer.header(name), allowed, "{path} {origin:?}");
        }
    }
    site.finish();
}

#[test]
fn explanations_tell_that_a_click_carried_a_cookie() {
    let site = Site::start();
    let socket = &site.daemon.addresses.control;
    let explain = |what: &str| {
        let what = json!({ "what": what });
        clickd::server::control::call(socket, "explain", &what).unwrap()
    };
    for (program, expected) in [(17, true), (7, false)] {
        let answer = click(&site, program, false, &[]);
        let location = answer.header("location").unwrap();
        let id = location.split_once("im_ref=").unwrap().1;
        site.fold();
        assert_eq!(explain(id)["stored"]["cookie"], expected, "{}", explain(id));
        let link = explain(&format!("/c/10/0/{program}"));
        assert_eq!(link["program"]["cookie"], expected, "{link}");
    }
    site.finish();
}
