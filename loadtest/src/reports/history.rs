//! A month of clicks and conversions as files for `clickd import`.
//!
//! Partners, ads, user agents and referrers follow Zipf's law; visitors, of whom there are a
//! twentieth as many as clicks, are even. Row `n` of a seed is always the same.

use std::io::Write;

use anyhow::{Context as _, Result};
use jiff::civil::Date;

use crate::http::brand::Days;
use crate::traffic::big::Size;
use crate::traffic::catalogue::EVENT_TYPE;
use crate::traffic::crowd::scatter;
use crate::traffic::generator::mix;
use crate::traffic::visit::{ADDRESS_MAX, address, user_agent};
use crate::traffic::zipf::Zipf;

const USER_AGENTS: u32 = 5_000;
/// Versions of one device among them.
const VERSIONS: u32 = 80;
const REFERRERS: u32 = 2_000;
/// Labels of one partner.
const LABELS: u64 = 8;
/// One click in so many leads to a conversion.
const SALE_EVERY: u64 = 500;
/// How long a customer takes to buy, milliseconds.
const SALE_AFTER: i64 = 3_600_000;
const DAY: i64 = 86_400_000;

/// What is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct History {
    /// Clicks.
    pub(super) clicks: u64,
    /// Days that they lie on, evenly.
    pub(super) days: u16,
    /// Milliseconds of the first moment of the first day.
    pub(super) start: i64,
    /// The catalogue, of one program.
    pub(super) size: Size,
    /// Which rows.
    pub(super) seed: u64,
}

impl History {
    /// Conversions.
    pub(super) fn sales(&self) -> u64 {
        self.clicks / SALE_EVERY
    }

    /// Its days.
    pub(super) fn span(&self) -> Result<Days> {
        let day = |number: i64| -> Result<String> {
            let days = jiff::Span::new().try_days(number)?;
            Ok(Date::constant(1970, 1, 1).checked_add(days)?.to_string())
        };
        let first = self.start / DAY;
        Ok(Days {
            start: day(first)?,
            end: day(first + i64::from(self.days) - 1)?,
        })
    }

    /// Writes both files.
    pub(super) fn write(&self, clicks: impl Write, sales: impl Write) -> Result<()> {
        let mut clicks = csv::Writer::from_writer(clicks);
        let mut sales = csv::Writer::from_writer(sales);
        clicks.write_record([
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
        sales.write_record([
            "OrderId",
            "EventDate",
            "CampaignId",
            "ActionTrackerId",
            "CustomClickId",
        ])?;
        let (ads, partners) = (Zipf::new(self.size.ads), Zipf::new(self.size.partners));
        let (agents, referrers) = (Zipf::new(USER_AGENTS), Zipf::new(REFERRERS));
        let program = self.size.program(1).to_string();
        let visitors = (self.clicks / 20).clamp(1, u64::from(ADDRESS_MAX));
        // An hour of the last day is left, in which customers buy.
        let span = i64::from(self.days) * DAY - 2 * SALE_AFTER;
        for n in 0..self.clicks {
            let number = n.to_string();
            let passed = i128::from(span) * i128::from(n) / i128::from(self.clicks.max(1));
            let time = self.start + i64::try_from(passed).context("a click after all time")?;
            let mut random = mix(self.seed ^ mix(n));
            let mut next = || {
                random = mix(random);
                random
            };
            let ad = 1 + scatter(ads.rank(next()), self.size.ads);
            let partner = 1 + scatter(partners.rank(next()), self.size.partners);
            let agent = agents.rank(next());
            clicks.write_record([
                &number,
                &time.to_string(),
                &program,
                &partner.to_string(),
                &ad.to_string(),
                &address(u32::try_from(next() % visitors)?).to_string(),
                &user_agent(agent / VERSIONS, agent % VERSIONS),
                &format!("https://www.blog-{}.example/", referrers.rank(next())),
                &format!("label-{}", next() % LABELS),
            ])?;
            if n % SALE_EVERY == SALE_EVERY - 1 {
                let sold = (time + SALE_AFTER).to_string();
                sales.write_record([&number, &sold, &program, &EVENT_TYPE.to_string(), &number])?;
            }
        }
        clicks.flush()?;
        sales.flush()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const HISTORY: History = History {
        clicks: 2_000,
        days: 30,
        start: 20_000 * DAY,
        size: Size {
            programs: 1,
            ads: 10,
            partners: 20,
        },
        seed: 1,
    };

    fn written(history: History) -> [Vec<Vec<String>>; 2] {
        let (mut clicks, mut sales) = (Vec::new(), Vec::new());
        history.write(&mut clicks, &mut sales).unwrap();
        [clicks, sales].map(|text| {
            let mut rows = csv::Reader::from_reader(text.as_slice());
            rows.records()
                .map(|row| row.unwrap().iter().map(str::to_owned).collect())
                .collect()
        })
    }

    #[test]
    fn clicks_lie_on_every_day_and_sales_name_one_before_them() {
        let [clicks, sales] = written(HISTORY);
        assert_eq!((clicks.len(), sales.len()), (2_000, 4));
        assert_eq!(HISTORY.sales(), 4);
        let time = |row: &[String]| row[1].parse::<i64>().unwrap();
        let days: BTreeSet<i64> = clicks.iter().map(|row| time(row) / DAY).collect();
        assert_eq!(days, (20_000..20_030).collect());
        for sale in &sales {
            let named = clicks.iter().find(|click| click[0] == sale[4]).unwrap();
            assert_eq!(time(sale), time(named) + SALE_AFTER);
            assert!(time(sale) < HISTORY.start + 30 * DAY);
        }
        let days = HISTORY.span().unwrap();
        assert_eq!(
            (days.start, days.end),
            ("2024-10-04".into(), "2024-11-02".into())
        );
    }

    #[test]
    fn a_seed_repeats_itself_and_another_differs() {
        assert_eq!(written(HISTORY), written(HISTORY));
        let other = History { seed: 2, ..HISTORY };
        assert_ne!(written(HISTORY), written(other));
    }
}
