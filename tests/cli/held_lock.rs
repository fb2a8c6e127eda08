//! The command line while another program holds the lock of the tenant.

use std::fs::File;
use std::process::Stdio;

use rustix::fs::{FlockOperation, flock};

use neokeys_testkit::workplace::{Run, Workplace};

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
    // All at once: each waits for as long as the lock is waited for.
    let [created, deleted, missing] = [
        &["create", "--tenant", "demo", "late", "--permission", "x"][..],
        &["delete", "--tenant", "demo", "kept"],
        &["delete", "--tenant", "demo", "missing"],
    ]
    .map(|change| place.command(&[&["keys"], change].concat()))
    .map(|mut command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    .map(|child| Run::of(child.wait_with_output().unwrap()));
    for run in [created, deleted] {
        assert_eq!(run.exit_code, 1, "{run:?}");
        assert_eq!(run.results, "", "a token of a key that is not there");
        assert!(run.remarks.contains("another process holds the lock"), "{run:?}");
        assert!(run.remarks.contains("demo.lock"), "{run:?}");
    }
    // What a rule refuses is told as that.
    assert!(missing.exit_code == 1 && !missing.remarks.contains("lock"), "{missing:?}");
    drop(lock);
    assert_eq!(place.read("data/demo/security.yml"), before);
    assert_eq!(
        place.run(&["keys", "create", "--tenant", "demo", "late", "--permission", "x"]).exit_code,
        0
    );
}
