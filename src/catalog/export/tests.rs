//! Whatever is exported applies back without change, and is stored and read without change.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::export;
use crate::catalog::apply::{Options, merge};
use crate::catalog::document::{
    AdDoc, BrandDoc, CatalogDoc, ContractDoc, EventTypeDoc, Line, PartnerDoc, PayoutDoc,
    ProgramDoc, PropertyDoc, RetiredAd, RetiredDoc, RetiredEventType,
};
use crate::catalog::{parse_toml, to_stored};
use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};

const SAMPLE: &str = include_str!("../../../config/catalog.toml");

/// Any text at all, or one that looks like TOML.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\PC\"'\\\\\n\r\t#\\[\\]]{0,20}",
        Just("\"\"\"\n'''".to_owned()),
        Just("2026-01-31".to_owned()),
        Just("2026-01-31T12:00:00.500+01:00".to_owned()),
        Just("2026-01-31t12:00:00z".to_owned()),
    ]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 20)
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    option::of(text())
}

fn program() -> impl Strategy<Value = ProgramDoc> {
    (any::<u32>(), any::<[bool; 2]>(), texts(), vec(text(), 0..3)).prop_map(
        |(id, flags, texts, deep_link_domains)| ProgramDoc {
            id: ProgramId(id),
            brand: texts[0].clone(),
            name: texts[1].clone(),
            state: texts[2].clone(),
            time_zone: texts[3].clone(),
            currency: texts[4].clone(),
            landing_page: texts[5].clone(),
            deep_linking: flags[0],
            deep_link_domains,
            click_id_parameter: texts[6].clone(),
            unique_click_window: texts[7].clone(),
            unique_click_type: texts[8].clone(),
            partner_template: texts[9].clone(),
            program_template: texts[10].clone(),
            pay_expired_ads: flags[1],
            late_limit: texts[11].clone(),
            line: Line(None),
        },
    )
}

fn ad() -> impl Strategy<Value = AdDoc> {
    let ids = any::<(u32, u32, bool)>();
    (ids, text(), text(), maybe(), maybe(), maybe(), maybe()).prop_map(
        |((program, id, deep_linking), name, kind, landing_page, start, end, expired)| AdDoc {
            program: ProgramId(program),
            id: AdId(id),
            name,
            kind,
            landing_page,
            start,
            end,
            deep_linking,
            expired_landing_page: expired,
            line: Line(None),
        },
    )
}

fn event_type() -> impl Strategy<Value = EventTypeDoc> {
    (any::<[u32; 2]>(), maybe(), texts()).prop_map(|([program, id], code, texts)| EventTypeDoc {
        program: ProgramId(program),
        id: EventTypeId(id),
        code,
        name: texts[0].clone(),
        category: texts[1].clone(),
        state: texts[2].clone(),
        line: Line(None),
    })
}

fn partner() -> impl Strategy<Value = PartnerDoc> {
    let property = (any::<u32>(), text()).prop_map(|(id, name)| PropertyDoc { id, name });
    (any::<u32>(), text(), text(), maybe(), vec(property, 0..3)).prop_map(
        |(id, name, state, group, properties)| PartnerDoc {
            id: PartnerId(id),
            name,
            state,
            group,
            properties,
            line: Line(None),
        },
    )
}

fn contract() -> impl Strategy<Value = ContractDoc> {
    let payout = (any::<u32>(), maybe(), maybe()).prop_map(|(id, amount, rate)| PayoutDoc {
        event_type: EventTypeId(id),
        amount,
        rate,
    });
    (
        any::<[u32; 2]>(),
        text(),
        maybe(),
        text(),
        vec(payout, 0..3),
    )
        .prop_map(
            |([program, partner], start, end, referral_window, payouts)| ContractDoc {
                program: ProgramId(program),
                partner: PartnerId(partner),
                start,
                end,
                referral_window,
                payouts,
                line: Line(None),
            },
        )
}

fn retired() -> impl Strategy<Value = RetiredDoc> {
    let list = || vec(any::<[u32; 2]>(), 0..3);
    (list(), list(), list(), list()).prop_map(|(programs, partners, ads, kinds)| RetiredDoc {
        programs: programs.iter().map(|id| ProgramId(id[0])).collect(),
        partners: partners.iter().map(|id| PartnerId(id[0])).collect(),
        ads: ads
            .iter()
            .map(|&[program, id]| RetiredAd {
                program: ProgramId(program),
                id: AdId(id),
            })
            .collect(),
        event_types: kinds
            .iter()
            .map(|&[program, id]| RetiredEventType {
                program: ProgramId(program),
                id: EventTypeId(id),
            })
            .collect(),
    })
}

fn document() -> impl Strategy<Value = CatalogDoc> {
    let brand = (text(), text()).prop_map(|(sid, name)| BrandDoc {
        sid,
        name,
        line: Line(None),
    });
    (
        any::<u32>(),
        vec(brand, 0..3),
        vec(program(), 0..3),
        vec(event_type(), 0..3),
        vec(ad(), 0..3),
        vec(partner(), 0..3),
        vec(contract(), 0..3),
        retired(),
    )
        .prop_map(
            |(version, brands, programs, event_types, ads, partners, contracts, retired)| {
                CatalogDoc {
                    version,
                    brands,
                    programs,
                    event_types,
                    ads,
                    partners,
                    contracts,
                    retired,
                }
            },
        )
}

proptest! {
    #[test]
    fn every_document_reads_back_from_its_export_and_its_stored_form(doc in document()) {
        let text = export(&doc);
        prop_assert_eq!(parse_toml(&text), Ok(doc.clone()), "{}", text);
        let stored = to_stored(&doc).unwrap();
        prop_assert_eq!(&CatalogDoc::from_stored(&stored).unwrap(), &doc);
    }
}

#[test]
fn the_exported_sample_applies_back_without_change() {
    let first = merge(
        &CatalogDoc::default(),
        parse_toml(SAMPLE).unwrap(),
        Options::default(),
        &|_| false,
    );
    let first = first.unwrap().0;
    for prune in [false, true] {
        let options = Options {
            prune,
            force: false,
        };
        let again = merge(
            &first,
            parse_toml(&export(&first)).unwrap(),
            options,
            &|_| true,
        );
        assert!(again.unwrap().0.same_content(&first));
    }
}
