//! One request after another on a connection that stays.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Sends a request on a connection that stays, and gives the status of its answer.
pub fn exchange(connection: &mut TcpStream, request: &str) -> u16 {
    connection.write_all(request.as_bytes()).unwrap();
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let whole = match length {
                Some(length) => body.len() >= length.trim().parse::<usize>().unwrap(),
                None => body.ends_with("0\r\n\r\n"),
            };
            if whole {
                assert!(!head.contains("connection: close"), "{head}");
                return head.split(' ').nth(1).unwrap().parse().unwrap();
            }
        }
        let read = connection.read(&mut buffer).unwrap();
        assert_ne!(read, 0, "the connection is closed after {text:?}");
        answer.extend_from_slice(&buffer[..read]);
    }
}
