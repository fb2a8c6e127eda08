//! Runs the program and keeps what it wrote.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder to run the program in; it goes when this does.
pub(crate) struct Workplace {
    folder: TempDir,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) exit_code: i32,
    pub(crate) results: String,
    pub(crate) remarks: String,
}

impl Workplace {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A folder with a store that has the tenant `demo`.
    pub(crate) fn with_tenant() -> Self {
        let place = Self::new();
        std::fs::create_dir_all(place.path("data/demo")).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts the program where every user can run it. Another process copies it: a child that another
    /// test starts meanwhile would hold a descriptor of ours open, and the program would be busy.
    pub(crate) fn copy_program(&self) {
        let mut copy = Command::new("cp");
        copy.arg(env!("CARGO_BIN_EXE_neokeys")).arg(self.path("neokeys"));
        assert!(copy.status().unwrap().success());
    }

    #[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program with these arguments, in this folder, with no setting from outside.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neokeys"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(arguments).current_dir(self.folder.path()).env_clear().env("PATH", path);
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(&[], arguments)
    }

    /// Runs it to its end with these variables.
    pub(crate) fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        let output = self.command(arguments).envs(variables.iter().copied()).output().unwrap();
        Run {
            exit_code: output.status.code().unwrap(),
            results: String::from_utf8(output.stdout).unwrap(),
            remarks: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts it, with standard output and standard error to read from.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.start_with(&[], arguments)
    }

    /// Starts it with these variables.
    pub(crate) fn start_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(Some(command.spawn().unwrap()))
    }

    /// Starts it with its system calls of this kind written to the file `trace`.
    pub(crate) fn start_traced(&self, calls: &str, arguments: &[&str]) -> Running {
        let program = self.command(arguments);
        let mut command = Command::new("strace");
        // With -D, the tracer is the program's child, and signals reach the program.
        command.args(["-D", "-f", "-qq", "-o", "trace", "-e", &format!("trace={calls}")]);
        command.arg(program.get_program()).args(arguments).current_dir(self.folder.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("strace is missing ({error}); install it: apt-get install -y strace")
        });
        Running(Some(child))
    }
}

impl Run {
    /// Asserts that it was done, and gives what it wrote to standard output.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.exit_code, 0, "{}", self.remarks);
        self.results
    }

    /// Asserts that it was done, and reads standard output as JSON.
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// Asserts that it failed with this code and without a result, and gives the message.
    pub(crate) fn refused(self, exit_code: i32) -> String {
        assert_eq!((self.exit_code, self.results.as_str()), (exit_code, ""), "{}", self.remarks);
        self.remarks
    }
}

/// A program that runs; it is killed when this goes.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn child(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }

    /// Sends SIGTERM, and gives how it ended and what it wrote to standard error.
    pub(crate) fn terminate(mut self) -> (ExitStatus, String) {
        let mut child = self.0.take().unwrap();
        let id = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let mut remarks = String::new();
        child.stderr.take().unwrap().read_to_string(&mut remarks).unwrap();
        (child.wait().unwrap(), remarks)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
