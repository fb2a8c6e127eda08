//! Real etcd: one member or several, each a process of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Signal, kill_process};
use tempfile::TempDir;

use super::{get, wait_until};
use crate::programs::{Running, free_port};

/// Debian's.
pub const DEBIAN: &str = "/usr/bin/etcd";

/// Some members of one cluster; they end when this goes.
pub struct Etcd {
    members: Vec<Member>,
    folder: TempDir,
}

struct Member {
    program: PathBuf,
    arguments: Vec<String>,
    client: String,
    peer: String,
    data: PathBuf,
    log: PathBuf,
    process: Option<Running>,
}

/// How members are started.
pub struct EtcdBuilder {
    program: PathBuf,
    hosts: Vec<String>,
    arguments: Vec<String>,
    enter: Vec<Vec<String>>,
}

impl Etcd {
    /// One member.
    pub fn start() -> Self {
        Self::builder(1).start()
    }

    pub fn builder(members: usize) -> EtcdBuilder {
        EtcdBuilder {
            program: PathBuf::from(DEBIAN),
            hosts: vec!["127.0.0.1".to_owned(); members],
            arguments: Vec::new(),
            enter: vec![Vec::new(); members],
        }
    }

    /// The address of a store in it.
    pub fn url(&self, prefix: &str) -> String {
        let members: Vec<_> = self.members.iter().map(|it| it.client.as_str()).collect();
        format!("etcd://{}/{prefix}", members.join(","))
    }

    /// Host and port of a member.
    pub fn client(&self, number: usize) -> &str {
        &self.members[number].client
    }

    pub fn kill(&mut self, number: usize) {
        self.members[number].process = None;
    }

    pub fn stop(&self, number: usize) {
        self.signal(number, Signal::STOP);
    }

    pub fn resume(&self, number: usize) {
        self.signal(number, Signal::CONT);
    }

    fn signal(&self, number: usize, signal: Signal) {
        if let Some(process) = &self.members[number].process {
            kill_process(process.id(), signal).unwrap();
        }
    }

    /// Starts a member that was killed.
    pub fn restart(&mut self, number: usize) {
        self.members[number].start();
    }

    /// Saves what the one member has.
    pub fn save(&self) -> PathBuf {
        let path = self.folder.path().join("snapshot");
        self.control(&["snapshot", "save", path.to_str().unwrap()]);
        path
    }

    /// Sets the one member back to what was saved, under its old name and at its old place, so that
    /// not even the cluster's id is another one.
    pub fn restore(&mut self, saved: &Path) {
        self.kill(0);
        let member = &self.members[0];
        std::fs::remove_dir_all(&member.data).unwrap();
        let run = Command::new(crate::programs::program("/usr/bin/etcdctl", "etcd-client"))
            .env("ETCDCTL_API", "3")
            .args(["snapshot", "restore", saved.to_str().unwrap(), "--name=m0"])
            .arg(format!("--data-dir={}", member.data.display()))
            .arg(format!("--initial-cluster=m0=http://{}", member.peer))
            .arg(format!("--initial-advertise-peer-urls=http://{}", member.peer))
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        self.restart(0);
        self.wait();
    }

    /// Waits until every member knows of a leader.
    pub fn wait(&mut self) {
        for member in &mut self.members {
            wait_until(&format!("a healthy etcd, see {}", member.log.display()), || {
                let ended = member.process.as_mut().is_none_or(Running::has_ended);
                let said = || std::fs::read_to_string(&member.log).unwrap_or_default();
                assert!(!ended, "etcd ended: {}", said());
                get(&member.client, "/health").is_some_and(|said| said.contains("\"true\""))
            });
        }
    }

    /// Debian's etcdctl, at this cluster; it must be content.
    pub fn control(&self, arguments: &[&str]) -> String {
        self.try_control(arguments).unwrap_or_else(|| panic!("etcdctl {arguments:?}: no"))
    }

    /// The output of etcdctl, if it is content.
    pub fn try_control(&self, arguments: &[&str]) -> Option<String> {
        let members: Vec<_> = self.members.iter().map(|it| it.client.as_str()).collect();
        let output = Command::new(crate::programs::program("/usr/bin/etcdctl", "etcd-client"))
            .env("ETCDCTL_API", "3")
            .arg(format!("--endpoints={}", members.join(",")))
            .args(arguments)
            .output()
            .unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }
}

impl EtcdBuilder {
    /// Another etcd than Debian's.
    pub fn program(mut self, program: &Path) -> Self {
        self.program = program.to_owned();
        self
    }

    /// Further arguments of every member.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(ToString::to_string));
        self
    }

    /// Where a member listens, and what runs it there.
    pub fn place(mut self, number: usize, host: &str, enter: &[&str]) -> Self {
        self.hosts[number] = host.to_owned();
        self.enter[number] = enter.iter().map(ToString::to_string).collect();
        self
    }

    pub fn start(self) -> Etcd {
        let folder = TempDir::new().unwrap();
        let places: Vec<_> = self
            .hosts
            .iter()
            .map(|host| (format!("{host}:{}", free_port()), format!("{host}:{}", free_port())))
            .collect();
        let cluster: Vec<_> = places
            .iter()
            .enumerate()
            .map(|(number, (_, peer))| format!("m{number}=http://{peer}"))
            .collect();
        let members = places.into_iter().enumerate().map(|(number, (client, peer))| {
            let data = folder.path().join(format!("m{number}"));
            let mut command = self.enter[number].clone();
            command.push(self.program.display().to_string());
            command.extend(
                [
                    ("name", format!("m{number}")),
                    ("data-dir", data.display().to_string()),
                    ("listen-client-urls", format!("http://{client}")),
                    ("advertise-client-urls", format!("http://{client}")),
                    ("listen-peer-urls", format!("http://{peer}")),
                    ("initial-advertise-peer-urls", format!("http://{peer}")),
                    ("initial-cluster", cluster.join(",")),
                    ("logger", "zap".to_owned()),
                    ("log-level", "error".to_owned()),
                ]
                .map(|(name, value)| format!("--{name}={value}")),
            );
            command.extend(self.arguments.iter().cloned());
            let program = PathBuf::from(command.remove(0));
            let log = folder.path().join(format!("m{number}.log"));
            Member { program, arguments: command, client, peer, data, log, process: None }
        });
        let mut etcd = Etcd { members: members.collect(), folder };
        for member in &mut etcd.members {
            member.start();
        }
        etcd.wait();
        etcd
    }
}

impl Member {
    fn start(&mut self) {
        assert!(
            self.program.exists(),
            "{} is missing; install it: apt-get install -y etcd-server",
            self.program.display()
        );
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(Running::spawn(&mut command));
    }
}
