//! A daemon for the pages of one brand.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clickd::config::Config;
use clickd::daemon::{Daemon, Ended};
use clickd::derived::{SubmissionOutcome, Touch};
use clickd::fold::verify;
use clickd::model::arrival::{Outcome, Stream};
use clickd::model::id::{EventNumber, ProgramId, Slot, SubmissionId};
use clickd::model::submission::Fingerprint;
use clickd::model::visit::Visit;
use clickd::server::{control, listeners};
use serde_json::json;
use tempfile::TempDir;

use crate::support::http::{self, Answer, Client};

const CATALOG: &str = r#"
version = 0
brand = [{ sid = "IRpage", name = "Page" }]
[[program]]
id = 7
brand = "IRpage"
name = "Page"
time_zone = "Etc/UTC"
currency = "USD"
landing_page = "https://shop.example/home"
page_load = true
site_hosts = ["shop.example", "*.shop.example"]
[[program]]
id = 8
brand = "IRpage"
name = "Silent"
time_zone = "Etc/UTC"
currency = "USD"
landing_page = "https://silent.example/"
[[program]]
id = 17
brand = "IRpage"
name = "Cookie"
time_zone = "Etc/UTC"
currency = "USD"
landing_page = "https://shop.example/cookie"
page_load = true
site_hosts = ["shop.example"]
cookie = true
[[program]]
id = 18
brand = "IRpage"
name = "Other cookie"
time_zone = "Etc/UTC"
currency = "USD"
landing_page = "https://shop.example/other"
page_load = true
site_hosts = ["shop.example"]
cookie = true
[[event_type]]
program = 7
id = 1
name = "Sale"
category = "SALE"
[[event_type]]
program = 17
id = 2
name = "Sale"
category = "SALE"
[[event_type]]
program = 18
id = 3
name = "Sale"
category = "SALE"
[[partner]]
id = 10
name = "Ten"
[[contract]]
program = 7
partner = 10
start = 2020-01-01
referral_window = "30d"
payouts = [{ event_type = 1, rate = "10%" }]
[[contract]]
program = 17
partner = 10
start = 2020-01-01
referral_window = "30d"
payouts = [{ event_type = 2, rate = "10%" }]
[[contract]]
program = 18
partner = 10
start = 2020-01-01
referral_window = "30d"
payouts = [{ event_type = 3, rate = "10%" }]
[[channel]]
program = 7
name = "Newsletter"
rules = [{ part = "UTM_SOURCE", operator = "IS", values = ["news"] }]
"#;

pub(super) const PROGRAM: ProgramId = ProgramId(7);
const PATIENCE: Duration = Duration::from_secs(30);

/// A running daemon with the catalogue of these tests.
pub(super) struct Site {
    pub(super) daemon: Daemon,
    token: String,
    _folder: TempDir,
}

impl Site {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config = Config::default();
        config.store.directory = folder.path().join("store");
        config.public.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.control.socket = folder.path().join("control.sock");
        let addresses = listeners::Addresses {
            public: any,
            api: any,
            ops: any,
        };
        let listeners = listeners::listeners(&addresses).unwrap();
        let daemon = Daemon::start(&config, listeners).unwrap();
        let socket = &config.control.socket;
        control::call(socket, "catalog-apply", &json!({ "text": CATALOG })).unwrap();
        let key = json!({ "sid": "IRpage", "scopes": ["write-conversions"] });
        let key = control::call(socket, "key-create", &key).unwrap();
        Self {
            daemon,
            token: key["token"].as_str().unwrap().to_owned(),
            _folder: folder,
        }
    }

    pub(super) fn public(&self) -> Client {
        Client::connect(self.daemon.addresses.public, PATIENCE).unwrap()
    }

    /// Sends a form to the public listener.
    pub(super) fn load(&self, form: &str) -> Answer {
        self.load_with(&[], form)
    }

    pub(super) fn load_with(&self, headers: &[(&str, &str)], form: &str) -> Answer {
        let request = http::post_form("/p/PageLoad", headers, form);
        self.public().exchange(&request).unwrap()
    }

    /// Sends a form to the API's listener.
    pub(super) fn load_by_api(&self, form: &str) -> Answer {
        let mut client = Client::connect(self.daemon.addresses.api, PATIENCE).unwrap();
        client
            .exchange(&http::post_form("/PageLoad", &[], form))
            .unwrap()
    }

    /// Submits a sale of 100.00 now, with more fields.
    pub(super) fn sell(&self, order: &str, more: &str) -> SubmissionId {
        self.sell_in((7, 1), order, more)
    }

    /// The same in a program, of an event type.
    pub(super) fn sell_in(
        &self,
        (program, event_type): (u32, u32),
        order: &str,
        more: &str,
    ) -> SubmissionId {
        let mut client = Client::connect(self.daemon.addresses.api, PATIENCE).unwrap();
        let basic = http::basic("IRpage", &self.token);
        let form = format!(
            "CampaignId={program}&EventTypeId={event_type}&OrderId={order}&EventDate=NOW\
             &CurrencyCode=USD&Amount=100.00&{more}"
        );
        let headers = [("Authorization", basic.as_str())];
        let path = "/Advertisers/IRpage/Conversions";
        let answer = client
            .exchange(&http::post_form(path, &headers, &form))
            .unwrap();
        assert_eq!(answer.status, 200, "{:?}", String::from_utf8(answer.body));
        let uri = answer.json()["QueuedUri"].as_str().unwrap().to_owned();
        uri.rsplit('/').next().unwrap().parse().unwrap()
    }

    /// Waits until all that is answered is folded.
    pub(super) fn fold(&self) {
        let stores = &self.daemon.stores;
        let sealed = stores.log.seal().unwrap();
        let began = Instant::now();
        while stores
            .derived
            .watermark()
            .is_none_or(|mark| mark.slot < sealed)
        {
            assert!(began.elapsed() < PATIENCE, "the fold is behind");
            std::thread::yield_now();
        }
    }

    pub(super) fn outcome(&self, id: SubmissionId) -> SubmissionOutcome {
        self.daemon
            .stores
            .derived
            .outcome(id)
            .unwrap()
            .unwrap()
            .outcome
    }

    /// Folds the log once more from its beginning.
    pub(super) fn rebuild(&self) {
        control::call(&self.daemon.addresses.control, "rebuild", &json!({})).unwrap();
    }

    /// What led to a conversion.
    pub(super) fn path(&self, id: SubmissionId) -> Vec<Touch> {
        let serving = self.daemon.stores.derived.serving();
        let path = serving.view().unwrap().path(id).unwrap().unwrap();
        path.steps.into_iter().map(|step| step.touch).collect()
    }

    /// The arrivals in the log; call [`Self::fold`] first.
    pub(super) fn visits(&self) -> Vec<(EventNumber, Visit)> {
        let log = &self.daemon.stores.log;
        let slots = (1..=log.sealed().0).map(Slot);
        slots.flat_map(|slot| log.visits(slot).unwrap()).collect()
    }

    /// How many clicks lie in the log; call [`Self::fold`] first.
    pub(super) fn clicks(&self) -> usize {
        let log = &self.daemon.stores.log;
        let mut count = 0;
        for slot in 1..=log.sealed().0 {
            log.for_each_click(Slot(slot), &mut |_| count += 1).unwrap();
        }
        count
    }

    /// The cookies that clicks were stored with; call [`Self::fold`] first.
    pub(super) fn cookies(&self) -> Vec<Option<Fingerprint>> {
        let log = &self.daemon.stores.log;
        let mut rows = Vec::new();
        for slot in 1..=log.sealed().0 {
            log.for_each_click(Slot(slot), &mut |row| {
                rows.push((row.number, row.click.cookie));
            })
            .unwrap();
        }
        rows.sort_unstable();
        rows.into_iter().map(|row| row.1).collect()
    }

    /// What the footers count of arrivals, with this outcome.
    pub(super) fn counted(&self, outcome: Outcome) -> u64 {
        let log = &self.daemon.stores.log;
        let footers = (1..=log.sealed().0).filter_map(|slot| log.footer(Slot(slot)).unwrap());
        let rows = footers.flat_map(|footer| footer.ledger);
        let own = rows.filter(|row| row.stream == Stream::PageLoad && row.outcome == outcome);
        own.map(|row| row.count).sum()
    }

    /// Stops the daemon once its stores agree.
    pub(super) fn finish(self) {
        self.fold();
        let stores = &self.daemon.stores;
        let report = verify(&stores.log, &stores.derived).unwrap();
        assert!(report.is_clean(), "{report:#?}");
        assert_eq!(report.visits, self.visits().len() as u64);
        assert_eq!(self.daemon.stop(), Ended::Clean);
    }
}

/// The value of a field of an answer.
pub(super) fn text(answer: &Answer, field: &str) -> Option<String> {
    answer.json()[field].as_str().map(ToOwned::to_owned)
}
