//! Turns the documented contract into source (`openapi/neostore-v1.json` → `$OUT_DIR/contract.rs`)
//! and, with the overlay, into the SDK profile (`$OUT_DIR/sdk.json`).
//!
//! A contract that the generator cannot read stops the build with one sentence that says where.

use std::path::{Path, PathBuf};
use std::{env, fs};

const CONTRACT: &str = "openapi/neostore-v1.json";
const OVERLAY: &str = "openapi/sdk.overlay.yaml";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={CONTRACT}");
    println!("cargo::rerun-if-changed={OVERLAY}");
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

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

#[expect(clippy::disallowed_methods, reason = "a generated file needs no sync: it is made again")]
fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}
