//! Where the measuring is done: the cores, the machine and the versions.

use std::fs;
use std::num::NonZero;
use std::process::Command;

/// Cores that a process is kept on. Servers have one half of them, the load the other, so that
/// neither takes the other's time.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    first: usize,
    last: usize,
}

impl Cores {
    pub fn of_servers() -> Self {
        Self { first: 0, last: (all() / 2).max(1) - 1 }
    }

    pub fn of_load() -> Self {
        Self { first: all() / 2, last: all() - 1 }
    }

    pub fn count(self) -> usize {
        self.last - self.first + 1
    }

    /// A program that is kept on these cores.
    pub fn command(self, program: &str) -> Command {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &format!("{}-{}", self.first, self.last), program]);
        command
    }
}

fn all() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// The machine and the versions, in one paragraph.
pub fn description() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap();
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name").and_then(|rest| rest.split_once(": ")))
        .map_or("an unnamed processor", |(_, name)| name);
    let memory = fs::read_to_string("/proc/meminfo").unwrap();
    let memory: u64 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    format!(
        "{processor}, {} cores ({} for the server, {} for the load), {} GiB; Linux {}; {}; \
         neokeys {}, actix-web {}, actix-http {}; {}.",
        all(),
        Cores::of_servers().count(),
        Cores::of_load().count(),
        memory.div_ceil(1 << 20),
        kernel.trim(),
        said(&["rustc", "--version"]),
        env!("CARGO_PKG_VERSION"),
        locked("actix-web"),
        locked("actix-http"),
        said(&["wrk", "--version"]).split(" [").next().unwrap_or_default(),
    )
}

/// The first line that a program says. wrk tells its version and exits with 1.
fn said(command: &[&str]) -> String {
    let output = Command::new(command[0])
        .args(&command[1..])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", command[0]));
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines().next().unwrap_or_default().trim().to_owned()
}

/// The version of a crate that both servers are built of.
fn locked(name: &str) -> String {
    let lock = include_str!("../../Cargo.lock");
    let package = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).unwrap().1;
    package.split('"').next().unwrap_or_default().to_owned()
}
