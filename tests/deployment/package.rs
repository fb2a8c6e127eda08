//! The Debian package, made, installed, started, upgraded and removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use neokeys_testkit::programs::{folder, program, run, tool};
use neokeys_testkit::server::{Server, neokeys};
use neokeys_testkit::servers::wait_until;
use tempfile::TempDir;

use crate::machine::Machine;
use crate::network::Network;
use crate::pod::curl;

/// Makes the package with the program under test in it.
fn package(place: &Path) -> PathBuf {
    let stripped = place.join("neokeys");
    let mut strip = Command::new(program("/usr/bin/strip", "binutils"));
    run(strip.args(["--strip-debug", "-o"]).arg(&stripped).arg(neokeys()));
    let tools = tool("cargo/bin/cargo-deb").parent().unwrap().to_owned();
    let path = format!("{}:{}", tools.display(), std::env::var_os("PATH").unwrap().display());
    let mut package = Command::new(folder("ops/package"));
    let output = package.arg(&stripped).arg("--fast").env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().into()
}

/// The values of a name in the unit that is installed.
fn unit(machine: &Machine, name: &str) -> Vec<String> {
    let text = machine.shell("cat /usr/lib/systemd/system/neokeys.service");
    let prefix = format!("{name}=");
    text.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}

/// Starts the service as systemd does, as far as the unit's user, state, environment and command go.
fn start(machine: &Machine) -> Server {
    let one = |name: &str| unit(machine, name).pop().unwrap_or_else(|| panic!("{name}"));
    let (user, state) = (one("User"), format!("/var/lib/{}", one("StateDirectory")));
    let mode = one("StateDirectoryMode");
    machine.shell(&format!("install -d -o {user} -g {} -m {mode} {state}", one("Group")));
    let mut command = machine.command("setpriv");
    command.arg(format!("--reuid={user}")).arg(format!("--regid={}", one("Group")));
    command.args(["--init-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]);
    command.arg("env").args(unit(machine, "Environment"));
    command.args(one("ExecStart").split(' '));
    Server::start(&mut command)
}

#[test]
fn the_package_installs_starts_keeps_what_is_ours_and_goes() {
    let _network = Network::enter();
    let (machine, place) = (Machine::new(), TempDir::new().unwrap());
    let made = package(place.path());
    let install = format!("dpkg --install {}", made.display());
    machine.shell(&install);
    assert_eq!(machine.shell("neokeys -V"), format!("neokeys {}", env!("CARGO_PKG_VERSION")));
    assert_eq!(machine.shell("stat -c '%a %U:%G' /etc/neokeys/neokeys.yml"), "640 root:neokeys");
    assert_eq!(
        machine.shell("getent passwd neokeys | cut -d: -f6,7"),
        "/var/lib/neokeys:/usr/sbin/nologin"
    );
    machine.shell("test -L /etc/systemd/system/multi-user.target.wants/neokeys.service");
    machine.shell("gzip --test /usr/share/man/man1/neokeys-keys-rotate.1.gz");
    machine.shell("grep -q _neokeys /usr/share/bash-completion/completions/neokeys");
    for file in ["fish/vendor_completions.d/neokeys.fish", "zsh/vendor-completions/_neokeys"] {
        machine.shell(&format!("test -s /usr/share/{file}"));
    }

    let server = start(&machine);
    let create =
        "neokeys keys create --tenant acme admin --permission '*' --store file:/var/lib/neokeys";
    machine.shell("neokeys tenants create acme --store file:/var/lib/neokeys");
    let key = machine.shell(create);
    let keys = format!("{}/api/acme/admin/apiKeys", server.origin());
    let header = format!("X-API-KEY: {key}");
    wait_until("an answer to the key", || curl(&[&keys, "-H", &header]).0 == 200);
    let (status, remarks) = server.terminate();
    assert!(status.success(), "{remarks}");

    // An upgrade leaves the settings and whoever may read them.
    machine.shell("echo 'swagger_ui: { enabled: false }' >>/etc/neokeys/neokeys.yml");
    machine.shell(&install);
    assert!(machine.shell("cat /etc/neokeys/neokeys.yml").ends_with("enabled: false }"));
    let server = start(&machine);
    let page = format!("{}/swagger-ui/", server.origin());
    assert_eq!((curl(&[&keys, "-H", &header]).0, curl(&[&page]).0), (200, 404));
    drop(server);

    machine.shell("dpkg --purge neokeys");
    assert!(!machine.try_shell("ls /usr/bin/neokeys /etc/neokeys/neokeys.yml").status.success());
    machine.shell("test -s /var/lib/neokeys/acme/security.yml");
}

#[test]
fn the_settings_of_the_package_are_those_that_hold_without_a_file() {
    let text = fs::read_to_string(folder("ops/debian/neokeys.yml")).unwrap();
    let settings = neokeys::settings::Settings::from_yaml(&text).unwrap();
    assert_eq!(format!("{settings:?}"), format!("{:?}", neokeys::settings::Settings::default()));
}
