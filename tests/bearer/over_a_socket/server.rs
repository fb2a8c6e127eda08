//! The program with a log of everything, spoken to byte by byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use neokeys_testkit::server::Server as Program;
use neokeys_testkit::workplace::Workplace;

const KEYS: &str = "/api/demo/admin/apiKeys";

/// A running program with the tenant `demo`; it ends when this goes.
pub(crate) struct Server {
    place: Workplace,
    server: Program,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    /// `None`: the connection ended without one.
    pub(crate) status: Option<u16>,
    /// All of it, head and body.
    pub(crate) text: String,
}

impl Server {
    /// Starts it with key sets in files, and issuers as the settings write them.
    pub(crate) fn start(files: &[(&str, &Value)], issuers: &[String]) -> Self {
        let place = Workplace::with_tenant();
        for (name, keys) in files {
            place.write(name, &keys.to_string());
        }
        let issuers: String = issuers.iter().map(|issuer| format!("      - {issuer}\n")).collect();
        place.write(
            "neokeys.yml",
            &format!(
                "auth:\n  bearer:\n    issuers:\n{issuers}log: {{ format: json, level: trace }}\n"
            ),
        );
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let server = Program::start_logged(&mut command, &place.path("log"));
        Self { place, server }
    }

    /// Asks for the list with that bearer token, whatever its bytes.
    pub(crate) fn ask(&self, token: &[u8]) -> Answer {
        self.send(&[b"Authorization: Bearer ", token, b"\r\n"].concat())
    }

    pub(crate) fn ask_without_credential(&self) -> Answer {
        self.send(b"")
    }

    fn send(&self, header: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.server.address()).unwrap();
        let head = self.head("close");
        // Whoever refuses a head before its end may not read it to that.
        let _ = stream.write_all(&[head.as_bytes(), header, b"\r\n"].concat());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        let status = text.split(' ').nth(1).map(|status| status.parse().unwrap());
        Answer { status, text }
    }

    /// Asks that often on one connection, and gives how many of the answers were 401.
    pub(crate) fn flood(&self, count: usize, token: &str) -> usize {
        let mut stream = TcpStream::connect(self.server.address()).unwrap();
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        let head = self.head("keep-alive");
        let request = format!("{head}Authorization: Bearer {token}\r\n\r\n");
        let refused = |answer: &(u16, usize)| answer.0 == 401;
        let mut ask = || {
            stream.write_all(request.as_bytes()).unwrap();
            let (status, length) = read_head(&mut answers);
            answers.read_exact(&mut vec![0; length]).unwrap();
            (status, length)
        };
        (0..count).map(|_| ask()).filter(refused).count()
    }

    fn head(&self, connection: &str) -> String {
        format!(
            "GET {KEYS} HTTP/1.1\r\nHost: {}\r\nConnection: {connection}\r\n",
            self.server.address()
        )
    }

    /// Ends it, and gives its log.
    pub(crate) fn end(mut self) -> String {
        self.server.process.end();
        self.place.read("log")
    }
}

/// Reads an answer's head: its status and the length of its body.
fn read_head(answer: &mut BufReader<TcpStream>) -> (u16, usize) {
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        assert_ne!(answer.read_line(&mut line).unwrap(), 0, "the connection was closed");
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            return (status, length);
        }
        if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest[..3].parse().unwrap();
        }
        if let Some(rest) = line.strip_prefix("content-length: ") {
            length = rest.parse().unwrap();
        }
    }
}

impl Answer {
    /// The one challenge.
    pub(crate) fn challenge(&self) -> Option<&str> {
        let mut lines = self.text.lines().take_while(|line| !line.is_empty()).filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("www-authenticate").then_some(value)
        });
        let first = lines.next();
        assert!(lines.next().is_none(), "{self:?}");
        first
    }

    /// The problem.
    pub(crate) fn body(&self) -> Value {
        let (_, body) = self.text.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }
}
