//! Reads what `strace` wrote: every call with the line on which it began and the one on which it
//! ended.
//!
//! The lines are one order of all threads: a call's beginning is written before the kernel does
//! it, its end before its thread goes on. So if A's end stands before B's beginning, A was over
//! before B; and a thread that waits for A shows its next call after A's end.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// What to give `strace` besides the path of its output; every string and path in hexadecimal.
pub(crate) const ARGUMENTS: &[&str] = &[
    "strace",
    "-f",
    "--seccomp-bpf",
    "-q",
    "-ttt",
    "-yy",
    "-xx",
    "-s1048576",
    "-esignal=none",
    "-etrace=write,pwrite64,writev,sendto,sendmsg,fdatasync",
];

/// One system call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// Path of the file or description of the socket that the first argument leads to.
    pub(crate) path: String,
    /// The bytes of its strings.
    pub(crate) data: Vec<u8>,
    /// Lines on which it began and ended.
    pub(crate) began: usize,
    pub(crate) ended: Option<usize>,
    /// Unix time of the last of them.
    pub(crate) at: Duration,
    pub(crate) result: i64,
}

impl Call {
    /// Whether it wrote to a TCP connection.
    pub(crate) fn is_answer(&self) -> bool {
        self.path.starts_with("TCP") && self.name != "fdatasync"
    }

    /// Whether it is a finished and successful sync.
    pub(crate) fn is_sync(&self) -> bool {
        self.name == "fdatasync" && self.ended.is_some() && self.result == 0
    }

    /// Whether it is a sync that failed.
    pub(crate) fn is_failed_sync(&self) -> bool {
        self.name == "fdatasync" && self.ended.is_some() && self.result != 0
    }

    /// Whether it concerns a write-ahead log of the log store.
    pub(crate) fn is_wal(&self) -> bool {
        self.path.contains("/store/log/") && self.path.split('.').next_back() == Some("log")
    }
}

/// A whole run.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) calls: Vec<Call>,
    /// Unix time at which the last thread ended.
    pub(crate) exited_at: Duration,
}

impl Trace {
    pub(crate) fn read(file: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(file).expect("strace wrote its output"))
    }

    pub(crate) fn parse<'a>(text: &'a str) -> Self {
        let mut trace = Self::default();
        let mut open: HashMap<&str, usize> = HashMap::new();
        for (line, text) in text.lines().enumerate() {
            let next = |text: &'a str| text.trim_start().split_once(char::is_whitespace);
            let Some((thread, rest)) = next(text) else {
                continue;
            };
            let Some((at, what)) = next(rest) else {
                continue;
            };
            let (what, at) = (what.trim_start(), time(at));
            if what.starts_with("+++") {
                trace.exited_at = at;
            } else if what.starts_with("<... ") {
                if let Some(call) = open.remove(thread) {
                    trace.calls[call].finish(what, line, at);
                }
            } else if let Some(mut call) = Call::begin(what, line) {
                call.at = at;
                if what.ends_with("<unfinished ...>") {
                    open.insert(thread, trace.calls.len());
                } else {
                    call.finish(what, line, at);
                }
                trace.calls.push(call);
            }
        }
        trace
    }

    /// The first sync that failed.
    pub(crate) fn first_failed_sync(&self) -> Option<&Call> {
        let failed = self.calls.iter().filter(|call| call.is_failed_sync());
        failed.min_by_key(|call| call.ended)
    }
}

impl Call {
    fn begin(what: &str, line: usize) -> Option<Self> {
        let (name, arguments) = what.split_once('(')?;
        let path = arguments.split_once('<').and_then(|(number, rest)| {
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            let (path, _) = rest.split_once('>').filter(|_| is_number)?;
            // The description of a connection holds an arrow.
            Some(if path.ends_with('-') { "TCP" } else { path })
        });
        let mut data = Vec::new();
        for (index, part) in arguments.split('"').enumerate() {
            if index % 2 == 1 {
                data.extend(bytes(part));
            }
        }
        Some(Self {
            name: name.to_owned(),
            path: String::from_utf8_lossy(&bytes(path.unwrap_or_default())).into_owned(),
            data,
            began: line,
            ..Self::default()
        })
    }

    fn finish(&mut self, what: &str, line: usize, at: Duration) {
        let result = what.rsplit_once(" = ").map_or("", |(_, result)| result);
        let result = result.split_whitespace().next().unwrap_or_default();
        self.result = result.parse().unwrap_or(i64::MIN);
        self.ended = Some(line);
        self.at = at;
    }
}

/// A time as `-ttt` writes it: seconds, a dot, microseconds.
fn time(text: &str) -> Duration {
    let (seconds, micros) = text.split_once('.').unwrap_or((text, "0"));
    let micros = Duration::from_micros(format!("{micros:0<6}").parse().unwrap());
    Duration::from_secs(seconds.parse().unwrap()) + micros
}

/// The bytes of a text in which `\xHH` stands for one byte.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4);
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        if let [b'\\', b'x', high, low, more @ ..] = rest {
            let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap();
            bytes.push(u8::try_from(digit(high) * 16 + digit(low)).unwrap());
            rest = more;
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    bytes
}

#[test]
fn calls_that_other_threads_interrupt_are_joined() {
    let trace = Trace::parse(
        "10    1.5 fdatasync(7<\\x2f\\x61> <unfinished ...>\n\
         11 1.6 sendto(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"\\x48\\x54\", 2, 0, NULL, 0) = 2\n\
         10 1.7 <... fdatasync resumed>) = -1 EIO (Input/output error) (INJECTED)\n\
         10 1.8 +++ exited with 75 +++\n",
    );
    let [sync, send] = trace.calls.as_slice() else {
        panic!("{trace:?}");
    };
    assert_eq!(
        (sync.path.as_str(), sync.began, sync.ended),
        ("/a", 0, Some(2))
    );
    assert!(sync.is_failed_sync() && !sync.is_sync());
    assert_eq!(
        (send.path.as_str(), send.data.as_slice()),
        ("TCP", b"HT".as_slice())
    );
    assert!(send.is_answer() && trace.exited_at == Duration::from_millis(1_800));
}
