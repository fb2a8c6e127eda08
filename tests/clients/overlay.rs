//! The SDK profile made by other people's overlay tools: the overlay says the same to all.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::tools::{folder, node, run, write_document};

fn source(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi").join(name).display().to_string()
}

fn profile(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(write_document("sdk", folder)).unwrap()).unwrap()
}

#[test]
fn openapi_format_makes_the_same_profile_of_the_contract_and_the_overlay() {
    let folder = folder("openapi-format");
    run(node("openapi-format", &folder)
        .args([source("neostore-v1.json"), "--overlayFile".into(), source("sdk.overlay.yaml")])
        .args(["--no-sort", "--json", "--output", "made.json"]));
    let made = fs::read_to_string(folder.join("made.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&made).unwrap(), profile(&folder));
}

#[test]
fn openapi_overlays_js_makes_the_same_profile_of_the_contract_and_the_overlay() {
    let folder = folder("openapi-overlays-js");
    let made = run(node("overlayjs", &folder)
        .args(["--openapi".into(), source("neostore-v1.json")])
        .args(["--overlay".into(), source("sdk.overlay.yaml")]));
    assert_eq!(serde_yaml::from_str::<Value>(&made).unwrap(), profile(&folder));
}
