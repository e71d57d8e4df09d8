//! Conversions of which a fifth have their connection cut before the answer and are sent again,
//! among other attempts of the same orders: every one is stored once, and every order has one
//! action. `loadtest cut` does the same with many more.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::world::{BRAND, CATALOG, Program};
use crate::support::commands;
use crate::support::config::Config;
use crate::support::daemon::Daemon;
use crate::support::dice::Dice;
use crate::support::http::{self, Answer, Client};

const POSTS: usize = 5_000;
const CONNECTIONS: usize = 8;
const PATIENCE: Duration = Duration::from_secs(20);
/// How far apart two tries of one conversion may lie, in tries.
const SPREAD: u64 = 24;

/// One conversion: its order and its form.
struct Post {
    order: usize,
    form: String,
}

/// One time that a conversion is sent.
#[derive(Clone, Copy)]
struct Try {
    post: usize,
    /// How many bytes of the request are left out, and how long the answer is left unread, where
    /// the connection is cut.
    cut: Option<(usize, Duration)>,
}

struct Deck {
    posts: Vec<Post>,
    tries: Vec<Try>,
}

fn deck(dice: &mut Dice, clicks: &[String]) -> Deck {
    let mut posts = Vec::new();
    let mut placed: Vec<(u64, Try)> = Vec::new();
    let mut order = 0;
    for post in 0..POSTS {
        if !dice.chance(16) {
            order += 1;
        }
        let form = format!(
            "CampaignId=1&ActionTrackerId=10&EventDate=NOW&OrderId=order-{order}\
             &CurrencyCode=USD&Amount={}.{:02}&ClickId={}",
            1 + post,
            dice.below(100),
            dice.pick(clicks)
        );
        posts.push(Post { order, form });
        let mut at = u64::try_from(post).unwrap() + dice.below(SPREAD);
        if dice.chance(20) {
            for _ in 0..=dice.below(2) {
                let missing = if dice.chance(25) { 9 } else { 0 };
                let pause = Duration::from_micros(dice.below(3_000));
                let cut = Some((missing, pause));
                placed.push((at, Try { post, cut }));
                at += 1 + dice.below(SPREAD);
            }
        }
        placed.push((at, Try { post, cut: None }));
        if dice.chance(5) {
            placed.push((at + SPREAD, Try { post, cut: None }));
        }
    }
    placed.sort_by_key(|(at, _)| *at);
    let tries = placed.into_iter().map(|(_, one)| one).collect();
    Deck { posts, tries }
}

/// Opens links of both partners of the first program; their ids.
fn clicks(config: &Config) -> Vec<String> {
    let mut client = Client::connect(config.public, PATIENCE).unwrap();
    let mut ids = Vec::new();
    for n in 0..40 {
        let path = format!("/c/{}/101/1", 11 + n % 2);
        let headers = [("User-Agent", super::world::BROWSERS[0])];
        let answer = client.exchange(&http::get(&path, &headers)).unwrap();
        let location = answer.header("location").unwrap_or_default();
        let url = url::Url::parse(location).unwrap();
        let name = Program::of(1).parameter;
        let id = url.query_pairs().find(|pair| pair.0 == name);
        ids.push(id.unwrap().1.into_owned());
    }
    ids
}

/// One connection after the other, each for as long as it lasts.
struct Line<'a> {
    config: &'a Config,
    authorization: &'a str,
    client: Option<Client>,
}

impl Line<'_> {
    fn client(&mut self) -> Client {
        let open = || Client::connect(self.config.api, PATIENCE).unwrap();
        self.client.take().unwrap_or_else(open)
    }

    /// Repeats a request until it is answered.
    fn ask(&mut self, request: &str) -> Answer {
        let begun = Instant::now();
        loop {
            let mut client = self.client();
            if let Ok(answer) = client.exchange(request)
                && answer.status != 503
            {
                if !answer.closes() {
                    self.client = Some(client);
                }
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "no answer: {request}");
        }
    }

    fn cut(&self, request: &str, missing: usize, pause: Duration) {
        use std::io::Write as _;
        let mut stream = TcpStream::connect(self.config.api).unwrap();
        let part = &request.as_bytes()[..request.len() - missing];
        stream.write_all(part).unwrap();
        std::thread::sleep(pause);
        // The daemon may have ended it.
        drop(stream.shutdown(Shutdown::Both));
    }

    fn post(&self, form: &str) -> String {
        let path = format!("/Advertisers/{BRAND}/Conversions");
        http::post_form(&path, &[("Authorization", self.authorization)], form)
    }

    /// What became of the submission at `uri`: the code of a refusal, or the action.
    fn settled(&mut self, uri: &str) -> (Option<String>, Option<String>) {
        let begun = Instant::now();
        loop {
            let headers = [("Authorization", self.authorization)];
            let answer = self.ask(&http::get(uri, &headers));
            assert_eq!(answer.status, 200, "{uri}: {answer:?}");
            let shown = answer.json();
            if shown["Status"] == "Complete" {
                let text = |name: &str| shown[name].as_str().map(str::to_owned);
                return (text("ErrorReason"), text("ActionId"));
            }
            assert!(begun.elapsed() < PATIENCE, "{uri}: {answer:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Sends every try; the address that each conversion was answered with.
fn send(config: &Config, authorization: &str, deck: &Deck) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let answered = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let client = None;
                let mut line = Line {
                    config,
                    authorization,
                    client,
                };
                while let Some(one) = deck.tries.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let request = line.post(&deck.posts[one.post].form);
                    if let Some((missing, pause)) = one.cut {
                        line.cut(&request, missing, pause);
                        continue;
                    }
                    let answer = line.ask(&request);
                    assert_eq!(answer.status, 200, "{request}: {answer:?}");
                    let uri = answer.json()["QueuedUri"].as_str().unwrap().to_owned();
                    let before = answered.lock().insert(one.post, uri.clone());
                    assert!(before.is_none_or(|before| before == uri), "{request}");
                }
            });
        }
    });
    let answered = answered.into_inner();
    assert_eq!(answered.len(), POSTS);
    answered.into_values().collect()
}

/// The attempts of every order by their ids, whose order is that in which they were stored.
fn by_order<'a>(deck: &Deck, answered: &'a [String]) -> BTreeMap<usize, BTreeSet<&'a str>> {
    let mut orders: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (post, uri) in deck.posts.iter().zip(answered) {
        orders.entry(post.order).or_default().insert(uri.as_str());
    }
    orders
}

#[test]
fn conversions_that_are_cut_and_sent_again_count_once() {
    let seed = u64::from(std::process::id()) << 32 ^ 7;
    // Shown when something fails.
    println!("seed {seed}");
    let config = Config::new();
    commands::apply_catalog(&config, CATALOG);
    let token = commands::create_key(&config, BRAND);
    let authorization = http::basic(BRAND, &token);
    let mut daemon = Daemon::start(&config);
    daemon.wait_ready(PATIENCE).unwrap();
    let deck = deck(&mut Dice(seed), &clicks(&config));
    let answered = send(&config, &authorization, &deck);
    let orders = by_order(&deck, &answered);
    let ids: usize = orders.values().map(BTreeSet::len).sum();
    assert_eq!(ids, POSTS, "two conversions have one id");
    let mut line = Line {
        config: &config,
        authorization: &authorization,
        client: None,
    };
    let mut actions = BTreeSet::new();
    for (order, attempts) in &orders {
        for (n, uri) in attempts.iter().enumerate() {
            match (n, line.settled(uri)) {
                (0, (None, Some(action))) => assert!(actions.insert(action), "order {order}"),
                (1.., (Some(code), None)) if code == "CONV_DUPLICATE" => {}
                (n, other) => panic!("order {order}, attempt {n}: {other:?}"),
            }
        }
    }
    assert!(orders.len() < POSTS && orders.len() == actions.len());
    let summary = commands::verify(&config).unwrap();
    let (_, summary) = summary.split_once('{').unwrap();
    let summary: serde_json::Value = serde_json::from_str(&format!("{{{summary}")).unwrap();
    assert_eq!(
        summary["ledger"]["conversions"]["stored"], POSTS,
        "{summary}"
    );
}
