//! TypeScript, with every check that `strict` has.

use std::path::Path;
use std::process::Command;

use crate::service::Service;
use crate::tools::{copy, folder, node, run, write, write_document};

const SETTINGS: &str = r#"{
  "compilerOptions": {
    "strict": true, "noUncheckedIndexedAccess": true, "skipLibCheck": false,
    "module": "nodenext", "target": "es2023", "outDir": "out", "types": ["node"]
  },
  "include": ["*.ts", "client"]
}"#;

fn prepare(folder: &Path, program: &str, profile: &str) {
    write(&folder.join("tsconfig.json"), SETTINGS);
    write(&folder.join("package.json"), r#"{"private": true, "type": "module"}"#);
    copy(&format!("programs/{program}.ts"), folder, "program.ts");
    write_document(profile, folder);
}

fn check_and_run(folder: &Path) {
    run(node("tsc", folder).args(["--project", "."]));
    let service = Service::start_with_faults();
    run(service.told_to(Command::new("node").arg("out/program.js").current_dir(folder)));
}

#[test]
fn openapi_fetch_with_the_types_of_openapi_typescript_does_everything() {
    let folder = folder("openapi-fetch");
    prepare(&folder, "openapi-fetch", "sdk");
    run(node("openapi-typescript", &folder).args(["sdk.json", "--output", "neokeys.d.ts"]));
    check_and_run(&folder);
}

#[test]
fn the_client_of_hey_api_does_everything() {
    let folder = folder("hey-api");
    prepare(&folder, "hey-api", "sdk");
    // It looks for tsconfig.json from where it is installed, which is elsewhere here.
    let settings = "export default { input: 'sdk.json', output: \
                    { path: 'client', module: { extension: '.js' } } };";
    write(&folder.join("openapi-ts.config.mjs"), settings);
    run(node("openapi-ts", &folder).args(["--file", "openapi-ts.config.mjs"]));
    check_and_run(&folder);
}

#[test]
fn openapi_fetch_with_the_types_of_the_extensions_leads_the_life_of_a_key() {
    let folder = folder("key-life-typescript");
    prepare(&folder, "key-life", "extensions");
    run(node("openapi-typescript", &folder).args(["extensions.json", "--output", "neokeys.d.ts"]));
    check_and_run(&folder);
}
