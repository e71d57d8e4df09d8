//! Keys of brands and partners, made and revoked by the command line, and what they open.

use std::time::Duration;

use crate::support::commands;
use crate::support::config::Config;
use crate::support::daemon::Daemon;
use crate::support::http::{self, Client};

const PATIENCE: Duration = Duration::from_secs(20);

const CATALOG: &str = r#"
version = 0

[[brand]]
sid = "IRshop"
name = "Shop"

[[program]]
id = 1
brand = "IRshop"
name = "Alpha"
time_zone = "UTC"
currency = "USD"
landing_page = "https://www.alpha.example/"

[[event_type]]
program = 1
id = 10
name = "Sale"
category = "SALE"

[[ad]]
program = 1
id = 101
name = "General"
type = "ONLINE_TRACKING_LINK"

[[partner]]
id = 11
name = "Eleven"
account = "IReleven"

[[partner]]
id = 12
name = "Twelve"

[[contract]]
program = 1
partner = 11
start = 2020-01-01
payouts = [{ event_type = 10, rate = "10%" }]
"#;

const BY_SUB_ID: &str = "/Mediapartners/IReleven/Reports/partner_performance_by_subid";

fn create(config: &Config, arguments: &[&str]) -> Result<String, String> {
    let output = commands::run(config, &[&["key", "create"], arguments].concat());
    let said = commands::said(&output);
    if !output.status.success() {
        return Err(said);
    }
    let token = said.lines().find_map(|line| line.strip_prefix("token: "));
    Ok(token.unwrap().trim().to_owned())
}

/// The status of an answer, and what it says.
fn ask(config: &Config, sid: &str, token: &str, target: &str) -> (u16, String) {
    let mut client = Client::connect(config.api, PATIENCE).unwrap();
    let authorization = http::basic(sid, token);
    let headers = [("Authorization", authorization.as_str())];
    let answer = client.exchange(&http::get(target, &headers)).unwrap();
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    (answer.status, body)
}

#[test]
fn a_key_is_for_one_account_that_is_there() {
    let config = Config::new();
    commands::apply_catalog(&config, CATALOG);
    for (arguments, said) in [
        (
            &["--partner", "IRtwelve"][..],
            "no partner of the catalogue",
        ),
        (&["--partner", "IRshop"], "no partner of the catalogue"),
        (&["--brand", "IReleven"], "is not in the catalogue"),
        (&["--partner", "IReleven", "--brand", "IRshop"], "--brand"),
        (
            &["--partner", "IReleven", "--signing"],
            "send nothing to sign",
        ),
        (
            &["--partner", "IReleven", "--scopes", "write-conversions"],
            "`write-conversions` is not for partners; allowed: read-reports",
        ),
        (&[], "--brand"),
    ] {
        let found = create(&config, arguments).unwrap_err();
        assert!(found.contains(said), "{arguments:?}: {found}");
    }
}

#[test]
fn a_partners_key_reads_its_sub_ids_across_restarts_until_it_is_revoked() {
    let config = Config::new();
    commands::apply_catalog(&config, CATALOG);
    let brand = create(&config, &["--brand", "IRshop"]).unwrap();
    let mut daemon = Daemon::start(&config);
    daemon.wait_ready(PATIENCE).unwrap();
    // Made while the daemon runs, it is in force at once.
    let partner = create(&config, &["--partner", "IReleven"]).unwrap();
    let mut public = Client::connect(config.public, PATIENCE).unwrap();
    let target = "/c/11/101/1?subId1=mail&subId2=top";
    let agent = [(
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
    )];
    let clicked = public.exchange(&http::get(target, &agent)).unwrap();
    assert_eq!(clicked.status, 302);
    commands::verify(&config).unwrap();

    let (status, body) = ask(&config, "IReleven", &partner, BY_SUB_ID);
    assert_eq!(status, 200, "{body}");
    let row = "{\"SubId1\":\"mail\",\"SubId2\":\"top\",\"SubId3\":\"\",\"RawClicks\":1,";
    assert!(body.contains(row), "{body}");
    let of_brand = BY_SUB_ID.replace("/Mediapartners/IReleven", "/Advertisers/IRshop");
    for (sid, token, target, status) in [
        ("IRshop", &brand, of_brand.as_str(), 404),
        ("IRshop", &brand, BY_SUB_ID, 404),
        ("IReleven", &partner, &of_brand, 404),
        ("IReleven", &brand, BY_SUB_ID, 401),
    ] {
        assert_eq!(ask(&config, sid, token, target).0, status, "{target}");
    }

    daemon.terminate();
    assert!(daemon.wait_end(PATIENCE).is_some_and(|end| end.success()));
    let mut daemon = Daemon::start(&config);
    daemon.wait_ready(PATIENCE).unwrap();
    assert!(
        ask(&config, "IReleven", &partner, BY_SUB_ID)
            .1
            .contains(row)
    );
    let listed = commands::said(&commands::run(&config, &["key", "list"]));
    let line = listed.lines().find(|line| line.contains("IReleven"));
    let line = line.unwrap();
    assert!(
        line.contains("partner 11") && line.contains("read-reports "),
        "{listed}"
    );
    let id = line.split_whitespace().next().unwrap();
    let revoked = commands::run(&config, &["key", "revoke", id]);
    assert!(revoked.status.success(), "{}", commands::said(&revoked));
    assert_eq!(ask(&config, "IReleven", &partner, BY_SUB_ID).0, 401);
    assert_eq!(
        ask(&config, "IRshop", &brand, "/Advertisers/IRshop/Reports").0,
        200
    );
}
