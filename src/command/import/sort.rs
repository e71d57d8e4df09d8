//! Sorting more than fits into memory: runs in temporary files, then one merge.
//!
//! In: entries in any order. Out: the same entries by key, those of one key by `at`. Memory is
//! bounded by what the caller allows, and a buffer for each run that is merged. The files have no
//! name, so nothing is left of them however the process ends, and only its user can read them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Runs that are merged at once.
const RUNS_MAX: usize = 64;
/// Bytes read from or written to a run at a time.
const BUFFER_BYTES: usize = 64 << 10;
/// Bytes an entry takes beside its key.
const ENTRY_BYTES: usize = size_of::<Entry>() + 16;

/// What is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Sorts first, as bytes.
    pub(super) key: Vec<u8>,
    /// Sorts entries of one key.
    pub(super) at: u64,
    /// The line of the file it comes from.
    pub(super) line: u64,
}

/// Entries in a file without a name, in the order they were written.
#[derive(Debug)]
pub(super) struct Spool(BufWriter<File>);

impl Spool {
    /// An empty one on the file system of `folder`.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        Ok(Self(BufWriter::with_capacity(BUFFER_BYTES, file)))
    }

    /// Appends an entry.
    pub(super) fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let length = u32::try_from(entry.key.len()).map_err(io::Error::other)?;
        self.0.write_all(&length.to_le_bytes())?;
        self.0.write_all(&entry.key)?;
        self.0.write_all(&entry.at.to_le_bytes())?;
        self.0.write_all(&entry.line.to_le_bytes())
    }

    /// Reads what was written, from the start.
    pub(super) fn read(self) -> io::Result<Run> {
        let mut file = self
            .0
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Run::File(BufReader::with_capacity(BUFFER_BYTES, file)))
    }
}

/// Entries in order.
#[derive(Debug)]
pub(super) enum Run {
    /// In a file.
    File(BufReader<File>),
    /// In memory.
    Memory(std::vec::IntoIter<Entry>),
}

impl Run {
    fn read(&mut self) -> io::Result<Option<Entry>> {
        let file = match self {
            Self::Memory(entries) => return Ok(entries.next()),
            Self::File(file) => file,
        };
        let mut length = [0; 4];
        match file.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
        let mut key = vec![0; length];
        file.read_exact(&mut key)?;
        let (mut at, mut line) = ([0; 8], [0; 8]);
        file.read_exact(&mut at)?;
        file.read_exact(&mut line)?;
        Ok(Some(Entry {
            key,
            at: u64::from_le_bytes(at),
            line: u64::from_le_bytes(line),
        }))
    }
}

impl Iterator for Run {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Takes entries in any order.
#[derive(Debug)]
pub(super) struct Sorter {
    folder: PathBuf,
    bytes_max: usize,
    held: Vec<Entry>,
    bytes: usize,
    runs: Vec<Run>,
}

impl Sorter {
    /// A sorter that holds at most `bytes_max` in memory and the rest in files of `folder`.
    pub(super) fn new(folder: &Path, bytes_max: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            bytes_max,
            held: Vec::new(),
            bytes: 0,
            runs: Vec::new(),
        }
    }

    /// Takes one more.
    pub(super) fn push(&mut self, entry: Entry) -> io::Result<()> {
        let bytes = entry.key.len().saturating_add(ENTRY_BYTES);
        if self.bytes.saturating_add(bytes) > self.bytes_max && !self.held.is_empty() {
            self.flush()?;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.held.push(entry);
        Ok(())
    }

    /// All entries in order.
    pub(super) fn finish(mut self) -> io::Result<Merge> {
        if self.runs.is_empty() {
            self.held.sort_unstable();
            return Merge::new(vec![Run::Memory(self.held.into_iter())]);
        }
        self.flush()?;
        Merge::new(self.runs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.held.sort_unstable();
        let mut spool = Spool::create(&self.folder)?;
        for entry in &self.held {
            spool.write(entry)?;
        }
        self.held.clear();
        self.bytes = 0;
        self.runs.push(spool.read()?);
        if self.runs.len() >= RUNS_MAX {
            let mut spool = Spool::create(&self.folder)?;
            for entry in Merge::new(std::mem::take(&mut self.runs))? {
                spool.write(&entry?)?;
            }
            self.runs.push(spool.read()?);
        }
        Ok(())
    }
}

/// Several runs as one.
#[derive(Debug)]
pub(super) struct Merge {
    runs: Vec<Run>,
    /// The first entry of each run that is not at its end.
    heads: BinaryHeap<Reverse<(Entry, usize)>>,
}

impl Merge {
    fn new(mut runs: Vec<Run>) -> io::Result<Self> {
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (index, run) in runs.iter_mut().enumerate() {
            heads.extend(run.read()?.map(|entry| Reverse((entry, index))));
        }
        Ok(Self { runs, heads })
    }
}

impl Iterator for Merge {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((entry, index)) = self.heads.pop()?;
        match self.runs.get_mut(index).map(Run::read) {
            Some(Ok(Some(next))) => self.heads.push(Reverse((next, index))),
            Some(Err(error)) => return Some(Err(error)),
            Some(Ok(None)) | None => {}
        }
        Some(Ok(entry))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(entries: &[Entry], bytes_max: usize) -> (usize, Vec<Entry>) {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(folder.path(), bytes_max);
        for entry in entries {
            sorter.push(entry.clone()).unwrap();
        }
        let merge = sorter.finish().unwrap();
        let runs = merge.runs.len();
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "a temporary file has a name");
        (runs, merge.map(Result::unwrap).collect())
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let key = proptest::collection::vec(0_u8..4, 0..12);
        let entry = (key, 0_u64..50, 1_u64..1_000);
        let entry = entry.prop_map(|(key, at, line)| Entry { key, at, line });
        proptest::collection::vec(entry, 0..600)
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 64,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn little_memory_sorts_as_much_memory_does(entries in entries(), bytes in 1_usize..20_000) {
            let mut expected = entries.clone();
            expected.sort();
            prop_assert_eq!(&sorted(&entries, usize::MAX).1, &expected);
            prop_assert_eq!(&sorted(&entries, bytes).1, &expected);
        }
    }

    #[test]
    fn a_mebibyte_of_memory_sorts_ten_of_rows() {
        let entry = |number: u64| Entry {
            key: blake3::hash(&number.to_le_bytes())
                .to_hex()
                .repeat(8)
                .into(),
            at: number,
            line: number,
        };
        let entries: Vec<Entry> = (0..20_000).map(entry).collect();
        let (runs, found) = sorted(&entries, 1 << 20);
        assert!(runs > 8, "{runs}");
        let mut expected = entries;
        expected.sort();
        assert!(found == expected);
    }
}
