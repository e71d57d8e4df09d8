//! Partners read their own actions, and nothing in them that is a brand's.

use super::world::{Made, World};
use crate::server::api::tests::partners::{BLOG, ask, clicks, convert, get, reader};
use crate::server::api::tests::whole::{folded, whole};

#[test]
fn a_partner_reads_its_own_actions_without_what_is_the_brands() {
    let (bench, signer, mut fold) = whole();
    let clicked = clicks(&bench, &signer);
    convert(&bench, "o-1", &format!("ClickId={}", clicked[0]));
    convert(&bench, "o-2", "MediaId=7&SubId2=said&SharedId=said");
    folded(&bench, &fold);
    let (blog, coupons) = (reader(&bench, "IRblog", 7), reader(&bench, "IRcoupons", 8));
    let list = format!("{BLOG}/Actions?CampaignId=1000");
    let found = get(&bench, &blog, &list).json();
    let own = found["Actions"].as_array().unwrap();
    let mut labels: Vec<[&str; 5]> = own
        .iter()
        .map(|action| {
            let names = ["Oid", "SharedId", "SubId1", "SubId2", "SubId3"];
            names.map(|name| action[name].as_str().unwrap())
        })
        .collect();
    // Both may come in one millisecond, and then either is the newer one.
    labels.sort_unstable();
    assert_eq!(
        labels,
        [
            ["o-1", "shared", "mail", "", "=3"],
            ["o-2", "said", "", "said", ""]
        ]
    );
    let updates = get(&bench, &blog, &list.replace("Actions", "ActionUpdates")).json();
    let updates = updates["ActionUpdates"].as_array().unwrap();
    assert_eq!(updates.len(), 2);
    for object in own.iter().chain(updates) {
        let uri = object["Uri"].as_str().unwrap();
        assert!(uri.starts_with(BLOG), "{uri}");
        assert_eq!(get(&bench, &blog, uri).json(), *object);
        for name in [
            "ClientCost",
            "CustomerId",
            "CustomerStatus",
            "IpAddress",
            "Note",
        ] {
            assert!(object.get(name).is_none(), "{name}: {object}");
        }
        let of_brand = uri.replace(BLOG, "/Advertisers/IRacme");
        let text = bench.get(&of_brand).body;
        assert!(text.contains("\"CustomerId\":\"c-1\""), "{text}");
        assert!(!text.contains("SubId") && !text.contains("mail"), "{text}");
        // The other partner finds neither it nor that it is there.
        for foreign in [uri.replace("IRblog", "IRcoupons"), uri.to_owned()] {
            let reply = get(&bench, &coupons, &foreign);
            assert_eq!(reply.without_date(), bench.get("/nowhere").without_date());
        }
    }
    let items = format!("{}/Items", own[0]["Uri"].as_str().unwrap());
    assert_eq!(get(&bench, &blog, &items).json()["@total"], "1");
    let other = get(&bench, &blog, &format!("{list}&MediaPartnerId=8"));
    assert_eq!(other.json()["Errors"][0]["Field"], "MediaPartnerId");
    assert_eq!(
        get(&bench, &blog, &list.replace("1000", "1001")).status,
        404
    );
    for method in ["PUT", "DELETE"] {
        let reply = ask(&bench, &blog, method, &format!("{BLOG}/Actions"));
        assert_eq!(reply.status, 405);
        assert!(reply.head.contains("allow: get, head\r\n"), "{reply:?}");
    }
    // The row of a report leads to the actions that it counts.
    let by_program = format!("{BLOG}/Reports/partner_performance_by_program");
    let record = &get(&bench, &blog, &by_program).json()["Records"][0];
    let linked = get(&bench, &blog, record["ActionsUri"].as_str().unwrap()).json();
    assert_eq!(
        (&linked["@total"], &record["GrossActions"]),
        (&"2".into(), &2.into())
    );
    fold.stop();
}

#[test]
fn actions_of_one_partner_are_listed_to_no_other() {
    let world = World::new();
    let of = |order, partner| Made {
        partner,
        ..world.action(order, 1)
    };
    let ids = world.make(&[of("a", 7), of("b", 8), of("c", 7)]);
    let blog = reader(&world.bench, "IRblog", 7);
    for (kind, name) in [("Actions", "Actions"), ("ActionUpdates", "ActionUpdates")] {
        let found = get(
            &world.bench,
            &blog,
            &format!("{BLOG}/{kind}?CampaignId=1000"),
        )
        .json();
        let found = found[name].as_array().unwrap().iter();
        let mut orders: Vec<_> = found.map(|own| own["Oid"].as_str().unwrap()).collect();
        orders.sort_unstable();
        assert_eq!(orders, ["a", "c"], "{kind}");
    }
    for (id, status) in ids.iter().zip([200, 404, 200]) {
        for end in [
            format!("Actions/{id}"),
            format!("Actions/{id}/Items"),
            format!("ActionUpdates/{id}.1"),
        ] {
            let reply = get(&world.bench, &blog, &format!("{BLOG}/{end}"));
            assert_eq!(reply.status, status, "{end}");
        }
    }
}

#[test]
fn lists_are_csv_with_the_fields_of_their_reader() {
    let world = World::new();
    world.make(&[Made {
        partner: 7,
        ..world.action("a", 1)
    }]);
    let blog = reader(&world.bench, "IRblog", 7);
    let brand = world.bench.auth();
    for list in ["Actions", "ActionUpdates"] {
        for (auth, base) in [(&blog, BLOG), (&brand, "/Advertisers/IRacme")] {
            let target = format!("{base}/{list}?CampaignId=1000");
            let json = get(&world.bench, auth, &target).json();
            let object = json[list][0].as_object().unwrap();
            let names: Vec<&str> = object.keys().map(String::as_str).collect();
            let csv = get(&world.bench, auth, &format!("{target}&ResultFormat=CSV"));
            let lines: Vec<&str> = csv.body.split("\r\n").collect();
            assert_eq!(lines[0], names.join(","), "{target}");
            assert_eq!(lines.len(), 3, "{}", csv.body);
            let none = format!("{target}&ResultFormat=CSV&Page=9");
            let none = get(&world.bench, auth, &none).body;
            assert_eq!(none, format!("{}\r\n", lines[0]));
            assert_eq!(names.contains(&"SubId1"), base == BLOG);
            assert_eq!(names.contains(&"CustomerId"), base != BLOG);
        }
    }
}
