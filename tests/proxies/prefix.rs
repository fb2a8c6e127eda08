//! The service below a path of a proxy, as `docs/deployment.md` has it.

use serde_json::json;

use crate::proxy::{Proxy, free_address};
use crate::{KEYS, documented};
use neokeys_testkit::{Client, Reply, Service, token_of};

/// The page's configurations, before a service without the setting and before one with it.
fn prefixed(start: impl Fn(&str) -> Service) -> Vec<(&'static str, Service, Proxy)> {
    let upstream = |service: &Service| service.origin().trim_start_matches("http://").to_owned();
    let address = free_address();
    let service = start(&address);
    let location = documented("deployment", "nginx").replace("127.0.0.1:8080", &upstream(&service));
    let nginx = format!("server {{ listen {address};\n{location}}}");
    let nginx = ("nginx", service, Proxy::nginx_http(address, &nginx));
    let address = free_address();
    let service = start(&address);
    let site = documented("deployment", "caddyfile")
        .replace("127.0.0.1:8080", &upstream(&service))
        .replace("https://example.com", &format!("http://{address}"));
    vec![nginx, ("Caddy", service, Proxy::caddyfile(address, &site))]
}

/// Goes where an answer to this path leads, as clients do (RFC 3986 §5.2), below this proxy alone.
fn resolve(proxy: &Proxy, path: &str, reference: &str) -> String {
    let origin = format!("http://{}", proxy.address());
    match reference.strip_prefix(&origin) {
        Some(path) => path.to_owned(),
        None if reference.contains("://") => panic!("{reference} is elsewhere"),
        None if reference.starts_with('/') => reference.to_owned(),
        None => format!("{}/{reference}", path.rsplit_once('/').unwrap().0),
    }
}

/// Gets a page through all its redirects.
async fn followed(proxy: &Proxy, client: &Client, path: &str) -> (String, Reply) {
    let mut path = path.to_owned();
    for _ in 0..5 {
        let reply = client.get(&path).await;
        if !reply.status.is_redirection() {
            return (path, reply);
        }
        path = resolve(proxy, &path, reply.header("location"));
    }
    panic!("no end of redirects at {path}")
}

#[tokio::test]
async fn the_page_below_a_prefix_is_found_and_finds_its_documents() {
    for (name, _service, proxy) in prefixed(|_| Service::start()) {
        let client = proxy.client();
        for path in ["/neokeys", "/neokeys/", "/neokeys/swagger-ui", "/neokeys/swagger-ui/"] {
            let (at, page) = followed(&proxy, &client, path).await;
            assert_eq!(
                (page.status.as_u16(), &*at),
                (200, "/neokeys/swagger-ui/"),
                "{name} {path}"
            );
            assert!(page.text().contains("swagger-initializer.js"), "{name} {path}");
        }
        let page = "/neokeys/swagger-ui/";
        let initializer = client.get("/neokeys/swagger-ui/swagger-initializer.js").await;
        let documents: Vec<_> =
            initializer.text().split('"').filter(|it| it.contains("/openapi/")).collect();
        assert_eq!(documents.len(), 3, "{name}: {}", initializer.text());
        for document in documents {
            let relative = document.strip_prefix("../").expect("an address from the page");
            let root = page.strip_suffix("swagger-ui/").unwrap();
            let reply = client.get(&format!("{root}{relative}")).await;
            assert_eq!(reply.status, 200, "{name}: {document}");
            assert!(reply.json()["openapi"].is_string(), "{name}: {document}");
        }
    }
}

#[tokio::test]
async fn what_an_answer_names_is_there_below_the_prefix() {
    let start = |address: &str| {
        Service::builder().settings(&format!("public_url: http://{address}/neokeys\n")).start()
    };
    for (name, _service, proxy) in prefixed(start) {
        let admin = proxy.client().with_api_key(&token_of("admin"));
        let keys = format!("/neokeys{KEYS}");
        let body = json!({"name": "crm", "enabled": true, "permissions": ["a"]});
        let created = admin.post(&keys, body).await;
        assert_eq!(created.status, 201, "{name}");
        let key = resolve(&proxy, &keys, created.header("location"));
        assert_eq!(admin.get(&key).await.json()["name"], "crm", "{name}");
        let updated = admin.put(&key, json!({"enabled": true, "permissions": ["b"]})).await;
        assert_eq!(resolve(&proxy, &key, updated.header("content-location")), key, "{name}");

        let nowhere = "/neokeys/nowhere";
        let problem = admin.get(nowhere).await.json();
        let explained = resolve(&proxy, nowhere, problem["type"].as_str().unwrap());
        let page = admin.get(&explained).await;
        assert!(page.text().starts_with(problem["title"].as_str().unwrap()), "{name}: {page:?}");

        for document in ["v1.json", "v1.sdk.json", "extensions-v1.json"] {
            let document = admin.get(&format!("/neokeys/openapi/{document}")).await.json();
            let server = document["servers"][0]["url"].as_str().unwrap();
            let keys = resolve(&proxy, "/", &format!("{server}{KEYS}"));
            assert_eq!(admin.get(&keys).await.status, 200, "{name}: {server}");
        }
        let (at, page) = followed(&proxy, &admin, "/neokeys/").await;
        assert_eq!((page.status.as_u16(), &*at), (200, "/neokeys/swagger-ui/"), "{name}");
    }
}
