//! Discovery by clients: scopes (the catalogue), the way to authenticate (RFC 9728), and whom to tell
//! of a vulnerability (RFC 9116).

use neokeys::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::KEYS;
use neokeys_testkit::{Claims, Client, Service, document, entry, token_of};

const SCOPES: &str = "/api/t1/admin/scopes";

fn service(check: &str, more: &str) -> Service {
    let settings = format!(
        "{more}scopes:\n  check: {check}\n  list:\n    \
         - {{ name: 'orders:read', description: See orders, group: Orders }}\n    \
         - {{ name: 'orders:write', description: Place orders, deprecated: true }}\n"
    );
    Service::builder().settings(&settings).start()
}

/// Each scope of the list with whether the caller may give it to a key.
async fn grantable(client: &Client) -> Value {
    let list = client.get(SCOPES).await.json();
    let items = list["items"].as_array().unwrap().iter();
    items.map(|it| json!([it["name"], it["grantable"]])).collect()
}

#[tokio::test]
async fn the_catalogue_is_shown_with_what_the_caller_may_grant() {
    let service = service("off", "");
    let list = service.admin().get(SCOPES).await.json();
    assert_eq!(
        list,
        json!({"items": [
            {"name": "orders:read", "description": "See orders", "group": "Orders",
             "deprecated": false, "grantable": true},
            {"name": "orders:write", "description": "Place orders", "deprecated": true,
             "grantable": true},
        ]})
    );
    let reader = service.client().with_api_key(&token_of("reader"));
    let none = json!([["orders:read", false], ["orders:write", false]]);
    assert_eq!(grantable(&reader).await, none, "whoever may not write keys");
    assert_eq!(Service::start().admin().get(SCOPES).await.json(), json!({"items": []}));
}

#[tokio::test]
async fn of_whoever_may_grant_only_what_it_holds_no_other_scope_is_grantable() {
    let service = service("off", "  grants: subset\n");
    let scopes = ["tenant.apiKey:read", "tenant.apiKey:write", "orders:read"];
    let some = service.client().with_bearer(&service.issuer.sign(&Claims::new(&["t1"], &scopes)));
    assert_eq!(grantable(&some).await, json!([["orders:read", true], ["orders:write", false]]));
    let all = json!([["orders:read", true], ["orders:write", true]]);
    assert_eq!(grantable(&service.admin()).await, all);
}

#[tokio::test]
async fn a_scope_that_is_not_listed_is_refused_where_the_deployment_says_so_and_nowhere_else() {
    for (check, status) in [("off", 201), ("warn", 201), ("refuse", 400)] {
        let service = service(check, "");
        let admin = service.admin();
        let create = |scope: &str| json!({"name": "new", "permissions": ["orders:read", scope]});
        let details = "/api/t1/admin/apiKeyDetails";
        for path in [KEYS, details] {
            let reply = admin.post(path, create("order:write")).await;
            assert_eq!(reply.status, status, "{check} {path}: {reply:?}");
            if status == 400 {
                let told = "There is no scope order:write; did you mean orders:write?";
                assert_eq!(reply.json()["errors"], json!({"permissions": [told]}), "{path}");
            } else {
                assert_eq!(admin.delete(&format!("{KEYS}/new")).await.status, 204);
            }
        }
        // What is listed, what is neokeys' own, and `*` are known.
        for (place, scope) in
            ["orders:write", "tenant.apiKey:read", "tenant.audit:read", "*"].iter().enumerate()
        {
            let body = json!({"name": format!("good-{place}"), "permissions": [scope]});
            assert_eq!(admin.post(KEYS, body).await.status, 201, "{check} {scope}");
        }
        let body = json!({"enabled": true, "permissions": ["stock"]});
        let put = admin.put(&format!("{KEYS}/good-0"), body).await;
        assert_eq!(put.status.is_success(), check != "refuse", "{put:?}");
        // By hand, anything goes, and works.
        let by_hand =
            [entry("admin", true, &["*"]), entry("odd", true, &["tenant.apiKey:read", "odd"])];
        service.replace_document("t1", &document(&by_hand));
        let odd = service.client().with_api_key(&token_of("odd"));
        assert_eq!(odd.get(KEYS).await.status, 200);
        assert_eq!(odd.get("/auth/t1?scope=odd").await.status, 200);
        let path = format!("{details}/odd/rotate");
        let rotated = admin.post(&path, json!({"overlapSeconds": 0})).await;
        assert_eq!(rotated.status.is_success(), check != "refuse", "{rotated:?}");
    }
}

#[tokio::test]
async fn a_protected_resource_says_who_issues_tokens_for_it() {
    let service = service("off", "");
    let anybody = service.client();
    for (path, suffix) in [("", ""), ("/api/t1", "/api/t1"), ("/api/nowhere", "/api/nowhere")] {
        let reply = anybody.get(&format!("/.well-known/oauth-protected-resource{path}")).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("content-type")),
            (200, "application/json")
        );
        assert_eq!(
            reply.json(),
            json!({
                "resource": format!("{}{suffix}", service.origin()),
                "authorization_servers": [neokeys_testkit::Issuer::NAME],
                "scopes_supported": [
                    "orders:read", "orders:write", "tenant.apiKey:read", "tenant.apiKey:write",
                    "tenant.audit:read",
                ],
                "bearer_methods_supported": ["header"],
                "resource_name": "neokeys",
            })
        );
    }
    for path in ["/api", "/api/", "/api/no%20tenant", "/api/t1/x"] {
        let reply = anybody.get(&format!("/.well-known/oauth-protected-resource{path}")).await;
        assert_eq!(reply.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_refusal_says_where_to_find_that_out_if_the_deployment_has_said_its_address() {
    let settings = "public_url: https://example.com/keys\n";
    let service = Service::builder().settings(settings).start();
    let wellknown = "https://example.com/keys/.well-known/oauth-protected-resource/api/t1";
    let named = format!("resource_metadata=\"{wellknown}\"");
    let client = service.client();
    for client in [client.clone(), client.with_api_key("wrong")] {
        for path in [KEYS, "/api/t1/apiKey"] {
            let reply = client.get(path).await;
            assert_eq!(reply.status, 401);
            assert!(reply.header("www-authenticate").ends_with(&named), "{reply:?}");
        }
        // What a gateway asks about is another's resource.
        let asked = client.get("/auth/t1").await;
        assert!(!asked.header("www-authenticate").contains("resource_metadata"), "{asked:?}");
    }
    let told = client.get("/.well-known/oauth-protected-resource/api/t1").await.json();
    assert_eq!(told["resource"], "https://example.com/keys/api/t1");
    let plain = Service::start().client().get(KEYS).await;
    assert_eq!(plain.header("www-authenticate"), "Bearer realm=\"neokeys\"");
}

#[tokio::test]
async fn whom_to_tell_of_a_vulnerability_is_said_if_it_is_set() {
    let path = "/.well-known/security.txt";
    assert_eq!(Service::start().client().get(path).await.status, 404);
    let settings = "security:\n  contact: [mailto:security@example.com, 'https://example.com/report']\n\
                    public_url: https://example.com\n";
    let service = Service::builder().settings(settings).start();
    let reply = service.client().get(path).await;
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    let text = reply.text().to_owned();
    let contacts = "Contact: mailto:security@example.com\nContact: https://example.com/report\n";
    assert!(text.starts_with(contacts), "{text}");
    assert!(text.contains("\nCanonical: https://example.com/.well-known/security.txt\n"), "{text}");
    let expires = text.lines().find_map(|line| line.strip_prefix("Expires: ")).unwrap();
    let expires = neokeys::domain::Timestamp::parse(expires).unwrap().seconds_since_epoch();
    let now = SystemClock.now().seconds_since_epoch();
    let days = (expires - now) / 86_400;
    assert!((1..365).contains(&days), "{days}");
}
