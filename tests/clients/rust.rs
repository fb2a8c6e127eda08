//! Rust, built with the versions that the service itself is built with, beside it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::service::Service;
use crate::tools::{copy, folder, outcome, python, run, target, write_document};

/// Builds a program; asks the registry only for what is not on this machine yet.
pub(crate) fn build(folder: &Path) {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).unwrap();
    let cargo = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg("build").current_dir(folder).env("CARGO_TARGET_DIR", target());
        cargo
    };
    if !outcome(cargo().arg("--offline")).0 {
        run(&mut cargo());
    }
}

fn generate_and_run(name: &str, profile: &str, package: &str) {
    let folder = folder(name);
    let document = write_document(profile, &folder);
    run(python("openapi-generator-cli", &folder)
        .args(["generate", "--generator-name", "rust", "--package-name", "neokeys_client"])
        .args(["--output", "client", "--input-spec"])
        .arg(document));
    let program = folder.join("program");
    fs::create_dir_all(program.join("src")).unwrap();
    for file in ["Cargo.toml", "src/main.rs"] {
        copy(&format!("programs/{name}/{file}"), &program, file);
    }
    build(&program);
    let service = Service::start_with_faults();
    run(service.told_to(&mut Command::new(target().join("debug").join(package))));
}

#[test]
fn the_rust_client_of_openapi_generator_does_everything() {
    generate_and_run("openapi-generator-rust", "sdk", "program");
}

#[test]
fn the_rust_client_of_the_extensions_leads_the_life_of_a_key() {
    generate_and_run("key-life-rust", "extensions", "key-life");
}
