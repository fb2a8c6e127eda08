//! The program as a developer starts it, on a port of its own, in a folder of its own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use crate::tools::{run, write};

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
        Self::start_in(TempDir::new().unwrap(), &[])
    }

    /// Starts one that has more to refuse: the keys of the tenant `broken` cannot be read, and the
    /// third bad credential in half a minute is one too many.
    pub(crate) fn start_with_faults() -> Self {
        let folder = TempDir::new().unwrap();
        let tenant = folder.path().join("data/broken");
        fs::create_dir_all(&tenant).unwrap();
        write(&tenant.join("security.yml"), "apiKeys: [\n");
        Self::start_in(folder, &[("NEOKEYS_AUTH__THROTTLE__FAILURES_PER_MINUTE", "2")])
    }

    fn start_in(folder: TempDir, settings: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_neokeys"))
            .args(["serve", "--dev", "--listen", "127.0.0.1:0"])
            .current_dir(folder.path())
            .env_clear()
            .envs(settings.iter().copied())
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
        command.env("KEYS_URL", &self.url).env("KEYS_TOKEN", &self.token)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
