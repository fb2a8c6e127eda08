//! Counts of all that happens, where it belongs and as often as it happens.

use std::time::Duration;

use neokeys::clock::{Clock as _, SystemClock};
use neokeys::domain::Timestamp;
use serde_json::json;

use crate::scrape::scrape;
use crate::{KEYS, service};
use neokeys_testkit::{Client, Service, document, entry, token_of};

#[tokio::test]
async fn requests_are_counted_by_operation_and_status() {
    let service = service();
    let admin = service.admin();
    for _ in 0..3 {
        admin.get(KEYS).await;
    }
    admin.request("HEAD", KEYS).send().await;
    admin.get(&format!("{KEYS}/nobody")).await;
    admin.delete(&format!("{KEYS}/reader")).await;
    service.client().get(KEYS).await;
    let anybody = Client::of_another(service.origin());
    anybody.get("/health/live").await;
    anybody.get("/nowhere").await;
    anybody.request("PATCH", KEYS).send().await;
    admin.get("/auth/t1").await;
    let counted = scrape(&service).await;
    let requests = |operation: &str, status: u16| {
        counted.value(&format!(
            "neokeys_http_requests_total{{operation=\"{operation}\",status=\"{status}\"}}"
        ))
    };
    assert_eq!(requests("ListApiKeys", 200), 4.0);
    assert_eq!(requests("ListApiKeys", 401), 1.0);
    assert_eq!(requests("GetApiKey", 404), 1.0);
    assert_eq!(requests("DeleteApiKey", 204), 1.0);
    assert_eq!(requests("other", 200), 1.0);
    assert_eq!(requests("other", 404), 1.0);
    assert_eq!(requests("other", 405), 1.0);
    let durations = "neokeys_http_request_duration_seconds";
    assert_eq!(counted.value(&format!("{durations}_count{{operation=\"ListApiKeys\"}}")), 5.0);
    assert!(counted.value(&format!("{durations}_sum{{operation=\"ListApiKeys\"}}")) > 0.0);
    assert_eq!(counted.value(&format!("{durations}_count{{operation=\"ForwardAuth\"}}")), 1.0);
    // An operation that nobody called is there already, so that its first call is an increase.
    for operation in ["CreateApiKey", "IntrospectToken"] {
        let series = format!("{durations}_count{{operation=\"{operation}\"}}");
        assert!(counted.series().contains(series.as_str()), "{series}");
    }
}

#[tokio::test]
async fn authentications_are_counted_by_method_and_outcome() {
    let metrics = "metrics:\n  listen: 127.0.0.1:0\n";
    let service = Service::builder().tenant("t3", "apiKeys: [").settings(metrics).start();
    let token = service.issuer.token(&["t1"], &["tenant.apiKey:read"]);
    service.admin().get(KEYS).await;
    service.admin().with_bearer(&token).get(KEYS).await;
    service.client().with_bearer(&token).get(KEYS).await;
    service.client().with_bearer("nonsense").get(KEYS).await;
    service.client().with_api_key("unknown").get(KEYS).await;
    service.client().with_api_key(&token_of("off")).get(KEYS).await;
    service.client().get(KEYS).await;
    service.client().with_api_key("any").get(&KEYS.replace("t1", "t3")).await;
    let counted = scrape(&service).await;
    let of = |method: &str, outcome: &str| {
        counted.value(&format!(
            "neokeys_authentications_total{{method=\"{method}\",outcome=\"{outcome}\"}}"
        ))
    };
    assert_eq!((of("api_key", "accepted"), of("api_key", "refused")), (2.0, 2.0));
    assert_eq!((of("bearer", "accepted"), of("bearer", "refused")), (2.0, 1.0));
    assert_eq!((of("none", "refused"), of("api_key", "unavailable")), (1.0, 1.0));
}

#[tokio::test]
async fn what_the_store_does_and_holds_is_counted() {
    let service = service();
    let admin = service.admin();
    admin.get(KEYS).await;
    let before = scrape(&service).await;
    assert_eq!(before.value("neokeys_tenants_loaded"), 1.0);
    assert_eq!(before.value("neokeys_keys_loaded"), 4.0);
    let bytes = service.read_document("t1").len();
    assert_eq!(before.value("neokeys_documents_loaded_bytes"), bytes as f64);

    let permissions = json!(["tenant.apiKey:read"]);
    let creations = (0..8).map(|number| {
        admin.post(KEYS, json!({"name": format!("made-{number}"), "permissions": permissions}))
    });
    futures_util::future::join_all(creations).await;
    admin.post(KEYS, json!({"name": "made-0", "permissions": permissions})).await;
    let after = scrape(&service).await;
    assert_eq!(after.value("neokeys_commits_total{outcome=\"committed\"}"), 8.0);
    assert_eq!(after.value("neokeys_commits_total{outcome=\"refused\"}"), 1.0);
    assert_eq!(after.value("neokeys_keys_loaded"), 12.0);
    assert_eq!(after.value("neokeys_commit_batch_size_sum"), 8.0);
    let batches = after.value("neokeys_commit_batch_size_count");
    assert!((1.0..=8.0).contains(&batches), "{after:?}");
    assert_eq!(after.value("neokeys_document_write_duration_seconds_count"), batches);
    assert!(after.value("neokeys_document_write_duration_seconds_sum") > 0.0);
}

#[tokio::test]
async fn a_change_that_waits_is_counted_until_it_has_its_turn() {
    let service = service();
    let admin = service.admin();
    admin.post(KEYS, json!({"name": "first", "permissions": ["p"]})).await;
    let store = service.document_path("t1").parent().unwrap().parent().unwrap().to_owned();
    let lock = std::fs::File::open(store.join(".neokeys/t1.lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let waits = admin.post(KEYS, json!({"name": "second", "permissions": ["p"]}));
    let seen = async {
        let since = std::time::Instant::now();
        loop {
            let counted = scrape(&service).await;
            if counted.value("neokeys_commits_waiting") == 1.0
                && counted.value("neokeys_commit_longest_wait_seconds") > 0.0
            {
                break;
            }
            assert!(since.elapsed().as_secs() < 60, "no change waits: {counted:?}");
        }
        drop(lock);
    };
    let (answer, ()) = futures_util::future::join(waits, seen).await;
    assert_eq!(answer.status, 201);
    let after = scrape(&service).await;
    assert_eq!(after.value("neokeys_commits_waiting"), 0.0);
    assert_eq!(after.value("neokeys_commit_longest_wait_seconds"), 0.0);
}

#[tokio::test]
async fn a_document_that_goes_bad_is_told_until_it_is_mended() {
    let service = service();
    let admin = service.admin();
    let good = document(&[entry("admin", true, &["*"])]);
    admin.get(KEYS).await;
    service.replace_document("t1", &format!("{good}  - name: no-key\n"));
    admin.get(KEYS).await;
    let faulty = scrape(&service).await;
    assert_eq!(faulty.value("neokeys_faulty_entries"), 1.0);
    assert_eq!(faulty.value("neokeys_keys_loaded"), 1.0);
    assert_eq!(faulty.value("neokeys_staleness_seconds"), 0.0);

    service.replace_document("t1", &format!("{good}  - {{"));
    assert_eq!(admin.get(KEYS).await.status, 200);
    admin.delete(&format!("{KEYS}/admin")).await;
    let torn = scrape(&service).await;
    assert_eq!(torn.value("neokeys_documents_unreadable"), 1.0);
    assert_eq!(torn.value("neokeys_commits_total{outcome=\"unavailable\"}"), 1.0);
    let staleness = torn.value("neokeys_staleness_seconds");
    assert!(staleness > 0.0 && staleness < 60.0, "{torn:?}");

    service.replace_document("t1", &good);
    admin.get(KEYS).await;
    let mended = scrape(&service).await;
    assert_eq!(mended.value("neokeys_documents_unreadable"), 0.0);
    assert_eq!(mended.value("neokeys_staleness_seconds"), 0.0);
    assert_eq!(mended.value("neokeys_faulty_entries"), 0.0);
    let reloads = |outcome: &str| {
        mended.value(&format!("neokeys_document_reloads_total{{outcome=\"{outcome}\"}}"))
    };
    assert!(reloads("changed") >= 3.0 && reloads("unreadable") >= 1.0, "{mended:?}");
}

#[tokio::test]
async fn the_keys_of_an_issuer_are_told_with_their_age() {
    let service = service();
    let told = scrape(&service).await;
    let issuer = "issuer=\"https://issuer.test/\"";
    assert_eq!(told.value(&format!("neokeys_issuer_keys{{{issuer}}}")), 1.0);
    let fetches = format!("neokeys_issuer_key_set_fetches_total{{{issuer},outcome");
    assert!(told.value(&format!("{fetches}=\"fetched\"}}")) >= 1.0, "{told:?}");
    assert_eq!(told.value(&format!("{fetches}=\"failed\"}}")), 0.0);
    let age = told.value(&format!("neokeys_issuer_key_set_age_seconds{{{issuer}}}"));
    assert!((0.0..60.0).contains(&age), "{told:?}");
}

#[tokio::test]
async fn an_issuer_that_never_answered_is_older_than_any_alert() {
    let address = format!("http://127.0.0.1:{}/", neokeys_testkit::programs::free_port());
    let service = Service::builder()
        .other_issuer(&address)
        .settings("metrics:\n  listen: 127.0.0.1:0\n")
        .start();
    let told = scrape(&service).await;
    let issuer = format!("issuer=\"{address}\"");
    assert_eq!(told.value(&format!("neokeys_issuer_keys{{{issuer}}}")), 0.0);
    let failed = format!("neokeys_issuer_key_set_fetches_total{{{issuer},outcome=\"failed\"}}");
    assert!(told.value(&failed) >= 1.0, "{told:?}");
    let age = told.value(&format!("neokeys_issuer_key_set_age_seconds{{{issuer}}}"));
    assert!(age > 1e9, "{told:?}");
}

#[tokio::test]
async fn ends_older_tokens_and_refused_addresses_are_counted() {
    // A second less would do: the rest is for a machine that is busy.
    let after =
        |days: u64| SystemClock.now().saturating_add(Duration::from_secs(days * 86_400 - 60));
    let limited = |name: &str, limits: &str| {
        format!("{}    limits: {{ {limits} }}\n", entry(name, true, &["*"]))
    };
    let ending = |name: &str, end: Timestamp| limited(name, &format!("expiresAt: {end}"));
    let entries = [
        entry("admin", true, &["*"]),
        ending("ended", Timestamp::EPOCH),
        ending("today", after(1)),
        ending("soon", after(7)),
        ending("later", after(30)),
        ending("far", after(31)),
        limited("elsewhere", "allowedIps: [192.0.2.0/24]"),
    ];
    let metrics = "metrics:\n  listen: 127.0.0.1:0\n";
    let service = Service::builder().settings(metrics).tenant("t1", &document(&entries)).start();
    let admin = service.admin();
    let rotate = "/api/t1/admin/apiKeyDetails/admin/rotate";
    assert_eq!(admin.post(rotate, json!({"overlapSeconds": 3600})).await.status, 200);
    assert_eq!(admin.get(KEYS).await.status, 200);
    assert_eq!(admin.get("/auth/t1").await.status, 200);
    assert_eq!(service.client().with_api_key(&token_of("elsewhere")).get(KEYS).await.status, 401);
    assert_eq!(service.client().with_api_key("unknown").get(KEYS).await.status, 401);
    let counted = scrape(&service).await;
    let within = |label: &str| counted.value(&format!("neokeys_keys_ending{{within=\"{label}\"}}"));
    assert_eq!(["ended", "1d", "7d", "30d"].map(within), [1.0, 1.0, 2.0, 3.0]);
    assert_eq!(counted.value("neokeys_previous_token_uses_total"), 2.0);
    assert_eq!(counted.value("neokeys_addresses_refused_total"), 1.0);
}
