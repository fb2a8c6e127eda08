//! Systems that neokeys is not for.

use std::fs;
use std::process::Command;

use neokeys_testkit::programs::{folder, run};

#[test]
fn a_build_for_another_system_ends_with_one_sentence() {
    let place = tempfile::tempdir().unwrap();
    let program = place.path().join("build");
    let source = folder("crates/file-lease/build.rs");
    run(Command::new("rustc").args(["--edition", "2024", "-o"]).arg(&program).arg(source));
    let errors = |system: &str| {
        let output = Command::new(&program).env("CARGO_CFG_TARGET_OS", system).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let errors = said.lines().filter_map(|line| line.strip_prefix("cargo::error="));
        errors.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(errors("linux"), [""; 0]);
    for system in ["macos", "windows"] {
        let [error] = &errors(system)[..] else { panic!("one error") };
        assert!(error.contains(system) && error.contains("container image"), "{error}");
    }
    // Whoever builds anything of ours builds this first.
    let store = fs::read_to_string(folder("crates/neokeys-store/Cargo.toml")).unwrap();
    assert!(store.contains("\nfile-lease = "), "{store}");
}
