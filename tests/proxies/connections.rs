//! Connections to the service that a proxy shares among its callers.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use tokio::task::JoinSet;

use crate::proxies;
use neokeys_testkit::{Service, token_of};

/// The names of the keys in the lists of two tenants.
const TENANTS: [(&str, &str, &str); 2] = [("t1", "admin", "reader"), ("t2", "other", "other")];

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_share_connections_share_nothing_else() {
    let service = Service::start();
    for (name, proxy) in proxies(&service) {
        let mut callers = JoinSet::new();
        for place in 0..8 {
            let (tenant, key, shown) = TENANTS[place % 2];
            let client = proxy.client().with_api_key(&token_of(key));
            callers.spawn(async move {
                for _ in 0..25 {
                    let own = client.get(&format!("/api/{tenant}/admin/apiKeys")).await;
                    assert!(own.status == 200 && own.text().contains(shown), "{own:?}");
                    let (foreign, _, _) = TENANTS[(place + 1) % 2];
                    let refused = client.get(&format!("/api/{foreign}/admin/apiKeys")).await;
                    assert_eq!(refused.status, 401);
                }
            });
        }
        while let Some(ended) = callers.join_next().await {
            ended.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

/// Requests whose end two readers could see in different places (RFC 9112 §11.2). What follows is
/// another request for one of them: it must reach nobody as an answer to their own.
pub fn ambiguous(method: &str, path: &str, address: &str, hidden: &str) -> Vec<String> {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n");
    let length = hidden.len() + 5;
    [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"),
        format!("Content-Length: {length}\r\nTransfer-Encoding: xchunked"),
        format!("Content-Length: {length}\r\nTransfer-Encoding : chunked"),
        format!("Content-Length: {length}\r\nTransfer-Encoding:\x0bchunked"),
        format!("Content-Length: {length}\r\nTransfer-Encoding: identity, chunked"),
        format!("Content-Length: 5\r\nContent-Length: {length}"),
        format!("Content-Length: 5, {length}"),
        format!("Content-Length: +{length}"),
        "Content-Length: 5".to_owned(),
    ]
    .into_iter()
    .map(|framing| format!("{head}{framing}\r\n\r\n0\r\n\r\n{hidden}"))
    .collect()
}

#[tokio::test]
async fn a_request_with_two_ends_reaches_nobody_else() {
    let service = Service::start();
    for (name, proxy) in proxies(&service) {
        let victim = proxy.client().with_api_key(&token_of("admin"));
        let hidden = "DELETE /api/t1/admin/apiKeys/reader HTTP/1.1\r\nHost: x\r\n\r\n";
        for request in ambiguous("POST", "/api/t1/admin/apiKeys", proxy.address(), hidden) {
            let mut stream = TcpStream::connect(proxy.address()).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            // It may be cut off; what it reads is its own affair.
            let _ = stream.read_to_end(&mut Vec::new());
            for _ in 0..4 {
                let own = victim.get("/api/t1/admin/apiKeys").await;
                let label = format!("{name}: {request:?}: {own:?}");
                assert!(own.status == 200 && own.text().contains("reader"), "{label}");
            }
        }
    }
}
