//! The log store as it lies on disk, opened read-only and read by its documented layout.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rocksdb::{DB, IteratorMode, Options};

use super::rows::{self, Bytes, text};

/// A click.
#[derive(Clone, Debug)]
pub(crate) struct Click {
    pub(crate) slot: u32,
    pub(crate) partner: u32,
    pub(crate) number: u64,
    pub(crate) program: u32,
    pub(crate) ad: u32,
    pub(crate) user_agent: String,
    pub(crate) landing: String,
    /// The value of `subId1`.
    pub(crate) label: String,
}

/// How a submission came: job and line of an uploaded file, or row of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Api,
    File(u64, u64),
    Import(u64, u64),
}

/// The click that an arrival came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    None,
    Forged,
    /// Its number.
    Click(u64),
}

/// An arrival on a page.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) slot: u32,
    pub(crate) program: u32,
    pub(crate) number: u64,
    pub(crate) claim: Claim,
    /// Kind and fingerprint of each name.
    pub(crate) persons: Vec<Vec<u8>>,
    /// The value of `utm_campaign`.
    pub(crate) label: String,
}

/// A row of an import.
#[derive(Clone, Debug)]
pub(crate) struct Imported {
    pub(crate) slot: u32,
    pub(crate) job: u64,
    /// Its own time and itself, unless the row is the end of its job.
    pub(crate) click: Option<(i64, Click)>,
}

/// A submission.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) slot: u32,
    pub(crate) program: u32,
    pub(crate) number: u64,
    pub(crate) event_type: u32,
    pub(crate) order: String,
    pub(crate) origin: Origin,
    /// Every field as it was sent.
    pub(crate) fields: BTreeMap<String, String>,
}

/// A modification or a reversal.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) slot: u32,
    pub(crate) program: u32,
    pub(crate) number: u64,
    pub(crate) event_type: u32,
    pub(crate) order: String,
    pub(crate) reverses: bool,
    /// Every field as it was sent.
    pub(crate) fields: BTreeMap<String, String>,
}

/// A row of what the brand said.
pub(super) enum Said {
    Conversion(Submission),
    Change(Change),
}

/// How many rows a slot holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) clicks: u64,
    pub(crate) submissions: u64,
    /// Clicks of imports, and ends of imports.
    pub(crate) imported: u64,
    pub(crate) visits: u64,
}

/// What a footer says about its slot.
#[derive(Clone, Debug)]
pub(crate) struct Footer {
    pub(crate) torn: bool,
    pub(crate) held: Held,
    /// Program, stream (0 clicks, 1 conversions, 2 changes, 4 imported clicks, 5 arrivals) and
    /// outcome (0 received, 1 stored, 2 unrecorded, others refused), with how many.
    pub(crate) ledger: BTreeMap<(u32, u8, u8), u64>,
}

/// Program, event type and order id.
pub(crate) type OrderKey = (u32, u32, String);

/// Everything stored.
#[derive(Debug)]
pub(crate) struct Stored {
    /// By slot, partner, number.
    pub(crate) clicks: Vec<Click>,
    /// By slot, program, number.
    pub(crate) submissions: Vec<Submission>,
    /// By slot, program, number.
    pub(crate) changes: Vec<Change>,
    /// Slot and number of each attempt at an order.
    pub(crate) orders: BTreeMap<OrderKey, Vec<(u32, u64)>>,
    pub(crate) footers: BTreeMap<u32, Footer>,
    pub(crate) visits: Vec<Visit>,
    pub(crate) imported: Vec<Imported>,
}

/// Opens the store in `directory`, which no daemon writes to.
fn open(directory: &Path) -> DB {
    let mut options = Options::default();
    // A reader that does not know of the WAL files that are tracked would try to forget them.
    options.set_track_and_verify_wals_in_manifest(true);
    let families = DB::list_cf(&options, directory).unwrap();
    DB::open_cf_for_read_only(&options, directory, families, false).unwrap()
}

/// The events that postbacks remember in the store in `directory`, which no daemon writes to.
pub(crate) fn told(directory: &Path) -> BTreeSet<String> {
    let db = open(directory);
    let rows = db.iterator_cf(db.cf_handle("deliveries").unwrap(), IteratorMode::Start);
    let rows = rows.map(Result::unwrap);
    rows.filter_map(|(key, value)| rows::event(&key, &value))
        .collect()
}

impl Stored {
    /// Reads the store in `directory`, which no daemon writes to.
    pub(crate) fn read(directory: &Path) -> Self {
        let db = open(directory);
        let all = |family: &str| {
            let family = db.cf_handle(family).unwrap();
            db.iterator_cf(family, IteratorMode::Start)
                .map(Result::unwrap)
        };
        let strings: BTreeMap<u64, String> = all("strings")
            .map(|(key, value)| (Bytes(&key).number(4), text(&value)))
            .collect();
        let (mut submissions, mut changes) = (Vec::new(), Vec::new());
        for (key, value) in all("submissions") {
            match rows::said(&key, &value) {
                Said::Conversion(submission) => submissions.push(submission),
                Said::Change(change) => changes.push(change),
            }
        }
        Self {
            clicks: all("clicks")
                .map(|(key, value)| rows::click(&key, &value, &strings))
                .collect(),
            submissions,
            changes,
            orders: all("orders")
                .map(|(key, value)| rows::order(&key, &value))
                .collect(),
            footers: all("footers")
                .map(|(key, value)| (Bytes(&key).word(), rows::footer(&value)))
                .collect(),
            visits: all("visits")
                .map(|(key, value)| rows::visit(&key, &value))
                .collect(),
            imported: all("imported")
                .map(|(key, value)| rows::imported(&key, &value, &strings))
                .collect(),
        }
    }
}
