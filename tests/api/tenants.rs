//! The tenants of a caller, page by page.

use serde_json::{Value, json};

use neokeys_testkit::{Claims, Client, Service, document, token_of};

const TENANTS: &str = "/api/tenants";
const READ: &str = "tenant.apiKey:read";

/// The ids of a page, and the cursor of the next one.
async fn page(client: &Client, query: &str) -> (Vec<String>, Option<String>) {
    let page = client.get(&format!("{TENANTS}{query}")).await.json();
    let ids =
        page["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned());
    (ids.collect(), page["next"].as_str().map(str::to_owned))
}

fn service(tenants: usize) -> Service {
    let names = (1..=tenants).map(|number| format!("shop-{number:04}"));
    names.fold(Service::builder(), |builder, name| builder.tenant(&name, &document(&[]))).start()
}

#[tokio::test]
async fn a_caller_sees_the_tenants_that_exist_and_that_its_token_is_for() {
    let service = service(2);
    let client = |tenants: &[&str]| {
        service.client().with_bearer(&service.issuer.sign(&Claims::new(tenants, &[READ])))
    };
    for (tenants, seen) in [
        (&["*"][..], json!(["shop-0001", "shop-0002", "t1", "t2"])),
        (&["t2", "nowhere", "shop-0001"], json!(["shop-0001", "t2"])),
        (&["nowhere"], json!([])),
        (&[], json!([])),
    ] {
        let (ids, next) = page(&client(tenants), "").await;
        assert_eq!((json!(ids), next), (seen, None), "{tenants:?}");
    }
    std::fs::remove_dir_all(service.document_path("t2").parent().unwrap()).unwrap();
    assert_eq!(page(&client(&["t1", "t2"]), "").await.0, ["t1"]);
}

#[tokio::test]
async fn tenants_come_page_by_page_each_once() {
    let service = service(250);
    let all = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    for (first, sizes) in
        [("", &[100, 100, 52][..]), ("limit=126", &[126, 126]), ("limit=1000", &[252])]
    {
        let (mut seen, mut found, mut cursor) = (Vec::new(), Vec::new(), None::<String>);
        loop {
            let next = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let (ids, next) = page(&all, &format!("?{first}{next}")).await;
            seen.push(ids.len());
            found.extend(ids);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, sizes, "{first}");
        assert!(found.is_sorted_by(|a, b| a < b), "{found:?}");
    }
    // A tenant that went is no obstacle to the next page.
    let (_, cursor) = page(&all, "?limit=1").await;
    std::fs::remove_dir_all(service.document_path("shop-0001").parent().unwrap()).unwrap();
    let (ids, _) = page(&all, &format!("?limit=1&cursor={}", cursor.unwrap())).await;
    assert_eq!(ids, ["shop-0002"]);
}

#[tokio::test]
async fn a_query_that_is_no_page_is_refused_parameter_by_parameter() {
    let service = service(0);
    let all = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    for (query, member) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=", "cursor"),
        ("cursor=!", "cursor"),
        ("cursor=Li4", "cursor"),
        ("tenant=t1", "tenant"),
    ] {
        let reply = all.get(&format!("{TENANTS}?{query}")).await;
        assert_eq!((reply.status.as_u16(), reply.problem()), (400, "validation".into()), "{query}");
        let errors: Value = reply.json()["errors"].take();
        assert_eq!(errors.as_object().unwrap().keys().collect::<Vec<_>>(), [member], "{query}");
    }
}

#[tokio::test]
async fn a_tenant_may_be_called_as_the_list_is() {
    let service = Service::builder().tenant("tenants", &document(&[])).start();
    let own = service.client().with_bearer(&service.issuer.token(&["tenants"], &["*"]));
    assert_eq!(own.get("/api/tenants/admin/apiKeys").await.json(), json!([]));
    assert_eq!(page(&own, "").await.0, ["tenants"]);
    let key = service.client().with_api_key(&token_of("admin"));
    assert_eq!(key.get(TENANTS).await.status, 401);
}

#[tokio::test]
async fn a_store_that_cannot_be_listed_is_told_as_that() {
    let service = service(0);
    let all = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    let store = service.document_path("t1").parent().unwrap().parent().unwrap().to_owned();
    std::fs::rename(&store, store.with_extension("away")).unwrap();
    let reply = all.get(TENANTS).await;
    assert_eq!((reply.status.as_u16(), reply.problem()), (503, "store-unavailable".into()));
    std::fs::rename(store.with_extension("away"), &store).unwrap();
    assert_eq!(page(&all, "").await.0, ["t1", "t2"]);
}
