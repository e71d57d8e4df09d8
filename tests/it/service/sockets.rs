//! Sockets that the service manager passes.

use std::net::SocketAddr;

use crate::sync::client::{Client, basic, order};
use crate::sync::daemon::{BRAND, Home, Running, until};

#[test]
fn passed_sockets_are_served_and_nothing_else_is_listened_on() {
    let home = Home::new("");
    // The addresses of another home, so that none of them is in the configuration.
    let passed = Home::bare("");
    let listen = |address: SocketAddr| format!("--listen={address}");
    let (public, api, ops) = (
        listen(passed.public),
        listen(passed.api),
        listen(passed.ops),
    );
    let names = "--fdname=clickd-public:clickd-api:clickd-ops";
    let words = ["systemd-socket-activate", &public, &api, &ops, names];
    let running = Running::start(&mut home.command(&words));
    // The first connection waits in the backlog for the daemon to start.
    let mut customer = until("the sockets are there", || {
        Client::connect(passed.public).ok()
    });
    let clicked = customer.click("/c/280/100/1000?subId1=passed").unwrap();
    assert!(clicked.is_recorded_click(), "{}", clicked.head);
    let mut brand = Client::connect(passed.api).unwrap();
    let body = order("order-passed", &clicked.click_id());
    let accepted = brand.convert(BRAND, &home.token, &body).unwrap();
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    until("the conversion is credited", || {
        let target = accepted.queued_uri();
        let shown = brand.get(&target, &basic(BRAND, &home.token)).unwrap();
        shown.body.contains("\"ActionId\"").then_some(())
    });
    let ready = Client::connect(passed.ops)
        .unwrap()
        .get("/readyz", "")
        .unwrap();
    assert_eq!(ready.status, 200, "{}", ready.body);
    for configured in [home.public, home.api, home.ops] {
        assert!(
            Client::connect(configured).is_err(),
            "{configured} is served too"
        );
    }
    running.terminate();
    let (code, said) = running.ended();
    assert_eq!(code, 0, "{said}");
}
