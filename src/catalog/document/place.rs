//! Where each entity stands, for messages.

use std::fmt;

use super::accounts::{BrandDoc, PartnerDoc};
use super::lists::{ChannelDoc, ExceptionListDoc, PostbackDoc, PromoCodeDoc};
use super::offers::{AdDoc, EventTypeDoc, ProgramDoc};
use super::terms::ContractDoc;
use crate::catalog::problem::{Place, quoted};
use crate::model::id::{PartnerId, ProgramId};

/// The line an entity begins on, when it was read from a file.
///
/// Two lines always compare equal, so that a document equals itself wherever it was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line(pub Option<usize>);

impl PartialEq for Line {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Line {}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(line) => write!(f, "line {line}, "),
            None => Ok(()),
        }
    }
}

impl Place for BrandDoc {
    fn place(&self) -> String {
        format!("{}brand {}", self.line, self.sid.escape_debug())
    }
}

impl Place for ProgramDoc {
    fn place(&self) -> String {
        format!("{}program {}", self.line, self.id)
    }
}

impl Place for AdDoc {
    fn place(&self) -> String {
        format!("{}ad {} of program {}", self.line, self.id, self.program)
    }
}

impl Place for EventTypeDoc {
    fn place(&self) -> String {
        let (line, id, program) = (self.line, self.id, self.program);
        format!("{line}event_type {id} of program {program}")
    }
}

impl Place for PartnerDoc {
    fn place(&self) -> String {
        format!("{}partner {}", self.line, self.id)
    }
}

impl Place for ExceptionListDoc {
    fn place(&self) -> String {
        let (line, id, program) = (self.line, self.id, self.program);
        format!("{line}exception_list {id} of program {program}")
    }
}

impl Place for ChannelDoc {
    fn place(&self) -> String {
        let (line, name, program) = (self.line, quoted(&self.name), self.program);
        format!("{line}channel {name} of program {program}")
    }
}

impl Place for PromoCodeDoc {
    fn place(&self) -> String {
        let (line, code, program) = (self.line, quoted(&self.code), self.program);
        format!("{line}promo_code {code} of program {program}")
    }
}

impl Place for PostbackDoc {
    fn place(&self) -> String {
        format!("{}postback {}", self.line, self.id)
    }
}

impl Place for ContractDoc {
    fn place(&self) -> String {
        contract_place(self.line, self.partner, self.program, &self.start)
    }
}

/// Where a contract stands.
pub(in crate::catalog) fn contract_place(
    line: Line,
    partner: PartnerId,
    program: ProgramId,
    start: &str,
) -> String {
    let start = start.escape_debug();
    format!("{line}contract of partner {partner} with program {program} from {start}")
}
