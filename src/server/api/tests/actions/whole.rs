//! A server over a log and a running fold.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::catalog::to_stored;
use crate::click::signer::Signer;
use crate::conversion::fixture;
use crate::derived::{Derived, Options};
use crate::fold::{Fold, RULES};
use crate::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use crate::model::click_id::ClickId;
use crate::model::id::{AdId, CatalogVersion, PartnerId, ProgramId, StringRef};
use crate::server::api::Limits;
use crate::server::api::tests::bench::{Bench, Reply};

/// What a click says of itself.
#[derive(Clone, Copy)]
pub(in crate::server::api::tests) struct Clicked {
    pub(in crate::server::api::tests) partner: u32,
    pub(in crate::server::api::tests) ad: u32,
    pub(in crate::server::api::tests) visitor: u64,
    pub(in crate::server::api::tests) flags: ClickFlags,
    pub(in crate::server::api::tests) user_agent: &'static str,
    pub(in crate::server::api::tests) page: &'static str,
    pub(in crate::server::api::tests) shared_id: &'static str,
    pub(in crate::server::api::tests) property: &'static str,
}

/// Of partner 7, from a page of `blog.example`.
pub(in crate::server::api::tests) const CLICK: Clicked = Clicked {
    partner: 7,
    ad: 3,
    visitor: 5,
    flags: ClickFlags::NONE,
    user_agent: "Mozilla/5.0",
    page: "https://blog.example/page",
    shared_id: "RT-1",
    property: "",
};

pub(in crate::server::api::tests) struct Whole {
    pub(in crate::server::api::tests) bench: Bench,
    signer: Arc<Signer>,
    fold: Fold,
}

impl Whole {
    pub(in crate::server::api::tests) fn new() -> Self {
        let signer = Arc::new(Signer::new(vec![(0, [9; 32])]).unwrap());
        let (fold, verifier) = (Mutex::new(None), Arc::clone(&signer));
        let bench = Bench::over(Limits::default(), |log, folder| {
            let stored = to_stored(&fixture::document()).unwrap();
            log.put_catalog(CatalogVersion(0), &stored).unwrap();
            let options = Options::new(RULES);
            let derived = Derived::open(&folder.join("derived"), &options, None).unwrap();
            let started = Fold::start(log.clone(), derived.clone(), Arc::default(), None);
            *fold.lock() = Some(started.unwrap());
            let verify = move |text: &str| verifier.verify(text.as_bytes());
            (Arc::new(derived), Box::new(verify))
        });
        let fold = fold.lock().take().unwrap();
        Self {
            bench,
            signer,
            fold,
        }
    }

    /// Stores [`CLICK`]; the id its customer carries.
    pub(super) fn click(&self) -> String {
        self.store(CLICK)
    }

    /// Stores a click; the id its customer carries.
    pub(in crate::server::api::tests) fn store(&self, clicked: Clicked) -> String {
        let mut writer = self.bench.log.writer();
        let (number, _) = writer.mint(writer.now());
        let partner = PartnerId(clicked.partner);
        let sent = [
            (Parameter::SharedId, clicked.shared_id.as_bytes()),
            (Parameter::Property, clicked.property.as_bytes()),
        ];
        let click = Click {
            flags: clicked.flags,
            program: ProgramId(1000),
            ad: AdId(clicked.ad),
            network: Network::V4([192, 0, 2]),
            visitor: Visitor(clicked.visitor),
            visitor_before: None,
            cookie: None,
            user_agent: writer.intern(clicked.user_agent.as_bytes()).unwrap(),
            referrer: writer.intern(clicked.page.as_bytes()).unwrap(),
            shape: StringRef(0),
            landing: StringRef(0),
            parameters: sent.into_iter().filter(|(_, value)| !value.is_empty()),
        };
        writer.push(partner, number, &click);
        writer.commit().unwrap();
        let id = ClickId {
            number,
            partner,
            ad: click.ad,
            program: click.program,
            unrecorded: false,
            key_number: self.signer.key_number(),
        };
        String::from_utf8(self.signer.sign(&id).to_vec()).unwrap()
    }

    /// Converts an order over a new click for 20.00 USD; what its submission is shown as.
    pub(in crate::server::api::tests) fn convert(
        &self,
        order: &str,
        more: &str,
    ) -> serde_json::Value {
        let body = format!(
            "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId={order}&CurrencyCode=USD\
             &Amount=20.00&ClickId={}{more}",
            self.click()
        );
        let uri = queued(&self.bench.form(&body));
        self.fold();
        self.bench.get(&uri).json()
    }

    /// A request to change actions, as a form.
    pub(super) fn ask(&self, method: &str, body: &str) -> Reply {
        let headers = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            body.len()
        );
        let target = "/Advertisers/IRacme/Actions";
        self.bench.ask(method, target, &headers, body)
    }

    /// Waits until everything received so far is folded.
    pub(in crate::server::api::tests) fn fold(&self) {
        let sealed = self.bench.log.seal().unwrap();
        while self.fold.status().watermark().slot < sealed {
            assert_eq!(self.fold.status().failure(), None);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.fold.stop();
    }
}

pub(super) fn queued(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{reply:?}");
    let json = reply.json();
    assert_eq!(json["Status"], "QUEUED");
    json["QueuedUri"].as_str().unwrap().to_owned()
}
