//! The program as a process, with a folder of its own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use neokeys::domain::Digest;
use neokeys_testkit::server::{Server, neokeys};
use rcgen::CertifiedKey;
use rustix::process::{Signal, kill_process};
use tempfile::TempDir;

/// A key of the tenant `t1` that may do everything.
pub(crate) const ADMIN: &str = "token-of-admin";

/// The list of tenant `t1`.
pub(crate) const KEYS: &str = "/api/t1/admin/apiKeys";

/// How long a condition is waited for. Nothing is as slow as this unless it never comes.
pub(crate) const AT_LAST: Duration = Duration::from_secs(120);

/// A process that is being put together.
pub(crate) struct NodeBuilder {
    folder: TempDir,
    settings: String,
    document: String,
    shell: Option<String>,
    error: Option<Stdio>,
    is_secure: bool,
}

/// A running process; it is killed when this goes.
pub(crate) struct Node {
    server: Server,
    folder: TempDir,
    metrics: Option<String>,
}

impl Node {
    pub(crate) fn builder() -> NodeBuilder {
        NodeBuilder {
            folder: tempfile::tempdir().unwrap(),
            settings: String::new(),
            document: entry("admin", ADMIN),
            shell: None,
            error: None,
            is_secure: false,
        }
    }

    /// A process with these settings.
    pub(crate) fn start(settings: &str) -> Self {
        Self::builder().settings(settings).start()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.address())
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.server.address()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its standard error until now.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// Its resident memory, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.server.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// The answer to a request on a connection of its own.
    pub(crate) fn ask(&self, request: &str) -> String {
        ask(self.address(), request)
    }

    /// A GET of the list by its administrator.
    pub(crate) fn list(&self) -> String {
        self.ask(&get(KEYS))
    }

    /// The value of a metric, zero if it is not there.
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let [value] = self.metrics([series]);
        value
    }

    /// The values of several at one moment.
    pub(crate) fn metrics<const N: usize>(&self, series: [&str; N]) -> [f64; N] {
        let page = ask(self.metrics_address(), &get("/metrics"));
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        series.map(|series| {
            let mut values = page.lines().filter_map(|line| line.strip_prefix(series));
            let value = values.find_map(|rest| rest.strip_prefix(' '));
            value.map_or(0.0, |value| value.parse().unwrap())
        })
    }

    /// Host and port of its metrics.
    pub(crate) fn metrics_address(&self) -> &str {
        self.metrics.as_deref().expect("metrics.listen is set")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // It may have ended meanwhile: until it is waited for, its id is nobody else's.
        let _ = kill_process(self.server.process.id(), signal);
    }

    /// How it ended; it must end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        at_last("the process ends", || {
            status = self.server.process.child().try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.server.process.has_ended()
    }
}

impl NodeBuilder {
    /// Lines that are added to the settings file.
    pub(crate) fn settings(mut self, yaml: &str) -> Self {
        self.settings.push_str(yaml);
        self
    }

    /// Entries that are added to the document of `t1`.
    pub(crate) fn entries(mut self, entries: &str) -> Self {
        self.document.push_str(entries);
        self
    }

    /// The commands of a shell before it becomes the program, such as setting its limits.
    pub(crate) fn after(mut self, shell: &str) -> Self {
        self.shell = Some(shell.to_owned());
        self
    }

    /// Where standard error goes in place of the file `log`.
    pub(crate) fn standard_error(mut self, to: impl Into<Stdio>) -> Self {
        self.error = Some(to.into());
        self
    }

    /// With a certificate of its own.
    pub(crate) fn secure(mut self) -> Self {
        certify(self.folder.path());
        let folder = self.folder.path().display().to_string();
        self.is_secure = true;
        self.settings(&format!("tls: {{certificate: {folder}/cert.pem, key: {folder}/key.pem}}\n"))
    }

    pub(crate) fn start(self) -> Node {
        let folder = self.folder.path();
        fs::create_dir_all(folder.join("data/t1")).unwrap();
        put(&folder.join("data/t1/security.yml"), &format!("apiKeys:\n{}", self.document));
        put(
            &folder.join("neokeys.yml"),
            &format!("listen: 127.0.0.1:0\nstore: file:data\n{}", self.settings),
        );
        let program = neokeys();
        let mut command = match &self.shell {
            None => Command::new(program),
            Some(shell) => {
                let mut command = Command::new("bash");
                command.arg("-c").arg(format!("{shell}; exec \"$0\" \"$@\"")).arg(program);
                command
            }
        };
        command.args(["serve", "--config", "neokeys.yml"]).current_dir(folder);
        command.stdin(Stdio::null());
        let mut server = match self.error {
            Some(error) => Server::start(command.stderr(error)),
            None => Server::start_logged(&mut command, &folder.join("log")),
        };
        let scheme = if self.is_secure { "https://" } else { "http://" };
        assert!(server.origin().starts_with(scheme), "{}", server.origin());
        let metrics = self.settings.contains("metrics:").then(|| {
            let address = server.metrics();
            address.trim_start_matches("http://").trim_end_matches("/metrics").to_owned()
        });
        Node { server, folder: self.folder, metrics }
    }
}

/// One entry of a document.
pub(crate) fn entry(name: &str, token: &str) -> String {
    let digest = Digest::of(token.as_bytes()).to_hex();
    format!("  - name: {name}\n    enabled: true\n    permissions: [\"*\"]\n    hash: {digest}\n")
}

/// A new certificate for `localhost` and its key, in the files that settings name.
pub(crate) fn certify(folder: &std::path::Path) -> CertifiedKey<rcgen::KeyPair> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    put(&folder.join("key.pem"), &made.signing_key.serialize_pem());
    put(&folder.join("cert.pem"), &made.cert.pem());
    made
}

#[expect(clippy::disallowed_methods, reason = "what a test lays out need not outlive a power cut")]
pub(crate) fn put(path: &std::path::Path, text: &str) {
    fs::write(path, text).unwrap();
}

pub(crate) fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(AT_LAST)).unwrap();
    stream.set_write_timeout(Some(AT_LAST)).unwrap();
    stream
}

/// A whole request by the administrator of `t1`.
pub(crate) fn request(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nX-API-KEY: {ADMIN}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-API-KEY: {ADMIN}\r\n\r\n")
}

/// The answer to a request on a connection of its own.
pub(crate) fn ask(address: &str, request: &str) -> String {
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).unwrap();
    answer(&mut stream)
}

/// One answer, head and body, as its `Content-Length` says.
pub(crate) fn answer(stream: &mut impl std::io::Read) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap() == 0 {
            return String::from_utf8(bytes).unwrap();
        }
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|it| it.split("\r\n").next());
    let length: u64 = length.map_or(0, |length| length.parse().unwrap());
    let mut body = Vec::new();
    stream.take(length).read_to_end(&mut body).unwrap();
    head + &String::from_utf8_lossy(&body)
}

/// Waits until a condition holds.
pub(crate) fn at_last(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + AT_LAST;
    while !holds() {
        assert!(Instant::now() < deadline, "it never came that {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
