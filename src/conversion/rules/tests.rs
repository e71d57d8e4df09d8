//! What each field may hold, and what must stand beside what.

use super::check;
use super::form::{FORMS, Form, Numbers};
use super::relation::ATTRIBUTION_KEYS;
use crate::catalog::snapshot::EventType;
use crate::conversion::fields::Fields;
use crate::conversion::{ContentType, Received, fixture, read};
use crate::model::id::{EventTypeId, ProgramId};
use crate::model::submission::order::ITEM_NUMBER_MAX;
use crate::model::time::Millis;

fn errors(pairs: &[(&str, &str)]) -> Vec<String> {
    let mut errors = Vec::new();
    let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    let fields = Fields::collect(pairs.iter().map(owned).collect(), &mut errors);
    let catalog = fixture::catalog();
    check(&fields, &catalog, "USD".parse().ok(), &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

/// Errors of a field beside a customer.
fn alone(name: &str, value: &str) -> Vec<String> {
    if name == "CustomerId" {
        return errors(&[(name, value)]);
    }
    errors(&[("CustomerId", "c"), (name, value)])
}

/// A field of each form: values that are allowed and ones that are not.
const VALUES: &[(&str, &[&str], &[&str])] = &[
    (
        "CustomerEmail",
        &[
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        ],
        &[
            "a@b.example",
            "da39",
            "zz39a3ee5e6b4b0d3255bfef95601890afd80709",
        ],
    ),
    (
        "Numeric1",
        &["0", "-3", "12.50"],
        &["1e3", "-", ".5", "1.", "x", "--1"],
    ),
    ("ItemNumeric500_10", &["7"], &["seven"]),
    ("Money3", &["0", "12.50"], &["-1", "1.234", "x"]),
    ("ItemMoney1_3", &["3"], &["3.001"]),
    (
        "Date10",
        &["2099-01-31", "2026-01-31T15:04:05+01:00"],
        &["NOW", "31.1.2026"],
    ),
    ("ItemDate2_1", &["2026-01-31"], &["2026-02-30"]),
    ("GiftPurchase", &["true", "FALSE"], &["1", "yes"]),
    ("TrackingConsent", &["false"], &["no"]),
    ("CountryCode", &["US", "de"], &["USA", "1", "U"]),
    (
        "IpAddress",
        &["192.0.2.1", "2001:db8::1"],
        &["192.0.2", "host"],
    ),
    ("TalkDuration", &["0", "90"], &["-1", "1.5", "4294967296"]),
    (
        "impacttest",
        &["1", "true", "TRUE", "0", "false"],
        &["yes", "2"],
    ),
    (
        "UniqueUrl",
        &["https://a.example/x", "HTTP://a.example"],
        &["a.example", "mailto:a@b.example", "https://"],
    ),
    ("MediaId", &["7"], &["9", "seven", "+7", "4294967303"]),
];

#[test]
fn values_have_the_form_of_their_field() {
    for (name, good, bad) in VALUES {
        for value in good.iter().chain(&[""]) {
            assert_eq!(alone(name, value), [""; 0], "{name}={value}");
        }
        for value in *bad {
            let found = alone(name, value);
            assert_eq!(found.len(), 1, "{name}={value}: {found:?}");
            assert!(found[0].starts_with(&format!("{name}: is no")), "{found:?}");
        }
    }
}

#[test]
fn texts_have_their_longest_length_and_names_their_numbers() {
    for (stem, numbers, form) in FORMS {
        let name = match numbers {
            Numbers::One => (*stem).to_owned(),
            Numbers::To(max) => format!("{stem}{max}"),
            Numbers::OfItem(max) => format!("{stem}{ITEM_NUMBER_MAX}_{max}"),
        };
        if let Form::Text(max) = form {
            let beside = [("MediaId", "7")];
            let run = |length: usize| {
                let text = "x".repeat(length);
                errors(&[beside[0], (&name, &text)])
            };
            assert_eq!(run(*max), [""; 0], "{name}");
            let said = format!("{name}: has {} bytes; at most {max} are", max + 1);
            assert!(run(max + 1)[0].starts_with(&said), "{name}");
        }
        let wrong = match numbers {
            Numbers::One => vec![format!("{stem}1")],
            Numbers::To(max) => ["", "0", "01"]
                .map(|number| format!("{stem}{number}"))
                .into_iter()
                .chain([format!("{stem}{}", max + 1)])
                .collect(),
            Numbers::OfItem(max) => ["", "1", "0_1", "501_1", "1_0", "1_01", "1_1_1"]
                .map(|number| format!("{stem}{number}"))
                .into_iter()
                .chain([format!("{stem}1_{}", max + 1)])
                .collect(),
        };
        for name in wrong {
            let found = errors(&[("ClickId", "c"), (&name, "1")]);
            let said = format!("{name}: is no field: `{stem}");
            assert!(
                found.iter().any(|error| error.starts_with(&said)),
                "{name}: {found:?}"
            );
        }
    }
}

#[test]
fn every_attribution_key_will_do_and_none_will_not() {
    for key in ATTRIBUTION_KEYS {
        let value = match *key {
            "MediaId" | "MediaPartnerId" => "7",
            "UniqueUrl" => "https://a.example/",
            _ => "v",
        };
        let found = errors(&[(key, value), ("AppPackage", "com.example")]);
        assert_eq!(found, [""; 0], "{key}");
    }
    for pairs in [&[][..], &[("ClickId", "")], &[("ItemPromoCode1", "x")]] {
        let found = errors(pairs);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("ClickId: is missing: send at least one of"));
        assert!(found[0].contains("PromoCode") && found[0].ends_with("AppleIfv"));
    }
}

#[test]
fn fields_need_and_exclude_each_other() {
    type Case = (
        &'static [(&'static str, &'static str)],
        Option<&'static str>,
    );
    let cases: &[Case] = &[
        (
            &[("GoogAId", "g")],
            Some("PropertyId: is missing: beside GoogAId"),
        ),
        (&[("GoogAId", "g"), ("PropertyId", "1")], None),
        (&[("GoogAId", "g"), ("AppPackage", "a")], None),
        (&[("GoogAId", "g"), ("ClickId", "c")], None),
        (&[("AppInstallRef", "ClickId=c")], None),
        (&[("GoogAId", "g"), ("AppInstallRef", "ClickId=c")], None),
        (&[("AppInstallRef", "c")], Some("ClickId: is missing")),
        (
            &[("MediaId", "7"), ("MediaPartnerId", "7")],
            Some("MediaPartnerId: is given beside"),
        ),
        (&[("MediaPartnerId", "8")], None),
        (&[("PromoCode", "a"), ("OrderPromoCode", "a")], None),
        (
            &[("PromoCode", "a"), ("OrderPromoCode", "b")],
            Some("OrderPromoCode: differs"),
        ),
        (
            &[("MediaId", "7"), ("SubId1", "s"), ("SharedId", "s")],
            None,
        ),
        (&[("MediaPartnerId", "7"), ("SubId3", "s")], None),
        (
            &[("ClickId", "c"), ("SubId2", "s")],
            Some("SubId2: is only taken"),
        ),
        (
            &[("ClickId", "c"), ("SharedId", "s")],
            Some("SharedId: is only"),
        ),
    ];
    for (pairs, said) in cases {
        let found = errors(pairs);
        assert_eq!(found.len(), usize::from(said.is_some()), "{found:?}");
        if let Some(said) = said {
            assert!(found[0].starts_with(said), "{found:?}");
        }
    }
}

#[test]
fn an_event_type_of_clicks_takes_no_conversion() {
    let mut catalog = fixture::catalog();
    let program = catalog.programs.get_mut(&ProgramId(1000)).unwrap();
    let sale = program.event_types.get_mut(&EventTypeId(10_001)).unwrap();
    sale.category = EventType::CLICK;
    let refused = read(&Received {
        content_type: ContentType::Form,
        body: b"CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId=o&CustomerId=c",
        query: "",
        is_signed: false,
        catalog: &catalog,
        brand: catalog.brand("IRacme").unwrap(),
        now: Millis(1_795_000_000_000),
        verify: &|_| None,
    })
    .unwrap_err();
    let errors: Vec<String> = refused.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0].starts_with("EventTypeCode: names an event type of category CLICK"),
        "{errors:?}"
    );
}
