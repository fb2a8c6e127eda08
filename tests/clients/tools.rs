//! Other people's programs, which `tests/run` installs, and folders for them to work in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of this name for generated code; whatever an earlier run left in it is gone.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The repository's own files for these tests.
pub(crate) fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
pub(crate) fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

/// Copies one of the repository's files for these tests into a folder.
pub(crate) fn copy(source: &str, folder: &Path, name: &str) {
    fs::copy(sources().join(source), folder.join(name)).unwrap();
}

/// Writes a document as the program prints it: `documented`, `sdk` or `extensions`.
pub(crate) fn write_document(profile: &str, folder: &Path) -> PathBuf {
    let mut command = Command::new(neokeys_testkit::server::neokeys());
    let text = run(command.args(["openapi", "--profile", profile]).current_dir(folder).env_clear());
    let path = folder.join(format!("{profile}.json"));
    write(&path, &text);
    path
}

/// A program from PyPI, at work in a folder.
pub(crate) fn python(program: &str, folder: &Path) -> Command {
    installed("python/bin", program, "tests/clients/requirements.txt", folder)
}

/// A program from npm, at work in a folder that finds the packages.
pub(crate) fn node(program: &str, folder: &Path) -> Command {
    let command =
        installed("node/node_modules/.bin", program, "tests/clients/package-lock.json", folder);
    let packages = folder.join("node_modules");
    if !packages.exists() {
        std::os::unix::fs::symlink(target().join("tools/node/node_modules"), packages).unwrap();
    }
    command
}

fn installed(place: &str, program: &str, list: &str, folder: &Path) -> Command {
    let place = target().join("tools").join(place);
    let path = place.join(program);
    assert!(path.exists(), "{program} is missing: run tests/run, which installs what {list} names");
    let mut paths = vec![place];
    paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new(path);
    command.current_dir(folder).env("PATH", std::env::join_paths(paths).unwrap());
    quick_java(&mut command);
    command
}

/// Has Java, which a generator may be written in, compile for a run of seconds and not of hours.
pub(crate) fn quick_java(command: &mut Command) {
    command.env("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
}

/// Runs a program to its end, asserts that it succeeded, and gives its standard output.
pub(crate) fn run(command: &mut Command) -> String {
    let (succeeded, results, remarks) = outcome(command);
    assert!(succeeded, "{command:?}\n{results}\n{remarks}");
    results
}

/// Runs a program to its end: whether it succeeded, its standard output, its standard error.
pub(crate) fn outcome(command: &mut Command) -> (bool, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.success(), text(output.stdout), text(output.stderr))
}
