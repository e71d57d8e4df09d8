//! The log store as it lies on disk, opened read-only and read by its documented layout.

use std::collections::BTreeMap;
use std::path::Path;

use rocksdb::{DB, IteratorMode, Options};

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

/// A submission.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) slot: u32,
    pub(crate) program: u32,
    pub(crate) number: u64,
    pub(crate) event_type: u32,
    pub(crate) order: String,
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
enum Said {
    Conversion(Submission),
    Change(Change),
}

/// What a footer says about its slot.
#[derive(Clone, Debug)]
pub(crate) struct Footer {
    pub(crate) torn: bool,
    pub(crate) clicks: u64,
    pub(crate) submissions: u64,
    /// Program, stream (0 clicks, 1 conversions, 2 changes) and outcome (0 received, 1 stored, 2
    /// unrecorded, others refused), with how many.
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
}

impl Stored {
    /// Reads the store in `directory`, which no daemon writes to.
    pub(crate) fn read(directory: &Path) -> Self {
        let options = Options::default();
        let families = DB::list_cf(&options, directory).unwrap();
        let db = DB::open_cf_for_read_only(&options, directory, families, false).unwrap();
        let rows = |family: &str| {
            let family = db.cf_handle(family).unwrap();
            db.iterator_cf(family, IteratorMode::Start)
                .map(Result::unwrap)
        };
        let strings: BTreeMap<u64, String> = rows("strings")
            .map(|(key, value)| (Bytes(&key).number(4), text(&value)))
            .collect();
        let (mut submissions, mut changes) = (Vec::new(), Vec::new());
        for (key, value) in rows("submissions") {
            match said(&key, &value) {
                Said::Conversion(submission) => submissions.push(submission),
                Said::Change(change) => changes.push(change),
            }
        }
        Self {
            clicks: rows("clicks")
                .map(|(key, value)| click(&key, &value, &strings))
                .collect(),
            submissions,
            changes,
            orders: rows("orders")
                .map(|(key, value)| order(&key, &value))
                .collect(),
            footers: rows("footers")
                .map(|(key, value)| (Bytes(&key).word(), footer(&value)))
                .collect(),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Bytes that are read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(count);
        self.0 = rest;
        head
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    /// A big-endian number of `count` bytes.
    fn number(&mut self, count: usize) -> u64 {
        let bytes = self.take(count).iter();
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn word(&mut self) -> u32 {
        u32::try_from(self.number(4)).unwrap()
    }

    /// A number in groups of seven bits, lowest first.
    fn varint(&mut self) -> u64 {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return number;
            }
            shift += 7;
        }
    }

    fn varint32(&mut self) -> u32 {
        u32::try_from(self.varint()).unwrap()
    }

    fn text(&mut self) -> String {
        let length = usize::try_from(self.varint()).unwrap();
        text(self.take(length))
    }
}

/// Slot u32 · partner u32 · number u64, all big-endian.
fn event_key(key: &[u8]) -> (u32, u32, u64) {
    let mut key = Bytes(key);
    let parts = (key.word(), key.word(), key.number(8));
    assert!(key.0.is_empty());
    parts
}

/// Format, layout (1 IPv6, 2 with the visitor before); varints flags, program, ad; network;
/// visitors of 8 bytes; references of user agent, referrer, shape, landing page; then code and
/// text of each parameter.
fn click(key: &[u8], value: &[u8], strings: &BTreeMap<u64, String>) -> Click {
    let (slot, partner, number) = event_key(key);
    let mut row = Bytes(value);
    assert_eq!(row.byte(), 1, "format");
    let layout = row.byte();
    row.varint();
    let (program, ad) = (row.varint32(), row.varint32());
    row.take(if layout & 1 == 0 { 3 } else { 6 });
    row.take(if layout & 2 == 0 { 8 } else { 16 });
    let mut string = || strings.get(&row.varint()).cloned().unwrap_or_default();
    let [user_agent, _referrer, _shape, landing] = [string(), string(), string(), string()];
    let mut label = String::new();
    while !row.0.is_empty() {
        let (code, value) = (row.byte(), row.text());
        if code == 1 {
            label = value;
        }
    }
    Click {
        slot,
        partner,
        number,
        program,
        ad,
        user_agent,
        landing,
        label,
    }
}

/// Kind: 1 a conversion, 2 a change.
fn said(key: &[u8], value: &[u8]) -> Said {
    match value[0] {
        2 => Said::Change(change(key, value)),
        _ => Said::Conversion(submission(key, value)),
    }
}

/// Kind (2); format; varints program, event type; order id; varint of action + 1 (0 the newest);
/// flags of where it came from (0 here); 0 takes back, 1 changes: varint of amount + 1, status (0
/// none) and count of items (0 here); then reason; hash of 16 bytes; count and pairs of fields.
fn change(key: &[u8], value: &[u8]) -> Change {
    let (slot, program, number) = event_key(key);
    let mut row = Bytes(value);
    assert_eq!((row.byte(), row.byte()), (2, 2), "kind and format");
    assert_eq!(row.varint32(), program);
    let event_type = row.varint32();
    let order = row.text();
    assert_eq!(row.varint(), 0, "the newest action");
    assert_eq!(row.varint(), 0, "a request of its own, not signed");
    let reverses = row.byte() == 0;
    if !reverses {
        row.varint();
        assert_eq!((row.byte(), row.byte()), (0, 0), "no status, no items");
    }
    row.text();
    row.take(16);
    let fields = (0..row.varint())
        .map(|_| (row.text(), row.text()))
        .collect();
    assert!(row.0.is_empty());
    Change {
        slot,
        program,
        number,
        event_type,
        order,
        reverses,
        fields,
    }
}

/// Kind (1 a conversion); format; varints program, event type; order id; flags (0); event time (0
/// now); claim (0 none, 1 forged, 2 with 21 bytes); count of references, each a person here (3,
/// kind and 16 bytes); varint of amount + 1; items, status, network and call (0 none); hash of 16
/// bytes; count and pairs of fields.
fn submission(key: &[u8], value: &[u8]) -> Submission {
    let (slot, program, number) = event_key(key);
    let mut row = Bytes(value);
    assert_eq!((row.byte(), row.byte()), (1, 2), "kind and format");
    assert_eq!(row.varint32(), program);
    let event_type = row.varint32();
    let order = row.text();
    assert_eq!(row.varint(), 0, "no flags");
    assert_eq!(row.byte(), 0, "EventDate is NOW");
    if row.byte() == 2 {
        row.take(21);
    }
    for _ in 0..row.varint() {
        assert_eq!(row.byte(), 3, "a person");
        row.take(17);
    }
    row.varint();
    for name in ["items", "status", "network", "call"] {
        assert_eq!(row.byte(), 0, "no {name}");
    }
    row.take(16);
    let fields = (0..row.varint()).map(|_| (row.text(), row.text()));
    Submission {
        slot,
        program,
        number,
        event_type,
        order,
        fields: fields.collect(),
    }
}

/// Program u32 · event type u32 · order id → format, then slot u32, number u64 and 16 bytes of hash
/// for each attempt.
fn order(key: &[u8], value: &[u8]) -> (OrderKey, Vec<(u32, u64)>) {
    let mut key = Bytes(key);
    let key = (key.word(), key.word(), text(key.0));
    let mut row = Bytes(value);
    assert_eq!(row.byte(), 1, "format");
    let mut attempts = Vec::new();
    while !row.0.is_empty() {
        attempts.push((row.word(), row.number(8)));
        row.take(16);
    }
    (key, attempts)
}

/// Format, torn; varints of wall start and end, clicks, submissions, facts, imported rows, visits;
/// checksum of 8 bytes; varints of catalogue and rules; then program, stream, outcome and count of
/// each ledger entry.
fn footer(value: &[u8]) -> Footer {
    let mut row = Bytes(value);
    assert_eq!(row.byte(), 3, "format");
    let torn = row.byte() == 1;
    row.varint();
    row.varint();
    let (clicks, submissions) = (row.varint(), row.varint());
    row.varint();
    assert_eq!(row.varint(), 0, "nothing is imported");
    assert_eq!(row.varint(), 0, "nobody arrives on a page");
    row.take(8);
    row.varint();
    row.varint();
    let mut ledger = BTreeMap::new();
    while !row.0.is_empty() {
        let of = (row.varint32(), row.byte(), row.byte());
        assert!(ledger.insert(of, row.varint()).is_none(), "{of:?} twice");
    }
    Footer {
        torn,
        clicks,
        submissions,
        ledger,
    }
}
