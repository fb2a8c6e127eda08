//! A network of hosts that can be cut off from each other, in network namespaces of our own.

use std::process::Command;

/// Debian's iproute2.
const IP: &str = "/sbin/ip";
/// Tells a copy of this test program that it is in the middle of the network.
const INSIDE: &str = "NEOKEYS_TEST_NETWORK";

/// Hosts around a switch, on which this process runs.
pub struct Network {
    hosts: Vec<String>,
}

fn ip(arguments: &[&str]) {
    let output =
        Command::new(neokeys_testkit::programs::program(IP, "iproute2")).args(arguments).output();
    let output = output.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments:?}: {complaint}(it must be root that tests)");
}

/// Runs this test once more, in a network namespace of its own; true in there.
pub fn is_inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let hub = Namespace::make(&format!("nk{}-hub", std::process::id()));
    let status = Command::new(IP)
        .args(["netns", "exec", &hub.0])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .status();
    assert!(status.unwrap().success(), "see above");
    false
}

/// A namespace that goes when this does.
struct Namespace(String);

impl Namespace {
    fn make(name: &str) -> Self {
        ip(&["netns", "add", name]);
        ip(&["-n", name, "link", "set", "lo", "up"]);
        Self(name.to_owned())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new(IP).args(["netns", "delete", &self.0]).output();
    }
}

impl Network {
    /// This many hosts.
    pub fn new(hosts: usize) -> Self {
        ip(&["link", "add", "switch", "type", "bridge"]);
        ip(&["address", "add", "10.77.0.254/24", "dev", "switch"]);
        ip(&["link", "set", "switch", "up"]);
        let names = (0..hosts).map(|host| {
            let name = format!("nk{}-{host}", std::process::id());
            std::mem::forget(Namespace::make(&name));
            let (outer, address) = (format!("port{host}"), format!("{}/24", Self::address(host)));
            ip(&["link", "add", &outer, "type", "veth", "peer", "name", "eth0", "netns", &name]);
            ip(&["link", "set", &outer, "master", "switch"]);
            ip(&["link", "set", &outer, "up"]);
            ip(&["-n", &name, "address", "add", &address, "dev", "eth0"]);
            ip(&["-n", &name, "link", "set", "eth0", "up"]);
            name
        });
        Self { hosts: names.collect() }
    }

    pub fn address(host: usize) -> String {
        format!("10.77.0.{}", host + 1)
    }

    /// The command that runs a program on a host.
    pub fn enter(&self, host: usize) -> Vec<String> {
        [IP, "netns", "exec", &self.hosts[host]].map(str::to_owned).to_vec()
    }

    /// Nothing goes from a host to others any more.
    pub fn cut(&self, host: usize, others: &[usize]) {
        for other in others {
            let address = Self::address(*other);
            ip(&["-n", &self.hosts[host], "route", "add", "blackhole", &address]);
        }
    }

    /// Everything goes again.
    pub fn heal(&self, host: usize, others: &[usize]) {
        for other in others {
            let address = Self::address(*other);
            ip(&["-n", &self.hosts[host], "route", "delete", "blackhole", &address]);
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for host in self.hosts.drain(..) {
            drop(Namespace(host));
        }
    }
}
