//! Value of `externals`: the imported click that another system knows by a name of its own.

use crate::model::id::{AdId, EventNumber, PartnerId, ProgramId, Slot};
use crate::model::time::Millis;

use super::bytes::{FORMAT, Part, Reader, Why};
use super::key::VerdictKey;

/// An imported click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct External {
    /// Its partner.
    pub partner: PartnerId,
    /// Its ad.
    pub ad: AdId,
    /// Its own time.
    pub time: Millis,
    /// Its number.
    pub number: EventNumber,
    /// The slot it was committed in.
    pub slot: Slot,
}

impl External {
    const LEN: usize = 29;

    /// The key of the verdict on it.
    #[must_use]
    pub fn verdict(&self, program: ProgramId) -> VerdictKey {
        VerdictKey {
            program,
            partner: self.partner,
            day: self.time.utc_day(),
            time: self.time,
            number: self.number,
        }
    }

    pub(in crate::derived) fn encode(self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        let mut at = 0;
        FORMAT.write(&mut out, &mut at);
        self.partner.write(&mut out, &mut at);
        self.ad.write(&mut out, &mut at);
        self.time.write(&mut out, &mut at);
        self.number.write(&mut out, &mut at);
        self.slot.write(&mut out, &mut at);
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let external = Self {
            partner: reader.part()?,
            ad: reader.part()?,
            time: reader.part()?,
            number: reader.part()?,
            slot: reader.part()?,
        };
        reader.end()?;
        Ok(external)
    }
}
