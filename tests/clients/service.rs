//! The program as a developer starts it, on a port of its own, in a folder of its own.

use std::fs;
use std::process::Command;

use neokeys_testkit::server::{Server, neokeys};
use tempfile::TempDir;

use crate::tools::{run, write};

/// A server that runs; it is stopped when this goes.
pub(crate) struct Service {
    _server: Server,
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    /// A bearer token that may do everything in the tenant `demo`.
    pub(crate) token: String,
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
        let mut command = Command::new(neokeys());
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0"]).current_dir(folder.path());
        command.env_clear().envs(settings.iter().copied());
        let mut server = Server::start_logged(&mut command, &folder.path().join("log"));
        let (url, token) = (server.origin().to_owned(), server.process.says("Bearer token:"));
        Self { _server: server, url, token, folder }
    }

    /// Runs one of the program's commands on the same store, and gives its standard output.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(neokeys());
        run(command.args(arguments).current_dir(self.folder.path()).env_clear())
    }

    /// Lets a program know where the service is, and who it is to be there.
    pub(crate) fn told_to<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("KEYS_URL", &self.url).env("KEYS_TOKEN", &self.token)
    }
}
