//! Settings as the program takes them.

use neokeys::contract::{ContractConfig, contract, documented, extensions, sdk_profile};
use neokeys::http::{collected, collected_extensions};

use crate::program::Workplace;

#[test]
fn an_unknown_setting_stops_every_command_and_is_named() {
    let place = Workplace::with_tenant();
    place.write("neokeys.yml", "listen: 127.0.0.1:0\nauth:\n  grant: any\n");
    for arguments in [
        &["serve"][..],
        &["serve", "--dev"],
        &["keys", "list", "--tenant", "demo"],
        &["tenants", "list"],
        &["check"],
        &["openapi"],
    ] {
        assert_eq!(
            place.run(arguments).refused(2),
            "error: neokeys.yml: line 3: auth.grant is no setting; did you mean auth.grants?\n"
        );
    }
}

#[test]
fn an_unknown_or_malformed_variable_stops_the_start_and_is_named() {
    let place = Workplace::with_tenant();
    let said = place.run_with(&[("NEOKEYS_LISTNE", "127.0.0.1:0")], &["serve"]).refused(2);
    assert!(said.contains("NEOKEYS_LISTNE is no setting; did you mean NEOKEYS_LISTEN?"), "{said}");
    let said = place.run_with(&[("NEOKEYS_LIMITS__BODY", "much")], &["serve"]).refused(2);
    assert!(said.contains("NEOKEYS_LIMITS__BODY: \"much\" is refused"), "{said}");
}

#[test]
fn a_named_file_must_be_there() {
    let place = Workplace::new();
    let said = place.run(&["serve", "--config", "missing.yml"]).refused(2);
    assert!(said.contains("missing.yml cannot be read"), "{said}");
}

#[test]
fn help_lists_every_setting() {
    let place = Workplace::new();
    let help = place.run(&["serve", "--help"]).done();
    for name in ["listen", "auth.bearer.tenants_claim", "limits.shutdown", "log.level"] {
        let variable = name.replace('.', "__").to_uppercase();
        assert!(help.contains(&format!("  {name}\n")), "{help}");
        assert!(help.contains(&format!("NEOKEYS_{variable}  [default: ")), "{help}");
    }
}

#[test]
fn the_documents_are_those_that_are_served() {
    let place = Workplace::new();
    let default = ContractConfig::default();
    assert_eq!(&place.run(&["openapi"]).json(), contract());
    assert_eq!(
        place.run(&["openapi", "--profile", "documented"]).json(),
        documented(collected(), &default)
    );
    assert_eq!(place.run(&["openapi", "--profile", "sdk"]).json(), sdk_profile(&default));
    assert_eq!(
        place.run(&["openapi", "--profile", "extensions"]).json(),
        extensions(collected_extensions(), &default)
    );
    let servers = [("NEOKEYS_CONTRACT__SERVERS", "[https://keys.example.com]")];
    let document = place.run_with(&servers, &["openapi"]).json();
    assert_eq!(document["servers"][0]["url"], "https://keys.example.com");
    assert!(place.run(&["openapi", "--profile", "other"]).refused(2).contains("documented"));
}
