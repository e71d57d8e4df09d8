//! Partners read their own figures, and nobody else's; brands see nothing of what is a partner's.

use serde_json::Value;

use super::bench::{Bench, HASH_KEY, Reply, auth};
use super::whole::{click_with, folded, whole};
use crate::click::signer::Signer;
use crate::model::click::Parameter;
use crate::model::id::{PartnerId, ProgramId};
use crate::model::time::Millis;
use crate::registry::{REPORTS, Report, Viewer};
use crate::server::api::keys::{self, Scope};

pub(super) const BLOG: &str = "/Mediapartners/IRblog";

/// The `Authorization` line of a new key of a partner.
fn key(bench: &Bench, sid: &str, partner: u32, scopes: &[Scope]) -> (String, String) {
    let account = (sid, PartnerId(partner));
    let made = keys::create_for_partner(&bench.log, &HASH_KEY, account, scopes, Millis(0));
    let made = made.unwrap();
    bench.state.reload_keys().unwrap();
    (auth(sid, &made.token), made.record.id)
}

pub(super) fn reader(bench: &Bench, sid: &str, partner: u32) -> String {
    key(bench, sid, partner, &[Scope::ReadReports]).0
}

pub(super) fn ask(bench: &Bench, auth: &str, method: &str, target: &str) -> Reply {
    bench.raw(format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{auth}\r\n"
    ))
}

pub(super) fn get(bench: &Bench, auth: &str, target: &str) -> Reply {
    ask(bench, auth, "GET", target)
}

/// The columns of the only rows of a report.
fn rows(answer: &Value, columns: &[&str]) -> Vec<String> {
    let records = answer["Records"].as_array().unwrap().iter();
    let row = |record: &Value| {
        let texts = columns.iter().map(|name| match &record[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        texts.collect::<Vec<_>>().join("|")
    };
    records.map(row).collect()
}

/// Two clicks of partner 7 and one of partner 8 in program 1000, one of each in 1001.
pub(super) fn clicks(bench: &Bench, signer: &Signer) -> Vec<String> {
    let ids: [(Parameter, &[u8]); 3] = [
        (Parameter::SharedId, b"shared"),
        (Parameter::SubId(1), b"mail"),
        (Parameter::SubId(3), b"=3"),
    ];
    let click = |program, partner, ids: &[(Parameter, &[u8])]| {
        let of = (ProgramId(program), PartnerId(partner));
        click_with(&bench.log, signer, of, ids)
    };
    vec![
        click(1000, 7, &ids),
        click(1000, 7, &[]),
        click(1000, 8, &[(Parameter::SubId(1), b"secret")]),
        click(1001, 7, &[]),
        click(1001, 8, &[]),
    ]
}

/// Sends a conversion of a customer that the brand keeps notes of.
pub(super) fn convert(bench: &Bench, order: &str, by: &str) {
    let body = format!(
        "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId={order}&CurrencyCode=USD\
         &Amount=12.34&{by}&CustomerId=c-1&Note=n-1&CustomerStatus=New"
    );
    assert_eq!(bench.form(&body).status, 200);
}

#[test]
fn a_partner_reads_its_own_figures_and_a_brand_those_of_all() {
    let (bench, signer, mut fold) = whole();
    let clicked = clicks(&bench, &signer);
    convert(&bench, "o-1", &format!("ClickId={}", clicked[0]));
    convert(&bench, "o-2", "MediaId=7&SubId2=said");
    folded(&bench, &fold);
    let (blog, coupons) = (reader(&bench, "IRblog", 7), reader(&bench, "IRcoupons", 8));
    let report = |handle: &str| get(&bench, &blog, &format!("{BLOG}/Reports/{handle}"));

    // The program 1001 has no contract with the partner.
    let answer = report("partner_performance_by_program").json();
    let columns = [
        "CampaignId",
        "Campaign",
        "Advertiser",
        "RawClicks",
        "Actions",
        "ActionCost",
    ];
    assert_eq!(rows(&answer, &columns), ["1000|Acme US|Acme|2|2|2.46"]);
    assert_eq!(answer["@currency"], "USD");
    let uri = answer["@uri"].as_str().unwrap();
    assert!(uri.starts_with("/Mediapartners/IRblog/Reports/partner_"));
    assert_eq!(get(&bench, &blog, uri).json()["Records"], answer["Records"]);
    for (handle, found) in [
        ("partner_performance_by_day", "2|2"),
        ("partner_performance_by_week", "2|2"),
        ("partner_performance_by_month", "2|2"),
        ("partner_performance_by_ad", "2|2"),
    ] {
        let answer = report(handle).json();
        assert_eq!(
            rows(&answer, &["RawClicks", "Actions"]),
            [found],
            "{handle}"
        );
    }
    let shared = report("partner_performance_by_shared_id").json();
    let columns = ["SharedId", "RawClicks", "Actions"];
    assert_eq!(rows(&shared, &columns), ["|1|1", "shared|1|1"]);

    let by_sub_id = report("partner_performance_by_subid").json();
    let columns = ["SubId1", "SubId2", "SubId3", "RawClicks", "Actions"];
    assert_eq!(
        rows(&by_sub_id, &columns),
        ["|||1|0", "|said||0|1", "mail||=3|1|1"]
    );
    let csv = report("partner_performance_by_subid?ResultFormat=CSV");
    assert!(csv.body.contains("\r\nmail,,'=3,1,"), "{}", csv.body);

    // The other one has no contract at all, so no program.
    let by_program = "Reports/partner_performance_by_program";
    let target = format!("/Mediapartners/IRcoupons/{by_program}");
    assert_eq!(get(&bench, &coupons, &target).json()["@total"], "0");
    let foreign = get(&bench, &blog, &format!("{BLOG}/{by_program}?SUBAID=1001"));
    assert_eq!(foreign.without_date(), bench.get("/nowhere").without_date());

    let of_all = "/Advertisers/IRacme/Reports/att_adv_performance_by_media_pm_only?SUBAID=1000";
    let answer = bench.get(of_all).json();
    assert_eq!(rows(&answer, &["MediaId", "RawClicks"]), ["7|2", "8|1"]);
    fold.stop();
}

#[test]
fn a_partner_asks_for_nobody_else() {
    let bench = Bench::start();
    let blog = reader(&bench, "IRblog", 7);
    let report = format!("{BLOG}/Reports/adv_clicks_from_expired_ads");
    let reply = get(&bench, &blog, &format!("{report}?MediaId=8"));
    assert_eq!(reply.status, 400);
    let error = &reply.json()["Errors"][0];
    assert_eq!(error["Field"], "MediaId");
    let message = error["Message"].as_str().unwrap();
    assert!(
        message.contains("is `8`; 7, the account's own"),
        "{message}"
    );
    assert_eq!(
        get(&bench, &blog, &format!("{report}?MediaId=7")).status,
        200
    );
    // Where all rows are its own, it is no parameter; the reports named instead are its own too.
    let by_day = format!("{BLOG}/Reports/partner_performance_by_day?MediaId=7");
    let reply = get(&bench, &blog, &by_day);
    assert_eq!(reply.status, 400);
    assert!(
        reply.body.contains("ask Clicks from Expired Ads\""),
        "{reply:?}"
    );
    let reply = get(
        &bench,
        &blog,
        &by_day.replace("MediaId=7", "ActionTrackerId=1"),
    );
    assert!(reply.body.contains("leave it out"), "{reply:?}");
}

#[test]
fn each_side_sees_its_own_reports_as_if_there_were_no_others() {
    let bench = Bench::start();
    let blog = reader(&bench, "IRblog", 7);
    let nowhere = bench.get("/nowhere").without_date();
    for report in REPORTS {
        for (base, auth, viewer) in [
            ("/Advertisers/IRacme", bench.auth(), Viewer::Brand),
            (BLOG, blog.clone(), Viewer::Partner),
        ] {
            let seen = report.audience.includes(viewer);
            let list = get(&bench, &auth, &format!("{base}/Reports")).json();
            let listed = list["Reports"].as_array().unwrap().iter();
            let listed = listed.filter(|entry| entry["Id"] == report.handle).count();
            assert_eq!(listed, usize::from(seen), "{base} {}", report.handle);
            for end in ["/MetaData", ""] {
                let target = format!("{base}/Reports/{}{end}", report.handle);
                let reply = get(&bench, &auth, &target);
                assert_eq!(reply.without_date() != nowhere, seen, "{target}");
            }
        }
    }
    let list = get(&bench, &blog, &format!("{BLOG}/Reports")).json();
    let run = list["Reports"][0]["ApiRunUri"].as_str().unwrap();
    assert!(run.starts_with("/Mediapartners/IRblog/Reports/"), "{run}");
}

#[test]
fn keys_belong_to_one_brand_or_one_partner() {
    let bench = Bench::start();
    let nowhere = bench.get("/nowhere").without_date();
    let (blog, id) = key(&bench, "IRblog", 7, &[Scope::ReadReports]);
    let brand = bench.auth();
    let all = Scope::ALL.map(|(scope, _)| scope);
    let (able, _) = key(&bench, "IRblog", 7, &all);
    // Keys of one side with the SID of the other, whichever way they came to be.
    let (swapped, _) = key(&bench, "IRacme", 7, &all);
    let as_brand = keys::create(&bench.log, &HASH_KEY, "IRblog", &all, Millis(0)).unwrap();
    bench.state.reload_keys().unwrap();
    let as_brand = auth("IRblog", &as_brand.token);
    let own = format!("{BLOG}/Reports");
    for (auth, target) in [
        (&blog, "/Advertisers/IRblog/Reports"),
        (&blog, "/Advertisers/IRacme/Reports"),
        (&blog, "/Mediapartners/IRcoupons/Reports"),
        (&blog, "/Mediapartners/IRnobody/Reports"),
        (&blog, "/Mediapartners/IRacme/Reports"),
        (&able, "/Mediapartners/IRblog/Conversions"),
        (&able, "/Mediapartners/IRblog/FTPFileSubmissions"),
        (&brand, &own),
        (&brand, "/Mediapartners/IRacme/Reports"),
        (&swapped, "/Advertisers/IRacme/Reports"),
        (&swapped, "/Mediapartners/IRacme/Reports"),
        (&as_brand, &own),
        (&as_brand, "/Advertisers/IRblog/Reports"),
    ] {
        let reply = get(&bench, auth, target);
        assert_eq!(reply.without_date(), nowhere, "{target}");
    }
    assert_eq!(get(&bench, &blog, &own).status, 200);
    let reply = ask(&bench, &able, "POST", &own);
    assert_eq!(reply.status, 405);
    assert!(reply.head.contains("allow: get, head"), "{reply:?}");
    let (unable, _) = key(&bench, "IRblog", 7, &[]);
    let reply = get(&bench, &unable, &own);
    assert_eq!(reply.status, 403);
    assert!(reply.body.contains("read-reports"));
    keys::revoke(&bench.log, &id, Millis(1)).unwrap();
    bench.state.reload_keys().unwrap();
    assert_eq!(get(&bench, &blog, &own).status, 401);
}

#[test]
fn an_account_that_goes_to_another_partner_takes_no_keys_with_it() {
    let bench = Bench::start();
    let blog = reader(&bench, "IRblog", 7);
    let mut catalog = (**bench.state.catalog.load()).clone();
    catalog.accounts.insert("IRblog".into(), PartnerId(8));
    bench
        .state
        .catalog
        .store(std::sync::Arc::new(catalog.clone()));
    let own = format!("{BLOG}/Reports");
    assert_eq!(get(&bench, &blog, &own).status, 404);
    let heir = reader(&bench, "IRblog", 8);
    assert_eq!(get(&bench, &heir, &own).status, 200);
    catalog.accounts.remove("IRblog");
    bench.state.catalog.store(std::sync::Arc::new(catalog));
    assert_eq!(get(&bench, &heir, &own).status, 404);
}

#[test]
fn rows_lead_a_partner_to_its_own_lists_alone() {
    let (bench, signer, mut fold) = whole();
    let clicked = clicks(&bench, &signer);
    convert(&bench, "o-1", &format!("ClickId={}", clicked[0]));
    convert(&bench, "o-2", "MediaId=7&SubId2=said");
    convert(&bench, "o-3", "MediaId=8");
    folded(&bench, &fold);
    // A second program in the same currency.
    let mut catalog = (**bench.state.catalog.load()).clone();
    let (first, second) = (ProgramId(1000), ProgramId(1001));
    let contract = catalog.contracts[&(first, PartnerId(7))].clone();
    catalog.contracts.insert((second, PartnerId(7)), contract);
    let currency = catalog.programs[&first].currency;
    catalog.programs.get_mut(&second).unwrap().currency = currency;
    bench.state.catalog.store(std::sync::Arc::new(catalog));
    let blog = reader(&bench, "IRblog", 7);
    let mut led: Vec<&str> = Vec::new();
    let own = |report: &&Report| report.audience.includes(Viewer::Partner);
    for (report, more) in REPORTS
        .iter()
        .filter(own)
        .flat_map(|r| [(r, ""), (r, "?SUBAID=1000")])
    {
        let target = format!("{BLOG}/Reports/{}{more}", report.handle);
        let answer = get(&bench, &blog, &target).json();
        for record in answer["Records"].as_array().unwrap() {
            assert!(record.get("ClicksUri").is_none(), "{record}");
            assert!(record.get("RawClicksUri").is_none(), "{record}");
            let Some(uri) = record.get("ActionsUri") else {
                continue;
            };
            let uri = uri.as_str().unwrap();
            assert!(uri.starts_with(BLOG), "{uri}");
            let total = get(&bench, &blog, uri).json()["@total"].clone();
            assert_eq!(total, record["GrossActions"].to_string(), "{uri}");
            led.push(report.handle.trim_start_matches("partner_performance_by_"));
        }
    }
    let expected = [
        "program", "program", "program", "day", "week", "month", "ad", "ad", "ad",
    ];
    assert_eq!(led, expected);
    fold.stop();
}

#[test]
fn a_partner_is_shown_no_column_of_brands() {
    let bench = Bench::start();
    let mut catalog = (**bench.state.catalog.load()).clone();
    let own = catalog.partners.get_mut(&PartnerId(7)).unwrap();
    own.group = "on watch".into();
    own.values[0] = "on watch".into();
    own.properties = Box::new([(3, "https://blog.example".into())]);
    bench.state.catalog.store(std::sync::Arc::new(catalog));
    let blog = reader(&bench, "IRblog", 7);
    let report = "Reports/adv_clicks_from_expired_ads";
    let metadata = |auth: &str, base: &str| -> Vec<bool> {
        let text = get(&bench, auth, &format!("{base}/{report}/MetaData")).body;
        let names = [
            "PARTNER_GROUP",
            "PartnerGroup",
            "PARTNER_VALUES",
            "PartnerValue1",
            "COMPANY_URL",
            "CompanyURL",
            "MEDIA_TYPE",
            "MediaType",
        ];
        names.iter().map(|name| text.contains(name)).collect()
    };
    let (own, all) = (metadata(&blog, BLOG), [true; 8]);
    assert_eq!(own, [[false; 4], [true; 4]].concat());
    assert_eq!(metadata(&bench.auth(), "/Advertisers/IRacme"), all);
    for name in ["SHOW_PARTNER_GROUP", "SHOW_PARTNER_VALUES", "PartnerGroup"] {
        let reply = get(&bench, &blog, &format!("{BLOG}/{report}?{name}=1"));
        assert_eq!(reply.status, 400);
        let error = reply.json()["Errors"][0].clone();
        assert_eq!(error["Field"], name);
        assert!(
            error["Message"].as_str().unwrap().contains("leave it out"),
            "{error}"
        );
    }
    let shown = get(
        &bench,
        &blog,
        &format!("{BLOG}/{report}?SHOW_COMPANY_URL=1&MediaId=7"),
    );
    assert_eq!(shown.status, 200);
    let uri = shown.json()["@uri"].as_str().unwrap().to_owned();
    assert!(
        uri.contains("MediaId=7") && uri.ends_with("&SHOW_COMPANY_URL=1"),
        "{uri}"
    );
    assert!(!shown.body.contains("on watch"), "{}", shown.body);
}

#[test]
fn a_key_pins_what_its_side_sees() {
    let bench = Bench::start();
    let (blog, other) = (reader(&bench, "IRblog", 7), reader(&bench, "IRblog", 7));
    let (brands, own) = (
        "att_adv_performance_by_day_pm_only",
        "partner_performance_by_day",
    );
    let nowhere = bench.get("/nowhere").without_date();
    let pin = |auth: &str, base: &str, handle: &str| {
        ask(&bench, auth, "PUT", &format!("{base}/Reports/{handle}/Pin"))
    };
    assert_eq!(pin(&blog, BLOG, own).json()["Pinned"], true);
    assert_eq!(pin(&blog, BLOG, brands).without_date(), nowhere);
    let brand = bench.auth();
    assert_eq!(
        pin(&brand, "/Advertisers/IRacme", own).without_date(),
        nowhere
    );
    let first = |auth: &str| {
        let list = get(&bench, auth, &format!("{BLOG}/Reports")).json();
        let first = &list["Reports"][0];
        (first["Id"] == own, first["Pinned"] == true)
    };
    assert_eq!(first(&blog), (true, true));
    assert_eq!(first(&other), (false, false));
    let target = format!("{BLOG}/Reports/{own}/Pin");
    assert_eq!(ask(&bench, &blog, "DELETE", &target).status, 200);
    assert_eq!(first(&blog), (false, false));
}
