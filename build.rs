//! Turns the documented contract into source (`openapi/neostore-v1.json` → `$OUT_DIR/contract.rs`)
//! and, with the overlay, into the SDK profile (`$OUT_DIR/sdk.json`), and tells the program which commit it is
//! made of (`$COMMIT_OF_NEOKEYS`; where there is no git, whoever builds can set it). Its name is not that of a setting,
//! which begin with `NEOKEYS_`, since `cargo run` gives it to the program.
//!
//! A contract that the generator cannot read stops the build with one sentence that says where.

use std::path::{Path, PathBuf};
use std::{env, fs};

const CONTRACT: &str = "openapi/neostore-v1.json";
const OVERLAY: &str = "openapi/sdk.overlay.yaml";

/// What the program is made of.
const SOURCES: [&str; 11] = [
    "build",
    "build.rs",
    "Cargo.lock",
    "Cargo.toml",
    "crates/file-lease/build.rs",
    "crates/file-lease/Cargo.toml",
    "crates/file-lease/src",
    "crates/neokeys-store/Cargo.toml",
    "crates/neokeys-store/src",
    "openapi",
    "src",
];

fn main() {
    for path in SOURCES {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=COMMIT_OF_NEOKEYS");
    println!("cargo::rustc-env=COMMIT_OF_NEOKEYS={}", commit());
    if let Err(sentence) = write_generated() {
        println!("cargo::error={sentence}");
    }
}

fn write_generated() -> Result<(), String> {
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).ok_or("cargo sets no OUT_DIR")?;
    let (contract, overlay) = (read(CONTRACT)?, read(OVERLAY)?);
    let source =
        neokeys_codegen::generate(&contract).map_err(|fault| format!("{CONTRACT}{fault}"))?;
    write(&folder.join("contract.rs"), &source)?;
    let profile = neokeys_codegen::overlaid(&contract, &overlay)
        .map_err(|fault| format!("{OVERLAY}{fault}"))?;
    write(&folder.join("sdk.json"), &profile)
}

/// The commit, with a word if the sources differ from it; empty if nobody knows.
fn commit() -> String {
    if let Some(told) = env::var_os("COMMIT_OF_NEOKEYS").filter(|it| !it.is_empty()) {
        return told.to_string_lossy().into_owned();
    }
    let Some(commit) = neokeys_codegen::commit_of(Path::new("."), &SOURCES) else {
        return String::new();
    };
    if let Some(log) = commit.log {
        println!("cargo::rerun-if-changed={}", log.display());
    }
    format!("{}{}", commit.name, if commit.is_changed { ", with changes" } else { "" })
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

#[expect(clippy::disallowed_methods, reason = "a generated file needs no sync: it is made again")]
fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}
