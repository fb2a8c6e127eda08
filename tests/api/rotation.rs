//! Rotation as its callers see it: nobody is refused before an end, nobody is let in after it, and nobody
//! gets a token of a key that may do more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::KEYS;
use crate::key_details::{DETAILS, details};
use neokeys_testkit::{Client, Reply, Service, document, entry, token_of};

/// As many in each of two processes.
const CALLERS: usize = 500;

async fn rotate(client: &Client, name: &str, overlap: u64) -> Reply {
    let path = format!("{}/rotate", details(name));
    client.post(&path, json!({"overlapSeconds": overlap})).await
}

async fn amend(client: &Client, name: &str, patch: Value) -> Reply {
    let request = client.request("PATCH", &details(name)).body(patch.to_string());
    request.header("content-type", "application/merge-patch+json").send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_of_two_processes_go_on_through_a_rotation_until_the_older_token_is_ended() {
    let service = Service::start();
    let process = service.start_process();
    let admin = service.admin();
    // Set before the request that ends the token is sent, and after it was answered.
    let (is_ending, has_ended) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let let_in = Arc::new(AtomicUsize::new(0));
    let nodes = [service.client(), process.client()];
    let callers: Vec<_> = nodes
        .iter()
        .flat_map(|node| vec![node; CALLERS])
        .map(|node| {
            let client = node.with_api_key(&token_of("reader"));
            let (is_ending, has_ended) = (Arc::clone(&is_ending), Arc::clone(&has_ended));
            let let_in = Arc::clone(&let_in);
            tokio::spawn(async move {
                loop {
                    let was_over = has_ended.load(Ordering::SeqCst);
                    let status = client.get(KEYS).await.status.as_u16();
                    if status == 401 {
                        assert!(is_ending.load(Ordering::SeqCst), "refused before its end");
                        break;
                    }
                    assert_eq!(status, 200);
                    assert!(!was_over, "let in after its end");
                    let_in.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let go_on = async || {
        let before = let_in.load(Ordering::SeqCst);
        while let_in.load(Ordering::SeqCst) < before + 4 * CALLERS {
            tokio::task::yield_now().await;
        }
    };
    go_on().await;
    let rotated = rotate(&admin, "reader", 3_600).await;
    let new = rotated.json()["token"].as_str().unwrap().to_owned();
    for node in &nodes {
        assert_eq!(node.with_api_key(&new).get(KEYS).await.status, 200);
    }
    go_on().await;
    is_ending.store(true, Ordering::SeqCst);
    let ended = admin.delete(&format!("{}/previousTokens", details("reader"))).await;
    assert_eq!(ended.status, 204);
    has_ended.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    for node in &nodes {
        assert_eq!(node.with_api_key(&new).get(KEYS).await.status, 200);
    }
}

#[tokio::test]
async fn nobody_gets_a_token_of_a_key_that_may_do_more() {
    let entries = [
        entry("writer", true, &["tenant.apiKey:write"]),
        entry("equal", true, &["tenant.apiKey:write"]),
        entry("greater", true, &["tenant.apiKey:write", "orders:read"]),
        entry("admin", true, &["*"]),
    ];
    let service =
        Service::builder().settings("  grants: subset\n").tenant("t1", &document(&entries)).start();
    let writer = service.client().with_api_key(&token_of("writer"));
    for name in ["greater", "admin"] {
        let before = service.read_document("t1");
        let refused = rotate(&writer, name, 0).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (403, "grant-forbidden"));
        assert!(refused.json().get("token").is_none());
        for limits in [json!({"expiresAt": null}), json!({"allowedIps": ["::1"]})] {
            let refused = amend(&writer, name, limits).await;
            assert_eq!(refused.problem(), "grant-forbidden", "{}", refused.text());
        }
        assert_eq!(service.read_document("t1"), before);
        // What people are told of it gives nothing away.
        assert_eq!(amend(&writer, name, json!({"owner": "x"})).await.status, 200);
        let path = format!("{}/previousTokens", details(name));
        assert_eq!(writer.delete(&path).await.status, 204);
    }
    let body = json!({"name": "new", "permissions": ["orders:read"]});
    assert_eq!(writer.post(DETAILS, body).await.problem(), "grant-forbidden");
    assert_eq!(rotate(&writer, "equal", 60).await.status, 200);
    assert_eq!(amend(&writer, "equal", json!({"expiresAt": null})).await.status, 200);
    assert_eq!(rotate(&service.admin(), "admin", 60).await.status, 200);
}
