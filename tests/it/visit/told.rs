//! What is answered to requests of every kind.

use std::time::{Duration, Instant};

use super::site::{Site, text};
use crate::support::http;

const FORM: &str = "CampaignId=7&EventDate=NOW&CustomProfileId=p&PageUrl=https://shop.example/";

#[test]
fn an_arrival_is_answered_in_the_published_shape() {
    let site = Site::start();
    let answer = site.load(FORM);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), serde_json::json!({ "warnings": [] }));
    let named = http::post_form("/p/7", &[], "EventDate=NOW&CustomerId=c&AppName=a");
    assert_eq!(site.public().exchange(&named).unwrap().status, 200);
    let answer = site.load("CampaignId=7&EventDate=soon&CustomerId=c&PageUrl=https://a.example/");
    assert_eq!(answer.status, 400);
    let body = answer.json();
    assert_eq!(body["errors"][0]["field"], "EventDate");
    assert_eq!(body["errors"][0]["level"], "ERROR");
    assert_eq!(body["warnings"], serde_json::json!([]));
    for program in [8, 9] {
        let form = format!("CampaignId={program}&EventDate=NOW&CustomerId=c&AppName=a");
        assert_eq!(site.load(&form).status, 404);
        assert_eq!(site.load_by_api(&form).status, 404);
    }
    assert_eq!(text(&site.load_by_api(FORM), "clickId"), None);
    site.finish();
}

#[test]
fn other_methods_media_and_sizes_are_refused() {
    let site = Site::start();
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let request = http::request(method, "/p/PageLoad", &[]);
        let mut client = site.public();
        client.send(request.as_bytes()).unwrap();
        let answer = client.receive(method == "HEAD").unwrap();
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
    }
    let text = http::request(
        "POST",
        "/p/PageLoad",
        &[("Content-Type", "text/plain"), ("Content-Length", "0")],
    );
    assert_eq!(site.public().exchange(&text).unwrap().status, 415);
    let fill = |bytes: usize| format!("{FORM}&x={}", "y".repeat(bytes - FORM.len() - 3));
    assert_eq!(site.load(&fill(8 << 10)).status, 200);
    let answer = site.load(&fill((8 << 10) + 1));
    assert_eq!((answer.status, answer.closes()), (413, true));
    // A click of the same connection is served before and after.
    let mut client = site.public();
    for _ in 0..2 {
        assert_eq!(
            client
                .exchange(&http::get("/c/10/0/7", &[]))
                .unwrap()
                .status,
            302
        );
        let request = http::post_form("/p/PageLoad", &[], FORM);
        assert_eq!(client.exchange(&request).unwrap().status, 200);
    }
    site.finish();
}

#[test]
fn a_body_that_comes_too_slowly_is_told_so() {
    let site = Site::start();
    let request = http::post_form("/p/PageLoad", &[], FORM);
    let (head, _) = request.split_at(request.len() - 10);
    let mut client = site.public();
    let began = Instant::now();
    client.send(head.as_bytes()).unwrap();
    let answer = client.receive(false).unwrap();
    assert_eq!((answer.status, answer.closes()), (408, true));
    let took = began.elapsed();
    let bounds = Duration::from_secs(9)..Duration::from_secs(14);
    assert!(bounds.contains(&took), "{took:?}");
    site.finish();
}

#[test]
fn pages_of_the_site_may_read_the_answer_and_no_others() {
    let site = Site::start();
    for (origin, allowed) in [
        ("https://shop.example", true),
        ("https://www.shop.example:8443", true),
        ("https://other.example", false),
        ("https://shop.example.other.example", false),
        ("null", false),
    ] {
        let expected = allowed.then_some(origin);
        let headers = [("Origin", origin)];
        let answer = site.load_with(&headers, FORM);
        assert_eq!(answer.header("access-control-allow-origin"), expected);
        assert_eq!(answer.header("vary"), Some("origin"));
        for path in ["/p/PageLoad", "/p/7"] {
            let asked = http::request("OPTIONS", path, &headers);
            let answer = site.public().exchange(&asked).unwrap();
            assert_eq!(answer.status, 204);
            assert_eq!(answer.header("access-control-allow-origin"), expected);
            assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
        }
        let silent = http::request("OPTIONS", "/p/8", &headers);
        let answer = site.public().exchange(&silent).unwrap();
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    site.finish();
}
