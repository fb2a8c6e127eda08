//! `neokeys tenants`.

use serde_json::json;

use neokeys_testkit::workplace::Workplace;

#[test]
fn tenants_are_made_and_listed() {
    let place = Workplace::new();
    assert!(place.run(&["tenants", "list"]).refused(1).contains("there is no folder data"));
    assert_eq!(place.run(&["tenants", "create", "b"]).done(), "TENANT\nb\n");
    assert_eq!(place.run(&["tenants", "create", "a", "--json"]).json(), json!({"id": "a"}));
    assert_eq!(place.run(&["tenants", "list"]).done(), "TENANT\na\nb\n");
    assert_eq!(place.run(&["tenants", "list", "--json"]).json(), json!([{"id": "a"}, {"id": "b"}]));
    let said = place.run(&["tenants", "create", "a"]).refused(1);
    assert!(said.contains("exists") && said.contains("neokeys keys list --tenant a"), "{said}");
    place.run(&["tenants", "create", "a/b"]).refused(2);
}

#[test]
fn the_store_is_the_flags_before_the_environments_before_the_files() {
    let place = Workplace::new();
    place.write("neokeys.yml", "store: file:from-file\n");
    place.write("other.yml", "store: file:from-other\n");
    let variable = [("NEOKEYS_STORE", "file:from-variable")];
    for (variables, flags, folder) in [
        (&[][..], &[][..], "from-file"),
        (&[], &["--config", "other.yml"], "from-other"),
        (&variable, &["--config", "other.yml"], "from-variable"),
        (&variable, &["--store", "file:from-flag"], "from-flag"),
    ] {
        let arguments = [&["tenants", "create", "t"], flags].concat();
        place.run_with(variables, &arguments).done();
        assert!(place.path(folder).join("t").is_dir(), "{folder}");
    }
}

#[test]
fn a_file_in_the_store_is_no_tenant() {
    let place = Workplace::new();
    place.run(&["tenants", "create", "t"]).done();
    place.write("data/README", "about this folder\n");
    assert_eq!(place.run(&["tenants", "list"]).done(), "TENANT\nt\n");
    for arguments in [
        &["keys", "list", "--tenant", "README"][..],
        &["keys", "create", "k", "--permission", "p", "--tenant", "README"],
        &["keys", "delete", "k", "--tenant", "README"],
        &["check", "--tenant", "README"],
    ] {
        let said = place.run(arguments).refused(1);
        assert!(said.contains("there is no tenant README"), "{arguments:?}: {said}");
    }
    let said = place.run(&["tenants", "create", "README"]).refused(1);
    assert!(said.contains("something that is not a folder has its name"), "{said}");
    place.run(&["check"]).done();
}
