//! What the daemon shows of every payload and every partner, against what was answered.
//!
//! The ids that were answered say which attempt of an order was stored first: that one must be the
//! order's one action, with its own amount, and every other must be `CONV_DUPLICATE`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use tokio::task::JoinSet;

use super::deck::Deck;
use super::post::Post;
use super::send::{Named, authorization};
use crate::check::compare::{Record, count, millionths};
use crate::http::brand::{Account, lossy};
use crate::traffic::catalogue::PAYOUT;

/// How long a payload may take to be settled.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at one that is not.
const PAUSE: Duration = Duration::from_millis(100);

/// What is shown of a submission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Shown {
    status: String,
    error_reason: Option<String>,
    action_id: Option<String>,
}

/// Actions, sale amount and cost of one partner; money in millionths.
pub(crate) type Figures = BTreeMap<u32, [i64; 3]>;

/// Asks for every address, over so many connections, until each is settled.
pub(crate) async fn ask(
    account: &Account,
    answered: &[String],
    connections: u16,
) -> Result<Vec<Shown>> {
    let share = answered.len().div_ceil(usize::from(connections).max(1));
    let account = Rc::new(account.clone());
    let mut workers = JoinSet::new();
    for (place, part) in answered.chunks(share.max(1)).enumerate() {
        let (account, part) = (Rc::clone(&account), part.to_vec());
        workers.spawn_local(
            async move { Ok::<_, anyhow::Error>((place, all(&account, part).await?)) },
        );
    }
    let mut found = BTreeMap::new();
    while let Some(ended) = workers.join_next().await {
        let (place, part) = ended??;
        found.insert(place, part);
    }
    Ok(found.into_values().flatten().collect())
}

async fn all(account: &Account, addresses: Vec<String>) -> Result<Vec<Shown>> {
    let authorization = authorization(account);
    let mut post = Post::new(account.address);
    let mut found = Vec::with_capacity(addresses.len());
    for address in addresses {
        let request = format!(
            "GET {address} HTTP/1.1\r\nHost: {}\r\nAuthorization: {authorization}\r\n\r\n",
            account.address
        );
        let begun = Instant::now();
        let shown = loop {
            // One that the server ended meanwhile is opened again.
            if let Ok(answer) = post.whole(request.as_bytes()).await {
                let said = lossy(&answer.body);
                ensure!(
                    matches!(answer.status, 200 | 503),
                    "{address}: answered {}: {said}",
                    answer.status
                );
                if answer.status == 200 {
                    let shown: Shown = serde_json::from_slice(&answer.body).context(said)?;
                    if shown.status == "Complete" {
                        break shown;
                    }
                }
            }
            ensure!(begun.elapsed() < PATIENCE, "{address} is not settled");
            tokio::time::sleep(PAUSE).await;
        };
        found.push(shown);
    }
    Ok(found)
}

/// What must be counted, and every payload that is shown as something else than it must be.
pub(crate) fn judge(
    deck: &Deck,
    clicks: &[Named],
    answered: &[String],
    shown: &[Shown],
) -> Result<(Figures, Vec<String>)> {
    let mut wrong = Vec::new();
    let mut orders: BTreeMap<u32, Vec<(String, usize)>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (place, (payload, uri)) in deck.payloads.iter().zip(answered).enumerate() {
        // Slot, program and number in hexadecimal digits of fixed width: their order is that of
        // the log.
        let id = uri.rsplit('/').next().unwrap_or(uri).replace('-', "");
        if !ids.insert(id.clone()) {
            wrong.push(format!("payload {place} shares {uri} with another"));
        }
        orders.entry(payload.order).or_default().push((id, place));
    }
    let mut figures = Figures::new();
    let mut actions = BTreeSet::new();
    for (order, mut attempts) in orders {
        attempts.sort();
        for (n, (_, place)) in attempts.into_iter().enumerate() {
            let found = shown.get(place).context("not asked for")?;
            let reason = found.error_reason.as_deref();
            let right = match (n, reason, &found.action_id) {
                (0, None, Some(action)) => actions.insert(action.clone()),
                (0, ..) => false,
                (_, reason, action) => reason == Some("CONV_DUPLICATE") && action.is_none(),
            };
            if !right {
                wrong.push(format!("order {order}, attempt {n}: {found:?}"));
            }
            if n == 0 {
                let payload = deck.payloads.get(place).context("no payload")?;
                let click = clicks.get(usize::try_from(payload.click)?);
                let sums = figures
                    .entry(click.context("no click")?.partner)
                    .or_default();
                let more = [1, i64::from(payload.cents) * 10_000, PAYOUT];
                for (sum, more) in sums.iter_mut().zip(more) {
                    *sum += more;
                }
            }
        }
    }
    Ok((figures, wrong))
}

/// Every partner whose report differs from what was counted.
pub(crate) fn report(expected: &Figures, records: &[Record]) -> Result<Vec<String>> {
    let mut found = Figures::new();
    let mut wrong = Vec::new();
    for record in records {
        let partner = u32::try_from(count(record, "MediaId")?)?;
        let actions = count(record, "Actions")?;
        let gross = count(record, "GrossActions")?;
        if gross != actions {
            wrong.push(format!(
                "partner {partner}: {gross} gross actions, {actions} actions"
            ));
        }
        let money = [
            millionths(record, "SaleAmount")?,
            millionths(record, "ActionCost")?,
        ];
        let [sales, cost] = money;
        if (actions, sales, cost) != (0, 0, 0) {
            found.insert(partner, [actions, sales, cost]);
        }
    }
    let partners: BTreeSet<u32> = expected.keys().chain(found.keys()).copied().collect();
    for partner in partners {
        let (want, have) = (expected.get(&partner), found.get(&partner));
        if want != have {
            wrong.push(format!(
                "partner {partner}: expected {want:?}, reported {have:?}"
            ));
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cut::deck::Payload;

    fn deck(orders: &[u32]) -> Deck {
        let payload = |order: &u32| Payload {
            order: *order,
            click: 0,
            cents: 100 * order,
        };
        Deck {
            payloads: orders.iter().map(payload).collect(),
            tries: Vec::new(),
            cut: 0,
        }
    }

    fn credited(action: &str) -> Shown {
        Shown {
            status: "Complete".to_owned(),
            error_reason: None,
            action_id: Some(action.to_owned()),
        }
    }

    fn refused(code: &str) -> Shown {
        Shown {
            error_reason: Some(code.to_owned()),
            action_id: None,
            ..credited("")
        }
    }

    fn judged(shown: &[Shown]) -> (Figures, usize) {
        let click = Named {
            id: "c".to_owned(),
            partner: 7,
        };
        // The second attempt of the first order was stored first.
        let answered = ["/x/A-02-01", "/x/A-01-09", "/x/A-03-01"].map(str::to_owned);
        let (figures, wrong) = judge(&deck(&[1, 1, 2]), &[click], &answered, shown).unwrap();
        (figures, wrong.len())
    }

    #[test]
    fn the_attempt_that_was_stored_first_is_the_action() {
        let duplicate = refused("CONV_DUPLICATE");
        let right = [duplicate.clone(), credited("1.1"), credited("1.2")];
        let figures = Figures::from([(7, [2, 3_000_000, 2 * PAYOUT])]);
        assert_eq!(judged(&right), (figures, 0));
        for wrong in [
            [credited("1.1"), duplicate.clone(), credited("1.2")],
            [duplicate.clone(), duplicate.clone(), credited("1.2")],
            [credited("1.3"), credited("1.1"), credited("1.2")],
            [duplicate, credited("1.2"), credited("1.2")],
            [refused("MALFORMED"), credited("1.1"), credited("1.2")],
        ] {
            assert_ne!(judged(&wrong).1, 0, "{wrong:?}");
        }
    }

    #[test]
    fn one_id_for_two_payloads_is_a_difference() {
        let answered = ["/x/A-01", "/x/A-01"].map(str::to_owned);
        let click = Named {
            id: "c".to_owned(),
            partner: 7,
        };
        let shown = [credited("1"), credited("2")];
        let (_, wrong) = judge(&deck(&[1, 2]), &[click], &answered, &shown).unwrap();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
    }

    #[test]
    fn every_column_of_a_report_is_compared() {
        let expected = Figures::from([(7, [2, 3_000_000, 2_500_000])]);
        let differences = |gross: u32, actions: u32, sales: &str, cost: &str, other: u32| {
            let record = |value: serde_json::Value| value.as_object().unwrap().clone();
            let records = [
                record(
                    json!({"MediaId": 7, "GrossActions": gross, "Actions": actions,
                    "SaleAmount": sales, "ActionCost": cost}),
                ),
                record(
                    json!({"MediaId": 8, "GrossActions": other, "Actions": other,
                    "SaleAmount": "0.00", "ActionCost": "0.00"}),
                ),
            ];
            report(&expected, &records).unwrap().len()
        };
        assert_eq!(differences(2, 2, "3.00", "2.50", 0), 0);
        assert_eq!(differences(3, 2, "3.00", "2.50", 0), 1);
        assert_eq!(differences(3, 3, "3.00", "2.50", 0), 1);
        assert_eq!(differences(2, 2, "3.01", "2.50", 0), 1);
        assert_eq!(differences(2, 2, "3.00", "1.25", 0), 1);
        assert_eq!(differences(2, 2, "3.00", "2.50", 1), 1);
        assert_eq!(report(&expected, &[]).unwrap().len(), 1);
    }
}
