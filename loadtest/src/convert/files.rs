//! Rows of the sample as a file of clicks and a file of conversions.
//!
//! The number of a row is the external id of its click and, for an install, the order id too. A
//! stray is a further conversion, of a click that no file has, and must come to nothing.

use std::io::Write;

use anyhow::Result;

use super::sample::Row;
use crate::traffic::visit::{address, user_agent};

const CLICKS: [&str; 7] = [
    "ExternalClickId",
    "EventDate",
    "CampaignId",
    "MediaId",
    "AdId",
    "IpAddress",
    "UserAgent",
];
const CONVERSIONS: [&str; 5] = [
    "OrderId",
    "EventDate",
    "CampaignId",
    "ActionTrackerId",
    "CustomClickId",
];

/// Writes both files.
pub(super) struct Files<W: Write> {
    clicks: csv::Writer<W>,
    conversions: csv::Writer<W>,
    program: String,
    event_type: String,
}

impl<W: Write> Files<W> {
    /// Begins both with their headers.
    pub(super) fn new(clicks: W, conversions: W, program: u32, event_type: u32) -> Result<Self> {
        let mut files = Self {
            clicks: csv::Writer::from_writer(clicks),
            conversions: csv::Writer::from_writer(conversions),
            program: program.to_string(),
            event_type: event_type.to_string(),
        };
        files.clicks.write_record(CLICKS)?;
        files.conversions.write_record(CONVERSIONS)?;
        Ok(files)
    }

    /// Writes one row.
    pub(super) fn write(&mut self, row: &Row) -> Result<()> {
        let (number, visit) = (row.number.to_string(), row.visit);
        self.clicks.write_record([
            &number,
            &row.clicked.text,
            &self.program,
            &visit.partner.to_string(),
            &visit.ad.to_string(),
            &address(visit.ip).to_string(),
            &user_agent(visit.device, visit.os),
        ])?;
        if let Some(installed) = &row.installed {
            let (program, event_type) = (&self.program, &self.event_type);
            let fields = [&number, &installed.text, program, event_type, &number];
            self.conversions.write_record(fields)?;
        }
        Ok(())
    }

    /// Writes a conversion at the time of `row` that names a click which is nowhere.
    pub(super) fn stray(&mut self, row: &Row) -> Result<()> {
        let (order, click) = (
            format!("stray-{}", row.number),
            format!("none-{}", row.number),
        );
        let (program, event_type) = (&self.program, &self.event_type);
        let fields = [&order, &row.clicked.text, program, event_type, &click];
        self.conversions.write_record(fields)?;
        Ok(())
    }

    /// Writes what is held back.
    pub(super) fn finish(mut self) -> Result<()> {
        self.clicks.flush()?;
        self.conversions.flush()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::rows;
    use super::*;

    #[test]
    fn a_row_is_a_click_and_an_install_a_conversion_that_names_it() {
        let text = "ip,app,device,os,channel,click_time,attributed_time,is_attributed\n\
                    87540,12,1,13,497,2017-11-07 9:30,,0\n\
                    224120,19,0,29,213,2017-11-08 2:22,2017-11-08 12:02,1\n";
        let (mut clicks, mut conversions) = (Vec::new(), Vec::new());
        let mut files = Files::new(&mut clicks, &mut conversions, 7, 3).unwrap();
        for row in rows(text.as_bytes()) {
            let row = row.unwrap();
            files.write(&row).unwrap();
            if row.number == 1 {
                files.stray(&row).unwrap();
            }
        }
        files.finish().unwrap();
        let agent = |device, os| format!("\"{}\"", user_agent(device, os));
        assert_eq!(
            String::from_utf8(clicks).unwrap(),
            format!(
                "ExternalClickId,EventDate,CampaignId,MediaId,AdId,IpAddress,UserAgent\n\
                 1,2017-11-07T09:30Z,7,497,12,10.1.85.244,{}\n\
                 2,2017-11-08T02:22Z,7,213,19,10.3.107.120,{}\n",
                agent(1, 13),
                agent(0, 29)
            )
        );
        assert_eq!(
            String::from_utf8(conversions).unwrap(),
            "OrderId,EventDate,CampaignId,ActionTrackerId,CustomClickId\n\
             stray-1,2017-11-07T09:30Z,7,3,none-1\n\
             2,2017-11-08T12:02Z,7,3,2\n"
        );
    }
}
