//! What the demo sends, and what the report must show for it.
//!
//! Two partners of one program. Some customers click twice within the window, some requests are a
//! robot's or a prefetch; every tenth customer buys. The expected figures are counted here, from
//! what is sent, with the payouts of the sample catalogue (12.5 % and 3 % of the sale).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::Failure;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const ROBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const EVENT_TYPE: u32 = 10;
/// Partner, customers, payout in thousandths of the sale.
const PARTNERS: [(u32, u64, u64); 2] = [(280, 200, 125), (213, 120, 30)];

/// One request of a link.
pub(super) struct Click {
    pub(super) target: String,
    pub(super) user_agent: &'static str,
    pub(super) address: String,
    pub(super) prefetch: bool,
    partner: u32,
    customer: u64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    First,
    Again,
    Robot,
    Prefetch,
}

/// One sale.
pub(super) struct Order {
    program: u32,
    id: String,
    click_id: String,
    cents: u64,
}

impl Order {
    /// The form that is submitted.
    pub(super) fn form(&self) -> String {
        let amount = format!("{}.{:02}", self.cents / 100, self.cents % 100);
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("CampaignId", &self.program.to_string())
            .append_pair("ActionTrackerId", &EVENT_TYPE.to_string())
            .append_pair("EventDate", "NOW")
            .append_pair("OrderId", &self.id)
            .append_pair("ClickId", &self.click_id)
            .append_pair("CurrencyCode", "USD")
            .append_pair("Amount", &amount)
            .finish()
    }
}

/// What one partner's row must show; money in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    raw: u64,
    unique: u64,
    actions: u64,
    sales: u64,
    cost: u64,
}

/// What the report must show.
pub(super) struct Expected {
    pub(super) clicks: u64,
    pub(super) conversions: u64,
    rows: BTreeMap<u32, Row>,
}

/// Makes the traffic and counts it.
pub(super) struct Traffic {
    program: u32,
    pending: Vec<Click>,
    rows: BTreeMap<u32, Row>,
    ids: BTreeSet<String>,
}

impl Traffic {
    pub(super) fn new(program: u32) -> Self {
        let mut pending = Vec::new();
        for (partner, customers, _) in PARTNERS {
            for customer in 0..customers {
                let mut click = |kind| pending.push(click(program, partner, customer, kind));
                click(Kind::First);
                match customer % 20 {
                    3 => click(Kind::Again),
                    7 => click(Kind::Robot),
                    11 => click(Kind::Prefetch),
                    _ => {}
                }
            }
        }
        pending.reverse();
        Self {
            program,
            pending,
            rows: BTreeMap::new(),
            ids: BTreeSet::new(),
        }
    }

    pub(super) fn next_click(&mut self) -> Option<Click> {
        self.pending.pop()
    }

    /// Counts an answered click; an order if this customer buys.
    pub(super) fn clicked(
        &mut self,
        click: &Click,
        location: &str,
    ) -> Result<Option<Order>, Failure> {
        let row = self.rows.entry(click.partner).or_default();
        row.raw += 1;
        row.unique += u64::from(click.kind == Kind::First);
        let (_, rest) = location.rsplit_once("im_ref=").unwrap_or_default();
        let click_id = rest.split(['&', '#']).next().unwrap_or_default();
        if click_id.len() != 43 || !self.ids.insert(click_id.to_owned()) {
            let message = format!("no new click id in the location {location}");
            return Err(Failure::new(65, message));
        }
        if click.kind != Kind::First || !click.customer.is_multiple_of(10) {
            return Ok(None);
        }
        let cents = 1_999 + 100 * click.customer;
        let rate = PARTNERS
            .iter()
            .find(|partner| partner.0 == click.partner)
            .map_or(0, |p| p.2);
        row.actions += 1;
        row.sales += cents * 10_000;
        row.cost += half_even(cents * rate, 1_000) * 10_000;
        Ok(Some(Order {
            program: self.program,
            id: format!("demo-{}-{}", click.partner, click.customer),
            click_id: click_id.to_owned(),
            cents,
        }))
    }

    pub(super) fn expected(self) -> Expected {
        Expected {
            clicks: self.rows.values().map(|row| row.raw).sum(),
            conversions: self.rows.values().map(|row| row.actions).sum(),
            rows: self.rows,
        }
    }
}

fn click(program: u32, partner: u32, customer: u64, kind: Kind) -> Click {
    Click {
        target: format!(
            "/c/{partner}/100/{program}?subId1=demo&sharedid=c{}",
            customer % 5
        ),
        user_agent: if kind == Kind::Robot { ROBOT } else { BROWSER },
        address: format!("198.51.{}.{}", customer / 200, customer % 200 + 1),
        prefetch: kind == Kind::Prefetch,
        partner,
        customer,
        kind,
    }
}

/// `value / divisor`, halves to even.
fn half_even(value: u64, divisor: u64) -> u64 {
    let (quotient, rest) = (value / divisor, value % divisor);
    match (2 * rest).cmp(&divisor) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Equal => quotient + quotient % 2,
        std::cmp::Ordering::Greater => quotient + 1,
    }
}

impl Expected {
    /// What the report shows otherwise than was sent; nothing when all is well.
    pub(super) fn compare(&self, records: &[Value]) -> Vec<String> {
        let mut found = BTreeMap::new();
        for record in records {
            let count = |name: &str| record[name].as_u64().unwrap_or(u64::MAX);
            let money = |name: &str| micros(record[name].as_str().unwrap_or_default());
            let row = Row {
                raw: count("RawClicks"),
                unique: count("PayableClicks"),
                actions: count("Actions"),
                sales: money("SaleAmount"),
                cost: money("ActionCost"),
            };
            let partner = super::super::show::text(&record["MediaId"]);
            found.insert(partner.parse().unwrap_or(u32::MAX), row);
        }
        let partners: BTreeSet<_> = self.rows.keys().chain(found.keys()).collect();
        partners
            .into_iter()
            .filter(|partner| self.rows.get(partner) != found.get(partner))
            .map(|partner| {
                let (sent, shown) = (self.rows.get(partner), found.get(partner));
                format!("partner {partner}: sent {sent:?}, the report shows {shown:?}")
            })
            .collect()
    }
}

/// Millionths of a decimal text.
fn micros(text: &str) -> u64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<6}").parse().unwrap_or(u64::MAX)
}
