//! The body of an upload into a file of the spool, hashed on its way.
//!
//! Frames come in on the runtime, a blocking thread writes them; a bounded channel between them
//! slows the sender down to the disk. A body that ends early leaves nothing behind.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::super::signature::Running;
use crate::job::batch::spool::UPLOAD;

/// Frames between the connection and the disk.
const FRAMES_MAX: usize = 4;
/// Bytes a second that a sender has to keep up with on average.
const PACE: u64 = 64 << 10;
/// Bytes after which the disk is looked at again.
const LOOK_EVERY: u64 = 16 << 20;

/// Bounds of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Its most bytes.
    pub(super) bytes_max: u64,
    /// Bytes that have to stay free.
    pub(super) disk_free_min: u64,
    /// How long it may take beyond what its bytes allow.
    pub(super) patience: Duration,
}

/// Why a body is not received.
#[derive(Debug)]
pub(super) enum NotReceived {
    /// It is larger than is allowed.
    TooLarge,
    /// It came too slowly.
    TooSlow,
    /// It ended early or is malformed.
    Cut,
    /// The disk is full, or would be.
    DiskFull,
    /// The disk failed.
    Disk(io::Error),
}

impl From<io::Error> for NotReceived {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Disk(error),
        }
    }
}

/// A body on disk, synced. Its file goes with it unless it was moved away.
#[derive(Debug)]
pub(super) struct Received {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// BLAKE3 of its bytes.
    pub(super) digest: blake3::Hash,
    /// How many they are.
    pub(super) bytes: u64,
    /// Whether the signature holds; none was sent if there is nothing.
    pub(super) is_signed: Option<bool>,
}

impl Drop for Received {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "what was uploaded stays in the spool until the next start");
    }
}

/// Whether `bytes` more leave enough free in `directory`.
pub(super) fn has_room(directory: &Path, bytes: u64, free_min: u64) -> io::Result<bool> {
    let space = rustix::fs::statvfs(directory)?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    Ok(free >= free_min.saturating_add(bytes))
}

/// A piece for the writer.
enum Piece {
    Bytes(Bytes),
    /// The body is whole.
    End,
}

/// Receives `body` into a new file of `directory`.
///
/// # Errors
/// See [`NotReceived`].
pub(super) async fn receive<B>(
    body: B,
    directory: &Path,
    bounds: Bounds,
    signature: Option<Running>,
) -> Result<Received, NotReceived>
where
    B: Body,
{
    let (pieces, writer) = write_to(directory.to_owned(), bounds, signature);
    let fed = feed(body, bounds, &pieces).await;
    if fed.is_ok() {
        // A writer that is gone says why itself.
        drop(pieces.send(Piece::End).await);
    }
    drop(pieces);
    let written = writer.await.unwrap_or(Err(NotReceived::Cut));
    fed?;
    written
}

/// Hands the frames of `body` over; ends early, and well, when nobody takes them.
async fn feed<B>(body: B, bounds: Bounds, pieces: &mpsc::Sender<Piece>) -> Result<(), NotReceived>
where
    B: Body,
{
    let mut body = Box::pin(body);
    let begun = Instant::now();
    let mut bytes: u64 = 0;
    loop {
        let paced = Duration::from_secs(bytes / PACE);
        let until = begun + bounds.patience + paced;
        let frame = timeout_at(until, body.frame()).await;
        let frame = match frame.map_err(|_| NotReceived::TooSlow)? {
            None => return Ok(()),
            Some(frame) => frame.map_err(|_| NotReceived::Cut)?,
        };
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        let data = data.copy_to_bytes(data.remaining());
        bytes = bytes.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        if bytes > bounds.bytes_max {
            return Err(NotReceived::TooLarge);
        }
        if pieces.send(Piece::Bytes(data)).await.is_err() {
            return Ok(());
        }
    }
}

type Writer = JoinHandle<Result<Received, NotReceived>>;

/// A blocking thread that writes what it is sent.
fn write_to(
    directory: PathBuf,
    bounds: Bounds,
    signature: Option<Running>,
) -> (mpsc::Sender<Piece>, Writer) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let (sender, receiver) = mpsc::channel(FRAMES_MAX);
    let name = format!("{UPLOAD}{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let path = directory.join(name);
    let writer = tokio::task::spawn_blocking(move || {
        let written = write(&path, &directory, bounds, signature, receiver);
        if written.is_err() {
            remove(&path);
        }
        written
    });
    (sender, writer)
}

fn write(
    path: &Path,
    directory: &Path,
    bounds: Bounds,
    mut signature: Option<Running>,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<Received, NotReceived> {
    fs::create_dir_all(directory)?;
    let mut file = File::create(path)?;
    let mut hasher = blake3::Hasher::new();
    let (mut bytes, mut looked): (u64, u64) = (0, 0);
    loop {
        let data = match pieces.blocking_recv() {
            None => return Err(NotReceived::Cut),
            Some(Piece::End) => break,
            Some(Piece::Bytes(data)) => data,
        };
        file.write_all(&data)?;
        hasher.update(&data);
        if let Some(signature) = &mut signature {
            signature.update(&data);
        }
        bytes = bytes.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        if bytes.saturating_sub(looked) >= LOOK_EVERY {
            looked = bytes;
            if !has_room(directory, 0, bounds.disk_free_min)? {
                return Err(NotReceived::DiskFull);
            }
        }
    }
    file.sync_all()?;
    Ok(Received {
        path: path.to_owned(),
        digest: hasher.finalize(),
        bytes,
        is_signed: signature.map(|signature| signature.holds()),
    })
}
