//! What the clients know: everything they sent, and what was answered.

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
    /// None is sent, but the name of somebody who arrived on a page, or did not.
    Person(u64),
    /// An imported click, by its place in [`Known::imported`].
    Imported(usize),
    /// None is sent, and the customer is a stranger.
    Absent,
}

/// How a conversion or a change is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By itself, over the API.
    Api,
    /// As this line of the uploaded file with this place in [`Known::files`].
    File(usize, u64),
    /// As this row, by own time, of the import with this place in [`Known::imports`].
    Import(usize, u64),
}

/// One form, as it is sent once or again and again.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    pub(crate) program: u32,
    pub(crate) order: u64,
    pub(crate) way: Way,
    pub(crate) reference: Reference,
    /// When it happened, where that is not when it is received.
    pub(crate) own_time: Option<i64>,
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
    pub(crate) way: Way,
    /// The new amount in minor units; none takes the action back.
    pub(crate) amount: Option<u64>,
    pub(crate) form: String,
    /// The address that the answers named, once one came.
    pub(crate) answered: Option<String>,
    pub(crate) sent: u32,
}

/// Somebody's arrival on a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) program: u32,
    /// The number in the one name that it carries.
    pub(crate) person: u64,
    pub(crate) by: By,
    /// Whether it was answered as stored.
    pub(crate) is_answered: bool,
}

/// By what somebody arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    /// A click.
    Click(Id),
    /// A link that the arrival opened itself: the label of its click.
    Link(u64),
    /// A click of another program, which tells nothing.
    Stray,
    /// A campaign.
    Channel,
}

/// An uploaded file. It is sent until it is answered, and asked for until it is complete; only then
/// another one is begun.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// `Type`: what its lines are.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
    pub(crate) lines: usize,
    /// Where it is shown, once it was answered.
    pub(crate) answered: Option<String>,
    pub(crate) is_complete: bool,
    /// Whether the daemon was killed while it was read.
    pub(crate) is_cut: bool,
    pub(crate) sent: u32,
}

/// An imported file. The command is run until it ends well; only then another one is begun.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// `clicks` or `conversions`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
    /// Rows that no import before it had.
    pub(crate) new: usize,
    /// Rows that one before it had.
    pub(crate) known: usize,
    pub(crate) is_complete: bool,
    /// Whether the daemon was killed while it ran.
    pub(crate) is_cut: bool,
    /// How often its command was run.
    pub(crate) runs: u32,
}

/// A click that is imported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Imported {
    /// The import that brings it.
    pub(crate) import: usize,
    pub(crate) program: u32,
    pub(crate) partner: u32,
    pub(crate) ad: u32,
    pub(crate) visitor: u64,
    pub(crate) is_robot: bool,
    /// When it happened, Unix milliseconds.
    pub(crate) time: i64,
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
    /// By the number that the page carries as `utm_campaign`.
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) persons: u64,
    pub(crate) files: Vec<File>,
    pub(crate) imports: Vec<Import>,
    /// By the number in the external id.
    pub(crate) imported: Vec<Imported>,
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
    pub(crate) arrivals: u64,
    pub(crate) arrivals_unknown: u64,
    pub(crate) files: u64,
    /// Files and imports that were under way when the daemon was killed.
    pub(crate) files_cut: u64,
    pub(crate) imports: u64,
    pub(crate) imports_cut: u64,
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
        for payload in self.payloads.iter().filter(|own| own.way == Way::Api) {
            match payload.answered {
                Some(_) => sums.conversions += 1,
                None => sums.conversions_unknown += 1,
            }
            sums.sent_again += u64::from(payload.sent.saturating_sub(1));
        }
        for change in self.changes.iter().filter(|own| own.way == Way::Api) {
            match change.answered {
                Some(_) => sums.changes += 1,
                None => sums.changes_unknown += 1,
            }
            sums.sent_again += u64::from(change.sent.saturating_sub(1));
        }
        for arrival in &self.arrivals {
            if arrival.is_answered {
                sums.arrivals += 1;
            } else {
                sums.arrivals_unknown += 1;
            }
        }
        for file in &self.files {
            sums.files += u64::from(file.is_complete);
            sums.files_cut += u64::from(file.is_cut);
        }
        for import in &self.imports {
            sums.imports += u64::from(import.is_complete);
            sums.imports_cut += u64::from(import.is_cut);
        }
        sums
    }

    /// Notes which files and imports the end of the daemon cut off.
    pub(crate) fn cut(&mut self) {
        if let Some(file) = self.files.last_mut() {
            file.is_cut |= file.answered.is_some() && !file.is_complete;
        }
        if let Some(import) = self.imports.last_mut() {
            import.is_cut |= import.runs > 0 && !import.is_complete;
        }
    }
}
