//! The brand's side: submits conversions and asks for reports.
//!
//! Wire form of the brand API: Basic authentication with account SID and token, conversions
//! form-encoded, reports as JSON.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use serde::Deserialize;

use super::connection::{Answer, Connection};
use crate::check::compare::{Record, count};

/// Performance by Partner.
const BY_PARTNER: &str = "att_adv_performance_by_media_pm_only";
/// Risk by Partner.
const RISK: &str = "adv_risk_by_partner";
/// Click Data.
const CLICKS: &str = "adv_click_data_pm_only";
/// Performance by Day.
const BY_DAY: &str = "att_adv_performance_by_day_pm_only";

/// Who asks, for which program.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// The API listener.
    pub(crate) address: SocketAddr,
    /// Account SID.
    pub(crate) sid: String,
    /// Token of its key.
    pub(crate) token: String,
    /// The program.
    pub(crate) program: u32,
}

/// One connection of an account to the API.
pub(crate) struct Brand {
    account: Account,
    authorization: String,
    connection: Connection,
}

/// A report's answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    /// Up to when it is complete.
    #[serde(rename = "@asof")]
    pub(crate) as_of: Option<String>,
    /// Its rows.
    #[serde(rename = "Records")]
    pub(crate) records: Vec<Record>,
}

#[derive(Deserialize)]
struct List {
    #[serde(rename = "Reports")]
    reports: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "Id")]
    id: String,
}

/// Days of a report's question, both inclusive, `YYYY-MM-DD`.
#[derive(Clone, Debug)]
pub(crate) struct Days {
    /// First day.
    pub(crate) start: String,
    /// Last day.
    pub(crate) end: String,
}

/// Totals over a report's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Raw clicks.
    pub(crate) raw: u64,
    /// Actions.
    pub(crate) actions: u64,
}

impl Brand {
    /// A connection of its own.
    pub(crate) fn new(account: &Account) -> Self {
        let pair = format!("{}:{}", account.sid, account.token);
        Self {
            account: account.clone(),
            authorization: format!("Basic {}", STANDARD.encode(pair)),
            connection: Connection::new(account.address),
        }
    }

    /// Submits a conversion that happened now. A 2xx answer means that it is on disk.
    pub(crate) async fn convert(
        &mut self,
        event_type: u32,
        order: &str,
        click_id: &str,
    ) -> Result<()> {
        let program = self.account.program;
        let form = format!(
            "CampaignId={program}&ActionTrackerId={event_type}&EventDate=NOW&OrderId={order}\
             &ClickId={click_id}"
        );
        let path = format!("/Advertisers/{}/Conversions", self.account.sid);
        let answer = self.ask(Method::POST, &path, form).await?;
        ensure!(
            answer.status.is_success(),
            "conversion {order}: answered {}: {}",
            answer.status,
            lossy(&answer.body)
        );
        Ok(())
    }

    /// Takes the action of an order back.
    pub(crate) async fn reverse(&mut self, event_type: u32, order: &str) -> Result<()> {
        let form =
            format!("ActionTrackerId={event_type}&OrderId={order}&DispositionCode=ORDER_ERROR");
        let path = format!("/Advertisers/{}/Actions", self.account.sid);
        let answer = self.ask(Method::DELETE, &path, form).await?;
        ensure!(
            answer.status.is_success(),
            "reversal of {order}: answered {}: {}",
            answer.status,
            lossy(&answer.body)
        );
        Ok(())
    }

    /// Risk by Partner over `days`.
    pub(crate) async fn risk(&mut self, days: &Days) -> Result<Report> {
        self.report(RISK, days).await
    }

    /// Performance by Partner over `days`.
    pub(crate) async fn by_partner(&mut self, days: &Days) -> Result<Report> {
        self.report(BY_PARTNER, days).await
    }

    /// The first 20,000 clicks of `days`, one by one.
    pub(crate) async fn clicks(&mut self, days: &Days) -> Result<Report> {
        self.report(CLICKS, days).await
    }

    /// The totals of Performance by Day over `days`.
    pub(crate) async fn totals(&mut self, days: &Days) -> Result<(Totals, Option<String>)> {
        let report = self.report(BY_DAY, days).await?;
        let mut totals = Totals::default();
        for record in &report.records {
            totals.raw += u64::try_from(count(record, "RawClicks")?)?;
            totals.actions += u64::try_from(count(record, "Actions")?)?;
        }
        Ok((totals, report.as_of))
    }

    /// The ids of all reports.
    pub(crate) async fn reports(&mut self) -> Result<Vec<String>> {
        let path = format!("/Advertisers/{}/Reports", self.account.sid);
        let answer = self.ask(Method::GET, &path, String::new()).await?;
        let list: List = serde_json::from_slice(&answer.body)
            .with_context(|| format!("the list of reports: {}", lossy(&answer.body)))?;
        Ok(list.reports.into_iter().map(|report| report.id).collect())
    }

    /// Runs a report over `days`; the bytes of its answer.
    pub(crate) async fn run(&mut self, id: &str, days: &Days) -> Result<u64> {
        Ok(u64::try_from(self.answer(id, days, "").await?.body.len())?)
    }

    async fn report(&mut self, id: &str, days: &Days) -> Result<Report> {
        let answer = self.answer(id, days, "&PageSize=20000").await?;
        serde_json::from_slice(&answer.body)
            .with_context(|| format!("report {id}: {}", lossy(&answer.body)))
    }

    async fn answer(&mut self, id: &str, days: &Days, more: &str) -> Result<Answer> {
        let Account { sid, program, .. } = &self.account;
        let path = format!(
            "/Advertisers/{sid}/Reports/{id}?SUBAID={program}&StartDate={}&EndDate={}{more}",
            days.start, days.end
        );
        let answer = self.ask(Method::GET, &path, String::new()).await?;
        ensure!(
            answer.status.is_success(),
            "report {id}: answered {}: {}",
            answer.status,
            lossy(&answer.body)
        );
        Ok(answer)
    }

    async fn ask(&mut self, method: Method, path: &str, form: String) -> Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("Host", self.account.address.to_string())
            .header("Authorization", &self.authorization)
            .header("Accept", "application/json");
        if !form.is_empty() {
            request = request.header("Content-Type", "application/x-www-form-urlencoded");
        }
        self.connection
            .exchange(request.body(Full::new(Bytes::from(form)))?)
            .await
    }
}

/// The first part of a body, for messages.
pub(crate) fn lossy(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::mock::{Mock, run};

    const REPORT: &str = r#"{"@asof": "2026-11-22T18:00:00Z", "@total": "2", "Records": [
        {"Date": "2026-11-21", "RawClicks": 3, "Actions": "1"},
        {"Date": "2026-11-22", "RawClicks": "40", "Actions": 0}]}"#;

    fn account(address: SocketAddr) -> Account {
        Account {
            address,
            sid: "LOADTEST".to_owned(),
            token: "secret".to_owned(),
            program: 7,
        }
    }

    fn ok(body: &str) -> String {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    #[test]
    fn totals_are_summed_over_days() {
        run(async {
            let mock = Mock::start(|_| ok(REPORT)).await;
            let mut brand = Brand::new(&account(mock.address));
            let days = Days {
                start: "2026-11-21".to_owned(),
                end: "2026-11-22".to_owned(),
            };
            let (totals, as_of) = brand.totals(&days).await.unwrap();
            assert_eq!((totals.raw, totals.actions), (43, 1));
            assert_eq!(as_of.as_deref(), Some("2026-11-22T18:00:00Z"));
            let seen = mock.seen();
            assert_eq!(
                seen[0].path,
                "/Advertisers/LOADTEST/Reports/att_adv_performance_by_day_pm_only\
                 ?SUBAID=7&StartDate=2026-11-21&EndDate=2026-11-22&PageSize=20000"
            );
            assert_eq!(
                seen[0].header("authorization"),
                Some("Basic TE9BRFRFU1Q6c2VjcmV0")
            );
        });
    }

    #[test]
    fn a_conversion_is_a_form_and_needs_a_success() {
        run(async {
            let mock = Mock::start(|request| {
                if request.body.contains("OrderId=13&") {
                    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfull".to_owned()
                } else {
                    ok("{}")
                }
            })
            .await;
            let mut brand = Brand::new(&account(mock.address));
            brand.convert(3, "12", "abc_-").await.unwrap();
            let error = brand
                .convert(3, "13", "abc_-")
                .await
                .unwrap_err()
                .to_string();
            assert!(error.contains("13") && error.contains("503") && error.contains("full"));
            let seen = mock.seen();
            assert_eq!((seen[0].method.as_str(), seen.len()), ("POST", 2));
            assert_eq!(seen[0].path, "/Advertisers/LOADTEST/Conversions");
            assert_eq!(
                seen[0].body,
                "CampaignId=7&ActionTrackerId=3&EventDate=NOW&OrderId=12&ClickId=abc_-"
            );
        });
    }
}
