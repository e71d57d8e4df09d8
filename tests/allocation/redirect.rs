//! From the target of a request to its redirect, nothing is allocated once the buffers have grown.
//!
//! Only allocations of the measuring thread count.

use allocation_counter::measure;
use clickd::catalog::Catalog;
use clickd::catalog::parse_bytes;
use clickd::click::{DeepLinkCache, Signer, decide, location};
use clickd::link::{self, Pairs};
use clickd::model::click::Parameter;
use clickd::model::click_id::ClickId;
use clickd::model::id::{CatalogVersion, EventNumber};
use clickd::model::time::Millis;

const CATALOG: &str = include_str!("../../config/catalog.toml");
const NOW: Millis = Millis(1_790_000_000_000);

/// The buffers of a worker.
struct Worker {
    catalog: Catalog,
    signer: Signer,
    pairs: Pairs,
    deep_links: DeepLinkCache,
    location: Vec<u8>,
}

impl Worker {
    fn new() -> Self {
        let document = parse_bytes(CATALOG.as_bytes()).unwrap();
        Self {
            catalog: Catalog::build(&document, CatalogVersion(1)).unwrap(),
            signer: Signer::new(vec![(1, [7; 32])]).unwrap(),
            pairs: Pairs::default(),
            deep_links: DeepLinkCache::default(),
            location: Vec::new(),
        }
    }

    /// All that happens from the target to the decision, and the whole location.
    fn redirect(&mut self, path: &str, query: Option<&str>) -> usize {
        self.deep_links.set_version(self.catalog.version);
        let link = link::parse(path, query, &mut self.pairs).unwrap();
        let host = b"go.example";
        let decision = decide(&self.catalog, &link, NOW, host, &mut self.deep_links).unwrap();
        let id = ClickId {
            number: EventNumber::first_at(NOW, 0),
            partner: link.partner,
            ad: link.ad,
            program: link.program,
            unrecorded: false,
            key_number: self.signer.key_number(),
        };
        let text = self.signer.sign(&id);
        self.location.clear();
        location::write(&mut self.location, &decision, &link, &text, NOW);
        link.parameters().map(|(_, value)| value.len()).sum()
    }
}

/// Links of every kind: plain, with escapes, with a deep link followed and one refused, with
/// everything wrong.
const LINKS: [(&str, Option<&str>); 6] = [
    ("/c/280/100/1000", None),
    (
        "/c/280/100/1000",
        Some("subId1=a%20b+c&subId2=%C3%A9t%C3%A9&subId3=100%25&sharedid=x%2Fy&prodsku=1&x=y"),
    ),
    (
        "/c/213/100/1000",
        Some("u=https%3A%2F%2Fwww.harbor.example%2Fsale%3Fa%3Db&subId1=mail%21"),
    ),
    (
        "/c/280/100/1000",
        Some("u=https%3A%2F%2Fevil.example%2F&subId1=a"),
    ),
    ("/c/1/1/1000", Some("u=&subId1=a%00&subId1=b&param7=c&u=x")),
    ("/c/77/300/2000", Some("subId1=a&subId2=b&subId3=c")),
];

#[test]
fn a_redirect_allocates_nothing() {
    let mut worker = Worker::new();
    for (path, query) in LINKS {
        worker.redirect(path, query);
    }
    for (path, query) in LINKS {
        let mut length = 0;
        let info = measure(|| length = worker.redirect(path, query));
        assert_eq!(
            (info.count_total, info.bytes_total),
            (0, 0),
            "{path} {query:?}"
        );
        assert!(query.is_none() || length > 0, "{query:?} was read");
        assert!(worker.location.starts_with(b"https://"));
    }
    let info = measure(|| {
        for _ in 0..1_000 {
            for (path, query) in LINKS {
                worker.redirect(path, query);
            }
        }
    });
    assert_eq!(info.count_total, 0, "over many requests");
}

#[test]
fn what_allocates_is_seen() {
    let mut worker = Worker::new();
    let (path, query) = LINKS[2];
    let first = measure(|| {
        worker.redirect(path, query);
    });
    assert!(
        first.count_total > 0,
        "a deep link not seen before is parsed and kept"
    );
    let link = link::parse(path, query, &mut worker.pairs).unwrap();
    let copied = measure(|| {
        std::hint::black_box(link.value(Parameter::SubId(1)).to_vec());
    });
    assert_eq!(copied.count_total, 1);
}
