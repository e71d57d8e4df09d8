//! The real daemon in a folder of its own, plain or inside another program.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::client::Client;

/// The brand of the sample catalogue whose key the tests use.
pub(crate) const BRAND: &str = "IRharbor";
/// Longer than any start or stop takes; a hang fails the test instead of stopping it.
const PATIENCE: Duration = Duration::from_secs(30);
const BINARY: &str = env!("CARGO_BIN_EXE_clickd");

/// A folder with settings and a store.
pub(crate) struct Home {
    folder: TempDir,
    pub(crate) public: SocketAddr,
    pub(crate) api: SocketAddr,
    pub(crate) ops: SocketAddr,
    /// The token of the brand's key; empty in a bare home.
    pub(crate) token: String,
}

impl Home {
    /// A home without a store. `settings` are further sections of its configuration.
    pub(crate) fn bare(settings: &str) -> Self {
        // An address of its own, so that tests can run side by side.
        static NEXT: AtomicU8 = AtomicU8::new(1);
        let process = std::process::id().to_be_bytes();
        let own = NEXT.fetch_add(1, Ordering::Relaxed);
        let address = Ipv4Addr::new(127, 64 | process[2] & 0x3f, process[3], own);
        let at = |port| SocketAddr::from((address, port));
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            public: at(21_081),
            api: at(21_082),
            ops: at(21_083),
            token: String::new(),
        };
        let folder = home.folder.path().display();
        let text = format!(
            "[store]\ndirectory = \"{folder}/store\"\nwrite_buffer = \"64MiB\"\n\
             block_cache = \"16MiB\"\n[public]\nlisten = \"{}\"\n\
             requests_per_connection_max = 1000000\n[api]\nlisten = \"{}\"\n\
             [ops]\nlisten = \"{}\"\n[control]\nsocket = \"{folder}/control.sock\"\n{settings}",
            home.public, home.api, home.ops
        );
        fs::write(home.config(), text).unwrap();
        home
    }

    /// A home whose store knows the sample catalogue and a key of the brand.
    pub(crate) fn new(settings: &str) -> Self {
        let mut home = Self::bare(settings);
        let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/catalog.toml");
        home.tell(&["catalog", "apply", catalog.to_str().unwrap()]);
        home.token = home.key(BRAND);
        home
    }

    /// Another home with a copy of this one's store, as it lies there.
    pub(crate) fn copy(&self, settings: &str) -> Self {
        let mut home = Self::bare(settings);
        copy_folder(&self.store(), &home.store());
        home.token.clone_from(&self.token);
        home
    }

    /// The token of a new key.
    pub(crate) fn key(&self, brand: &str) -> String {
        let scopes = "read-reports,write-conversions,modify-actions";
        let said = self.tell(&["key", "create", "--brand", brand, "--scopes", scopes]);
        said.trim().strip_prefix("token: ").unwrap().to_owned()
    }

    /// Runs a command that must succeed; what it printed.
    fn tell(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(BINARY);
        command.args(arguments).arg("--config").arg(self.config());
        let output = command.output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path().join("clickd.toml")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path().join("store")
    }

    /// The daemon's command line, as the last arguments of `inside` if there is any.
    pub(crate) fn command(&self, inside: &[&str]) -> Command {
        let mut words = inside.iter().copied().chain([BINARY, "serve", "--config"]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).arg(self.config());
        command
    }

    /// Starts the daemon and waits until it serves.
    pub(crate) fn serve(&self) -> Running {
        let running = Running::start(&mut self.command(&[]));
        assert!(running.is_serving(), "{}", running.said());
        running
    }

    /// A connection to the public listener.
    pub(crate) fn customer(&self) -> Client {
        Client::connect(self.public).unwrap()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A started daemon; killed when dropped.
pub(crate) struct Running {
    child: Child,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts a command and collects what it says.
    pub(crate) fn start(command: &mut Command) -> Self {
        let program = command.get_program().to_owned();
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{program:?} is needed for this test: {error}"));
        let said = Arc::new(Mutex::new(String::new()));
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let read = |from: Box<dyn std::io::Read + Send>| {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                for line in BufReader::new(from).lines().map_while(Result::ok) {
                    let mut said = said.lock();
                    said.push_str(&line);
                    said.push('\n');
                }
            })
        };
        let readers = vec![read(Box::new(out)), read(Box::new(err))];
        Self {
            child,
            said,
            readers,
        }
    }

    /// Everything said so far, on both streams.
    pub(crate) fn said(&self) -> String {
        self.said.lock().clone()
    }

    /// Waits until it serves; false when it ended instead.
    pub(crate) fn is_serving(&self) -> bool {
        until("the daemon serves or ends", || {
            if self.said().contains(": serving ") {
                return Some(true);
            }
            let over = self.readers.iter().all(JoinHandle::is_finished);
            (over && !self.said().contains(": serving ")).then_some(false)
        })
    }

    /// The daemon's own process, which may be a child of the program that was started.
    pub(crate) fn pid(&self) -> Pid {
        let started = self.child.id();
        let children = format!("/proc/{started}/task/{started}/children");
        let child = fs::read_to_string(children).unwrap_or_default();
        let child = child
            .split_whitespace()
            .next()
            .map(|pid| pid.parse().unwrap());
        Pid::from_raw(child.unwrap_or_else(|| i32::try_from(started).unwrap())).unwrap()
    }

    /// Asks the daemon to stop.
    pub(crate) fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    /// Waits for its end; the exit code and all it said.
    pub(crate) fn ended(mut self) -> (i32, String) {
        let child = &mut self.child;
        let status: ExitStatus = until("the daemon ends", || child.try_wait().unwrap());
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        (status.code().unwrap_or(-1), self.said())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            // The daemon first: a program around it would leave it running. Both may be gone.
            let gone = kill_process(self.pid(), Signal::KILL).is_err();
            drop((gone, self.child.kill()));
            drop(self.child.wait());
        }
    }
}

/// Asks again and again; what must come does come, or the test fails.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
