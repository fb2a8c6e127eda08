//! Who passes and who is refused.

use serde_json::json;

use super::way::{Gateway, ORDERS, identity, of_shop, ways};
use neokeys_testkit::Issuer;

#[tokio::test]
async fn whoever_may_passes_with_who_it_is_and_without_its_credential() {
    for way in ways() {
        let label = way.gateway;
        let request = way.caller("shop").request("POST", "/shops/demo/orders?page=2&scope=x");
        let reply = request.json(json!({"order": 7})).send().await;
        assert_eq!(reply.status, 200, "{label:?}: {reply:?}");
        let told = reply.json();
        assert_eq!(identity(&told), of_shop(), "{label:?}");
        assert_eq!(told["method"], "POST", "{label:?}");
        assert_eq!(told["path"], "/shops/demo/orders?page=2&scope=x", "{label:?}");
        assert_eq!(told["body"], json!({"order": 7}).to_string(), "{label:?}");
        for credential in ["x-api-key", "authorization"] {
            assert_eq!(told["headers"].get(credential), None, "{label:?}: {told}");
        }
        let all = way.caller("owner").get(ORDERS).await.json();
        assert_eq!(all["headers"]["x-auth-scopes"], json!(["*"]), "{label:?}");

        // Traefik's has one tenant on the page.
        let several = way.gateway != Gateway::Traefik;
        let (tenant, theirs) =
            if several { ("acme", "/shops/acme/orders") } else { ("demo", ORDERS) };
        let token = way.service.issuer.token(&["demo", "acme"], &["orders:read"]);
        let told = way.client().with_bearer(&token).get(theirs).await.json();
        assert_eq!(told["headers"]["x-auth-tenant"], json!([tenant]), "{label:?}");
        assert_eq!(told["headers"]["x-auth-principal"], json!(["someone"]), "{label:?}");
        assert_eq!(told["headers"]["x-auth-method"], json!(["bearer"]), "{label:?}");
        assert_eq!(told["headers"]["x-auth-issuer"], json!([Issuer::NAME]), "{label:?}");
        assert_eq!(told["headers"].get("authorization"), None, "{label:?}: {told}");
    }
}

#[tokio::test]
async fn whoever_may_not_is_refused_with_the_challenge() {
    for way in ways() {
        let bearer = |tenants: &[&str], scopes: &[&str]| {
            way.client().with_bearer(&way.service.issuer.token(tenants, scopes))
        };
        let reply = way.refused(&way.client(), ORDERS, 401).await;
        assert_eq!(
            reply.header("www-authenticate"),
            "Bearer realm=\"neokeys\"",
            "{:?}",
            way.gateway
        );
        for caller in [
            way.caller("nobody"),
            way.caller("off"),
            way.caller("other"),
            way.caller(""),
            way.client().with_bearer("not.a.jwt"),
            way.client().with("authorization", "Basic dTpw"),
            way.caller("shop").with_bearer("not.a.jwt"),
        ] {
            let reply = way.refused(&caller, ORDERS, 401).await;
            let challenge = reply.header("www-authenticate");
            assert!(
                challenge.ends_with("error=\"invalid_token\""),
                "{:?}: {challenge}",
                way.gateway
            );
        }
        for caller in [way.caller("clerk"), bearer(&["demo"], &["orders:*", "orders"])] {
            let reply = way.refused(&caller, ORDERS, 403).await;
            let challenge = reply.header("www-authenticate");
            let expected = "error=\"insufficient_scope\", scope=\"orders:read\"";
            assert!(challenge.ends_with(expected), "{:?}: {challenge}", way.gateway);
        }
        way.refused(&bearer(&["acme"], &["*"]), ORDERS, 403).await;
        let nowhere = if way.gateway.takes_any_tenant() { 403 } else { 404 };
        way.refused(&bearer(&["*"], &["*"]), "/shops/nowhere/orders", nowhere).await;
        way.refused(&way.caller("shop"), "/elsewhere", 404).await;
    }
}
