//! Documents that move house, through every kind of store and back.

use std::process::Command;

use tempfile::TempDir;

use crate::servers::buckets::Buckets;
use crate::servers::etcd::Etcd;

const DOCUMENTS: [(&str, &str); 3] = [
    ("tenant-1", "apiKeys: []  # to the byte\r\n"),
    ("tenant-10", ""),
    ("tenant-2", "not: [yaml \u{e9}"),
];

fn neokeys(buckets: &[&Buckets], arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_neokeys"));
    for buckets in buckets {
        command.envs(buckets.variables());
    }
    let output = command.args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn documents_go_round_every_store_and_come_back_the_same() {
    let (etcd, s3, azure) = (Etcd::start(), Buckets::s3(), Buckets::azurite());
    let place = TempDir::new().unwrap();
    let folder = |name: &str| format!("file:{}", place.path().join(name).display());
    for (tenant, text) in DOCUMENTS {
        let document = place.path().join("first").join(tenant).join("security.yml");
        std::fs::create_dir_all(document.parent().unwrap()).unwrap();
        std::fs::write(document, text).unwrap();
    }
    std::fs::create_dir_all(place.path().join("first/without")).unwrap();
    let round =
        [folder("first"), etcd.url("round"), s3.url("round"), azure.url("round"), folder("last")];
    for stores in round.windows(2) {
        let copy = ["copy", "--from", &stores[0], "--to", &stores[1]];
        let told = neokeys(&[&s3, &azure], &copy);
        assert_eq!(told.matches("copied").count(), DOCUMENTS.len() + 1, "{told}");
        let again = neokeys(&[&s3, &azure], &copy);
        assert_eq!(again.matches("same").count(), DOCUMENTS.len() + 1, "{again}");
        let listed = neokeys(&[&s3, &azure], &["tenants", "list", "--store", &stores[1]]);
        assert_eq!(listed, "TENANT\ntenant-1\ntenant-10\ntenant-2\nwithout\n", "{}", stores[1]);
    }
    for (tenant, text) in DOCUMENTS {
        let document = place.path().join("last").join(tenant).join("security.yml");
        assert_eq!(std::fs::read_to_string(document).unwrap(), text, "{tenant}");
    }
    assert!(!place.path().join("last/without/security.yml").exists());
}
