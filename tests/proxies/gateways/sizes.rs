//! The largest identity that neokeys can tell goes through every gateway.

use serde_json::json;

use super::way::{GATEWAYS, ORDERS, Way};
use crate::harness::{Claims, document, entry, token_of};

/// As many scopes as a key can have, each as long as can be.
fn widest() -> Vec<String> {
    let numbered = (1..256).map(|number| format!("{number:x<256}"));
    ["orders:read".to_owned()].into_iter().chain(numbered).collect()
}

#[tokio::test]
async fn the_most_that_a_credential_can_hold_comes_through_whole() {
    let scopes = widest();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    for gateway in GATEWAYS {
        let way = Way::start(gateway, &gateway.documented(), "");
        way.service.replace_document("demo", &document(&[entry("wide", true, &scopes)]));
        let caller = way.caller("wide");
        let reply = caller.get(ORDERS).await;
        assert_eq!(reply.status, 200, "{gateway:?}: {reply:?}");
        let headers = &reply.json()["headers"];
        assert_eq!(headers["x-auth-scopes"], json!([scopes.join(" ")]), "{gateway:?}");

        // Beside it, a token of nearly 16 KiB whose subject has to be percent-encoded.
        let subject = "\u{e9}".repeat(5_800);
        let claims = Claims::new(&["demo"], &["orders:more"]).with("sub", subject.as_str());
        let token = way.service.issuer.sign(&claims);
        assert!((15_000..16_384).contains(&token.len()), "{}", token.len());
        let reply = caller.with_bearer(&token).get(ORDERS).await;
        assert_eq!(reply.status, 200, "{gateway:?}: {:?}", reply.headers);
        let headers = &reply.json()["headers"];
        let principal = format!("wide+{}", "%C3%A9".repeat(5_800));
        assert_eq!(headers["x-auth-principal"], json!([principal]), "{gateway:?}");
        let both = format!("{} orders:more", scopes.join(" "));
        assert_eq!(headers["x-auth-scopes"], json!([both]), "{gateway:?}");
    }
}

#[tokio::test]
async fn one_that_names_few_scopes_is_small() {
    let way = Way::start(GATEWAYS[0], &GATEWAYS[0].documented(), "");
    let told = way.service.client().with_api_key(&token_of("shop")).get("/auth/demo").await;
    let size: usize = told.headers.iter().map(|(name, it)| name.as_str().len() + it.len()).sum();
    assert!(size < 512, "{size}: {told:?}");
}
