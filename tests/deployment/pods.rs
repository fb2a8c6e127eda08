//! The pods of the chart and of the manifest, run: each as it is rendered, with the program itself.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use neokeys_testkit::programs::folder;
use neokeys_testkit::server::neokeys;
use neokeys_testkit::servers::buckets::Buckets;
use neokeys_testkit::servers::etcd::Etcd;
use neokeys_testkit::servers::wait_until;
use rcgen::{CertificateParams, KeyPair};
use rustix::io::Errno;
use rustix::process::test_kill_process;
use serde_json::{Value, json};

use crate::network::Network;
use crate::pod::{Entries, Pod, curl};
use crate::rendering::{Rendering, values};

/// Secrets by their names.
fn secrets<const N: usize>(all: [(&str, Entries); N]) -> BTreeMap<String, Entries> {
    all.map(|(name, entries)| (name.to_owned(), entries)).into()
}

/// One entry.
fn entry(name: &str, value: impl Into<String>) -> Entries {
    [(name.to_owned(), value.into())].into()
}

/// A key that signs audit logs.
fn signing_key() -> String {
    let mut keygen = Command::new(neokeys());
    let output = keygen.args(["audit", "keygen", "--origin", "keys.example.com"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A certificate for `localhost` that signed itself, as Secrets of type `kubernetes.io/tls` have it.
fn certificate() -> Entries {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    [("tls.crt".to_owned(), certificate), ("tls.key".to_owned(), key.serialize_pem())].into()
}

/// Starts the pod, asks its probes and metrics, makes a tenant and a key by `exec`, uses the key over the
/// network, and ends it; twice, so that what it wrote is there again.
fn lives(pod: &Pod) {
    let port = pod.port("http").or(pod.port("https")).unwrap();
    let scheme = if pod.port("https").is_some() { "https" } else { "http" };
    let (mut key, mut not_ready) = (String::new(), 0);
    for start in 0..2 {
        let container = pod.start();
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let address = pod.probe(probe);
            let mut last = String::new();
            wait_until(&format!("an answer to {probe}, {address}"), || {
                let (status, body) = curl(&["-k", &address]);
                last = body;
                not_ready += usize::from(status == 503);
                status == 200
            });
            assert!(!last.contains("degraded"), "{last}");
        }
        if let Some(metrics) = pod.port("metrics") {
            let (status, _) = curl(&[&format!("http://127.0.0.1:{metrics}/metrics")]);
            assert_eq!(status, 200);
        }
        if let Some(gateways) = pod.port("grpc") {
            std::net::TcpStream::connect(format!("127.0.0.1:{gateways}")).unwrap();
        }
        if start == 0 {
            pod.exec(&["tenants", "create", "acme"]);
            let create = ["keys", "create", "--tenant", "acme", "admin", "--permission", "*"];
            pod.exec(&create).trim().clone_into(&mut key);
        }
        let keys = format!("{scheme}://127.0.0.1:{port}/api/acme/admin/apiKeys");
        let (status, body) = curl(&["-k", &keys, "-H", &format!("X-API-KEY: {key}")]);
        assert_eq!(status, 200, "{body}\n{}", pod.log());
        let status = container.terminate();
        assert!(status.success(), "{status}: {}", pod.log());
    }
    let log = pod.log();
    // A store that is elsewhere may not be reached yet when the first probe comes.
    let errors = log.matches("\"ERROR\"").count();
    assert!(!log.contains("\"WARN\"") && errors == not_ready, "{not_ready} not ready: {log}");
}

/// Values whose store is at this address.
fn at(mut values: Value, url: &str) -> Value {
    values["store"]["url"] = json!(url);
    values
}

#[test]
fn a_pod_over_a_folder_lives() {
    let _network = Network::enter();
    let rendering = Rendering::of(&values("folder"));
    let pod = Pod::new(&rendering.documents, BTreeMap::new());
    lives(&pod);
    // What the chart tells its user to type.
    let commands = rendering.notes.lines().filter_map(|line| line.split_once(" -- /neokeys "));
    let commands: Vec<_> = commands.map(|(_, it)| it.replace('\'', "")).collect();
    let create = pod.try_exec(&commands[0].split(' ').collect::<Vec<_>>());
    let said = String::from_utf8(create.stderr).unwrap();
    assert!(said.contains("exists"), "the tenant is there: {said}");
    let again = commands[1].replace(" admin ", " second ");
    assert!(pod.exec(&again.split(' ').collect::<Vec<_>>()).starts_with("nsk_"));
}

#[test]
fn the_pod_of_the_manifest_lives() {
    let _network = Network::enter();
    let text = fs::read_to_string(folder("ops/kubernetes.yml")).unwrap();
    let documents: Vec<Value> =
        text.split("\n---\n").map(|text| serde_yaml::from_str(text).unwrap()).collect();
    lives(&Pod::new(&documents, BTreeMap::new()));
}

#[test]
fn a_pod_over_etcd_lives_and_signs_its_logs() {
    let _network = Network::enter();
    let etcd = Etcd::start();
    let rendering = Rendering::of(&at(values("etcd"), &etcd.url("neokeys")));
    let audit = entry("audit.key", signing_key());
    let pod = Pod::new(&rendering.documents, secrets([("neokeys-audit", audit)]));
    lives(&pod);
    let verified = pod.exec(&["audit", "verify", "--tenant", "acme", "--json"]);
    assert!(verified.contains("keys.example.com"), "{verified}");
}

#[test]
fn a_pod_over_a_bucket_lives_by_credentials_of_a_secret() {
    let _network = Network::enter();
    let buckets = Buckets::s3();
    let rendering = Rendering::of(&at(values("bucket"), &buckets.url("neokeys")));
    let variables = buckets.variables().into_iter();
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    lives(&Pod::new(&rendering.documents, secrets([("neokeys-bucket", variables)])));
}

#[test]
fn a_pod_with_everything_lives() {
    let _network = Network::enter();
    let etcd = Etcd::start();
    for arguments in [
        &["user", "add", "root:root"][..],
        &["user", "grant-role", "root", "root"],
        &["user", "add", "neokeys:secret"],
        &["user", "grant-role", "neokeys", "root"],
        &["auth", "enable"],
    ] {
        etcd.control(arguments);
    }
    let values = values("everything");
    let url = values["store"]["url"].as_str().unwrap();
    let url = url.replace("etcd-0.etcd:2379", etcd.client(0));
    let rendering = Rendering::of(&at(values, &url));
    let pod = Pod::new(
        &rendering.documents,
        secrets([
            ("etcd", entry("password", "secret")),
            ("neokeys-audit", entry("signing", signing_key())),
            ("neokeys-tls", certificate()),
        ]),
    );
    lives(&pod);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
fn a_certificate_that_is_renewed_in_its_secret_is_served_without_a_restart() {
    let _network = Network::enter();
    let rendering = Rendering::of(&values("tls"));
    let (old, new) = (certificate(), certificate());
    let place = tempfile::tempdir().unwrap();
    let serves = |entries: &Entries| {
        let path = place.path().join("ca.pem");
        fs::write(&path, &entries["tls.crt"]).unwrap();
        let address = "https://localhost:8080/health/live";
        let resolve = "localhost:8080:127.0.0.1";
        let asked = ["--cacert", path.to_str().unwrap(), "--resolve", resolve, address];
        curl(&asked).0 == 200
    };
    let mut pod = Pod::new(&rendering.documents, secrets([("neokeys-tls", old.clone())]));
    let container = pod.start();
    assert!(serves(&old) && !serves(&new), "{}", pod.log());
    pod.renew("neokeys-tls", new.clone());
    wait_until("the new certificate", || serves(&new));
    assert!(!serves(&old));
    let process = container.process().unwrap();
    drop(container);
    wait_until("the end of a program that was not told to end", || {
        test_kill_process(process) == Err(Errno::SRCH)
    });
}

#[test]
fn a_pod_with_settings_that_there_are_not_says_so_at_its_start() {
    let _network = Network::enter();
    let rendering = Rendering::of(&json!({"settings": {"limits": {"bodies": "1MiB"}}}));
    let pod = Pod::new(&rendering.documents, BTreeMap::new());
    let serve = ["serve", "--config", "/etc/neokeys/settings/neokeys.yml"];
    let output = pod.try_exec(&serve);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("bodies"), "{said}");
}
