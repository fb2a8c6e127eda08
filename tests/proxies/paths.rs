//! Paths that a proxy and the service could read differently.

use crate::proxies;
use crate::proxy::Proxy;
use neokeys_testkit::{Service, token_of};

/// Other spellings of the list of tenant `t2`, and what tries to be it.
const SPELLINGS: &[&str] = &[
    "/api/t2/admin/apiKeys",
    "/api/%742/admin/apiKeys",
    "/api/t%32/admin/apiKeys",
    "/api/%2574%2532/admin/apiKeys",
    "/%61pi/t2/admin/apiKeys",
    "/api//t2/admin/apiKeys",
    "//api/t2/admin/apiKeys",
    "/api/./t2/admin/apiKeys",
    "/api/%2e/t2/admin/apiKeys",
    "/api/t1/../t2/admin/apiKeys",
    "/api/t1/%2e%2e/t2/admin/apiKeys",
    "/api/t1/..%2Ft2/admin/apiKeys",
    "/api/..%2Fapi%2Ft2/admin/apiKeys",
    "/api/t1%2F..%2Ft2/admin/apiKeys",
    "/api/..%2Ft2/admin/apiKeys",
    "/api/..%5Ct2/admin/apiKeys",
    "/api/t2%2Fadmin%2FapiKeys",
    "/api/t2/admin%2FapiKeys",
    "/api%2Ft2/admin/apiKeys",
    "/api/t2;x=y/admin/apiKeys",
    "/api/t2%00/admin/apiKeys",
    "/api/t2%20/admin/apiKeys",
    "/API/t2/admin/apiKeys",
    "/api/T2/admin/apiKeys",
    "/api/t2/admin/apikeys",
    "/api/t2/admin/apiKeys/",
    "/api/t2/admin/apiKeys/.",
    "/api/t2/admin/apiKeys/..",
    "/api/t2/admin/apiKeys?x=/api/t1/",
    "/api/t2/admin/apiKeys%3F",
    "/api/t2/admin/apiKeys%23",
];

#[tokio::test]
async fn no_spelling_of_a_path_leads_to_another_tenant() {
    let service = Service::start();
    for (name, proxy) in proxies(&service) {
        let of_t1 = proxy.client().with_api_key(&token_of("admin"));
        for path in SPELLINGS {
            let reply = of_t1.get(path).await;
            let status = reply.status.as_u16();
            assert!(matches!(status, 400 | 401 | 404), "{name}: {path} gives {status}");
            assert!(!reply.text().contains("other"), "{name}: {path}");
        }
    }
}

#[tokio::test]
async fn a_tenant_that_a_proxy_closes_has_no_spelling_that_is_open() {
    let service = Service::start();
    let origin = service.origin();
    for (name, proxy) in [
        ("nginx", Proxy::nginx(origin, "location /api/t2/ { return 403; }", "")),
        ("Caddy", Proxy::caddy(origin, "@closed path /api/t2/*\n respond @closed 403")),
    ] {
        let of_t2 = proxy.client().with_api_key(&token_of("other"));
        for path in SPELLINGS {
            let reply = of_t2.get(path).await;
            let status = reply.status.as_u16();
            assert!(matches!(status, 400 | 401 | 403 | 404), "{name}: {path} gives {status}");
        }
        let open = proxy.client().with_api_key(&token_of("admin"));
        assert_eq!(open.get("/api/t1/admin/apiKeys").await.status, 200, "{name}");
    }
    let direct = service.client().with_api_key(&token_of("other"));
    assert_eq!(direct.get("/api/t2/admin/apiKeys").await.status, 200);
}
