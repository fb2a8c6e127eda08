//! Where one request on a connection ends and the next begins, read along with the bytes.
//!
//! The HTTP parser sees the same bytes and has the last word: what is read here decides when a
//! connection is given up and what is left unread after its last request, never what a request
//! says. A test holds both to the same ends.

use memchr::memchr;

/// The longest line that is kept until its end arrives; of a longer one that arrives in parts, the
/// rest is not looked at.
const KEPT: usize = 4096;

/// Follows the messages of a connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    place: Inside,
    head: Head,
    /// The beginning of a line whose end has not arrived.
    line: Vec<u8>,
    ended: u64,
}

/// The bytes that have arrived last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The end of a request, or nothing yet.
    Between,
    /// A part of a head, if only an empty line.
    Head,
    /// A part of a body.
    Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Inside {
    #[default]
    Between,
    Head,
    /// A body, or a part of one with its line end, of which so much is missing.
    Length(u64),
    Chunk {
        missing: u64,
    },
    ChunkSize,
    Trailer,
    /// The rest is no HTTP, or has no end.
    Endless,
}

/// The end of a message and of the connection, as its head has it.
#[derive(Debug, Clone, Copy, Default)]
struct Head {
    has_request_line: bool,
    is_http_1_0: bool,
    is_connect: bool,
    is_websocket: bool,
    is_chunked: bool,
    length: u64,
    connection: Option<Connection>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    Close,
    KeepAlive,
    Upgrade,
}

impl Framing {
    /// Reads on. If the last request that the connection may carry ends here, gives how many of the
    /// bytes belong to it.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match self.place {
                Inside::Endless => return None,
                Inside::Length(missing) => {
                    let (taken, missing) = take(rest, missing);
                    at += taken;
                    self.place = Inside::Length(missing);
                    if missing == 0 && self.end() {
                        return Some(at);
                    }
                }
                Inside::Chunk { missing } => {
                    let (taken, missing) = take(rest, missing);
                    at += taken;
                    self.place =
                        if missing == 0 { Inside::ChunkSize } else { Inside::Chunk { missing } };
                }
                Inside::Between | Inside::Head | Inside::ChunkSize | Inside::Trailer => {
                    if self.place == Inside::Between {
                        self.place = Inside::Head;
                    }
                    let Some(end) = memchr(b'\n', rest) else {
                        let room = KEPT.saturating_sub(self.line.len());
                        self.line.extend_from_slice(&rest[..rest.len().min(room)]);
                        return None;
                    };
                    at += end + 1;
                    if self.whole_line(&rest[..end]) && self.end() {
                        return Some(at);
                    }
                }
            }
        }
        None
    }

    /// The bytes that have arrived last.
    pub(super) fn place(&self) -> Place {
        match self.place {
            Inside::Between => Place::Between,
            Inside::Head => Place::Head,
            Inside::Length(_)
            | Inside::Chunk { .. }
            | Inside::ChunkSize
            | Inside::Trailer
            | Inside::Endless => Place::Body,
        }
    }

    /// How many messages have ended.
    pub(super) fn ended(&self) -> u64 {
        self.ended
    }

    /// Takes a line whose end has arrived; says whether the message ends with it.
    fn whole_line(&mut self, end: &[u8]) -> bool {
        if self.line.is_empty() {
            return self.take_line(end);
        }
        let mut line = std::mem::take(&mut self.line);
        let room = KEPT.saturating_sub(line.len());
        line.extend_from_slice(&end[..end.len().min(room)]);
        let ends = self.take_line(&line);
        line.clear();
        self.line = line;
        ends
    }

    fn take_line(&mut self, line: &[u8]) -> bool {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.place {
            Inside::ChunkSize => {
                self.place = match chunk_size(line) {
                    Some(0) => Inside::Trailer,
                    // With the line end that follows it.
                    Some(size) => Inside::Chunk { missing: size.saturating_add(2) },
                    None => Inside::Endless,
                };
                false
            }
            Inside::Trailer => line.is_empty(),
            Inside::Between
            | Inside::Head
            | Inside::Length(_)
            | Inside::Chunk { .. }
            | Inside::Endless => {
                if line.is_empty() {
                    return self.head.has_request_line && self.head_ends();
                }
                self.head.take(line);
                false
            }
        }
    }

    /// Whether the message ends with its head.
    fn head_ends(&mut self) -> bool {
        let Head { is_chunked, is_websocket, is_connect, length, .. } = self.head;
        self.place = match length {
            _ if is_chunked => Inside::ChunkSize,
            _ if is_websocket => Inside::Endless,
            0 if is_connect => Inside::Endless,
            0 => Inside::Between,
            length => Inside::Length(length),
        };
        self.place == Inside::Between
    }

    /// Ends a message; says whether it is the connection's last.
    fn end(&mut self) -> bool {
        let Head { connection, is_http_1_0, .. } = std::mem::take(&mut self.head);
        self.place = Inside::Between;
        self.ended += 1;
        match connection {
            Some(connection) => connection == Connection::Close,
            None => is_http_1_0,
        }
    }
}

impl Head {
    fn take(&mut self, line: &[u8]) {
        if !self.has_request_line {
            self.has_request_line = true;
            self.is_http_1_0 = line.ends_with(b" HTTP/1.0");
            self.is_connect = line.starts_with(b"CONNECT ");
            return;
        }
        // The fields that matter begin with four letters; the others are passed over by their first.
        match line[0] {
            b'c' | b'C' => {
                if let Some(value) = value(line, b"content-length") {
                    self.length = std::str::from_utf8(value)
                        .ok()
                        .and_then(|digits| digits.parse().ok())
                        .unwrap_or(0);
                } else if let Some(options) = value(line, b"connection") {
                    self.connection = connection(self.connection, options);
                }
            }
            b't' | b'T' => {
                if let Some(coding) = value(line, b"transfer-encoding") {
                    self.is_chunked |= coding.eq_ignore_ascii_case(b"chunked");
                }
            }
            b'u' | b'U' => {
                if let Some(protocol) = value(line, b"upgrade") {
                    self.is_websocket |= protocol.eq_ignore_ascii_case(b"websocket");
                }
            }
            _ => {}
        }
    }
}

/// The value of a field, if the line is that field.
fn value<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":")?;
    start.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

/// The fate of the connection after one more `Connection` field: `close` beats all else.
fn connection(mut known: Option<Connection>, options: &[u8]) -> Option<Connection> {
    for option in options.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        if option.eq_ignore_ascii_case(b"close") {
            return Some(Connection::Close);
        } else if option.eq_ignore_ascii_case(b"upgrade") && known != Some(Connection::Close) {
            known = Some(Connection::Upgrade);
        } else if option.eq_ignore_ascii_case(b"keep-alive") {
            known = known.or(Some(Connection::KeepAlive));
        }
    }
    known
}

fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let digits = std::str::from_utf8(&line[..digits]).ok()?;
    u64::from_str_radix(digits, 16).ok()
}

/// How many of the bytes are of what is missing, and what is missing still.
fn take(bytes: &[u8], missing: u64) -> (usize, u64) {
    let taken = usize::try_from(missing).unwrap_or(usize::MAX).min(bytes.len());
    (taken, missing - taken as u64)
}

#[cfg(test)]
mod tests;
