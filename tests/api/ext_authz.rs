//! Envoy's question over gRPC, asked as Envoy asks it.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use envoy_types::ext_authz::v3::pb::{CheckRequest, CheckResponse, HttpResponse};
use envoy_types::pb::envoy::config::core::v3::address;
use envoy_types::pb::envoy::config::core::v3::{Address, HeaderMap, HeaderValue, SocketAddress};
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer, Request};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use neokeys_testkit::{
    GuardAnswer, GuardCase, Service, document, entry, guard_service, hold_guard_cases, token_of,
};
use tonic::Code;
use tonic::transport::Channel;

const LISTEN: &str = "ext_authz:\n  listen: 127.0.0.1:0\n";
const TABLE: &str = "ext_authz:\n  listen: 127.0.0.1:0\n  routes:\n    - { path: '/shops/{tenantId}/orders', methods: [GET], \
                     scope: ['orders:read'] }\n    - { path: '/shops/{tenantId}/orders', scope: ['orders:write'] }\n";

async fn gateway(service: &Service) -> AuthorizationClient<Channel> {
    AuthorizationClient::connect(service.ext_authz().unwrap().to_owned()).await.unwrap()
}

fn question(http: HttpRequest, context: &[(&str, &str)], source: Option<&str>) -> CheckRequest {
    let context = context.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let source = source.map(|address| {
        let socket = SocketAddress { address: address.to_owned(), ..SocketAddress::default() };
        let address = Address { address: Some(address::Address::SocketAddress(socket)) };
        Peer { address: Some(address), ..Peer::default() }
    });
    let request = Request { http: Some(http), ..Request::default() };
    CheckRequest {
        attributes: Some(AttributeContext {
            source,
            request: Some(request),
            context_extensions: context.collect(),
            ..AttributeContext::default()
        }),
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> HttpRequest {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    HttpRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: headers.collect(),
        ..HttpRequest::default()
    }
}

fn read(answer: CheckResponse) -> GuardAnswer {
    let code = answer.status.expect("an answer has a status").code;
    let (status, given, body) = match answer.http_response.expect("an answer says what to do") {
        HttpResponse::OkResponse(ok) => {
            assert_eq!(code, i32::from(Code::Ok));
            for credential in ["authorization", "x-api-key"] {
                assert!(ok.headers_to_remove.iter().any(|it| it == credential), "{ok:?}");
            }
            (200, ok.headers, String::new())
        }
        HttpResponse::DeniedResponse(denied) => {
            assert_ne!(code, i32::from(Code::Ok));
            let status = u16::try_from(denied.status.unwrap().code).unwrap();
            (status, denied.headers, denied.body)
        }
        other @ HttpResponse::ErrorResponse(_) => panic!("{other:?}"),
    };
    let headers = given.into_iter().map(|it| it.header.unwrap()).map(|it| (it.key, it.value));
    let headers: Vec<_> = headers.collect();
    let caller = headers.iter().find(|(name, _)| name == "x-auth-principal");
    let caller = caller.map(|(_, value)| value.clone());
    GuardAnswer { status, caller, headers, body }
}

#[tokio::test]
async fn the_gateways_question_holds_every_case_of_the_list() {
    let service = guard_service(TABLE);
    let gateway = gateway(&service).await;
    let ask = async |case: &GuardCase| {
        let headers: Vec<_> = case.headers.iter().map(|(name, it)| (*name, it.as_str())).collect();
        let asked = question(request(case.method, case.path, &headers), &[], None);
        read(gateway.clone().check(asked).await.unwrap().into_inner())
    };
    hold_guard_cases(&service, ask).await;
}

#[tokio::test]
async fn a_gateway_that_is_trusted_names_the_client_in_its_own_way() {
    let service = guard_service(LISTEN);
    let mut gateway = gateway(&service).await;
    let context = [("tenant", "t1")];
    for (key, source, forwarded, status) in [
        ("v4", Some("203.0.113.9"), None, 200),
        // What the caller says of itself is not looked at, unless a trusted proxy passed it on.
        ("v4", Some("198.51.100.1"), Some("203.0.113.9"), 401),
        ("v4", Some("127.0.0.1"), Some("203.0.113.9"), 200),
        ("v4", Some("pipe"), None, 401),
        ("v4", None, Some("203.0.113.9"), 200),
        ("here", Some("127.0.0.5"), None, 401),
        ("lasting", Some("198.51.100.1"), None, 200),
    ] {
        let token = token_of(key);
        let forwarded = forwarded.map(|it| ("x-forwarded-for", it));
        let headers: Vec<_> = [("x-api-key", &*token)].into_iter().chain(forwarded).collect();
        let asked = question(request("GET", "/", &headers), &context, source);
        let answer = read(gateway.check(asked).await.unwrap().into_inner());
        assert_eq!(answer.status, status, "{key} {source:?} {forwarded:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_key_is_a_bearer_token_only_where_the_deployment_says_so() {
    for (setting, status) in [("", 401), ("  keys_as_bearers: true\n  token_prefix: token-\n", 200)]
    {
        let service = guard_service(&format!("{setting}{LISTEN}"));
        let bearer = format!("Bearer {}", token_of("clerk"));
        let http = request("GET", "/", &[("authorization", &bearer)]);
        let asked = question(http, &[("tenant", "t1"), ("scope", "orders:read")], None);
        let answer = gateway(&service).await.check(asked).await.unwrap().into_inner();
        assert_eq!(read(answer).status, status, "{setting}");
    }
}

#[tokio::test]
async fn headers_may_come_raw_and_what_could_be_taken_for_the_identity_goes() {
    let service = guard_service(LISTEN);
    let mut gateway = gateway(&service).await;
    let token = token_of("clerk");
    let raw = [
        ("x-api-key", token.as_bytes()),
        ("x-auth-expires", b"9999"),
        ("X_Auth.Principal", b"owner"),
        ("x-auth-later", b"\xff"),
        ("x-author", b"somebody"),
    ];
    let headers = raw.map(|(key, value)| HeaderValue {
        key: key.to_owned(),
        raw_value: value.to_vec(),
        ..HeaderValue::default()
    });
    let http = HttpRequest {
        header_map: Some(HeaderMap { headers: headers.to_vec() }),
        ..request("GET", "/", &[])
    };
    let asked = question(http, &[("tenant", "t1")], None);
    let answer = gateway.check(asked.clone()).await.unwrap().into_inner();
    let Some(HttpResponse::OkResponse(ok)) = answer.http_response else { panic!("{answer:?}") };
    let mut removed = ok.headers_to_remove;
    removed.sort();
    let expected = [
        "X_Auth.Principal",
        "authorization",
        "x-api-key",
        "x-auth-expires",
        "x-auth-issuer",
        "x-auth-later",
    ];
    assert_eq!(removed, expected);
    let fields = answer.dynamic_metadata.unwrap().fields;
    let names: HashMap<_, _> =
        fields.iter().map(|(name, it)| (&**name, format!("{it:?}"))).collect();
    assert!(names["tenant"].contains("\"t1\"") && names["principal"].contains("\"clerk\""));
    assert!(names["scopes"].contains("ListValue") && names["scopes"].contains("\"orders:read\""));
    // A second value of the credential's header is one that came twice.
    let mut twice = asked;
    let attributes = twice.attributes.as_mut().unwrap();
    let http = attributes.request.as_mut().unwrap().http.as_mut().unwrap();
    let map = http.header_map.as_mut().unwrap();
    map.headers.push(map.headers[0].clone());
    assert_eq!(read(gateway.check(twice).await.unwrap().into_inner()).status, 401);
}

#[tokio::test]
async fn what_is_no_question_is_answered_with_no_yes() {
    let service = guard_service(LISTEN);
    let mut gateway = gateway(&service).await;
    let empty = CheckRequest { attributes: None };
    let no_http = CheckRequest {
        attributes: Some(AttributeContext {
            request: Some(Request::default()),
            ..AttributeContext::default()
        }),
    };
    for asked in [empty, no_http] {
        assert_eq!(gateway.check(asked).await.unwrap_err().code(), Code::InvalidArgument);
    }
    // Without a demand, by nobody's words and an empty table, nobody passes.
    let token = token_of("owner");
    let asked = question(request("GET", "/shops/t1/orders", &[("x-api-key", &token)]), &[], None);
    assert_eq!(read(gateway.check(asked).await.unwrap().into_inner()).status, 404);
    // A tenant that does not exist is nobody's, also to who is for all.
    let bearer = format!("Bearer {}", service.issuer.token(&["*"], &["*"]));
    let headers = [("authorization", &*bearer)];
    let asked = question(request("GET", "/", &headers), &[("tenant", "nowhere")], None);
    assert_eq!(read(gateway.check(asked).await.unwrap().into_inner()).status, 403);
    let huge = "x".repeat(2 << 20);
    let asked = question(request("GET", "/", &[("cookie", &huge)]), &[("tenant", "t1")], None);
    assert_eq!(gateway.check(asked).await.unwrap_err().code(), Code::OutOfRange);
    let mut unknown = tonic::client::Grpc::new(
        Channel::from_shared(service.ext_authz().unwrap().to_owned()).unwrap().connect_lazy(),
    );
    unknown.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<CheckRequest, CheckResponse>::default();
    let path = "/envoy.service.auth.v3.Authorization/Other".parse().unwrap();
    let asked = tonic::Request::new(CheckRequest::default());
    assert_eq!(unknown.unary(asked, path, codec).await.unwrap_err().code(), Code::Unimplemented);
}

/// Reads until the other side closes.
fn read_to_end(mut stream: TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut read = Vec::new();
    match stream.read_to_end(&mut read) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
    }
    read
}

#[tokio::test]
async fn who_asks_nothing_or_speaks_no_http2_is_not_waited_for() {
    let keys = [entry("key", true, &["*"])];
    let service = Service::builder()
        .tenant("t1", &document(&keys))
        .settings(&format!("{LISTEN}limits:\n  head_time: 1s\n"))
        .start();
    let address = service.ext_authz().unwrap().trim_start_matches("http://");
    let connect = || TcpStream::connect(address).unwrap();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice();
    for bytes in [&b""[..], preface, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", &[0xff; 4096]] {
        let mut stream = connect();
        // It may be closed already.
        drop(stream.write_all(bytes));
        read_to_end(stream);
    }
    // Nobody else had to wait for them.
    let idle: Vec<_> = (0..50).map(|_| connect()).collect();
    let token = token_of("key");
    let asked = question(request("GET", "/", &[("x-api-key", &token)]), &[("tenant", "t1")], None);
    let answer = gateway(&service).await.check(asked).await.unwrap().into_inner();
    assert_eq!(read(answer).status, 200);
    drop(idle);
}

#[tokio::test]
async fn questions_are_counted_and_failures_slow_their_address_down() {
    let keys = [entry("key", true, &["*"])];
    let settings = format!(
        "  throttle:\n    failures_per_minute: 3\n    trusted_proxies: [127.0.0.1/32]\n{LISTEN}metrics:\n  listen: 127.0.0.1:0\n"
    );
    let service = Service::builder().tenant("t1", &document(&keys)).settings(&settings).start();
    let mut gateway = gateway(&service).await;
    let mut ask = async |key: &str, source: &str| {
        let token = token_of(key);
        let http = request("GET", "/", &[("x-api-key", &token)]);
        let asked = question(http, &[("tenant", "t1")], Some(source));
        read(gateway.check(asked).await.unwrap().into_inner())
    };
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(ask("nobody", "192.0.2.1").await.status);
    }
    assert_eq!((statuses[0], statuses[5]), (401, 429), "{statuses:?}");
    let refused = ask("key", "192.0.2.1").await;
    assert!(refused.headers.iter().any(|(name, _)| name == "retry-after"), "{refused:?}");
    assert_eq!(ask("key", "192.0.2.2").await.status, 200);
    let (origin, path) = service.metrics().unwrap().rsplit_once('/').unwrap();
    let page = neokeys_testkit::Client::of_another(origin).get(&format!("/{path}")).await;
    let counted = page.text().lines().find(|line| {
        line.starts_with("neokeys_authentications_total")
            && line.contains("accepted")
            && line.contains("api_key")
    });
    assert!(counted.is_some_and(|line| line.ends_with(" 1")), "{counted:?} in {}", page.text());
}
