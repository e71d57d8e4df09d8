//! Configuration files of the servers compared with: everything inside one folder, nothing forked
//! into the background, no limit that would end a connection during a run.

use std::net::SocketAddr;
use std::path::Path;

use super::request::LOCATION;

/// Connections that wait to be accepted: all of a run may come at once.
pub(crate) const BACKLOG: u32 = 4_096;
/// After how many requests a connection is closed: none has so many.
pub(crate) const REQUESTS_MAX: u32 = 1_000_000_000;
/// Open connections.
const CONNECTIONS: u32 = 4_096;

/// How nginx writes its access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log {
    /// A write for each request.
    Unbuffered,
    /// A write for each 64 KiB or second.
    Buffered,
}

/// nginx with one worker that answers every request with [`LOCATION`] and logs it.
pub(crate) fn nginx(listen: SocketAddr, folder: &Path, log: Log) -> String {
    let folder = folder.display();
    let buffer = match log {
        Log::Unbuffered => "",
        Log::Buffered => " buffer=64k flush=1s",
    };
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|part| format!("    {part}_temp_path {folder}/{part};\n"))
        .concat();
    format!(
        "daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{
    worker_connections {CONNECTIONS};
}}
http {{
{paths}    access_log {folder}/access.log combined{buffer};
    keepalive_requests {REQUESTS_MAX};
    keepalive_timeout 1h;
    server {{
        listen {listen} backlog={BACKLOG};
        location / {{
            return 302 {LOCATION};
        }}
    }}
}}
"
    )
}

/// `HAProxy` with one thread that answers every request with [`LOCATION`] and logs nothing.
pub(crate) fn haproxy(listen: SocketAddr) -> String {
    format!(
        "global
    nbthread 1
    maxconn {CONNECTIONS}
defaults
    mode http
    timeout client 1h
    timeout http-request 1h
    timeout http-keep-alive 1h
    timeout connect 5s
    timeout server 1h
frontend links
    bind {listen} backlog {BACKLOG}
    http-request redirect location {LOCATION} code 302
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<&str> {
        text.lines().map(str::trim).collect()
    }

    #[test]
    fn nginx_logs_inside_its_folder_in_both_ways() {
        let listen = "127.0.0.1:81".parse().unwrap();
        for (log, line) in [
            (Log::Unbuffered, "access_log /a/b/access.log combined;"),
            (
                Log::Buffered,
                "access_log /a/b/access.log combined buffer=64k flush=1s;",
            ),
        ] {
            let text = nginx(listen, Path::new("/a/b"), log);
            let location = format!("return 302 {LOCATION};");
            for line in [
                line,
                &location,
                "listen 127.0.0.1:81 backlog=4096;",
                "worker_processes 1;",
                "keepalive_requests 1000000000;",
                "pid /a/b/nginx.pid;",
                "client_body_temp_path /a/b/client_body;",
                "daemon off;",
            ] {
                assert!(lines(&text).contains(&line), "{line}\n{text}");
            }
            assert_eq!(text.matches("access_log").count(), 1);
        }
    }

    #[test]
    fn haproxy_has_one_thread_and_no_log() {
        let text = haproxy("127.0.0.1:82".parse().unwrap());
        let redirect = format!("http-request redirect location {LOCATION} code 302");
        for line in ["nbthread 1", "bind 127.0.0.1:82 backlog 4096", &redirect] {
            assert!(lines(&text).contains(&line), "{line}\n{text}");
        }
        assert!(!lines(&text).iter().any(|line| line.starts_with("log")));
    }

    #[test]
    fn the_location_means_itself_in_both_files() {
        // nginx would read variables and ends of lines, HAProxy formats and blanks.
        assert!(!LOCATION.contains(['$', ';', '%', ' ', '"', '\'', '\\', '{', '}', '#']));
    }
}
