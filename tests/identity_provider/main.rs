//! The service beside a real OpenID provider that it knows by its address alone.
#![expect(unreachable_pub, reason = "a test binary has no callers")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod login;
mod provider;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use neokeys_testkit::{Claims, Client, Service};
use provider::Provider;
use serde_json::json;
use tokio::task::JoinHandle;

/// The list of tenant `t1`.
const KEYS: &str = "/api/t1/admin/apiKeys";

fn serve(provider: &Provider) -> Service {
    Service::builder().other_issuer(provider.issuer()).start()
}

async fn status(client: &Client) -> u16 {
    client.get(KEYS).await.status.as_u16()
}

async fn status_with(service: &Service, token: &str) -> u16 {
    status(&service.client().with_bearer(token)).await
}

/// A token in the provider's name that it has not signed.
fn forged(service: &Service, provider: &Provider) -> String {
    service.issuer.sign(&Claims::new(&["t1"], &["*"]).with("iss", provider.issuer()))
}

/// Requests that go on until they are told to stop; every one of them must succeed.
struct Load {
    over: Arc<AtomicBool>,
    callers: Vec<JoinHandle<u64>>,
}

impl Load {
    fn start(clients: &[Client]) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let callers = clients.iter().map(|client| {
            let (client, over) = (client.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                let mut done = 0;
                loop {
                    assert_eq!(status(&client).await, 200, "after {done} requests");
                    done += 1;
                    if over.load(Ordering::Relaxed) {
                        return done;
                    }
                }
            })
        });
        Self { callers: callers.collect(), over }
    }

    /// Stops it once every caller has had an answer.
    async fn stop(self) {
        self.over.store(true, Ordering::Relaxed);
        for caller in self.callers {
            assert!(caller.await.unwrap() > 0);
        }
    }
}

/// Asks for readiness until it is this.
async fn await_readiness(service: &Service, expected: &str) -> serde_json::Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        let told = service.client().get("/health/ready").await.json();
        if told["status"] == expected {
            return told;
        }
        assert!(Instant::now() < deadline, "{told}");
    }
}

#[tokio::test]
async fn a_providers_tokens_do_what_their_claims_say() {
    let provider = Provider::start("a");
    let service = serve(&provider);
    await_readiness(&service, "ready").await;
    let body = json!({"name": "n", "permissions": ["p"]});
    for (client, list, create) in
        [("admin", 200, 201), ("reader", 200, 403), ("scoped", 200, 403), ("stranger", 403, 403)]
    {
        let caller = service.client().with_bearer(&provider.token(client).await);
        assert_eq!(status(&caller).await, list, "{client}");
        assert_eq!(caller.post(KEYS, body.clone()).await.status, create, "{client}");
    }
    let of_reader = service.client().with_bearer(&provider.token("reader").await);
    assert_eq!(of_reader.get("/api/t2/admin/apiKeys").await.status, 200);
    assert_eq!(status_with(&service, &provider.opaque_token("admin").await).await, 401);
    assert_eq!(status_with(&service, &forged(&service, &provider)).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_taken_while_requests_run_and_none_of_them_is_refused() {
    let mut provider = Provider::start("a");
    let service = serve(&provider);
    let before = service.client().with_bearer(&provider.token("admin").await);
    let load = Load::start(&[before.clone(), service.admin()]);
    provider.start_again("b,a");
    let token = provider.token("admin").await;
    // All at once, of which one causes the load of the keys and the others wait for it.
    let after = service.client().with_bearer(&token);
    let first = (0..8).map(|_| {
        let after = after.clone();
        tokio::spawn(async move { status(&after).await })
    });
    for status in first.collect::<Vec<_>>() {
        assert_eq!(status.await.unwrap(), 200);
    }
    let late = Load::start(&[after, before]);
    late.stop().await;
    load.stop().await;
}

#[tokio::test]
async fn a_withdrawn_keys_tokens_are_refused_once_the_new_key_is_known() {
    let mut provider = Provider::start("a");
    let service = serve(&provider);
    let (used, unused) = (provider.token("admin").await, provider.token("admin").await);
    assert_eq!(status_with(&service, &used).await, 200);
    provider.start_again("b");
    let new = provider.token("admin").await;
    assert_eq!(status_with(&service, &new).await, 200);
    assert_eq!(status_with(&service, &used).await, 401);
    assert_eq!(status_with(&service, &unused).await, 401);
    assert_eq!(status_with(&service, &new).await, 200);
}

#[tokio::test]
async fn a_provider_that_dies_is_named_and_takes_no_known_token_with_it() {
    let mut provider = Provider::start("a");
    let service = serve(&provider);
    let (used, unused) = (provider.token("admin").await, provider.token("admin").await);
    assert_eq!(status_with(&service, &used).await, 200);
    provider.die();
    // An unknown key makes the service ask.
    assert_eq!(status_with(&service, &forged(&service, &provider)).await, 401);
    let told = await_readiness(&service, "degraded").await;
    assert!(told["faults"][0].as_str().unwrap().contains(provider.issuer()), "{told}");
    assert_eq!(status_with(&service, &used).await, 200);
    assert_eq!(status_with(&service, &unused).await, 200);
    assert_eq!(status(&service.admin()).await, 200);
    provider.start_again("a");
    await_readiness(&service, "ready").await;
    assert_eq!(status_with(&service, &provider.token("admin").await).await, 200);
}

#[tokio::test]
async fn a_provider_that_comes_up_after_the_service_is_found() {
    let mut provider = Provider::start("a");
    let token = provider.token("admin").await;
    provider.die();
    let service = serve(&provider);
    let told = await_readiness(&service, "degraded").await;
    assert!(told["faults"][0].as_str().unwrap().contains(provider.issuer()), "{told}");
    assert_eq!(status(&service.admin()).await, 200);
    assert_eq!(status_with(&service, &token).await, 401);
    provider.start_again("a");
    await_readiness(&service, "ready").await;
    assert_eq!(status_with(&service, &token).await, 200);
}
