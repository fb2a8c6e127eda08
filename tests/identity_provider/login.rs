//! `neokeys login` beside the provider: the device grant, and a refresh token that rotates.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use neokeys_testkit::workplace::{Run, Workplace};
use neokeys_testkit::{Client, Issuer};
use serde_json::{Value, json};

use crate::provider::Provider;
use crate::{await_readiness, serve};

const FILE: &str = "state/neokeys/login.json";

/// Signs in, and answers so.
async fn login(place: &Workplace, provider: &Provider, more: &str) -> Run {
    let mut command =
        place.command(&["login", "--issuer", provider.issuer(), "--client-id", "cli"]);
    command.args([
        "--resource",
        Issuer::AUDIENCE,
        "--scope",
        "openid",
        "--scope",
        "offline_access",
    ]);
    command.args(["--scope", "tenant.apiKey:read", "--scope", "tenant.apiKey:write"]);
    command.env("XDG_STATE_HOME", place.path("state"));
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut remarks = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    remarks.read_line(&mut said).unwrap();
    let code =
        said.split("user_code=").nth(1).unwrap_or_else(|| panic!("{said}")).trim().to_owned();
    let answered =
        Client::of_another(provider.issuer()).get(&format!("/answer?user_code={code}{more}")).await;
    assert_eq!(answered.status, 200, "{answered:?}");
    remarks.read_to_string(&mut said).unwrap();
    let exit_code = child.wait().unwrap().code().unwrap();
    Run { exit_code, results: String::new(), remarks: said }
}

fn list(place: &Workplace, origin: &str) -> Run {
    let state = place.path("state").display().to_string();
    let arguments = ["keys", "list", "--tenant", "t1", "--server", origin];
    place.run_with(&[("XDG_STATE_HOME", &state)], &arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_by_the_device_grant_manages_keys_until_it_is_taken_back() {
    let provider = Provider::start("a");
    let service = serve(&provider);
    await_readiness(&service, "ready").await;
    let place = Workplace::new();
    let denied = login(&place, &provider, "&deny=1").await;
    assert!(denied.exit_code == 1 && denied.remarks.contains("denied"), "{denied:?}");
    let signed_in = login(&place, &provider, "").await;
    assert_eq!(signed_in.exit_code, 0, "{signed_in:?}");
    assert!(list(&place, service.origin()).done().contains("admin"));
    let first: Value = serde_json::from_str(&place.read(FILE)).unwrap();
    let mut over = first.clone();
    over["expiresAt"] = json!(1);
    place.write(FILE, &over.to_string());
    list(&place, service.origin()).done();
    let second: Value = serde_json::from_str(&place.read(FILE)).unwrap();
    assert_ne!(first["refreshToken"], second["refreshToken"], "it rotates");
    assert_ne!(first["accessToken"], second["accessToken"]);
    let state = place.path("state").display().to_string();
    let out = place.run_with(&[("XDG_STATE_HOME", &state)], &["logout"]);
    assert_eq!((out.exit_code, out.remarks.as_str()), (0, "Signed out.\n"));
    // The provider knows that it is over.
    let mut revoked = second.clone();
    revoked["expiresAt"] = json!(1);
    place.write(FILE, &revoked.to_string());
    std::fs::set_permissions(place.path(FILE), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
    let refused = list(&place, service.origin()).refused(1);
    assert!(refused.contains("cannot be renewed"), "{refused}");
}
