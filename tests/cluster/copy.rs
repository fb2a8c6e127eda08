//! Documents that move house, through every kind of store and back.

use std::process::{Command, Output};

use tempfile::TempDir;

use neokeys_testkit::servers::buckets::Buckets;
use neokeys_testkit::servers::etcd::Etcd;

const DOCUMENTS: [(&str, &str); 3] = [
    ("tenant-1", "apiKeys: []  # to the byte\r\n"),
    ("tenant-10", ""),
    ("tenant-2", "not: [yaml \u{e9}"),
];

fn run(buckets: &[&Buckets], arguments: &[&str]) -> Output {
    let mut command = Command::new(neokeys_testkit::server::neokeys());
    for buckets in buckets {
        command.envs(buckets.variables());
    }
    command.args(arguments).output().unwrap()
}

fn neokeys(buckets: &[&Buckets], arguments: &[&str]) -> String {
    let output = run(buckets, arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn documents_go_round_every_store_and_come_back_the_same() {
    let (etcd, s3, azure) = (Etcd::start(), Buckets::s3(), Buckets::azurite());
    let (google, seaweedfs) = (Buckets::google(), Buckets::seaweedfs());
    let place = TempDir::new().unwrap();
    let folder = |name: &str| format!("file:{}", place.path().join(name).display());
    for (tenant, text) in DOCUMENTS {
        let document = place.path().join("first").join(tenant).join("security.yml");
        std::fs::create_dir_all(document.parent().unwrap()).unwrap();
        std::fs::write(document, text).unwrap();
    }
    std::fs::create_dir_all(place.path().join("first/without")).unwrap();
    // The two that speak S3 have one environment, so there is one of them in a step.
    let round = [
        (folder("first"), &s3),
        (etcd.url("round"), &s3),
        (s3.url("round"), &s3),
        (azure.url("round"), &seaweedfs),
        (seaweedfs.url("round"), &seaweedfs),
        (google.url("round"), &s3),
        (folder("last"), &s3),
    ];
    for stores in round.windows(2) {
        let [(from, one), (to, other)] = stores else { panic!("a window of two") };
        let speaker = if from.starts_with("s3:") { one } else { other };
        let buckets = [speaker, &azure, &google];
        let copy = ["copy", "--from", from, "--to", to];
        let told = neokeys(&buckets, &copy);
        assert_eq!(told.matches("copied").count(), DOCUMENTS.len() + 1, "{told}");
        let again = neokeys(&buckets, &copy);
        assert_eq!(again.matches("same").count(), DOCUMENTS.len() + 1, "{again}");
        let listed = neokeys(&buckets, &["tenants", "list", "--store", to]);
        assert_eq!(listed, "TENANT\ntenant-1\ntenant-10\ntenant-2\nwithout\n", "{to}");
        what_the_source_does_not_have_goes(&buckets, &copy);
    }
    for (tenant, text) in DOCUMENTS {
        let document = place.path().join("last").join(tenant).join("security.yml");
        assert_eq!(std::fs::read_to_string(document).unwrap(), text, "{tenant}");
    }
    assert!(!place.path().join("last/without/security.yml").exists());
}

/// A tenant is made at the target alone, named, and taken away.
fn what_the_source_does_not_have_goes(buckets: &[&Buckets], copy: &[&str; 5]) {
    let store = ["--store", copy[4]];
    neokeys(buckets, &[&["tenants", "create", "gone"], &store[..]].concat());
    let create = ["keys", "create", "--tenant", "gone", "k", "--permission", "a"];
    neokeys(buckets, &[&create, &store[..]].concat());
    let left = run(buckets, copy);
    let told = String::from_utf8_lossy(&left.stdout);
    assert_eq!(left.status.code(), Some(1), "{told}");
    assert!(told.contains("gone       not at the source"), "{told}");
    let told = neokeys(buckets, &[&copy[..], &["--delete"]].concat());
    assert!(told.contains("gone       deleted"), "{told}");
    assert!(!neokeys(buckets, copy).contains("gone"));
}

#[test]
fn what_is_too_large_leaves_no_tenant() {
    let etcd = Etcd::start();
    let place = TempDir::new().unwrap();
    let document = place.path().join("large/security.yml");
    std::fs::create_dir(document.parent().unwrap()).unwrap();
    std::fs::write(document, "#\n".repeat(1_000_000)).unwrap();
    let from = format!("file:{}", place.path().display());
    let to = etcd.url("large");
    for _ in 0..2 {
        let copied = run(&[], &["copy", "--from", &from, "--to", &to]);
        let told = String::from_utf8_lossy(&copied.stdout);
        assert_eq!(copied.status.code(), Some(1), "{told}");
        assert!(told.contains("larger than a request to etcd may be"), "{told}");
        assert_eq!(neokeys(&[], &["tenants", "list", "--store", &to]), "TENANT\n");
    }
}
