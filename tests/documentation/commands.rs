//! Commands of the pages in `docs/`, as they stand there.

use std::process::Command;

use serde_json::Value;

use crate::pages::{block, put};
use crate::server::Place;
use neokeys_testkit::programs::{folder, program, run};

#[test]
fn a_resource_server_gets_a_key_of_its_own() {
    let place = Place::new();
    place.shell("neokeys tenants create demo", &[]);
    let create = block(
        "docs/introspection.md",
        "neokeys keys create gateway --tenant demo --permission tenant.apiKey:read",
    );
    let key = place.shell(&create, &[]).results;
    let server = place.serve(&[]);
    let ask = format!(
        "curl -sS http://{}/api/demo/introspect -u \"gateway:$KEY\" -d \"token=$KEY\"",
        server.address()
    );
    let told = place.shell(&ask, &[("KEY", key.trim())]).results;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["active"], &told["sub"]), (&true.into(), &"gateway".into()), "{told}");
}

/// The page's commands as root of a system of its own: paths lead below a folder, the program is that
/// under test, and what only a running systemd does is looked at and left out.
#[test]
fn what_systemd_needs_is_installed_as_the_page_says() {
    let place = Place::new();
    program("/usr/bin/systemd-sysusers", "systemd");
    let root = place.path("root");
    let at = |path: &str| format!("{}{path}", root.display());
    for made in ["usr/local/bin", "etc/systemd/system"] {
        std::fs::create_dir_all(root.join(made)).unwrap();
    }
    let page = block("docs/deployment.md", "install -m 755 \"$(ops/build)\" /usr/local/bin/");
    let page = put(&page, "\"$(ops/build)\" ", "bin/neokeys ");
    let page = put(&page, " ops/", &format!(" {}/", folder("ops").display()));
    let page = [" /usr/local/bin/", " /etc/"]
        .iter()
        .fold(page, |page, path| put(&page, path, &format!(" {}", at(path.trim_start()))));
    let page = put(&page, "&& systemd-sysusers", &format!("&& systemd-sysusers --root {}", at("")));
    // The group is one of the other system, which this one does not know.
    let page = put(&page, " -g neokeys ", " ");
    let page = put(&page, " && systemctl enable --now neokeys", "");
    place.shell(&page, &[]);
    let users = place.read("root/etc/passwd") + &place.read("root/etc/group");
    assert_eq!(users.matches("neokeys:x:").count(), 2, "{users}");
    run(Command::new(at("/usr/local/bin/neokeys")).arg("openapi"));
    for file in ["etc/systemd/system/neokeys.service", "etc/neokeys/neokeys.yml"] {
        assert!(root.join(file).is_file(), "{file}");
    }
}

#[test]
fn a_tenant_is_made_in_the_store_that_a_command_names() {
    let place = Place::new();
    let page = std::fs::read_to_string(folder("docs/deployment.md")).unwrap();
    let command = page.split("`sudo -u neokeys ").nth(1).unwrap().split('`').next().unwrap();
    let command = put(command, "file:/var/lib/neokeys", "file:keys");
    place.shell(&command, &[]);
    assert!(place.path("keys/acme").is_dir());
}
