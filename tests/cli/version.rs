//! `neokeys --version`.

use neokeys_codegen::commit_of;
use neokeys_testkit::programs::folder;
use neokeys_testkit::workplace::Workplace;

#[test]
fn the_version_says_what_the_program_is_made_of() {
    let place = Workplace::new();
    let version = place.run(&["--version"]).done();
    let lines: Vec<_> = version.lines().collect();
    let commit = commit_of(&folder(""), &["src"]);
    let commit = commit.map_or("unknown (built without git)".to_owned(), |it| it.name);
    assert_eq!(lines[0], format!("neokeys {}", env!("CARGO_PKG_VERSION")));
    assert!(lines[1].starts_with(&format!("commit: {commit}")), "{version}");
    let features = [
        ("etcd", cfg!(feature = "etcd")),
        ("object-storage", cfg!(feature = "object-storage")),
        ("ext-authz", cfg!(feature = "ext-authz")),
        ("tower", cfg!(feature = "tower")),
    ];
    let built_in: Vec<_> = features.iter().filter(|it| it.1).map(|it| it.0).collect();
    let told = if built_in.is_empty() { "none".to_owned() } else { built_in.join(", ") };
    assert_eq!(lines[2..], [format!("features: {told}")]);
    let manifest = std::fs::read_to_string(folder("Cargo.toml")).unwrap();
    let (_, section) = manifest.split_once("\n[features]\n").unwrap();
    let section = section.split("\n[").next().unwrap().lines();
    let names = section.filter(|it| !it.starts_with('#')).filter_map(|it| it.split_once(" = "));
    let names: Vec<_> = names.map(|(name, _)| name).collect();
    assert_eq!(names, features.map(|it| it.0));
    assert_eq!(place.run(&["-V"]).done(), format!("{}\n", lines[0]));
}
