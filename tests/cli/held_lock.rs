//! The command line while another program holds the lock of the tenant.

use std::fs::File;

use rustix::fs::{FlockOperation, flock};

use neokeys_testkit::workplace::Workplace;

#[test]
fn a_held_lock_is_waited_for_and_then_told() {
    let place = Workplace::with_tenant();
    assert_eq!(
        place.run(&["keys", "create", "--tenant", "demo", "kept", "--permission", "x"]).exit_code,
        0
    );
    let before = place.read("data/demo/security.yml");
    let lock = File::open(place.path("data/.neokeys/demo.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    for change in [
        &["create", "--tenant", "demo", "late", "--permission", "x"][..],
        &["delete", "--tenant", "demo", "kept"],
    ] {
        let run = place.run(&[&["keys"], change].concat());
        assert_eq!(run.exit_code, 1, "{run:?}");
        assert_eq!(run.results, "", "a token of a key that is not there");
        assert!(run.remarks.contains("another process holds the lock"), "{run:?}");
        assert!(run.remarks.contains("demo.lock"), "{run:?}");
    }
    // What a rule refuses needs no lock, and no wait.
    let run = place.run(&["keys", "delete", "--tenant", "demo", "missing"]);
    assert!(run.exit_code == 1 && !run.remarks.contains("lock"), "{run:?}");
    drop(lock);
    assert_eq!(place.read("data/demo/security.yml"), before);
    assert_eq!(
        place.run(&["keys", "create", "--tenant", "demo", "late", "--permission", "x"]).exit_code,
        0
    );
}
