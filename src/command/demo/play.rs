//! The course of the demo: start, send, ask, compare.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::config::Config;
use crate::daemon::{Daemon, Ended};
use crate::server::listeners::{self, Addresses};

use super::super::{Failure, ask, serve, show};
use super::client::Client;
use super::traffic::{Expected, Traffic};

const CATALOG: &str = include_str!("../../../config/catalog.toml");
/// The brand and program of the sample catalogue that the demo plays.
const BRAND: &str = "IRharbor";
const PROGRAM: u32 = 1_000;
/// A deep link that the program permits, as it stands in a link.
const DEEP_LINK: &str = "https%3A%2F%2Fwww.harbor.example%2Fsale";
const REPORT: &str = "att_adv_performance_by_media_pm_only";
/// How long the report may take to show everything.
const PATIENCE: Duration = Duration::from_secs(30);
/// Exit code when the report differs from what was sent.
const EXIT_DIFFERS: u8 = 65;

/// Plays the demo; `exit` stops it after the report.
///
/// # Errors
/// Something could not be started, answered or agreed on.
pub fn run(exit: bool, out: &mut dyn Write) -> Result<u8, Failure> {
    let folder = tempfile::tempdir()?;
    let config = config(folder.path())?;
    let addresses = Addresses {
        public: config.public.listen,
        api: config.api.listen,
        ops: config.ops.listen,
    };
    let listeners =
        listeners::listeners(&addresses).map_err(|error| Failure::new(75, error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut signals = runtime.block_on(async { serve::Signals::watch() })?;
    let daemon = Daemon::start(&config, listeners)
        .map_err(|error| Failure::new(error.exit_code(), error.to_string()))?;
    let played = play(&config, &daemon, &runtime, out);
    if played.is_ok() && !exit {
        writeln!(out, "\nServing until Ctrl-C; the store goes with the demo.")?;
        out.flush()?;
        runtime.block_on(daemon.wait(signals.stopped()));
    }
    let ended = daemon.stop();
    played?;
    match ended {
        Ended::Clean => Ok(0),
        Ended::Failed => Err(Failure::new(75, "the log failed")),
    }
}

/// The defaults, on free loopback ports and in `folder`.
fn config(folder: &std::path::Path) -> Result<Config, Failure> {
    let mut config = Config::default();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    (config.public.listen, config.api.listen, config.ops.listen) = (any, any, any);
    config.store.directory = folder.join("store");
    config.control.socket = folder.join("control.sock");
    // So that each customer of the demo has an address of its own.
    let loopback = "127.0.0.1/32".parse();
    config.public.trusted_proxies =
        vec![loopback.map_err(|_| Failure::new(75, "127.0.0.1/32 is no range"))?];
    Ok(config)
}

fn play(
    config: &Config,
    daemon: &Daemon,
    runtime: &tokio::runtime::Runtime,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let at = &daemon.addresses;
    let applied = ask::ask(config, "catalog-apply", json!({ "text": CATALOG }))?;
    let scopes = ["read-reports", "write-conversions"];
    let key = ask::ask(
        config,
        "key-create",
        json!({ "sid": BRAND, "scopes": scopes }),
    )?;
    let token = key["token"].as_str().unwrap_or_default();
    writeln!(
        out,
        "clickd demo: catalogue version {} in force\n",
        applied["version"]
    )?;
    writeln!(out, "  links    http://{}/c/280/100/{PROGRAM}", at.public)?;
    writeln!(
        out,
        "           http://{}/c/213/100/{PROGRAM}?u={DEEP_LINK}&subId1=mail",
        at.public
    )?;
    writeln!(
        out,
        "  API      http://{}/Advertisers/{BRAND}/Reports",
        at.api
    )?;
    writeln!(out, "  key      {BRAND}:{token}")?;
    writeln!(out, "  metrics  http://{}/metrics\n", at.ops)?;
    let sent = runtime.block_on(send(at.public, at.api, token))?;
    writeln!(
        out,
        "sent {} clicks, each answered 302, and {} conversions, each answered 200\n",
        sent.clicks, sent.conversions
    )?;
    let records = runtime.block_on(report(at.api, token, &sent))?;
    print(&records, out)?;
    let differences = sent.compare(&records);
    if !differences.is_empty() {
        return Err(Failure::new(EXIT_DIFFERS, differences.join("\n")));
    }
    writeln!(out, "\nEvery figure equals what was sent.")?;
    Ok(())
}

async fn send(public: SocketAddr, api: SocketAddr, token: &str) -> Result<Expected, Failure> {
    let mut links = Client::connect(public).await?;
    let mut traffic = Traffic::new(PROGRAM);
    let mut orders = Vec::new();
    while let Some(click) = traffic.next_click() {
        let location = links.open(&click).await?;
        if let Some(order) = traffic.clicked(&click, &location)? {
            orders.push(order);
        }
    }
    let mut brand = Client::connect(api).await?.with_key(BRAND, token);
    for order in &orders {
        brand.submit(BRAND, order).await?;
        // Sent again as after a lost answer: it must count once.
        brand.submit(BRAND, order).await?;
    }
    Ok(traffic.expected())
}

/// The report's rows, once it shows everything that was sent.
async fn report(api: SocketAddr, token: &str, sent: &Expected) -> Result<Vec<Value>, Failure> {
    let mut brand = Client::connect(api).await?.with_key(BRAND, token);
    let path = format!("/Advertisers/{BRAND}/Reports/{REPORT}?SUBAID={PROGRAM}");
    let started = Instant::now();
    loop {
        let answer = brand.get(&path).await?;
        let records = answer["Records"].as_array().cloned().unwrap_or_default();
        let sum = |name: &str| -> u64 {
            records
                .iter()
                .filter_map(|record| record[name].as_u64())
                .sum()
        };
        let shown = sum("RawClicks") >= sent.clicks && sum("Actions") >= sent.conversions;
        if shown || started.elapsed() > PATIENCE {
            return Ok(records);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn print(records: &[Value], out: &mut dyn Write) -> Result<(), Failure> {
    const COLUMNS: [(&str, &str, usize); 12] = [
        ("Partner", "Partner", 16),
        ("RawClicks", "Raw", 5),
        ("Clicks", "Clicks", 6),
        ("PayableClicks", "Payable", 7),
        ("GrossActions", "Gross", 5),
        ("Actions", "Actions", 7),
        ("SaleAmount", "Sale amount", 11),
        ("ActionCost", "Action cost", 11),
        ("ConversionRate", "Conv. rate", 10),
        ("EPC", "EPC", 9),
        ("AOV", "AOV", 10),
        ("ROAS", "ROAS", 9),
    ];
    writeln!(
        out,
        "Performance by Partner, program {PROGRAM}, amounts in USD"
    )?;
    for (_, title, width) in COLUMNS {
        write!(out, "{title:>width$}  ")?;
    }
    writeln!(out)?;
    for record in records {
        for (name, _, width) in COLUMNS {
            let cell = show::text(&record[name]);
            write!(out, "{cell:>width$}  ")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
