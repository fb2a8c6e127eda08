//! The life of keys: details, ends, rotation, and the list that shows them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{KEYS, key};
use neokeys_testkit::{Client, Reply, Service, token_of};

/// The list with details of tenant `t1`.
pub(crate) const DETAILS: &str = "/api/t1/admin/apiKeyDetails";
/// Long after any test.
const FAR: &str = "2999-01-01T00:00:00Z";
/// Long before.
pub(crate) const PAST: &str = "2001-01-01T00:00:00Z";

pub(crate) fn details(name: &str) -> String {
    format!("{DETAILS}/{name}")
}

async fn amend(client: &Client, name: &str, patch: Value) -> Reply {
    let request = client.request("PATCH", &details(name)).body(patch.to_string());
    request.header("content-type", "application/merge-patch+json").send().await
}

async fn rotate(client: &Client, name: &str, body: Value) -> Reply {
    client.post(&format!("{}/rotate", details(name)), body).await
}

fn token(reply: &Reply) -> String {
    reply.json()["token"].as_str().unwrap().to_owned()
}

/// Whether a token is let in.
async fn works(service: &Service, token: &str) -> bool {
    let status = service.client().with_api_key(token).get(KEYS).await.status.as_u16();
    assert!(matches!(status, 200 | 401 | 403), "{status}");
    status != 401
}

#[tokio::test]
async fn a_key_is_made_shown_and_changed_with_its_details() {
    let service = Service::start();
    let admin = service.admin();
    let body = json!({
        "name": "crm", "permissions": ["orders:read"], "expiresAt": "2998-12-31T23:00:00-01:00",
        "allowedIps": ["127.0.0.0/8", "::ffff:10.0.0.1"], "description": "CRM\nnightly", "owner": "sales",
        "labels": {"env": "prod", "team": "a"},
    });
    let created = admin.post(DETAILS, body).await;
    assert_eq!(created.status, 201, "{}", created.text());
    assert_eq!(created.header("location"), details("crm"));
    let mut shown = created.json();
    assert!(shown.as_object_mut().unwrap().remove("token").is_some());
    let created_at = shown["createdAt"].as_str().unwrap().to_owned();
    let expected = json!({
        "name": "crm", "enabled": true, "permissions": ["orders:read"], "status": "active",
        "createdAt": created_at, "expiresAt": FAR, "allowedIps": ["127.0.0.0/8", "10.0.0.1"],
        "description": "CRM\nnightly", "owner": "sales", "labels": {"env": "prod", "team": "a"},
    });
    assert_eq!(shown, expected);
    let got = admin.get(&details("crm")).await;
    assert_eq!((got.json(), got.header("etag")), (expected, created.header("etag")));
    assert!(works(&service, &token(&created)).await);
    assert!(admin.get(&details("crm")).await.json()["lastUsedAt"].is_string());
    let contract = admin.get(&key("crm")).await;
    assert_eq!(
        contract.json(),
        json!({"name": "crm", "enabled": true, "permissions": ["orders:read"]})
    );

    let patch = json!({
        "allowedIps": null, "owner": "crm@example.com", "labels": {"team": null, "tier": "1"},
    });
    let patched = amend(&admin, "crm", patch).await;
    assert_eq!(patched.status, 200, "{}", patched.text());
    let mut shown = patched.json();
    assert!(shown.as_object_mut().unwrap().remove("lastUsedAt").is_some());
    assert_eq!(
        shown,
        json!({
            "name": "crm", "enabled": true, "permissions": ["orders:read"], "status": "active",
            "createdAt": created_at, "expiresAt": FAR, "description": "CRM\nnightly",
            "owner": "crm@example.com", "labels": {"env": "prod", "tier": "1"},
        })
    );
    assert_ne!(patched.header("etag"), created.header("etag"));
    assert_eq!(admin.get(&key("crm")).await.header("etag"), contract.header("etag"));
    let text = service.read_document("t1");
    assert!(text.contains("expiresAt: 2999-01-01T00:00:00Z"), "{text}");
    // Without any details left but those that the service writes.
    let bare = json!({"expiresAt": null, "description": null, "owner": null, "labels": null});
    assert_eq!(amend(&admin, "crm", bare).await.json()["createdAt"], created_at);
    assert!(!service.read_document("t1").contains("expiresAt"));
}

#[tokio::test]
async fn what_the_contract_makes_is_shown_and_the_other_way_about() {
    let service = Service::start();
    let admin = service.admin();
    let shown = admin.get(&details("reader")).await;
    assert_eq!(
        shown.json(),
        json!({
            "name": "reader", "enabled": true, "permissions": ["tenant.apiKey:read"],
            "status": "active",
        })
    );
    assert_eq!(admin.get(&details("off")).await.json()["status"], "disabled");
    let absent = admin.get(&details("nobody")).await;
    assert_eq!((absent.status.as_u16(), absent.problem().as_str()), (404, "key-not-found"));
    let taken = admin.post(DETAILS, json!({"name": "off", "permissions": ["a"]})).await;
    assert_eq!((taken.status.as_u16(), taken.problem().as_str()), (409, "name-taken"));
    assert_eq!(amend(&admin, "reader", json!({"expiresAt": FAR})).await.status, 200);
    let body = json!({"enabled": false, "permissions": ["b"]});
    assert_eq!(admin.put(&key("reader"), body).await.status, 200);
    // A change by the contract keeps the details.
    let shown = admin.get(&details("reader")).await.json();
    assert_eq!((&shown["expiresAt"], &shown["status"]), (&json!(FAR), &json!("disabled")));
}

#[tokio::test]
async fn both_tokens_of_a_rotated_key_work_until_the_older_one_is_ended() {
    let service = Service::start();
    let admin = service.admin();
    let before = admin.get(&details("reader")).await;
    let contract = admin.get(&key("reader")).await;
    let rotated = rotate(&admin, "reader", json!({"overlapSeconds": 86400})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    let (old, new) = (token_of("reader"), token(&rotated));
    assert!(works(&service, &old).await && works(&service, &new).await);
    let shown = rotated.json();
    assert_eq!(shown["previousTokens"].as_array().unwrap().len(), 1);
    assert!(shown["rotatedAt"].is_string());
    assert_ne!(rotated.header("etag"), before.header("etag"));
    assert_eq!(admin.get(&key("reader")).await.header("etag"), contract.header("etag"));
    // Who lost the answer asks again on the state that it knew: no third token.
    let again = admin
        .request("POST", &format!("{}/rotate", details("reader")))
        .header("if-match", before.header("etag"))
        .json(json!({"overlapSeconds": 86400}));
    assert_eq!(again.send().await.status, 412);
    assert!(works(&service, &new).await);

    let ended = admin.delete(&format!("{}/previousTokens", details("reader"))).await;
    assert_eq!(ended.status, 204);
    assert!(!works(&service, &old).await && works(&service, &new).await);
    let ended = admin.delete(&format!("{}/previousTokens", details("reader"))).await;
    assert_eq!(ended.status, 204);
    let absent = admin.delete(&format!("{}/previousTokens", details("nobody"))).await;
    assert_eq!(absent.status, 404);
    assert!(admin.get(&details("reader")).await.json().get("previousTokens").is_none());
    // Without an overlap, the old one is gone with the answer.
    let newest = rotate(&admin, "reader", json!({"overlapSeconds": 0})).await;
    assert!(!works(&service, &new).await && works(&service, &token(&newest)).await);
}

#[tokio::test]
async fn a_working_token_is_never_dropped_silently() {
    let service = Service::start();
    let admin = service.admin();
    let mut tokens = vec![token_of("reader")];
    for _ in 0..4 {
        tokens.push(token(&rotate(&admin, "reader", json!({"overlapSeconds": 3600})).await));
    }
    let fifth = rotate(&admin, "reader", json!({"overlapSeconds": 3600})).await;
    assert_eq!((fifth.status.as_u16(), fifth.problem().as_str()), (409, "too-many-tokens"));
    assert!(fifth.text().contains("previousTokens"), "{}", fifth.text());
    for token in &tokens {
        assert!(works(&service, token).await);
    }
}

#[tokio::test]
async fn a_key_that_has_ended_is_refused_and_rotated_only_to_a_new_end() {
    let service = Service::start();
    let admin = service.admin();
    let patched = amend(&admin, "reader", json!({"expiresAt": PAST})).await;
    assert_eq!(patched.json()["status"], "expired");
    let refused = service.client().with_api_key(&token_of("reader")).get(KEYS).await;
    assert_eq!(refused.status, 401);
    let challenge = refused.header("www-authenticate");
    assert!(
        challenge.contains("error=\"invalid_token\"")
            && challenge.contains("The API key expired at 2001-01-01T00:00:00Z"),
        "{challenge}"
    );
    let ended = rotate(&admin, "reader", json!({"overlapSeconds": 0})).await;
    assert_eq!((ended.status.as_u16(), ended.problem().as_str()), (409, "key-expired"));
    let rotated = rotate(&admin, "reader", json!({"overlapSeconds": 60, "expiresAt": FAR})).await;
    assert_eq!(rotated.json()["expiresAt"], FAR);
    let reply = service.client().with_api_key(&token(&rotated)).get(KEYS).await;
    assert_eq!((reply.status.as_u16(), reply.header("api-key-expires")), (200, FAR));
    assert!(!works(&service, &token_of("reader")).await);
    let forever = rotate(&admin, "reader", json!({"overlapSeconds": 0.0, "expiresAt": null})).await;
    assert!(forever.json().get("expiresAt").is_none());
    // A disabled one stays so.
    let disabled = rotate(&admin, "off", json!({"overlapSeconds": 60})).await;
    assert_eq!(disabled.json()["status"], "disabled");
    assert!(!works(&service, &token(&disabled)).await);
}

#[tokio::test]
async fn a_change_on_another_state_is_not_made() {
    let service = Service::start();
    let admin = service.admin();
    let stale = "\"AAAAAAAAAAAAAAAAAAAAAA\"";
    let patch = admin
        .request("PATCH", &details("reader"))
        .header("if-match", stale)
        .header("content-type", "application/merge-patch+json")
        .body(json!({"owner": "x"}).to_string());
    assert_eq!(patch.send().await.status, 412);
    let path = format!("{}/previousTokens", details("reader"));
    let delete = admin.request("DELETE", &path).header("if-match", stale);
    assert_eq!(delete.send().await.status, 412);
    let read = admin.request("GET", &details("reader")).header("if-match", stale);
    assert_eq!(read.send().await.status, 412);
    assert!(admin.get(&details("reader")).await.json().get("owner").is_none());
}

#[tokio::test]
async fn what_a_body_says_wrong_is_told_member_by_member() {
    let service = Service::start();
    let admin = service.admin();
    let told = |reply: Reply| {
        assert_eq!(reply.status, 400, "{}", reply.text());
        reply.json()["errors"].clone()
    };
    for (patch, member, word) in [
        (json!({"expiresAt": "2027-01-01"}), "expiresAt", "offset"),
        (json!({"expiresAt": "2027-01-01T00:00:00"}), "expiresAt", "offset"),
        (json!({"expiresAt": 1_800_000_000}), "expiresAt", "string"),
        (json!({"allowedIps": []}), "allowedIps", "At least one"),
        (json!({"allowedIps": "10.0.0.1"}), "allowedIps", "array"),
        (json!({"allowedIps": ["10.0.0.1/8"]}), "allowedIps", "10.0.0.0/8"),
        (json!({"allowedIps": ["nowhere"]}), "allowedIps", "position 1"),
        (json!({"allowedIps": [7]}), "allowedIps", "strings"),
        (json!({"allowedIps": vec!["::1"; 65]}), "allowedIps", "64"),
        (json!({"description": ""}), "description", "at least one"),
        (json!({"description": "x".repeat(1025)}), "description", "1024"),
        (json!({"owner": "x".repeat(257)}), "owner", "256"),
        (json!({"owner": "a\u{0}"}), "owner", "control"),
        (json!({"labels": []}), "labels", "object"),
        (json!({"labels": {"a b": "c"}}), "labels", "a b"),
        (json!({"labels": {"a": 1}}), "labels", "string"),
        (json!({"name": "x"}), "name", "PUT"),
        (json!({"enabled": false}), "enabled", "PUT"),
        (json!({"permissions": ["a"]}), "permissions", "PUT"),
        (json!({"hash": "x"}), "hash", "PUT"),
        (json!({"expiresat": FAR}), "expiresat", "no such member"),
    ] {
        let errors = told(amend(&admin, "reader", patch.clone()).await);
        let text = errors[member].to_string();
        assert!(text.contains(word), "{patch}: {errors}");
    }
    for (body, member, word) in [
        (json!({}), "overlapSeconds", "required"),
        (json!({"overlapSeconds": -1}), "overlapSeconds", "whole number"),
        (json!({"overlapSeconds": "24h"}), "overlapSeconds", "whole number"),
        (json!({"overlapSeconds": 3_153_600_001_u64}), "overlapSeconds", "3153600000"),
        (json!({"overlapSeconds": 1.5}), "overlapSeconds", "whole number"),
        (json!({"overlapSeconds": 0, "expiresAt": "soon"}), "expiresAt", "offset"),
        (json!({"overlapSeconds": 0, "overlap": 1}), "overlap", "no such member"),
    ] {
        let errors = told(rotate(&admin, "reader", body.clone()).await);
        assert!(errors[member].to_string().contains(word), "{body}: {errors}");
    }
    let many: serde_json::Map<_, _> = (0..17).map(|it| (format!("l{it}"), json!("x"))).collect();
    let errors = told(amend(&admin, "reader", json!({"labels": many})).await);
    assert!(errors["labels"].to_string().contains("16"), "{errors}");
    let body = json!({"name": "", "permissions": [], "expiresAt": "x", "allowedIps": ["x"]});
    let errors = told(admin.post(DETAILS, body).await);
    let members: BTreeSet<_> = errors.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["name", "permissions", "expiresAt", "allowedIps"]));
    let plain = admin.request("PATCH", &details("reader")).json(json!({"owner": "x"}));
    assert_eq!(plain.send().await.status, 415);
    assert_eq!(
        service.read_document("t1"),
        Service::start().read_document("t1"),
        "nothing was changed"
    );
}

#[tokio::test]
async fn a_token_is_shown_once_and_a_hash_never() {
    let service = Service::start();
    let admin = service.admin();
    let created = admin.post(DETAILS, json!({"name": "crm", "permissions": ["a"]})).await;
    let rotated = rotate(&admin, "crm", json!({"overlapSeconds": 60})).await;
    let secrets = [token(&created), token(&rotated)];
    let hashes = service.read_document("t1");
    let hashes: Vec<_> =
        hashes.split(|c: char| !c.is_ascii_hexdigit()).filter(|it| it.len() == 64).collect();
    assert!(hashes.len() >= 6, "{hashes:?}");
    for path in [DETAILS.to_owned(), details("crm"), KEYS.to_owned()] {
        let text = admin.get(&path).await.text().to_owned();
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{path}");
        assert!(!hashes.iter().any(|hash| text.contains(hash)), "{path}");
    }
}

#[tokio::test]
async fn a_key_looks_at_itself_and_ends_its_own_token_without_any_permission() {
    const OWN: &str = "/api/t1/apiKey";
    let service = Service::start();
    let admin = service.admin();
    let body = json!({"name": "crm", "permissions": ["a"], "owner": "sales", "description": "d"});
    let first = token(&admin.post(DETAILS, body).await);
    let second = token(&rotate(&admin, "crm", json!({"overlapSeconds": 3600})).await);
    let third = token(&rotate(&admin, "crm", json!({"overlapSeconds": 3600})).await);
    let holder = |token: &str| service.client().with_api_key(token);
    for token in [&first, &third] {
        let shown = holder(token).get(OWN).await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        let shown = shown.json();
        assert_eq!((&shown["name"], &shown["description"]), (&json!("crm"), &json!("d")));
        assert!(shown.get("owner").is_none(), "{shown}");
        assert_eq!(shown["previousTokens"].as_array().unwrap().len(), 2);
    }
    // An older token ends alone.
    assert_eq!(holder(&first).delete(OWN).await.status, 204);
    assert_eq!(holder(&first).delete(OWN).await.status, 401);
    assert!(!works(&service, &first).await && works(&service, &second).await);
    assert!(works(&service, &third).await);
    // The newest one ends the key.
    assert_eq!(holder(&third).delete(OWN).await.status, 204);
    assert!(!works(&service, &second).await && !works(&service, &third).await);
    assert_eq!(admin.get(&details("crm")).await.json()["status"], "disabled");
    // Whoever came without a key has none.
    let bearer = service.client().with_bearer(&service.issuer.token(&["t1"], &["*"]));
    for reply in [bearer.get(OWN).await, bearer.delete(OWN).await] {
        assert_eq!((reply.status.as_u16(), reply.problem().as_str()), (404, "key-not-found"));
    }
    assert_eq!(service.client().get(OWN).await.status, 401);
    assert_eq!(service.client().with_api_key(&token_of("other")).get(OWN).await.status, 401);
}

/// Its status and last use move though nobody writes, so the tag cannot say that a copy is as good.
#[tokio::test]
async fn details_are_sent_again_to_who_has_their_tag() {
    let service = Service::start();
    let admin = service.admin();
    let tag = admin.get(&details("reader")).await.header("etag").to_owned();
    let again = admin.request("GET", &details("reader")).header("if-none-match", &tag).send().await;
    assert_eq!((again.status.as_u16(), again.header("etag")), (200, tag.as_str()));
    assert_eq!(again.json()["name"], "reader");
    let other = admin.request("GET", &details("reader")).header("if-match", "\"x\"").send().await;
    assert_eq!(other.status, 412);
}
