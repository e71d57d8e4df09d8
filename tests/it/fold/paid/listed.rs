//! The listings of clicks against a plain list of them: filters, pages, one state over all pages.

use clickd::catalog::Catalog;
use clickd::derived::Derived;
use clickd::log::Log;
use clickd::log::row::click as click_row;
use clickd::model::action::change::Change;
use clickd::model::click::Parameter;
use clickd::model::click_id::{self, ClickId};
use clickd::model::id::{AdId, EventNumber, PartnerId, ProgramId, Slot, SubmissionId};
use clickd::model::submission::Submission;
use clickd::model::time::Millis;
use clickd::registry::Report;
use clickd::registry::report::Source;
use clickd::report::clicks::Clicks as Listing;
use clickd::report::query::Format;
use clickd::report::{ClickFacts, Facts, Reader, ReportError};
use jiff::civil::Date;
use serde_json::Value;

pub(super) const PAYABLE: &str = "adv_payable_click_data_pm_only";
pub(in crate::fold) const ADJUSTMENTS: &str = "adv_adjustments_pm_only";
const ALL: &str = "adv_click_data_pm_only";
const RANGE: &str = "StartDate=2026-03-28&EndDate=2026-04-02";

/// What is known of a click.
#[derive(Clone, Debug)]
pub(in crate::fold) struct Row {
    /// Program, partner of the link, time and number.
    pub(super) place: (u32, u32, i64, u64),
    pub(super) unique: bool,
    pub(super) date: Date,
    pub(super) ad: u32,
    pub(super) partner: u32,
    pub(super) shared: &'static str,
    pub(super) cost: i64,
    pub(super) code: &'static str,
}

pub(in crate::fold) struct Clicks<'a> {
    pub(in crate::fold) log: &'a Log,
    pub(in crate::fold) derived: &'a Derived,
    pub(in crate::fold) rows: Vec<Row>,
}

struct Stored<'a>(&'a Log);

impl Facts for Stored<'_> {
    fn conversion(&self, _: SubmissionId) -> Result<Option<Submission>, String> {
        Ok(None)
    }

    fn change(&self, _: SubmissionId) -> Result<Option<Change>, String> {
        Ok(None)
    }

    fn click(
        &self,
        slot: Slot,
        partner: PartnerId,
        number: EventNumber,
    ) -> Result<Option<ClickFacts>, String> {
        let row = self.0.click_row(slot, partner, number).unwrap().unwrap();
        let mut click = click_row::read(&row).unwrap();
        let ad = click.ad;
        let shared = click
            .parameters
            .find(|(parameter, _)| *parameter == Parameter::SharedId);
        let shared = shared.map_or(&b""[..], |(_, text)| text);
        Ok(Some(ClickFacts {
            ad,
            is_expired: false,
            property: String::new(),
            shared_id: String::from_utf8(shared.to_vec()).unwrap(),
            sub_ids: Default::default(),
            referrer: "https://blog.example/page".to_owned(),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0".to_owned(),
        }))
    }

    fn end_of(&self, slot: Slot) -> Result<Option<Millis>, String> {
        Ok(self.0.footer(slot).unwrap().map(|footer| footer.wall_end))
    }
}

impl Clicks<'_> {
    fn ask(&self, handle: &str, query: &str) -> Result<Value, ReportError> {
        let stored = self.log.catalog(self.log.current_catalog()).unwrap();
        let catalog = Catalog::from_stored(&stored.unwrap()).unwrap();
        let report = Report::with_handle(handle).unwrap();
        let Source::Clicks(shown) = report.source else {
            panic!("{handle} is no listing of clicks")
        };
        let reader = Reader::for_brand(&catalog, "IRone", self.derived).unwrap();
        let query = reader.query(report, query, super::shop::START)?;
        let serving = self.derived.serving();
        let listing = Listing {
            catalog: &catalog,
            view: &serving.view().unwrap(),
            facts: &Stored(self.log),
            report,
            shown,
        };
        let written = listing.page(&query, "/R", Format::Json)?;
        Ok(serde_json::from_slice(&written.body).unwrap())
    }

    /// Every page of a list, by its links; `between` comes after the first one.
    pub(in crate::fold) fn pages(
        &self,
        handle: &str,
        query: &str,
        between: &mut dyn FnMut(),
    ) -> Vec<Value> {
        let mut records = Vec::new();
        let mut page = self.ask(handle, query).unwrap();
        let (total, as_of) = (page["@total"].clone(), page["@asof"].clone());
        between();
        loop {
            assert_eq!((&page["@total"], &page["@asof"]), (&total, &as_of));
            assert_eq!(page["@currency"], "USD");
            records.extend(page["Records"].as_array().unwrap().iter().cloned());
            match page["@nextpageuri"].as_str().unwrap() {
                "" => break,
                uri => page = self.ask(handle, uri.strip_prefix("/R?").unwrap()).unwrap(),
            }
        }
        assert_eq!(total, records.len().to_string());
        records
    }

    fn expected(&self, meant: &dyn Fn(&Row) -> bool) -> Vec<String> {
        let range = jiff::civil::date(2026, 3, 28)..=jiff::civil::date(2026, 4, 2);
        let mut rows: Vec<&Row> = self
            .rows
            .iter()
            .filter(|row| range.contains(&row.date) && meant(row))
            .collect();
        rows.sort_by_key(|row| row.place);
        rows.iter().map(|row| row.place.3.to_string()).collect()
    }

    fn check(&self, handle: &str, filter: &str, meant: &dyn Fn(&Row) -> bool) {
        let query = format!("{RANGE}&PageSize=7{filter}");
        let found = self.pages(handle, &query, &mut || {});
        let ids: Vec<&str> = found
            .iter()
            .map(|record| record["ClickId"].as_str().unwrap())
            .collect();
        assert_eq!(ids, self.expected(meant), "{handle} {filter}");
    }

    pub(super) fn are_listed(&self) {
        self.check(ALL, "", &|_| true);
        self.check(PAYABLE, "", &|row| row.unique);
        self.check(PAYABLE, "&SUBAID=1", &|row| row.unique && row.place.0 == 1);
        self.check(ALL, "&Classification=u", &|row| row.unique);
        self.check(PAYABLE, "&Classification=R", &|_| false);
        self.check(ALL, "&MediaId=10", &|row| row.partner == 10);
        self.check(ALL, "&MediaId=0", &|row| row.partner == 0);
        self.check(ALL, "&MediaId=99", &|_| false);
        self.check(ALL, "&AdId=6", &|row| row.ad == 6);
        self.check(ALL, "&SharedId=friend&AdId=5", &|row| {
            row.shared == "friend" && row.ad == 5
        });
        self.check(PAYABLE, "&SharedId=&MediaId=10", &|row| {
            row.shared.is_empty() && row.partner == 10 && row.unique
        });
        let all = self.ask(ALL, &format!("{RANGE}&PageSize=20000")).unwrap();
        for record in all["Records"].as_array().unwrap() {
            let id: u64 = record["ClickId"].as_str().unwrap().parse().unwrap();
            let row = self.rows.iter().find(|row| row.place.3 == id).unwrap();
            assert_eq!(record["CPCErrorCode"], row.code);
            let cost = format!("{}.{:06}", row.cost / 1_000_000, row.cost % 1_000_000);
            let shown = record["ClickCost"].as_str().unwrap();
            assert_eq!(format!("{shown:0<8}"), cost);
            assert!(shown.len() == 4 || !shown.ends_with('0'), "{shown}");
            assert_eq!(record["ClickDate"], Millis(row.place.2).to_string());
            assert_eq!(record["CampaignId"], row.place.0.to_string());
            assert_eq!(record["MediaId"], row.partner.to_string());
            assert_eq!(record["SharedId"], row.shared);
            assert_eq!(record["AdjustmentDate"], "");
            assert_eq!(record["ReferringDomain"], "blog.example");
            assert_eq!(record["Classification"] == "U", row.unique);
            let name = match (row.place.0, row.ad) {
                (1, 5) => "Five",
                (1, _) => "Six",
                (_, 5) => "Other five",
                _ => "Ad 6",
            };
            assert_eq!(record["Ad"], name);
            let device = ["DeviceType", "Browser", "Os"].map(|name| record[name].clone());
            assert_eq!(device, ["DESKTOP", "Firefox", "Linux"]);
            assert_eq!(record.as_object().unwrap().len(), 16);
        }
    }

    /// Events that come between two pages show on none of them.
    pub(super) fn are_the_same_on_later_pages(&self, between: &mut dyn FnMut()) {
        let query = format!("{RANGE}&PageSize=9");
        let found = self.pages(ALL, &query, between);
        assert_eq!(found.len(), self.expected(&|_| true).len());
        let newest = self.ask(ALL, &query).unwrap();
        assert_ne!(newest["@total"], found.len().to_string());
    }

    pub(super) fn are_found(&self) {
        let (program, partner, _, number) = self.rows[3].place;
        let id = ClickId {
            number: EventNumber(number),
            partner: PartnerId(partner),
            ad: AdId(5),
            program: ProgramId(program),
            unrecorded: false,
            key_number: 3,
        };
        let text = click_id::to_text(&id.body(), &[9; click_id::TAG_LEN]);
        for told in [
            number.to_string(),
            String::from_utf8(text.to_vec()).unwrap(),
        ] {
            let found = self.ask(ALL, &format!("{RANGE}&ClickId={told}")).unwrap();
            assert_eq!(found["@total"], "1");
            assert_eq!(found["Records"][0]["ClickId"], number.to_string());
        }
    }

    pub(super) fn are_not_listed_for_bad_queries(&self) {
        for (query, said) in [
            ("SortBy=ClickDate", "SortBy: does not apply to this report"),
            ("ClickId=abc", "ClickId: is `abc`; a ClickId of an answer"),
            (
                "Classification=X",
                "Classification: is `X`; U, D, R, P, H or F is allowed",
            ),
            ("AdId=x", "AdId: is `x`; a number is allowed"),
            (
                "PageSize=20001",
                "PageSize: is `20001`; a whole number from 1",
            ),
            (
                "StartDate=2025-01-01&EndDate=2026-03-01",
                "at most 366 are read",
            ),
        ] {
            let Err(ReportError::Invalid(errors)) = self.ask(PAYABLE, query) else {
                panic!("{query} is answered")
            };
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert!(errors.len() == 1 && errors[0].contains(said), "{errors:?}");
        }
        assert_eq!(self.ask(PAYABLE, "SUBAID=3"), Err(ReportError::NotFound));
        // Fourteen days without dates, the last of which is today.
        let found = self.ask(PAYABLE, "").unwrap();
        let uri = found["@uri"].as_str().unwrap();
        assert!(
            uri.contains("StartDate=2026-03-17&EndDate=2026-03-30"),
            "{uri}"
        );
    }
}
