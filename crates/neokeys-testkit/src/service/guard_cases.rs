//! One list of what whoever stands before a service does with its callers, whichever library it is on.
//!
//! The service has its orders at `/shops/{tenantId}/orders`: `orders:read` is needed to GET them, and
//! `orders:write` to POST one.

use neokeys::domain::Digest;
use neokeys::guard::{BearerConfig, IssuerConfig, StoreUrl};

use super::{Client, Issuer, Service, document, entry, token_of};

/// The network of proxies that a runner's guard, or the service, takes the word of.
pub const PROXIES: &str = "127.0.0.0/8";

/// A request, and what becomes of it.
#[derive(Debug, Clone)]
pub struct GuardCase {
    pub method: &'static str,
    pub path: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub expected: Expected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It reaches the service, which sees this caller.
    Passes(&'static str),
    /// It is refused with this status and problem; the challenge ends so.
    Refused(u16, &'static str, &'static str),
}
use Expected::{Passes, Refused};

/// The outcome of a request.
#[derive(Debug, Clone)]
pub struct GuardAnswer {
    pub status: u16,
    /// Who the service saw.
    pub caller: Option<String>,
    /// The headers of a refusal, of which one comes once.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

const XFF: &str = "x-forwarded-for";
const READ: &str = "/shops/t1/orders";
const INVALID: Expected = Refused(401, "unauthorized", "error=\"invalid_token\"");
const EXPIRED: Expected = Refused(
    401,
    "unauthorized",
    "error_description=\"The API key expired at 2020-01-01T00:00:00Z\"",
);
const FOREIGN: Expected = Refused(403, "tenant-forbidden", "error=\"insufficient_scope\"");
const NO_READ: Expected = Refused(403, "insufficient-scope", "scope=\"orders:read\"");

/// A service that has the keys of the cases, with these settings beside; it takes the word of [`PROXIES`].
pub fn guard_service(settings: &str) -> Service {
    let limited = |name: &str, limits: &str| {
        format!("{}    limits: {{ {limits} }}\n", entry(name, true, &["orders:read"]))
    };
    let hash = |token: &str| Digest::of(token_of(token).as_bytes()).to_hex();
    let rotated = format!(
        "{}    previousHashes:\n      - {{ hash: {}, expiresAt: 9000-01-01T00:00:00Z }}\n      - {{ hash: {}, \
         expiresAt: 2020-01-01T00:00:00Z }}\n",
        entry("rotated", true, &["orders:read"]),
        hash("older"),
        hash("ended older"),
    );
    let keys = [
        entry("shop", true, &["orders:read", "orders:write"]),
        entry("clerk", true, &["orders:read"]),
        entry("owner", true, &["*"]),
        entry("off", false, &["*"]),
        rotated,
        limited("lasting", "expiresAt: 9000-01-01T00:00:00Z"),
        limited("ended", "expiresAt: 2020-01-01T00:00:00Z"),
        limited("here", "allowedIps: [127.0.0.0/8]"),
        limited("v4", "allowedIps: [203.0.113.0/24]"),
        limited("v6", "allowedIps: ['2001:db8::1']"),
        entry("admin", true, &["tenant.apiKey:write"]),
    ];
    let proxies = format!("  throttle:\n    trusted_proxies: [{PROXIES}]\n");
    Service::builder()
        .tenant("t1", &document(&keys))
        .tenant("t2", &document(&[entry("other", true, &["*"])]))
        .settings(&proxies)
        .settings(settings)
        .start()
}

/// The store of a service, and the issuer that it trusts, for a guard beside it.
pub fn guard_settings(service: &Service) -> (StoreUrl, BearerConfig) {
    let folder = service.document_path("t1").parent().unwrap().parent().unwrap().to_owned();
    let keys = folder.parent().unwrap().join("jwks.json");
    let mut issuer = IssuerConfig::new(Issuer::NAME, Issuer::AUDIENCE);
    issuer.jwks = Some(format!("file:{}", keys.display()));
    let mut bearer = BearerConfig::default();
    bearer.issuers.push(issuer);
    (StoreUrl::File(folder), bearer)
}

/// The list.
pub fn guard_cases(issuer: &Issuer) -> Vec<GuardCase> {
    let key = |name: &str| vec![("x-api-key", token_of(name))];
    let bearer = |tenants: &[&str], scopes: &[&str]| {
        vec![("authorization", format!("Bearer {}", issuer.token(tenants, scopes)))]
    };
    let text = |text: &str| vec![("authorization", text.to_owned())];
    let from = |name: &str, headers: &[(&'static str, &str)]| {
        let more = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        key(name).into_iter().chain(more).collect::<Vec<_>>()
    };
    let read = |headers, expected| GuardCase { method: "GET", path: READ, headers, expected };
    let at = |path, headers, expected| GuardCase { method: "GET", path, headers, expected };
    let write = |headers, expected| GuardCase { method: "POST", path: READ, headers, expected };
    let no_write = Refused(403, "insufficient-scope", "scope=\"orders:write\"");
    vec![
        read(Vec::new(), Refused(401, "unauthorized", "Bearer realm=\"neokeys\"")),
        read(key("shop"), Passes("shop")),
        read(key("clerk"), Passes("clerk")),
        read(key("owner"), Passes("owner")),
        read(bearer(&["t1", "t2"], &["orders:read"]), Passes("someone")),
        write(key("shop"), Passes("shop")),
        write(key("clerk"), no_write),
        write(bearer(&["*"], &["orders:write"]), Passes("someone")),
        read(key("nobody"), INVALID),
        read(key("off"), INVALID),
        read(key("other"), INVALID),
        read(key(""), INVALID),
        read(text("Bearer x.y.z"), INVALID),
        read(text("Basic dTpw"), INVALID),
        read(text(&format!("Bearer {}", token_of("shop"))), INVALID),
        read(from("shop", &[("authorization", "Bearer x.y.z")]), INVALID),
        read([key("shop"), bearer(&["t1"], &["stock"])].concat(), Passes("shop+someone")),
        read([key("nobody"), bearer(&["t1"], &["*"])].concat(), INVALID),
        read(bearer(&["t1"], &["orders:write"]), NO_READ),
        read(bearer(&["t2"], &["*"]), FOREIGN),
        // One's tenants do not mix with the other's scopes.
        read([key("admin"), bearer(&["t2"], &["orders:read"])].concat(), NO_READ),
        at("/shops/t2/orders", key("other"), Passes("other")),
        at("/shops/t2/orders", key("shop"), INVALID),
        at("/shops/%74%31/orders", key("shop"), Passes("shop")),
        at("/shops/t1/orders?scope=none&tenantId=t2", key("shop"), Passes("shop")),
        read(key("lasting"), Passes("lasting")),
        read(key("ended"), EXPIRED),
        read(key("rotated"), Passes("rotated")),
        read(key("older"), Passes("rotated")),
        read(key("ended older"), EXPIRED),
        read(key("here"), INVALID),
        read(from("v4", &[(XFF, "203.0.113.9")]), Passes("v4")),
        read(from("v4", &[(XFF, "::ffff:203.0.113.9")]), Passes("v4")),
        read(from("v4", &[(XFF, "203.0.114.9")]), INVALID),
        read(from("v4", &[(XFF, "203.0.113.9, 198.51.100.1")]), INVALID),
        read(from("v4", &[(XFF, "203.0.113.9"), ("forwarded", "for=203.0.113.8")]), INVALID),
        read(from("v6", &[("forwarded", "for=\"[2001:db8::1]:80\"")]), Passes("v6")),
        read(from("lasting", &[(XFF, "unknown")]), Passes("lasting")),
        // A caller's own headers are no identity.
        read(from("clerk", &[("x-auth-principal", "owner")]), Passes("clerk")),
        write(from("clerk", &[("x-auth-scopes", "*"), ("x-auth-tenant", "t2")]), no_write),
    ]
}

/// Holds every case of the list against a service over HTTP, which says who it saw as `(by …)`.
pub async fn hold_guard_cases_over_http(service: &Service, client: &Client) {
    hold_guard_cases(service, async |case| {
        let request = client.request(case.method, case.path).body("two pens");
        let sent =
            case.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let reply = sent.send().await;
        let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        let (headers, body) = (reply.headers.iter().map(text).collect(), reply.text().to_owned());
        let seen = body.split_once("(by ").and_then(|(_, caller)| caller.split_once(')'));
        let caller = seen.map(|(caller, _)| caller.to_owned()).filter(|_| reply.status == 200);
        GuardAnswer { status: reply.status.as_u16(), caller, headers, body }
    })
    .await;
}

/// Sends every case of the list and holds the answers against it, then those to a key that is deleted.
pub async fn hold_guard_cases(service: &Service, ask: impl AsyncFn(&GuardCase) -> GuardAnswer) {
    for case in guard_cases(&service.issuer) {
        hold(&case, &ask(&case).await);
    }
    let admin = service.client().with_api_key(&token_of("admin"));
    assert_eq!(admin.delete("/api/t1/admin/apiKeys/shop").await.status, 204);
    let headers = vec![("x-api-key", token_of("shop"))];
    let gone = GuardCase { method: "GET", path: READ, headers, expected: INVALID };
    hold(&gone, &ask(&gone).await);
}

fn hold(case: &GuardCase, answer: &GuardAnswer) {
    match case.expected {
        Passes(caller) => {
            assert_eq!(answer.status, 200, "{case:?}: {answer:?}");
            assert_eq!(answer.caller.as_deref(), Some(caller), "{case:?}: {answer:?}");
        }
        Refused(status, problem, challenge) => {
            assert_eq!(answer.status, status, "{case:?}: {answer:?}");
            assert_eq!(answer.caller, None, "{case:?}: {answer:?}");
            let header = |wanted: &str| {
                let mut values = answer.headers.iter().filter(|(name, _)| name == wanted);
                let (first, second) = (values.next(), values.next());
                assert_eq!(second, None, "{case:?}: {answer:?}");
                first.map_or("", |(_, value)| value)
            };
            assert!(header("www-authenticate").ends_with(challenge), "{case:?}: {answer:?}");
            assert_eq!(header("content-type"), "application/json", "{case:?}");
            assert_eq!(header("cache-control"), "no-store", "{case:?}");
            let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(body["type"], format!("/problems/{problem}"), "{case:?}: {body}");
            assert_eq!(body["requestId"], header("x-request-id"), "{case:?}: {body}");
            for (_, secret) in &case.headers {
                let told = format!("{body}{:?}", answer.headers);
                assert!(secret.len() < 9 || !told.contains(secret), "{case:?}: {told}");
            }
        }
    }
}
