//! Bodies of requests, good and bad.

use serde_json::{Value, json};

use crate::{KEYS, key};
use neokeys_testkit::{Reply, Service, token_of};

async fn post(service: &Service, body: impl Into<bytes::Bytes>) -> Reply {
    let request = service.admin().request("POST", KEYS).header("content-type", "application/json");
    request.body(body).send().await
}

/// The members that a 400 names, sorted.
fn members(reply: &Reply) -> Vec<String> {
    assert_eq!((reply.status.as_u16(), reply.problem()), (400, "validation".into()));
    let mut names: Vec<_> = reply.json()["errors"].as_object().unwrap().keys().cloned().collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_body_with_very_many_faults_is_answered_briefly() {
    let subset = Service::builder().settings("  grants: subset\n").start();
    let client = subset.client().with_api_key(&token_of("writer"));
    let all = |item: &str| format!("[{}]", vec![item; 64_000 / (item.len() + 1)].join(","));
    let number: fn(usize) -> String = |it| format!("\"{it:x>200}\"");
    let scopes = format!("[{}]", (0..256).map(number).collect::<Vec<_>>().join(","));
    let names = "\"name\":1,".repeat(6_000);
    for (body, status) in [
        (format!("{{\"name\":1,\"permissions\":{}}}", all("1")), 400),
        (format!("{{\"name\":\"n\",\"permissions\":{}}}", all("\"\"")), 400),
        (format!("{{\"name\":\"n\",\"permissions\":{}}}", all("\" \"")), 400),
        (format!("{{\"name\":\"n\",\"permissions\":{}}}", all("null")), 400),
        (format!("{{{names}\"permissions\":[\"p\"]}}"), 400),
        (format!("{{\"name\":\"n\",\"permissions\":{scopes}}}"), 403),
    ] {
        let request = client.request("POST", KEYS).header("content-type", "application/json");
        let reply = request.body(body.clone()).send().await;
        let label = format!("{body:.40}: {reply:?}");
        assert_eq!(reply.status, status, "{label}");
        let headers: usize = reply.headers.values().map(http::HeaderValue::len).sum();
        assert!(reply.body.len() + headers < 8_000, "{} {label}", reply.body.len());
    }
    let body = format!("{{\"name\":1,\"permissions\":{}}}", all("1"));
    let request = client.request("POST", KEYS).header("content-type", "application/json");
    let errors = request.body(body).send().await.json()["errors"].clone();
    assert_eq!(errors["name"].as_array().unwrap().len(), 1);
    let told = errors["permissions"].as_array().unwrap();
    assert_eq!(told.len(), 21);
    assert_eq!(told[20], "There is more: 31980 more faults of this member.");
    let query = "x&".repeat(10_000);
    let asked = client.get(&format!("/auth/t1?{query}")).await;
    assert!(asked.status == 400 && asked.body.len() < 8_000, "{}", asked.body.len());
}

#[tokio::test]
async fn every_fault_of_a_body_is_told_at_once() {
    let service = Service::start();
    let cases: &[(Value, &[&str])] = &[
        (json!({}), &["name", "permissions"]),
        (json!({"name": "n"}), &["permissions"]),
        (json!({"name": "n", "permissions": []}), &["permissions"]),
        (json!({"name": "", "permissions": ["p"]}), &["name"]),
        (json!({"name": "a b", "permissions": ["p q"]}), &["name", "permissions"]),
        (json!({"name": ".", "permissions": ["p"]}), &["name"]),
        (json!({"name": "..", "permissions": ["p"]}), &["name"]),
        (json!({"name": "n".repeat(129), "permissions": ["p"]}), &["name"]),
        (json!({"name": "caf\u{e9}", "permissions": ["p"]}), &["name"]),
        (json!({"name": "n\n", "permissions": ["p"]}), &["name"]),
        (
            json!({"name": null, "enabled": null, "permissions": null}),
            &["enabled", "name", "permissions"],
        ),
        (
            json!({"name": 1, "enabled": "true", "permissions": "p"}),
            &["enabled", "name", "permissions"],
        ),
        (json!({"name": "n", "permissions": [1, null]}), &["permissions"]),
        (json!({"name": "n", "permissions": ["\u{e9}"]}), &["permissions"]),
        (json!({"name": "n", "permissions": ["p".repeat(257)]}), &["permissions"]),
        (json!({"name": "n", "permissions": vec!["p"; 257]}), &["permissions"]),
        (json!({"name": "n", "permissions": ["p"], "hash": "x"}), &["hash"]),
        (json!({"Name": "n", "permissions": ["p"]}), &["Name", "name"]),
        (json!(["n", true, ["p"]]), &["$"]),
        (json!("n"), &["$"]),
        (json!(null), &["$"]),
    ];
    for (body, expected) in cases {
        let reply = service.admin().post(KEYS, body.clone()).await;
        assert_eq!(members(&reply), *expected, "{body}");
    }
    assert_eq!(service.admin().get(KEYS).await.json().as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_update_demands_both_members() {
    let service = Service::start();
    let cases: &[(Value, &[&str])] = &[
        (json!({}), &["enabled", "permissions"]),
        (json!({"enabled": true}), &["permissions"]),
        (json!({"permissions": ["p"]}), &["enabled"]),
        (json!({"enabled": true, "permissions": ["p"], "name": "other"}), &["name"]),
        (json!([true, ["p"]]), &["$"]),
    ];
    for (body, expected) in cases {
        let reply = service.admin().put(&key("reader"), body.clone()).await;
        assert_eq!(members(&reply), *expected, "{body}");
    }
}

#[tokio::test]
async fn the_bounds_themselves_are_taken() {
    let service = Service::start();
    let many: Vec<_> = (0..256).map(|n| format!("p{n}")).collect();
    let body = json!({"name": "n".repeat(128), "permissions": many});
    assert_eq!(service.admin().post(KEYS, body).await.status, 201);
    let body = json!({"name": "...", "permissions": ["!#[]~".repeat(51)]});
    let created = service.admin().post(KEYS, body).await;
    assert_eq!(created.status, 201);
    assert_eq!(service.admin().get(&key("...")).await.status, 200);
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let service = Service::start();
    let deep = format!(r#"{{"name":{}"#, "[".repeat(30_000));
    let bodies: [&[u8]; 11] = [
        b"",
        b" ",
        b"{",
        b"{\"name\": \"n\", \"permissions\": [\"p\"]} x",
        b"{\"name\": \"n\", \"permissions\": [\"p\"]}{}",
        b"{\"name\": \"\xff\", \"permissions\": [\"p\"]}",
        b"{\"name\": \"\\ud800\", \"permissions\": [\"p\"]}",
        b"\xef\xbb\xbf{\"name\": \"n\", \"permissions\": [\"p\"]}",
        b"{\"name\": \"n\", \"permissions\": [\"p\"],}",
        b"name=n",
        deep.as_bytes(),
    ];
    for body in bodies {
        let reply = post(&service, body.to_vec()).await;
        assert_eq!(
            members(&reply),
            ["$"],
            "{}",
            String::from_utf8_lossy(&body[..body.len().min(50)])
        );
    }
    let repeated = br#"{"name": "a", "permissions": ["p"], "name": "b"}"#;
    assert_eq!(members(&post(&service, &repeated[..]).await), ["name"]);
}

#[tokio::test]
async fn a_mark_of_the_encoding_in_front_of_a_body_is_named() {
    let service = Service::start();
    let body = json!({"name": "n", "permissions": ["p"]}).to_string();
    let utf16 = |mark: u16, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        [mark].into_iter().chain(body.encode_utf16()).flat_map(bytes).collect()
    };
    for (body, told) in [
        (format!("\u{feff}{body}").into_bytes(), "starts with a byte order mark (BOM)"),
        ("\u{feff}".as_bytes().to_vec(), "starts with a byte order mark (BOM)"),
        (utf16(0xfeff, u16::to_le_bytes), "is UTF-16"),
        (utf16(0xfeff, u16::to_be_bytes), "is UTF-16"),
    ] {
        let reply = post(&service, body).await;
        assert_eq!(reply.status, 400);
        let sentence = reply.json()["errors"]["$"][0].as_str().unwrap().to_owned();
        assert!(sentence.contains(told), "{sentence}");
    }
}

#[tokio::test]
async fn a_body_over_64_kib_is_too_large() {
    let service = Service::start();
    let padded = |length: usize| {
        let body = r#"{"name": "n", "permissions": ["p"]}"#;
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let reply = post(&service, padded(64 * 1024 + 1)).await;
    assert_eq!((reply.status.as_u16(), reply.problem()), (413, "content-too-large".into()));
    assert_eq!(post(&service, padded(64 * 1024)).await.status, 201);
}

#[tokio::test]
async fn only_the_documented_media_types_are_taken() {
    let service = Service::start();
    let body = |n: usize| json!({"name": format!("n{n}"), "permissions": ["p"]}).to_string();
    let good = ["application/json", "text/json; charset=UTF-8", "application/vnd.x+json"];
    for (n, content_type) in good.iter().enumerate() {
        let request = service.admin().request("POST", KEYS).header("content-type", content_type);
        assert_eq!(request.body(body(n)).send().await.status, 201, "{content_type}");
    }
    for content_type in
        ["text/plain", "application/xml", "application/json; charset=latin1", "", "x"]
    {
        let request = service.admin().request("POST", KEYS).header("content-type", content_type);
        let reply = request.body(body(9)).send().await;
        assert_eq!(reply.problem(), "unsupported-media-type", "{content_type}");
        assert_eq!(reply.header("accept-post"), "application/json, text/json, application/*+json");
    }
    let bare = service.admin().request("PUT", &key("reader")).body(body(9)).send().await;
    assert_eq!(bare.status, 415);
    assert_eq!(bare.header("accept"), "application/json, text/json, application/*+json");
    let twice = service.admin().request("POST", KEYS).header("content-type", "application/json");
    let twice = twice.header("content-type", "application/json").body(body(9));
    assert_eq!(twice.send().await.status, 415);
    let packed = service.admin().request("POST", KEYS).header("content-type", "application/json");
    let packed = packed.header("content-encoding", "gzip").body(body(9)).send().await;
    assert_eq!((packed.status.as_u16(), packed.header("accept-encoding")), (415, "identity"));
}
