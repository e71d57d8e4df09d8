//! A running daemon: every stage started, and stopped in order.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use crate::config::Config;
use crate::config::settings::AckMode;
use crate::fold::{Fold, FoldError, FoldStatus};
use crate::job::batch::{Spool, SpoolError};
use crate::postback::{PostbackError, PostbackStatus, Postbacks};
use crate::server::api::files::Files;
use crate::server::api::keys::KeyError;
use crate::server::api::state::{ApiState, Limits};
use crate::server::control::{ControlSocket, SocketError, Verbs};
use crate::server::listeners::{ListenError, Listeners};
use crate::server::notify::{self, Heart, Watchdog};
use crate::server::ops::Ops;
use crate::server::page_load::PageLoads;
use crate::server::{self, public};
use crate::telemetry::Recorder;

use super::clerk::{self, Clerk};
use super::house::House;
use super::postbacks;
use super::stores::{OpenError, Stores};
use super::verbs;

/// How long a drain may take once the log has failed; the process must be gone within 5 s.
const FAILED_GRACE: Duration = Duration::from_secs(2);

/// Why a daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The stores.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The listeners.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The control socket.
    #[error(transparent)]
    Control(#[from] SocketError),
    /// The fold.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The postbacks.
    #[error(transparent)]
    Postbacks(#[from] PostbackError),
    /// The API keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The uploaded files that wait.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A thread, a runtime or a socket.
    #[error("the system gave no {what}: {source}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The metrics.
    #[error("the metrics can't be set up: {0}")]
    Metrics(String),
}

impl StartError {
    /// The exit code: 65 damaged or newer data, 75 trying again, 78 the configuration.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Open(error) => error.exit_code(),
            Self::Listen(_) | Self::Control(_) | Self::Postbacks(PostbackError::Trust(_)) => 78,
            Self::Fold(error) => error.exit_code(),
            Self::Postbacks(_)
            | Self::Spool(_)
            | Self::Keys(_)
            | Self::System { .. }
            | Self::Metrics(_) => 75,
        }
    }
}

fn system(what: &'static str) -> impl Fn(std::io::Error) -> StartError {
    move |source| StartError::System { what, source }
}

/// Where a daemon listens.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Links.
    pub public: SocketAddr,
    /// The API.
    pub api: SocketAddr,
    /// Metrics and health.
    pub ops: SocketAddr,
    /// The control socket.
    pub control: PathBuf,
}

impl Addresses {
    fn of(config: &Config, listeners: &Listeners) -> Result<Self, StartError> {
        let address = |listener: &TcpListener| listener.local_addr().map_err(system("address"));
        Ok(Self {
            public: address(&listeners.public)?,
            api: address(&listeners.api)?,
            ops: address(&listeners.ops)?,
            control: config.control.socket.clone(),
        })
    }
}

/// Binds the control socket, whose directory is made if it is missing.
fn control_socket(path: &Path) -> Result<ControlSocket, StartError> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(system("directory for the control socket"))?;
    }
    Ok(ControlSocket::bind(path)?)
}

/// How a daemon ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything is on disk.
    Clean,
    /// The log had failed; a restart helps.
    Failed,
}

/// A running daemon.
pub struct Daemon {
    /// Its stores, for whoever runs it in the same process.
    pub stores: Arc<Stores>,
    /// Where it listens.
    pub addresses: Addresses,
    public: public::Handle,
    public_shared: Arc<public::Shared>,
    fold: Fold,
    stop_admin: watch::Sender<bool>,
    admin: JoinHandle<()>,
    postbacks: Postbacks,
    stop_house: Arc<AtomicBool>,
    house: JoinHandle<()>,
    clerk: Clerk,
    grace: Duration,
}

impl Daemon {
    /// Starts a daemon on these listeners; on return it serves.
    ///
    /// # Errors
    /// See [`StartError`]; what was started by then is stopped again.
    pub fn start(config: &Config, listeners: Listeners) -> Result<Self, StartError> {
        let addresses = Addresses::of(config, &listeners)?;
        // Taken before the stores: two starts at once fight over the cheap thing, and a command
        // that has the stores open sees it.
        let socket = control_socket(&addresses.control)?;
        notify::extend(Duration::from_secs(60), "recovering the log");
        let stores = Arc::new(Stores::open_in_turn(config)?);
        if config.ack.clicks == AckMode::Durable {
            stores.log.prepare_wal().map_err(OpenError::from)?;
        }
        let recorder = Recorder::new(stores.log.clock().now())
            .map_err(|error| StartError::Metrics(error.to_string()))?;
        let recorder = Arc::new(recorder);
        stores.log.observe(recorder.metrics());
        let fold = Fold::start(
            stores.log.clone(),
            stores.derived.clone(),
            Arc::clone(&stores.shelf),
            Some(recorder.metrics()),
        )?;
        let postbacks = postbacks::start(config, &stores, recorder.metrics())?;
        let spool = clerk::spool(config, &stores.log)?;
        let public_shared = Arc::new(public_shared(config, &stores, &recorder));
        let api = Arc::new(api_state(
            config,
            &stores,
            &recorder,
            (&spool, &public_shared),
        )?);
        let (stop_admin, stopping) = watch::channel(false);
        let watched = Watched::new(&stores, &fold, &recorder);
        let verbs = Arc::new(verbs::table(
            &stores,
            fold.remote(),
            Some(Arc::clone(&api)),
            Some(postbacks.remote()),
        ));
        let status = Statuses::of(&fold, &postbacks);
        let ops = Arc::new(ops(&recorder, &stores, status, &public_shared));
        let admin = Admin {
            api,
            ops,
            verbs,
            recorder: Arc::clone(&recorder),
            stopping,
        };
        let admin = admin.start(listeners.api, listeners.ops, socket, watched.watchdog)?;
        let house = watched.house;
        let stop_house = Arc::clone(&house.stop);
        let house = spawn_house(house)?;
        let clerk = Clerk::start(&stores, spool, recorder.metrics()).map_err(system("thread"))?;
        let public = public::start(&listeners.public, &public_shared, &public_options(config))
            .map_err(system("public worker"))?;
        notify::ready("serving");
        Ok(Self {
            stores,
            addresses,
            public,
            public_shared,
            fold,
            stop_admin,
            admin,
            postbacks,
            stop_house,
            house,
            clerk,
            grace: config.shutdown.grace,
        })
    }

    /// Waits until `stop` is done or the log fails.
    pub async fn wait(&self, stop: impl Future<Output = ()>) {
        let mut failed = self.stores.log.failed();
        tokio::select! {
            () = stop => {}
            _ = failed.wait_for(|failed| *failed) => {}
        }
    }

    /// Drains and stops every stage; blocks until all is done or the grace period is over.
    #[must_use]
    pub fn stop(mut self) -> Ended {
        notify::stopping("draining");
        let failed = self.stores.log.failure().is_some();
        let grace = if failed {
            FAILED_GRACE.min(self.grace)
        } else {
            self.grace
        };
        self.public.stop(&self.public_shared, grace);
        self.stop_admin.send_replace(true);
        let deadline = std::time::Instant::now() + grace;
        while !self.admin.is_finished() && std::time::Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        if failed || self.stores.log.failure().is_some() {
            // Threads may hang in the file system; the process ends without them.
            self.postbacks.abandon();
            return Ended::Failed;
        }
        self.postbacks.stop();
        self.clerk.stop();
        self.stop_house.store(true, Ordering::Release);
        self.house.thread().unpark();
        self.fold.stop();
        if self.house.join().is_err() {
            tracing::error!("the housekeeping thread panicked");
        }
        match self.stores.log.stop() {
            Ok(()) => Ended::Clean,
            Err(error) => {
                tracing::error!(%error, "the last sync failed");
                Ended::Failed
            }
        }
    }
}

fn api_state(
    config: &Config,
    stores: &Arc<Stores>,
    recorder: &Recorder,
    (spool, public): (&Arc<Spool>, &Arc<public::Shared>),
) -> Result<ApiState, KeyError> {
    let signer = Arc::clone(&stores.signer);
    let mut state = ApiState::new(
        stores.log.clone(),
        Arc::clone(&stores.catalog),
        Arc::new(stores.derived.clone()),
        Box::new(move |text| signer.verify(text.as_bytes())),
        stores.hash_key,
        Limits {
            connections: config.api.connections_max,
            body_bytes: config.api.body_max,
            ..Limits::default()
        },
        recorder.metrics(),
    )?;
    let (bytes_max, free_min) = (config.api.upload_max, config.jobs.disk_free_min);
    state.files = Files::new(Arc::clone(spool), bytes_max, free_min);
    state.page_loads = Some(PageLoads::new(Arc::clone(public)));
    Ok(state)
}

fn public_options(config: &Config) -> public::Options {
    public::Options {
        workers: config.public.workers,
        connections_max: config.public.connections_max,
        requests_per_connection_max: config.public.requests_per_connection_max,
        keep_alive: config.public.keep_alive,
    }
}

fn public_shared(config: &Config, stores: &Stores, recorder: &Recorder) -> public::Shared {
    public::Shared {
        log: stores.log.clone(),
        signer: Arc::clone(&stores.signer),
        snapshots: public::Snapshots {
            catalog: Arc::clone(&stores.catalog),
            salts: Arc::clone(&stores.salts),
        },
        metrics: recorder.metrics(),
        trusted_proxies: config.public.trusted_proxies.clone(),
        durable_wait: (config.ack.clicks == AckMode::Durable).then_some(config.ack.durable_wait),
        draining: AtomicBool::new(false),
    }
}

/// What readiness asks.
struct Statuses {
    fold: Arc<FoldStatus>,
    postbacks: Arc<PostbackStatus>,
}

impl Statuses {
    fn of(fold: &Fold, postbacks: &Postbacks) -> Self {
        Self {
            fold: Arc::clone(fold.status()),
            postbacks: Arc::clone(postbacks.status()),
        }
    }
}

/// The ops listener: a scrape shows the metrics, readiness asks log, fold, postbacks and drain.
fn ops(
    recorder: &Arc<Recorder>,
    stores: &Arc<Stores>,
    status: Statuses,
    public: &Arc<public::Shared>,
) -> Ops {
    let render = Arc::clone(recorder);
    let (stores, public) = (Arc::clone(stores), Arc::clone(public));
    Ops::new(
        move || render.render(),
        move || {
            let mut failing = Vec::new();
            if stores.log.failure().is_some() {
                failing.push("log");
            }
            if status.fold.failure().is_some() {
                failing.push("fold");
            }
            if status.postbacks.alive().is_err() {
                failing.push("postbacks");
            }
            if public.is_draining() {
                failing.push("draining");
            }
            failing
        },
    )
}

fn spawn_house(house: House) -> Result<JoinHandle<()>, StartError> {
    std::thread::Builder::new()
        .name("house".to_owned())
        .spawn(move || house.run())
        .map_err(system("thread"))
}

/// What the house and the watchdog look at.
struct Watched {
    house: House,
    watchdog: Watchdog,
}

impl Watched {
    fn new(stores: &Arc<Stores>, fold: &Fold, recorder: &Arc<Recorder>) -> Self {
        let (log_heart, fold_heart) = (Heart::default(), Heart::default());
        let hearts = vec![("log", log_heart.clone()), ("fold", fold_heart.clone())];
        let house = House {
            stores: Arc::clone(stores),
            fold: Arc::clone(fold.status()),
            recorder: Arc::clone(recorder),
            stop: Arc::new(AtomicBool::new(false)),
            log_heart,
            fold_heart,
        };
        Self {
            house,
            watchdog: Watchdog::new(hearts),
        }
    }
}

/// What runs on the thread `admin`.
struct Admin {
    api: Arc<ApiState>,
    ops: Arc<Ops>,
    verbs: Arc<Verbs>,
    recorder: Arc<Recorder>,
    stopping: watch::Receiver<bool>,
}

impl Admin {
    fn start(
        self,
        api: TcpListener,
        ops: TcpListener,
        socket: ControlSocket,
        watchdog: Watchdog,
    ) -> Result<JoinHandle<()>, StartError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .thread_name("admin-blocking")
            .build()
            .map_err(system("runtime"))?;
        api.set_nonblocking(true)
            .map_err(system("non-blocking socket"))?;
        std::thread::Builder::new()
            .name("admin".to_owned())
            .spawn(move || {
                runtime.block_on(self.serve(api, ops, socket, watchdog));
                // A verb that is still at work must not hold up the stop.
                runtime.shutdown_timeout(Duration::from_secs(1));
            })
            .map_err(system("thread"))
    }

    async fn serve(
        self,
        api: TcpListener,
        ops: TcpListener,
        socket: ControlSocket,
        watchdog: Watchdog,
    ) {
        let stopped = || {
            let mut stopping = self.stopping.clone();
            async move {
                // An ended sender stops as well.
                drop(stopping.wait_for(|stop| *stop).await);
            }
        };
        let api = async {
            match tokio::net::TcpListener::from_std(api) {
                Ok(listener) => {
                    server::api::serve(listener, Arc::clone(&self.api), self.stopping.clone())
                        .await;
                }
                Err(error) => tracing::error!(%error, "the API listener can't be polled"),
            }
        };
        let ops = server::ops::serve(
            ops,
            Arc::clone(&self.ops),
            self.recorder.metrics(),
            stopped(),
        );
        let control = server::control::serve(socket, Arc::clone(&self.verbs), stopped());
        let ((), ops, control, ()) =
            tokio::join!(api, ops, control, notify::feed(watchdog, stopped()));
        for (name, ended) in [("ops", ops), ("control", control)] {
            if let Err(error) = ended {
                tracing::error!(%error, listener = name, "a listener failed");
            }
        }
    }
}
