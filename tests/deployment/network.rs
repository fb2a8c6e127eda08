//! A network of a test's own, with nothing in it but loopback, so that every pod can have the ports that
//! it is given.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};

use neokeys_testkit::programs::{Running, program};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// The network that this thread, and whatever it starts, are in until this goes.
pub(crate) struct Network {
    before: File,
    /// A process that was started in it, and ends with its standard input.
    _holder: Running,
}

impl Network {
    pub(crate) fn enter() -> Self {
        let before = File::open("/proc/thread-self/ns/net").unwrap();
        program("/usr/sbin/ip", "iproute2");
        let mut command = Command::new("unshare");
        let up = "PATH=$PATH:/usr/sbin; ip link set lo up && echo it is up && exec cat";
        command.args(["--net", "sh", "-c", up]).stdin(Stdio::piped());
        let mut holder = Running::start(&mut command);
        holder.says("it is up");
        let place = format!("/proc/{}/ns/net", holder.id().as_raw_nonzero());
        set(&File::open(place).unwrap());
        Self { before, _holder: holder }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        set(&self.before);
    }
}

fn set(network: &File) {
    move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
        .expect("only root can have a network of its own: run tests/run as root");
}
