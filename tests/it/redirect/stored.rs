//! Clicks as the log keeps them, and tables of links that are checked against it.

use std::collections::HashMap;

use clickd::model::click::{Network, Parameter};
use clickd::model::id::{EventNumber, Slot, StringRef};

use super::site::Site;
use super::wire::Answer;

/// A stored click with its strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) labels: Vec<&'static str>,
    pub(super) network: Network,
    pub(super) values: Vec<(Parameter, String)>,
    pub(super) user_agent: Vec<u8>,
    pub(super) referrer: String,
    pub(super) shape: String,
    pub(super) landing: String,
}

/// Every click of the log by its number.
pub(super) fn stored(site: &Site) -> HashMap<EventNumber, Stored> {
    let log = &site.daemon.stores.log;
    let last = log.seal().unwrap();
    let bytes = |at: StringRef| log.string(at).unwrap().unwrap_or_default();
    let text = |at| String::from_utf8(bytes(at)).unwrap();
    let mut found = HashMap::new();
    for slot in (log.first_slot().unwrap().unwrap().0..=last.0).map(Slot) {
        log.for_each_click(slot, &mut |row| {
            let value = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
            let click = Stored {
                labels: row.click.flags.labels().collect(),
                network: row.click.network,
                values: row
                    .click
                    .parameters
                    .map(|(at, bytes)| (at, value(bytes)))
                    .collect(),
                user_agent: bytes(row.click.user_agent),
                referrer: text(row.click.referrer),
                shape: text(row.click.shape),
                landing: text(row.click.landing),
            };
            assert!(found.insert(row.number, click).is_none());
        })
        .unwrap();
    }
    found
}

/// A link, where it leads and what is kept of it.
pub(super) struct Case {
    /// Row of the catalogue of bad input.
    pub(super) row: u32,
    /// Target of the request.
    pub(super) target: String,
    /// The page before the click id.
    pub(super) page: String,
    /// Labels of the flags, in bit order.
    pub(super) labels: &'static [&'static str],
    /// The stored values, if they are looked at.
    pub(super) values: Option<Vec<(Parameter, String)>>,
}

impl Case {
    /// A link whose values are not looked at.
    pub(super) fn new(
        row: u32,
        target: impl Into<String>,
        page: impl Into<String>,
        labels: &'static [&'static str],
    ) -> Self {
        Self {
            row,
            target: target.into(),
            page: page.into(),
            labels,
            values: None,
        }
    }

    /// The values that are stored.
    pub(super) fn keeps(mut self, values: &[(Parameter, &str)]) -> Self {
        let values = values.iter().map(|(at, value)| (*at, (*value).to_owned()));
        self.values = Some(values.collect());
        self
    }
}

/// The head of a GET of `target`.
pub(super) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: go.example\r\n\r\n")
}

/// `page` with the click id of `answer` where it belongs.
pub(super) fn location(site: &Site, answer: &Answer, page: &str) -> String {
    let id = site.daemon.stores.signer.sign(&site.id(answer));
    let id = String::from_utf8(id.to_vec()).unwrap();
    let at = page.find('#').unwrap_or(page.len());
    let (page, fragment) = page.split_at(at);
    let joiner = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joiner}im_ref={id}{fragment}")
}

/// Opens every link and compares its redirect and its stored click.
pub(super) fn check(site: &Site, cases: &[Case]) {
    let mut ids = Vec::new();
    for case in cases {
        let answer = site.answer(get(&case.target));
        let (row, target) = (case.row, &case.target);
        assert_eq!(answer.status, 302, "row {row}: {target}: {answer:?}");
        let expected = location(site, &answer, &case.page);
        assert_eq!(
            answer.header("location"),
            Some(&*expected),
            "row {row}: {target}"
        );
        ids.push(site.id(&answer).number);
    }
    let clicks = stored(site);
    for (case, id) in cases.iter().zip(&ids) {
        let (row, target) = (case.row, &case.target);
        let click = &clicks[id];
        assert_eq!(click.labels, case.labels, "row {row}: {target}");
        let landing = case.page.get(..512).unwrap_or(&case.page);
        assert_eq!(click.landing, landing, "row {row}: {target}");
        if let Some(values) = &case.values {
            assert_eq!(&click.values, values, "row {row}: {target}");
        }
    }
}
