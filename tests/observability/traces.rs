//! Traces arrive at a collector: a small one of the tests' own, which reads OTLP's protobuf.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message as _;

use crate::KEYS;
use neokeys_testkit::programs::free_port;
use neokeys_testkit::{Client, Service, token_of};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// A collector that keeps what it is sent; it ends when this goes.
pub(crate) struct Collector {
    pub(crate) address: String,
    handle: ServerHandle,
    received: Arc<Mutex<Vec<web::Bytes>>>,
}

impl Collector {
    /// One that answers each batch with this status.
    pub(crate) fn start(status: u16) -> Self {
        let received = Arc::<Mutex<Vec<web::Bytes>>>::default();
        let kept = Arc::clone(&received);
        let (send, receive) = std::sync::mpsc::channel();
        let take = move |request: HttpRequest, body: web::Bytes| {
            let kept = Arc::clone(&kept);
            async move {
                assert_eq!(request.path(), "/v1/traces");
                assert_eq!(
                    request.headers().get("content-type").unwrap(),
                    "application/x-protobuf"
                );
                kept.lock().unwrap().push(body);
                let status = actix_web::http::StatusCode::from_u16(status).unwrap();
                HttpResponse::build(status).content_type("application/x-protobuf").finish()
            }
        };
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    let large = web::PayloadConfig::new(16 << 20);
                    App::new().app_data(large).default_service(web::post().to(take.clone()))
                });
                let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
                let address = format!("http://{}", server.addrs()[0]);
                let server = server.run();
                send.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = receive.recv().unwrap();
        Self { address, handle, received }
    }

    /// The spans as they arrived.
    pub(crate) fn bytes(&self) -> Vec<web::Bytes> {
        self.received.lock().unwrap().clone()
    }

    /// Every span that arrived.
    fn spans(&self) -> Vec<Span> {
        let batches = self
            .bytes()
            .into_iter()
            .flat_map(|bytes| ExportTraceServiceRequest::decode(bytes).unwrap().resource_spans);
        let scopes = batches.flat_map(|batch| {
            let resource = batch.resource.unwrap().attributes;
            let names = resource.iter().map(|it| it.key.as_str()).collect::<Vec<_>>();
            assert!(
                names.contains(&"service.name") && names.contains(&"service.version"),
                "{names:?}"
            );
            batch.scope_spans
        });
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// A service that sends its traces there. What it has is sent when it is dropped.
fn tracing_service(endpoint: &str, more: &str) -> Service {
    Service::builder().settings(&format!("traces:\n  endpoint: {endpoint}\n{more}")).start()
}

/// An attribute of a span.
fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    let value = found.value.clone()?.value?;
    match &value {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        Value::BoolValue(_)
        | Value::DoubleValue(_)
        | Value::ArrayValue(_)
        | Value::KvlistValue(_)
        | Value::BytesValue(_)
        | Value::StringValueStrindex(_) => panic!("{key} is {value:?}"),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_request_is_a_span_in_the_trace_of_its_caller() {
    let collector = Collector::start(200);
    let service = tracing_service(&collector.address, "");
    let request = service.admin().request("GET", &format!("{KEYS}/reader"));
    let request = request.header("traceparent", format!("00-{TRACE}-{SPAN}-01"));
    let reply = request.header("tracestate", "vendor=value").send().await;
    assert_eq!(reply.status, 200);
    drop(service);
    let spans = collector.spans();
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!(span.name, "GET /api/{tenantId}/admin/apiKeys/{keyName}");
    assert_eq!(hexadecimal(&span.trace_id), TRACE);
    assert_eq!(hexadecimal(&span.parent_span_id), SPAN);
    assert_ne!(hexadecimal(&span.span_id), SPAN);
    assert_eq!(span.trace_state, "vendor=value");
    assert_eq!(span.kind, SpanKind::Server as i32);
    for (key, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/api/{tenantId}/admin/apiKeys/{keyName}"),
        ("http.response.status_code", "200"),
        ("neokeys.operation", "GetApiKey"),
        ("neokeys.tenant.id", "t1"),
        ("neokeys.principal.method", "api_key"),
        ("neokeys.request.id", reply.header("x-request-id")),
    ] {
        assert_eq!(attribute(span, key).as_deref(), Some(value), "{key}");
    }
    let nanoseconds = span.end_time_unix_nano - span.start_time_unix_nano;
    assert!(nanoseconds > 0 && nanoseconds < 60_000_000_000, "{span:?}");
    assert_eq!(span.status.as_ref().map_or(0, |status| status.code), StatusCode::Unset as i32);
}

#[tokio::test]
async fn a_request_whose_caller_names_no_trace_begins_one() {
    let collector = Collector::start(200);
    let service = tracing_service(&collector.address, "");
    let malformed = format!("00-{TRACE}-{SPAN}");
    service.admin().get(KEYS).await;
    service.admin().with("traceparent", &malformed).get(KEYS).await;
    drop(service);
    let spans = collector.spans();
    assert_eq!(spans.len(), 2);
    for span in &spans {
        assert!(span.parent_span_id.is_empty(), "{span:?}");
        assert_ne!(hexadecimal(&span.trace_id), TRACE);
    }
    assert_ne!(spans[0].trace_id, spans[1].trace_id);
}

#[tokio::test]
async fn a_caller_decides_whether_its_trace_is_kept_and_the_setting_decides_for_others() {
    let collector = Collector::start(200);
    let service = tracing_service(&collector.address, "  one_in: 4294967295\n");
    let parent = |flags: &str| format!("00-{TRACE}-{SPAN}-{flags}");
    for _ in 0..20 {
        service.admin().get(KEYS).await;
        service.admin().with("traceparent", &parent("00")).get(KEYS).await;
    }
    service.admin().with("traceparent", &parent("01")).get(KEYS).await;
    drop(service);
    let spans = collector.spans();
    assert_eq!(spans.len(), 1, "{spans:?}");
    assert_eq!(hexadecimal(&spans[0].trace_id), TRACE);
}

#[tokio::test]
async fn a_fault_of_the_service_is_marked_and_a_callers_is_not() {
    let collector = Collector::start(200);
    let traces = format!("traces:\n  endpoint: {}\n", collector.address);
    let service = Service::builder().tenant("t3", "apiKeys: [").settings(&traces).start();
    service.client().with_api_key("any").get(&KEYS.replace("t1", "t3")).await;
    service.client().get(KEYS).await;
    drop(service);
    let spans = collector.spans();
    let of = |status: &str| {
        let has =
            |span: &&Span| attribute(span, "http.response.status_code").as_deref() == Some(status);
        spans.iter().find(has).unwrap_or_else(|| panic!("no {status} in {spans:?}"))
    };
    let code = |span: &Span| span.status.as_ref().map_or(0, |status| status.code);
    assert_eq!(code(of("503")), StatusCode::Error as i32);
    assert_eq!(attribute(of("503"), "error.type").as_deref(), Some("503"));
    assert_eq!(attribute(of("503"), "neokeys.problem").as_deref(), Some("store-unavailable"));
    assert_eq!(code(of("401")), StatusCode::Unset as i32);
}

#[tokio::test]
async fn a_span_says_nothing_that_a_caller_put_in_a_request() {
    let collector = Collector::start(200);
    let service = tracing_service(&collector.address, "");
    let (mark, token) = ("hostile-mark", token_of("admin"));
    let anybody = Client::of_another(service.origin());
    for path in [
        format!("/{mark}"),
        format!("{KEYS}/{mark}?token={mark}"),
        format!("/api/{mark}/admin/apiKeys"),
        format!("/problems/{mark}"),
    ] {
        let request = anybody.request("HOSTILEMARK", &path).header("user-agent", mark);
        request.header("host", mark).header("baggage", format!("{mark}={mark}")).send().await;
        anybody.with_api_key(mark).with_bearer(mark).get(&path).await;
        anybody.with_api_key(&token).get(&path).await;
    }
    let body = serde_json::json!({"name": mark, "permissions": [mark]});
    let made = service.admin().post(KEYS, body).await.json();
    let made = made["token"].as_str().unwrap();
    drop(service);
    let bytes = collector.bytes().concat();
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    assert!(text.contains("createapikey") && text.contains("_other"), "{text}");
    for secret in [mark, "hostilemark", &token, &made.to_lowercase()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn no_request_waits_for_a_collector_or_fails_with_it() {
    let refusing = Collector::start(503);
    let nobody = format!("http://127.0.0.1:{}", free_port());
    // It is reached, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = (format!("http://{}", silent.local_addr().unwrap()), silent);
    for endpoint in [refusing.address.as_str(), &nobody, &silent.0] {
        let service = tracing_service(endpoint, "");
        // If each waited for a collector that never answers, there would be no end to see.
        let all = async {
            for _ in 0..100 {
                assert_eq!(service.admin().get(KEYS).await.status, 200);
            }
        };
        let answered = tokio::time::timeout(Duration::from_secs(120), all).await;
        answered.unwrap_or_else(|_| panic!("requests wait for {endpoint}"));
        let ended = tokio::task::spawn_blocking(|| drop(service));
        let ended = tokio::time::timeout(Duration::from_secs(120), ended).await;
        ended.unwrap_or_else(|_| panic!("the end waits for {endpoint}")).unwrap();
    }
    // They were sent again, since 503 asks for that, and none of them is another.
    let spans = refusing.spans();
    let ids: BTreeSet<_> = spans.iter().map(|span| span.span_id.clone()).collect();
    assert_eq!(ids.len(), 100);
}
