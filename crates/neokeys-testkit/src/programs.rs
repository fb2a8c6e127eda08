//! Programs that are not ours and that tests need: found, run and ended.
//!
//! Nothing is skipped when one is missing: the test fails with the line that installs it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Lines, Read as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Mutex;

use rustix::process::{Pid, Signal, kill_process};

/// Locks on the ports that this process was given, kept as long as it runs.
static CLAIMS: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A file or folder of the repository.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// A program that `tests/run` installs, by its place below the folder of tools.
pub fn tool(path: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let path = folder("").join(target).join("tools").join(path);
    assert!(path.exists(), "{} is missing: run tests/run, which installs it", path.display());
    path
}

/// Where a program of a Debian package is.
pub fn program(path: &str, package: &str) -> PathBuf {
    let path = PathBuf::from(path);
    assert!(
        path.exists(),
        "{} is missing; install it: apt-get install -y {package}",
        path.display()
    );
    path
}

/// Node, to run a script of a folder of tests with what its `package.json` asks for.
pub fn node(tests: &str, script: &str) -> Command {
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
pub fn python() -> Command {
    python_program("python")
}

/// A program that `tests/run` installs from PyPI.
pub fn python_program(name: &str) -> Command {
    Command::new(tool(&format!("python/bin/{name}")))
}

/// A gateway that `tests/run` installs from PyPI.
pub fn gateway_program(name: &str) -> PathBuf {
    tool(&format!("gateways/bin/{name}"))
}

/// Runs a program to its end; it must say that it is content.
pub fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{} does not start ({error}); is it installed?", command.get_program().display())
    });
    let (said, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{said}{complaint}", output.status);
}

/// A program that runs until this goes.
pub struct Running {
    child: Child,
    lines: Option<Lines<BufReader<ChildStdout>>>,
}

impl Running {
    /// Starts it; what it says on standard output can be read.
    pub fn start(command: &mut Command) -> Self {
        Self::spawn(command.stdout(Stdio::piped()))
    }

    /// Starts it with standard output as the command has it.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("{} does not start ({error}); is it installed?", command.get_program().display())
        });
        let lines = child.stdout.take().map(|output| BufReader::new(output).lines());
        Self { child, lines }
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its id, which is nobody else's until it is waited for.
    pub fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The next line that it says, unless it ends before.
    pub fn next_line(&mut self) -> Option<String> {
        self.lines.as_mut().expect("its standard output is a pipe").next().map(Result::unwrap)
    }

    /// The next line that it says; it must say one.
    pub fn line(&mut self) -> String {
        self.next_line().expect("the program says something before it ends")
    }

    /// The rest of the next line that begins so, without white space at its ends.
    pub fn says(&mut self, beginning: &str) -> String {
        loop {
            if let Some(rest) = self.line().strip_prefix(beginning) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Ends it at once, and returns when it has ended.
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end, which must be a good one.
    pub fn wait(&mut self) {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    /// Sends SIGTERM, and gives how it ended and what it wrote to standard error if that is a pipe.
    pub fn terminate(mut self) -> (ExitStatus, String) {
        kill_process(self.id(), Signal::TERM).unwrap();
        let remarks = self.remarks();
        (self.child.wait().unwrap(), remarks)
    }

    /// Its standard error until it ends, if that is a pipe.
    pub(crate) fn remarks(&mut self) -> String {
        let mut remarks = String::new();
        if let Some(mut error) = self.child.stderr.take() {
            error.read_to_string(&mut remarks).unwrap();
        }
        remarks
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port that nothing listens on and that no other test is given: for programs that take no port 0.
///
/// It is below those that the system gives to clients, and this process holds a lock in its name.
pub fn free_port() -> u16 {
    let user = rustix::process::getuid().as_raw();
    let claims = std::env::temp_dir().join(format!("neokeys-ports-{user}"));
    fs::create_dir_all(&claims).unwrap();
    let start = u16::try_from(std::process::id() % 10_000).unwrap();
    let claimed = (0..10_000).map(|more| 20_000 + (start + more) % 10_000).find(|port| {
        let claim = File::create(claims.join(port.to_string())).unwrap();
        let is_free = claim.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", *port)).is_ok();
        if is_free {
            CLAIMS.lock().unwrap().push(claim);
        }
        is_free
    });
    claimed.expect("one of ten thousand ports is free")
}
