//! Apache as `docs/introspection.md` has it: a resource server that asks what a token is worth.

use std::net::TcpStream;
use std::path::Path;

use serde_json::json;

use crate::documented;
use crate::exchange::exchange;
use crate::proxy::{Proxy, free_address};
use crate::upstream::Upstream;
use neokeys_testkit::{Client, Service, document, entry, token_of};

const ORDERS: &str = "/shops/demo/orders";

struct Way {
    service: Service,
    upstream: Upstream,
    apache: Proxy,
}

fn start() -> Way {
    let keys = [
        entry("gateway", true, &["tenant.apiKey:read"]),
        entry("shop", true, &["stock:read", "orders:read"]),
        entry("clerk", true, &["orders:read:own", "stock:read"]),
        entry("owner", true, &["*"]),
        entry("off", false, &["*"]),
        entry("admin", true, &["tenant.apiKey:write"]),
    ];
    let other = document(&[entry("other", true, &["*"])]);
    let builder = Service::builder().tenant("demo", &document(&keys)).tenant("t2", &other);
    let (service, upstream) = (builder.start(), Upstream::start());
    let here = free_address();
    let configuration = documented("introspection", "apacheconf");
    let neokeys = service.origin().trim_start_matches("http://");
    let configuration = configuration
        .replace("127.0.0.1:8080", neokeys)
        .replace("127.0.0.1:9000", upstream.address());
    let apache = Proxy::apache(here, "oauth2", &configuration, &token_of("gateway"));
    Way { service, upstream, apache }
}

#[tokio::test]
async fn apache_lets_in_whom_neokeys_vouches_for() {
    let way = start();
    let bearer = |token: &str| way.apache.client().with_bearer(token);
    let jwt = way.service.issuer.token(&["demo"], &["orders:read"]);
    for token in [token_of("shop"), token_of("owner"), jwt] {
        let reply = bearer(&token).get(ORDERS).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let told = reply.json();
        assert_eq!((&told["path"], told["headers"].get("authorization")), (&json!(ORDERS), None));
    }
    let reached = way.upstream.reached();
    let foreign = way.service.issuer.token(&["t2"], &["*"]);
    let lacking = bearer(&token_of("clerk")).get(ORDERS).await;
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"orders:read\"";
    assert_eq!((lacking.status.as_u16(), lacking.header("www-authenticate")), (401, challenge));
    let refused: [Client; 7] = [
        way.apache.client(),
        way.apache.client().with_api_key(&token_of("shop")),
        bearer(&token_of("nobody")),
        bearer(&token_of("off")),
        bearer(&token_of("other")),
        bearer(&foreign),
        bearer("not-a-token"),
    ];
    for client in refused {
        let reply = client.get(ORDERS).await;
        assert_eq!(reply.status, 401, "{reply:?}");
        let challenge = reply.header("www-authenticate");
        assert!(challenge.contains("error=\"invalid_"), "{reply:?}");
    }
    assert_eq!(way.upstream.reached(), reached);
}

#[tokio::test]
async fn apache_refuses_a_key_that_is_deleted_on_the_connection_that_it_came_by() {
    let way = start();
    let host = way.apache.address();
    let mut connection = TcpStream::connect(host).unwrap();
    let request = |token: &str| {
        format!("GET {ORDERS} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n")
    };
    assert_eq!(exchange(&mut connection, &request(&token_of("shop"))), 200);
    let admin = way.service.client().with_api_key(&token_of("admin"));
    assert_eq!(admin.delete("/api/demo/admin/apiKeys/shop").await.status, 204);
    assert_eq!(exchange(&mut connection, &request(&token_of("shop"))), 401);
    assert_eq!(exchange(&mut connection, &request(&token_of("owner"))), 200);
}

/// A service that speaks TLS, and the file that vouches for it, in a folder that has to stay.
#[expect(clippy::disallowed_methods, reason = "what a test lays out need not outlive a power cut")]
fn start_with_tls(folder: &Path, document: &str) -> Service {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    let place = folder.display();
    let settings =
        format!("tls:\n  certificate: {place}/certificate.pem\n  key: {place}/key.pem\n");
    Service::builder().tenant("demo", document).settings(&settings).start()
}

#[tokio::test]
async fn the_other_module_of_apache_lets_in_whom_neokeys_vouches_for_and_keeps_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = entry("gateway", true, &["tenant.apiKey:read"]);
    let clerk = entry("clerk", true, &["orders:read:own"]);
    let shop = entry("shop", true, &["stock:read", "orders:read"]);
    let owner = entry("owner", true, &["*"]);
    let document = document(&[gateway.clone(), clerk, shop, owner.clone()]);
    let service = start_with_tls(folder.path(), &document);
    let upstream = Upstream::start();
    let neokeys = service.origin().trim_start_matches("https://");
    let certificate = folder.path().join("certificate.pem");
    let configuration = documented("introspection", "apacheconf openidc");
    let configuration = configuration
        .replace("127.0.0.1:8443", neokeys)
        .replace("/etc/neokeys/ca.pem", certificate.to_str().unwrap())
        .replace("127.0.0.1:9000", upstream.address());
    let key = token_of("gateway");
    let apache = Proxy::apache(free_address(), "auth_openidc", &configuration, &key);
    let ask = async |token: &str| apache.client().with_bearer(token).get(ORDERS).await;
    let jwt = service.issuer.token(&["demo"], &["orders:read"]);
    for token in [token_of("shop"), token_of("owner"), jwt, token_of("shop")] {
        let reply = ask(&token).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(!reply.text().contains(&token), "{reply:?}");
    }
    let reached = upstream.reached();
    for token in ["clerk", "nobody", "other"].map(token_of) {
        assert_eq!(ask(&token).await.status, 401, "{token}");
    }
    assert_eq!(apache.client().get(ORDERS).await.status, 401);
    service.replace_document("demo", &neokeys_testkit::document(&[gateway, owner]));
    assert_eq!(ask(&token_of("shop")).await.status, 401, "an answer was kept");
    assert_eq!(upstream.reached(), reached);
    assert_eq!(ask(&token_of("owner")).await.status, 200);
}
