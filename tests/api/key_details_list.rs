//! The list of keys with their details: filters, order, pages.

use serde_json::{Value, json};

use crate::key_details::{DETAILS, PAST, details};
use neokeys_testkit::Service;

/// A key without when it was used last, as whoever lists them all the time is.
fn unused(key: &Value) -> Value {
    let mut key = key.clone();
    key.as_object_mut().unwrap().remove("lastUsedAt");
    key
}

#[tokio::test]
async fn a_list_is_filtered_and_put_in_order_a_page_at_a_time() {
    let service = Service::start();
    let admin = service.admin();
    let mut model = Vec::new();
    for name in ["reader", "writer", "admin", "off"] {
        model.push(unused(&admin.get(&details(name)).await.json()));
    }
    for number in 0..30 {
        let name = format!("k{}", (number * 7) % 30);
        let mut body = json!({"name": name, "permissions": [format!("p{}", number % 3)]});
        if number % 2 == 0 {
            body["expiresAt"] = json!(format!("{}-01-01T00:00:00Z", 2990 - number / 4));
        }
        if number % 5 == 0 {
            body["expiresAt"] = json!(PAST);
        }
        if number % 3 == 0 {
            body["owner"] = json!("o");
            body["labels"] = json!({"env": if number % 2 == 0 { "prod" } else { "test" }});
        }
        body["enabled"] = json!(number % 7 != 0);
        assert_eq!(admin.post(DETAILS, body).await.status, 201);
        model.push(unused(&admin.get(&details(&name)).await.json()));
    }
    let text = |item: &Value, member: &str| item[member].as_str().map(str::to_owned);
    type Takes = fn(&Value) -> bool;
    let filters: [(&str, Takes); 9] = [
        ("", |_| true),
        ("status=active", |it| it["status"] == "active"),
        ("status=expired", |it| it["status"] == "expired"),
        ("status=disabled", |it| it["status"] == "disabled"),
        ("expiresBefore=2987-01-01T00:00:00Z", |it| {
            it["expiresAt"].as_str().is_some_and(|end| end < "2987")
        }),
        ("permission=p1", |it| it["permissions"] == json!(["p1"])),
        ("owner=o&label=env", |it| it["owner"] == "o"),
        ("label=env%3Dprod", |it| it["labels"]["env"] == "prod"),
        ("label=env%3Dprod&label=env%3Dtest", |_| false),
    ];
    for (filter, takes) in filters {
        for sort in ["name", "-name", "expiresAt", "-expiresAt", "createdAt"] {
            let mut expected: Vec<_> = model.iter().filter(|it| takes(it)).collect();
            let member = sort.trim_start_matches('-');
            let is_descending = sort.starts_with('-');
            expected.sort_by(|a, b| {
                let directed =
                    |it: std::cmp::Ordering| if is_descending { it.reverse() } else { it };
                let times = match (text(a, member), text(b, member)) {
                    (Some(a), Some(b)) => directed(a.cmp(&b)),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                };
                times.then_with(|| directed(text(a, "name").cmp(&text(b, "name"))))
            });
            for limit in [1, 7, 1000] {
                let (mut found, mut cursor) = (Vec::new(), String::new());
                loop {
                    let path = format!("{DETAILS}?{filter}&sort={sort}&limit={limit}{cursor}");
                    let reply = admin.get(&path.replace("?&", "?")).await;
                    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
                    let page = reply.json();
                    let items = page["items"].as_array().unwrap();
                    assert!(items.len() <= limit, "{path}");
                    found.extend(items.iter().map(unused));
                    match page["next"].as_str() {
                        Some(next) => cursor = format!("&cursor={next}"),
                        None => break,
                    }
                }
                assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter} {sort} {limit}");
            }
        }
    }
}

#[tokio::test]
async fn a_query_that_says_something_wrong_is_refused() {
    let service = Service::start();
    let admin = service.admin();
    let next = admin.get(&format!("{DETAILS}?limit=1")).await.json()["next"].clone();
    let next = next.as_str().unwrap().to_owned();
    for (query, parameter) in [
        ("status=ended", "status"),
        ("status=", "status"),
        ("status=active&status=expired", "status"),
        ("expiresBefore=tomorrow", "expiresBefore"),
        ("expiresBefore=2027-01-01", "expiresBefore"),
        ("label=a%20b", "label"),
        ("label=a%3Db%3Dc", "label"),
        ("sort=owner", "sort"),
        ("sort=%2Bname", "sort"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("cursor=x", "cursor"),
        ("page=2", "page"),
        ("Status=active", "Status"),
        (&format!("sort=-name&cursor={next}"), "cursor"),
    ] {
        let reply = admin.get(&format!("{DETAILS}?{query}")).await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        assert!(reply.json()["errors"][parameter].is_array(), "{query}: {}", reply.text());
    }
}
