//! A key that is gone does not pass: not on a connection that it came by, and not under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use super::way::{ORDERS, ways};
use crate::exchange::exchange;
use crate::raw::connect;
use neokeys_testkit::{Client, token_of};

#[tokio::test]
async fn a_key_that_is_deleted_is_refused_on_the_connection_that_it_came_by() {
    for way in ways() {
        let label = way.gateway;
        let host = way.proxy.address();
        let mut connection = connect(host);
        let request = |key: &str| {
            let token = token_of(key);
            format!("GET {ORDERS} HTTP/1.1\r\nHost: {host}\r\nX-API-KEY: {token}\r\n\r\n")
        };
        assert_eq!(exchange(&mut connection, &request("shop")), 200, "{label:?}");
        let admin = way.service.client().with_api_key(&token_of("admin"));
        assert_eq!(admin.delete("/api/demo/admin/apiKeys/shop").await.status, 204);
        let before = way.upstream.reached();
        assert_eq!(exchange(&mut connection, &request("shop")), 401, "{label:?}");
        assert_eq!(way.upstream.reached(), before, "{label:?}");
        assert_eq!(exchange(&mut connection, &request("owner")), 200, "{label:?}");
    }
}

/// How a key ends.
async fn end(admin: &Client, key: &str) {
    let path = format!("/api/demo/admin/apiKeys/{key}");
    if key == "shop" {
        assert_eq!(admin.delete(&path).await.status, 204);
    } else {
        let off = json!({"enabled": false, "permissions": ["*"]});
        assert_eq!(admin.put(&path, off).await.status, 200);
    }
}

/// Asks again and again until it was refused 20 times after the key had ended; none may pass then.
async fn call(client: Client, has_ended: Arc<AtomicBool>, passed: Arc<AtomicUsize>) {
    let mut refused_after = 0;
    while refused_after < 20 {
        // Before the request is sent: what was judged earlier may still be on its way.
        let ended = has_ended.load(Ordering::SeqCst);
        let reply = client.get(ORDERS).await;
        match (ended, reply.status.as_u16()) {
            (false, 200) => drop(passed.fetch_add(1, Ordering::SeqCst)),
            (false, 401) => {}
            (true, 401) => refused_after += 1,
            _ => panic!("a key that has ended ({ended}) gives {reply:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_ends_under_load_passes_no_more_once_that_is_acknowledged() {
    for way in ways() {
        let admin = way.service.client().with_api_key(&token_of("admin"));
        for key in ["shop", "owner"] {
            let (has_ended, passed) =
                (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
            let mut callers = JoinSet::new();
            for _ in 0..8 {
                callers.spawn(call(way.caller(key), Arc::clone(&has_ended), Arc::clone(&passed)));
            }
            let deadline = Instant::now() + Duration::from_secs(120);
            while passed.load(Ordering::SeqCst) < 100 {
                assert!(Instant::now() < deadline, "{:?}: nobody gets through", way.gateway);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            end(&admin, key).await;
            has_ended.store(true, Ordering::SeqCst);
            while let Some(ended) = callers.join_next().await {
                ended.unwrap_or_else(|error| panic!("{:?}: {error}", way.gateway));
            }
        }
    }
}
