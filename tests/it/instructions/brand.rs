//! The conversions whose cost is counted: like the clicks, in every run as many bytes in the same
//! order.

use std::time::Duration;

use crate::support::commands::create_key;
use crate::support::config::Config;
use crate::support::http::{Client, basic, post_form};

/// The brand of the catalogue.
const SID: &str = "IRcount";
/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A brand on some connections, and how many orders it has told of.
pub(super) struct Brand {
    clients: Vec<Client>,
    authorization: String,
    sent: u32,
}

impl Brand {
    /// Makes a key and so many connections.
    pub(super) fn connect(config: &Config, connections: usize) -> Self {
        let token = create_key(config, SID);
        let connect = |_| Client::connect(config.api, PATIENCE).unwrap();
        Self {
            clients: (0..connections).map(connect).collect(),
            authorization: basic(SID, &token),
            sent: 0,
        }
    }

    /// Tells of `count` orders of the clicks with these ids, one after the other, with one
    /// unanswered on each connection.
    pub(super) fn convert(&mut self, ids: &[String], count: u32) {
        let mut left = count;
        while left > 0 {
            let mut asked = 0;
            for place in 0..self.clients.len() {
                if left > 0 {
                    let request = self.request(ids);
                    self.clients[place].send(request.as_bytes()).unwrap();
                    (left, asked) = (left - 1, asked + 1);
                }
            }
            for client in self.clients.iter_mut().take(asked) {
                let answer = client.receive(false).unwrap();
                let is_queued = answer.status == 200 && answer.json()["Status"] == "QUEUED";
                assert!(is_queued && !answer.closes(), "{answer:?}");
            }
        }
    }

    /// The next request: another order, and while there are any another click.
    fn request(&mut self, ids: &[String]) -> String {
        let number = self.sent;
        self.sent += 1;
        let id = &ids[usize::try_from(number).unwrap() % ids.len()];
        let body = format!(
            "CampaignId=1000&ActionTrackerId=10&EventDate=NOW&OrderId=order-1{number:06}\
             &ClickId={id}&CurrencyCode=USD&Amount=40.00&ItemSku1=jacket-{:02}\
             &ItemCategory1=outdoor&ItemQuantity1=2&ItemPrice1=20.00",
            number % 16
        );
        let path = format!("/Advertisers/{SID}/Conversions");
        post_form(&path, &[("Authorization", &self.authorization)], &body)
    }
}
