//! Plans over HTTP: shown, carried out once, and only on the keys that they were made for.

use serde_json::{Value, json};

use crate::KEYS;
use crate::key_details::DETAILS;
use neokeys_testkit::{Client, Reply, Service};

const PLANS: &str = "/api/t1/admin/apiKeyPlans";
const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

async fn state(client: &Client) -> String {
    client.get(&format!("{DETAILS}?limit=1")).await.header("etag").to_owned()
}

async fn plan_on(client: &Client, state: &str, body: Value) -> Reply {
    client.request("POST", PLANS).header("if-match", state).json(body).send().await
}

async fn plan(client: &Client, body: Value) -> Reply {
    plan_on(client, &state(client).await, body).await
}

fn wanted(keys: &Value) -> Value {
    json!({"managedBy": "git", "apiKeys": keys})
}

#[tokio::test]
async fn a_plan_is_shown_and_carried_out_in_one_change() {
    let service = Service::start();
    let admin = service.admin();
    let keys = json!([
        {"name": "new", "permissions": ["orders:read"], "labels": {"env": "prod"}},
        {"name": "known", "permissions": ["x"], "hash": HASH, "expiresAt": "2999-01-01T00:00:00Z"},
    ]);
    let before = state(&admin).await;
    let mut dry = wanted(&keys);
    dry["dryRun"] = json!(true);
    let shown = plan(&admin, dry).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert_eq!(state(&admin).await, before);
    let steps = shown.json()["steps"].clone();
    assert_eq!(steps[0]["name"], "new");
    assert_eq!((&steps[0]["needsToken"], &steps[1]["needsToken"]), (&json!(true), &json!(false)));
    assert!(steps[0].get("token").is_none(), "{steps}");
    let done = plan_on(&admin, &before, wanted(&keys)).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(!done.text().contains(HASH));
    let token = done.json()["steps"][0]["token"].as_str().unwrap().to_owned();
    assert_eq!(service.client().with_api_key(&token).get(KEYS).await.status, 403);
    // An answer that was lost is asked for again, and makes nothing.
    assert_eq!(plan_on(&admin, &before, wanted(&keys)).await.status, 412);
    assert_eq!(plan(&admin, wanted(&keys)).await.json(), json!({"steps": []}));
    // Keys of others stay.
    let pruned = json!({"managedBy": "git", "apiKeys": [], "prune": true});
    let pruned = plan(&admin, pruned).await.json();
    let steps: Vec<_> =
        pruned["steps"].as_array().unwrap().iter().map(|it| &it["action"]).collect();
    assert_eq!(steps, ["delete", "delete"]);
    assert_eq!(admin.get(&format!("{KEYS}/reader")).await.status, 200);
}

#[tokio::test]
async fn a_plan_names_the_state_that_it_is_meant_for() {
    let service = Service::start();
    let admin = service.admin();
    let body = wanted(&json!([{"name": "new", "permissions": ["x"]}]));
    let missing = admin.post(PLANS, body.clone()).await;
    assert_eq!(missing.status, 428, "{}", missing.text());
    assert_eq!(missing.json()["type"], "/problems/precondition-required");
    assert_eq!(plan_on(&admin, "*", body.clone()).await.status, 428);
    let before = state(&admin).await;
    admin.post(KEYS, json!({"name": "between", "permissions": ["x"]})).await;
    assert_eq!(plan_on(&admin, &before, body).await.status, 412);
    assert_eq!(admin.get(&format!("{KEYS}/new")).await.status, 404);
}

#[tokio::test]
async fn what_cannot_be_planned_is_told_and_changes_nothing() {
    let service = Service::start();
    let admin = service.admin();
    let before = state(&admin).await;
    let keys = json!([
        {"name": "new", "permissions": ["x"]}, {"name": "reader", "enabled": false}, {"name": "bare"},
    ]);
    let refused = plan(&admin, wanted(&keys)).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("apiKeys[1]: nobody manages") && detail.contains("apiKeys[2]"),
        "{detail}"
    );
    for (body, member) in [
        (json!({"managedBy": "git"}), "apiKeys"),
        (json!({"managedBy": "", "apiKeys": []}), "managedBy"),
        (json!({"managedBy": "git", "apiKeys": [], "delete": true}), "delete"),
        (wanted(&json!([{"name": "a"}, {"name": "a"}])), "apiKeys"),
        (wanted(&json!([{"name": "a", "hash": "secret"}])), "apiKeys"),
        (wanted(&json!([{"name": "a", "Enabled": true}])), "apiKeys"),
        (wanted(&json!([{"name": "a", "overlapSeconds": -1, "expiresAt": "soon"}])), "apiKeys"),
        (wanted(&json!([5])), "apiKeys"),
    ] {
        let reply = plan(&admin, body).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.json()["errors"].get(member).is_some(), "{}", reply.text());
        assert!(!reply.text().contains("secret"));
    }
    let foreign =
        plan(&admin, json!({"managedBy": "git", "adopt": true, "apiKeys": [{"name": "reader"}]}));
    assert_eq!(foreign.await.json()["steps"][0]["action"], "change");
    assert_ne!(state(&admin).await, before);
}
