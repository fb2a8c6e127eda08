//! The trial by `docker compose`: judged by compose itself, and each of its services run with the
//! configuration that it is given.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use neokeys_testkit::programs::{Running, folder, program, run};
use neokeys_testkit::servers::wait_until;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::network::Network;
use crate::pod::{Pod, curl};

const PLACE: &str = "examples/compose";

fn services() -> Value {
    let text = fs::read_to_string(folder(PLACE).join("compose.yaml")).unwrap();
    serde_yaml::from_str::<Value>(&text).unwrap()["services"].clone()
}

/// The commands of the page: how to start, and what to type then.
fn page(first_word: &str) -> String {
    let page = fs::read_to_string(folder("docs/deployment.md")).unwrap();
    let block = page.split("```sh\n").skip(1).map(|it| it.split("```").next().unwrap());
    block.filter(|it| it.starts_with(first_word)).map(str::to_owned).next().unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
fn compose_takes_the_file() {
    let compose = || {
        let mut compose = Command::new(program("/usr/bin/docker-compose", "docker-compose"));
        compose.args(["config", "--quiet"]);
        compose
    };
    run(compose().current_dir(folder(PLACE)));
    let place = TempDir::new().unwrap();
    let text = fs::read_to_string(folder(PLACE).join("compose.yaml")).unwrap();
    fs::write(place.path().join("compose.yaml"), text.replace("read_only", "readonly")).unwrap();
    assert!(!compose().current_dir(place.path()).output().unwrap().status.success());
}

/// neokeys as the file has it, in the terms of a pod.
fn neokeys_of(service: &Value) -> Pod {
    assert_eq!(service["read_only"], true);
    assert_eq!(service["cap_drop"], json!(["ALL"]));
    assert_eq!(service["security_opt"], json!(["no-new-privileges:true"]));
    let (volume, path) = service["volumes"][0].as_str().unwrap().split_once(':').unwrap();
    let environment = service["environment"].as_object().unwrap().iter();
    let environment: Vec<_> =
        environment.map(|(name, value)| json!({"name": name, "value": value})).collect();
    let user = crate::image::user();
    let pod = json!({"spec": {"template": {"spec": {
        "enableServiceLinks": false,
        "securityContext": {"runAsNonRoot": true, "runAsUser": user, "runAsGroup": user, "fsGroup": user},
        "containers": [{
            "env": environment,
            "volumeMounts": [{"name": volume, "mountPath": path}],
            "securityContext": {
                "readOnlyRootFilesystem": true,
                "allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"]},
            },
        }],
    }}}});
    Pod::new(&[pod], BTreeMap::new())
}

/// A program of this machine with the files of a service where its image looks for them, among hosts
/// that have the names of the services.
fn start(service: &Value, hosts: &Path, log: &Path, arguments: &[&str]) -> Running {
    let mut command = Command::new(program("/usr/bin/bwrap", "bubblewrap"));
    command.args(["--dev-bind", "/", "/", "--tmpfs", "/etc/nginx", "--tmpfs", "/etc/prometheus"]);
    for place in ["/run", "/var/lib/nginx", "/var/log/nginx"] {
        command.args(["--tmpfs", place]);
    }
    command.arg("--ro-bind").arg(hosts).arg("/etc/hosts");
    for volume in service["volumes"].as_array().unwrap() {
        let volume = volume.as_str().unwrap().strip_suffix(":ro").expect("it is only read");
        let (from, to) = volume.split_once(':').unwrap();
        command.arg("--ro-bind").arg(folder(PLACE).join(from)).arg(to);
    }
    let log = File::create(log).unwrap();
    command.args(["--die-with-parent", "--"]).args(arguments);
    Running::spawn(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
fn the_trial_does_what_the_page_says() {
    let _network = Network::enter();
    let (services, place) = (services(), TempDir::new().unwrap());
    let path = |name: &str| place.path().join(name);
    fs::write(path("hosts"), "127.0.0.1 localhost neokeys nginx prometheus\n").unwrap();
    let pod = neokeys_of(&services["neokeys"]);
    let _neokeys = pod.start();
    let nginx = program("/usr/sbin/nginx", "nginx-light");
    let nginx = [nginx.to_str().unwrap(), "-g", "daemon off;"];
    let _nginx = start(&services["nginx"], &path("hosts"), &path("nginx"), &nginx);
    // What its image starts where nobody names arguments, but for the folder.
    let store = format!("--storage.tsdb.path={}", path("prometheus.db").display());
    let prometheus = program("/usr/bin/prometheus", "prometheus");
    let prometheus =
        [prometheus.to_str().unwrap(), "--config.file=/etc/prometheus/prometheus.yml", &store];
    let _prometheus =
        start(&services["prometheus"], &path("hosts"), &path("prometheus"), &prometheus);
    for service in ["nginx", "prometheus"] {
        let port = services[service]["ports"][0].as_str().unwrap().rsplit(':').next().unwrap();
        let address = match service {
            "nginx" => format!("http://127.0.0.1:{port}/health/ready"),
            _ => format!("http://127.0.0.1:{port}/-/ready"),
        };
        let said = || fs::read_to_string(path(service)).unwrap();
        wait_until(&format!("{address} ({})", said()), || curl(&[&address]).0 == 200);
    }

    // What is typed into a container is run in it, and published ports are those of the containers.
    let shell = page("docker compose exec");
    let mut key = String::new();
    for line in shell.lines() {
        let (_, typed) = line.split_once("neokeys /neokeys ").unwrap_or(("", ""));
        if typed.is_empty() {
            let ask = line.strip_prefix("curl -i http://127.0.0.1:8080").unwrap();
            assert_eq!(ask, "/orders -H \"X-API-KEY: $KEY\"");
        } else {
            let arguments: Vec<_> = typed.trim_end_matches(')').split(' ').collect();
            pod.exec(&arguments).trim().clone_into(&mut key);
        }
    }
    let orders = "http://127.0.0.1:80/orders";
    assert_eq!(curl(&[orders]).0, 401);
    let (status, body) = curl(&[orders, "-H", &format!("X-API-KEY: {key}")]);
    assert_eq!((status, body.as_str()), (200, "orders, for shop\n"), "{key}");
    let asked = "http://127.0.0.1:9090/api/v1/query?query=up%7Bjob%3D%22neokeys%22%7D%3D%3D1";
    wait_until("a scrape of neokeys", || curl(&[asked]).1.contains("neokeys:9464"));
    let (_, rules) = curl(&["http://127.0.0.1:9090/api/v1/rules"]);
    assert!(rules.contains("NeokeysDown"), "{rules}");
}
