//! An issuer on loopback that answers what a test tells it to.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// The answer at a path.
#[derive(Clone)]
pub(crate) enum Answer {
    /// 200 with that text.
    Text(String),
    /// 200 with that text, said to be compressed.
    Compressed(String),
    /// 302 to that path of the same server.
    Redirect(String),
    /// 200 and a body without end.
    Endless,
    /// 200 and one byte every 20 ms.
    Dripping,
    /// The text, after 100 ms.
    Late(String),
    /// The connection is closed.
    Slammed,
}

impl Answer {
    pub(crate) fn json(value: &Value) -> Self {
        Self::Text(value.to_string())
    }
}

struct State {
    answers: Mutex<HashMap<String, Answer>>,
    requests: Mutex<Vec<String>>,
    heads: Mutex<Vec<String>>,
    stopped: AtomicBool,
}

/// The server; it ends with this value.
pub(crate) struct StubIssuer {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<State>,
}

impl StubIssuer {
    pub(crate) fn start() -> Self {
        Self::listen(None)
    }

    /// One that speaks TLS.
    pub(crate) fn start_tls(tls: Arc<ServerConfig>) -> Self {
        Self::listen(Some(tls))
    }

    fn listen(tls: Option<Arc<ServerConfig>>) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            answers: Mutex::default(),
            requests: Mutex::default(),
            heads: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if served.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (state, tls) = (Arc::clone(&served), tls.clone());
                // A client that hangs up ends the answer.
                std::thread::spawn(move || match tls {
                    None => drop(serve(&state, stream)),
                    Some(tls) => drop(serve_tls(&state, stream, tls)),
                });
            }
        });
        Self { address, scheme, state }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.state.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// The heads of every request, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.state.heads.lock().unwrap().clone()
    }

    /// How often a path was asked for.
    pub(crate) fn requests(&self, path: &str) -> usize {
        self.state.requests.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }
}

impl Drop for StubIssuer {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts; whether it is still there does not matter.
        drop(TcpStream::connect(self.address));
    }
}

fn serve_tls(state: &State, stream: TcpStream, tls: Arc<ServerConfig>) -> std::io::Result<()> {
    let connection = ServerConnection::new(tls).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    serve(state, &mut stream)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn serve<S: Read + Write>(state: &State, mut stream: S) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => request.extend_from_slice(&buffer[..count]),
        }
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    state.heads.lock().unwrap().push(head);
    let path = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap_or_default().to_owned();
    let answer = state.answers.lock().unwrap().get(&path).cloned();
    state.requests.lock().unwrap().push(path);
    let begin = |stream: &mut S, status: &str, more: &str| {
        write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n{more}\r\n")
    };
    match answer {
        None => begin(&mut stream, "404 Not Found", "Content-Length: 0\r\n"),
        Some(Answer::Text(text)) => {
            begin(&mut stream, "200 OK", &format!("Content-Length: {}\r\n", text.len()))?;
            stream.write_all(text.as_bytes())
        }
        Some(Answer::Compressed(text)) => {
            let coding = "Content-Encoding: gzip\r\n";
            begin(&mut stream, "200 OK", &format!("{coding}Content-Length: {}\r\n", text.len()))?;
            stream.write_all(text.as_bytes())
        }
        Some(Answer::Late(text)) => {
            std::thread::sleep(Duration::from_millis(100));
            begin(&mut stream, "200 OK", &format!("Content-Length: {}\r\n", text.len()))?;
            stream.write_all(text.as_bytes())
        }
        Some(Answer::Redirect(to)) => {
            begin(&mut stream, "302 Found", &format!("Location: {to}\r\nContent-Length: 0\r\n"))
        }
        Some(Answer::Endless) => {
            begin(&mut stream, "200 OK", "")?;
            loop {
                stream.write_all(&[b' '; 4096])?;
            }
        }
        Some(Answer::Dripping) => {
            begin(&mut stream, "200 OK", "")?;
            loop {
                stream.write_all(b" ")?;
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Some(Answer::Slammed) => Ok(()),
    }
}
