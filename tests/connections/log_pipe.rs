//! A log that nobody reads stalls nobody.

use std::io::{Read as _, Write as _};

use rustix::process::Signal;

use crate::node::{KEYS, Node, answer, at_last, get};

/// Far more lines than a pipe and the room for them take.
const REQUESTS: usize = 8_000;

#[test]
fn requests_wait_for_no_reader_of_the_log() {
    for format in ["text", "json"] {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let node = Node::builder()
            .settings(&format!("log: {{format: {format}}}\nmetrics: {{listen: '127.0.0.1:0'}}\n"))
            .standard_error(writer)
            .start();
        let mut client = node.connect();
        for _ in 0..REQUESTS {
            client.write_all(get(KEYS).as_bytes()).unwrap();
            assert!(answer(&mut client).starts_with("HTTP/1.1 200 "));
        }
        let dropped = node.metric("neokeys_log_lines_dropped_total");
        assert!(dropped > 0.0 && dropped < REQUESTS as f64, "{dropped}");
        // Once somebody reads, what was kept comes, and how much was not.
        let mut log = Vec::new();
        let mut piece = [0; 65536];
        while !String::from_utf8_lossy(&log).contains("lines of the log were dropped") {
            let count = reader.read(&mut piece).unwrap();
            assert!(count > 0, "the log ended");
            log.extend_from_slice(&piece[..count]);
            // A line makes the thread look again.
            assert!(node.list().starts_with("HTTP/1.1 200 "));
        }
        let log = String::from_utf8(log).unwrap();
        let told = log.lines().find(|line| line.contains("were dropped")).unwrap();
        let number = told.rsplit_once("lines_dropped").unwrap().1;
        let number =
            number.trim_start_matches(['"', ':', '=']).split(|it: char| !it.is_ascii_digit());
        let number: usize = number.into_iter().next().unwrap().parse().unwrap();
        // Lines of requests that came behind the metric's reading may be among them.
        assert!(number >= dropped as usize, "{dropped}: {told}");
        let kept = log.lines().filter(|line| line.contains("operation")).count();
        assert!(kept + number >= REQUESTS, "{kept} and {number}");
    }
}

#[test]
fn a_process_ends_though_nobody_reads_its_log() {
    for signals in [1, 2] {
        let (_reader, writer) = std::io::pipe().unwrap();
        let mut node = Node::builder().standard_error(writer).start();
        let mut client = node.connect();
        for _ in 0..1_000 {
            client.write_all(get(KEYS).as_bytes()).unwrap();
            answer(&mut client);
        }
        (0..signals).for_each(|_| node.signal(Signal::TERM));
        assert_eq!(node.ended().code(), Some(0));
    }
}

#[test]
fn the_last_lines_are_written() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut node = Node::builder().standard_error(writer).start();
    assert!(node.list().starts_with("HTTP/1.1 200 "));
    node.signal(Signal::TERM);
    at_last("it ends", || node.has_ended());
    let mut log = String::new();
    reader.read_to_string(&mut log).unwrap();
    assert!(log.contains("operation") && log.contains("SIGTERM"), "{log}");
}
