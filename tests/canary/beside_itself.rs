//! A secret beside itself: presented as a credential, and written once more where a caller's own text is
//! logged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::KEYS;
use crate::server::Server;

/// Texts that tell a secret.
fn telling(secret: &str) -> Vec<String> {
    let half = secret.len() / 2;
    let texts = [
        secret.to_owned(),
        format!("req-{secret}"),
        format!("{secret}-7"),
        format!("a/{secret}/b"),
        secret[half..].to_owned(),
        format!("x{}x", &secret[..half + 1]),
    ];
    // As long as an id may be; what of a longer secret fits.
    texts.into_iter().map(|text| text[text.len().saturating_sub(128)..].to_owned()).collect()
}

/// Sends every request that names itself after its own secret.
pub async fn present(server: &mut Server, secrets: &[&str]) {
    for secret in secrets {
        let basic = |pair: String| format!("Basic {}", STANDARD.encode(pair));
        let mut presented = vec![
            ("x-api-key", (*secret).to_owned()),
            ("authorization", format!("Bearer {secret}")),
            ("authorization", (*secret).to_owned()),
            ("authorization", basic(format!("gateway:{secret}"))),
            ("authorization", basic(format!("gateway:{}", secret.replace('_', "%5F")))),
        ];
        if secret.len() >= 16 {
            presented.push(("authorization", basic(format!("{secret}:"))));
        }
        for id in telling(secret) {
            for (name, value) in &presented {
                for path in [KEYS, "/api/t1/introspect", "/auth/t1"] {
                    let request = server.plain_client().request("POST", path);
                    let request = request.header(name, value).header("x-request-id", &id);
                    let form = "application/x-www-form-urlencoded";
                    let request = request.header("content-type", form).body("token=x");
                    let reply = request.send().await;
                    assert_ne!(reply.header("x-request-id"), id, "{name} {path}");
                    server.keep(reply);
                }
            }
            let admin = server.client().with_api_key(&crate::token_of("admin"));
            for form in [format!("token={secret}"), format!("token={secret}&token=x")] {
                let request = admin.request("POST", "/api/t1/introspect").body(form);
                let request = request.header("x-request-id", &id);
                let form = "application/x-www-form-urlencoded";
                let reply = request.header("content-type", form).send().await;
                assert_ne!(reply.header("x-request-id"), id);
                server.keep(reply);
            }
        }
        // A method is a caller's text too, as far as it is a token (RFC 9110 §5.6.2).
        for method in telling(secret).iter().filter(|it| !it.contains('/')) {
            let request = server.plain_client().request(method, KEYS);
            let reply = request.header("x-api-key", secret).send().await;
            server.keep(reply);
            let reply = server.plain_client().request(method, "/auth/t1").send().await;
            server.keep(reply);
        }
    }
    // And the name of a key, which is there from then on.
    let token = crate::token_of("administrator");
    let admin = server.plain_client().with_api_key(&token);
    for name in [token.clone(), format!("{token}.1"), token[2..].to_owned()] {
        let body = json!({"name": name, "permissions": ["p"]});
        assert_eq!(admin.post(KEYS, body).await.status, 201);
        let path = format!("{KEYS}/{name}");
        assert_eq!(
            admin.put(&path, json!({"enabled": false, "permissions": ["p"]})).await.status,
            200
        );
        assert_eq!(admin.delete(&path).await.status, 204);
    }
}
