//! What a trace proves: which row was written when, which sync covers it, which answer left when.

use std::collections::HashMap;

use memchr::memmem;

use super::trace::{Call, Trace};

/// Size of the blocks of a write-ahead log.
const BLOCK: usize = 32 << 10;
/// Where the header at the start of a block names the type of its record.
const TYPE_AT: usize = 6;

/// Size of the headers in a log with such records: those of a log that may be written over carry
/// its number, too.
fn header(record_type: u8) -> usize {
    if record_type <= 4 { 7 } else { 11 }
}

/// An event that was acknowledged: bytes of its row, and bytes of every answer to it.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) row: Vec<u8>,
    pub(crate) answer: Vec<u8>,
}

/// What must have happened before an answer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// The log write that holds the row has returned.
    Written,
    /// A sync that began after that has finished.
    Synced,
}

/// A trace with its log writes put together.
pub(crate) struct Proof<'a> {
    trace: &'a Trace,
    /// The path of each log and its bytes without block headers.
    logs: Vec<(&'a str, Vec<u8>)>,
    /// For each log, where the bytes of each write end, and the write.
    writes: Vec<Vec<(usize, &'a Call)>>,
}

impl<'a> Proof<'a> {
    pub(crate) fn new(trace: &'a Trace) -> Self {
        let mut places = HashMap::new();
        let mut proof = Self {
            trace,
            logs: Vec::new(),
            writes: Vec::new(),
        };
        let mut sizes = Vec::new();
        for call in &trace.calls {
            if !call.is_wal() || call.name == "fdatasync" {
                continue;
            }
            let place = *places.entry(call.path.as_str()).or_insert_with(|| {
                proof.logs.push((&call.path, Vec::new()));
                proof.writes.push(Vec::new());
                sizes.push((0, BLOCK));
                sizes.len() - 1
            });
            let bytes = &mut proof.logs[place].1;
            let (size, skipped) = &mut sizes[place];
            for byte in &call.data {
                if *size == TYPE_AT {
                    *skipped = header(*byte);
                }
                if *size % BLOCK >= *skipped {
                    bytes.push(*byte);
                }
                *size += 1;
            }
            let end = bytes.len();
            proof.writes[place].push((end, call));
        }
        proof
    }

    /// The write that completes the first row with these bytes.
    pub(crate) fn write_of(&self, row: &[u8]) -> Option<&'a Call> {
        let found = self
            .logs
            .iter()
            .zip(&self.writes)
            .find_map(|((_, bytes), writes)| {
                let end = memmem::find(bytes, row)? + row.len();
                writes.iter().find(|(until, _)| *until >= end)
            });
        found.map(|(_, call)| *call)
    }

    /// The answers that hold these bytes.
    pub(crate) fn answers(&self, answer: &[u8]) -> Vec<&'a Call> {
        let finder = memmem::Finder::new(answer);
        let calls = self.trace.calls.iter();
        calls
            .filter(|call| call.is_answer() && finder.find(&call.data).is_some())
            .collect()
    }

    /// Whether a sync that began after `write` returned was over before line `before`.
    pub(crate) fn is_synced(&self, write: &Call, before: usize) -> bool {
        let Some(written) = write.ended else {
            return false;
        };
        self.trace.calls.iter().any(|call| {
            call.is_sync()
                && call.path == write.path
                && call.began > written
                && call.ended.is_some_and(|ended| ended < before)
        })
    }

    /// What is wrong with the acknowledgement of an event; nothing when it kept the promise.
    pub(crate) fn check(&self, event: &Acknowledged, promise: Promise) -> Result<(), String> {
        let text = String::from_utf8_lossy(&event.answer);
        let answers = self.answers(&event.answer);
        if answers.is_empty() {
            return Err(format!("{text}: no answer in the trace"));
        }
        let Some(write) = self.write_of(&event.row) else {
            return Err(format!("{text}: answered, but its row was never written"));
        };
        for answer in answers {
            let kept = match promise {
                Promise::Written => write.ended.is_some_and(|ended| ended < answer.began),
                Promise::Synced => self.is_synced(write, answer.began),
            };
            if !kept {
                let (wrote, left) = (write.ended, answer.began);
                return Err(format!(
                    "{text}: the answer left at line {left}, its row was written at {wrote:?}, \
                     and what was promised had not happened: {promise:?}"
                ));
            }
        }
        Ok(())
    }
}

/// A trace of one thread for each digit: `w` writes the row, `s` syncs, `f` fails to, `a` answers;
/// a capital begins the call, the small letter after it ends it.
#[cfg(test)]
fn played(script: &str) -> Trace {
    let mut text = String::new();
    for letter in script.chars() {
        let (thread, call, result) = match letter.to_ascii_lowercase() {
            'w' => (
                1,
                "write(7</x/store/log/000009.log>, \"0123456789a-row-\", 16",
                "16",
            ),
            's' => (2, "fdatasync(7</x/store/log/000009.log>", "0"),
            'o' => (2, "fdatasync(8</x/store/derived/1/000009.log>", "0"),
            'f' => (2, "fdatasync(7</x/store/log/000009.log>", "-1 EIO"),
            _ => (3, "sendto(9<TCP:[a->b]>, \"answer\", 6, 0", "6"),
        };
        let name = call.split('(').next().unwrap();
        let line = if letter.is_uppercase() {
            format!("{thread} 1.0 {call} <unfinished ...>\n")
        } else {
            format!("{thread} 1.0 <... {name} resumed>) = {result}\n")
        };
        text.push_str(&line);
    }
    Trace::parse(&text)
}

#[test]
fn only_a_whole_and_good_sync_after_the_write_is_a_proof() {
    let event = Acknowledged {
        row: b"row".to_vec(),
        answer: b"answer".to_vec(),
    };
    let kept = |script: &str, promise| {
        let trace = played(script);
        Proof::new(&trace).check(&event, promise).is_ok()
    };
    for (script, written, synced) in [
        ("WwSsAa", true, true),
        ("WwSsAaAa", true, true),
        ("WwFfSsAa", true, true),
        ("WSwsAa", true, false),
        ("SWwsAa", true, false),
        ("WwSAas", true, false),
        ("WwAaSs", true, false),
        ("WwFfAa", true, false),
        ("WwOoAa", true, false),
        ("WwAaSsAa", true, false),
        ("WwSAsa", true, false),
        ("WAawSs", false, false),
        ("SsAa", false, false),
        ("WwSs", false, false),
    ] {
        assert_eq!(kept(script, Promise::Written), written, "{script}");
        assert_eq!(kept(script, Promise::Synced), synced, "{script}");
    }
}

#[test]
fn a_row_that_a_block_header_cuts_is_found() {
    let wal = |bytes: &[u8]| Call {
        name: "write".to_owned(),
        path: "/x/store/log/000001.log".to_owned(),
        data: bytes.to_vec(),
        ended: Some(0),
        ..Call::default()
    };
    for (record_type, header) in [(1, 7), (4, 7), (5, 11), (8, 11)] {
        // The cut comes right before the end of the block, and within a header.
        let mut first = vec![record_type; BLOCK - 2];
        first.extend_from_slice(b"ro###");
        let mut second = vec![b'#'; header - 3];
        second.extend_from_slice(b"w###");
        let trace = Trace {
            calls: vec![wal(&first), wal(&second)],
            ..Trace::default()
        };
        let proof = Proof::new(&trace);
        let found = proof.write_of(b"row").unwrap();
        assert_eq!(found.data, second);
        assert!(proof.write_of(b"rows").is_none());
    }
}
