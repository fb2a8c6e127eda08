//! Programs that are not ours and that tests need: found, run and ended.
//!
//! Nothing is skipped when one is missing: the test fails with the line that installs it.

use std::io::{BufRead as _, BufReader, Lines};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A folder of the repository.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Where a program of a Debian package is.
pub(crate) fn program(path: &str, package: &str) -> PathBuf {
    let path = PathBuf::from(path);
    assert!(
        path.exists(),
        "{} is missing; install it: apt-get install -y {package}",
        path.display()
    );
    path
}

/// Node, to run a script of a folder of tests with what its `package.json` asks for.
pub(crate) fn node(tests: &str, script: &str) -> Command {
    let tests = folder(tests);
    assert!(
        tests.join("node_modules").is_dir(),
        "{0}/node_modules is missing; install it: npm ci --prefix {0}",
        tests.display()
    );
    let mut command = Command::new("node");
    command.arg(tests.join(script)).stdin(Stdio::null());
    command
}

/// Python, with what `tests/run` installs from PyPI.
pub(crate) fn python() -> Command {
    python_program("python")
}

/// A program that `tests/run` installs from PyPI.
pub(crate) fn python_program(name: &str) -> Command {
    Command::new(installed("python", name, "tests/clients/requirements.txt"))
}

/// A gateway that `tests/run` installs from PyPI.
pub(crate) fn gateway_program(name: &str) -> PathBuf {
    installed("gateways", name, "tests/proxies/requirements.txt")
}

fn installed(tools: &str, name: &str, list: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join("tools").join(tools).join("bin").join(name);
    assert!(
        path.exists(),
        "{} is missing: run tests/run, which installs what {list} names",
        path.display()
    );
    path
}

/// Runs a program to its end; it must say that it is content.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{} does not start ({error}); is it installed?", command.get_program().display())
    });
    let (said, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{said}{complaint}", output.status);
}

/// A program that runs until this goes.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    /// Starts it; what it says on standard output can be read.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap_or_else(|error| {
            panic!("{} does not start ({error}); is it installed?", command.get_program().display())
        });
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line that it says; it must say one.
    pub(crate) fn line(&mut self) -> String {
        self.lines.next().expect("the program says something before it ends").unwrap()
    }

    /// Ends it at once, and returns when it has ended.
    pub(crate) fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end, which must be a good one.
    pub(crate) fn wait(&mut self) {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port that nothing listens on: for programs that take no port 0.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
