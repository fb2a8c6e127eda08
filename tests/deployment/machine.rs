//! A Debian machine: this one, as it is, with whatever is written to it kept apart and gone when the test ends.

use std::process::{Command, Output, Stdio};

use neokeys_testkit::programs::Running;
use tempfile::TempDir;

/// Lays a folder over the root filesystem, with what makes processes and devices there.
const LAY_OVER: &str = "mount -t tmpfs tmpfs \"$0\" && cd \"$0\" && mkdir above work root && \
    mount -t overlay overlay -o lowerdir=/,upperdir=above,workdir=work root && \
    mount --rbind /proc root/proc && mount --rbind /dev root/dev && echo it is laid over && exec cat";

/// The machine; it goes when this does.
pub(crate) struct Machine {
    /// A process that has it, and ends with its standard input.
    holder: Running,
    place: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let place = TempDir::new().unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", LAY_OVER]).arg(place.path()).stdin(Stdio::piped());
        let mut holder = Running::start(&mut command);
        // Only root can mount.
        holder.says("it is laid over");
        Self { holder, place }
    }

    /// A program on it, as root.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--mount=/proc/{}/ns/mnt", self.holder.id().as_raw_nonzero()));
        command.arg("chroot").arg(self.place.path().join("root")).arg(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.stdin(Stdio::null());
        command
    }

    /// Runs a line of a shell on it as root.
    pub(crate) fn try_shell(&self, line: &str) -> Output {
        self.command("sh").args(["-ec", line]).output().unwrap()
    }

    /// The same; it must be done. Its standard output.
    pub(crate) fn shell(&self, line: &str) -> String {
        let output = self.try_shell(line);
        let said = String::from_utf8_lossy(&output.stderr);
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{line}: {}\n{told}{said}", output.status);
        told.trim().to_owned()
    }
}
