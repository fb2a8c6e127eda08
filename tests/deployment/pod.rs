//! A pod, as far as a program can tell: the command and environment of its container, with what image and
//! kubelet add; its volumes, filled and renewed as a kubelet does; its user, and no capability; and a root
//! filesystem that cannot be written to.
//!
//! The debug build stands in for the image's program, so the machine's libraries (`/usr`) are there too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use neokeys_testkit::programs::program;
use neokeys_testkit::server::{Server, neokeys};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::image;

/// The image's authorities that sign certificates.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The content of a Secret or ConfigMap.
pub(crate) type Entries = BTreeMap<String, String>;

/// The one pod of some documents.
pub(crate) struct Pod {
    spec: Value,
    secrets: BTreeMap<String, Entries>,
    place: TempDir,
}

/// A container that runs until this goes.
pub(crate) struct Container {
    server: Server,
}

/// The pod of the one workload of some documents.
pub(crate) fn pod_of(documents: &[Value]) -> &Value {
    let mut pods = documents.iter().filter_map(|it| it.pointer("/spec/template/spec"));
    let pod = pods.next().expect("documents with a pod");
    assert!(pods.next().is_none(), "there are two workloads");
    pod
}

impl Pod {
    /// Makes its volumes.
    pub(crate) fn new(documents: &[Value], secrets: BTreeMap<String, Entries>) -> Self {
        let pod = Self { spec: pod_of(documents).clone(), secrets, place: TempDir::new().unwrap() };
        for mount in pod.list("/containers/0/volumeMounts") {
            let name = mount["name"].as_str().unwrap();
            let volume = pod.list("/volumes").iter().find(|it| it["name"] == name);
            let path = pod.place.path().join(name);
            fs::create_dir(&path).unwrap();
            chown(&path, Some(0), Some(pod.id("fsGroup"))).unwrap();
            let volume = volume.unwrap_or(&Value::Null);
            if let Some(map) = volume.get("configMap") {
                let map = documents
                    .iter()
                    .find(|it| it["kind"] == "ConfigMap" && it["metadata"]["name"] == map["name"]);
                let entries = map.expect("the ConfigMap is made too")["data"].clone();
                pod.fill(&path, &serde_json::from_value(entries).unwrap(), 0o644);
            } else if let Some(secret) = volume.get("secret") {
                pod.fill_with_secret(&path, secret);
            } else {
                // A claim of its own, or one that is there.
                set_mode(&path, 0o2775);
            }
        }
        pod
    }

    /// Gives a Secret other entries, and the pod's files of it.
    pub(crate) fn renew(&mut self, name: &str, entries: Entries) {
        self.secrets.insert(name.to_owned(), entries);
        let of_it = |volume: &&Value| volume["secret"]["secretName"] == name;
        let volume = self.list("/volumes").iter().find(of_it).expect("a volume of that Secret");
        self.fill_with_secret(
            &self.place.path().join(volume["name"].as_str().unwrap()),
            &volume["secret"],
        );
    }

    fn fill_with_secret(&self, path: &Path, secret: &Value) {
        let entries = self.secret(secret["secretName"].as_str().unwrap());
        let mode = secret["defaultMode"].as_u64().unwrap();
        self.fill(path, entries, u32::try_from(mode).unwrap());
    }

    /// As a kubelet writes: into a folder of their own, which the link `..data` comes to name all at once.
    #[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
    fn fill(&self, volume: &Path, entries: &Entries, mode: u32) {
        let made = fs::read_dir(volume).unwrap().count();
        let folder = format!("..made-{made}");
        fs::create_dir(volume.join(&folder)).unwrap();
        for (name, content) in entries {
            let path = volume.join(&folder).join(name);
            fs::write(&path, content).unwrap();
            chown(&path, Some(0), Some(self.id("fsGroup"))).unwrap();
            set_mode(&path, mode);
            let link = volume.join(name);
            if link.symlink_metadata().is_err() {
                symlink(format!("..data/{name}"), link).unwrap();
            }
        }
        symlink(&folder, volume.join("..next")).unwrap();
        fs::rename(volume.join("..next"), volume.join("..data")).unwrap();
    }

    fn secret(&self, name: &str) -> &Entries {
        self.secrets.get(name).unwrap_or_else(|| panic!("the test has no Secret {name}"))
    }

    fn container(&self) -> &Value {
        &self.spec["containers"][0]
    }

    fn list(&self, place: &str) -> &[Value] {
        self.spec.pointer(place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A number of a user or group.
    fn id(&self, name: &str) -> u32 {
        u32::try_from(self.spec["securityContext"][name].as_u64().unwrap()).unwrap()
    }

    /// The port of a name.
    pub(crate) fn port(&self, name: &str) -> Option<u64> {
        let ports = self.list("/containers/0/ports");
        ports.iter().find(|it| it["name"] == name)?["containerPort"].as_u64()
    }

    /// The environment of its container.
    fn environment(&self) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> = [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("HOSTNAME", "keys-neokeys-0"),
            ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
            ("KUBERNETES_SERVICE_PORT", "443"),
            ("KUBERNETES_SERVICE_PORT_HTTPS", "443"),
            ("KUBERNETES_PORT", "tcp://10.96.0.1:443"),
            ("KUBERNETES_PORT_443_TCP", "tcp://10.96.0.1:443"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        assert_eq!(self.spec["enableServiceLinks"], false, "Services' names would be settings");
        all.extend(image::environment());
        for from in self.list("/containers/0/envFrom") {
            all.extend(self.secret(from["secretRef"]["name"].as_str().unwrap()).clone());
        }
        for variable in self.list("/containers/0/env") {
            let text = |member: &str| variable[member].as_str().unwrap().to_owned();
            all.insert(text("name"), text("value"));
        }
        all
    }

    /// The start of a program in its container.
    fn enter(&self) -> Command {
        assert_eq!(self.spec["securityContext"]["runAsNonRoot"], true);
        let context = &self.container()["securityContext"];
        assert_eq!(context["capabilities"]["drop"][0], "ALL");
        assert_eq!(context["allowPrivilegeEscalation"], false);
        assert_eq!(context["readOnlyRootFilesystem"], true);
        let (mut folders, mut binds) = (BTreeSet::new(), Vec::new());
        let mut command = Command::new(program("/usr/bin/bwrap", "bubblewrap"));
        command.args(["--unshare-pid", "--as-pid-1", "--unshare-ipc", "--unshare-uts"]);
        command.args(["--die-with-parent", "--ro-bind", "/usr", "/usr", "--proc", "/proc"]);
        command.args(["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]);
        command.args(["--dev", "/dev"]);
        let mut bind = |how: &str, from: &Path, to: &str| {
            // Whoever the user is may look for what is there.
            for above in Path::new(to).ancestors().skip(1).filter(|it| it.parent().is_some()) {
                folders.insert(above.to_owned());
            }
            binds.push((how.to_owned(), from.to_owned(), to.to_owned()));
        };
        bind("--ro-bind", Path::new(AUTHORITIES), AUTHORITIES);
        bind("--ro-bind", &neokeys(), &image::entrypoint()[0]);
        for mount in self.list("/containers/0/volumeMounts") {
            let how = if mount["readOnly"] == true { "--ro-bind" } else { "--bind" };
            let text = |member: &str| mount[member].as_str().unwrap();
            bind(how, &self.place.path().join(text("name")), text("mountPath"));
        }
        for folder in folders {
            command.args(["--perms", "0755", "--dir"]).arg(folder);
        }
        for (how, from, to) in binds {
            command.arg(how).arg(from).arg(to);
        }
        command.args(["--remount-ro", "/", "--clearenv"]);
        for (name, value) in self.environment() {
            command.arg("--setenv").arg(name).arg(value);
        }
        // What it takes to become the user, which then has none of it.
        for capability in ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"] {
            command.args(["--cap-add", capability]);
        }
        command.args(["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all"]);
        command.arg("--no-new-privs").arg(format!("--reuid={}", self.id("runAsUser")));
        command.arg(format!("--regid={}", self.id("runAsGroup")));
        command.arg(format!("--groups={}", self.id("fsGroup")));
        command.args(image::entrypoint());
        command.stdin(Stdio::null());
        command
    }

    /// Starts its container, and waits until it listens.
    pub(crate) fn start(&self) -> Container {
        let mut command = self.enter();
        if self.container().get("args").is_some() {
            command.args(self.list("/containers/0/args").iter().map(|it| it.as_str().unwrap()));
        } else {
            command.args(image::arguments());
        }
        let log = self.place.path().join("log");
        Container { server: Server::start_logged(&mut command, &log) }
    }

    /// The container's standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.place.path().join("log")).unwrap()
    }

    /// `kubectl exec … -- /neokeys ARGUMENTS`; it must be done. Its standard output.
    pub(crate) fn exec(&self, arguments: &[&str]) -> String {
        let output = self.try_exec(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn try_exec(&self, arguments: &[&str]) -> Output {
        self.enter().args(arguments).output().unwrap()
    }

    /// The address of one of its probes.
    pub(crate) fn probe(&self, name: &str) -> String {
        let get = &self.container()[name]["httpGet"];
        let port = self.port(get["port"].as_str().unwrap()).expect("a port of the container");
        let scheme =
            get.get("scheme").map_or("http".to_owned(), |it| it.as_str().unwrap().to_lowercase());
        format!("{scheme}://127.0.0.1:{port}{}", get["path"].as_str().unwrap())
    }
}

impl Container {
    /// The process that is the first one in the container, while it runs.
    pub(crate) fn process(&self) -> Option<Pid> {
        let outer = self.server.process.id().as_raw_nonzero();
        let inner = fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).ok()?;
        Pid::from_raw(inner.trim().parse().ok()?)
    }

    /// SIGTERM, as a kubelet sends it, and how the program ended.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        kill_process(self.process().unwrap(), Signal::TERM).unwrap();
        self.server.process.child().wait().unwrap()
    }
}

impl Drop for Container {
    /// It became another user, so it does not die with its parent.
    fn drop(&mut self) {
        let _ = self.process().map(|process| kill_process(process, Signal::KILL));
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The answer of curl to some arguments: the status, 0 without one, and the body.
pub(crate) fn curl(arguments: &[&str]) -> (u16, String) {
    let path: PathBuf = program("/usr/bin/curl", "curl");
    let mut curl = Command::new(path);
    curl.args(["-sS", "--noproxy", "*", "--max-time", "20", "-w", "\n%{http_code}"])
        .args(arguments);
    let said = String::from_utf8(curl.stderr(Stdio::null()).output().unwrap().stdout).unwrap();
    let (body, status) = said.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}
