//! One row of a file of clicks, field by field.
//!
//! In: a row's fields. Out: the click that a link would have made, or every field error at once.
//! The command line checks by it before anything is sent, and the daemon reads by it what it is
//! sent.

use std::net::IpAddr;

use crate::conversion::FieldError;
use crate::model::click::Parameter;
use crate::model::id::{AdId, PartnerId, ProgramId};
use crate::model::time::Millis;

use super::column::Kind;
use super::line::{self, Row};

/// Parameters of a link by the columns they come from.
const PARAMETERS: [(&str, Parameter); 4] = [
    ("SubId1", Parameter::SubId(1)),
    ("SubId2", Parameter::SubId(2)),
    ("SubId3", Parameter::SubId(3)),
    ("SharedId", Parameter::SharedId),
];

/// A click that somebody else recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click<'a> {
    /// `ExternalClickId`.
    pub external: &'a str,
    /// `EventDate`.
    pub time: Millis,
    /// `CampaignId`.
    pub program: ProgramId,
    /// `MediaId`.
    pub partner: PartnerId,
    /// `AdId`; 0 if there was none.
    pub ad: AdId,
    /// `IpAddress`.
    pub address: Option<IpAddr>,
    /// `Visitor`: stands for address and user agent where visitors are told apart.
    pub visitor: Option<&'a str>,
    /// `UserAgent`, perhaps empty.
    pub user_agent: &'a str,
    /// `ReferringUrl`, perhaps empty.
    pub referrer: &'a str,
    /// `DeepLink`.
    pub deep_link: Option<&'a str>,
    /// Sub ids and `SharedId`, those that are there.
    pub parameters: Vec<(Parameter, &'a str)>,
}

/// Reads the click of `row`.
///
/// # Errors
/// Every field that is missing or wrong, and what is allowed.
pub fn read(row: &Row) -> Result<Click<'_>, Vec<FieldError>> {
    let errors = line::check(Kind::Clicks, row);
    if !errors.is_empty() {
        return Err(errors);
    }
    let number = |name| row.get(name).and_then(|text| text.parse().ok());
    let parameters = PARAMETERS
        .iter()
        .filter_map(|(name, parameter)| Some((*parameter, row.get(name)?)));
    Ok(Click {
        external: row.get("ExternalClickId").unwrap_or_default(),
        time: row.time,
        program: row.program,
        partner: PartnerId(number("MediaId").unwrap_or_default()),
        ad: AdId(number("AdId").unwrap_or_default()),
        address: row.get("IpAddress").and_then(|text| text.parse().ok()),
        visitor: row.get("Visitor"),
        user_agent: row.get("UserAgent").unwrap_or_default(),
        referrer: row.get("ReferringUrl").unwrap_or_default(),
        deep_link: row.get("DeepLink"),
        parameters: parameters.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &[(&str, &str)]) -> Row {
        let mut fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        fields.sort();
        Row {
            time: Millis(1_510_047_000_000),
            program: ProgramId(7),
            fields,
        }
    }

    const LEAST: [(&str, &str); 5] = [
        ("CampaignId", "7"),
        ("EventDate", "2017-11-07T09:30Z"),
        ("ExternalClickId", "17"),
        ("MediaId", "280"),
        ("Visitor", "v"),
    ];

    #[test]
    fn every_field_has_its_place() {
        let most = [
            ("AdId", "12"),
            ("DeepLink", "https://www.brand.example/x"),
            ("IpAddress", "192.0.2.1"),
            ("ReferringUrl", "https://blog.example/"),
            ("SharedId", "s"),
            ("SubId1", "a"),
            ("SubId3", "c"),
            ("UserAgent", "B/1"),
        ];
        let row = row(&[LEAST.as_slice(), &most].concat());
        let expected = Click {
            external: "17",
            time: Millis(1_510_047_000_000),
            program: ProgramId(7),
            partner: PartnerId(280),
            ad: AdId(12),
            address: Some("192.0.2.1".parse().unwrap()),
            visitor: Some("v"),
            user_agent: "B/1",
            referrer: "https://blog.example/",
            deep_link: Some("https://www.brand.example/x"),
            parameters: vec![
                (Parameter::SubId(1), "a"),
                (Parameter::SubId(3), "c"),
                (Parameter::SharedId, "s"),
            ],
        };
        assert_eq!(read(&row), Ok(expected));
    }

    #[test]
    fn what_may_be_absent_is_absent() {
        let row = row(&LEAST);
        let click = read(&row).unwrap();
        assert_eq!((click.ad, click.address), (AdId(0), None));
        assert_eq!((click.user_agent, click.referrer), ("", ""));
        assert_eq!((click.deep_link, click.parameters), (None, Vec::new()));
    }

    #[test]
    fn a_row_whose_order_or_program_is_another_than_its_fields_say_is_refused() {
        let fields = |row: &Row| {
            let errors = read(row).unwrap_err();
            let fields = errors.into_iter().map(|error| error.field.into_owned());
            fields.collect::<Vec<_>>()
        };
        let mut other = row(&LEAST);
        other.time = other.time.plus(1);
        assert_eq!(fields(&other), ["EventDate"]);
        let mut other = row(&LEAST);
        other.program = ProgramId(8);
        assert_eq!(fields(&other), ["CampaignId"]);
        let mut other = row(&LEAST);
        other.fields.retain(|(name, _)| name != "Visitor");
        assert_eq!(fields(&other), ["IpAddress"]);
    }
}
