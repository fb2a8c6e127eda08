//! The reference of the file: its entry and its script, as they stand there.

use serde_json::Value;

use crate::pages::block;
use crate::server::Place;

const PAGE: &str = "docs/reference/file.md";

fn answer(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
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
fn what_sha256sum_prints_is_the_hash_of_a_token() {
    let place = Place::new();
    let script = "neokeys tenants create acme\n\
                  KEY=$(neokeys keys create --tenant acme one --permission p 2>/dev/null)\n\
                  printf %s \"$KEY\" | sha256sum\n";
    let printed = place.shell(script, &[]).results;
    let digest = printed.lines().last().unwrap().split(' ').next().unwrap();
    assert!(place.read("data/acme/security.yml").contains(digest), "{printed}");
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
