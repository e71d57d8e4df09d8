//! A server of its own for each test, and a client that speaks raw HTTP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ahash::AHashMap;
use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::conversion::fixture;
use crate::derived::{
    Cell, DerivedError, RefusedLine, Settled, Stop, TakeCell, UploadCount, View, Watermark,
};
use crate::log::{Clock, Log, Options};
use crate::model::id::{JobId, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::Millis;
use crate::report::{Source, Wanted};
use crate::server::api::files::Files;
use crate::server::api::keys::{self, HashKey, Scope};
use crate::server::api::state::Verify;
use crate::server::api::{ApiState, Figures, Limits, serve};
use crate::telemetry::Recorder;

pub(super) const HASH_KEY: HashKey = [3; 32];
/// The report most tests ask for.
pub(super) const PARTNER: &str = "att_adv_performance_by_media_pm_only";

/// Figures of a fold that ran just now: one click and one action of partner 7 in program 1000
/// today, and two to four clicks of the partners 1 to 3 in program 1001.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) outcomes: Mutex<AHashMap<SubmissionId, Settled>>,
    pub(super) broken: Mutex<bool>,
    /// Every read sees a slot later than the one before.
    pub(super) reads: AtomicU32,
    /// Reads last until they are told to stop.
    pub(super) lasts: AtomicBool,
    /// How many such reads there are at the moment.
    pub(super) reading: AtomicU32,
}

impl Source for Folded {
    fn read(
        &self,
        wanted: &Wanted<'_>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        if *self.broken.lock() {
            return Err(DerivedError::FamilyMissing("aggregates"));
        }
        if self.lasts.load(Ordering::SeqCst) {
            self.reading.fetch_add(1, Ordering::SeqCst);
            let begun = Instant::now();
            while !wanted.stop.is_set() && begun.elapsed() < Duration::from_secs(5) {
                std::thread::sleep(Duration::from_millis(5));
            }
            self.reading.fetch_sub(1, Ordering::SeqCst);
            return Err(DerivedError::Stopped);
        }
        let mut tally = Tally::default();
        tally.add(Stored::RawClicks, 1);
        tally.add(Stored::GrossActions, 1);
        let other = wanted.cube.cube().unwrap().measures[0];
        if ![Stored::RawClicks, Stored::GrossActions].contains(&other) {
            tally.add(other, 1);
        }
        let cell = |program, partner, tally: &Tally| Cell {
            program: ProgramId(program),
            day: *wanted.days.end(),
            partner: PartnerId(partner),
            facet: Facet::None,
            tally: tally.clone(),
            ..Cell::default()
        };
        if wanted.programs.contains(&ProgramId(1000)) {
            take(&cell(1000, 7, &tally));
        }
        if wanted.programs.contains(&ProgramId(1001)) {
            for partner in 1..=3 {
                tally.add(Stored::RawClicks, 1);
                take(&cell(1001, partner, &tally));
            }
        }
        let reads = self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Watermark {
            slot: Slot(9 + reads),
            wall_end: Millis(0),
        }))
    }
}

impl Figures for Folded {
    fn outcome(&self, id: SubmissionId) -> Result<Option<Settled>, DerivedError> {
        Ok(self.outcomes.lock().get(&id).copied())
    }

    fn uploads(&self) -> Result<AHashMap<JobId, UploadCount>, DerivedError> {
        Ok(AHashMap::new())
    }

    fn upload(&self, _: JobId) -> Result<UploadCount, DerivedError> {
        Ok(UploadCount::default())
    }

    fn refused_lines(&self, _: JobId) -> Result<Vec<RefusedLine>, DerivedError> {
        Ok(Vec::new())
    }

    fn at_one_moment(&self, _: &Stop, _: &mut dyn FnMut(&View<'_>)) -> Result<(), DerivedError> {
        Err(DerivedError::FamilyMissing("actions"))
    }
}

/// A running server with a key of all scopes for `IRacme`.
pub(super) struct Bench {
    pub(super) log: Log,
    pub(super) state: Arc<ApiState>,
    pub(super) figures: Arc<Folded>,
    pub(super) recorder: Recorder,
    pub(super) token: String,
    pub(super) address: SocketAddr,
    pub(super) stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    // Dropped after the log.
    _folder: tempfile::TempDir,
}

/// Limits short enough to be waited for.
pub(super) fn short() -> Limits {
    Limits {
        head: Duration::from_millis(300),
        body: Duration::from_millis(300),
        report_turn: Duration::from_millis(50),
        ..Limits::default()
    }
}

impl Bench {
    pub(super) fn start() -> Self {
        Self::with(Limits::default())
    }

    pub(super) fn with(limits: Limits) -> Self {
        let figures = Arc::new(Folded::default());
        let served = Arc::clone(&figures);
        let mut bench = Self::over(limits, |_, _| (served, Box::new(|_| None)));
        bench.figures = figures;
        bench
    }

    /// A server whose files go where `files` says.
    pub(super) fn with_files(limits: Limits, files: impl FnOnce(&Log) -> Files) -> Self {
        let figures = Arc::new(Folded::default());
        let served = Arc::clone(&figures);
        let stores =
            |_: &Log, _: &Path| -> (Arc<dyn Figures>, Box<Verify>) { (served, Box::new(|_| None)) };
        let mut bench = Self::of(limits, stores, |log| Some(files(log)));
        bench.figures = figures;
        bench
    }

    /// A server whose figures and click ids are made by `stores` from the log and a folder.
    pub(super) fn over(
        limits: Limits,
        stores: impl FnOnce(&Log, &Path) -> (Arc<dyn Figures>, Box<Verify>),
    ) -> Self {
        Self::of(limits, stores, |_| None)
    }

    fn of(
        limits: Limits,
        stores: impl FnOnce(&Log, &Path) -> (Arc<dyn Figures>, Box<Verify>),
        files: impl FnOnce(&Log) -> Option<Files>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::new(folder.path().join("log"));
        let log = Log::open(&options, Clock::start()).unwrap();
        let all = Scope::ALL.map(|(scope, _)| scope);
        let made = keys::create(&log, &HASH_KEY, "IRacme", &all, Millis(0)).unwrap();
        let (figures, verify) = stores(&log, folder.path());
        let recorder = Recorder::new(Millis(0)).unwrap();
        let state = ApiState::new(
            log.clone(),
            Arc::new(ArcSwap::from_pointee(fixture::catalog())),
            figures,
            verify,
            HASH_KEY,
            limits,
            recorder.metrics(),
        );
        let mut state = state.unwrap();
        if let Some(files) = files(&log) {
            state.files = files;
        }
        let state = Arc::new(state);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let served = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                serve(listener, served, stopped).await;
            });
        });
        Self {
            log,
            state,
            figures: Arc::default(),
            recorder,
            token: made.token,
            address,
            stop,
            thread: Some(thread),
            _folder: folder,
        }
    }

    /// Waits until the server has ended.
    pub(super) fn join(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    /// The `Authorization` line of the bench's own key.
    pub(super) fn auth(&self) -> String {
        auth("IRacme", &self.token)
    }

    /// Sends bytes as they are and reads until the server closes.
    pub(super) fn raw(&self, bytes: impl AsRef<[u8]>) -> Reply {
        let mut client = self.connect();
        // The server may answer and close before it has taken everything.
        let sent = client.write_all(bytes.as_ref());
        let mut answer = Vec::new();
        let read = client.read_to_end(&mut answer);
        assert!(sent.is_ok() || read.is_ok() || !answer.is_empty());
        Reply::read(&answer)
    }

    pub(super) fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        client
    }

    /// A request with the bench's key and these header lines, each ending in CRLF.
    pub(super) fn ask(&self, method: &str, target: &str, headers: &str, body: &str) -> Reply {
        self.raw(format!(
            "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}{headers}\r\n{body}",
            self.auth()
        ))
    }

    pub(super) fn get(&self, target: &str) -> Reply {
        self.ask("GET", target, "", "")
    }

    /// Submits a body of this content type.
    pub(super) fn post(&self, content_type: &str, body: &str) -> Reply {
        let headers = format!(
            "Content-Type: {content_type}\r\nContent-Length: {}\r\n",
            body.len()
        );
        self.ask("POST", "/Advertisers/IRacme/Conversions", &headers, body)
    }

    pub(super) fn form(&self, body: &str) -> Reply {
        self.post("application/x-www-form-urlencoded", body)
    }

    /// Every submission the log holds.
    pub(super) fn stored(&self) -> Vec<SubmissionId> {
        let sealed = self.log.seal().unwrap();
        let first = self.log.first_slot().unwrap().unwrap();
        let mut stored = Vec::new();
        for slot in first.0..=sealed.0 {
            let rows = self.log.entries(Slot(slot)).unwrap();
            stored.extend(rows.into_iter().map(|(id, _)| id));
        }
        stored
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.join();
    }
}

pub(super) fn auth(sid: &str, token: &str) -> String {
    let credentials = STANDARD.encode(format!("{sid}:{token}"));
    format!("Authorization: Basic {credentials}\r\n")
}

/// One answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Self {
            status: status.unwrap_or(0),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// Status line, headers without the date, and body.
    pub(super) fn without_date(&self) -> String {
        let lines = self.head.lines().filter(|line| !line.starts_with("date:"));
        format!("{}\n\n{}", lines.collect::<Vec<_>>().join("\n"), self.body)
    }
}
