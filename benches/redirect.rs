//! The redirect from request target to signed location, and the row that is stored for it.
//!
//! `cargo bench --bench redirect`. Each part asserts its result once before it is timed.

#![expect(clippy::expect_used, reason = "a bench that can't set up must stop")]

use std::hint::black_box;

use clickd::catalog::{Catalog, parse_toml};
use clickd::click::{DeepLinkCache, Signer, decide, location};
use clickd::link::{Pairs, parse};
use clickd::log::row::click as row;
use clickd::model::click::{Click, ClickFlags, Network, Visitor};
use clickd::model::click_id::ClickId;
use clickd::model::id::{CatalogVersion, EventNumber, StringRef};
use clickd::model::time::Millis;
use criterion::{Criterion, criterion_group, criterion_main};

const PATH: &str = "/c/280/100/1000";
const QUERY: &str = "u=https%3A%2F%2Fwww.harbor.example%2Fsale%3Fcolor%3Dred&subId1=blog&\
                     subId2=spring%20sale&subId3=top";
const NOW: Millis = Millis(1_795_368_000_000);

fn catalog() -> Catalog {
    let doc = parse_toml(include_str!("../config/catalog.toml")).expect("the sample reads");
    Catalog::build(&doc, CatalogVersion(1)).expect("the sample is valid")
}

fn redirect(criterion: &mut Criterion) {
    let catalog = catalog();
    let signer = Signer::new(vec![(0, [7; 32])]).expect("one key signs");
    let mut deep_links = DeepLinkCache::default();
    let mut pairs = Pairs::default();
    let mut out = Vec::with_capacity(1_024);
    let mut once = |out: &mut Vec<u8>| {
        out.clear();
        let link = parse(black_box(PATH), Some(black_box(QUERY)), &mut pairs).expect("a link");
        let decision =
            decide(&catalog, &link, NOW, b"go.example", &mut deep_links).expect("a program");
        let id = ClickId {
            number: EventNumber::first_at(NOW, 0),
            partner: link.partner,
            ad: link.ad,
            program: link.program,
            unrecorded: false,
            key_number: 0,
        };
        location::write(out, &decision, &link, &signer.sign(&id), NOW);
        decision.flags
    };
    assert_eq!(once(&mut out), ClickFlags::NONE);
    assert!(out.starts_with(b"https://www.harbor.example/sale?color=red&utm_medium=affiliate"));
    criterion.bench_function("target to signed location", |bencher| {
        bencher.iter(|| once(&mut out));
    });
}

fn store(criterion: &mut Criterion) {
    let mut pairs = Pairs::default();
    let link = parse(PATH, Some(QUERY), &mut pairs).expect("a link");
    let click = Click {
        flags: ClickFlags::NONE,
        program: link.program,
        ad: link.ad,
        network: Network::V4([192, 0, 2]),
        visitor: Visitor(0x0123_4567_89ab_cdef),
        visitor_before: None,
        cookie: None,
        user_agent: StringRef(300),
        referrer: StringRef(20),
        shape: StringRef(7),
        landing: StringRef(9),
        parameters: link.parameters(),
    };
    let mut out = Vec::with_capacity(256);
    row::write(&mut out, &click);
    assert_eq!(row::read(&out).map(|read| read.parameters.count()), Ok(3));
    criterion.bench_function("row of a click", |bencher| {
        bencher.iter(|| {
            out.clear();
            row::write(&mut out, black_box(&click));
        });
    });
}

criterion_group!(benches, redirect, store);
criterion_main!(benches);
