//! Callers in browsers, from other origins (Fetch §3.2).

use serde_json::json;

use crate::KEYS;
use neokeys_testkit::{Reply, Service};

const CONSOLE: &str = "https://console.example.com";

async fn preflight(service: &Service, origin: &str, method: &str, headers: &str) -> Reply {
    let request = service.client().request("OPTIONS", KEYS).header("origin", origin);
    let request = request.header("access-control-request-method", method);
    request.header("access-control-request-headers", headers).send().await
}

fn lists(reply: &Reply, header: &str, value: &str) -> bool {
    reply.header(header).split(',').any(|it| it.trim().eq_ignore_ascii_case(value))
}

#[tokio::test]
async fn no_other_origin_may_call_unless_it_is_named() {
    let service = Service::start();
    let reply = preflight(&service, CONSOLE, "POST", "authorization").await;
    assert_eq!(reply.status, 405);
    let read = service.admin().request("GET", KEYS).header("origin", CONSOLE).send().await;
    assert!(read.find_header("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn a_named_origin_may_call_with_what_the_operations_need() {
    let service =
        Service::builder().settings(&format!("cors:\n  origins: ['{CONSOLE}']\n")).start();
    for method in ["GET", "POST", "PUT", "DELETE"] {
        let asked = "authorization,baggage,content-type,if-match,if-none-match,traceparent,\
                     tracestate,x-api-key,x-request-id";
        let reply = preflight(&service, CONSOLE, method, asked).await;
        assert!(reply.status.is_success(), "{reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), CONSOLE);
        assert!(lists(&reply, "access-control-allow-methods", method));
        assert!(asked.split(',').all(|name| lists(&reply, "access-control-allow-headers", name)));
        assert!(reply.find_header("access-control-allow-credentials").is_none());
    }
    let body = json!({"name": "n", "permissions": ["p"]});
    let created =
        service.admin().request("POST", KEYS).header("origin", CONSOLE).json(body).send().await;
    assert_eq!(created.header("access-control-allow-origin"), CONSOLE);
    for name in ["etag", "location", "www-authenticate", "x-request-id", "retry-after"] {
        assert!(lists(&created, "access-control-expose-headers", name), "{name}");
    }
    let refused = service.client().request("GET", KEYS).header("origin", CONSOLE).send().await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("access-control-allow-origin")),
        (401, CONSOLE)
    );
}

#[tokio::test]
async fn an_origin_that_only_looks_alike_may_not() {
    let service =
        Service::builder().settings(&format!("cors:\n  origins: ['{CONSOLE}']\n")).start();
    for origin in [
        "https://console.example.com.evil.test",
        "http://console.example.com",
        "null",
        "https://example.com",
    ] {
        let reply = preflight(&service, origin, "GET", "authorization").await;
        assert!(reply.find_header("access-control-allow-origin").is_none(), "{origin}");
        let read = service.admin().request("GET", KEYS).header("origin", origin).send().await;
        assert!(read.find_header("access-control-allow-origin").is_none(), "{origin}");
    }
}
