//! Liveness and readiness.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::Bytes;
use serde::Serialize;

use crate::auth::bearer::IssuerHealth;
use crate::domain::StoreHealth;
use crate::http::key_service::Keys;

/// The body of both answers.
#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
}

/// 200 as long as the process answers at all.
pub(crate) async fn live() -> HttpResponse {
    // The same bytes every time, and asked for every few seconds by whoever watches.
    labelled(StatusCode::OK, Bytes::from_static(br#"{"status":"live"}"#))
}

/// `ready`, or `degraded` with a sentence a fault when some of the work cannot be done. Both are a
/// 200: what still works is worth its traffic, and every node of a shared store has the same faults.
/// A node that does not reach the store, which others may, is `cut-off`, and that is a 503.
pub(crate) async fn ready(keys: Keys) -> HttpResponse {
    let StoreHealth { is_cut_off, mut faults, .. } = keys.repository.health();
    let issuers = keys.bearer.health();
    let down = issuers.iter().filter(|issuer| !issuer.is_good());
    faults.extend(down.map(told));
    if is_cut_off {
        answer(StatusCode::SERVICE_UNAVAILABLE, &Health { status: "cut-off", faults })
    } else if faults.is_empty() {
        answer(StatusCode::OK, &Health { status: "ready", faults })
    } else {
        answer(StatusCode::OK, &Health { status: "degraded", faults })
    }
}

fn told(issuer: &IssuerHealth) -> String {
    let reason = issuer
        .fault
        .as_ref()
        .map_or("it has none that can be used".to_owned(), ToString::to_string);
    format!("the keys of issuer {} are not up to date: {reason}", issuer.issuer)
}

#[expect(clippy::expect_used, reason = "texts are JSON")]
fn answer(status: StatusCode, health: &Health) -> HttpResponse {
    labelled(status, serde_json::to_vec(health).expect("two members of texts").into())
}

fn labelled(status: StatusCode, json: Bytes) -> HttpResponse {
    let mut response = HttpResponse::with_body(status, json).map_into_boxed_body();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
