//! A file that callgrind has written: what one thread executed in one phase.

/// A thread whose instructions are a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thread {
    /// The one that answers links.
    Public,
    /// The one that folds.
    Fold,
    /// The one that answers the API.
    Api,
    /// One of those that store for the API.
    Store,
}

/// What nobody but the thread calls, as names of its functions begin. Known by what it does, a
/// thread is found whatever its number, and one that is not at work is no figure.
const MARKS: [(Thread, &str); 4] = [
    (Thread::Public, "clickd::server::public::turn::"),
    (Thread::Fold, "clickd::fold::slot::"),
    (Thread::Api, "clickd::server::api::"),
    (Thread::Store, "clickd::log::store::conversions::"),
];

/// One thread in one phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Profile {
    /// Its number.
    pub(super) number: u32,
    /// What it executed.
    pub(super) instructions: u64,
    /// What it is, if it did the work of any.
    threads: Vec<Thread>,
}

impl Profile {
    /// Reads `text`; none if it is of another phase, or empty as the file is that is named as all
    /// begin.
    pub(super) fn read(text: &str, phase: &str) -> Result<Option<Self>, String> {
        let value = |name: &str| {
            let mut values = text.lines().filter_map(|line| line.strip_prefix(name));
            values.next().map(str::trim)
        };
        if value("desc: Trigger: dump ") != Some(phase) {
            return Ok(None);
        }
        if value("events:") != Some("Ir") {
            return Err(format!("counts something else: {:?}", value("events:")));
        }
        let number = |name: &str| {
            let found = value(name).ok_or_else(|| format!("has no line `{name}`"))?;
            found.parse::<u64>().map_err(|_| format!("{name} {found}"))
        };
        // The head and the end say it; a file cut short has no end.
        let (head, end) = (number("summary:")?, number("totals:")?);
        if head != end {
            return Err(format!("summary {head} and totals {end} differ"));
        }
        let marks = MARKS.iter().filter(|(_, mark)| names(text, mark));
        Ok(Some(Self {
            number: u32::try_from(number("thread:")?).unwrap_or(u32::MAX),
            instructions: end,
            threads: marks.map(|(thread, _)| *thread).collect(),
        }))
    }

    /// Whether it is `thread`.
    pub(super) fn is(&self, thread: Thread) -> bool {
        self.threads.contains(&thread)
    }
}

/// Whether a function whose name begins with `mark` was executed.
fn names(text: &str, mark: &str) -> bool {
    let function = |line: &str| line.starts_with("fn=(") || line.starts_with("cfn=(");
    let name = |line: &str| {
        let name = line.split_once(") ").map_or("", |split| split.1);
        name.trim_start_matches('<').starts_with(mark)
    };
    text.lines().any(|line| function(line) && name(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKER: &str = "\
# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 14998
cmd:  clickd serve --config clickd.toml
part: 2
thread: 5

desc: I1 cache: 
desc: Timerange: Basic block 82866 - 91827
desc: Trigger: dump alone

positions: line
events: Ir
summary: 220760


ob=(3) /usr/lib/libc.so.6
fl=(287) ./nptl/./nptl/cancellation.c
fn=(1376) __pthread_disable_asynccancel
66 120
cfn=(1344) clickd::server::public::turn::end
calls=40 0
+2 220640
fn=(1344)
0 220640

totals: 220760
";

    fn read(from: &str, to: &str) -> Result<Option<Profile>, String> {
        let text = WORKER.replace(from, to);
        assert!(from == to || text != WORKER, "{from}");
        Profile::read(&text, "alone")
    }

    #[test]
    fn a_thread_is_known_by_the_functions_it_executed() {
        let profile = read("", "").unwrap().unwrap();
        assert_eq!((profile.number, profile.instructions), (5, 220_760));
        assert!(profile.is(Thread::Public) && !profile.is(Thread::Fold));
        let (from, to) = (
            "clickd::server::public::turn::end",
            "<clickd::fold::slot::Folder>::fold",
        );
        let profile = read(from, to).unwrap().unwrap();
        assert!(profile.is(Thread::Fold) && !profile.is(Thread::Public));
        for (to, thread) in [
            ("clickd::server::api::handle::answer", Thread::Api),
            (
                "clickd::log::store::conversions::<impl clickd::log::Log>::submit",
                Thread::Store,
            ),
        ] {
            let profile = read("clickd::server::public::turn::end", to).unwrap();
            let profile = profile.unwrap();
            assert!(profile.is(thread) && !profile.is(Thread::Public), "{to}");
        }
        // Nor by a function that is generic over something of the worker.
        let profile = read(from, "core::ptr::drop<clickd::server::public::turn::Turn>");
        assert!(!profile.unwrap().unwrap().is(Thread::Public));
    }

    #[test]
    fn files_of_other_phases_are_left_out() {
        assert_eq!(read("dump alone", "dump warm"), Ok(None));
        assert_eq!(read("dump alone", "Program termination"), Ok(None));
        assert_eq!(Profile::read("", "alone"), Ok(None));
    }

    #[test]
    fn files_that_are_cut_short_or_count_otherwise_are_refused() {
        for (from, to) in [
            ("totals: 220760\n", ""),
            ("totals: 220760", "totals: 220761"),
            ("totals: 220760", "totals: many"),
            ("summary: 220760", "summary:"),
            ("thread: 5\n", ""),
            ("events: Ir", "events: Ir Dr Dw"),
        ] {
            assert!(read(from, to).is_err(), "{from} {to}");
        }
    }
}
