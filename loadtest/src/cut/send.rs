//! Sends a deck over many connections; every whole try is repeated until it is answered.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tokio::task::JoinSet;

use super::deck::{Deck, Try};
use super::post::Post;
use crate::http::brand::{Account, lossy};
use crate::traffic::catalogue::EVENT_TYPE;

/// How long one payload is repeated.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries of one payload.
const PAUSE: Duration = Duration::from_millis(5);

/// A recorded click that conversions name.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// Its id.
    pub(crate) id: String,
    /// Its partner.
    pub(crate) partner: u32,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// The address that each payload was answered with.
    pub(crate) answered: Vec<String>,
    /// Requests that were written, whole or not.
    pub(crate) requests: u64,
    /// How often a whole try had to be repeated.
    pub(crate) repeated: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Queued {
    queued_uri: String,
}

/// What all connections share.
struct Shared {
    deck: Deck,
    clicks: Vec<Named>,
    account: Account,
    authorization: String,
    next: Cell<usize>,
    answered: RefCell<HashMap<usize, String>>,
    requests: Cell<u64>,
    repeated: Cell<u64>,
}

/// Sends `deck` and hands it back.
pub(crate) async fn send(
    deck: Deck,
    clicks: Vec<Named>,
    account: &Account,
    connections: u16,
) -> Result<(Deck, Vec<Named>, Sent)> {
    let shared = Rc::new(Shared {
        deck,
        clicks,
        account: account.clone(),
        authorization: authorization(account),
        next: Cell::new(0),
        answered: RefCell::default(),
        requests: Cell::new(0),
        repeated: Cell::new(0),
    });
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        workers.spawn_local(work(Rc::clone(&shared)));
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    let shared = Rc::into_inner(shared).context("a connection is still at work")?;
    let mut found = shared.answered.into_inner();
    let answered = (0..shared.deck.payloads.len()).map(|payload| {
        let uri = found.remove(&payload);
        uri.with_context(|| format!("payload {payload} was never answered"))
    });
    let sent = Sent {
        answered: answered.collect::<Result<_>>()?,
        requests: shared.requests.get(),
        repeated: shared.repeated.get(),
    };
    Ok((shared.deck, shared.clicks, sent))
}

/// The value of `Authorization` for an account.
pub(crate) fn authorization(account: &Account) -> String {
    let pair = format!("{}:{}", account.sid, account.token);
    format!("Basic {}", STANDARD.encode(pair))
}

async fn work(shared: Rc<Shared>) -> Result<()> {
    let mut post = Post::new(shared.account.address);
    loop {
        let next = shared.next.get();
        let Some(one) = shared.deck.tries.get(next).copied() else {
            return Ok(());
        };
        shared.next.set(next + 1);
        let request = shared.request(one)?;
        match one.cut {
            Some(cut) => {
                shared.requests.set(shared.requests.get() + 1);
                post.cut(&request, cut).await?;
            }
            None => shared.whole(one, &request, &mut post).await?,
        }
    }
}

impl Shared {
    /// Sends until it is answered with success, which must be the same answer every time.
    async fn whole(&self, one: Try, request: &[u8], post: &mut Post) -> Result<()> {
        let begun = Instant::now();
        loop {
            self.requests.set(self.requests.get() + 1);
            match post.whole(request).await {
                Ok(answer) if (200..300).contains(&answer.status) => {
                    let queued: Queued = serde_json::from_slice(&answer.body)
                        .with_context(|| lossy(&answer.body))?;
                    return self.note(one.payload, &queued.queued_uri);
                }
                Ok(answer) if answer.status != 503 => bail!(
                    "payload {}: answered {}: {}",
                    one.payload,
                    answer.status,
                    lossy(&answer.body)
                ),
                Ok(_) | Err(_) => {}
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "payload {} is not answered",
                one.payload
            );
            self.repeated.set(self.repeated.get() + 1);
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn note(&self, payload: usize, uri: &str) -> Result<()> {
        let mut answered = self.answered.borrow_mut();
        if let Some(first) = answered.insert(payload, uri.to_owned()) {
            ensure!(
                first == uri,
                "payload {payload} was answered as {first} and as {uri}"
            );
        }
        Ok(())
    }

    fn request(&self, one: Try) -> Result<Vec<u8>> {
        let payload = self.deck.payloads.get(one.payload).context("no payload")?;
        let click = usize::try_from(payload.click)?;
        let click = self.clicks.get(click).context("no click")?;
        let form = format!(
            "CampaignId={}&ActionTrackerId={EVENT_TYPE}&EventDate=NOW&OrderId=order-{}\
             &CurrencyCode=USD&Amount={}.{:02}&ClickId={}",
            self.account.program,
            payload.order,
            payload.cents / 100,
            payload.cents % 100,
            click.id
        );
        let mut request = String::new();
        write!(
            request,
            "POST /Advertisers/{}/Conversions HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.account.sid,
            self.account.address,
            self.authorization,
            form.len()
        )?;
        Ok(request.into_bytes())
    }
}
