//! How far a generation has come: the watermark, and the slot after it while it is folded.
//!
//! Written with the rows that they speak of, in one batch.

use crate::model::id::{JudgementVersion, Slot};
use crate::model::time::Millis;

use super::bytes::{Part, Reader, Why};

/// Layout of both values.
const FORMAT: u8 = 1;

/// How far a generation has come, stored with every slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The last slot folded.
    pub slot: Slot,
    /// When that slot ended, as its footer says.
    pub wall_end: Millis,
    /// The checksum of that slot's footer: another log has another one.
    pub checksum: u64,
    /// The latest own time of any click folded so far.
    pub newest: Millis,
    /// The judgement of the past by which every slot was folded; 0 for none.
    pub judgement: JudgementVersion,
}

impl Mark {
    const LEN: usize = 33;

    pub(in crate::derived) fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        let mut at = 0;
        FORMAT.write(&mut out, &mut at);
        self.slot.write(&mut out, &mut at);
        self.wall_end.write(&mut out, &mut at);
        self.checksum.write(&mut out, &mut at);
        self.newest.write(&mut out, &mut at);
        self.judgement.write(&mut out, &mut at);
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let mark = Self {
            slot: reader.part()?,
            wall_end: reader.part()?,
            checksum: reader.part()?,
            newest: reader.part()?,
            judgement: reader.part()?,
        };
        reader.end()?;
        Ok(mark)
    }
}

/// How far a slot has come whose clicks are judged in several batches.
///
/// Clicks count in the order of the fold, which is the same whenever the slot is folded. A verdict
/// that is stored already holds for good; the sums of the slot come with the watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The slot, the one after the watermark.
    pub slot: Slot,
    /// The checksum of its footer.
    pub checksum: u64,
    /// How many of its clicks have their verdict.
    pub judged: u32,
}

impl Begun {
    const LEN: usize = 17;

    pub(in crate::derived) fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        let mut at = 0;
        FORMAT.write(&mut out, &mut at);
        self.slot.write(&mut out, &mut at);
        self.checksum.write(&mut out, &mut at);
        self.judged.write(&mut out, &mut at);
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let begun = Self {
            slot: reader.part()?,
            checksum: reader.part()?,
            judged: reader.part()?,
        };
        reader.end()?;
        Ok(begun)
    }
}
