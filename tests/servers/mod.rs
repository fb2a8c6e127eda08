//! Servers that keep documents, started by the tests in folders of their own.

#[cfg(feature = "object-storage")]
pub(crate) mod buckets;
#[cfg(feature = "etcd")]
pub(crate) mod etcd;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

/// Python with what the tests of stores ask for.
pub(crate) fn python() -> PathBuf {
    tool("stores/bin/python", "tests/run")
}

/// A program that `tests/run` installs.
pub(crate) fn tool(path: &str, by: &str) -> PathBuf {
    let target = option_env!("CARGO_TARGET_DIR").unwrap_or("target");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("tools").join(path);
    assert!(path.exists(), "{} is missing; install it: {by}", path.display());
    path
}

/// A process that is killed when this goes.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn of(child: Child) -> Self {
        Self(child)
    }

    /// Its id.
    pub(crate) fn id(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.0)
    }

    /// Ends it.
    pub(crate) fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} does not come about");
        std::thread::yield_now();
    }
}

/// The answer to a GET without a body, or nothing.
pub(crate) fn get(address: &str, path: &str) -> Option<String> {
    let address = address.parse().unwrap();
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
