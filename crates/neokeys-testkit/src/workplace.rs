//! A folder of its own to run the program in, and what its runs came to.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::programs::program;
use crate::server::{Server, neokeys};

/// The arguments that start it as a server on a free port.
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// A folder to run the program in; it goes when this does.
pub struct Workplace {
    folder: TempDir,
}

/// The result of a run.
#[derive(Debug)]
pub struct Run {
    pub exit_code: i32,
    pub results: String,
    pub remarks: String,
}

impl Default for Workplace {
    fn default() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }
}

impl Workplace {
    /// An empty folder.
    pub fn new() -> Self {
        Self::default()
    }

    /// A folder with a store that has the tenant `demo`.
    pub fn with_tenant() -> Self {
        let place = Self::new();
        std::fs::create_dir_all(place.path("data/demo")).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts the program where every user can run it. Another process copies it: a child that another
    /// test starts meanwhile would hold a descriptor of ours open, and the program would be busy.
    pub fn copy_program(&self) {
        let mut copy = Command::new("cp");
        copy.arg(neokeys()).arg(self.path("neokeys"));
        assert!(copy.status().unwrap().success());
    }

    #[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
    pub fn write(&self, name: &str, text: &(impl AsRef<[u8]> + ?Sized)) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program with these arguments, in this folder, with no setting from outside.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(neokeys());
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(arguments).current_dir(self.folder.path()).env_clear().env("PATH", path);
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(&[], arguments)
    }

    /// Runs it to its end with these variables.
    pub fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).envs(variables.iter().copied()).output().unwrap())
    }

    /// Starts it as a server on a free port, with standard error in a pipe.
    pub fn serve(&self, arguments: &[&str]) -> Server {
        self.serve_with(&[], arguments)
    }

    /// The same with these variables.
    pub fn serve_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Server {
        let mut command = self.command(&[&SERVE, arguments].concat());
        Server::start(command.envs(variables.iter().copied()).stderr(Stdio::piped()))
    }

    /// The same with its system calls of this kind written to the file `trace`.
    pub fn serve_traced(&self, calls: &str) -> Server {
        let mut command = Command::new(program("/usr/bin/strace", "strace"));
        // With -D, the tracer is the program's child, and signals reach the program.
        command.args(["-D", "-f", "-qq", "-o", "trace", "-e", &format!("trace={calls}")]);
        command.arg(neokeys()).args(SERVE).current_dir(self.folder.path());
        Server::start(command.stderr(Stdio::piped()))
    }
}

impl Run {
    /// The result of a run that has ended by itself.
    pub fn of(output: Output) -> Self {
        Self {
            exit_code: output.status.code().unwrap(),
            results: String::from_utf8(output.stdout).unwrap(),
            remarks: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts that it was done, and gives what it wrote to standard output.
    pub fn done(self) -> String {
        assert_eq!(self.exit_code, 0, "{}", self.remarks);
        self.results
    }

    /// Asserts that it was done, and reads standard output as JSON.
    pub fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// Asserts that it failed with this code and without a result, and gives the message.
    pub fn refused(self, exit_code: i32) -> String {
        assert_eq!((self.exit_code, self.results.as_str()), (exit_code, ""), "{}", self.remarks);
        self.remarks
    }
}
