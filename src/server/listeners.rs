//! The three TCP listeners: passed by the service manager where it has them, else bound here.
//!
//! In: addresses of the configuration, and sockets named `clickd-public`, `clickd-api` and
//! `clickd-ops` in `$LISTEN_FDNAMES`. Out: listening, non-blocking sockets. Called once at start,
//! from the main thread, before any other thread reads the environment or opens files.

use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Connections waiting to be accepted; the kernel caps it at `net.core.somaxconn`.
const BACKLOG: i32 = 4096;
/// The variable with the names of passed sockets, between colons.
const NAMES: &str = "LISTEN_FDNAMES";

/// The names that passed sockets must have, one for each listener.
pub const SOCKET_NAMES: [&str; 3] = [PUBLIC, API, OPS];

const PUBLIC: &str = "clickd-public";
const API: &str = "clickd-api";
const OPS: &str = "clickd-ops";

/// Where to listen when no socket is passed.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// Links.
    pub public: SocketAddr,
    /// The API.
    pub api: SocketAddr,
    /// Metrics and health.
    pub ops: SocketAddr,
}

/// The listening sockets.
#[derive(Debug)]
pub struct Listeners {
    /// Links. Connections accepted from it have `TCP_NODELAY`, inherited from the listener.
    pub public: TcpListener,
    /// The API.
    pub api: TcpListener,
    /// Metrics and health.
    pub ops: TcpListener,
}

/// Why there are no listeners.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// A socket has a name that is not known.
    #[error(
        "passed socket `{name}`: unknown name; FileDescriptorName= must be one of \
             clickd-public, clickd-api, clickd-ops"
    )]
    UnknownName {
        /// The name it came with.
        name: String,
    },
    /// Two sockets have one name.
    #[error("passed socket `{name}`: passed twice; each listener takes one socket")]
    Twice {
        /// The name both came with.
        name: String,
    },
    /// A passed socket is not a listening TCP socket.
    #[error("passed socket `{name}`: {source}; it must be a listening stream socket")]
    Passed {
        /// The name it came with.
        name: String,
        /// What is wrong with it.
        source: io::Error,
    },
    /// An address can't be listened on.
    #[error("listener {name} on {address}: {source}")]
    Bind {
        /// The listener.
        name: &'static str,
        /// The address of the configuration.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Takes the sockets that were passed and binds the addresses of those that were not.
///
/// # Errors
/// When a passed socket can't be used or an address can't be bound.
pub fn listeners(addresses: &Addresses) -> Result<Listeners, ListenError> {
    let names = std::env::var(NAMES).unwrap_or_default();
    assign(passed(&names, ListenFd::from_env())?, addresses)
}

/// The passed sockets with their names; without names all are called `unknown`.
fn passed(names: &str, mut sockets: ListenFd) -> Result<Vec<(String, TcpListener)>, ListenError> {
    let mut names = names.split(':');
    let mut found = Vec::with_capacity(sockets.len());
    for index in 0..sockets.len() {
        let name = String::from(
            names
                .next()
                .filter(|name| !name.is_empty())
                .unwrap_or("unknown"),
        );
        match sockets.take_tcp_listener(index) {
            Ok(Some(listener)) => found.push((name, listener)),
            Ok(None) => {}
            Err(source) => return Err(ListenError::Passed { name, source }),
        }
    }
    Ok(found)
}

fn assign(
    passed: Vec<(String, TcpListener)>,
    addresses: &Addresses,
) -> Result<Listeners, ListenError> {
    let (mut public, mut api, mut ops) = (None, None, None);
    for (name, listener) in passed {
        let place = match name.as_str() {
            PUBLIC => &mut public,
            API => &mut api,
            OPS => &mut ops,
            _ => return Err(ListenError::UnknownName { name }),
        };
        if place.is_some() {
            return Err(ListenError::Twice { name });
        }
        if let Err(source) = prepare(&listener) {
            return Err(ListenError::Passed { name, source });
        }
        *place = Some(listener);
    }
    let or_bind = |passed: Option<TcpListener>, name, address| match passed {
        Some(listener) => Ok(listener),
        None => bind(address).map_err(|source| ListenError::Bind {
            name,
            address,
            source,
        }),
    };
    Ok(Listeners {
        public: or_bind(public, "public", addresses.public)?,
        api: or_bind(api, "api", addresses.api)?,
        ops: or_bind(ops, "ops", addresses.ops)?,
    })
}

/// An IPv6 address also takes IPv4 connections, whatever the host's default is.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from(socket);
    prepare(&listener)?;
    Ok(listener)
}

/// What every listener needs: not to block an event loop, and to hand `TCP_NODELAY` on to the
/// connections accepted from it, which Linux does and which saves a call for each.
fn prepare(listener: &TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    SockRef::from(listener).set_tcp_nodelay(true)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};

    use super::*;

    fn any() -> Addresses {
        let local = "127.0.0.1:0".parse().unwrap();
        Addresses {
            public: local,
            api: local,
            ops: local,
        }
    }

    fn socket() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").unwrap()
    }

    #[test]
    fn a_passed_socket_goes_to_the_listener_of_its_name_and_the_rest_are_bound() {
        let (first, second) = (socket(), socket());
        let addresses = (first.local_addr().unwrap(), second.local_addr().unwrap());
        let passed = vec![
            (String::from("clickd-ops"), first),
            (String::from("clickd-public"), second),
        ];
        let listeners = assign(passed, &any()).unwrap();
        assert_eq!(listeners.ops.local_addr().unwrap(), addresses.0);
        assert_eq!(listeners.public.local_addr().unwrap(), addresses.1);
        TcpStream::connect(listeners.api.local_addr().unwrap()).unwrap();
    }

    #[test]
    fn accepted_connections_do_not_delay_and_listeners_do_not_block() {
        let listeners = assign(vec![(String::from("clickd-api"), socket())], &any()).unwrap();
        for listener in [listeners.public, listeners.api] {
            let error = listener.accept().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            assert!(accepted.nodelay().unwrap());
        }
    }

    #[test]
    fn a_wrong_name_or_one_that_comes_twice_is_refused() {
        let unknown = assign(vec![(String::from("web"), socket())], &any()).unwrap_err();
        assert!(
            unknown.to_string().contains("`web`: unknown name"),
            "{unknown}"
        );
        let passed = vec![
            (String::from("clickd-api"), socket()),
            (String::from("clickd-api"), socket()),
        ];
        let twice = assign(passed, &any()).unwrap_err();
        assert!(matches!(twice, ListenError::Twice { .. }), "{twice}");
    }

    #[test]
    fn an_address_in_use_is_named() {
        let taken = socket().local_addr().unwrap();
        let holder = bind(taken).unwrap();
        let mut addresses = any();
        addresses.api = holder.local_addr().unwrap();
        let error = assign(Vec::new(), &addresses).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("listener api on {taken}: ")),
            "{text}"
        );
    }

    #[test]
    fn an_ipv6_listener_takes_ipv4_too() {
        let listener = bind("[::]:0".parse().unwrap()).unwrap();
        let port = listener.local_addr().unwrap().port();
        TcpStream::connect(("127.0.0.1", port)).unwrap();
    }

    /// The environment and the numbers of descriptors belong to a whole process, so this test runs
    /// itself as the daemon, through a shell that lays the sockets where the manager would.
    #[test]
    fn sockets_of_the_service_manager_are_taken_by_name() {
        const CHILD: &str = "CLICKD_TEST_PORTS";
        if let Ok(ports) = std::env::var(CHILD) {
            let taken = listeners(&any()).unwrap();
            let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
            assert_eq!(
                format!("{}:{}", port(&taken.ops), port(&taken.public)),
                ports
            );
            return;
        }
        let (ops, public) = (socket(), socket());
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let ports = format!("{}:{}", port(&ops), port(&public));
        let me = std::thread::current();
        let script = "export LISTEN_PID=$$; exec \"$0\" --exact \"$1\" 3<&0 4<&1 0</dev/null 1>&2";
        let status = Command::new("sh")
            .args(["-c", script])
            .arg(std::env::current_exe().unwrap())
            .arg(me.name().unwrap())
            .env("LISTEN_FDS", "2")
            .env(NAMES, "clickd-ops:clickd-public")
            .env(CHILD, ports)
            .stdin(Stdio::from(OwnedFd::from(ops)))
            .stdout(Stdio::from(OwnedFd::from(public)))
            .status()
            .unwrap();
        assert!(status.success());
    }
}
