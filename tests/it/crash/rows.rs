//! The rows of the log store, read by their documented layout.

use std::collections::BTreeMap;

use super::store::{
    Change, Claim, Click, Footer, Held, Imported, OrderKey, Origin, Said, Submission, Visit,
};

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Bytes that are read from the front.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    fn origin(&mut self) -> Origin {
        match self.varint() {
            0 => Origin::Api,
            4 => Origin::File(self.number(8), self.varint()),
            8 => Origin::Import(self.number(8), self.varint()),
            flags => panic!("flags {flags}"),
        }
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(count);
        self.0 = rest;
        head
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    /// A big-endian number of `count` bytes.
    pub(super) fn number(&mut self, count: usize) -> u64 {
        let bytes = self.take(count).iter();
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    pub(super) fn word(&mut self) -> u32 {
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

    /// 0 none, 1 forged, 2 and a click id: number of 8 bytes, partner, ad, program, key.
    fn claim(&mut self) -> Claim {
        match self.byte() {
            0 => Claim::None,
            1 => Claim::Forged,
            _ => {
                let click = self.number(8);
                self.take(13);
                Claim::Click(click)
            }
        }
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
pub(super) fn click(key: &[u8], value: &[u8], strings: &BTreeMap<u64, String>) -> Click {
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
pub(super) fn said(key: &[u8], value: &[u8]) -> Said {
    match value[0] {
        2 => Said::Change(change(key, value)),
        _ => Said::Conversion(submission(key, value)),
    }
}

/// Kind (2); format; varints program, event type; order id; varint of action + 1 (0 the newest);
/// flags as of a submission; 0 takes back, 1 changes: varint of amount + 1, status (0 none) and
/// count of items (0 here); then reason; hash of 16 bytes; count and pairs of fields.
fn change(key: &[u8], value: &[u8]) -> Change {
    let (slot, program, number) = event_key(key);
    let mut row = Bytes(value);
    assert_eq!((row.byte(), row.byte()), (2, 2), "kind and format");
    assert_eq!(row.varint32(), program);
    let event_type = row.varint32();
    let order = row.text();
    assert_eq!(row.varint(), 0, "the newest action");
    row.origin();
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

/// Kind (1 a conversion); format; varints program, event type; order id; flags (4 of an uploaded
/// file, 8 of an import), for both job of 8 bytes and varint of line or row; event time (0 now, 1
/// and varints of start and precision); claim (0 none, 1 forged, 2 with 21 bytes); count of
/// references, each a person (3, kind and 16 bytes) or an imported click (2 and 16 bytes) here;
/// varint of amount + 1; items, status, network and call (0 none); hash of 16 bytes; count and
/// pairs of fields.
fn submission(key: &[u8], value: &[u8]) -> Submission {
    let (slot, program, number) = event_key(key);
    let mut row = Bytes(value);
    assert_eq!((row.byte(), row.byte()), (1, 2), "kind and format");
    assert_eq!(row.varint32(), program);
    let event_type = row.varint32();
    let order = row.text();
    let origin = row.origin();
    if row.byte() == 1 {
        row.varint();
        row.varint();
    }
    row.claim();
    for _ in 0..row.varint() {
        match row.byte() {
            2 => row.take(16),
            3 => row.take(17),
            kind => panic!("reference {kind}"),
        };
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
        origin,
        fields: fields.collect(),
    }
}

/// Format, flags; event time (0 now); claim; count of persons with kind and 16 bytes each; then the
/// texts source, medium, campaign, names of the query and host of the page before.
pub(super) fn visit(key: &[u8], value: &[u8]) -> Visit {
    let (slot, program, number) = event_key(key);
    let mut row = Bytes(value);
    assert_eq!((row.byte(), row.byte()), (1, 0), "format, no flags");
    assert_eq!(row.byte(), 0, "EventDate is NOW");
    let claim = row.claim();
    let persons = (0..row.varint()).map(|_| row.take(17).to_vec()).collect();
    let [_source, _medium, label, _names, _host] = std::array::from_fn(|_| row.text());
    assert!(row.0.is_empty());
    Visit {
        slot,
        program,
        number,
        claim,
        persons,
        label,
    }
}

/// Format, kind; job of 8 bytes; then for a click (1) its own time of 8 bytes, its name of 16 bytes
/// and the row of a click; for the end of a job (2) the program.
pub(super) fn imported(key: &[u8], value: &[u8], strings: &BTreeMap<u64, String>) -> Imported {
    let mut row = Bytes(value);
    assert_eq!(row.byte(), 1, "format");
    let kind = row.byte();
    let job = row.number(8);
    if kind == 2 {
        return Imported {
            slot: event_key(key).0,
            job,
            click: None,
        };
    }
    let time = row.number(8).cast_signed();
    row.take(16);
    let click = click(key, row.0, strings);
    Imported {
        slot: click.slot,
        job,
        click: Some((time, click)),
    }
}

/// Kind (1 an event that waits, 2 one that has ended), destination → JSON that names the event.
pub(super) fn event(key: &[u8], value: &[u8]) -> Option<String> {
    if !matches!(key[0], 1 | 2) {
        return None;
    }
    let row: serde_json::Value = serde_json::from_slice(value).unwrap();
    Some(row["event"].as_str().unwrap().to_owned())
}

/// Program u32 · event type u32 · order id → format, then slot u32, number u64 and 16 bytes of hash
/// for each attempt.
pub(super) fn order(key: &[u8], value: &[u8]) -> (OrderKey, Vec<(u32, u64)>) {
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
pub(super) fn footer(value: &[u8]) -> Footer {
    let mut row = Bytes(value);
    assert_eq!(row.byte(), 3, "format");
    let torn = row.byte() == 1;
    row.varint();
    row.varint();
    let (clicks, submissions, _facts) = (row.varint(), row.varint(), row.varint());
    let (imported, visits) = (row.varint(), row.varint());
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
        held: Held {
            clicks,
            submissions,
            imported,
            visits,
        },
        ledger,
    }
}
