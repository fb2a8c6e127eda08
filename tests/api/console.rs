//! The console's files: what holds them to this server, and what they weigh.

use neokeys_testkit::{Reply, Service};

const PAGE: &str = "/console/";

/// The console at an issuer of its own.
fn serve(settings: &str) -> Service {
    Service::builder().settings(settings).start()
}

async fn get(service: &Service, path: &str) -> Reply {
    service.client().get(path).await
}

#[tokio::test]
async fn the_page_may_reach_this_server_and_the_issuers_alone_and_demands_trusted_types() {
    let service = serve("console:\n  issuer: https://id.example.com/realms/a\n");
    let page = get(&service, PAGE).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let own = get(&service, "/console/settings.json").await.json();
    assert_eq!(own["issuer"], "https://id.example.com/realms/a");
    let trusted = "https://id.example.com https://issuer.test";
    assert_eq!(
        page.header("content-security-policy"),
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
             connect-src 'self' {trusted}; frame-ancestors 'none'; base-uri 'none'; \
             form-action 'self' {trusted}; require-trusted-types-for 'script'; trusted-types 'none'"
        )
    );
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("cross-origin-resource-policy"), "same-origin");
}

#[tokio::test]
async fn a_file_that_a_browser_has_is_not_sent_again() {
    let service = Service::start();
    let first = get(&service, "/console/main.js").await;
    assert_eq!(first.header("content-type"), "text/javascript; charset=utf-8");
    let again = service.client().request("GET", "/console/main.js");
    let again = again.header("if-none-match", first.header("etag")).send().await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(get(&service, "/console/nothing.js").await.problem(), "path-not-found");
    let without_slash = get(&service, "/console").await;
    assert_eq!(
        (without_slash.status.as_u16(), without_slash.header("location")),
        (308, "console/")
    );
}

#[tokio::test]
async fn it_can_be_turned_off() {
    let service = serve("console:\n  enabled: false\n");
    assert_eq!(get(&service, PAGE).await.status, 404);
}

#[tokio::test]
async fn the_page_is_told_the_policy_of_the_deployment() {
    let service = serve(
        "  grants: subset\nconsole:\n  client_id: keys\n  scopes: [openid]\n\
         keys:\n  max_lifetime: 60d\n  max_overlap: 1d\n",
    );
    let told = get(&service, "/console/settings.json").await.json();
    assert_eq!(
        told,
        serde_json::json!({
            "issuer": "https://issuer.test/",
            "clientId": "keys",
            "scopes": ["openid"],
            "tenantsClaim": "tenants",
            "grants": "subset",
            "defaultLifetimeSeconds": null,
            "maxLifetimeSeconds": 60 * 86_400,
            "maxOverlapSeconds": 86_400,
            "ownScopes": ["tenant.apiKey:read", "tenant.apiKey:write", "tenant.audit:read"],
            "writeScope": "tenant.apiKey:write",
        })
    );
}

/// The modules that a module has the browser load with it, and so on; not those that it imports later.
async fn module_sizes(service: &Service, path: &str, seen: &mut Vec<String>) -> usize {
    if seen.contains(&path.to_owned()) {
        return 0;
    }
    seen.push(path.to_owned());
    let text = get(service, &format!("{PAGE}{path}")).await.text().to_owned();
    let mut size = text.len();
    let imports: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("import ")?.rsplit('"').nth(1))
        .map(str::to_owned)
        .collect();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for import in imports {
        let target = match (import.strip_prefix("../"), import.strip_prefix("./")) {
            (Some(rest), _) => rest.to_owned(),
            (_, Some(rest)) if folder.is_empty() => rest.to_owned(),
            (_, rest) => format!("{folder}/{}", rest.unwrap_or(&import)),
        };
        size += Box::pin(module_sizes(service, &target, seen)).await;
    }
    size
}

#[tokio::test]
async fn the_first_view_weighs_less_than_100_kilobytes() {
    let service = Service::start();
    let mut size = 0;
    for file in ["", "console.css", "icon.svg", "settings.json"] {
        size += get(&service, &format!("{PAGE}{file}")).await.body.len();
    }
    let mut seen = Vec::new();
    size += module_sizes(&service, "main.js", &mut seen).await;
    // None of them is found only when another one has come.
    let page = get(&service, PAGE).await.text().to_owned();
    let missing: Vec<_> = seen.iter().filter(|it| !page.contains(&format!("\"{it}\""))).collect();
    assert!(missing.is_empty(), "index.html preloads them not: {missing:?}");
    assert!(seen.iter().any(|it| it == "parts/dialog.js"), "{seen:?}");
    // With the view that comes behind the sign-in.
    size += module_sizes(&service, "views/keys.js", &mut seen).await;
    assert!(size < 100_000, "{size} bytes: {seen:?}");
}
