//! The page of metrics: what Prometheus says of it, and that strangers can't make it grow.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use crate::sync::client::{Client, order};
use crate::sync::daemon::{BRAND, Home};

/// Requests that must not add a series.
const REQUESTS: u64 = 100_000;
const CONNECTIONS: u64 = 8;

fn scrape(home: &Home) -> String {
    let page = Client::connect(home.ops)
        .unwrap()
        .get("/metrics", "")
        .unwrap();
    assert_eq!(page.status, 200, "{}", page.head);
    page.body
}

/// Names and labels of all series.
fn series(page: &str) -> BTreeSet<String> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
        .collect()
}

/// A small generator of random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn word(&mut self, most: u64) -> String {
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGH0123456789-._~%25";
        let letter = |random: &mut Self| {
            let place = usize::try_from(random.below(letters.len() as u64 - 3)).unwrap();
            char::from(letters[place]).to_string().replace('%', "%41")
        };
        (0..=self.below(most)).map(|_| letter(self)).collect()
    }

    /// A request as nobody should send it; most leave the connection open.
    fn request(&mut self) -> String {
        let method = match self.below(40) {
            0 => self
                .pick(&["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PURGE"])
                .to_owned(),
            1 => self.word(12).replace('%', ""),
            _ => "GET".to_owned(),
        };
        let number = |random: &mut Self| random.below(5_000).to_string();
        let path = match self.below(6) {
            0 => format!("/{}", self.word(30)),
            1 => format!("/c/{}/{}/{}", number(self), number(self), number(self)),
            2 => format!(
                "/c/{}/{}/1000?{}={}",
                number(self),
                number(self),
                self.word(9),
                self.word(9)
            ),
            3 => format!("/Advertisers/{}/{}", self.word(9), self.word(9)),
            4 => format!("/Advertisers/{BRAND}/Reports/{}", self.word(20)),
            _ => self
                .pick(&["/metrics", "/healthz", "/readyz", "/robots.txt", "/"])
                .to_owned(),
        };
        let (host, agent) = (self.word(20).replace('%', ""), self.word(60));
        let length = if method == "GET" {
            ""
        } else {
            "Content-Length: 0\r\n"
        };
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\n{length}\r\n")
    }
}

/// Sends random requests to each of the listeners in turn, anew where a connection was closed.
fn disturb(to: &[SocketAddr], seed: u64) -> u64 {
    let mut random = Random(seed | 1);
    let mut clients: Vec<Option<Client>> = to.iter().map(|_| None).collect();
    let mut answered = 0;
    for number in 0..REQUESTS / CONNECTIONS {
        // Most go where strangers can reach.
        let place = usize::try_from(number % 10).unwrap().saturating_sub(7);
        let slot = &mut clients[place];
        let mut client = slot
            .take()
            .unwrap_or_else(|| Client::connect(to[place]).unwrap());
        let sent = client
            .send(&random.request())
            .and_then(|()| client.answer());
        if let Ok(answer) = sent {
            answered += 1;
            assert!(answer.status < 500, "{}", answer.head);
            let closes = answer.header("connection") == Some("close");
            *slot = (!closes && answer.status != 400).then_some(client);
        }
    }
    answered
}

#[test]
fn the_page_pleases_promtool_and_a_hundred_thousand_strangers_add_no_series() {
    let home = Home::new("");
    let running = home.serve();
    let clicked = home.customer().click("/c/280/100/1000").unwrap();
    let mut brand = Client::connect(home.api).unwrap();
    let body = order("order-metrics", &clicked.click_id());
    assert_eq!(
        brand.convert(BRAND, &home.token, &body).unwrap().status,
        200
    );
    let before = scrape(&home);
    check(&before);
    let seed = u64::from(std::process::id()) * 7_919;
    println!("seed {seed}");
    let listeners = [home.public, home.api, home.ops];
    let answered: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|thread| scope.spawn(move || disturb(&listeners, seed + 2 * thread)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert!(
        answered > REQUESTS * 9 / 10,
        "only {answered} were answered"
    );
    let fresh = crate::sync::daemon::until("a page that is rendered anew", || {
        let page = scrape(&home);
        (page != before).then_some(page)
    });
    let (before, after) = (series(&before), series(&fresh));
    let added: Vec<_> = after.difference(&before).collect();
    assert!(before.len() > 50 && added.is_empty(), "{added:#?}");
    check(&fresh);
    running.terminate();
    let (code, said) = running.ended();
    assert_eq!(code, 0, "{said}");
}

/// `promtool` must find nothing to say.
fn check(page: &str) {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is needed: apt-get install prometheus");
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(page.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.is_empty(), "{said}");
}
