//! A node: the program, in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Signal, kill_process};
use tempfile::TempDir;

use neokeys_testkit::Issuer;
use neokeys_testkit::server::{Server, neokeys};

/// One node. Others may start and end it while it is spoken to.
pub struct Node {
    folder: TempDir,
    enter: Vec<String>,
    variables: Vec<(String, String)>,
    origin: Mutex<String>,
    server: Mutex<Option<Server>>,
    log: Arc<Mutex<String>>,
}

/// The settings that all nodes of a test have in common.
pub struct Nodes {
    issuer: Issuer,
    store: String,
    max_staleness: &'static str,
    variables: Vec<(String, String)>,
}

impl Nodes {
    /// Nodes on this store.
    pub fn on(store: &str, max_staleness: &'static str) -> Self {
        let issuer = Issuer::generate();
        Self { issuer, store: store.to_owned(), max_staleness, variables: Vec::new() }
    }

    /// With these variables in their environment.
    pub fn with(mut self, variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.variables = variables.iter().map(owned).collect();
        self
    }

    /// A bearer token that may do everything everywhere.
    pub fn token(&self) -> String {
        self.issuer.token(&["*"], &["*"])
    }

    /// One more of them, on this machine.
    pub fn start(&self) -> Node {
        self.start_at("127.0.0.1:0", &[])
    }

    /// One more of them, on another store than the rest or on another way to it.
    pub fn start_on(&self, store: &str) -> Node {
        self.start_with(store, "127.0.0.1:0", &[])
    }

    /// One more of them, which listens there and is run by that.
    pub fn start_at(&self, listen: &str, enter: &[String]) -> Node {
        self.start_with(&self.store, listen, enter)
    }

    fn start_with(&self, store: &str, listen: &str, enter: &[String]) -> Node {
        let folder = TempDir::new().unwrap();
        let keys = folder.path().join("jwks.json");
        std::fs::write(&keys, self.issuer.key_set().to_string()).unwrap();
        let settings = format!(
            "listen: {listen}\nstore: {{ url: '{}', max_staleness: {} }}\nauth:\n  bearer:\n    \
             issuers:\n      - issuer: {}\n        audience: {}\n        jwks: file:{}\n",
            store,
            self.max_staleness,
            Issuer::NAME,
            Issuer::AUDIENCE,
            keys.display(),
        );
        std::fs::write(folder.path().join("neokeys.yml"), settings).unwrap();
        let node = Node {
            folder,
            enter: enter.to_vec(),
            variables: self.variables.clone(),
            origin: Mutex::default(),
            server: Mutex::default(),
            log: Arc::default(),
        };
        node.start();
        node
    }
}

impl Node {
    /// Where it listens.
    pub fn origin(&self) -> String {
        self.origin.lock().unwrap().clone()
    }

    /// Its log.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Starts it, and returns once it listens.
    pub fn start(&self) {
        let mut arguments = self.enter.clone();
        arguments.push(neokeys().display().to_string());
        arguments.extend(["serve".to_owned(), "--config".to_owned()]);
        let program = PathBuf::from(arguments.remove(0));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command.args(arguments).arg(self.folder.path().join("neokeys.yml"));
        command.env_clear().env("PATH", path).envs(self.variables.iter().cloned());
        let mut server = Server::start(command.stderr(Stdio::piped()));
        let (stderr, log) = (server.process.child().stderr.take().unwrap(), Arc::clone(&self.log));
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = log.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        server.origin().clone_into(&mut self.origin.lock().unwrap());
        *self.server.lock().unwrap() = Some(server);
    }

    pub fn kill(&self) {
        *self.server.lock().unwrap() = None;
    }

    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(server) = &*self.server.lock().unwrap() {
            kill_process(server.process.id(), signal).unwrap();
        }
    }
}
