//! etcd that speaks TLS, asks for certificates, and knows its users.

use std::path::Path;
use std::process::{Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use neokeys_testkit::programs::Running;
use neokeys_testkit::programs::{free_port, program};
use neokeys_testkit::servers::{etcd::DEBIAN, get, wait_until};

/// A root, and a certificate below it for servers and clients on this machine.
fn certify(folder: &Path) {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    write("ca.pem", root.pem());
    write("certificate.pem", leaf.signed_by(&key, &root).unwrap().pem());
    write("key.pem", key.serialize_pem());
    write("password", "secret\n".to_owned());
    write("wrong", "other\n".to_owned());
}

#[test]
fn certificates_and_passwords_are_asked_for_and_given() {
    let place = TempDir::new().unwrap();
    certify(place.path());
    let path = |name: &str| place.path().join(name).display().to_string();
    let (client, health) =
        (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    let peer = format!("http://127.0.0.1:{}", free_port());
    let mut etcd = Command::new(program(DEBIAN, "etcd-server"));
    etcd.args(["--logger=zap", "--log-level=error", "--client-cert-auth"])
        .arg(format!("--data-dir={}", path("data")))
        .arg(format!("--listen-client-urls=https://{client}"))
        .arg(format!("--advertise-client-urls=https://{client}"))
        .arg(format!("--listen-metrics-urls=http://{health}"))
        .args([
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
        ])
        .arg(format!("--initial-cluster=default={peer}"))
        .arg(format!("--cert-file={}", path("certificate.pem")))
        .arg(format!("--key-file={}", path("key.pem")))
        .arg(format!("--trusted-ca-file={}", path("ca.pem")))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _etcd = Running::spawn(&mut etcd);
    wait_until("etcd", || get(&health, "/health").is_some_and(|said| said.contains("\"true\"")));
    for arguments in [
        &["user", "add", "root:root"][..],
        &["user", "grant-role", "root", "root"],
        &["user", "add", "neokeys:secret"],
        &["role", "add", "neokeys"],
        &["role", "grant-permission", "neokeys", "readwrite", "/ours/", "--prefix=true"],
        &["role", "grant-permission", "neokeys", "readwrite", "/ours.audit/", "--prefix=true"],
        &["user", "grant-role", "neokeys", "neokeys"],
        &["auth", "enable"],
    ] {
        let run = Command::new(program("/usr/bin/etcdctl", "etcd-client"))
            .env("ETCDCTL_API", "3")
            .arg(format!("--endpoints=https://{client}"))
            .args([
                format!("--cacert={}", path("ca.pem")),
                format!("--cert={}", path("certificate.pem")),
            ])
            .arg(format!("--key={}", path("key.pem")))
            .args(arguments)
            .output()
            .unwrap();
        assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    }
    let tls = format!("tls=true&ca={}", path("ca.pem"));
    let certificate = format!("certificate={}&key={}", path("certificate.pem"), path("key.pem"));
    let user = |file: &str| format!("user=neokeys&password_file={}", path(file));
    let list = |prefix: &str, parameters: &[&str]| {
        let url = format!("etcd://{client}/{prefix}?{}", parameters.join("&"));
        let run = Command::new(neokeys_testkit::server::neokeys())
            .args(["tenants", "list", "--store", &url])
            .output()
            .unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(!said.contains("secret") && !said.contains("other\n"), "{said}");
        (run.status.code(), said)
    };
    let (code, said) = list("ours", &[&tls, &certificate, &user("password")]);
    assert_eq!(code, Some(0), "{said}");
    for (prefix, parameters, reason) in [
        ("theirs", vec![&*tls, &certificate, &user("password")], "permission denied"),
        ("ours", vec![&tls, &certificate, &user("wrong")], "invalid user ID or password"),
        ("ours", vec!["tls=true", &certificate, &user("password")], "cannot list"),
    ] {
        let (code, said) = list(prefix, &parameters);
        assert!(code == Some(1) && said.contains(reason), "{parameters:?}: {said}");
    }
    let (code, _) = list("ours", &[&tls, &user("password")]);
    assert_eq!(code, Some(1), "no certificate was asked for");
}
