//! Actions and their updates as CSV.

use super::world::{ACTIONS, UPDATES, World};

#[test]
fn lists_are_answered_as_csv_on_demand_with_the_values_of_json() {
    let world = World::new();
    let mut actions = vec![world.action("=o", 1); 2_001];
    for (i, action) in actions.iter_mut().enumerate() {
        action.updates = vec![world.now.plus(-60_000 + i64::try_from(i).unwrap())];
    }
    world.make(&actions);
    for (list, target) in [("Actions", ACTIONS), ("ActionUpdates", UPDATES)] {
        let target = format!("{target}?CampaignId=1000&PageSize=2000");
        let by_query = world.get(&format!("{target}&ResultFormat=csv"));
        let by_accept = world.bench.ask("GET", &target, "Accept: text/csv\r\n", "");
        assert_eq!(by_query.body, by_accept.body);
        let head = &by_query.head;
        assert!(head.contains("content-type: text/csv"), "{head}");
        assert!(head.contains("x-clickd-as-of: "), "{head}");
        assert!(
            head.contains("&resultformat=csv&page=2&pagesize=2000>; rel=\"next\""),
            "{head}"
        );
        let json = world.get(&target).json();
        let objects = json[list].as_array().unwrap();
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(by_query.body.as_bytes())
            .into_records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
        let names = rows.next().unwrap();
        let keys: Vec<&String> = objects[0].as_object().unwrap().keys().collect();
        assert_eq!(names.iter().collect::<Vec<_>>(), keys);
        let rows: Vec<Vec<String>> = rows.collect();
        assert_eq!(rows.len(), objects.len());
        for (row, object) in rows.iter().zip(objects) {
            for (cell, value) in row.iter().zip(object.as_object().unwrap().values()) {
                match value.as_str() {
                    Some("=o") => assert_eq!(cell, "'=o"),
                    Some(text) => assert_eq!(cell, text),
                    None => assert_eq!(cell.parse::<f64>().ok(), value.as_f64()),
                }
            }
        }
        let none = world.get(&format!("{target}&Page=9&ResultFormat=CSV"));
        assert_eq!(none.body, format!("{}\r\n", names.join(",")));
        assert!(!none.head.contains("link: "));
    }
    let wrong = world.get(&format!("{ACTIONS}?CampaignId=1000&ResultFormat=XML"));
    assert_eq!(wrong.status, 400);
    let error = &wrong.json()["Errors"][0];
    assert_eq!(error["Field"], "ResultFormat");
    assert_eq!(error["Message"], "is `XML`; JSON, CSV are allowed");
    // One object has no columns to be a table of.
    let id = world.get(&format!("{ACTIONS}?CampaignId=1000")).json()["Actions"][0]["Id"].clone();
    let one = format!("{ACTIONS}/{}", id.as_str().unwrap());
    let reply = world.bench.ask("GET", &one, "Accept: text/csv\r\n", "");
    assert_eq!(reply.status, 406);
}
