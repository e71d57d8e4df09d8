//! Commands beside no daemon, and one that starts meanwhile.

use std::time::Duration;

use clickd::command::ask::Asker;
use serde_json::Value;

use crate::support::config::Config;
use crate::support::daemon::Daemon;

const VERB: &str = "import-list";

#[test]
fn a_command_hands_the_stores_over_to_a_daemon_that_starts() {
    let config = Config::new();
    let settings = clickd::config::Config::load(&config.write()).unwrap();
    let mut asker = Asker::new(&settings);
    asker.ask(VERB, Value::Null).unwrap();
    let mut daemon = Daemon::start(&config);
    let early = daemon.wait_ready(Duration::from_millis(500));
    assert!(early.unwrap_err().starts_with("not ready"));
    asker.ask(VERB, Value::Null).unwrap();
    daemon.wait_ready(Duration::from_secs(10)).unwrap();
    asker.end().unwrap();
}
