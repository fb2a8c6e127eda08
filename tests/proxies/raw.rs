//! Requests to the byte, for what no client library sends.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// An answer to a request that was sent on a connection of its own.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Asks for a path with these header lines; `Host` is added.
pub fn get(address: &str, path: &str, lines: &[Vec<u8>]) -> Answer {
    ask(address, "GET", path, lines)
}

/// Sends a request without a body, with these header lines; `Host` is added. A connection that is
/// closed without an answer is one of status 0.
pub fn ask(address: &str, method: &str, path: &str, lines: &[Vec<u8>]) -> Answer {
    let mut connection = connect(address);
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n").into_bytes();
    for line in lines {
        request.extend_from_slice(line);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    // Who refuses a head may close before it has read all of it.
    let _ = connection.write_all(&request);
    read(&mut connection, method != "HEAD")
}

/// A connection that gives up, rather than waits for ever.
pub fn connect(address: &str) -> TcpStream {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    connection
}

/// Reads one answer and no byte more; of a status that ends HTTP (101) its head alone. What comes
/// before the final one (100, 103) is passed over.
pub fn read_answer(connection: &mut TcpStream) -> Answer {
    read(connection, true)
}

fn read(connection: &mut TcpStream, has_body: bool) -> Answer {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match some(connection, 1) {
            Some(byte) => head.extend(byte),
            None => return Answer { status: 0, head: String::new(), body: head },
        }
    }
    let head = String::from_utf8_lossy(&head).trim_end().to_lowercase();
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let body = if matches!(status, 101 | 204 | 304) || !has_body && status >= 200 {
        Vec::new()
    } else if (100..200).contains(&status) {
        return read(connection, has_body);
    } else if let Some(length) = value("content-length:") {
        some(connection, length.parse().unwrap()).unwrap_or_default()
    } else if value("transfer-encoding:").is_some_and(|it| it == "chunked") {
        chunks(connection)
    } else {
        let mut body = Vec::new();
        while let Some(byte) = some(connection, 1) {
            body.extend(byte);
        }
        body
    };
    Answer { status, head, body }
}

fn chunks(connection: &mut TcpStream) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(some(connection, 1).expect("a chunk"));
        }
        let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).unwrap();
        let chunk = some(connection, size + 2).expect("a chunk's end");
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// As many bytes; nothing if the connection is closed before.
fn some(connection: &mut TcpStream, number: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; number];
    match connection.read_exact(&mut bytes) {
        Ok(()) => Some(bytes),
        // What a reset leaves is as if it were closed; a wait without an end is a fault.
        Err(error)
            if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) =>
        {
            None
        }
        Err(error) => panic!("{error}: no answer comes"),
    }
}
