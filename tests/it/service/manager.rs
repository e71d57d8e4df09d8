//! A stand-in for the service manager: takes the messages that the daemon sends it.

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The socket named in `$NOTIFY_SOCKET`.
pub(crate) struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Manager {
    /// Listens in `folder`.
    pub(crate) fn listen(folder: &Path) -> Self {
        let path = folder.join("notify.sock");
        let socket = UnixDatagram::bind(&path).unwrap();
        Self { socket, path }
    }

    /// Lets `command` know the manager, and a watchdog of this time.
    pub(crate) fn introduce(&self, command: &mut Command, watchdog: Duration) {
        command.env("NOTIFY_SOCKET", &self.path);
        command.env("WATCHDOG_USEC", watchdog.as_micros().to_string());
    }

    /// The next message, if one comes in time.
    pub(crate) fn next(&self, patience: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(patience)).unwrap();
        let mut bytes = [0; 4096];
        match self.socket.recv(&mut bytes) {
            Ok(read) => Some(String::from_utf8_lossy(&bytes[..read]).into_owned()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Messages up to the first with this line, which must come.
    pub(crate) fn until(&self, line: &str) -> Vec<String> {
        let mut messages = Vec::new();
        loop {
            let message = self.next(Duration::from_secs(30));
            let message = message.unwrap_or_else(|| panic!("no {line} after {messages:?}"));
            messages.push(message);
            if messages.last().is_some_and(|last| has(last, line)) {
                return messages;
            }
        }
    }
}

/// Whether a message has this line.
pub(crate) fn has(message: &str, line: &str) -> bool {
    message.lines().any(|found| found == line)
}
