//! The ends that are read here are those that the HTTP parser comes to.

use actix_http::h1::{Codec, Message};
use actix_http::{ConnectionType, ServiceConfig};
use bytes::BytesMut;
use proptest::prelude::*;
use tokio_util::codec::Decoder as _;

use super::{Framing, Place};

/// The parser's reading of bytes that arrive bit by bit.
struct Parser {
    codec: Codec,
    buffer: BytesMut,
    is_in_body: bool,
    closes: bool,
    is_over: bool,
}

impl Parser {
    fn new() -> Self {
        Self {
            codec: Codec::new(ServiceConfig::default()),
            buffer: BytesMut::new(),
            is_in_body: false,
            closes: false,
            is_over: false,
        }
    }

    /// Reads on up to the end of the last request, if it is there.
    fn follow(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        while !self.is_over {
            match self.codec.decode(&mut self.buffer).unwrap() {
                None => break,
                Some(Message::Item(request)) => {
                    self.closes = request.head().connection_type() == ConnectionType::Close;
                    self.is_in_body =
                        !matches!(self.codec.message_type(), actix_http::h1::MessageType::None);
                    self.is_over = self.closes && !self.is_in_body;
                }
                Some(Message::Chunk(Some(_))) => {}
                Some(Message::Chunk(None)) => {
                    self.is_in_body = false;
                    self.is_over = self.closes;
                }
            }
        }
    }

    fn place(&self) -> Place {
        if self.is_in_body {
            Place::Body
        } else if self.buffer.is_empty() {
            Place::Between
        } else {
            Place::Head
        }
    }
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Accept: */*\r\n".to_owned()),
        Just("Content-Lengthy: 5\r\n".to_owned()),
        Just("X-Connection: close\r\n".to_owned()),
        Just("Connections: close\r\n".to_owned()),
        Just("Upgrade: h2c\r\n".to_owned()),
        Just("T: chunked\n".to_owned()),
        Just("connection:keep-alive\r\n".to_owned()),
        Just("Connection: Upgrade ,\tkeep-alive\r\n".to_owned()),
        "[a-z]{1,12}".prop_map(|name| format!("x-{name}: \r\n")),
        (1..6000_usize).prop_map(|length| format!("X-Long: {}\r\n", "v".repeat(length))),
    ]
}

fn last() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        40 => Just(""),
        1 => Just("Connection: close\r\n"),
        1 => Just("CONNECTION: upgrade, Close\r\n"),
        1 => Just("Connection: keep-alive\r\nconnection: x,close \r\n"),
    ]
}

fn body() -> impl Strategy<Value = (String, Vec<u8>)> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..300);
    let chunks = proptest::collection::vec((1..200_usize, "(;[a-z]{1,3}| )?"), 0..4);
    prop_oneof![
        Just((String::new(), Vec::new())),
        Just(("Content-Length: 0\r\n".to_owned(), Vec::new())),
        bytes().prop_map(|body| (format!("content-length:  {} \r\n", body.len()), body)),
        (chunks, prop_oneof![Just(""), Just("Trailer: x\r\nB: y\r\n")]).prop_map(
            |(chunks, trailer)| {
                let mut body = Vec::new();
                for (size, extension) in chunks {
                    body.extend(format!("{size:x}{extension}\r\n").bytes());
                    body.extend(std::iter::repeat_n(b'\n', size));
                    body.extend(b"\r\n");
                }
                body.extend(format!("0\r\n{trailer}\r\n").bytes());
                ("Transfer-Encoding: Chunked\r\n".to_owned(), body)
            }
        ),
        Just(("Connection: upgrade\r\nUpgrade: WebSocket\r\n".to_owned(), b"GET / x\r\n".to_vec())),
    ]
}

fn request() -> impl Strategy<Value = Vec<u8>> {
    let before = prop_oneof![4 => Just(""), 1 => Just("\r\n"), 1 => Just("\r\n\n\r\n")];
    let fields = proptest::collection::vec(field(), 0..5);
    let version = prop_oneof![30 => Just("1.1"), 1 => Just("1.0")];
    let method = prop_oneof![20 => Just("GET"), 20 => Just("PUT"), 1 => Just("CONNECT")];
    (before, method, version, fields, body(), last()).prop_map(
        |(before, method, version, fields, (framing, body), last)| {
            // HTTP/1.0 knows no chunks.
            let version = if framing.starts_with('T') { "1.1" } else { version };
            let target = if method == "CONNECT" { "a:1" } else { "/" };
            let fields = fields.concat();
            let head = format!(
                "{before}{method} {target} HTTP/{version}\r\nHost: x\r\n{fields}{framing}{last}\r\n"
            );
            [head.into_bytes(), body].concat()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_are_too_odd_to_follow(parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..10)) {
        let mut framing = Framing::default();
        for part in parts {
            let taken = framing.follow(&part);
            prop_assert!(taken.is_none_or(|taken| taken <= part.len()));
            prop_assert!(framing.line.len() <= super::KEPT);
        }
    }
}

#[test]
fn lone_line_ends_are_the_beginning_of_a_head() {
    for text in ["\r", "\n", "\r\n", "\r\n\r\n", "\r\n\r\n\r\n", "G"] {
        let mut framing = Framing::default();
        let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!((framing.follow(request), framing.place()), (None, Place::Between));
        assert_eq!(
            (framing.follow(text.as_bytes()), framing.place()),
            (None, Place::Head),
            "{text:?}"
        );
    }
}

/// Holds one stream, cut at some places, against the parser.
fn compare(requests: &[Vec<u8>], cuts: &[prop::sample::Index]) -> Result<(), TestCaseError> {
    let stream = requests.concat();
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
    cuts.push(stream.len());
    cuts.sort_unstable();
    let (mut framing, mut parser) = (Framing::default(), Parser::new());
    let mut start = 0;
    for end in cuts {
        let part = &stream[start..end];
        let last = framing.follow(part);
        parser.follow(part);
        let label = String::from_utf8_lossy(&stream[..end]);
        prop_assert_eq!(last.is_some(), parser.is_over, "{}", label);
        if let Some(taken) = last {
            // What the parser has not taken is what comes after the last request.
            prop_assert_eq!(part.len() - taken, parser.buffer.len());
            break;
        }
        prop_assert_eq!(framing.place(), parser.place(), "{}", label);
        start = end;
    }
    Ok(())
}

#[actix_web::test]
async fn a_request_ends_where_the_parser_says() {
    let requests = proptest::collection::vec(request(), 1..6);
    let cuts = proptest::collection::vec(any::<prop::sample::Index>(), 0..12);
    let config = ProptestConfig { cases: 4_000, failure_persistence: None, ..Default::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let compared = runner.run(&(requests, cuts), |(requests, cuts)| compare(&requests, &cuts));
    compared.unwrap_or_else(|error| panic!("{error}"));
}
