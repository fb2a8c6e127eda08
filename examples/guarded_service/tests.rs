//! The guard as a library: the example, over the store of a running service.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod orders;

use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, test, web};
use neokeys::domain::{Digest, KeyRepository as _, TenantId};
use neokeys::guard::{
    BearerConfig, Guard, GuardError, IssuerConfig, RequiredScope, ScopedAuthorize, StoreUrl,
};
use neokeys::storage::{DocumentRepository, StoreConfig};
use neokeys_testkit::{
    Client, PROXIES, Service, document, entry, guard_service, guard_settings,
    hold_guard_cases_over_http, token_of,
};
use serde_json::json;

const ORDERS: &str = "/shops/t1/orders";

/// The example, running until this goes.
struct Guarded {
    origin: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Guarded {
    /// On the store of a service, with the issuer that it trusts.
    fn beside(service: &Service) -> Self {
        Self::with(service, Ok)
    }

    /// With a guard that is set up further.
    fn with(
        service: &Service,
        set_up: impl FnOnce(Guard) -> Result<Guard, GuardError> + Send + 'static,
    ) -> Self {
        let (store, bearer) = guard_settings(service);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let guard = Guard::open(&store, bearer).await.and_then(set_up).unwrap();
                let server = orders::serve(listener, &guard).unwrap();
                send.send(server.handle()).unwrap();
                server.await.unwrap();
                guard.flush_usage(Duration::from_secs(60)).await;
            });
        });
        let handle = receive.recv().expect("the example starts");
        Self { origin, handle, thread: Some(thread) }
    }

    fn client(&self) -> Client {
        Client::of_another(&self.origin)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn start() -> (Service, Guarded) {
    let keys = [
        entry("shop", true, &["orders:read", "orders:write"]),
        entry("clerk", true, &["orders:read"]),
        entry("off", false, &["*"]),
        entry("admin", true, &["*"]),
    ];
    let others = [entry("other", true, &["*"])];
    let builder =
        Service::builder().tenant("t1", &document(&keys)).tenant("t2", &document(&others));
    let service = builder.start();
    let guarded = Guarded::beside(&service);
    (service, guarded)
}

#[tokio::test]
async fn handlers_of_another_service_begin_for_callers_who_may() {
    let (service, guarded) = start();
    let shop = guarded.client().with_api_key(&token_of("shop"));
    let taken = shop.request("POST", ORDERS).body("two pens").send().await;
    assert_eq!((taken.status.as_u16(), taken.text()), (200, "two pens (by shop)"));
    let clerk = guarded.client().with_api_key(&token_of("clerk"));
    assert_eq!(clerk.get(ORDERS).await.text(), "t1 (by clerk)\ntwo pens (by shop)\n");
    let token = service.issuer.token(&["t1", "t2"], &["orders:read"]);
    let reader = guarded.client().with_bearer(&token);
    assert_eq!(reader.get(ORDERS).await.text(), "t1 (by someone)\ntwo pens (by shop)\n");
    assert_eq!(reader.get("/shops/t2/orders").await.text(), "t2 (by someone)\n");
}

#[tokio::test]
async fn a_key_as_a_bearer_token_is_taken_only_by_a_guard_that_is_told_to() {
    let (service, guarded) = start();
    let bearer = |guarded: &Guarded| guarded.client().with_bearer(&token_of("clerk"));
    assert_eq!(bearer(&guarded).get(ORDERS).await.status, 401);
    let told = Guarded::with(&service, |guard| guard.taking_keys_as_bearers("token-"));
    assert_eq!(bearer(&told).get(ORDERS).await.status, 200);
    let reader = service.issuer.token(&["t1"], &["orders:read"]);
    assert_eq!(told.client().with_bearer(&reader).get(ORDERS).await.status, 200);
    let both = bearer(&told).with_api_key(&token_of("clerk"));
    assert_eq!(both.get(ORDERS).await.status, 401);
    assert_eq!(service.admin().delete("/api/t1/admin/apiKeys/clerk").await.status, 204);
    assert_eq!(bearer(&told).get(ORDERS).await.status, 401);
    let settings = guard_settings(&service);
    let guard = Guard::open(&settings.0, settings.1).await.unwrap();
    assert!(guard.taking_keys_as_bearers("n s k").is_err());
}

#[tokio::test]
async fn the_guard_holds_every_case_of_the_list() {
    let service = guard_service("");
    let guarded = Guarded::with(&service, |guard| guard.behind_proxies(&[PROXIES]));
    hold_guard_cases_over_http(&service, &guarded.client()).await;
}

#[tokio::test]
async fn what_is_not_the_guards_to_answer_is_as_the_service_has_it() {
    let (_service, guarded) = start();
    let shop = guarded.client().with_api_key(&token_of("shop"));
    assert_eq!(shop.get("/shops/t1/nothing").await.body.len(), 0);
    assert_eq!(guarded.client().get("/nothing").await.status, 404);
}

#[tokio::test]
async fn a_change_made_through_neokeys_counts_with_the_next_request() {
    let (service, guarded) = start();
    let body = json!({"name": "new", "permissions": ["orders:read"]});
    let created = service.admin().post("/api/t1/admin/apiKeys", body).await.json();
    let client = guarded.client().with_api_key(created["token"].as_str().unwrap());
    assert_eq!(client.get(ORDERS).await.status, 200);
    let path = "/api/t1/admin/apiKeys/new";
    let less = json!({"enabled": true, "permissions": ["stock:read"]});
    service.admin().put(path, less).await;
    assert_eq!(client.get(ORDERS).await.status, 403);
    service.admin().delete(path).await;
    assert_eq!(client.get(ORDERS).await.status, 401);
}

/// The demand of a handler that tells the tenant.
struct GetTenant;

impl RequiredScope for GetTenant {
    const SCOPE: &'static str = "orders:read";
}

async fn get_tenant(caller: ScopedAuthorize<GetTenant>) -> String {
    caller.tenant().to_string()
}

#[actix_web::test]
async fn a_tenant_that_only_a_resource_in_the_scope_names_lets_nobody_in() {
    let (service, _guarded) = start();
    let (store, bearer) = guard_settings(&service);
    let guard = Guard::open(&store, bearer).await.unwrap();
    let inner = guard.scope("/inner").route("/{tenantId}", web::get().to(get_tenant));
    let outer = guard.scope("/{tenantId}").route("/outer", web::get().to(get_tenant));
    let app = test::init_service(App::new().service(inner).service(outer)).await;
    let bearer = format!("Bearer {}", service.issuer.token(&["t1"], &["orders:read"]));
    let key = token_of("shop");
    let credentials = [("authorization", &*bearer, 403), ("x-api-key", &*key, 401)];
    for (header, credential, refusal) in credentials {
        for (path, status) in [("/t1/outer", 200), ("/inner/t1", refusal)] {
            let request = test::TestRequest::get().uri(path).insert_header((header, credential));
            let answer = test::call_service(&app, request.to_request()).await;
            assert_eq!(answer.status(), status, "{header} {path}");
        }
    }
}

#[tokio::test]
async fn a_guard_that_cannot_be_opened_says_which_setting_it_is() {
    let bearer = |audience| {
        let mut bearer = BearerConfig::default();
        bearer.issuers.push(IssuerConfig::new("https://issuer.example", audience));
        bearer
    };
    let store = StoreUrl::File("/nowhere/to/be/found".into());
    let error = Guard::open(&store, bearer("shops")).await.err().unwrap();
    assert!(matches!(&error, GuardError::Store(it) if it.to_string().contains("/nowhere/to")));
    let error = Guard::open(&StoreUrl::Memory, bearer("")).await.err().unwrap();
    let setting = "auth.bearer.issuers[0].audience must not be empty";
    assert!(matches!(&error, GuardError::Bearer(it) if it.to_string() == setting), "{error:?}");
}

#[tokio::test]
async fn uses_of_keys_in_a_guarded_service_add_to_those_of_the_others() {
    let (service, guarded) = start();
    let used = token_of("shop");
    assert_eq!(guarded.client().with_api_key(&used).get(ORDERS).await.status, 200);
    assert_eq!(guarded.client().with_api_key(&token_of("nobody")).get(ORDERS).await.status, 401);
    drop(guarded);
    let (store, _) = guard_settings(&service);
    let repository = DocumentRepository::open(&store, &StoreConfig::default()).unwrap();
    let usage = repository.usage(&TenantId::parse("t1").unwrap()).await.unwrap();
    assert!(usage.last_used(&Digest::of(used.as_bytes())).is_some());
    assert_eq!(usage.last_uses().len(), 1);
}

#[tokio::test]
async fn without_proxies_the_peer_is_the_client() {
    let service = guard_service("");
    let alone = Guarded::beside(&service);
    for (name, headers, status) in [
        ("here", &[] as &[(&str, &str)], 200),
        ("v4", &[], 401),
        ("v4", &[("x-forwarded-for", "203.0.113.9")], 401),
    ] {
        let caller = alone.client().with_api_key(&token_of(name));
        let caller = headers.iter().fold(caller, |caller, (name, value)| caller.with(name, value));
        assert_eq!(caller.get(ORDERS).await.status, status, "{name} {headers:?}");
    }
    let (store, bearer) = guard_settings(&service);
    let guard = Guard::open(&store, bearer).await.unwrap();
    assert!(guard.behind_proxies(&["10.0.0.0/8", "proxy"]).is_err());
}
