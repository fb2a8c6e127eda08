//! Load by wrk, and what it says of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::machine::Cores;

/// Requests of one kind.
#[derive(Clone)]
pub struct Load {
    script: &'static str,
    scheme: &'static str,
    path: String,
    headers: Vec<String>,
    arguments: Vec<String>,
    connections: usize,
    is_refused: bool,
}

/// The result of one run of wrk.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    pub requests: f64,
    pub seconds: f64,
    pub p50_us: f64,
    pub p99_us: f64,
}

/// Connections of a load, unless it says otherwise.
const CONNECTIONS: usize = 64;

impl Load {
    fn new(script: &'static str, path: &str) -> Self {
        Self {
            script,
            scheme: "http",
            path: path.to_owned(),
            headers: Vec::new(),
            arguments: Vec::new(),
            connections: CONNECTIONS,
            is_refused: false,
        }
    }

    /// One request again and again.
    pub fn same(path: &str, headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Self { headers, ..Self::new("same.lua", path) }
    }

    /// One form again and again.
    pub fn form(path: &str, headers: &[(&str, &str)], form: &str) -> Self {
        let arguments = vec![form.to_owned()];
        Self { script: "form.lua", arguments, ..Self::same(path, headers) }
    }

    /// The same, at about this many requests a second.
    pub fn paced(self, rate: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let connections = (rate / 500.0).round().max(1.0) as usize;
        Self { script: "paced.lua", connections, ..self }
    }

    /// GET of keys chosen at random among all those of a store.
    pub fn spread(tenants: usize, keys: usize) -> Self {
        let arguments = vec![tenants.to_string(), keys.to_string(), "random".to_owned()];
        Self { arguments, ..Self::new("spread.lua", "/") }
    }

    /// GET of one key of each tenant in turn.
    pub fn in_turn(tenants: usize) -> Self {
        let arguments = vec![tenants.to_string(), "1".to_owned(), "in turn".to_owned()];
        Self { arguments, ..Self::new("spread.lua", "/") }
    }

    /// Changes of one key after the other of the first tenant, which has so many.
    pub fn changes(keys: usize) -> Self {
        Self { arguments: vec![keys.to_string()], ..Self::new("changes.lua", "/") }
    }

    /// One bearer token of a file after the other.
    pub fn tokens(path: &str, tokens: &Path) -> Self {
        let arguments = vec![tokens.display().to_string()];
        Self { arguments, ..Self::new("tokens.lua", path) }
    }

    /// Nine reads for each write, on the tenants of a store, paced. Each round has names of its own
    /// for the keys that it makes.
    pub fn mixed(tenants: usize, keys: usize, round: u64) -> Self {
        let arguments = vec![tenants.to_string(), keys.to_string(), round.to_string()];
        Self { arguments, ..Self::new("mixed.lua", "/") }
    }

    pub fn over(self, connections: usize) -> Self {
        Self { connections, ..self }
    }

    pub fn over_tls(self) -> Self {
        Self { scheme: "https", ..self }
    }

    /// A load that is turned away, every request of it.
    pub fn refused(self) -> Self {
        Self { is_refused: true, ..self }
    }

    /// Puts the load on a server for so many seconds. Every answer must be of the kind that is
    /// expected.
    pub fn run(&self, port: u16, seconds: u64) -> Outcome {
        let cores = Cores::of_load();
        let threads = cores.count().min(self.connections);
        let mut command = cores.command("wrk");
        command.args([
            format!("--threads={threads}"),
            format!("--connections={}", self.connections),
            format!("--duration={seconds}s"),
            "--timeout=10s".to_owned(),
        ]);
        for header in &self.headers {
            command.args(["--header", header]);
        }
        command
            .arg("--script")
            .arg(self.script())
            .arg(format!("{}://127.0.0.1:{port}{}", self.scheme, self.path));
        command.arg("--").args(&self.arguments);
        let said = said_by(&mut command);
        let line = said
            .lines()
            .find(|line| line.starts_with("requests="))
            .unwrap_or_else(|| panic!("wrk said nothing of its requests: {said}"));
        let number = |name: &str| -> f64 {
            let of_name = |pair: &&str| pair.split_once('=').is_some_and(|(it, _)| it == name);
            let pair = line.split(' ').find(of_name).unwrap();
            pair.split_once('=').unwrap().1.parse().unwrap()
        };
        let outcome = Outcome {
            requests: number("requests"),
            seconds: number("microseconds") / 1e6,
            p50_us: number("p50"),
            p99_us: number("p99"),
        };
        assert!(outcome.requests > 0.0 && number("broken") == 0.0, "{}: {line}", self.path);
        let refused = if self.is_refused { outcome.requests } else { 0.0 };
        assert!(number("refused") == refused, "{}: {line}", self.path);
        outcome
    }

    /// The script with what all scripts end with.
    fn script(&self) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/http/load");
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let whole = Path::new(env!("CARGO_TARGET_TMPDIR")).join(self.script);
        std::fs::write(&whole, read(self.script) + &read("end.lua")).unwrap();
        whole
    }
}

fn said_by(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| {
        panic!("wrk does not start ({error}); install it: apt-get install -y wrk")
    });
    let (said, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{said}{complaint}", output.status);
    said.into_owned()
}
