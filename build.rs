//! Turns the documented contract into source: `openapi/neostore-v1.json` → `$OUT_DIR/contract.rs`.
//!
//! A contract that the generator cannot read stops the build with one sentence that says where.

use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "build/mod.rs"]
mod generator;

const CONTRACT: &str = "openapi/neostore-v1.json";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={CONTRACT}");
    if let Err(sentence) = write_source() {
        println!("cargo::error={sentence}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a generated file needs no sync: it is made again")]
fn write_source() -> Result<(), String> {
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).ok_or("cargo sets no OUT_DIR")?;
    let text = fs::read_to_string(Path::new(CONTRACT))
        .map_err(|error| format!("{CONTRACT} cannot be read: {error}"))?;
    let source = generator::generate(&text).map_err(|fault| format!("{CONTRACT}{fault}"))?;
    let target = folder.join("contract.rs");
    fs::write(&target, source)
        .map_err(|error| format!("{} cannot be written: {error}", target.display()))
}
