//! Apache as `docs/introspection.md` has it: a resource server that asks what a token is worth.

use std::net::TcpStream;

use serde_json::json;

use crate::documented;
use crate::exchange::exchange;
use crate::harness::{Client, Service, document, entry, token_of};
use crate::proxy::{Proxy, free_address};
use crate::upstream::Upstream;

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
    let apache = Proxy::apache(here, &configuration, &token_of("gateway"));
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
