//! A small catalogue for tests: two brands, three programs in different zones and currencies.

use ahash::AHashMap;
use jiff::tz::TimeZone;

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Brand, DeepLinks, EventType, Landing, Partner, Program, Template};
use crate::model::id::{CatalogVersion, EventTypeId, PartnerId, ProgramId};

/// Brand `IRacme` with the programs 1000 (USD, New York) and 1001 (EUR, Berlin), brand `IRzen`
/// with the program 2000 (JPY, Tokyo); partners 7 and 8. Every program has event type 10·id + 1
/// (`SALE`) and 10·id + 2 (`LEAD`, inactive).
pub(crate) fn catalog() -> Catalog {
    let mut catalog = Catalog {
        version: CatalogVersion(1),
        ..Catalog::default()
    };
    for (sid, programs) in [("IRacme", vec![1000, 1001]), ("IRzen", vec![2000])] {
        let brand = Brand {
            sid: sid.into(),
            name: sid.into(),
            programs: programs.into_iter().map(ProgramId).collect(),
        };
        catalog.brands.insert(sid.into(), brand);
    }
    for (id, brand, currency, zone) in [
        (1000, "IRacme", "USD", "America/New_York"),
        (1001, "IRacme", "EUR", "Europe/Berlin"),
        (2000, "IRzen", "JPY", "Asia/Tokyo"),
    ] {
        let program = program(id, brand, currency, zone);
        catalog.programs.insert(program.id, program);
    }
    for (id, name) in [(7, "Blog \"Seven\""), (8, "Coupons")] {
        let partner = Partner {
            id: PartnerId(id),
            name: name.into(),
            active: true,
            group: "".into(),
            properties: Vec::new(),
        };
        catalog.partners.insert(partner.id, partner);
    }
    catalog
}

fn program(id: u32, brand: &str, currency: &str, zone: &str) -> Program {
    let event_type = |id: u32, code: &str, active| EventType {
        id: EventTypeId(id),
        code: Some(code.into()),
        name: code.into(),
        category: code.into(),
        active,
    };
    let event_types = [
        event_type(id * 10 + 1, "SALE", true),
        event_type(id * 10 + 2, "LEAD", false),
    ];
    Program {
        id: ProgramId(id),
        brand: brand.into(),
        name: format!("program {id}").into(),
        active: true,
        time_zone: TimeZone::get(zone).unwrap(),
        time_zone_name: zone.into(),
        currency: currency.parse().unwrap(),
        landing: Landing::new("https://brand.example/"),
        deep_links: DeepLinks::default(),
        click_id_parameter: "im_ref".into(),
        unique_window: 0,
        unique_rolling: true,
        partner_template: Template::default(),
        program_template: Template::default(),
        pay_expired_ads: true,
        late_limit: i64::MAX,
        ads: AHashMap::new(),
        event_types: event_types.into_iter().map(|e| (e.id, e)).collect(),
    }
}
