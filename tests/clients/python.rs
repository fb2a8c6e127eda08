//! Python, with the types checked.

use std::path::Path;

use crate::service::Service;
use crate::tools::{copy, folder, python, run, target, write_document};

fn check_and_run(folder: &Path) {
    let cache = target().join("tmp/clients/mypy");
    // Strictly, but for the insides of generated code, which is loose in places.
    run(python("mypy", folder)
        .args(["--strict", "--follow-imports=silent", "program.py", "--cache-dir"])
        .arg(cache));
    let service = Service::start_with_faults();
    run(service.told_to(python("python", folder).arg("program.py")));
}

#[test]
fn the_client_of_openapi_python_client_does_everything() {
    let folder = folder("openapi-python-client");
    copy("programs/openapi_python_client.py", &folder, "program.py");
    write_document("sdk", &folder);
    run(python("openapi-python-client", &folder)
        .args(["generate", "--path", "sdk.json", "--meta", "none"])
        .args(["--output-path", "neokeys_client"]));
    check_and_run(&folder);
}

#[test]
fn the_python_client_of_openapi_generator_does_everything() {
    let folder = folder("openapi-generator-python");
    copy("programs/openapi_generator.py", &folder, "program.py");
    write_document("sdk", &folder);
    run(python("openapi-generator-cli", &folder)
        .args(["generate", "--generator-name", "python", "--input-spec", "sdk.json"])
        .args(["--output", ".", "--package-name", "neokeys_client"]));
    check_and_run(&folder);
}

#[test]
fn the_python_client_of_the_extensions_leads_the_life_of_a_key() {
    let folder = folder("key-life-python");
    copy("programs/key_life.py", &folder, "program.py");
    write_document("extensions", &folder);
    run(python("openapi-generator-cli", &folder)
        .args(["generate", "--generator-name", "python", "--input-spec", "extensions.json"])
        .args(["--output", ".", "--package-name", "neokeys_client"]));
    check_and_run(&folder);
}
