//! The guard before a service on axum: the example, over the store of a running service.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod orders;

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use neokeys::guard::{Guard, Problem, RequiredScope, ScopedAuthorize};
use neokeys_testkit::{
    Client, PROXIES, Service, guard_service, guard_settings, hold_guard_cases_over_http, token_of,
};
use tokio::net::TcpListener;
use tower_layer::Layer as _;
use tower_service::Service as _;

/// A guard on the store of a service, with the issuer that it trusts.
async fn guard(service: &Service) -> Guard {
    let (store, bearer) = guard_settings(service);
    Guard::open(&store, bearer).await.unwrap()
}

/// The example, for as long as the runtime of the test.
async fn start(guard: Guard) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { orders::serve(listener, &guard).await.unwrap() });
    Client::of_another(&origin)
}

#[tokio::test]
async fn the_guard_holds_every_case_of_the_list() {
    let service = guard_service("");
    let client = start(guard(&service).await.behind_proxies(&[PROXIES]).unwrap()).await;
    hold_guard_cases_over_http(&service, &client).await;
}

/// A demand of its own.
struct ReadOrders;

impl RequiredScope for ReadOrders {
    const SCOPE: &'static str = "orders:read";
}

/// The answer of a router to a request with this key.
async fn ask(router: &mut Router, path: &str, key: &str) -> (u16, String) {
    let request = Request::get(path).header("x-api-key", token_of(key));
    let answer = router.call(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_router_that_is_nested_or_has_another_path_lets_nobody_in_by_mistake() {
    let service = guard_service("");
    let guard = guard(&service).await;
    let tell = async |caller: ScopedAuthorize<ReadOrders>| caller.tenant().to_string();
    let inner = Router::new().route("/orders", get(tell)).layer(guard.layer("/shops/{tenantId}"));
    let mut router = Router::new()
        .nest("/shops/{tenantId}", inner)
        .route("/other/{tenantId}", get(tell).layer(guard.layer("/shops/{tenantId}")))
        .route("/without/{tenantId}", get(tell).layer(guard.layer("/without")))
        .route("/unguarded/{tenantId}", get(tell));
    assert_eq!(ask(&mut router, "/shops/t1/orders", "shop").await, (200, "t1".to_owned()));
    for path in ["/other/t1", "/without/t1"] {
        assert_eq!(ask(&mut router, path, "shop").await.0, 401, "{path}");
    }
    // Without the layer nobody was judged, and so nobody may.
    assert_eq!(ask(&mut router, "/unguarded/t1", "shop").await.0, 500);
}

#[tokio::test]
async fn a_handlers_own_refusal_is_answered_as_the_guards() {
    let service = guard_service("");
    let guard = guard(&service).await;
    let handler = async |caller: ScopedAuthorize<ReadOrders>| -> Result<String, Problem> {
        let tenant = caller.caller().authorize(Some(caller.tenant()), "orders:approve")?;
        Ok(tenant.to_string())
    };
    let mut router =
        Router::new().route("/{tenantId}", get(handler)).layer(guard.layer("/{tenantId}"));
    let (status, body) = ask(&mut router, "/t1", "shop").await;
    assert_eq!(status, 403);
    assert!(body.contains("\"type\":\"/problems/insufficient-scope\""), "{body}");
    assert!(body.contains("orders:approve"), "{body}");
    assert_eq!(ask(&mut router, "/t1", "owner").await, (200, "t1".to_owned()));
}

/// A service on tower alone, which says that it was reached.
#[derive(Clone)]
struct Reached;

impl tower_service::Service<Request<Full<Bytes>>> for Reached {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        std::future::ready(Ok(Response::new(Full::from("reached"))))
    }
}

#[tokio::test]
async fn any_service_of_tower_can_be_guarded() {
    let service = guard_service("");
    let mut guarded = guard(&service).await.layer("/{tenantId}").layer(Reached);
    for (key, status) in [("shop", 200), ("nobody", 401)] {
        let request = Request::get("/t1/x").header("x-api-key", token_of(key));
        let answer = guarded.call(request.body(Full::default()).unwrap()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{key}");
    }
}
