//! Columns that are there only when they are asked for.

use std::sync::Arc;

use super::actions::{CLICK, Clicked, Whole};
use crate::model::id::{EventTypeId, PartnerId, ProgramId};

const REPORTS: &str = "/Advertisers/IRacme/Reports";
const PARTNER: &str = "att_adv_performance_by_media_pm_only";
const ALL: &str = "SHOW_PARTNER_GROUP=1&SHOW_PARTNER_VALUES=1&SHOW_COMPANY_URL=true\
    &SHOW_MEDIA_TYPE=True&SHOW_EVENT_TYPES=TRUE";

/// The columns that come of it.
const ADDED: [&str; 10] = [
    "PartnerGroup",
    "PartnerValue1",
    "PartnerValue2",
    "PartnerValue3",
    "CompanyURL",
    "MediaType",
    "Actions – SALE",
    "Action Cost – SALE",
    "Actions – LEAD",
    "Action Cost – LEAD",
];

/// Partner 7 of the group Blogs with two sales, partner 8 with a click alone.
fn world() -> Whole {
    let whole = Whole::new();
    let mut catalog = (**whole.bench.state.catalog.load()).clone();
    let seven = catalog.partners.get_mut(&PartnerId(7)).unwrap();
    seven.group = "=Blogs".into();
    seven.values = ["gold".into(), "".into(), "@2026".into()];
    seven.media_type = "Content".into();
    seven.properties = Box::new([(3, "https://blog.example".into()), (1, "two".into())]);
    whole.bench.state.catalog.store(Arc::new(catalog));
    whole.convert("o-1", "");
    whole.convert("o-2", "");
    whole.store(Clicked {
        partner: 8,
        ..CLICK
    });
    whole.fold();
    whole
}

#[test]
fn the_group_the_url_and_the_event_types_of_partners_are_shown_on_request() {
    let whole = world();
    let target = format!("{REPORTS}/{PARTNER}?SUBAID=1000");
    let plain = whole.bench.get(&target).json();
    let shown = whole.bench.get(&format!("{target}&{ALL}")).json();
    let uri = shown["@uri"].as_str().unwrap();
    let asked = "&SHOW_PARTNER_GROUP=1&SHOW_PARTNER_VALUES=1&SHOW_COMPANY_URL=1\
        &SHOW_MEDIA_TYPE=1&SHOW_EVENT_TYPES=1";
    assert!(uri.ends_with(asked), "{uri}");
    let values = |nth: usize| ADDED.map(|name| shown["Records"][nth][name].clone());
    let (two, none): (serde_json::Value, serde_json::Value) = (2.into(), 0.into());
    let [zero, four] = ["0.00", "4.00"];
    assert_eq!(
        values(0),
        [
            "=Blogs".into(),
            "gold".into(),
            "".into(),
            "@2026".into(),
            "https://blog.example".into(),
            "Content".into(),
            two,
            four.into(),
            none.clone(),
            zero.into()
        ]
    );
    assert_eq!(
        values(1),
        [
            "".into(),
            "".into(),
            "".into(),
            "".into(),
            "".into(),
            "".into(),
            none.clone(),
            zero.into(),
            none,
            zero.into()
        ]
    );
    // Everything else stays as it is.
    let off = "SHOW_PARTNER_GROUP=0&SHOW_EVENT_TYPES=FALSE";
    let off = whole.bench.get(&format!("{target}&{off}")).json();
    for (nth, record) in plain["Records"].as_array().unwrap().iter().enumerate() {
        let mut rest = shown["Records"][nth].as_object().unwrap().clone();
        for name in ADDED {
            rest.shift_remove(name);
        }
        let own = record.as_object().unwrap();
        let names = |map: &serde_json::Map<_, _>| map.keys().cloned().collect::<Vec<String>>();
        assert_eq!(names(&rest), names(own));
        assert_eq!(names(off["Records"][nth].as_object().unwrap()), names(own));
        assert_eq!(rest["TotalCost"], own["TotalCost"]);
    }
}

#[test]
fn columns_on_request_are_in_csv_and_sort_rows() {
    let whole = world();
    let target = format!("{REPORTS}/{PARTNER}?SUBAID=1000");
    let csv = whole.bench.get(&format!("{target}&{ALL}&ResultFormat=CSV"));
    let mut lines = csv.body.lines();
    let head = lines.next().unwrap();
    assert!(head.ends_with(&format!(",{}", ADDED.join(","))), "{head}");
    let first = lines.next().unwrap();
    assert!(
        first.ends_with(",'=Blogs,gold,,'@2026,https://blog.example,Content,2,4.00,0,0.00"),
        "{first}"
    );
    let sorted = format!("{target}&{ALL}&SortBy=-PartnerGroup&PageSize=1");
    let sorted = whole.bench.get(&sorted).json();
    assert_eq!(sorted["Records"][0]["MediaId"], "7");
    let next = whole
        .bench
        .get(sorted["@nextpageuri"].as_str().unwrap())
        .json();
    assert_eq!(next["Records"][0]["MediaId"], "8");
    assert_eq!(next["Records"][0]["Actions – SALE"], 0);
    let sorted = format!("{target}&{ALL}&SortBy=Actions%20%E2%80%93%20SALE&PageSize=1");
    let sorted = whole.bench.get(&sorted).json();
    assert_eq!(sorted["Records"][0]["MediaId"], "8");
    let next = sorted["@nextpageuri"].as_str().unwrap();
    assert_eq!(whole.bench.get(next).json()["Records"][0]["MediaId"], "7");
}

#[test]
fn event_types_of_one_name_and_those_that_are_gone_are_told_apart() {
    let whole = world();
    let mut catalog = (**whole.bench.state.catalog.load()).clone();
    let program = catalog.programs.get_mut(&ProgramId(1000)).unwrap();
    let lead = program.event_types.get_mut(&EventTypeId(10_002)).unwrap();
    lead.name = "SALE".into();
    whole.bench.state.catalog.store(Arc::new(catalog.clone()));
    let target = format!("{REPORTS}/{PARTNER}?SUBAID=1000&SHOW_EVENT_TYPES=1");
    let record = whole.bench.get(&target).json()["Records"][0].clone();
    assert_eq!(record["Actions – SALE (10001)"], 2);
    assert_eq!(record["Actions – SALE (10002)"], 0);
    let program = catalog.programs.get_mut(&ProgramId(1000)).unwrap();
    program.event_types.remove(&EventTypeId(10_001));
    whole.bench.state.catalog.store(Arc::new(catalog));
    let record = whole.bench.get(&target).json()["Records"][0].clone();
    assert_eq!(record["Actions – Event type 10001"], 2);
    assert_eq!(record["Actions – SALE"], 0);
}

#[test]
fn what_a_report_cannot_show_is_told_and_the_metadata_lists_the_rest() {
    let whole = Whole::new();
    let day = "att_adv_performance_by_day_pm_only";
    for (handle, query, field) in [
        (PARTNER, "SHOW_PARTNER_GROUP=2", "SHOW_PARTNER_GROUP"),
        (PARTNER, "SHOW_EVENT_TYPES=", "SHOW_EVENT_TYPES"),
        (PARTNER, "SortBy=PartnerGroup", "SortBy"),
        (
            PARTNER,
            "SHOW_EVENT_TYPES=1&SortBy=Actions%20%E2%80%93%20LEASE",
            "SortBy",
        ),
        (day, "SHOW_COMPANY_URL=1", "SHOW_COMPANY_URL"),
        (day, "SHOW_MEDIA_TYPE=1", "SHOW_MEDIA_TYPE"),
        (day, "SHOW_PARTNER_VALUES=1", "SHOW_PARTNER_VALUES"),
        (day, "SHOW_EVENT_TYPES=1", "SHOW_EVENT_TYPES"),
        (
            "adv_risk_by_partner",
            "SHOW_EVENT_TYPES=1",
            "SHOW_EVENT_TYPES",
        ),
        (
            "adv_click_data_pm_only",
            "SHOW_PARTNER_GROUP=1",
            "SHOW_PARTNER_GROUP",
        ),
    ] {
        let reply = whole
            .bench
            .get(&format!("{REPORTS}/{handle}?SUBAID=1000&{query}"));
        assert_eq!(reply.status, 400, "{handle} {query}: {reply:?}");
        let errors = reply.json()["Errors"].clone();
        assert_eq!(errors[0]["Field"], field, "{handle} {query}");
        assert_eq!(errors.as_array().unwrap().len(), 1, "{handle} {query}");
    }
    let listed = |handle: &str| {
        let metadata = whole
            .bench
            .get(&format!("{REPORTS}/{handle}/MetaData"))
            .json();
        let attributes = metadata["Attributes"].as_array().unwrap().iter();
        let names = attributes.map(|a| a["Name"].as_str().unwrap().to_owned());
        let (compared, names): (Vec<_>, Vec<_>) =
            names.partition(|name| name.ends_with("Previous") || name.ends_with("Change"));
        assert_eq!(compared.is_empty(), handle == day);
        names[names.len() - 8..].to_vec()
    };
    let added = [
        "PartnerGroup",
        "PartnerValue1",
        "PartnerValue2",
        "PartnerValue3",
        "CompanyURL",
        "MediaType",
        "Actions – {name}",
        "Action Cost – {name}",
    ];
    assert_eq!(listed(PARTNER), added);
    assert_ne!(listed(day)[6..], added[6..]);
}
