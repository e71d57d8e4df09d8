//! The servers of a comparison: started, checked, left to finish, their records read.
//!
//! All run at the same time and only one is loaded at a time. A server is left alone until it has
//! finished what it was asked: log lines flushed, clicks folded, CPU idle. So its work is charged
//! to its own turn.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::net::TcpStream;

use super::access_log;
use super::between::Between;
use super::config::{self, Log};
use super::exposition;
use super::ledger::{Bounds, Recorded};
use super::process::Process;
use super::programs::Programs;
use super::request::{AD, Answer, PARTNER, check};
use crate::daemon::pin::Pins;
use crate::daemon::settings::{Ack, Settings, free_port};
use crate::daemon::stage::Stage;
use crate::daemon::usage::{cpu_of, tree};

/// How long a server may take to accept.
const START_LIMIT: Duration = Duration::from_secs(10);
/// How long it may take to record what it answered.
const DRAIN_LIMIT: Duration = Duration::from_secs(60);
/// How long its CPU time may take to come to rest.
const REST_LIMIT: Duration = Duration::from_secs(5);
/// Between two looks at records. Each costs the server some CPU time.
const LOOK: Duration = Duration::from_millis(250);
/// Between two looks at CPU time.
const GLANCE: Duration = Duration::from_millis(100);
/// CPU time between two glances of a server that is at rest.
const AT_REST: Duration = Duration::from_millis(2);
/// Longer than nginx keeps a line in its buffer.
const FLUSH: Duration = Duration::from_millis(1_200);

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// nginx, a write to the log for each request.
    Nginx,
    /// nginx, log lines buffered.
    NginxBuffered,
    /// `HAProxy`, no log.
    Haproxy,
    /// hyper, no log.
    Hyper,
    /// The daemon, answering after the log write.
    ClickdFast,
    /// The daemon, answering after fdatasync.
    ClickdDurable,
}

/// A running server.
pub(crate) struct Server {
    /// Which.
    pub(crate) kind: Kind,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Clicks sent to it, whoever sent them.
    pub(crate) sent: Bounds,
    /// What it recorded of them by its own count.
    pub(crate) recorded: Recorded,
    /// Its CPU time between turns.
    pub(crate) between: Between,
    running: Running,
}

enum Running {
    Bare(Process),
    Logged(Process, Log, PathBuf),
    Clickd(Box<Stage>),
}

impl Kind {
    /// All, in the order of the tables.
    pub(crate) const ALL: [Self; 6] = [
        Self::Nginx,
        Self::NginxBuffered,
        Self::Haproxy,
        Self::Hyper,
        Self::ClickdFast,
        Self::ClickdDurable,
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::NginxBuffered => "nginx-buffered",
            Self::Haproxy => "haproxy",
            Self::Hyper => "hyper",
            Self::ClickdFast => "clickd-fast",
            Self::ClickdDurable => "clickd-durable",
        }
    }

    fn answer(self) -> Answer {
        match self {
            Self::Nginx | Self::NginxBuffered | Self::Haproxy | Self::Hyper => Answer::Constant,
            Self::ClickdFast | Self::ClickdDurable => Answer::ClickId,
        }
    }
}

impl Server {
    /// Starts it in a folder of its own below `folder`, checks its answer and lets it finish.
    ///
    /// # Errors
    /// It does not start, answers wrongly, or records another number than the one click sent.
    pub(crate) async fn start(
        kind: Kind,
        programs: &Programs,
        clickd: &Path,
        folder: &Path,
        pins: Pins,
    ) -> Result<Self> {
        let placed = pins.on_server()?;
        let (address, running) = match kind {
            Kind::ClickdFast => start_clickd(clickd, folder, kind, Ack::Fast).await?,
            Kind::ClickdDurable => start_clickd(clickd, folder, kind, Ack::Durable).await?,
            Kind::Nginx => start_nginx(&programs.nginx, folder, kind, Log::Unbuffered)?,
            Kind::NginxBuffered => start_nginx(&programs.nginx, folder, kind, Log::Buffered)?,
            Kind::Haproxy => start_haproxy(&programs.haproxy, folder, kind)?,
            Kind::Hyper => start_hyper(folder, kind)?,
        };
        drop(placed);
        let mut server = Self {
            kind,
            address,
            sent: Bounds::default(),
            recorded: Recorded::default(),
            between: Between::new(Duration::ZERO),
            running,
        };
        if let Err(error) = server.prove().await {
            return Err(error.context(server.tail()).context(kind.name()));
        }
        server.between = Between::new(cpu_of_tree(server.pid())?);
        Ok(server)
    }

    /// Its pid; it may have children.
    pub(crate) fn pid(&self) -> u32 {
        match &self.running {
            Running::Bare(process) | Running::Logged(process, ..) => process.pid(),
            Running::Clickd(stage) => stage.daemon.pid(),
        }
    }

    /// The end of its log, for a message.
    pub(crate) fn tail(&self) -> String {
        match &self.running {
            Running::Bare(process) | Running::Logged(process, ..) => process.tail(),
            Running::Clickd(stage) => stage.daemon.tail(),
        }
    }

    /// The daemon, if that is what it is.
    pub(crate) fn into_clickd(self) -> Option<Box<Stage>> {
        match self.running {
            Running::Clickd(stage) => Some(stage),
            Running::Bare(_) | Running::Logged(..) => None,
        }
    }

    /// Waits until it has finished what it was `sent` and is at rest. What is wrong with its
    /// records comes back, if anything is.
    pub(crate) async fn settle(&mut self, sent: Bounds) -> Result<Option<String>> {
        self.sent.add(sent);
        let found = match &mut self.running {
            Running::Bare(_) => None,
            Running::Logged(_, log, path) => Some(drained_log(*log, path, sent.least).await?),
            Running::Clickd(stage) => {
                let all = drained_clickd(stage).await?;
                let new = all.since(self.recorded);
                Some(new)
            }
        };
        if let Some(found) = found {
            self.recorded.add(found);
        }
        rest(self.pid()).await?;
        Ok(found.and_then(|found| sent.fault(found)))
    }

    /// Waits until it accepts and checks one answer.
    async fn prove(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while let Err(error) = TcpStream::connect(self.address).await {
            if let Running::Bare(process) | Running::Logged(process, ..) = &mut self.running {
                process.check_alive()?;
            }
            if Instant::now() >= deadline {
                return Err(error).context("it does not accept");
            }
            tokio::time::sleep(GLANCE).await;
        }
        check(self.address, self.kind.answer()).await?;
        match self.settle(Bounds::new(1, 0)).await? {
            Some(fault) => bail!(fault),
            None => Ok(()),
        }
    }
}

/// Makes a folder for a server and finds it a port.
fn place(folder: &Path, kind: Kind) -> Result<(PathBuf, SocketAddr)> {
    let folder = folder.join(kind.name());
    std::fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok((folder, free_port()?.local_addr()?))
}

fn start_nginx(
    program: &Path,
    folder: &Path,
    kind: Kind,
    log: Log,
) -> Result<(SocketAddr, Running)> {
    let (folder, address) = place(folder, kind)?;
    let file = folder.join("nginx.conf");
    std::fs::write(&file, config::nginx(address, &folder, log))?;
    let mut command = Command::new(program);
    command.arg("-p").arg(&folder).arg("-c").arg(&file);
    command.arg("-e").arg(folder.join("error.log"));
    let process = Process::start(&mut command, folder.join("output.log"))?;
    let running = Running::Logged(process, log, folder.join("access.log"));
    Ok((address, running))
}

fn start_haproxy(program: &Path, folder: &Path, kind: Kind) -> Result<(SocketAddr, Running)> {
    let (folder, address) = place(folder, kind)?;
    let file = folder.join("haproxy.cfg");
    std::fs::write(&file, config::haproxy(address))?;
    let mut command = Command::new(program);
    command.arg("-db").arg("-f").arg(&file);
    let process = Process::start(&mut command, folder.join("output.log"))?;
    Ok((address, Running::Bare(process)))
}

fn start_hyper(folder: &Path, kind: Kind) -> Result<(SocketAddr, Running)> {
    let (folder, address) = place(folder, kind)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare-hyper").arg(address.to_string());
    let process = Process::start(&mut command, folder.join("output.log"))?;
    Ok((address, Running::Bare(process)))
}

async fn start_clickd(
    clickd: &Path,
    folder: &Path,
    kind: Kind,
    ack: Ack,
) -> Result<(SocketAddr, Running)> {
    let mut folder = tempfile::Builder::new()
        .prefix(kind.name())
        .tempdir_in(folder)
        .context("making the daemon's folder")?;
    // It goes with the folder of the run, or is kept with it.
    folder.disable_cleanup(true);
    let mut settings = Settings::free(folder.path(), ack)?;
    settings.requests_max = config::REQUESTS_MAX;
    let (partners, ads) = (BTreeSet::from([PARTNER]), BTreeSet::from([AD]));
    let stage = Stage::set_in(folder, settings, clickd, &partners, &ads).await?;
    Ok((stage.settings.public, Running::Clickd(Box::new(stage))))
}

/// Waits for as many lines as answers were counted, and empties the log: so its pages are dropped
/// before the kernel writes them, whatever the server.
async fn drained_log(log: Log, path: &Path, expected: u64) -> Result<Recorded> {
    if log == Log::Buffered {
        tokio::time::sleep(FLUSH).await;
    }
    let deadline = Instant::now() + DRAIN_LIMIT;
    loop {
        let before = access_log::length(path)?;
        tokio::time::sleep(GLANCE).await;
        if access_log::length(path)? != before {
            continue;
        }
        let found = access_log::count(path)?;
        if found.clicks >= expected || Instant::now() >= deadline {
            access_log::empty(path)?;
            return Ok(found);
        }
    }
}

/// Waits until every recorded click is folded and no more come.
async fn drained_clickd(stage: &mut Stage) -> Result<Recorded> {
    let deadline = Instant::now() + DRAIN_LIMIT;
    let mut before = None;
    loop {
        tokio::time::sleep(LOOK).await;
        let counts = exposition::read(&stage.daemon.metrics().await?)?;
        if counts.is_folded() && before == Some(counts) {
            return Ok(counts.recorded);
        }
        if Instant::now() >= deadline {
            bail!("not folded after {} s: {counts:?}", DRAIN_LIMIT.as_secs());
        }
        before = Some(counts);
    }
}

/// Waits until a server uses hardly any CPU time, or no longer.
async fn rest(pid: u32) -> Result<()> {
    let deadline = Instant::now() + REST_LIMIT;
    let mut before = cpu_of_tree(pid)?;
    loop {
        tokio::time::sleep(GLANCE).await;
        let now = cpu_of_tree(pid)?;
        if now.saturating_sub(before) <= AT_REST || Instant::now() >= deadline {
            return Ok(());
        }
        before = now;
    }
}

/// CPU time of a server so far.
pub(crate) fn cpu_of_tree(pid: u32) -> Result<Duration> {
    tree(pid).into_iter().map(cpu_of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::mock::run;

    #[test]
    fn names_differ_and_only_the_daemon_gives_click_ids() {
        let names: BTreeSet<&str> = Kind::ALL.map(Kind::name).into();
        assert_eq!(names.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            let gives = kind.answer() == Answer::ClickId;
            assert_eq!(gives, kind.name().starts_with("clickd-"), "{kind:?}");
        }
    }

    #[test]
    fn a_log_is_read_when_its_lines_are_there_and_then_emptied() {
        run(async {
            let file = tempfile::NamedTempFile::new().unwrap();
            let line = "::1 - - [x] \"GET / HTTP/1.1\" 302 0 \"-\" \"-\"\n";
            std::fs::write(file.path(), line).unwrap();
            let late = async {
                tokio::time::sleep(GLANCE * 3).await;
                let mut file = std::fs::OpenOptions::new().append(true).open(file.path())?;
                std::io::Write::write_all(&mut file, line.as_bytes())?;
                anyhow::Ok(())
            };
            let drained = drained_log(Log::Unbuffered, file.path(), 2);
            let (found, ()) = tokio::try_join!(drained, late).unwrap();
            assert_eq!((found.clicks, found.others), (2, 0));
            assert_eq!(access_log::length(file.path()).unwrap(), 0);
        });
    }

    #[test]
    fn a_busy_server_is_not_at_rest() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let body = "end=$(($(date +%s%N) + 400000000)); \
                        while [ $(date +%s%N) -lt $end ]; do :; done; exec sleep 600";
            let mut command = Command::new("/bin/sh");
            command.args(["-c", body]);
            let server = Process::start(&mut command, folder.path().join("log")).unwrap();
            let since = Instant::now();
            rest(server.pid()).await.unwrap();
            let took = since.elapsed();
            assert!(took > Duration::from_millis(350), "{took:?}");
            assert!(took < REST_LIMIT, "{took:?}");
        });
    }
}
