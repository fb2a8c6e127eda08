//! The same in other software: a key in a header is checked, and its description comes back.
//!
//! Both keep the key where it costs them least: better-auth in memory, Django in SQLite. Neither
//! keeps a log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::load::Load;
use crate::machine::Cores;
use crate::population::{self, Population, token};
use crate::report::{self, Pages};
use crate::rounds::{Case, alternate};
use crate::server::Server;

const ROUNDS: usize = 5;

pub fn run(pages: &Pages) {
    let (node, python) = (install_npm(), install_pypi());
    let few = Population::of(1, 10);
    let neokeys = Server::neokeys(&few.settings("compare.yml", "log: { level: off }\n"), None);

    let better_auth_key = few.folder().join("better-auth");
    let mut command = Cores::of_servers().command("node");
    command.arg(node.join("better_auth.mjs")).arg(&better_auth_key).current_dir(&node);
    let better_auth = Server::start(command);

    let django_key = few.folder().join("django");
    let mut command = Cores::of_servers().command(python.join("bin/python").to_str().unwrap());
    command.arg(source("django_app.py")).arg(&django_key);
    let django = Server::start(command);

    let read = |path: &Path| fs::read_to_string(path).unwrap().trim().to_owned();
    let (better_auth_key, django_key, own) =
        (read(&better_auth_key), read(&django_key), token(0, 3));
    let path = population::key(0, 3);
    let load = |key: &str| Load::same(&path, &[("X-API-KEY", key)]);
    let mut cases = vec![
        Case::new("neokeys", &neokeys, load(&own)),
        Case::new("better-auth, apiKey plugin, on node:http", &better_auth, load(&better_auth_key)),
        Case::new("djangorestframework-api-key, on waitress", &django, load(&django_key)),
    ];
    for case in &cases {
        case.warm_up();
    }
    alternate(&mut cases, ROUNDS);
    let text = format!("# The same work by others\n\n{}\n{REMARKS}", report::cases(&cases));
    pages.page("comparison", &text);
}

const REMARKS: &str = "\
GET with a valid key in `X-API-KEY`; the answer is the key's definition as JSON, of the same size. \
better-auth keeps its keys in memory here, Django in SQLite; rate limits and logs are off.
";

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/http/compare").join(name)
}

fn tools() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/compare");
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn install_npm() -> PathBuf {
    let folder = tools().join("node");
    fs::create_dir_all(&folder).unwrap();
    for name in ["package.json", "package-lock.json", "better_auth.mjs"] {
        fs::copy(source(name), folder.join(name)).unwrap();
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    finish(npm.current_dir(&folder), "Node.js 20 or later with npm");
    folder
}

fn install_pypi() -> PathBuf {
    let folder = tools().join("python");
    finish(Command::new("python3").args(["-m", "venv"]).arg(&folder), "Python 3.11 with venv");
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    finish(pip.arg(source("requirements.txt")), "pip");
    folder
}

fn finish(command: &mut Command, needed: &str) {
    let status = command.status();
    let done = status.as_ref().is_ok_and(std::process::ExitStatus::success);
    assert!(done, "{command:?}: {status:?}; it needs {needed}");
}
