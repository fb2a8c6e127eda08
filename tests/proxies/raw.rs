//! Requests to the byte, for what no client library sends.

use std::io::{Read as _, Write as _};
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

/// Reads one answer; of a status that ends HTTP (101) its head alone.
pub fn read_answer(connection: &mut TcpStream) -> Answer {
    read(connection, true)
}

fn read(connection: &mut TcpStream, has_body: bool) -> Answer {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
    loop {
        if let Some(answer) = whole(&bytes, !has_body) {
            return answer;
        }
        let read = match connection.read(&mut buffer) {
            Ok(read) => read,
            // What a reset leaves is as if it were closed; a wait without an end is a fault.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&bytes)),
        };
        if read == 0 {
            let nothing = Answer { status: 0, head: String::new(), body: Vec::new() };
            return whole(&bytes, true).unwrap_or(nothing);
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
}

fn whole(bytes: &[u8], is_all: bool) -> Option<Answer> {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let body = bytes[end + 4..].to_vec();
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let is_whole = match length {
        _ if is_all || matches!(status, 101 | 204 | 304) => true,
        Some(length) => body.len() >= length.trim().parse::<usize>().unwrap(),
        None => body.ends_with(b"0\r\n\r\n"),
    };
    is_whole.then_some(Answer { status, head, body })
}
