//! The table of who may use whom, and the habits of the code, held against the sources.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::wildcard_enum_match_arm, reason = "of Rust's many forms, few are looked at")]

mod circles;
mod modules;
mod visibility;

use std::fs;
use std::path::{Path, PathBuf};

/// The root files of the crates that the program is made of.
const CRATES: &[&str] = &["src/lib.rs", "crates/neokeys-store/src/lib.rs"];

/// Where each module of ours is. That the store crate names nothing above it, the compiler keeps.
const SOURCES: &[&str] = &["src", "crates/neokeys-store/src"];

/// A module, the modules of ours that it may name, and words that it never says.
struct Layer {
    module: &'static str,
    uses: &'static [&'static str],
    never: &'static [&'static str],
}

/// `cli` and `startup` may use everything; `settings` only what other modules are set by.
const LAYERS: &[Layer] = &[
    Layer { module: "contract", uses: &[], never: &[] },
    Layer {
        module: "domain",
        uses: &[],
        never: &[
            "actix",
            "utoipa",
            "hyper",
            "reqwest",
            "yaml",
            "std::fs",
            "std::env",
            "SystemTime",
            "tokio",
        ],
    },
    Layer {
        module: "audit",
        uses: &["domain", "transparency"],
        never: &["actix", "utoipa", "yaml", "std::fs", "std::env", "SystemTime", "tokio"],
    },
    Layer { module: "causes", uses: &[], never: &["actix", "std::fs", "std::env", "tokio"] },
    Layer { module: "clock", uses: &["domain"], never: &["actix", "std::fs", "std::env", "tokio"] },
    Layer { module: "tally", uses: &[], never: &["actix", "prometheus", "std::fs"] },
    Layer {
        module: "transparency",
        uses: &[],
        never: &["actix", "std::fs", "std::env", "tokio", "SystemTime"],
    },
    Layer { module: "connections", uses: &["tally"], never: &["std::fs", "std::env"] },
    Layer {
        module: "storage",
        uses: &["audit", "causes", "clock", "domain", "tally", "transparency"],
        never: &["actix", "utoipa"],
    },
    Layer { module: "problem", uses: &["causes", "contract"], never: &[] },
    Layer {
        module: "auth",
        uses: &["clock", "contract", "domain", "problem", "tally"],
        never: &["std::env"],
    },
    Layer {
        module: "http",
        uses: &["audit", "auth", "clock", "contract", "domain", "problem", "tally", "transparency"],
        never: &["std::fs", "std::env", "serde_yaml::from"],
    },
    Layer {
        module: "ext_authz",
        uses: &["auth", "connections", "contract", "domain", "http", "problem"],
        never: &["std::fs", "std::env"],
    },
    Layer {
        module: "guard",
        uses: &["auth", "clock", "domain", "http", "problem", "storage"],
        never: &["std::fs", "std::env"],
    },
    Layer {
        module: "dev_issuer",
        uses: &["auth", "clock", "domain", "problem"],
        never: &["std::fs", "std::env"],
    },
    Layer {
        module: "metrics",
        uses: &["auth", "clock", "connections", "http", "storage", "tally"],
        never: &["std::env"],
    },
    Layer { module: "traces", uses: &["auth", "causes", "clock", "http"], never: &["std::env"] },
    Layer {
        module: "settings",
        uses: &[
            "auth",
            "contract",
            "domain",
            "ext_authz",
            "http",
            "metrics",
            "storage",
            "telemetry",
            "tls",
            "traces",
            "transparency",
        ],
        never: &["actix"],
    },
    Layer { module: "telemetry", uses: &["clock"], never: &["actix", "std::fs"] },
    Layer { module: "tls", uses: &[], never: &["actix"] },
    Layer {
        module: "startup",
        uses: &[
            "audit",
            "auth",
            "clock",
            "connections",
            "contract",
            "dev_issuer",
            "domain",
            "ext_authz",
            "http",
            "metrics",
            "problem",
            "settings",
            "storage",
            "telemetry",
            "tls",
            "traces",
        ],
        never: &[],
    },
    Layer {
        module: "cli",
        uses: &[
            "audit",
            "auth",
            "causes",
            "clock",
            "connections",
            "contract",
            "domain",
            "http",
            "problem",
            "settings",
            "startup",
            "storage",
            "telemetry",
            "transparency",
        ],
        never: &[],
    },
];

/// Longer, a file holds two ideas.
const LONGEST: usize = 400;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "misc"];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The code of a file without its comments and its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// The files of a folder but those which are compiled for tests alone.
fn production(folder: &Path) -> Vec<PathBuf> {
    let all = files(folder);
    let mut tests = Vec::new();
    for path in &all {
        for rest in fs::read_to_string(path).unwrap().split("#[cfg(test)]\nmod ").skip(1) {
            let name = rest.split([';', ' ']).next().unwrap();
            tests.push(path.with_file_name(name));
        }
    }
    let is_test =
        |path: &Path| tests.iter().any(|it| path.starts_with(it) || path.with_extension("") == *it);
    all.into_iter().filter(|path| !is_test(path)).collect()
}

fn all_production() -> Vec<PathBuf> {
    SOURCES.iter().flat_map(|it| production(&root().join(it))).collect()
}

/// The modules of ours that a file names, as `crate::module` or `crate::{module, …}`.
fn named(code: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let end = |text: &str| {
            text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
        };
        match rest.strip_prefix('{') {
            None => names.push(&rest[..end(rest)]),
            Some(group) => {
                let group = &group[..group.find("};").unwrap_or(group.len())];
                names.extend(
                    group.split(',').map(|item| item.trim()).map(|item| &item[..end(item)]),
                );
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn every_module_is_in_the_table() {
    for path in SOURCES.iter().flat_map(|it| fs::read_dir(root().join(it)).unwrap()) {
        let path = path.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let listed = LAYERS.iter().any(|layer| layer.module == name);
        assert!(listed || name == "lib" || name == "main", "{name} is in no row of the table");
    }
}

#[test]
fn no_module_uses_what_its_row_does_not_name() {
    let modules: Vec<_> = LAYERS.iter().map(|layer| layer.module).collect();
    for layer in LAYERS {
        let places = SOURCES.iter().map(|it| root().join(it).join(layer.module));
        let paths: Vec<_> = places
            .flat_map(
                |it| if it.is_dir() { production(&it) } else { vec![it.with_extension("rs")] },
            )
            .filter(|path| path.is_file())
            .collect();
        assert!(!paths.is_empty(), "{} is nowhere", layer.module);
        for path in paths {
            let code = code(&path);
            for name in named(&code) {
                let allowed =
                    name == layer.module || layer.uses.contains(&name) || !modules.contains(&name);
                assert!(
                    allowed,
                    "{} names {name}, which {} may not use",
                    path.display(),
                    layer.module
                );
            }
            for word in layer.never {
                assert!(!code.contains(word), "{} says {word}", path.display());
            }
        }
    }
}

#[test]
fn no_status_code_stands_outside_of_the_catalogue_but_those_of_success() {
    let successes =
        ["OK", "CREATED", "NO_CONTENT", "NOT_MODIFIED", "SEE_OTHER", "SERVICE_UNAVAILABLE"];
    // The development issuer answers a person in a browser, with pages, and clients as OAuth has it.
    let exempt = [
        "problem/catalogue.rs",
        "dev_issuer/answers.rs",
        "dev_issuer/device.rs",
        "dev_issuer/routes.rs",
        "dev_issuer/token_endpoint.rs",
    ];
    for path in all_production() {
        if exempt.iter().any(|it| path.ends_with(it)) {
            continue;
        }
        for rest in code(&path).split("StatusCode::").skip(1) {
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
            // Readiness answers with a status of its own: its body is for probes, not callers.
            let allowed = name.is_empty() || successes.contains(&name.as_str());
            assert!(allowed, "{} has StatusCode::{name}", path.display());
        }
    }
}

#[test]
fn a_doc_comment_begins_with_a_noun_or_a_verb() {
    for folder in ["src", "build", "crates", "tests", "benches", "examples"] {
        for path in files(&root().join(folder)) {
            let mut before = String::new();
            for line in fs::read_to_string(&path).unwrap().lines().map(str::trim_start) {
                for mark in ["///", "//!"] {
                    let text = line.strip_prefix(mark).filter(|_| !before.starts_with(mark));
                    let is_riddle = text.is_some_and(|text| text.starts_with(" What "));
                    assert!(!is_riddle, "{} says {line}", path.display());
                }
                line.clone_into(&mut before);
            }
        }
    }
}

#[test]
fn no_file_holds_two_ideas_or_hides_behind_an_empty_name() {
    for folder in ["src", "build", "crates", "tests", "benches", "examples"] {
        let folder = root().join(folder);
        for path in if folder.is_dir() { files(&folder) } else { Vec::new() } {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= LONGEST, "{} has {lines} lines", path.display());
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(!EMPTY_NAMES.contains(&name), "{}", path.display());
        }
    }
}

#[test]
fn nothing_of_the_contract_is_typed_a_second_time() {
    for path in all_production() {
        let code = code(&path);
        for text in [
            "/admin/apiKeys",
            "tenant.apiKey",
            "tenantId\"",
            "keyName\"",
            "\"X-API-KEY",
            "\"x-api-key",
            "nsk_[",
        ] {
            assert!(!code.contains(text), "{} says {text}", path.display());
        }
    }
}

#[test]
fn suites_share_by_a_crate_and_not_by_taking_in_each_others_files() {
    let stitched = [["#[", "path"].concat(), ["expect(dead", "_code"].concat()];
    for folder in ["tests", "benches", "examples", "crates"] {
        for path in files(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            for stitch in &stitched {
                assert!(!text.contains(stitch.as_str()), "{} has {stitch}", path.display());
            }
        }
    }
}
