//! Distinctive secrets go in by every door; none comes out again but the token of a 201.
#![expect(unreachable_pub, reason = "a test binary has no callers")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod beside_itself;
mod commands;
mod files;
mod request_log;
mod secrets;
mod server;

use neokeys_testkit::{Claims, Client, Reply, document, entry, token_of};
use secrets::Secrets;
use serde_json::json;
use server::Server;

const KEYS: &str = "/api/t1/admin/apiKeys";
const PASTED: &str = "nsk_PastedIntoTheFileInsteadOfItsHashPastedIntoTheFileInst";

/// A tenant whose keys are good, one whose file has a bad entry, and one whose file does not parse.
fn documents() -> Vec<(&'static str, String)> {
    let admin = entry("admin", true, &["*"]);
    let good = [
        admin.clone(),
        entry("reader", true, &["tenant.apiKey:read"]),
        entry("administrator", true, &["*"]),
        entry("off", false, &["*"]),
    ];
    let pasted = format!("  - name: pasted\n    permissions: [p]\n    hash: {PASTED}\n");
    let torn = format!(
        "{}    hash: [{}\n  - {{",
        document(std::slice::from_ref(&admin)),
        token_of("torn")
    );
    vec![("t1", document(&good)), ("t2", document(&[admin, pasted])), ("t3", torn)]
}

/// The secrets that are presented and must not be repeated.
struct Credentials {
    secrets: Secrets,
    keys: Vec<String>,
    bearers: Vec<String>,
}

fn credentials(server: &mut Server) -> Credentials {
    let mut secrets = Secrets::default();
    secrets.add_token("that was pasted", PASTED);
    let mut keys = Vec::new();
    for name in [
        "admin",
        "administrator",
        "reader",
        "off",
        "torn",
        "unknown-canary",
        "nsk_MisspeltCanary0000",
    ] {
        secrets.add_token(name, &token_of(name));
        keys.push(token_of(name));
    }
    let good = Claims::new(&["t1", "t2", "t3"], &["*"]);
    let signed = server.issuer.sign(&good);
    let (message, signature) = signed.rsplit_once('.').unwrap();
    let other = [&signature[4..8], &signature[..4], &signature[8..]].concat();
    let scoped = Claims::new(&["t1"], &["tenant.apiKey:read"]);
    let foreign = Claims::new(&["t1"], &["*"]).with("iss", "https://elsewhere.test/");
    let audience = Claims::new(&["t1"], &["*"]).with("aud", "https://elsewhere.test/");
    let printed = server.said("Bearer token:");
    let bearers = [
        ("the good JWT", signed.clone()),
        ("the scoped JWT", server.issuer.sign(&scoped)),
        ("the expired JWT", server.issuer.sign(&Claims::new(&["t1"], &["*"]).expired())),
        ("the JWT of another issuer", server.issuer.sign(&foreign)),
        ("the JWT for another audience", server.issuer.sign(&audience)),
        ("the JWT with bad claims", server.issuer.sign(&good.with("exp", "never"))),
        ("the forged JWT", format!("{message}.{other}")),
        ("the developer's JWT", printed),
    ];
    for (what, token) in &bearers {
        secrets.add_jwt(what, token);
    }
    let opaque = "CanaryOpaqueBearerToken.WithTwoParts";
    secrets.add("the opaque bearer token", opaque.as_bytes());
    let bearers = bearers.into_iter().map(|(_, token)| token).chain([opaque.to_owned()]);
    Credentials { secrets, keys, bearers: bearers.collect() }
}

async fn introspect(client: &Client, path: &str, token: &str) -> Reply {
    let request = client.request("POST", path).body(format!("token={token}"));
    request.header("content-type", "application/x-www-form-urlencoded").send().await
}

/// Every operation, done and refused, by each caller.
async fn operate(server: &mut Server, headers: &[(&'static str, String)]) {
    let mut client = server.client();
    for (name, value) in headers {
        client = client.with(name, value);
    }
    for tenant in ["t1", "t2", "t3", "nowhere"] {
        let keys = format!("/api/{tenant}/admin/apiKeys");
        for path in [keys.clone(), format!("{keys}/reader"), format!("{keys}/nobody")] {
            let reply = client.get(&path).await;
            server.keep(reply);
            let reply = client.request("HEAD", &path).send().await;
            server.keep(reply);
        }
        let bodies =
            [json!({"name": "reader", "permissions": ["p"]}), json!({"name": ""}), json!([])];
        for body in bodies {
            let reply = client.post(&keys, body).await;
            server.keep(reply);
        }
        for body in [json!({"enabled": true, "permissions": ["tenant.apiKey:read"]}), json!({})] {
            let reply = client.put(&format!("{keys}/reader"), body).await;
            server.keep(reply);
        }
        for part in
            ["export", "checkpoint", "events?limit=100", "tile/entries/000.p/1", "tile/0/000.p/1"]
        {
            let reply = client.get(&format!("/api/{tenant}/admin/audit/{part}")).await;
            server.keep(reply);
        }
        let asked = client.get(&format!("/auth/{tenant}?scope=tenant.apiKey:read")).await;
        server.keep(asked);
        for token in [token_of("admin"), token_of("off")] {
            let reply = introspect(&client, &format!("/api/{tenant}/introspect"), &token).await;
            server.keep(reply);
        }
        let request = client.request("DELETE", &format!("{keys}/reader"));
        let reply = request.header("if-match", "\"x\"").send().await;
        server.keep(reply);
    }
}

/// A key from its 201 to its end; its token joins the secrets.
async fn issue(server: &mut Server, secrets: &mut Secrets) {
    let admin = server.client().with_api_key(&token_of("admin"));
    let permissions = json!(["tenant.apiKey:read"]);
    let created = admin.post(KEYS, json!({"name": "made", "permissions": permissions})).await;
    let token = created.json()["token"].as_str().unwrap().to_owned();
    secrets.add_token("that was issued", &token);
    operate(server, &[("x-api-key", token)]).await;
    let path = format!("{KEYS}/made");
    for body in [json!({"enabled": false, "permissions": permissions})] {
        let reply = admin.put(&path, body).await;
        server.keep(reply);
    }
    let reply = admin.delete(&path).await;
    server.keep(reply);
    let (token, remarks) =
        server.command(&["keys", "create", "cli", "--tenant", "t1", "--permission", "p"]);
    secrets.add_token("that the command line issued", token.trim_end());
    secrets.assert_absent("the remarks of keys create", &remarks);
}

/// Secrets where none belongs. A request's id is logged as it comes, unless it tells its own caller's
/// secret, so that somebody finds the request again, and the errors of a body have its members' names:
/// another's token that is put there is found there.
async fn misplace(server: &mut Server, jwt: &str, token: &str) {
    let admin = server.client().with_api_key(&token_of("admin"));
    for secret in [jwt, token] {
        for path in [
            format!("{KEYS}?access_token={secret}"),
            format!("{KEYS}/{secret}"),
            format!("/api/{secret}./admin/apiKeys"),
            format!("/{secret}"),
            format!("/auth/t1?scope={secret}%20"),
            format!("/auth/t1?{secret}={secret}"),
            format!("/problems/{secret}"),
            format!("/swagger-ui/{secret}"),
        ] {
            let reply = admin.get(&path).await;
            server.keep(reply);
        }
        for body in [
            json!({"name": secret, "permissions": [secret], "enabled": secret}),
            json!({"name": [secret], "permissions": secret}),
            json!({"name": "n", "permissions": [format!("{secret} ")]}),
            json!(secret),
        ] {
            let reply = admin.put(&format!("{KEYS}/reader"), body).await;
            server.keep(reply);
        }
        for path in ["/api/t1/introspect", "/api/t1/introspect?token=x"] {
            for token in [secret.to_owned(), format!("{secret}&token={secret}")] {
                let reply = introspect(&admin, path, &token).await;
                server.keep(reply);
            }
        }
        for (name, value) in [
            ("authorization", format!("Basic {secret}")),
            ("authorization", secret.to_owned()),
            ("authorization", format!("Bearer {secret} {secret}")),
            ("x-api-key", format!("{secret}, {secret}")),
            ("cookie", format!("token={secret}")),
            ("x_api_key", secret.to_owned()),
            ("accept", secret.to_owned()),
            ("if-none-match", secret.to_owned()),
            ("origin", format!("https://{secret}.test")),
        ] {
            let reply = server.plain_client().request("GET", KEYS).header(name, value).send().await;
            server.keep(reply);
        }
        let request = server.plain_client().request("POST", KEYS).header("content-type", secret);
        let reply = request.header("x-api-key", token_of("admin")).body(secret.to_owned()).send();
        let reply = reply.await;
        server.keep(reply);
    }
}

/// The development issuer's answer to the sign-in page holds a token: only there.
async fn sign_in(server: &Server, secrets: &mut Secrets) {
    let redirect = format!("{}/swagger-ui/oauth2-redirect.html", server.origin);
    let path = format!("/dev-issuer/authorize?response_type=token&redirect_uri={redirect}");
    let form = "tenant=t1&permission=tenant.apiKey:read";
    let request = server.plain_client().request("POST", &path).body(form);
    let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await;
    let location = answer.header("location");
    let token = location.split(['=', '&']).nth(1).unwrap();
    secrets.add_jwt("the JWT of the sign-in", token);
    let caller = server.client().with_bearer(token);
    assert_eq!(caller.get(KEYS).await.status, 200);
}

async fn nothing_comes_out(format: &str) {
    let documents = documents();
    let documents: Vec<_> = documents.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut server = Server::start(format, &documents);
    let Credentials { mut secrets, keys, bearers } = credentials(&mut server);
    operate(&mut server, &[]).await;
    for key in &keys {
        operate(&mut server, &[("x-api-key", key.clone())]).await;
        let both =
            [("x-api-key", key.clone()), ("authorization", format!("Bearer {}", bearers[0]))];
        operate(&mut server, &both).await;
    }
    for bearer in &bearers {
        operate(&mut server, &[("authorization", format!("Bearer {bearer}"))]).await;
    }
    issue(&mut server, &mut secrets).await;
    misplace(&mut server, &bearers[0], &token_of("reader")).await;
    let unknown = "nsk_MisspeltCanary0000";
    beside_itself::present(&mut server, &[&token_of("reader"), unknown, &token_of(unknown)]).await;
    sign_in(&server, &mut secrets).await;
    server.edit("t1", documents[2].1);
    operate(&mut server, &[("x-api-key", token_of("admin"))]).await;
    for command in [&["check"][..], &["check", "--json"], &["keys", "list", "--tenant", "t2"]] {
        let (results, remarks) = server.command(command);
        secrets.assert_absent("the command line's output", &format!("{results}\n{remarks}"));
    }
    let metrics = server.scrape().await;
    assert!(metrics.contains("neokeys_http_requests_total"), "{metrics}");
    secrets.assert_absent("the metrics", &metrics);
    let (lines, remarks) = server.command(&["audit", "export", "--tenant", "t1"]);
    for expected in ["\"Create\"", "\"Delete\"", "Change from outside", "lacks the scope"] {
        assert!(lines.contains(expected), "{expected}: {lines}");
    }
    secrets.assert_absent("the audit log", &format!("{lines}\n{remarks}"));
    let (log, answers) = server.end();
    for expected in
        ["TRACE", "trace.id", "a bearer token was refused", "ForwardAuth", "IntrospectToken"]
    {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    secrets.assert_absent("the log", &log);
    secrets.assert_absent("an answer", &answers);
}

#[tokio::test]
async fn no_secret_is_in_a_log_of_everything_as_text_or_in_an_answer() {
    nothing_comes_out("text").await;
}

#[tokio::test]
async fn no_secret_is_in_a_log_of_everything_as_json_or_in_an_answer() {
    nothing_comes_out("json").await;
}
