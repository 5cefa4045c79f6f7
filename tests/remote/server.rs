//! A server of HTTP with one file, that answers as tests want.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How the server answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// All, whatever range is asked for.
    pub no_ranges: bool,
    /// Without an ETag.
    pub no_etag: bool,
    /// With an ETag that is not for comparisons.
    pub weak_etag: bool,
    /// It does not look at `If-Match`.
    pub ignores_match: bool,
    /// This status, and no more.
    pub status: Option<&'static str>,
    /// So many answers end after half of their bytes.
    pub short: u64,
    /// So many answers are of this status.
    pub failing: u64,
    /// How long each answer takes.
    pub delay: Duration,
}

pub(crate) struct Server {
    shared: Arc<Shared>,
    port: u16,
}

#[derive(Default)]
struct Shared {
    file: Mutex<(Vec<u8>, u64)>,
    manner: Mutex<Manner>,
    requests: AtomicU64,
}

impl Server {
    pub(crate) fn new(file: Vec<u8>, manner: Manner) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { file: Mutex::new((file, 1)), manner: Mutex::new(manner), ..Shared::default() });
        let serving = Arc::clone(&shared);
        // It ends with the test's program.
        thread::spawn(move || {
            for connection in listener.incoming() {
                let shared = Arc::clone(&serving);
                thread::spawn(move || while shared.answer(connection.as_ref().unwrap()).is_some() {});
            }
        });
        Self { shared, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/run.h5", self.port)
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.shared.manner.lock().unwrap());
    }

    /// Another file at the same place.
    pub(crate) fn replace(&self, file: Vec<u8>) {
        let mut kept = self.shared.file.lock().unwrap();
        *kept = (file, kept.1 + 1);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// Answers one request; `None` where the connection is to end.
    fn answer(&self, connection: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(connection);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            // A client does not send the next request before it has the answer.
            if reader.by_ref().read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let header = |name: &str| {
            let found =
                lines.iter().find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)));
            found.map(|(_, value)| value.to_owned())
        };
        let (file, version) = self.file.lock().unwrap().clone();
        let manner = self.manner.lock().unwrap().clone();
        thread::sleep(manner.delay);
        let etag = format!("{}\"{version}\"", if manner.weak_etag { "W/" } else { "" });
        let etag_line = if manner.no_etag { String::new() } else { format!("ETag: {etag}\r\n") };
        let date = format!("Last-Modified: Sat, 28 Nov 2026 00:00:0{version} GMT\r\n");
        let mut connection = connection;
        let mut bare = |status: &str| {
            connection.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).ok()
        };
        if let Some(status) = manner.status {
            return bare(status);
        }
        if manner.failing > 0 {
            self.manner.lock().unwrap().failing -= 1;
            return bare("503 Service Unavailable");
        }
        if !lines[0].contains("/run.h5") {
            return bare("404 Not Found");
        }
        if !manner.ignores_match && header("if-match").is_some_and(|wanted| wanted != etag) {
            return bare("412 Precondition Failed");
        }
        let range = header("range").filter(|_| !manner.no_ranges).map(|range| {
            let (start, end) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            start.parse::<usize>().unwrap()..file.len().min(end.parse::<usize>().unwrap() + 1)
        });
        let (head, body) = match range {
            Some(range) if range.start >= range.end => return bare("416 Range Not Satisfiable"),
            Some(range) => {
                let place = format!("Content-Range: bytes {}-{}/{}\r\n", range.start, range.end - 1, file.len());
                (format!("HTTP/1.1 206 Partial Content\r\n{place}"), &file[range])
            }
            None => ("HTTP/1.1 200 OK\r\n".to_owned(), &file[..]),
        };
        let head = format!("{head}Content-Length: {}\r\n{etag_line}{date}\r\n", body.len());
        connection.write_all(head.as_bytes()).ok()?;
        if manner.short > 0 {
            self.manner.lock().unwrap().short -= 1;
            connection.write_all(&body[..body.len() / 2]).ok()?;
            connection.shutdown(std::net::Shutdown::Both).ok()?;
            return None;
        }
        connection.write_all(body).ok()
    }
}
