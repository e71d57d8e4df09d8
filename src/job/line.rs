//! A record of a file becomes a row, or names everything that is wrong with it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::conversion::FieldError;
use crate::conversion::fields::VALUE_BYTES_MAX;
use crate::model::id::ProgramId;
use crate::model::time::Millis;

use super::column::{Column, Form, Kind, Need, listed};
use super::csv::Record;
use super::own_time;

/// The name of a row as a whole in errors.
pub(super) const WHOLE: &str = "row";

/// One row, checked for form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its own time.
    pub time: Millis,
    /// Its program.
    pub program: ProgramId,
    /// Published names and values, sorted by name; none is empty.
    pub fields: Vec<(String, String)>,
}

impl Row {
    /// The value of a field that is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(listed, _)| listed == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What is wrong with a header, one line for each column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header is wrong: {}", .0.join("; "))]
pub struct HeaderError(pub Vec<String>);

/// What each column of a file means.
#[derive(Clone, Debug)]
pub struct Layout {
    kind: Kind,
    program: Option<ProgramId>,
    /// Published names in the order of the file.
    names: Vec<String>,
}

impl Layout {
    /// Reads a header; `program` is that of rows that name none.
    ///
    /// # Errors
    /// Every column that is unknown, there twice, or missing.
    pub fn new(
        kind: Kind,
        header: &[String],
        program: Option<ProgramId>,
    ) -> Result<Self, HeaderError> {
        let mut wrong = Vec::new();
        let mut names: Vec<String> = Vec::with_capacity(header.len());
        for (number, sent) in (1..).zip(header) {
            let Some(name) = kind.column(sent) else {
                wrong.push(unknown(kind, number, sent));
                continue;
            };
            if names.contains(&name) {
                wrong.push(format!("column {number}: `{name}` is there twice"));
            }
            names.push(name);
        }
        let is_there = |name: &str| names.iter().any(|listed| listed == name);
        for row in kind.columns().iter().filter(|row| !is_there(row.name)) {
            match row.need {
                Need::Always => wrong.push(format!("`{}` is missing", row.name)),
                Need::Program if program.is_none() => wrong.push(format!(
                    "`{}` is missing; add it, or name the program with --program",
                    row.name
                )),
                Need::OneOf(all) if !all.iter().any(|name| is_there(name)) => {
                    let error = format!("one of {} is missing", listed(all));
                    if !wrong.contains(&error) {
                        wrong.push(error);
                    }
                }
                Need::Program | Need::OneOf(_) | Need::Never => {}
            }
        }
        if wrong.is_empty() {
            Ok(Self {
                kind,
                program,
                names,
            })
        } else {
            Err(HeaderError(wrong))
        }
    }

    /// What the rows are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The row of `record`.
    ///
    /// # Errors
    /// Every field that is wrong, and what is allowed.
    pub fn read(&self, record: &Record<'_>) -> Result<Row, Vec<FieldError>> {
        let count = record.fields().len();
        if count != self.names.len() {
            let wanted = self.names.len();
            let error = format!("has {count} fields; the header has {wanted}");
            return Err(vec![FieldError::new(WHOLE, error)]);
        }
        let mut errors = Vec::new();
        let mut fields = Vec::with_capacity(count);
        for (name, value) in self.names.iter().zip(record.fields()) {
            match std::str::from_utf8(value) {
                Ok("") => {}
                Ok(value) => fields.push((name.clone(), value.to_owned())),
                Err(_) => errors.push(FieldError::new(
                    name.clone(),
                    "is not UTF-8; allowed is UTF-8",
                )),
            }
        }
        finish(self.kind, self.program, fields, errors)
    }

    /// The fields of `row` in the order of the file's columns.
    pub fn values<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a str> {
        self.names
            .iter()
            .map(|name| row.get(name).unwrap_or_default())
    }
}

/// The row of named values that are not empty, unless there are errors; `program` is that of rows
/// that name none.
pub(super) fn finish(
    kind: Kind,
    program: Option<ProgramId>,
    fields: Vec<(String, String)>,
    mut errors: Vec<FieldError>,
) -> Result<Row, Vec<FieldError>> {
    let mut row = Row {
        time: Millis(0),
        program: ProgramId(0),
        fields,
    };
    fill_in(kind, program, &mut row, &mut errors);
    row.fields.sort();
    errors.extend(check(kind, &row));
    errors.sort_by(|a, b| a.field.cmp(&b.field));
    errors.dedup_by(|a, b| a.field == b.field);
    if errors.is_empty() {
        Ok(row)
    } else {
        Err(errors)
    }
}

/// Sets what a row has beside its fields, and writes numbers and times in one way.
fn fill_in(kind: Kind, named: Option<ProgramId>, row: &mut Row, errors: &mut Vec<FieldError>) {
    let mut program = None;
    for (name, value) in &mut row.fields {
        let mut listed = kind.columns().iter();
        match listed.find(|row| row.name == name).map(|row| row.form) {
            Some(Form::Time) => match own_time::read(value) {
                Ok(time) => {
                    row.time = time.start;
                    *value = time.text;
                }
                Err(error) => errors.push(FieldError::new(name.clone(), error)),
            },
            Some(Form::Number(_)) => {
                if let Some(number) = number(value) {
                    *value = number.to_string();
                    if name == "CampaignId" {
                        program = Some(number);
                    }
                }
            }
            Some(Form::Address) => {
                if let Ok(address) = value.parse::<IpAddr>() {
                    *value = address.to_canonical().to_string();
                }
            }
            Some(Form::Text(_) | Form::Field) | None => {}
        }
    }
    match (program.map(ProgramId), named) {
        (Some(own), Some(named)) if own != named => errors.push(FieldError::new(
            "CampaignId",
            format!("is {own}; --program names {named}"),
        )),
        (None, Some(named)) if row.get("CampaignId").is_none() => {
            row.program = named;
            let field = ("CampaignId".to_owned(), named.to_string());
            row.fields.push(field);
        }
        (own, _) => row.program = own.unwrap_or_default(),
    }
}

fn unknown(kind: Kind, number: usize, sent: &str) -> String {
    let names: Vec<&str> = kind.columns().iter().map(|row| row.name).collect();
    let further = match kind {
        Kind::Clicks => "",
        Kind::Conversions => ", and the other fields of the Conversions API",
    };
    format!(
        "column {number}: `{}` is unknown; allowed are {}{further}",
        sent.escape_debug(),
        names.join(", ")
    )
}

/// Everything that is missing in or wrong with the fields of `row`.
#[must_use]
pub fn check(kind: Kind, row: &Row) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for column in kind.columns() {
        let message = match (row.get(column.name), column.need) {
            (Some(value), _) => misformed(value, column.form).or_else(|| other(row, column, value)),
            (None, Need::Always) => Some("is missing".to_owned()),
            (None, Need::Program) => {
                Some("is missing; fill it in, or name the program with --program".to_owned())
            }
            (None, Need::OneOf(all)) => {
                let is_first = all.first() == Some(&column.name);
                let is_there = all.iter().any(|name| row.get(name).is_some());
                (is_first && !is_there).then(|| format!("one of {} is missing", listed(all)))
            }
            (None, Need::Never) => None,
        };
        errors.extend(message.map(|message| FieldError::new(column.name, message)));
    }
    for (name, value) in &row.fields {
        if value.len() > VALUE_BYTES_MAX && kind == Kind::Conversions {
            let message = format!(
                "has {} bytes; at most {VALUE_BYTES_MAX} are allowed",
                value.len()
            );
            errors.push(FieldError::new(name.clone(), message));
        }
    }
    errors
}

/// A row is sorted by its time and program, so these must be what its fields say.
fn other(row: &Row, column: &Column, value: &str) -> Option<String> {
    let is_other = match column.form {
        Form::Time => own_time::read(value).is_ok_and(|time| time.start != row.time),
        Form::Number(_) => column.name == "CampaignId" && number(value) != Some(row.program.0),
        Form::Address | Form::Text(_) | Form::Field => false,
    };
    is_other.then(|| "is another than the row is filed under".to_owned())
}

fn misformed(value: &str, form: Form) -> Option<String> {
    match form {
        Form::Time => own_time::read(value).err(),
        Form::Number(min) => {
            let number = number(value).filter(|number| *number >= min);
            let allowed = "a whole number from";
            number.is_none().then(|| {
                format!(
                    "`{}` is not {allowed} {min} to {}",
                    value.escape_debug(),
                    u32::MAX
                )
            })
        }
        Form::Address => value.parse::<IpAddr>().is_err().then(|| {
            let allowed = "an IP address such as 192.0.2.1 or 2001:db8::1";
            format!("`{}` is not {allowed}", value.escape_debug())
        }),
        Form::Text(max) if value.len() > max => Some(format!(
            "has {} bytes; at most {max} are allowed",
            value.len()
        )),
        Form::Text(_) => value
            .contains(char::is_control)
            .then(|| "holds control characters; allowed is text without".to_owned()),
        Form::Field => None,
    }
}

/// A number of digits only.
fn number(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::csv::Records;
    use super::*;

    /// The rows of a text, or what is wrong with its lines, as `line: field: message`.
    fn read(kind: Kind, program: Option<u32>, text: &str) -> (Vec<Row>, Vec<String>) {
        let mut records = Records::open(text.as_bytes()).unwrap();
        let program = program.map(ProgramId);
        let layout = Layout::new(kind, records.header(), program).unwrap();
        let (mut rows, mut wrong) = (Vec::new(), Vec::new());
        while let Some(record) = records.read().unwrap() {
            match layout.read(&record) {
                Ok(row) => rows.push(row),
                Err(errors) => wrong.extend(
                    errors
                        .iter()
                        .map(|error| format!("{}: {error}", record.line)),
                ),
            }
        }
        (rows, wrong)
    }

    fn header(kind: Kind, program: Option<u32>, text: &str) -> Vec<String> {
        let names: Vec<String> = text.split(',').map(str::to_owned).collect();
        Layout::new(kind, &names, program.map(ProgramId))
            .map_or_else(|error| error.0, |_| Vec::new())
    }

    #[test]
    fn a_row_is_the_same_in_any_order_of_columns_and_writing_of_numbers() {
        let one = "ExternalClickId,EventDate,CampaignId,MediaId,IpAddress,SubId1\n\
                   17,1510047000,7,280,192.0.2.1,\n";
        let two = "subid1,mediapartnerid,EVENTDATE,ipaddress,externalclickid\n\
                   ,0280,2017-11-07T09:30:00Z,::ffff:192.0.2.1,17\n";
        let (rows, wrong) = read(Kind::Clicks, None, one);
        assert_eq!(wrong, [""; 0]);
        assert_eq!(read(Kind::Clicks, Some(7), two), (rows.clone(), wrong));
        assert_eq!(rows[0].time, Millis(1_510_047_000_000));
        assert_eq!(rows[0].program, ProgramId(7));
        let fields = [
            ("CampaignId", "7"),
            ("EventDate", "2017-11-07T09:30:00Z"),
            ("ExternalClickId", "17"),
            ("IpAddress", "192.0.2.1"),
            ("MediaId", "280"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(rows[0].fields, fields);
    }

    #[test]
    fn conversions_take_every_field_of_the_api() {
        let text = "oid,actiontrackerid,eventdate,customclickid,itemsku1,text3,CurrencyCode\n\
                    A-1,3,2017-11-07T09:30Z,17,x,t,USD\n";
        let (rows, wrong) = read(Kind::Conversions, Some(7), text);
        assert_eq!(wrong, [""; 0]);
        let names: Vec<&str> = rows[0].fields.iter().map(|(name, _)| &**name).collect();
        let expected = [
            "ActionTrackerId",
            "CampaignId",
            "CurrencyCode",
            "CustomClickId",
            "EventDate",
            "ItemSku1",
            "OrderId",
            "Text3",
        ];
        assert_eq!(names, expected);
        assert_eq!(check(Kind::Conversions, &rows[0]), []);
    }

    #[test]
    fn headers_name_every_column_that_is_unknown_twice_or_missing() {
        let wrong = header(
            Kind::Clicks,
            None,
            "ExternalClickId,when,SubId1,subid1,SubId4",
        );
        assert_eq!(wrong.len(), 7, "{wrong:?}");
        assert!(wrong[0].starts_with("column 2: `when` is unknown; allowed are ExternalClickId, "));
        assert_eq!(wrong[1], "column 4: `SubId1` is there twice");
        assert!(wrong[2].starts_with("column 5: `SubId4` is unknown"));
        assert_eq!(wrong[3], "`EventDate` is missing");
        assert!(wrong[4].contains("`CampaignId` is missing; add it, or name the program"));
        assert_eq!(wrong[5], "`MediaId` is missing");
        assert_eq!(wrong[6], "one of `IpAddress`, `Visitor` is missing");
        assert_eq!(
            header(
                Kind::Clicks,
                Some(1),
                "ExternalClickId,EventDate,MediaId,Visitor"
            ),
            [""; 0]
        );
        let wrong = header(
            Kind::Conversions,
            Some(1),
            "EventDate,OrderId,Oid,EventTypeCode,Amount5,ItemSku,Text,Visitor,,ClickId",
        );
        assert_eq!(wrong.len(), 6, "{wrong:?}");
        assert_eq!(wrong[0], "column 3: `OrderId` is there twice");
        for (said, number) in wrong[1..].iter().zip([5, 6, 7, 8, 9]) {
            assert!(said.starts_with(&format!("column {number}: ")), "{said}");
            assert!(
                said.ends_with("other fields of the Conversions API"),
                "{said}"
            );
        }
    }

    #[test]
    fn lines_name_every_field_that_is_wrong_and_what_is_allowed() {
        let long = "x".repeat(256);
        let text = format!(
            "ExternalClickId,EventDate,MediaId,AdId,IpAddress,Visitor,SubId1,CampaignId\n\
             1,2017-11-07T09:30Z,280,,192.0.2.1,,,\n\
             ,yesterday,0,-1,localhost,,{long},x\n\
             3,2017-11-07T09:30Z,280,,,,,\n\
             4,2017-11-07T09:30Z,280,,,v,\"a\tb\",8\n\
             5,2017-11-07T09:30Z,4294967296,,,v,,7\n\
             6,2017-11-07T09:30Z,280\n"
        );
        let (rows, wrong) = read(Kind::Clicks, Some(7), &text);
        assert_eq!(rows.len(), 1);
        let expected = [
            "3: AdId: `-1` is not a whole number from 0 to 4294967295",
            "3: CampaignId: `x` is not a whole number from 1 to 4294967295",
            "3: EventDate: is not a date; send ISO 8601 with an offset such as 2017-11-07T09:30Z",
            "3: ExternalClickId: is missing",
            "3: IpAddress: `localhost` is not an IP address such as 192.0.2.1 or 2001:db8::1",
            "3: MediaId: `0` is not a whole number from 1 to 4294967295",
            "3: SubId1: has 256 bytes; at most 255 are allowed",
            "4: IpAddress: one of `IpAddress`, `Visitor` is missing",
            "5: CampaignId: is 8; --program names 7",
            "5: SubId1: holds control characters; allowed is text without",
            "6: MediaId: `4294967296` is not a whole number from 1 to 4294967295",
            "7: row: has 3 fields; the header has 8",
        ];
        assert_eq!(wrong.len(), expected.len(), "{wrong:#?}");
        for (said, expected) in wrong.iter().zip(expected) {
            assert!(said.starts_with(expected), "{said}\n{expected}");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_its_lines_error() {
        let text = b"ExternalClickId,EventDate,MediaId,Visitor\n1,1510047000,1,\xff\n";
        let mut records = Records::open(text.as_slice()).unwrap();
        let layout = Layout::new(Kind::Clicks, records.header(), Some(ProgramId(7))).unwrap();
        let errors = layout.read(&records.read().unwrap().unwrap()).unwrap_err();
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            said[0],
            "IpAddress: one of `IpAddress`, `Visitor` is missing"
        );
        assert_eq!(said[1], "Visitor: is not UTF-8; allowed is UTF-8");
    }

    #[test]
    fn values_stand_in_the_order_of_the_file() {
        let text = "Visitor,SubId1,MediaId,EventDate,ExternalClickId\nv,,280,1510047000,17\n";
        let mut records = Records::open(text.as_bytes()).unwrap();
        let layout = Layout::new(Kind::Clicks, records.header(), Some(ProgramId(7))).unwrap();
        let row = layout.read(&records.read().unwrap().unwrap()).unwrap();
        let values: Vec<&str> = layout.values(&row).collect();
        assert_eq!(values, ["v", "", "280", "2017-11-07T09:30:00Z", "17"]);
    }
}
