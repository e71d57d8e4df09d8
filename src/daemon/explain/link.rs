//! Why a link leads where it leads: its decision, as a public worker would make it now.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Found, Price, Program};
use crate::click::{DeepLinkCache, decide, location};
use crate::link::{Pairs, parse};
use crate::model::click::Parameter;
use crate::model::click_id::TEXT_LEN;
use crate::model::id::{AdId, PartnerId, ProgramId};
use crate::model::time::Millis;
use crate::server::control::VerbError;
use crate::server::control::verb::EXIT_INPUT;

use super::super::stores::Stores;

/// Stands for the click id in an explained location, since no click is made.
const SAMPLE_ID: [u8; TEXT_LEN] = *b"CLICK-ID-CLICK-ID-CLICK-ID-CLICK-ID-CLICK-I";

/// The request target of a link, with or without scheme and host.
pub(super) fn target_of(what: &str) -> Option<&str> {
    let after_scheme = what.split_once("://").map_or(what, |(_, rest)| rest);
    let at = after_scheme.find("/c/")?;
    let target = after_scheme.get(at..)?;
    (at == 0 || what.contains("://") || after_scheme.contains('.')).then_some(target)
}

/// Explains the target of a link.
pub(super) fn explain_link(stores: &Stores, target: &str) -> Result<Value, VerbError> {
    let catalog = stores.catalog.load();
    let now = stores.log.clock().now();
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(p, q)| (p, Some(q)));
    let mut pairs = Pairs::default();
    let link = parse(path, query, &mut pairs)
        .map_err(|error| VerbError::new(EXIT_INPUT, error.to_string()))?;
    let parameters = shown(link.parameters());
    let mut cache = DeepLinkCache::default();
    let Some(decision) = decide(&catalog, &link, now, b"", &mut cache) else {
        return Ok(json!({
            "link": { "partner": link.partner, "ad": link.ad, "program": link.program },
            "answer": 404,
            "why": "the program is not in the catalogue",
        }));
    };
    let mut out = Vec::new();
    location::write(&mut out, &decision, &link, &SAMPLE_ID, now);
    Ok(json!({
        "link": {
            "partner": link.partner,
            "ad": link.ad,
            "program": link.program,
            "deep_link": link.deep_link,
            "parameters": parameters,
        },
        "answer": 302,
        "landing_page": decision.landing.url,
        "location": String::from_utf8_lossy(&out),
        "flags": decision.flags.labels().collect::<Vec<_>>(),
        "program": program(decision.program),
        "partner": decision.partner.map(|partner| {
            json!({
                "name": partner.name,
                "active": partner.active,
                "group": partner.group,
                "media_type": partner.media_type,
                "values": partner.values,
            })
        }),
        "ad": decision.ad.map(|ad| json!({
            "name": ad.name,
            "end": ad.end.map(|end| end.to_string()),
            "deep_linking": ad.deep_links,
        })),
        "contract": terms(&catalog, link.program, link.partner, now),
        "catalogue_version": catalog.version,
    }))
}

/// The stored parameters of a link, by name.
pub(super) fn shown<'a>(parameters: impl Iterator<Item = (Parameter, &'a [u8])>) -> Value {
    let pair = |(parameter, value): (Parameter, &[u8])| {
        let name = match parameter {
            Parameter::SubId(n) => format!("subId{n}"),
            Parameter::SharedId => "sharedid".to_owned(),
            Parameter::Property => "partnerpropertyid".to_owned(),
            Parameter::ProductSku => "prodsku".to_owned(),
            Parameter::Param(n) => format!("param{n}"),
            Parameter::Unknown => "unknown".to_owned(),
        };
        json!({ "name": name, "value": String::from_utf8_lossy(value) })
    };
    parameters.map(pair).collect()
}

fn program(program: &Program) -> Value {
    json!({
        "name": program.name,
        "brand": program.brand,
        "active": program.active,
        "currency": program.currency,
        "time_zone": program.time_zone_name,
        "cookie": program.site.cookie,
        "unique_click_window_seconds": program.unique_window / 1_000,
        "unique_click_type": if program.unique_rolling { "ROLLING" } else { "FIXED" },
    })
}

/// The contract of a partner with a program at a time.
pub(super) fn terms(
    catalog: &Catalog,
    program: ProgramId,
    partner: PartnerId,
    at: Millis,
) -> Value {
    match catalog.contract(program, partner, at) {
        Found::NotJoined => json!({ "state": "not joined" }),
        Found::Ended => json!({ "state": "ended" }),
        Found::InForce(contract) => {
            let payouts: Vec<Value> = contract
                .terms
                .payouts
                .iter()
                .map(|(event_type, payout)| match payout.price {
                    Price::Flat(money) => {
                        json!({ "event_type": event_type, "amount": money.to_string() })
                    }
                    Price::Rate(rate) => {
                        json!({ "event_type": event_type, "rate_millionths": rate })
                    }
                })
                .collect();
            json!({
                "state": "in force",
                "start": contract.start.to_string(),
                "end": contract.end.map(|end| end.to_string()),
                "referral_window_seconds": contract.referral_window / 1_000,
                "payouts": payouts,
            })
        }
    }
}

#[derive(Deserialize)]
struct MakeLink {
    partner: u32,
    ad: u32,
    program: u32,
    /// Query pairs in order.
    #[serde(default)]
    pairs: Vec<(String, String)>,
}

/// Makes the path of a tracking link, with what is wrong with it now.
pub(in crate::daemon) fn link(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let asked: MakeLink = serde_json::from_value(value)
        .map_err(|error| VerbError::new(EXIT_INPUT, error.to_string()))?;
    let ids = (
        PartnerId(asked.partner),
        AdId(asked.ad),
        ProgramId(asked.program),
    );
    let mut target = format!("/c/{}/{}/{}", ids.0, ids.1, ids.2);
    if !asked.pairs.is_empty() {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        target.push('?');
        target.push_str(&query.extend_pairs(&asked.pairs).finish());
    }
    let explained = explain_link(stores, &target)?;
    Ok(json!({ "target": target, "explained": explained }))
}
