//! The program as a developer starts it, on a port of its own, in a folder of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use crate::tools::run;

/// A server that runs; it is stopped when this goes.
pub(crate) struct Service {
    child: Child,
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    /// A bearer token that may do everything in the tenant `demo`.
    pub(crate) token: String,
    _output: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Service {
    /// Starts it, and waits until it accepts connections.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_neokeys"))
            .args(["serve", "--dev", "--listen", "127.0.0.1:0"])
            .current_dir(folder.path())
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut said = |beginning: &str| loop {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "it never said {beginning:?}");
            if let Some(rest) = line.strip_prefix(beginning) {
                break rest.trim().to_owned();
            }
        };
        let url = said("neokeys listens on ");
        let token = said("Bearer token:");
        Self { child, url, token, _output: output, folder }
    }

    /// Runs one of the program's commands on the same store, and gives its standard output.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neokeys"));
        run(command.args(arguments).current_dir(self.folder.path()).env_clear())
    }

    /// Lets a program know where the service is, and who it is to be there.
    pub(crate) fn told_to<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("NEOKEYS_URL", &self.url).env("NEOKEYS_TOKEN", &self.token)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
