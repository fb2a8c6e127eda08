//! The commands of `README.md`, as they stand there.

use serde_json::{Value, json};

use crate::pages::{block, put};
use neokeys_testkit::server::Server;

use crate::server::Place;

const PAGE: &str = "README.md";
const DOCUMENTED: &str = "127.0.0.1:8080";

fn answer(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The lines of a console that somebody types, without what is said about them.
fn typed(console: &str) -> Vec<String> {
    let lines = console.lines().filter_map(|line| line.strip_prefix("$ "));
    lines.map(|line| line.split("  #").next().unwrap().trim().to_owned()).collect()
}

/// A developer's server, with its token.
fn developers(place: &Place) -> (Server, String) {
    let line = block(PAGE, "$ cargo run --release -- serve --dev");
    let arguments = put(line.trim(), "$ cargo run --release -- serve ", "");
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let mut server = place.serve(&arguments);
    assert!(server.process.says("Swagger UI:").starts_with("http://"));
    let token = server.process.says("Bearer token:");
    (server, token)
}

#[test]
fn the_five_operations_work_one_after_the_other() {
    let place = Place::new();
    let (server, token) = developers(&place);
    let script = block(PAGE, "KEYS=http://127.0.0.1:8080/api/demo/admin/apiKeys");
    let script = put(&script, DOCUMENTED, server.address());
    let (keys, operations) = script.split_once("\n\n").unwrap();
    let (mut key, mut answers) = (String::new(), Vec::new());
    for operation in operations.split("\n\n") {
        let told =
            place.shell(&format!("{keys}\n{operation}"), &[("TOKEN", &token), ("KEY", &key)]);
        if key.is_empty() {
            key = answer(&told.results)["token"].as_str().unwrap().to_owned();
        }
        answers.push(told.results);
    }
    let permissions = json!(["tenant.apiKey:read"]);
    let (on, off) = (
        json!({"name": "crm-sync", "enabled": true, "permissions": permissions}),
        json!({"name": "crm-sync", "enabled": false, "permissions": permissions}),
    );
    assert_eq!(answers.len(), 5, "{answers:?}");
    assert_eq!(answer(&answers[1]), json!([on]));
    assert_eq!(answer(&answers[2]), on);
    assert_eq!(answer(&answers[3]), off);
    assert_eq!(answers[4], "");
    // What finds tokens in a leak.
    let found = place.shell("grep -cE 'nsk_[0-9A-Za-z]{49}' <<<\"$KEY\"", &[("KEY", &key)]);
    assert_eq!(found.results, "1\n", "{key}");
}

#[test]
fn other_services_are_told_who_passes_and_what_a_token_is_worth() {
    let place = Place::new();
    let (server, token) = developers(&place);
    let create = "neokeys keys create --tenant demo shop --permission orders:read";
    let key = place.shell(create, &[]).results.trim().to_owned();
    let variables = [("KEY", &*key), ("TOKEN", &token)];
    let asks = block(
        PAGE,
        "curl -i \"http://127.0.0.1:8080/auth/demo?scope=orders:read\" -H \"X-API-KEY: $KEY\"",
    );
    let told = place.shell(&put(&asks, DOCUMENTED, server.address()), &variables).results;
    assert!(told.starts_with("HTTP/1.1 200 OK\r\n"), "{told}");
    assert!(told.contains("\r\nx-auth-principal: shop\r\n"), "{told}");
    let asks = block(
        PAGE,
        "curl \"http://127.0.0.1:8080/api/demo/introspect\" -H \"Authorization: Bearer $TOKEN\" -d \"token=$KEY\"",
    );
    let told = place.shell(&put(&asks, DOCUMENTED, server.address()), &variables).results;
    let told = answer(&told);
    assert_eq!((&told["active"], &told["sub"]), (&json!(true), &json!("shop")), "{told}");
    // How the hash in the file is made.
    let digest = place.shell("printf %s \"$KEY\" | sha256sum", &variables).results;
    let digest = digest.split(' ').next().unwrap().to_owned();
    assert!(place.read("data/demo/security.yml").contains(&digest));
}

#[test]
fn the_file_is_one_that_the_program_takes_and_its_hash_is_that_of_a_token() {
    let place = Place::new();
    place.write("data/acme/security.yml", &block(PAGE, "apiKeys:"));
    assert_eq!(place.shell("neokeys check", &[]).remarks.matches("error").count(), 0);
    let server = place.serve(&[]);
    let ask = format!(
        "curl -sS -H 'X-API-KEY: password' http://{}/api/acme/admin/apiKeys",
        server.address()
    );
    let told = answer(&place.shell(&ask, &[]).results);
    assert_eq!(told[0]["name"], "crm-sync-prod", "{told}");
}

#[test]
fn a_script_that_holds_the_lock_disables_what_it_says() {
    let place = Place::new();
    let script = "neokeys tenants create acme\n\
                  neokeys keys create --tenant acme one --permission p >one\n";
    place.shell(script, &[]);
    let flock = block(
        PAGE,
        "flock data/.neokeys/acme.lock sed -i 's/enabled: true/enabled: false/' data/acme/security.yml",
    );
    place.shell(&flock, &[]);
    let list = answer(&place.shell("neokeys keys list --tenant acme --json", &[]).results);
    assert_eq!(list[0]["enabled"], false, "{list}");
}

#[test]
fn the_command_line_does_what_it_shows() {
    let place = Place::new();
    let lines = typed(&block(PAGE, "$ neokeys tenants create acme"));
    let (serve, before) = lines.split_last().unwrap();
    let script = before.join("\n") + "\necho \"$KEY\" >key\n";
    let ran = place.shell(&script, &[]);
    let serve = put(serve, "neokeys serve ", "");
    let _server = place.serve(&serve.split(' ').collect::<Vec<_>>());
    assert!(ran.results.contains("crm-sync"), "{ran:?}");
    assert!(place.read("key").starts_with("nsk_"));
    assert_eq!(answer(&place.read("openapi.json"))["openapi"], "3.1.1");
    assert_eq!(lines.len(), 6, "{lines:?}");
}

#[test]
fn every_store_that_is_named_is_an_address_that_settings_take() {
    let console = block(
        PAGE,
        "$ cargo install --path . --features etcd,object-storage   # etcd needs protobuf-compiler, libprotobuf-dev",
    );
    let lines = typed(&console);
    let stores: Vec<_> = lines.iter().filter_map(|it| it.split("--store ").nth(1)).collect();
    assert_eq!(stores.len(), 2, "{lines:?}");
    for store in stores.into_iter().chain(["az://container/prefix", "gs://bucket/prefix"]) {
        let settings = neokeys::settings::Settings::from_yaml(&format!("store: {store}\n"));
        let settings = settings.unwrap_or_else(|error| panic!("{store}: {error}"));
        assert_eq!(settings.store.to_string(), store);
    }
}
