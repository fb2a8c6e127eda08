//! The program itself with a log of everything, in a folder of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use neokeys_testkit::server::{Server as Program, neokeys};
use neokeys_testkit::{Client, Issuer, Reply};

/// A running program that keeps what it wrote.
pub struct Server {
    pub issuer: Issuer,
    pub origin: String,
    folder: TempDir,
    server: Program,
    metrics: String,
    answers: Vec<String>,
    spans: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    /// `serve --dev` with one more issuer and these documents, at the level `trace`.
    pub fn start(format: &str, documents: &[(&str, &str)]) -> Self {
        Self::start_set(&format!("format: {format}, level: trace"), "", documents)
    }

    /// The same with these settings of the log, and more settings of `auth`.
    pub fn start_set(log: &str, auth: &str, documents: &[(&str, &str)]) -> Self {
        let (folder, issuer) = (TempDir::new().unwrap(), Issuer::generate());
        let place = |name: &str| folder.path().join(name);
        for (tenant, document) in documents {
            std::fs::create_dir_all(place("data").join(tenant)).unwrap();
            put(place("data").join(tenant).join("security.yml"), document);
        }
        let (collector, spans) = collect();
        put(place("jwks.json"), &issuer.key_set().to_string());
        let settings = format!(
            "auth:\n  bearer:\n    issuers:\n      - issuer: {}\n        audience: {}\n        \
             jwks: file:jwks.json\n{auth}log: {{ {log} }}\n\
             metrics: {{ listen: '127.0.0.1:0' }}\n\
             traces: {{ endpoint: 'http://{collector}', one_in: 1 }}\n",
            Issuer::NAME,
            Issuer::AUDIENCE,
        );
        put(place("neokeys.yml"), &settings);
        let mut command = program(&folder);
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0"]);
        let mut server = Program::start_logged(&mut command, &place("log"));
        let (origin, metrics) = (server.origin().to_owned(), server.metrics());
        Self { issuer, origin, folder, server, metrics, answers: Vec::new(), spans }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.origin)
    }

    /// The page for a scraper.
    pub async fn scrape(&self) -> String {
        Client::of_another(&self.metrics).get("").await.text().to_owned()
    }

    /// A client for what is no operation and may be refused by the HTTP library.
    pub fn plain_client(&self) -> Client {
        Client::of_another(&self.origin)
    }

    /// The line of its output that starts like this.
    pub fn said(&mut self, start: &str) -> String {
        self.server.process.says(start)
    }

    /// Keeps an answer, and hands it on.
    pub fn keep(&mut self, reply: Reply) -> Reply {
        self.answers.push(format!("{reply:?}"));
        reply
    }

    /// Runs another command of the program on the same store; gives both its outputs.
    pub fn command(&mut self, arguments: &[&str]) -> (String, String) {
        let output = program(&self.folder).args(arguments).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// The text of what was sent to the collector of traces so far.
    pub fn spans(&self) -> String {
        String::from_utf8_lossy(&self.spans.lock().unwrap()).into_owned()
    }

    /// Writes a file beside the program.
    pub fn write(&self, name: &str, text: &str) {
        put(self.folder.path().join(name), text);
    }

    /// Reads a file beside the program.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Writes a tenant's document by hand.
    pub fn edit(&self, tenant: &str, document: &str) {
        put(self.folder.path().join("data").join(tenant).join("security.yml"), document);
    }

    /// Ends it; gives its log and every answer that was kept.
    pub fn end(mut self) -> (String, String) {
        self.server.process.end();
        let log = std::fs::read(self.folder.path().join("log")).unwrap();
        (String::from_utf8(log).unwrap(), self.answers.join("\n"))
    }
}

/// A collector of traces, which keeps every byte: its address, and what came.
fn collect() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let spans = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&spans);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(&stream);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let header = line.to_ascii_lowercase();
                if let Some(value) = header.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                kept.lock().unwrap().extend(line.drain(..).map(|it| it as u8));
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_ok() {
                kept.lock().unwrap().extend(body);
            }
            let _ = (&stream)
                .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        }
    });
    (address, spans)
}

/// The program in that folder, with no setting from outside.
fn program(folder: &TempDir) -> Command {
    let mut command = Command::new(neokeys());
    command.env_clear().current_dir(folder.path());
    command
}

fn put(path: PathBuf, text: &str) {
    File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}
