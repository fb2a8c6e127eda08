//! A server that gives everybody the same answer, for clients that are to meet one which neokeys does not give.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

/// Starts it, and gives its origin. It says this after the head of the first request of each connection, and
/// then nothing more for as long as somebody waits.
pub fn serve_fixed_answer(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head = BufReader::new(stream.try_clone().unwrap()).lines();
            // Who has left meanwhile gets none.
            let is_asked = head.map_while(Result::ok).any(|line| line.is_empty());
            if is_asked && stream.write_all(answer.as_bytes()).is_ok() {
                kept.push(stream);
            }
        }
    });
    origin
}
