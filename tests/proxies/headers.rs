//! Credentials in headers that proxies drop, pass on twice, or take for others.

use serde_json::json;

use crate::{KEYS, get_with, proxies};
use neokeys_testkit::{Service, token_of};

#[tokio::test]
async fn either_credential_comes_through() {
    let service = Service::start();
    let bearer = format!("Bearer {}", service.issuer.token(&["t1"], &["*"]));
    for (name, proxy) in proxies(&service) {
        let client = proxy.client();
        for header in [("x-api-key", token_of("admin").as_str()), ("authorization", &bearer)] {
            assert_eq!(get_with(&client, KEYS, &[header]).await.status, 200, "{name}");
        }
        assert_eq!(client.get(KEYS).await.status, 401, "{name}");
        let created = client.with_api_key(&token_of("admin"));
        let body = json!({"name": name.replace(' ', "-"), "permissions": ["p"]});
        assert_eq!(created.post(KEYS, body).await.status, 201, "{name}");
    }
}

#[tokio::test]
async fn a_header_that_only_looks_like_a_credential_is_none() {
    let service = Service::start();
    let admin = token_of("admin");
    let bearer = format!("Bearer {}", service.issuer.token(&["t1"], &["*"]));
    for (name, proxy) in proxies(&service) {
        let client = proxy.client();
        for alias in
            ["x_api_key", "x.api.key", "x-api_key", "xapikey", "x-api-key-", "http-x-api-key"]
        {
            let reply = get_with(&client, KEYS, &[(alias, &admin)]).await;
            assert_eq!(reply.status, 401, "{name}: {alias}");
            // Beside a credential it adds nothing to what that may do.
            let caller = client.with_api_key(&token_of("reader"));
            let request = caller.request("POST", KEYS).header(alias, &admin);
            let reply = request.json(json!({"name": "n", "permissions": ["p"]})).send().await;
            assert_eq!(reply.status, 403, "{name}: {alias}");
        }
        for alias in
            ["authorization_", "x-authorization", "proxy-authorization", "http_authorization"]
        {
            let reply = get_with(&client, KEYS, &[(alias, &bearer)]).await;
            assert_eq!(reply.status, 401, "{name}: {alias}");
        }
    }
}

#[tokio::test]
async fn a_credential_that_comes_twice_is_none() {
    let service = Service::start();
    let (reader, admin) = (token_of("reader"), token_of("admin"));
    let bearer = format!("Bearer {}", service.issuer.token(&["t1"], &["*"]));
    for (name, proxy) in proxies(&service) {
        let client = proxy.client();
        for twice in [
            [("x-api-key", &reader), ("x-api-key", &admin)],
            [("x-api-key", &admin), ("x-api-key", &admin)],
            [("authorization", &bearer), ("authorization", &bearer)],
        ] {
            let twice = twice.map(|(name, value)| (name, value.as_str()));
            let status = get_with(&client, KEYS, &twice).await.status.as_u16();
            assert!(matches!(status, 400 | 401), "{name}: {} gives {status}", twice[0].0);
        }
        let joined = format!("{reader}, {admin}");
        assert_eq!(get_with(&client, KEYS, &[("x-api-key", &joined)]).await.status, 401, "{name}");
    }
}

#[tokio::test]
async fn a_credential_named_in_connection_is_the_callers_own_or_gone() {
    let service = Service::start();
    let reader = token_of("reader");
    let bearer = format!("Bearer {}", service.issuer.token(&["t1"], &["tenant.apiKey:read"]));
    for (name, proxy) in proxies(&service) {
        let client = proxy.client();
        let drops = name == "Caddy";
        let named = [("connection", "X-API-KEY"), ("x-api-key", reader.as_str())];
        let expected = if drops { 401 } else { 200 };
        assert_eq!(get_with(&client, KEYS, &named).await.status, expected, "{name}");
        // What is left is the other credential, and it may no more than that.
        let caller = client.with("authorization", &bearer);
        let request = caller.request("POST", KEYS).header("connection", "X-API-KEY");
        let request = request.header("x-api-key", token_of("admin"));
        let reply = request.json(json!({"name": "n", "permissions": ["p"]})).send().await;
        assert_eq!(reply.status, if drops { 403 } else { 201 }, "{name}");
        service.admin().delete(&format!("{KEYS}/n")).await;
    }
}
