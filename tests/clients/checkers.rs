//! The verdicts of other people's checkers: on the documents, and on the service by the SDK profile.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::service::Service;
use crate::tools::{copy, folder, node, python, run, write_document};

/// A folder with every document and the checkers' settings.
fn workplace(name: &str) -> PathBuf {
    let folder = folder(name);
    for file in ["spectral.yaml", "spectral-documented.yaml", "redocly.yaml", "schemathesis.toml"] {
        copy(&format!("checkers/{file}"), &folder, file);
    }
    write_document("sdk", &folder);
    write_document("documented", &folder);
    write_document("extensions", &folder);
    folder
}

#[test]
fn every_document_is_valid_openapi_3_1() {
    let folder = workplace("openapi-spec-validator");
    run(python("openapi-spec-validator", &folder).args([
        "--schema",
        "3.1",
        "sdk.json",
        "documented.json",
        "extensions.json",
    ]));
}

#[test]
fn spectral_finds_nothing_that_is_not_explained() {
    let folder = workplace("spectral");
    for (documents, rules) in [
        (&["sdk.json", "extensions.json"][..], "spectral.yaml"),
        (&["documented.json"], "spectral-documented.yaml"),
    ] {
        let rules = ["--ruleset", rules, "--fail-severity", "hint"];
        run(node("spectral", &folder).arg("lint").args(documents).args(rules));
    }
}

#[test]
fn redocly_finds_nothing_that_is_not_explained() {
    let folder = workplace("redocly");
    for document in ["sdk", "documented", "extensions"] {
        let told = run(node("redocly", &folder)
            .args(["lint", document, "--format", "json"])
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"));
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(
            (&told["totals"]["errors"], &told["totals"]["warnings"]),
            (&0.into(), &0.into())
        );
    }
}

/// Sends the service what the profile allows and what it forbids, as the caller whom this header
/// names: operation by operation, and then from answer to request along the links.
fn fuzz(folder: &Path, service: &Service, header: &str) {
    let check = |phases: &[&str], examples: &str| {
        let told = run(python("schemathesis", folder)
            .args(["run", &format!("{}/openapi/v1.sdk.json", service.url), "--header", header])
            .args(["--checks", "all", "--phases", &phases.join(",").to_lowercase()])
            .args(["--mode", "all", "--max-examples", examples, "--seed", "5", "--no-color"])
            .args(["--request-timeout", "10"]));
        for phase in phases {
            assert!(told.contains(&format!("✅ {phase}")), "{told}");
        }
        told
    };
    check(&["Examples", "Coverage", "Fuzzing"], "30");
    let told = check(&["Stateful"], "100");
    // How far it goes is its own luck: not all of the nine links, but more than none from a creation.
    let links = told.split_once("API Links:").and_then(|(_, rest)| rest.lines().next()).unwrap();
    let counts: Vec<u32> = links.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert!(counts[0] >= 3 && counts[1..] == [9, 9], "{told}");
}

#[test]
fn schemathesis_finds_no_fault_with_a_bearer_token() {
    let service = Service::start();
    let header = format!("Authorization: Bearer {}", service.token);
    fuzz(&workplace("schemathesis-bearer"), &service, &header);
}

#[test]
fn schemathesis_finds_no_fault_with_an_api_key() {
    let service = Service::start();
    let name = ["the-caller-itself", "--tenant", "demo"];
    let create = [&["keys", "create"], &name[..], &["--permission", "*"]].concat();
    let key = service.command(&create);
    fuzz(&workplace("schemathesis-key"), &service, &format!("X-API-KEY: {}", key.trim()));
    // It has not deleted itself, which would have made the rest of the run a row of 401.
    service.command(&[&["keys", "get"], &name[..]].concat());
}

/// The extensions document's promises on tenants, keys and their life.
#[test]
fn schemathesis_finds_no_fault_with_tenants_and_the_life_of_keys() {
    let service = Service::start();
    let create = ["keys", "create", "crm-sync", "--tenant", "demo", "--permission", "orders:read"];
    service.command(&create);
    let header = format!("Authorization: Bearer {}", service.token);
    let told = run(python("schemathesis", &workplace("schemathesis-life"))
        .args(["run", &format!("{}/openapi/extensions-v1.json", service.url), "--header", &header])
        .args(["--url", &service.url, "--include-path-regex", "apiKeyDetails|/apiKey$|/tenants$"])
        .args(["--checks", "all"])
        .args(["--phases", "examples,coverage,fuzzing", "--mode", "all", "--max-examples", "30"])
        .args(["--seed", "5", "--no-color", "--request-timeout", "10"]));
    for phase in ["Examples", "Coverage", "Fuzzing"] {
        assert!(told.contains(&format!("✅ {phase}")), "{told}");
    }
    let tested = told.split_once("Tested:").and_then(|(_, rest)| rest.split_whitespace().next());
    assert_eq!(tested, Some("9"), "{told}");
}
