//! The program itself: where it is, and how tests start it as a server.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::programs::Running;

/// The program under test.
pub fn neokeys() -> PathBuf {
    let path = std::env::var_os("CARGO_BIN_EXE_neokeys");
    path.expect("cargo tells the tests of the package neokeys where the program is").into()
}

/// `neokeys serve`, listening; it is killed when this goes.
pub struct Server {
    pub process: Running,
    origin: String,
}

impl Server {
    /// Starts a command that comes to be `neokeys serve`, and waits until it listens.
    pub fn start(command: &mut Command) -> Self {
        Self::listening(Running::start(command), Running::remarks)
    }

    /// The same, with standard error in a file.
    pub fn start_logged(command: &mut Command, log: &Path) -> Self {
        let file = File::options().create(true).append(true).open(log).unwrap();
        let process = Running::start(command.stderr(file));
        Self::listening(process, |_| fs::read_to_string(log).unwrap())
    }

    fn listening(mut process: Running, log: impl FnOnce(&mut Running) -> String) -> Self {
        let Some(line) = process.next_line() else {
            panic!("neokeys ended before it listened: {}", log(&mut process));
        };
        let origin = line.strip_prefix("neokeys listens on ").unwrap_or_else(|| panic!("{line}"));
        Self { origin: origin.to_owned(), process }
    }

    /// Its address with the scheme, and without a slash at the end.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        let (_, address) = self.origin.split_once("://").expect("an origin has a scheme");
        address
    }

    /// The address of its metrics, which it says after its own.
    pub fn metrics(&mut self) -> String {
        self.process.says("Metrics for Prometheus are at ")
    }

    /// Sends SIGTERM, and gives how it ended and what it wrote to standard error if that is a pipe.
    pub fn terminate(self) -> (ExitStatus, String) {
        self.process.terminate()
    }
}
