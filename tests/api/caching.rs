//! Validators and preconditions (RFC 9110 §13).

use serde_json::json;

use crate::{KEYS, key};
use neokeys_testkit::{Reply, Service, document, entry, token_of};

#[tokio::test]
async fn what_the_caller_has_already_is_not_sent_again() {
    let service = Service::start();
    for path in [KEYS.to_owned(), key("reader")] {
        let tag = service.admin().get(&path).await.header("etag").to_owned();
        for value in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let request = service.admin().request("GET", &path).header("if-none-match", &value);
            let reply = request.send().await;
            assert_eq!((reply.status.as_u16(), reply.body.len()), (304, 0), "{value}");
            assert_eq!(reply.header("etag"), tag);
        }
        let request = service.admin().request("GET", &path).header("if-none-match", "\"x\"");
        assert_eq!(request.send().await.status, 200);
    }
}

#[tokio::test]
async fn no_304_or_412_comes_before_401_403_or_404() {
    let service = Service::start();
    let writer = service.client().with_api_key(&token_of("writer"));
    let reader = service.client().with_api_key(&token_of("reader"));
    let ask = |client: neokeys_testkit::Client, path: String| async move {
        client.request("GET", &path).header("if-none-match", "*").send().await.status.as_u16()
    };
    assert_eq!(ask(service.client(), KEYS.into()).await, 401);
    assert_eq!(ask(writer, KEYS.into()).await, 403);
    assert_eq!(ask(reader, key("nobody")).await, 404);
    let request = service.admin().request("DELETE", &key("nobody")).header("if-match", "\"x\"");
    assert_eq!(request.send().await.status, 404);
    let request = service.admin().request("PUT", &key("reader")).header("if-match", "\"x\"");
    assert_eq!(request.json(json!({})).send().await.status, 400);
}

#[tokio::test]
async fn a_write_is_done_only_in_the_state_that_the_caller_names() {
    let service = Service::start();
    let admin = service.admin();
    let body = json!({"enabled": true, "permissions": ["p"]});
    let put = |value: String| {
        admin.request("PUT", &key("reader")).header("if-match", value).json(body.clone()).send()
    };
    let tag = admin.get(&key("reader")).await.header("etag").to_owned();
    for value in ["\"x\"".to_owned(), format!("W/{tag}"), String::new()] {
        let refused = put(value).await;
        assert_eq!(refused.problem(), "precondition-failed");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("weak tag (W/\"…\"), which never matches"), "{detail}");
    }
    let updated = put(format!("\"x\", {tag}")).await;
    assert_eq!(updated.status, 200);
    assert_eq!(put(tag.clone()).await.status, 412);
    let delete =
        |value: &str| admin.request("DELETE", &key("reader")).header("if-match", value).send();
    assert_eq!(delete(&tag).await.status, 412);
    assert_eq!(delete(updated.header("etag")).await.status, 204);
    assert_eq!(delete("*").await.status, 404);
    let unless = admin.request("DELETE", &key("writer")).header("if-none-match", "*").send().await;
    assert_eq!(unless.status, 412);
}

#[tokio::test]
async fn a_new_key_can_depend_on_the_list() {
    let service = Service::start();
    let tag = service.admin().get(KEYS).await.header("etag").to_owned();
    let create = |name: &'static str, tag: &str| {
        let body = json!({"name": name, "permissions": ["p"]});
        service.admin().request("POST", KEYS).header("if-match", tag).json(body).send()
    };
    assert_eq!(create("first", &tag).await.status, 201);
    assert_eq!(create("second", &tag).await.status, 412);
}

#[tokio::test]
async fn a_tag_is_the_same_everywhere_changes_with_an_edit_by_hand_and_knows_no_hash() {
    let (one, other) = (Service::start(), Service::start());
    let tag = |reply: Reply| reply.header("etag").to_owned();
    let list = tag(one.admin().get(KEYS).await);
    assert_eq!(list, tag(other.admin().get(KEYS).await));

    // Another hash for a key that is not asking: the same definitions, so the same tag.
    let text = one.read_document("t1");
    let hash = |name: &str| neokeys::domain::Digest::of(token_of(name).as_bytes()).to_hex();
    one.replace_document("t1", &text.replace(&hash("reader"), &hash("someone")));
    assert_eq!(tag(one.admin().get(KEYS).await), list);

    one.replace_document("t1", &text.replace("name: reader", "name: reader2"));
    assert_ne!(tag(one.admin().get(KEYS).await), list);
    one.replace_document("t1", &document(&[entry("admin", true, &["*"])]));
    assert_eq!(one.admin().get(&key("reader")).await.status, 404);
}

#[tokio::test]
async fn no_cache_keeps_an_answer_whose_path_was_escaped() {
    let service = Service::start();
    let path = KEYS.replace("/api/", "/%61pi/");
    let read = service.admin().get(&path).await;
    assert_eq!(
        (read.status.as_u16(), read.header("cache-control")),
        (200, "private, no-cache, no-transform")
    );
    assert_eq!(read.header("vary"), "Authorization, X-API-KEY, Accept");
    let body = json!({"name": "n", "permissions": ["p"]});
    let created = service.admin().post(&path, body).await;
    assert_eq!(
        (created.status.as_u16(), created.header("cache-control")),
        (201, "no-store, no-transform")
    );
}
