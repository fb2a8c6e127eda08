//! The program as the pages start it, on a port of its own, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::pages::{block, put};
use neokeys_testkit::server::{Server, neokeys};

/// A folder in which `neokeys` is the program under test.
pub(crate) struct Place {
    folder: TempDir,
}

/// The result of a script.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) results: String,
    pub(crate) remarks: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { folder: TempDir::new().unwrap() };
        std::fs::create_dir(place.path("bin")).unwrap();
        std::os::unix::fs::symlink(neokeys(), place.path("bin/neokeys")).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = format!("{}:{}:/usr/sbin", self.path("bin").display(), path.display());
        command.current_dir(self.folder.path()).env_clear().env("PATH", path);
        command
    }

    /// Runs lines of a shell, each of which must be content.
    pub(crate) fn shell(&self, script: &str, variables: &[(&str, &str)]) -> Ran {
        let mut shell = self.command("/bin/bash");
        shell.args(["-euo", "pipefail", "-c", script]).envs(variables.iter().copied());
        let output = shell.output().unwrap();
        let ran = Ran {
            results: String::from_utf8(output.stdout).unwrap(),
            remarks: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(output.status.success(), "{script}: {}: {ran:?}", output.status);
        ran
    }

    /// Starts the developer's server as a page has it, and gives its bearer token.
    pub(crate) fn serve_as_shown(&self, page: &str) -> (Server, String) {
        let line = block(page, "$ cargo run --release -- serve --dev");
        let arguments = put(line.trim(), "$ cargo run --release -- serve ", "");
        let mut server = self.serve(&arguments.split_whitespace().collect::<Vec<_>>());
        assert!(server.process.says("Swagger UI:").starts_with("http://"));
        let token = server.process.says("Bearer token:");
        (server, token)
    }

    /// Starts `neokeys serve` with these arguments and this port, and waits until it listens.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        let mut command = self.command(neokeys());
        command.arg("serve").args(arguments).args(["--listen", "127.0.0.1:0"]);
        Server::start_logged(&mut command, &self.path("log"))
    }
}
