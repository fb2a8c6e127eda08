//! The configurations of `docs/gateways.md`, as they stand there, before a small service.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::harness::{Client, Issuer, Reply, Service, document, entry, token_of};
use crate::proxy::{Proxy, free_address};
use crate::upstream::Upstream;
use crate::{documented, get_with};

/// Everything that a request passes on its way.
struct Way {
    name: &'static str,
    service: Service,
    upstream: Upstream,
    gateway: Proxy,
}

/// Puts this run's addresses in the place of those that the page has.
pub fn placed(text: &str, service: &Service, upstream: &Upstream) -> String {
    let neokeys = service.origin().trim_start_matches("http://");
    let places = [("127.0.0.1:8080", neokeys), ("127.0.0.1:9000", upstream.address())];
    places.iter().fold(text.to_owned(), |text, (documented, actual)| {
        assert!(text.contains(documented), "{text}");
        text.replace(documented, actual)
    })
}

/// Two tenants of which the first has a key for every purpose.
fn start_service() -> Service {
    let keys = [
        entry("shop", true, &["orders:read", "orders:write"]),
        entry("clerk", true, &["stock:read"]),
        entry("owner", true, &["*"]),
        entry("admin", true, &["tenant.apiKey:write"]),
        entry("off", false, &["*"]),
    ];
    let others = [entry("other", true, &["orders:read"])];
    Service::builder().tenant("t1", &document(&keys)).tenant("t2", &document(&others)).start()
}

/// Starts a gateway at an address; the other is what puts the addresses of this run into a text.
type StartGateway = fn(String, &dyn Fn(&str) -> String) -> Proxy;

fn ways() -> [Way; 3] {
    let way = |name: &'static str, start: StartGateway| {
        let (service, upstream, here) = (start_service(), Upstream::start(), free_address());
        let place = |text: &str| {
            assert!(text.contains("127.0.0.1:8000"), "{text}");
            placed(text, &service, &upstream).replace("127.0.0.1:8000", &here)
        };
        let gateway = start(here.clone(), &place);
        Way { name, service, upstream, gateway }
    };
    [
        way("nginx", |here, place| {
            Proxy::nginx_http(here, &place(&documented("gateways", "nginx")))
        }),
        way("Caddy", |here, place| {
            Proxy::caddyfile(here, &place(&documented("gateways", "caddyfile")))
        }),
        way("HAProxy", |here, place| {
            Proxy::haproxy(
                here,
                &documented("gateways", "lua"),
                &place(&documented("gateways", "haproxy")),
            )
        }),
    ]
}

impl Way {
    fn client(&self) -> Client {
        self.gateway.client()
    }

    fn caller(&self, key: &str) -> Client {
        self.client().with_api_key(&token_of(key))
    }

    /// Sends a request that must be refused before the service behind sees anything.
    async fn refused(&self, client: &Client, path: &str, status: u16) -> Reply {
        let before = self.upstream.reached();
        let reply = client.get(path).await;
        assert_eq!(reply.status, status, "{}: {path}: {reply:?}", self.name);
        assert_eq!(self.upstream.reached(), before, "{}: {path}", self.name);
        reply
    }
}

/// What came through of the headers whose names could be taken for `X-Auth-…`.
fn identity(told: &Value) -> Value {
    let headers = told["headers"].as_object().unwrap().iter();
    let alike = |name: &str| name.replace(['_', '.'], "-").starts_with("x-auth");
    // Some gateways pass on what is empty, and some leave it out.
    let told = |value: &Value| value != &json!([""]);
    headers
        .filter(|(name, it)| alike(name) && told(it))
        .map(|(name, it)| (name.clone(), it.clone()))
        .collect()
}

fn of_shop() -> Value {
    json!({
        "x-auth-tenant": ["t1"],
        "x-auth-principal": ["shop"],
        "x-auth-scopes": ["orders:read orders:write"],
        "x-auth-method": ["api_key"],
    })
}

const ORDERS: &str = "/shops/t1/orders";

#[tokio::test]
async fn whoever_may_passes_with_who_it_is_and_without_its_credential() {
    for way in ways() {
        let label = way.name;
        let request = way.caller("shop").request("POST", "/shops/t1/orders?page=2&scope=x");
        let reply = request.json(json!({"order": 7})).send().await;
        assert_eq!(reply.status, 200, "{label}: {reply:?}");
        let told = reply.json();
        assert_eq!(identity(&told), of_shop(), "{label}");
        assert_eq!(told["method"], "POST", "{label}");
        assert_eq!(told["path"], "/shops/t1/orders?page=2&scope=x", "{label}");
        assert_eq!(told["body"], json!({"order": 7}).to_string(), "{label}");
        for credential in ["x-api-key", "authorization"] {
            assert_eq!(told["headers"].get(credential), None, "{label}: {told}");
        }
        let all = way.caller("owner").get(ORDERS).await.json();
        assert_eq!(all["headers"]["x-auth-scopes"], json!(["*"]), "{label}");

        let token = way.service.issuer.token(&["t1", "t2"], &["orders:read"]);
        let told = way.client().with_bearer(&token).get("/shops/t2/orders").await.json();
        assert_eq!(told["headers"]["x-auth-tenant"], json!(["t2"]), "{label}");
        assert_eq!(told["headers"]["x-auth-principal"], json!(["someone"]), "{label}");
        assert_eq!(told["headers"]["x-auth-method"], json!(["bearer"]), "{label}");
        assert_eq!(told["headers"]["x-auth-issuer"], json!([Issuer::NAME]), "{label}");
        assert_eq!(told["headers"].get("authorization"), None, "{label}: {told}");
    }
}

#[tokio::test]
async fn whoever_may_not_is_refused_with_the_challenge() {
    for way in ways() {
        let bearer = |tenants: &[&str], scopes: &[&str]| {
            way.client().with_bearer(&way.service.issuer.token(tenants, scopes))
        };
        let reply = way.refused(&way.client(), ORDERS, 401).await;
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"neokeys\"", "{}", way.name);
        for caller in [
            way.caller("nobody"),
            way.caller("off"),
            way.caller("other"),
            way.caller(""),
            way.client().with_bearer("not.a.jwt"),
            way.client().with("authorization", "Basic dTpw"),
            way.caller("shop").with_bearer("not.a.jwt"),
        ] {
            let reply = way.refused(&caller, ORDERS, 401).await;
            let challenge = reply.header("www-authenticate");
            assert!(challenge.ends_with("error=\"invalid_token\""), "{}: {challenge}", way.name);
        }
        for caller in [way.caller("clerk"), bearer(&["t1"], &["orders:*", "orders"])] {
            let reply = way.refused(&caller, ORDERS, 403).await;
            let challenge = reply.header("www-authenticate");
            let expected = "error=\"insufficient_scope\", scope=\"orders:read\"";
            assert!(challenge.ends_with(expected), "{}: {challenge}", way.name);
        }
        way.refused(&bearer(&["t2"], &["*"]), ORDERS, 403).await;
        way.refused(&bearer(&["*"], &["*"]), "/shops/nowhere/orders", 403).await;
        way.refused(&way.caller("shop"), "/elsewhere", 404).await;
    }
}

#[tokio::test]
async fn what_a_caller_says_of_itself_does_not_come_through() {
    for way in ways() {
        for spelling in ["x-auth-", "x_auth_", "x-auth_", "x_auth-"] {
            let mut client = way.caller("shop");
            for name in ["tenant", "principal", "issuer", "scopes", "method"] {
                let name: &'static str = format!("{spelling}{name}").leak();
                client = client.with(name, "forged").with(name, "*");
            }
            let reply = client.get(ORDERS).await;
            let label = format!("{}: {spelling}: {reply:?}", way.name);
            assert_eq!(reply.status, 200, "{label}");
            assert_eq!(identity(&reply.json()), of_shop(), "{label}");
        }
        let mut forger = way.client();
        for name in ["tenant", "principal", "issuer", "scopes", "method"] {
            let name: &'static str = format!("x-auth-{name}").leak();
            forger = forger.with(name, "t1");
        }
        way.refused(&forger, ORDERS, 401).await;
    }
}

#[tokio::test]
async fn a_header_that_only_looks_like_a_credential_is_none() {
    for way in ways() {
        let token = token_of("shop");
        let bearer = format!("Bearer {}", way.service.issuer.token(&["t1"], &["*"]));
        for (alias, value) in [
            ("x_api_key", &token),
            ("x.api.key", &token),
            ("x-api_key", &token),
            ("xapikey", &token),
            ("authorization_", &bearer),
            ("x-authorization", &bearer),
            ("proxy-authorization", &bearer),
        ] {
            let before = way.upstream.reached();
            let reply = get_with(&way.client(), ORDERS, &[(alias, value)]).await;
            assert!(matches!(reply.status.as_u16(), 400 | 401), "{}: {alias}", way.name);
            assert_eq!(way.upstream.reached(), before, "{}: {alias}", way.name);
        }
        // One that comes twice is none either, and a good one beside a bad one is none.
        let shop = way.caller("shop");
        for twice in [shop.with_api_key(&token), shop.with_api_key(&token_of("clerk"))] {
            let reply = twice.get(ORDERS).await;
            assert!(matches!(reply.status.as_u16(), 400 | 401), "{}", way.name);
        }
    }
}

/// Spellings of the orders of tenant `t2`, and what tries to be them.
const SPELLINGS: &[&str] = &[
    "/shops/t2/orders",
    "/shops/%742/orders",
    "/shops/t%32/orders",
    "/shops/%2574%2532/orders",
    "/%73hops/t2/orders",
    "/shops//t2/orders",
    "//shops/t2/orders",
    "/shops/./t2/orders",
    "/shops/%2e/t2/orders",
    "/shops/t1/../t2/orders",
    "/shops/t1/%2e%2e/t2/orders",
    "/shops/t1/.%2E/t2/orders",
    "/shops/t1/..%2Ft2/orders",
    "/shops/t1%2F..%2Ft2/orders",
    "/shops/t1/..%5Ct2/orders",
    "/shops/t1/%252e%252e/t2/orders",
    "/shops/..%2Fshops%2Ft2/orders",
    "/shops/t2%2Forders",
    "/shops/t2;x=y/orders",
    "/shops/t1;/../t2/orders",
    "/shops/t2%00/orders",
    "/shops/t1%00/../t2/orders",
    "/shops/t2%20/orders",
    "/shops/t2%3Fscope=x/orders",
    "/shops/t1?/../t2/orders",
    "/shops/t2/orders?scope=stock:read&any=x",
    "/shops/t2/orders%23",
    "/SHOPS/t2/orders",
    "/shops/T2/orders",
];

/// The tenant that a service takes from a path, by RFC 3986: after one decoding and without dots.
fn tenant_of(path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap();
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    let mut segments = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    (segments.first() == Some(&"shops")).then(|| segments.get(1).map(ToString::to_string))?
}

#[tokio::test]
async fn no_spelling_of_a_path_leads_to_another_tenant() {
    for way in ways() {
        for path in SPELLINGS {
            let before = way.upstream.reached();
            let reply = way.caller("shop").get(path).await;
            let label = format!("{}: {path}: {reply:?}", way.name);
            if reply.status != 200 {
                assert!(matches!(reply.status.as_u16(), 400 | 401 | 403 | 404), "{label}");
                assert_eq!(way.upstream.reached(), before, "{label}");
                continue;
            }
            let told = reply.json();
            assert_eq!(identity(&told), of_shop(), "{label}");
            assert_eq!(tenant_of(told["path"].as_str().unwrap()).as_deref(), Some("t1"), "{label}");
        }
    }
}

/// Sends a request on a connection that stays, and gives the status of its answer.
pub fn exchange(connection: &mut TcpStream, request: &str) -> u16 {
    connection.write_all(request.as_bytes()).unwrap();
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let whole = match length {
                Some(length) => body.len() >= length.trim().parse::<usize>().unwrap(),
                None => body.ends_with("0\r\n\r\n"),
            };
            if whole {
                assert!(!head.contains("connection: close"), "{head}");
                return head.split(' ').nth(1).unwrap().parse().unwrap();
            }
        }
        let read = connection.read(&mut buffer).unwrap();
        assert_ne!(read, 0, "the connection is closed after {text:?}");
        answer.extend_from_slice(&buffer[..read]);
    }
}

#[tokio::test]
async fn a_key_that_is_deleted_is_refused_on_the_connection_that_it_came_by() {
    for way in ways() {
        let host = way.gateway.address();
        let mut connection = TcpStream::connect(host).unwrap();
        let request = |key: &str| {
            let token = token_of(key);
            format!("GET {ORDERS} HTTP/1.1\r\nHost: {host}\r\nX-API-KEY: {token}\r\n\r\n")
        };
        assert_eq!(exchange(&mut connection, &request("shop")), 200, "{}", way.name);
        let admin = way.service.client().with_api_key(&token_of("admin"));
        assert_eq!(admin.delete("/api/t1/admin/apiKeys/shop").await.status, 204);
        let before = way.upstream.reached();
        assert_eq!(exchange(&mut connection, &request("shop")), 401, "{}", way.name);
        assert_eq!(way.upstream.reached(), before, "{}", way.name);
        assert_eq!(exchange(&mut connection, &request("owner")), 200, "{}", way.name);
    }
}

/// Ends a service, and waits until each of its workers has closed its connections: a gateway keeps
/// one, which is answered until then.
fn end(service: Service) {
    let address = service.origin().trim_start_matches("http://");
    // They are dealt out to the workers by turns.
    let connections = 2 * std::thread::available_parallelism().unwrap().get();
    let kept: Vec<_> = (0..connections).map(|_| TcpStream::connect(address).unwrap()).collect();
    drop(service);
    for mut connection in kept {
        // An error is as good: it was closed before it was accepted.
        let read = connection.read(&mut [0]).unwrap_or(0);
        assert_eq!(read, 0, "a service that ended speaks");
    }
}

#[tokio::test]
async fn without_neokeys_nobody_passes() {
    for Way { name, service, upstream, gateway } in ways() {
        let client = gateway.client().with_api_key(&token_of("shop"));
        assert_eq!(client.get(ORDERS).await.status, 200, "{name}");
        end(service);
        let reply = client.get(ORDERS).await;
        assert!(reply.status.is_server_error(), "{name}: {reply:?}");
        assert_eq!(upstream.reached(), 1, "{name}");
    }
}
