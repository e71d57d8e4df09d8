//! Whatever is exported applies back without change, and is stored and read without change.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::export;
use crate::catalog::apply::{Options, merge};
use crate::catalog::document::{
    AdDoc, BrandDoc, CallDoc, CatalogDoc, ChannelDoc, ChannelRuleDoc, ContractDoc, ContractMore,
    EventTypeDoc, ExceptionListDoc, GroupDoc, LimitDoc, Line, LockingDays, LockingDoc, PartnerDoc,
    PayoutDoc, PayoutMore, PostbackDoc, ProgramDoc, PromoCodeDoc, PropertyDoc, RetiredAd,
    RetiredDoc, RetiredEventType, RuleDoc, ScheduledDoc,
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

fn few() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..3)
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    option::of(text())
}

fn program() -> impl Strategy<Value = ProgramDoc> {
    let lists = vec(few(), 3);
    (any::<u32>(), any::<[bool; 4]>(), texts(), lists).prop_map(|(id, flags, texts, lists)| {
        ProgramDoc {
            id: ProgramId(id),
            brand: texts[0].clone(),
            name: texts[1].clone(),
            state: texts[2].clone(),
            time_zone: texts[3].clone(),
            currency: texts[4].clone(),
            landing_page: texts[5].clone(),
            deep_linking: flags[0],
            deep_link_domains: lists[0].clone(),
            click_id_parameter: texts[6].clone(),
            unique_click_window: texts[7].clone(),
            unique_click_type: texts[8].clone(),
            partner_template: texts[9].clone(),
            program_template: texts[10].clone(),
            pay_expired_ads: flags[1],
            risk: texts[12].clone(),
            late_limit: texts[11].clone(),
            page_load: flags[2],
            cookie: flags[3],
            site_hosts: lists[1].clone(),
            blocked_networks: lists[2].clone(),
            line: Line(None),
        }
    })
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
    let call = (maybe(), maybe(), maybe(), any::<bool>()).prop_map(
        |(min_talk, duplicate_window, hours, pays)| CallDoc {
            min_talk,
            duplicate_window,
            hours,
            pays,
        },
    );
    let maybes = (maybe(), maybe(), maybe(), option::of(call));
    let words = btree_map(text(), text(), 0..3);
    let flags = any::<[bool; 2]>();
    (
        any::<[u32; 2]>(),
        maybes,
        texts(),
        words,
        few(),
        few(),
        flags,
    )
        .prop_map(
            |([program, id], maybes, texts, customer_status, dispositions, locking, flags)| {
                let (code, credit_policy, order_id_window, call) = maybes;
                EventTypeDoc {
                    program: ProgramId(program),
                    id: EventTypeId(id),
                    code,
                    name: texts[0].clone(),
                    category: texts[1].clone(),
                    state: texts[2].clone(),
                    credit_policy,
                    order_id_window,
                    needs_items: flags[0],
                    customer_status,
                    dispositions,
                    locking_dispositions: locking,
                    credit_non_preferred: flags[1],
                    call,
                    line: Line(None),
                }
            },
        )
}

fn partner() -> impl Strategy<Value = PartnerDoc> {
    let property = (any::<u32>(), text()).prop_map(|(id, name)| PropertyDoc { id, name });
    let properties = vec(property, 0..3);
    let words = (maybe(), maybe(), maybe(), maybe());
    let lists = (few(), few());
    (any::<u32>(), text(), text(), words, properties, lists).prop_map(
        |(
            id,
            name,
            state,
            (group, media_type, contact, account),
            properties,
            (values, unique_urls),
        )| PartnerDoc {
            id: PartnerId(id),
            name,
            state,
            group,
            media_type,
            values,
            contact,
            account,
            properties,
            unique_urls,
            line: Line(None),
        },
    )
}

fn rules() -> impl Strategy<Value = Vec<RuleDoc>> {
    let rule = (text(), text(), few()).prop_map(|(variable, operator, values)| RuleDoc {
        variable,
        operator,
        values,
    });
    vec(rule, 0..3)
}

fn limits() -> impl Strategy<Value = Vec<LimitDoc>> {
    let count = option::of(any::<u32>());
    let limit =
        (text(), maybe(), count, maybe(), text()).prop_map(|(of, amount, count, scope, period)| {
            LimitDoc {
                of,
                amount,
                count,
                scope,
                period,
            }
        });
    vec(limit, 0..3)
}

fn payouts() -> impl Strategy<Value = Vec<PayoutDoc>> {
    let group = (text(), rules(), maybe(), maybe(), limits()).prop_map(
        |(name, rules, amount, rate, limits)| GroupDoc {
            name,
            rules,
            amount,
            rate,
            limits,
        },
    );
    let most = option::of(any::<u32>());
    let more = (
        maybe(),
        most,
        vec(rules(), 0..3),
        vec(group, 0..3),
        limits(),
    )
        .prop_map(
            |(level, recurrences_max, restrictions, groups, limits)| PayoutMore {
                level,
                recurrences_max,
                restrictions,
                groups,
                limits,
            },
        );
    let payout =
        (any::<u32>(), maybe(), maybe(), option::of(more)).prop_map(|(id, amount, rate, more)| {
            PayoutDoc {
                event_type: EventTypeId(id),
                amount,
                rate,
                more: more
                    .filter(|more| *more != PayoutMore::default())
                    .map(Box::new),
            }
        });
    vec(payout, 0..3)
}

fn contract_more() -> impl Strategy<Value = Option<Box<ContractMore>>> {
    let scheduled = (text(), text(), text(), few(), maybe(), payouts()).prop_map(
        |(name, start, end, days, hours, payouts)| ScheduledDoc {
            name,
            start,
            end,
            days,
            hours,
            payouts,
        },
    );
    let locking = prop_oneof![
        text().prop_map(LockingDoc::Word),
        any::<[u32; 2]>()
            .prop_map(|[months, days]| LockingDoc::After(LockingDays { months, days })),
    ];
    (
        maybe(),
        option::of(few()),
        option::of(locking),
        vec(scheduled, 0..2),
    )
        .prop_map(|(credit_group, accepts, locking, scheduled)| {
            let more = ContractMore {
                credit_group,
                accepts,
                locking,
                scheduled,
            };
            (more != ContractMore::default()).then(|| Box::new(more))
        })
}

fn contract() -> impl Strategy<Value = ContractDoc> {
    let ids = any::<[u32; 2]>();
    (ids, text(), maybe(), text(), payouts(), contract_more()).prop_map(
        |([program, partner], start, end, referral_window, payouts, more)| ContractDoc {
            program: ProgramId(program),
            partner: PartnerId(partner),
            start,
            end,
            referral_window,
            payouts,
            more,
            line: Line(None),
        },
    )
}

fn exception_list() -> impl Strategy<Value = ExceptionListDoc> {
    (any::<[u32; 2]>(), text(), text(), maybe(), few()).prop_map(
        |([program, id], name, kind, compared, values)| ExceptionListDoc {
            program: ProgramId(program),
            id,
            name,
            kind,
            compared,
            values,
            line: Line(None),
        },
    )
}

fn channel() -> impl Strategy<Value = ChannelDoc> {
    let rule = (text(), text(), few()).prop_map(|(part, operator, values)| ChannelRuleDoc {
        part,
        operator,
        values,
    });
    (any::<u32>(), text(), maybe(), vec(rule, 0..3)).prop_map(
        |(program, name, credit_group, rules)| ChannelDoc {
            program: ProgramId(program),
            name,
            credit_group,
            rules,
            line: Line(None),
        },
    )
}

fn promo_code() -> impl Strategy<Value = PromoCodeDoc> {
    let ids = (any::<u32>(), option::of(any::<u32>()));
    (ids, text(), vec(maybe(), 5)).prop_map(|((program, partner), code, maybes)| PromoCodeDoc {
        program: ProgramId(program),
        code,
        kind: maybes[0].clone(),
        partner: partner.map(PartnerId),
        channel: maybes[1].clone(),
        credit_policy: maybes[2].clone(),
        start: maybes[3].clone(),
        end: maybes[4].clone(),
        line: Line(None),
    })
}

fn postback() -> impl Strategy<Value = PostbackDoc> {
    let ids = (any::<[u32; 2]>(), any::<[Option<u32>; 2]>());
    (ids, texts(), vec(maybe(), 4), option::of(few())).prop_map(
        |(([id, program], maybe_ids), texts, maybes, kinds)| PostbackDoc {
            id,
            program: ProgramId(program),
            audience: texts[0].clone(),
            partner: maybe_ids[0].map(PartnerId),
            event_type: maybe_ids[1].map(EventTypeId),
            kinds,
            method: maybes[0].clone(),
            url: texts[1].clone(),
            body: maybes[1].clone(),
            content_type: maybes[2].clone(),
            delay: maybes[3].clone(),
            state: texts[2].clone(),
            line: Line(None),
        },
    )
}

fn retired() -> impl Strategy<Value = RetiredDoc> {
    let list = || vec(any::<[u32; 2]>(), 0..3);
    let retired = (list(), list(), list(), list(), vec(any::<u32>(), 0..3));
    retired.prop_map(|(programs, partners, ads, kinds, postbacks)| RetiredDoc {
        postbacks,
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
    let brand = (text(), text(), maybe()).prop_map(|(sid, name, signatures)| BrandDoc {
        sid,
        name,
        signatures,
        line: Line(None),
    });
    let offers = (
        vec(program(), 0..3),
        vec(event_type(), 0..3),
        vec(ad(), 0..3),
    );
    let lists = (
        vec(exception_list(), 0..3),
        vec(channel(), 0..3),
        vec(promo_code(), 0..3),
        vec(postback(), 0..3),
    );
    let parties = (
        vec(brand, 0..3),
        vec(partner(), 0..3),
        vec(contract(), 0..3),
    );
    (any::<u32>(), parties, offers, lists, retired()).prop_map(
        |(version, parties, offers, lists, retired)| {
            let (brands, partners, contracts) = parties;
            let (programs, event_types, ads) = offers;
            let (exception_lists, channels, promo_codes, postbacks) = lists;
            CatalogDoc {
                version,
                brands,
                programs,
                exception_lists,
                channels,
                event_types,
                ads,
                partners,
                promo_codes,
                contracts,
                postbacks,
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
