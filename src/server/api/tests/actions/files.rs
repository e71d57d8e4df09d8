//! Files whose lines the fold refuses: what is told of them, line by line.

use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use super::whole::{Whole, queued};
use super::world::{ACTIONS, UPDATES};
use crate::job::batch::check::Known;
use crate::job::batch::{Context, run, spool};
use crate::server::api::changes;

const FILES: &str = "/Advertisers/IRacme/FTPFileSubmissions";
const SALES: &str = "CampaignId,EventTypeCode,EventDate,OrderId,CustomerId,CurrencyCode,Amount";
const CHANGES: &str =
    "CampaignId,EventTypeCode,OrderId,Reason,Sku,Quantity,ItemSubTotalDelta,Amount";

impl Whole {
    /// Uploads a file; where it is shown.
    fn upload(&self, kind: &str, text: &str) -> String {
        let headers = format!(
            "Content-Type: text/csv\r\nContent-Length: {}\r\n",
            text.len()
        );
        let target = format!("{FILES}?Type={kind}&FileName=a.csv");
        queued(&self.bench.ask("POST", &target, &headers, text))
    }

    /// Reads a file to its end, without folding it.
    fn read(&self, file: &str) {
        let state = &self.bench.state;
        let verify = |text: &str| (state.verify)(text);
        let resolve = |asked| changes::find(&state.log, &*state.figures, asked);
        let context = Context {
            log: &state.log,
            spool: &state.files.spool,
            catalog: &state.catalog,
            known: Known {
                verify: &verify,
                parts_of: &changes::parts_of,
                resolve: &resolve,
            },
            metrics: &state.metrics,
        };
        let job = file.rsplit('/').next().unwrap().parse().unwrap();
        let record = spool::find(&state.log, job).unwrap().unwrap();
        run(&context, record, &AtomicBool::new(false)).unwrap();
    }

    /// Uploads, reads and folds a file; where it is shown.
    fn file(&self, kind: &str, header: &str, lines: &[&str]) -> String {
        let file = self.upload(kind, &format!("{header}\n{}\n", lines.join("\n")));
        self.read(&file);
        self.fold();
        file
    }

    /// Line, status and reason of each error of a file, which are as many as are counted.
    fn errors(&self, file: &str) -> Value {
        let details = self.bench.get(&format!("{file}/ErrorDetails")).json();
        let shown = self.bench.get(file).json();
        assert_eq!(details["@total"], shown["TotalErrors"].to_string());
        let errors = details["ErrorDetail"].as_array().unwrap();
        let told = errors.iter().map(|error| {
            let own = self.bench.get(error["Uri"].as_str().unwrap()).json();
            assert_eq!(own, *error);
            json!([error["Line"], error["Status"], error["Reason"]])
        });
        told.collect()
    }
}

#[test]
fn a_conversion_that_the_fold_refuses_is_an_error_of_its_line() {
    let whole = Whole::new();
    let file = whole.upload(
        "Conversion",
        &format!(
            "{SALES},MediaId\n1000,SALE,NOW,o1,nobody,USD,5.00,\n1000,SALE,NOW,o2,,USD,ten,7\n\
             1000,SALE,NOW,o3,,USD,5.00,7\n1000,SALE,2001-01-01T00:00:00Z,o4,c,USD,1.00,\n"
        ),
    );
    whole.read(&file);
    // What is stored is not settled yet, so more may turn out to be wrong.
    let shown = whole.bench.get(&file).json();
    assert_eq!(
        (
            &shown["Status"],
            &shown["CompletionDate"],
            &shown["TotalErrors"]
        ),
        (&json!("In Progress"), &Value::Null, &json!(2))
    );
    whole.fold();
    let shown = whole.bench.get(&file).json();
    assert_eq!(shown["Status"], "Complete");
    assert_eq!(
        (&shown["TotalStored"], &shown["TotalErrors"]),
        (&json!(2), &json!(3))
    );
    let errors = whole.errors(&file);
    assert_eq!(errors[0], json!([2, "Validation", "ACTION_REF_NOT_FOUND"]));
    assert_eq!((&errors[1][0], &errors[2][0]), (&json!(3), &json!(5)));
    let first = whole.bench.get(&format!("{file}/ErrorDetails/2")).json();
    for (name, expected) in [
        ("CampaignId", json!(1000)),
        ("EventCode", json!("SALE")),
        ("OrderId", json!("o1")),
        ("MediaPartnerId", Value::Null),
    ] {
        assert_eq!(first[name], expected, "{name}");
    }
    let list = whole.bench.get(FILES).json();
    assert_eq!(list["FTPFileSubmissions"][0], shown);
    let listed = |query: &str| whole.bench.get(&format!("{FILES}{query}")).json()["@total"].clone();
    assert_eq!(listed("?CompletedDateStart=2020-01-01"), "1");
    assert_eq!(
        whole.bench.get(&format!("{file}/ErrorDetails/4")).status,
        404
    );
}

#[test]
fn a_contract_error_says_so() {
    let whole = Whole::new();
    // Partner 8 has no contract.
    let line = "1000,SALE,NOW,o1,,USD,5.00,8";
    let file = whole.file("Conversion", &format!("{SALES},MediaId"), &[line]);
    let errors = whole.errors(&file);
    assert_eq!(errors, json!([[2, "Contract Error", "CONTRACT_NOT_FOUND"]]));
}

#[test]
fn changes_that_the_fold_refuses_are_errors_of_their_first_lines() {
    let whole = Whole::new();
    let items = "&ItemSku1=a&ItemSubTotal1=12.00&ItemQuantity1=2&ItemSku2=b&ItemSubTotal2=8.00\
        &ItemQuantity2=1";
    whole.convert("o-1", items);
    whole.convert("o-2", items);
    let lines = [
        "1000,SALE,o-1,OTHER,a,1,,",
        "1000,SALE,o-1,OTHER,x,1,,",
        "1000,SALE,o-2,OTHER,b,,-9,",
        "1000,SALE,o-1,WHY,b,1,,",
        "1000,SALE,none,OTHER,b,1,,",
    ];
    let file = whole.file("Modification", CHANGES, &lines);
    assert_eq!(
        whole.errors(&file),
        json!([
            [2, "Validation", "ITEM_NOT_FOUND"],
            [4, "Validation", "AMOUNT_BELOW_ZERO"],
            [5, "Validation", whole.errors(&file)[2][2]],
            [6, "Validation", "ACTION_NOT_FOUND"],
        ])
    );
    let header = "CampaignId,EventTypeCode,OrderId,DispositionCode";
    let lines = ["1000,SALE,o-1,OTHER", "1000,SALE,o-1,CONS_FRAUD"];
    let file = whole.file("Reversal", header, &lines);
    let errors = whole.errors(&file);
    assert_eq!(errors, json!([[3, "Contract Error", "ACTION_REVERSED"]]));
}

#[test]
fn changes_of_orders_in_turn_are_repetitions_in_another_file() {
    let whole = Whole::new();
    for order in ["o-1", "o-2"] {
        whole.convert(order, "&ItemSku1=a&ItemSubTotal1=20.00&ItemQuantity1=2");
    }
    let lines = [
        "1000,SALE,o-1,OTHER,a,,-1,",
        "1000,SALE,o-2,OTHER,a,,-1,",
        "1000,SALE,o-1,OTHER,a,,-2,",
        "1000,SALE,o-2,OTHER,a,,-2,",
        "1000,SALE,o-1,OTHER,a,,-4,",
        "1000,SALE,o-2,OTHER,a,,-5,",
    ];
    let first = whole.file("Modification", CHANGES, &lines);
    let more = [&lines[..], &["1000,SALE,o-1,OTHER,a,,-3,"]].concat();
    let second = whole.file("Modification", CHANGES, &more);
    let counts = |file: &str| {
        let shown = whole.bench.get(file).json();
        json!([
            shown["TotalStored"],
            shown["TotalRetries"],
            shown["TotalErrors"]
        ])
    };
    assert_eq!(counts(&first), json!([6, 0, 0]));
    assert_eq!(counts(&second), json!([1, 6, 0]));
    let actions = whole
        .bench
        .get(&format!("{ACTIONS}?CampaignId=1000"))
        .json();
    let amounts = actions["Actions"].as_array().unwrap().iter();
    let mut amounts: Vec<_> = amounts.map(|one| one["Amount"].to_string()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, ["10.0", "12.0"]);
}

#[test]
fn an_update_shows_its_item_and_what_its_contract_pays() {
    let whole = Whole::new();
    let item = "&ItemSku1=a&ItemSubTotal1=20.00&ItemQuantity1=2&ItemCategory1=c";
    let id = whole.convert("o-1", item)["ActionId"].clone();
    let id = id.as_str().unwrap();
    for fields in [
        "Sku=a&Quantity=1",
        "Sku=a&ItemSubTotalDelta=-1",
        "CustomerStatus=NEW",
    ] {
        queued(&whole.ask(
            "PUT",
            &format!("ActionId={id}&Reason=ITEM_RETURNED&{fields}"),
        ));
    }
    whole.fold();
    let told = |number: u32| {
        let update = whole.bench.get(&format!("{UPDATES}/{id}.{number}")).json();
        assert_eq!(update["PayoutLevel"], "ORDER");
        assert_eq!(update["DefaultPayoutRate"], "10.00");
        let names = ["Sku", "Category", "Quantity", "StateDetail"];
        names.map(|name| update[name].as_str().unwrap().to_owned())
    };
    assert_eq!(told(1), ["a", "c", "2", ""]);
    assert_eq!(told(2), ["a", "c", "1", "ITEM_RETURNED"]);
    assert_eq!(told(3), ["a", "c", "", "ITEM_RETURNED"]);
    assert_eq!(told(4), ["", "", "", "ITEM_RETURNED"]);
}
