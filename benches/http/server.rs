//! Servers as processes, and what the operating system says of them.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use neokeys_testkit::server::neokeys;

use crate::machine::Cores;

/// A server that runs until this goes.
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// neokeys with a file of settings, its log going to a file or nowhere.
    pub fn neokeys(settings: &Path, log: Option<&Path>) -> Self {
        Self::neokeys_by(settings, log, Cores::of_servers().command(neokeys().to_str().unwrap()))
    }

    /// The same, started by another program: its command comes behind that of the other.
    pub fn neokeys_under(settings: &Path, log: Option<&Path>, mut command: Command) -> Self {
        command.arg(neokeys());
        Self::neokeys_by(settings, log, command)
    }

    fn neokeys_by(settings: &Path, log: Option<&Path>, mut command: Command) -> Self {
        command.arg("serve").arg("--config").arg(settings);
        command.stderr(log.map_or_else(Stdio::inherit, |path| File::create(path).unwrap().into()));
        Self::start(command)
    }

    /// The bare handler, answering as a file says.
    pub fn bare(answer: &Path) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Cores::of_servers().command(program.to_str().unwrap());
        command.arg("bare").arg(answer);
        Self::start(command)
    }

    /// The same, started by another program.
    pub fn bare_under(answer: &Path, mut command: Command) -> Self {
        command.arg(std::env::current_exe().unwrap()).arg("bare").arg(answer);
        Self::start(command)
    }

    /// Any program that says where it listens, a port behind the last colon of its first line.
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().unwrap().trim_end_matches('/').parse();
        Self { child, port: port.unwrap_or_else(|_| panic!("{command:?} says {line:?}")) }
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The whole answer to one GET, on a connection of its own.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        self.send("GET", path, headers, "")
    }

    /// The whole answer to one POST of a form, likewise.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Vec<u8> {
        let length = form.len().to_string();
        let own =
            [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", &*length)];
        self.send("POST", path, &[headers, &own[..]].concat(), form)
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
        let mut answer = Vec::new();
        self.ask(method, path, headers, body).read_to_end(&mut answer).unwrap();
        answer
    }

    /// A connection on which one request was made, and the answer comes.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all((request + "\r\n" + body).as_bytes()).unwrap();
        stream
    }

    /// Seconds of processor time that the process has used, in the kernel too.
    pub fn cpu_seconds(&self) -> f64 {
        /// The unit of these figures: USER_HZ, which is 100 on every platform of Linux.
        const TICKS: f64 = 100.0;
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name in parentheses may hold spaces; user and system time are fields 14 and 15.
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = |field: usize| fields[field - 3].parse::<f64>().unwrap();
        (ticks(14) + ticks(15)) / TICKS
    }

    /// Memory that the process holds, in MiB.
    pub fn resident_mib(&self) -> f64 {
        self.status_mib("VmRSS:")
    }

    /// The most memory that the process ever held, in MiB.
    pub fn peak_mib(&self) -> f64 {
        self.status_mib("VmHWM:")
    }

    fn status_mib(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    /// Files and sockets that the process has open.
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
