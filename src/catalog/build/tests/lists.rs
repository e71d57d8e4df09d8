//! Exception lists, channels, promo codes, and what brands, programs, event types and partners say
//! of customers.

use super::base::{BASE, build, check, check_more};
use crate::catalog::snapshot::{
    Arrival, CallTerms, CodeOwner, CodePolicy, CreditGroup, CreditPolicy, Hours, ListKind,
    Signatures,
};
use crate::model::click::Network;
use crate::model::id::{EventTypeId, PartnerId, ProgramId};
use crate::model::time::{DAY, Millis};

const LIST: &str = "[[exception_list]]\nprogram = 7\nid = 3\nname = \"Sale\"\ntype = \"SKU\"\n\
                    values = [\"A1\"]\n";
const CHANNEL: &str = "[[channel]]\nprogram = 7\nname = \"Search\"\n\
                       credit_group = \"STANDARD\"\n\
                       rules = [{ part = \"UTM_SOURCE\", operator = \"IS\", \
                       values = [\"Google\"] }]\n";
const CODE: &str = "[[promo_code]]\nprogram = 7\ncode = \"Save10\"\npartner = 280\n\
                    credit_policy = \"INVOLVED\"\nstart = 2026-01-01\nend = 2026-01-31\n";

/// `text` after the base document, with one piece replaced, has one problem.
fn refused(text: &str, cases: &[(&str, &str, &str, &str)]) {
    for (from, to, field, piece) in cases {
        let faulty = text.replacen(from, to, 1);
        assert_ne!(faulty, text, "{from}");
        check_more(&faulty, &[(&format!(": {field}"), piece)]);
    }
}

#[test]
fn exception_lists_are_compiled_and_checked() {
    let text = format!("{BASE}{LIST}");
    let catalog = build(&text).unwrap();
    let lists = &catalog.program(ProgramId(7)).unwrap().lists;
    assert!(lists.holds(3, "a1") && !lists.holds(3, "A12"));
    assert_eq!(lists.0[&3].kind, ListKind::Sku);
    let regex = text.replace(
        "values = [\"A1\"]",
        "match = \"REGEX\"\nvalues = [\"A[0-9]+\"]",
    );
    let catalog = build(&regex).unwrap();
    let lists = &catalog.program(ProgramId(7)).unwrap().lists;
    assert!(lists.holds(3, "A12") && !lists.holds(3, "a12"));
    refused(
        LIST,
        &[
            ("program = 7", "program = 8", "program", "no program 8"),
            ("id = 3", "id = 0", "id", "is 0"),
            ("\"Sale\"", "\"\"", "name", "no name"),
            ("\"SKU\"", "\"BRAND\"", "type", "`BRAND`"),
            ("\"A1\"", "\"A1\", \"\"", "values", "is empty"),
            ("values", "match = \"RE\"\nvalues", "match", "`RE`"),
            (
                "\"A1\"]",
                "\"(\"]\nmatch = \"REGEX\"",
                "values",
                "unclosed group",
            ),
        ],
    );
    check_more(
        &format!("{LIST}{LIST}"),
        &[("line 48, exception_list 3 of program 7: id", "line 42")],
    );
}

#[test]
fn channels_are_compiled_and_checked() {
    let second = CHANNEL
        .replace("Search", "Later")
        .replace("STANDARD", "PREFERRED");
    let catalog = build(&format!("{BASE}{CHANNEL}{second}")).unwrap();
    let channels = &catalog.program(ProgramId(7)).unwrap().channels;
    let arrival = Arrival {
        utm_source: "google",
        ..Arrival::default()
    };
    let found = channels.of(&arrival).unwrap();
    assert_eq!(
        (&*found.name, found.credit_group),
        ("Search", Some(CreditGroup::Standard))
    );
    refused(
        CHANNEL,
        &[
            ("program = 7", "program = 8", "program", "no program 8"),
            ("\"Search\"", "\"\"", "name", "is empty"),
            ("\"STANDARD\"", "\"GOOD\"", "credit_group", "`GOOD`"),
            ("\"IS\"", "\"GT\"", "rule 1", "not compared by GT"),
            ("\"UTM_SOURCE\"", "\"UTM\"", "rule 1", "part `UTM`"),
        ],
    );
    check_more(
        &format!("{CHANNEL}{CHANNEL}"),
        &[("line 47, channel `Search` of program 7: name", "line 42")],
    );
}

const CODE_CASES: &[(&str, &str, &str, &str)] = &[
    ("program = 7", "program = 8", "program", "no program 8"),
    (
        "\"Save10\"",
        "\" Save10\"",
        "code",
        "holds what it must not",
    ),
    (
        "partner = 280",
        "type = \"EQ\"\npartner = 280",
        "type",
        "`EQ`",
    ),
    (
        "\"Save10\"",
        "\"(\"\ntype = \"RE\"",
        "code",
        "unclosed group",
    ),
    (
        "partner = 280",
        "partner = 281",
        "partner",
        "no partner 281",
    ),
    (
        "partner = 280\n",
        "partner = 280\nchannel = \"x\"\n",
        "partner",
        "beside a channel",
    ),
    ("partner = 280\n", "", "partner", "are missing"),
    ("\"INVOLVED\"", "\"OFTEN\"", "credit_policy", "`OFTEN`"),
    (
        "credit_policy = \"INVOLVED\"\n",
        "",
        "credit_policy",
        "is missing",
    ),
    (
        "partner = 280",
        "channel = \"x\"",
        "credit_policy",
        "never earns",
    ),
    (
        "end = 2026-01-31",
        "end = 2025-12-31",
        "end",
        "not after the start",
    ),
    (
        "start = 2026-01-01",
        "start = \"soon\"",
        "start",
        "neither a date",
    ),
];

#[test]
fn promo_codes_are_compiled_and_checked() {
    let house = "[[promo_code]]\nprogram = 7\ncode = \"MAIL-.*\"\ntype = \"RE\"\n\
                 channel = \"Search\"\n";
    let later = CODE
        .replace("2026-01", "2026-03")
        .replace("Save10", "SAVE10");
    let catalog = build(&format!("{BASE}{CHANNEL}{CODE}{later}{house}")).unwrap();
    let codes = &catalog.program(ProgramId(7)).unwrap().codes;
    let at = |text: &str| Millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
    let found = codes
        .find("SAVE10", at("2026-01-31T22:59:59.999Z"))
        .unwrap();
    assert_eq!(found.owner, CodeOwner::Partner(PartnerId(280)));
    assert_eq!(found.policy, CodePolicy::Involved);
    assert_eq!(codes.find("SAVE10", at("2026-01-31T23:00:00Z")), None);
    assert!(codes.find("save10", at("2026-03-10T00:00:00Z")).is_some());
    let found = codes.find("MAIL-1", Millis(0)).unwrap();
    assert_eq!(found.owner, CodeOwner::Channel("Search".into()));
    refused(CODE, CODE_CASES);
    let foreign = house.replace("Search", "Mail");
    check_more(&foreign, &[(": channel", "no channel `Mail`")]);
    let same = CODE
        .replace("Save10", "SAVE10")
        .replace("2026-01-01", "2026-01-31");
    let place = "line 49, promo_code `SAVE10` of program 7: code";
    check_more(&format!("{CODE}{same}"), &[(place, "the code on line 42")]);
}

#[test]
fn what_programs_and_brands_say_is_compiled_and_checked() {
    let more = "id = 7\npage_load = true\ncookie = true\nsite_hosts = [\"*.acme.example\"]\n\
                blocked_networks = [\"203.0.113.0/24\"]\n";
    let text = BASE.replacen("id = 7\n", more, 1);
    let text = text.replacen(
        "name = \"Acme\"",
        "name = \"Acme\"\nsignatures = \"REQUIRED\"",
        1,
    );
    let catalog = build(&text).unwrap();
    let program = catalog.program(ProgramId(7)).unwrap();
    assert!(program.site.page_load && program.site.cookie);
    assert!(
        program
            .site
            .hosts
            .iter()
            .any(|host| host.permits("www.acme.example"))
    );
    let blocks = |network| {
        program
            .blocked_networks
            .iter()
            .any(|own| own.contains(network))
    };
    assert!(blocks(Network::V4([203, 0, 113])) && !blocks(Network::V4([203, 0, 114])));
    assert_eq!(
        catalog.brand("IRacme").unwrap().signatures,
        Signatures::Required
    );
    for (to, field, piece) in [
        ("site_hosts = [\"com\"]", "site_hosts", "single label"),
        (
            "blocked_networks = [\"10.0.0.0/25\"]",
            "blocked_networks",
            "no prefix length",
        ),
        (
            "blocked_networks = [\"10.0.0.1/24\"]",
            "blocked_networks",
            "bits set",
        ),
    ] {
        let to = format!("id = 7\n{to}\n");
        check("id = 7\n", &to, &[(&format!("program 7: {field}"), piece)]);
    }
    check(
        "name = \"Acme\"",
        "name = \"Acme\"\nsignatures = \"MAYBE\"",
        &[("brand IRacme: signatures", "`MAYBE`")],
    );
}

#[test]
fn what_event_types_say_is_compiled_and_checked() {
    let more = "id = 71\ncredit_policy = \"FIRST_CLICK\"\norder_id_window = \"90d\"\n\
                needs_items = true\ncustomer_status = { NEW = \"NEW\", first = \"NEW\" }\n\
                dispositions = [\"SIZE_WRONG\"]\n\
                locking_dispositions = [\"SIZE_WRONG\", \"OTHER\"]\n\
                credit_non_preferred = false\n\
                call = { min_talk = \"60s\", duplicate_window = \"30d\", \
                hours = \"09:00-18:00\" }\n";
    let catalog = build(&BASE.replacen("id = 71\n", more, 1)).unwrap();
    let program = catalog.program(ProgramId(7)).unwrap();
    let kind = &program.event_types[&EventTypeId(71)];
    assert_eq!(kind.credit, CreditPolicy::FirstClick);
    assert_eq!(kind.order_id_window, Some(90 * DAY));
    assert!(kind.needs_items && !kind.credit_non_preferred);
    assert_eq!(kind.own_customer_status("FIRST"), Some("NEW"));
    assert_eq!(*kind.dispositions, ["SIZE_WRONG".into()]);
    assert!(kind.is_locked_by("OTHER") && kind.is_locked_by("SIZE_WRONG"));
    assert!(!kind.is_locked_by("ORDER_UPDATE"));
    let call = CallTerms {
        min_talk_seconds: 60,
        duplicate_window: 30 * DAY,
        hours: Some(Hours {
            from: 540,
            to: 1_080,
        }),
        pays: true,
    };
    assert_eq!(kind.call, Some(call));
    let other = &program.event_types[&EventTypeId(70)];
    assert_eq!(
        (other.credit, other.order_id_window),
        (CreditPolicy::LastClick, None)
    );
    assert!(!other.needs_items && other.credit_non_preferred && other.call.is_none());
}

#[test]
fn what_event_types_can_not_say_is_named() {
    for (to, field, piece) in [
        ("credit_policy = \"CART\"", "credit_policy", "`CART`"),
        ("order_id_window = \"90\"", "order_id_window", "no unit"),
        (
            "customer_status = { a = \"\" }",
            "customer_status",
            "is empty",
        ),
        (
            "customer_status = { a = \"x\", A = \"y\" }",
            "customer_status `a`",
            "already used",
        ),
        ("dispositions = [\"no good\"]", "dispositions", "`no good`"),
        (
            "locking_dispositions = [\"\"]",
            "locking_dispositions",
            "no disposition",
        ),
        (
            "locking_dispositions = [\"ORDER_UPDTE\"]",
            "locking_dispositions",
            "`ORDER_UPDTE` is a reason that no change can give",
        ),
        (
            "call = { min_talk = \"60\" }",
            "call",
            "min_talk `60` has no unit",
        ),
        (
            "call = { duplicate_window = \"x\" }",
            "call",
            "duplicate_window `x`",
        ),
        ("call = { hours = \"9-17\" }", "call", "hours `9-17`"),
    ] {
        let to = format!("id = 71\n{to}\n");
        check(
            "id = 71\n",
            &to,
            &[(&format!("event_type 71 of program 7: {field}"), piece)],
        );
    }
}

#[test]
fn partners_have_a_media_type_and_three_values_at_most() {
    let with = |more: &str| format!("id = 280\n{more}\n");
    let noted = with("media_type = \"Coupon\"\nvalues = [\"\", \"gold\"]");
    let catalog = build(&BASE.replacen("id = 280\n", &noted, 1)).unwrap();
    let partner = catalog.partner(PartnerId(280)).unwrap();
    assert_eq!(&*partner.media_type, "Coupon");
    let values = [0, 1, 2, 3, 4].map(|nth| partner.value(nth));
    assert_eq!(values, [None, Some(""), Some("gold"), Some(""), None]);
    for (more, field, piece) in [
        ("media_type = \"\"", "media_type", "is no name"),
        ("values = [\"x \"]", "values", "is no name"),
        (
            "values = [\"a\", \"b\", \"c\", \"\"]",
            "values",
            "holds 4 texts",
        ),
    ] {
        let field = format!("partner 280: {field}");
        check("id = 280\n", &with(more), &[(&field, piece)]);
    }
}

#[test]
fn unique_urls_belong_to_one_partner() {
    let with = |urls: &str| format!("id = 280\nunique_urls = [{urls}]\n");
    let urls = with("\"https://ACME.example/jo\", \"https://acme.example/jo/shoes\"");
    let catalog = build(&BASE.replacen("id = 280\n", &urls, 1)).unwrap();
    let partner = catalog.partner(PartnerId(280)).unwrap();
    assert_eq!(
        *partner.unique_urls,
        [
            "https://acme.example/jo/shoes".into(),
            "https://acme.example/jo".into()
        ]
    );
    let found = catalog.unique_urls.partner("https://acme.example/jo?x=1");
    assert_eq!(found, Some(PartnerId(280)));
    for (urls, piece) in [
        ("\"acme.example/jo\"", "no URL"),
        ("\"https://acme.example/#jo\"", "fragment"),
        (
            "\"https://acme.example/jo\", \"https://acme.example/jo\"",
            "already used",
        ),
    ] {
        check(
            "id = 280\n",
            &with(urls),
            &[("partner 280: unique_urls", piece)],
        );
    }
    let other =
        "[[partner]]\nid = 281\nname = \"x\"\nunique_urls = [\"https://acme.example/jo\"]\n";
    let base = BASE.replacen("id = 280\n", &with("\"https://acme.example/jo\""), 1);
    let problems = build(&format!("{base}{other}")).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0]
            .to_string()
            .contains("partner 281: unique_urls: is already used")
    );
}
