//! What the clients know: every click and conversion they sent, and what was answered.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a click is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Plain,
    Robot,
    Prefetch,
    Head,
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// Nothing: it may be stored or not.
    Unknown,
    /// A redirect with this id: it must be stored.
    Recorded(Id),
    /// A redirect with this id that says it is not stored: it must not be.
    Unrecorded(Id),
}

/// A user agent: one of the known texts, with a number behind it unless that is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Agent {
    pub(crate) name: &'static str,
    pub(crate) version: u64,
}

impl Agent {
    /// What is sent.
    pub(crate) fn text(self) -> String {
        match self.version {
            0 => self.name.to_owned(),
            version => format!("{} Build/{version}", self.name),
        }
    }
}

/// A click that was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Click {
    pub(crate) program: u32,
    pub(crate) partner: u32,
    pub(crate) ad: u32,
    pub(crate) kind: Kind,
    /// The last two bytes of its address, behind 198.18.
    pub(crate) address: u16,
    pub(crate) agent: Agent,
    pub(crate) answered: Answered,
}

/// What the bytes of a click id say, read by the documented layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) number: u64,
    pub(crate) partner: u32,
    pub(crate) ad: u32,
    pub(crate) program: u32,
    pub(crate) unrecorded: bool,
}

impl Id {
    /// Reads the text of an id.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        Some(Self {
            number: u64::from_be_bytes(bytes[..8].try_into().unwrap()),
            partner: word(8),
            ad: word(12),
            program: word(16),
            unrecorded: bytes[20] & 0x80 != 0,
        })
    }
}

/// When a number was minted, Unix milliseconds.
pub(crate) fn minted(number: u64) -> i64 {
    const EPOCH: i64 = 1_577_836_800_000;
    EPOCH + i64::try_from(number >> 22).unwrap()
}

/// What a conversion's click id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// The id of an answered click.
    Click(Id),
    /// An id whose tag was changed.
    Forged,
    /// None is sent.
    Absent,
}

/// One form, as it is sent once or again and again.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    pub(crate) program: u32,
    pub(crate) order: u64,
    pub(crate) reference: Reference,
    /// Minor units.
    pub(crate) amount: u64,
    pub(crate) form: String,
    /// The address that the answers named, once one came.
    pub(crate) answered: Option<String>,
    pub(crate) sent: u32,
}

/// A modification or a reversal, as it is sent once or again and again.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) program: u32,
    pub(crate) order: u64,
    /// The new amount in minor units; none takes the action back.
    pub(crate) amount: Option<u64>,
    pub(crate) form: String,
    /// The address that the answers named, once one came.
    pub(crate) answered: Option<String>,
    pub(crate) sent: u32,
}

/// A click that a conversion may name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nameable {
    pub(crate) id: Id,
    pub(crate) text: [u8; 43],
}

/// Everything known, over all rounds.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// By the number that the click carries as `subId1`.
    pub(crate) clicks: BTreeMap<u64, Click>,
    /// By the number that the form carries as `Note`.
    pub(crate) payloads: Vec<Payload>,
    /// By the number that the form carries as `Note`.
    pub(crate) changes: Vec<Change>,
    /// The newest change of an order, by program and order.
    pub(crate) last_change: BTreeMap<(u32, u64), usize>,
    pub(crate) nameable: Vec<Nameable>,
    pub(crate) orders: u64,
}

/// What came of everything, for the last line of the test.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) recorded: u64,
    pub(crate) unrecorded: u64,
    pub(crate) unknown: u64,
    pub(crate) conversions: u64,
    pub(crate) conversions_unknown: u64,
    pub(crate) changes: u64,
    pub(crate) changes_unknown: u64,
    pub(crate) sent_again: u64,
}

impl Known {
    pub(crate) fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for click in self.clicks.values() {
            match click.answered {
                Answered::Recorded(_) => sums.recorded += 1,
                Answered::Unrecorded(_) => sums.unrecorded += 1,
                Answered::Unknown => sums.unknown += 1,
            }
        }
        for payload in &self.payloads {
            match payload.answered {
                Some(_) => sums.conversions += 1,
                None => sums.conversions_unknown += 1,
            }
            sums.sent_again += u64::from(payload.sent.saturating_sub(1));
        }
        for change in &self.changes {
            match change.answered {
                Some(_) => sums.changes += 1,
                None => sums.changes_unknown += 1,
            }
            sums.sent_again += u64::from(change.sent.saturating_sub(1));
        }
        sums
    }
}
