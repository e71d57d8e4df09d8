//! What a partner brought: clicks, what they are said to have led to, and what was taken back.

use std::io::Write;

use anyhow::{Context as _, Result};

use super::dice::Dice;
use super::source::Source;
use crate::traffic::catalogue::{EVENT_TYPE, PROGRAM};
use crate::traffic::visit::{address, user_agent};
use crate::traffic::zipf::Zipf;

/// Pages of a partner and labels that it gives its links.
const PAGES: u32 = 30;
/// Of a million clicks, those without a referrer, and those from a search.
const BARE: u64 = 100_000;
const SEARCHED: u64 = 40_000;

/// One click of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Click {
    /// Names it.
    pub(super) id: String,
    /// Unix milliseconds.
    pub(super) time: i64,
    /// Its ad.
    pub(super) ad: u32,
    /// The customer's address.
    pub(super) address: String,
    /// The customer's browser.
    pub(super) agent: String,
    /// The page it came from.
    pub(super) page: String,
    /// The partner's label.
    pub(super) label: String,
}

/// One conversion of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sale {
    /// The order.
    pub(super) order: String,
    /// Unix milliseconds.
    pub(super) time: i64,
    /// The click that it names.
    pub(super) click: String,
    /// Whether an action must come of it.
    pub(super) counts: bool,
    /// Whether the action is taken back.
    pub(super) reversed: bool,
}

/// How much a partner brings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Clicks.
    pub(super) clicks: u64,
    /// Of a million of them, those that convert.
    pub(super) rate: u64,
    /// Of a million actions, those that are taken back.
    pub(super) reversed: u64,
}

/// What one partner brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Traffic {
    /// The partner.
    pub(super) partner: u32,
    /// Its clicks.
    pub(super) clicks: Vec<Click>,
    /// Its conversions.
    pub(super) sales: Vec<Sale>,
}

/// The host of a partner's site.
pub(super) fn site(partner: u32) -> String {
    format!("site-{partner}.example")
}

impl Traffic {
    /// Traffic as the sample has it, from the midnight `start` on.
    pub(super) fn real(
        source: &Source,
        partner: u32,
        size: Size,
        start: i64,
        dice: &mut Dice,
    ) -> Result<Self> {
        let zipf = Zipf::new(PAGES);
        let host = site(partner);
        let (mut clicks, mut sales) = (Vec::new(), Vec::new());
        for n in 0..size.clicks {
            let (visit, passed) = source.click(dice)?;
            let id = format!("{partner}-{n}");
            let time = start + passed;
            if dice.chance(size.rate) {
                sales.push(Sale {
                    order: format!("order-{id}"),
                    time: time + source.delay(dice)?,
                    click: id.clone(),
                    counts: true,
                    reversed: dice.chance(size.reversed),
                });
            }
            let place = zipf.rank(dice.next());
            let page = match dice.below(1_000_000) {
                drawn if drawn < BARE => String::new(),
                drawn if drawn < BARE + SEARCHED => "https://www.search.example/".to_owned(),
                _ => format!("https://www.{host}/page-{place}"),
            };
            clicks.push(Click {
                id,
                time,
                ad: visit.ad,
                address: address(visit.ip).to_string(),
                agent: user_agent(visit.device, visit.os),
                page,
                label: format!("label-{}", zipf.rank(dice.next())),
            });
        }
        Ok(Self {
            partner,
            clicks,
            sales,
        })
    }
}

/// Writes the clicks of all partners as a file to import.
pub(super) fn write_clicks(all: &[Traffic], to: impl Write) -> Result<()> {
    let mut file = csv::Writer::from_writer(to);
    file.write_record([
        "ExternalClickId",
        "EventDate",
        "CampaignId",
        "MediaId",
        "AdId",
        "IpAddress",
        "UserAgent",
        "ReferringUrl",
        "SubId1",
    ])?;
    let program = PROGRAM.to_string();
    for traffic in all {
        let partner = traffic.partner.to_string();
        for click in &traffic.clicks {
            file.write_record([
                &click.id,
                &click.time.to_string(),
                &program,
                &partner,
                &click.ad.to_string(),
                &click.address,
                &click.agent,
                &click.page,
                &click.label,
            ])?;
        }
    }
    file.flush().context("writing clicks")
}

/// Writes the conversions of all partners as a file to import.
pub(super) fn write_sales(all: &[Traffic], to: impl Write) -> Result<()> {
    let mut file = csv::Writer::from_writer(to);
    file.write_record([
        "OrderId",
        "EventDate",
        "CampaignId",
        "ActionTrackerId",
        "CustomClickId",
    ])?;
    let (program, event_type) = (PROGRAM.to_string(), EVENT_TYPE.to_string());
    for sale in all.iter().flat_map(|traffic| &traffic.sales) {
        let time = sale.time.to_string();
        file.write_record([&sale.order, &time, &program, &event_type, &sale.click])?;
    }
    file.flush().context("writing conversions")
}
