//! Whatever callers send, a page keeps its size and says nothing of them.

use crate::scrape::{get, scrape};
use crate::{KEYS, load, service};
use neokeys_testkit::{Claims, Client, Service, token_of};

/// A part that is in everything that these callers send.
const MARK: &str = "hostile";

/// One of everything that could become a label, each time another.
async fn attack(service: &Service, round: usize) {
    let anybody = Client::of_another(service.origin());
    let name = format!("{MARK}-{round}");
    for path in [
        format!("/{name}"),
        format!("/api/{name}/admin/apiKeys"),
        format!("/api/{name}%22%7D%0A/admin/apiKeys/{name}"),
        format!("{KEYS}/{name}?operation={name}"),
        format!("/problems/{name}"),
        format!("/auth/{name}?scope={name}"),
    ] {
        for method in ["GET", "DELETE", "PROPFIND", &format!("{}{round}", MARK.to_uppercase())] {
            let request = anybody.request(method, &path).header("x-request-id", &name);
            request.header("user-agent", &name).header("host", &name).send().await;
        }
        anybody.with_api_key(&token_of("admin")).get(&path).await;
        anybody.with_api_key(&name).get(&path).await;
        anybody.with_bearer(&name).get(&path).await;
        anybody.with("authorization", &format!("{name} {name}")).get(&path).await;
    }
    for claims in [
        Claims::new(&[&name], &["*"]).with("iss", format!("https://{name}.test/")),
        Claims::new(&[&name], &[&name]).with("sub", name.as_str()),
    ] {
        anybody.with_bearer(&service.issuer.sign(&claims)).get(KEYS).await;
    }
    let admin = service.admin();
    let body = serde_json::json!({"name": name, "permissions": [name], "enabled": true});
    admin.post(KEYS, body.clone()).await;
    admin
        .put(
            &format!("{KEYS}/{name}"),
            serde_json::json!({ "enabled": true, "permissions": [name] }),
        )
        .await;
    admin.delete(&format!("{KEYS}/{name}")).await;
    let text = service.read_document("t2");
    service.replace_document("t2", &format!("{text}  - name: {name}\n  - {{"));
    admin.get(&KEYS.replace("t1", "t2")).await;
    service.replace_document("t2", &text);
    admin.get(&KEYS.replace("t1", "t2")).await;
}

#[tokio::test]
async fn no_scrape_grows_with_hostile_input() {
    let service = service();
    load::every_kind(&service).await;
    attack(&service, 0).await;
    let before = scrape(&service).await;
    for round in 1..=20 {
        attack(&service, round).await;
    }
    let after = scrape(&service).await;
    assert_eq!(after.series(), before.series());
    // The load was felt: it is the series that did not grow.
    let refused = "neokeys_authentications_total{method=\"api_key\",outcome=\"refused\"}";
    assert!(after.value(refused) >= before.value(refused) + 100.0, "{after:?}");
    let page = get(&service, &[]).await;
    let page = page.text().to_lowercase();
    for text in [MARK, "admin", "t1", "t2", "other-", "token-of"] {
        let told = page.lines().filter(|line| !line.starts_with('#'));
        let found: Vec<_> = told.filter(|line| line.contains(text)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}
