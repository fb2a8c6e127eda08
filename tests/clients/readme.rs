//! The clients' README, done as it is written: its files made, its commands run.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::service::Service;
use crate::tools::{folder, quick_java, run, target, write};

const README: &str = include_str!("../../openapi/sdk/README.md");

/// The output of every program, as the README shows it.
fn promised() -> String {
    let (_, shown) = README.split_once("prints the same:\n\n").unwrap();
    let lines = shown.lines().map_while(|line| line.strip_prefix("    "));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The code blocks of a section: what the fence says, and the text.
fn blocks(section: &str) -> Vec<(String, String)> {
    let (_, text) = README.split_once(&format!("\n## {section}\n")).unwrap();
    let text = text.split("\n## ").next().unwrap();
    let fenced = text.split("\n```").skip(1).step_by(2);
    fenced
        .map(|block| {
            let (fence, text) = block.split_once('\n').unwrap();
            (fence.to_owned(), format!("{text}\n"))
        })
        .collect()
}

fn follow(section: &str) {
    let folder = folder(&format!("readme {section}").replace(' ', "-").to_lowercase());
    let mut commands = String::new();
    for (fence, text) in blocks(section) {
        match fence.split_once(' ') {
            None if fence == "sh" => commands.push_str(&text),
            None => panic!("{section}: a block without a file's name: {fence:?}"),
            Some((_, name)) => {
                let path = folder.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                write(&path, &text);
            }
        }
    }
    if folder.join("Cargo.toml").exists() {
        // The versions that are on this machine already.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
        fs::copy(lock, folder.join("Cargo.lock")).unwrap();
    }
    let service = Service::start();
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &commands]).current_dir(&folder);
    shell.env("CARGO_TARGET_DIR", target()).env("npm_config_prefer_offline", "true");
    quick_java(&mut shell);
    let told = run(service.told_to(&mut shell));
    assert!(told.ends_with(&promised()), "{told}");
}

#[test]
fn the_program_with_openapi_fetch_works_as_written() {
    follow("TypeScript with openapi-fetch");
}

#[test]
fn the_program_with_hey_api_works_as_written() {
    follow("TypeScript with Hey API");
}

#[test]
fn the_program_with_openapi_python_client_works_as_written() {
    follow("Python with openapi-python-client");
}

#[test]
fn the_python_program_with_openapi_generator_works_as_written() {
    follow("Python with OpenAPI Generator");
}

#[test]
fn the_rust_program_with_openapi_generator_works_as_written() {
    follow("Rust with OpenAPI Generator");
}

#[test]
fn no_other_section_has_commands() {
    assert_eq!(README.matches("\n## ").count(), 5);
    assert_eq!(README.matches("\n```sh\n").count(), 5);
}
