//! The image.

use std::ffi::OsString;
use std::fs;
use std::process::Command;

use neokeys::settings::Settings;

use neokeys_testkit::programs::{folder, python_program, run};

fn dockerfile() -> String {
    fs::read_to_string(folder("Dockerfile")).unwrap()
}

#[test]
fn hadolint_finds_nothing_to_mend() {
    run(python_program("hadolint")
        .args(["--failure-threshold", "style"])
        .arg(folder("Dockerfile")));
}

/// The variables that the image sets.
pub(crate) fn environment() -> Vec<(String, String)> {
    let text = dockerfile();
    let pairs = text.split_whitespace().filter_map(|word| word.split_once('='));
    let ours = pairs.filter(|(name, _)| name.starts_with("NEOKEYS_"));
    ours.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The program that the image starts.
pub(crate) fn entrypoint() -> Vec<String> {
    words("\nENTRYPOINT ")
}

/// Its arguments where nobody gives others.
pub(crate) fn arguments() -> Vec<String> {
    words("\nCMD ")
}

/// Whoever runs it.
pub(crate) fn user() -> u32 {
    let text = dockerfile();
    let (_, rest) = text.split_once("\nUSER ").unwrap();
    rest.split(':').next().unwrap().parse().unwrap()
}

fn words(instruction: &str) -> Vec<String> {
    let text = dockerfile();
    let (_, rest) = text.split_once(instruction).unwrap();
    serde_json::from_str(rest.lines().next().unwrap()).unwrap()
}

#[test]
fn the_image_has_settings_that_there_are() {
    let text = dockerfile();
    let environment: Vec<(OsString, OsString)> =
        environment().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    assert_eq!(environment.len(), 2, "{environment:?}");
    let nowhere = tempfile::NamedTempFile::new().unwrap();
    let settings = Settings::load(Some(nowhere.path()), environment).unwrap();
    assert!(text.contains(&format!("\nEXPOSE {}\n", settings.listen.port())), "{text}");
    assert!(text.contains(&format!(
        "\nVOLUME {}\n",
        settings.store.to_string().trim_start_matches("file:")
    )));
    assert!(settings.listen.ip().is_unspecified());
}

#[test]
fn the_image_is_built_with_the_toolchain_that_everything_else_is() {
    let toolchain = fs::read_to_string(folder("rust-toolchain.toml")).unwrap();
    let channel = toolchain.split('"').nth(1).unwrap();
    let text = dockerfile();
    assert!(text.contains(&format!("FROM rust:{channel}-")), "{channel} in {text}");
    assert!(text.contains(&format!("RUSTUP_TOOLCHAIN={channel}\n")), "{channel} in {text}");
}

#[test]
fn nobody_in_the_image_is_root_and_it_is_empty_but_for_the_program() {
    let text = dockerfile();
    let last = text.rsplit("\nFROM ").next().unwrap();
    assert!(last.starts_with("scratch\n") && last.contains("\nUSER 65532:65532\n"), "{last}");
    assert!(text.contains("-C target-feature=+crt-static"), "nothing of a system is there");
}

/// Whether a program is to be loaded by another (`PT_INTERP`, elf(5)), 64 bits and little-endian.
fn demands_interpreter(elf: &[u8]) -> bool {
    let number = |place: usize, size: usize| {
        let bytes = elf[place..place + size].iter().rev();
        bytes.fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    (0..count).any(|entry| number(table + entry * size, 4) == 3)
}

/// The compiler links Debian's C library in: what the image's build relies on.
#[test]
fn a_static_program_can_be_linked_here() {
    let place = tempfile::tempdir().unwrap();
    let (source, program) = (place.path().join("main.rs"), place.path().join("program"));
    let mut file = fs::File::create(&source).unwrap();
    std::io::Write::write_all(&mut file, b"fn main() { println!(\"{}\", std::process::id()); }")
        .unwrap();
    let mut rustc = Command::new("rustc");
    run(rustc.args(["-C", "target-feature=+crt-static", "-o"]).arg(&program).arg(&source));
    let bytes = fs::read(&program).unwrap();
    assert!(!demands_interpreter(&bytes), "it wants a loader that is not in the image");
    assert!(demands_interpreter(&fs::read("/bin/true").unwrap()), "the check itself can fail");
    run(&mut Command::new(&program));
}
