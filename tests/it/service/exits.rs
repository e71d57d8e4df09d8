//! The exit code says what helps: 65 nothing but a person, 75 another start, 78 the configuration.

use std::fs;

use rocksdb::{DB, Options};

use crate::sync::client::{Client, order};
use crate::sync::daemon::{BRAND, Home, Running};

/// Starts the daemon, which must end by itself; its exit code and what it said.
fn refused(home: &Home) -> (i32, String) {
    let running = Running::start(&mut home.command(&[]));
    assert!(!running.is_serving(), "it serves");
    running.ended()
}

#[test]
fn a_bad_or_missing_configuration_is_78_and_names_every_problem() {
    let home = Home::bare("[log]\nlevle = \"info\"\nformat = \"xml\"\n");
    let (code, said) = refused(&home);
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("levle") && said.contains("xml"), "{said}");
    assert!(!home.store().exists(), "nothing was opened");
    fs::remove_file(home.config()).unwrap();
    let (code, said) = refused(&home);
    assert_eq!(code, 78, "{said}");
}

#[test]
fn a_store_in_use_is_75_and_stays_unharmed() {
    let home = Home::new("");
    let running = home.serve();
    // Everything of its own but the store.
    let other = Home::bare("");
    let text = fs::read_to_string(other.config()).unwrap();
    let (own, theirs) = (other.store(), home.store());
    let text = text.replace(own.to_str().unwrap(), theirs.to_str().unwrap());
    fs::write(other.config(), text).unwrap();
    let (code, said) = refused(&other);
    assert_eq!(code, 75, "{said}");
    assert!(said.contains("in use"), "{said}");
    assert!(
        home.customer()
            .click("/c/280/100/1000")
            .unwrap()
            .is_recorded_click()
    );
    running.terminate();
    assert_eq!(running.ended().0, 0);
}

#[test]
fn a_log_cut_below_what_was_durable_is_65() {
    let home = Home::new("");
    let running = home.serve();
    let mut brand = Client::connect(home.api).unwrap();
    for number in 0..20 {
        let body = order(&format!("order-{number}"), "none");
        assert_eq!(
            brand.convert(BRAND, &home.token, &body).unwrap().status,
            200
        );
    }
    drop(running);
    let logs = fs::read_dir(home.store().join("log")).unwrap();
    let logs = logs.map(|entry| entry.unwrap().path());
    let newest = logs
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .max();
    // The file is longer than what is written in it.
    let path = newest.unwrap();
    let bytes = fs::read(&path).unwrap();
    let last = memchr::memmem::rfind(&bytes, b"order-19").unwrap();
    let wal = fs::File::options().write(true).open(path).unwrap();
    wal.set_len(last as u64 / 2).unwrap();
    let (code, said) = refused(&home);
    assert_eq!(code, 65, "{said}");
    assert!(said.contains("acknowledged as durable"), "{said}");
}

#[test]
fn a_store_of_a_newer_format_is_65() {
    let home = Home::new("");
    let log = home.store().join("log");
    let options = Options::default();
    let families = DB::list_cf(&options, &log).unwrap();
    let db = DB::open_cf(&options, &log, families).unwrap();
    db.put_cf(
        db.cf_handle("meta").unwrap(),
        b"format",
        u32::MAX.to_be_bytes(),
    )
    .unwrap();
    drop(db);
    let (code, said) = refused(&home);
    assert_eq!(code, 65, "{said}");
    assert!(said.contains("format 4294967295"), "{said}");
}
