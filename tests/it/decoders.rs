//! Every reader of outside or stored bytes survives any bytes: arbitrary ones, and those of a good
//! document with a piece replaced. The decoders of rows have the same test beside them.

use std::io::{Read as _, Write as _};
use std::sync::LazyLock;

use clickd::catalog::{Catalog, CatalogDoc, parse_bytes, to_stored};
use clickd::click::{Signer, deep_link};
use clickd::config::Config;
use clickd::conversion::{ContentType, Received, read};
use clickd::fold::{Robots, SHIPPED_ROBOTS};
use clickd::model::id::{CatalogVersion, SubmissionId};
use clickd::model::time::Millis;
use clickd::registry::{REPORTS, Viewer};
use clickd::report::Scope;
use clickd::server::public::forwarded;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;

const CATALOG: &str = include_str!("../../config/catalog.toml");
const CONFIG: &str = include_str!("../../config/clickd.toml");
const NOW: Millis = Millis(1_790_000_000_000);
const JSON: &str = r#"{"CampaignId": 1000, "ActionTrackerId": "10",
    "EventDate": "2026-09-01T10:00:00Z", "OrderId": "o-1",
    "CurrencyCode": "USD", "Amount": 12.50, "ClickId": "x", "CustomerId": "c",
    "Items": [{"Sku": "a", "SubTotal": "1.00"}]}"#;
const FORM: &str = "CampaignId=1000&ActionTrackerId=10&EventDate=NOW&OrderId=o-1&CurrencyCode=USD\
    &Amount=12.50&ClickId=x&ItemSku1=a&ItemSubTotal1=12.50";
const QUERY: &str = "SUBAID=1000&START_DATE=2026-11-01&END_DATE=2026-11-22&MP_ID=280&@page=1\
    &PageSize=10&@asof=7&SORT=Actions";

static DOCUMENT: LazyLock<CatalogDoc> = LazyLock::new(|| parse_bytes(CATALOG.as_bytes()).unwrap());
static IN_FORCE: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::build(&DOCUMENT, CatalogVersion(1)).unwrap());

/// Arbitrary bytes, or `good` with up to 20 bytes somewhere replaced by others.
fn bytes(good: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        "[ -~]{0,20}".prop_map(String::into_bytes),
        "-?[0-9]{1,25}(\\.[0-9]{1,25})?".prop_map(String::into_bytes),
    ];
    let changed =
        (any::<prop::sample::Index>(), 0_usize..20, piece).prop_map(move |(at, length, piece)| {
            let at = at.index(good.len());
            let end = (at + length).min(good.len());
            [&good[..at], &piece, &good[end..]].concat()
        });
    prop_oneof![1 => proptest::collection::vec(any::<u8>(), 0..200), 4 => changed]
}

/// The same as text.
fn text(good: &'static str) -> impl Strategy<Value = String> {
    bytes(good.as_bytes()).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn stored() -> &'static [u8] {
    static STORED: LazyLock<Vec<u8>> = LazyLock::new(|| to_stored(&DOCUMENT).unwrap());
    &STORED
}

/// The JSON in [`stored()`].
fn json() -> &'static [u8] {
    static JSON: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut json = Vec::new();
        let mut inflated = DeflateDecoder::new(&stored()[1..]);
        inflated.read_to_end(&mut json).unwrap();
        json
    });
    &JSON
}

/// `json` as it would be stored.
fn deflated(json: &[u8]) -> Vec<u8> {
    let mut deflated = DeflateEncoder::new(vec![stored()[0]], Compression::fast());
    deflated.write_all(json).unwrap();
    deflated.finish().unwrap()
}

fn submit(content_type: ContentType, body: &[u8]) -> bool {
    let signer = Signer::new(vec![(1, [7; 32])]).unwrap();
    let received = Received {
        content_type,
        body,
        query: "impacttest=1",
        is_signed: false,
        catalog: &IN_FORCE,
        brand: &IN_FORCE.brands["IRharbor"],
        now: NOW,
        verify: &|text| signer.verify(text.as_bytes()),
    };
    match read(&received) {
        Ok(_) => true,
        Err(refused) => {
            assert!(!refused.errors.is_empty());
            false
        }
    }
}

#[test]
fn the_good_documents_are_good() {
    assert!(submit(ContentType::Json, JSON.as_bytes()));
    assert!(submit(ContentType::Form, FORM.as_bytes()));
    assert!(Catalog::from_stored(stored()).is_ok());
    assert!(Config::parse("clickd.toml", CONFIG).is_ok());
    assert!(Robots::parse(SHIPPED_ROBOTS.as_bytes()).is_ok());
}

proptest! {
    #[test]
    fn submissions_survive_any_bytes(
        json in bytes(JSON.as_bytes()),
        form in bytes(FORM.as_bytes()),
        header in text("application/json; charset=utf-8"),
    ) {
        submit(ContentType::Json, &json);
        submit(ContentType::Form, &form);
        submit(ContentType::Json, &form);
        std::hint::black_box(ContentType::parse(&header));
    }

    #[test]
    fn catalogues_survive_any_bytes(
        toml in bytes(CATALOG.as_bytes()),
        stored in bytes(stored()),
        json in bytes(json()),
    ) {
        match parse_bytes(&toml) {
            Ok(document) => {
                if let Err(problems) = Catalog::build(&document, CatalogVersion(1)) {
                    prop_assert!(!problems.is_empty());
                }
            }
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
        drop(Catalog::from_stored(&stored));
        drop(Catalog::from_stored(&deflated(&json)));
    }

    #[test]
    fn settings_and_robots_survive_any_bytes(
        config in text(CONFIG),
        robots in bytes(SHIPPED_ROBOTS.as_bytes()),
    ) {
        drop(Config::parse("clickd.toml", &config));
        drop(Robots::parse(&robots));
    }

    #[test]
    fn questions_survive_any_bytes(query in text(QUERY)) {
        for (viewer, sid) in [(Viewer::Brand, "IRharbor"), (Viewer::Partner, "IRtrailnotes")] {
            let scope = Scope::of(&IN_FORCE, viewer, sid).unwrap();
            for report in REPORTS {
                drop(clickd::report::query::parse(report, &query, &scope, NOW));
            }
        }
    }

    #[test]
    fn ids_survive_any_bytes_and_none_is_invented(
        click in bytes(b"DKmTYU_AAAMAAAABAAAAAQAAAAcA4lpv3AXT6oZqnTk"),
        submission in text("A-01020304-a0b0-c0d0-ffee-ddccbbaa9988"),
    ) {
        let signer = Signer::new(vec![(1, [7; 32])]).unwrap();
        prop_assert_eq!(signer.verify(&click), None);
        if let Ok(id) = submission.parse::<SubmissionId>() {
            prop_assert_eq!(id.to_string(), submission);
        }
    }

    #[test]
    fn forwarding_headers_survive_any_bytes(
        forwarded in bytes(b"for=192.0.2.1;proto=https, for=\"[2001:db8::1]:80\""),
        x_forwarded_for in bytes(b"192.0.2.1, [2001:db8::1]:80, 198.51.100.7:1"),
    ) {
        let peer = "127.0.0.1".parse().unwrap();
        let trusted = ["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        for sent in [[&*forwarded, &[]], [&[], &x_forwarded_for]] {
            let sent = sent.map(|value: &[u8]| Some(value).filter(|value| !value.is_empty()));
            let [one, other] = sent.map(Option::into_iter);
            let (client, malformed) = forwarded::client(peer, &trusted, one, other);
            prop_assert!(!malformed || client == peer);
        }
    }

    #[test]
    fn deep_links_survive_any_text(raw in text("https%3A%2F%2Fwww.harbor.example%2Fa%3Fb")) {
        let program = &IN_FORCE.programs[&clickd::model::id::ProgramId(1_000)];
        if let Some(landing) = deep_link::resolve(&program.deep_links, &raw) {
            prop_assert!(landing.url.is_ascii() && landing.insert_at <= landing.url.len());
            let rest = landing.url.split_once("://").unwrap().1;
            let host = rest.split(['/', '?', '#']).next().unwrap();
            prop_assert!(host == "harbor.example" || host.ends_with(".harbor.example"), "{}", host);
        }
    }
}
