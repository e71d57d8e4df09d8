//! A receiver of postbacks on a loopback port: notes what arrives, and fails as it is told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use sha2::Sha256;

use super::dice::Dice;

/// Longer than the daemon waits for an answer.
const SLOW: Duration = Duration::from_millis(1_600);
/// Tries of one event that may fail: the one after them is answered well.
const FAILURES_MAX: usize = 2;

/// How long a process is given to stop.
const STOPPED_MAX: Duration = Duration::from_secs(10);

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) event: String,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) content_type: String,
    pub(crate) signature: String,
    pub(crate) body: String,
    /// Whether it was answered 200 in time.
    pub(crate) is_accepted: bool,
    /// Whether the daemon was killed before it could note the answer.
    pub(crate) is_unnoted: bool,
}

/// What becomes of requests.
#[derive(Clone, Debug)]
pub(crate) enum Mood {
    /// Answered 200.
    Well,
    /// One of all failures, until an event was tried often enough.
    Ill(Dice),
    /// A few are answered with an error or not at all, as long as for [`Mood::Ill`].
    Weak(Dice),
    /// The process of this id is stopped, answered, and killed before it can note the answer.
    Kill(u32),
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Well,
    Error,
    Redirect,
    /// Cut before the body is read.
    CutEarly,
    /// Cut instead of an answer.
    CutLate,
    /// Cut in the middle of an answer's first line.
    CutShort,
    Slow,
}

struct State {
    mood: Mood,
    arrivals: Vec<Arrival>,
    /// Tries seen of each event, also those that were cut before they were read.
    tries: BTreeMap<String, usize>,
}

/// The receiver; its thread ends with the process.
#[derive(Clone)]
pub(crate) struct Receiver {
    state: Arc<Mutex<State>>,
    at: SocketAddr,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self {
            state: Arc::new(Mutex::new(State {
                mood: Mood::Well,
                arrivals: Vec::new(),
                tries: BTreeMap::new(),
            })),
            at: listener.local_addr().unwrap(),
        };
        let serving = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        receiver
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.at)
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.state.lock().mood = mood;
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.state.lock().arrivals.clone()
    }

    /// The events answered 200 in time, with how often.
    pub(crate) fn accepted(&self) -> BTreeMap<String, usize> {
        let mut all = BTreeMap::new();
        for arrival in &self.state.lock().arrivals {
            *all.entry(arrival.event.clone()).or_default() += usize::from(arrival.is_accepted);
        }
        all
    }

    fn fate(&self, event: &str) -> (Fate, Option<u32>) {
        let mut state = self.state.lock();
        let tries = state.tries.entry(event.to_owned()).or_default();
        *tries += 1;
        let is_due = *tries > FAILURES_MAX;
        match &mut state.mood {
            Mood::Kill(process) => (Fate::Well, Some(*process)),
            Mood::Ill(dice) if !is_due => {
                let fate = *dice.pick(&[
                    Fate::Well,
                    Fate::Error,
                    Fate::Redirect,
                    Fate::CutEarly,
                    Fate::CutLate,
                    Fate::CutShort,
                    Fate::Slow,
                ]);
                (fate, None)
            }
            Mood::Weak(dice) if !is_due => {
                let fate = *dice.pick(&[Fate::Error, Fate::CutLate]);
                (if dice.chance(3) { fate } else { Fate::Well }, None)
            }
            _ => (Fate::Well, None),
        }
    }

    fn serve(&self, stream: TcpStream) {
        // What breaks off is the daemon's to try again.
        let _served = self.try_serve(stream);
    }

    fn try_serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut from = BufReader::new(stream.try_clone()?);
        let mut stream = stream;
        let mut line = String::new();
        from.read_line(&mut line)?;
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, target) = (word(), word());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            if from.read_line(&mut line)? == 0 {
                // Its sender was killed in the middle of it.
                return Ok(());
            }
            if line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.trim_end().split_once(": ") {
                headers.insert(name.to_ascii_lowercase(), value.to_owned());
            }
        }
        let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
        let event = header("x-clickd-event");
        let (fate, process) = self.fate(&event);
        if matches!(fate, Fate::CutEarly) {
            return Ok(());
        }
        let length = header("content-length").parse().unwrap_or(0);
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        let arrival = Arrival {
            event,
            method,
            target,
            content_type: header("content-type"),
            signature: header("x-signature"),
            body: String::from_utf8(body).unwrap(),
            is_accepted: matches!(fate, Fate::Well),
            is_unnoted: process.is_some(),
        };
        if let Some(process) = process {
            stop(process);
        }
        self.state.lock().arrivals.push(arrival);
        let answer: &[u8] = match fate {
            Fate::Well => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            Fate::Error => b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
            Fate::Redirect => {
                b"HTTP/1.1 302 There\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
            }
            Fate::CutEarly | Fate::CutLate => b"",
            Fate::CutShort => b"HTTP/1.1 20",
            Fate::Slow => {
                std::thread::sleep(SLOW);
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            }
        };
        stream.write_all(answer)?;
        if let Some(process) = process {
            signal(process, Signal::KILL);
            self.set(Mood::Well);
        }
        Ok(())
    }
}

fn signal(process: u32, what: Signal) {
    let id = i32::try_from(process).unwrap();
    // Of several requests at once the first one ends it.
    let _ended = kill_process(Pid::from_raw(id).unwrap(), what);
}

/// Stops a process. Its threads go on until one of them has taken the signal, which may last where
/// others want the CPU.
fn stop(process: u32) {
    signal(process, Signal::STOP);
    let began = Instant::now();
    while runs(process) && began.elapsed() < STOPPED_MAX {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether any thread of a process may run.
fn runs(process: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else {
        return false;
    };
    threads.flatten().any(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        state.starts_with(['R', 'S', 'D'])
    })
}

/// Whether the signature of `arrival` is the one of `secret` over what arrived.
pub(crate) fn is_signed(arrival: &Arrival, secret: &str) -> bool {
    let Some((time, tag)) = arrival.signature.split_once(",v1=") else {
        return false;
    };
    let Some(seconds): Option<i64> = time.strip_prefix("t=").and_then(|text| text.parse().ok())
    else {
        return false;
    };
    let content = match arrival.method.as_str() {
        "POST" => &arrival.body,
        _ => &arrival.target,
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{content}").as_bytes());
    let mut expected = String::new();
    for byte in mac.finalize().into_bytes() {
        write!(expected, "{byte:02x}").unwrap();
    }
    let now: i64 = jiff::Timestamp::now().as_second();
    expected == tag && (now - seconds).abs() < 120
}
