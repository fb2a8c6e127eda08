//! Credentials that end while a request with them is under way: it is refused, as any later one.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::{KEYS, key};
use neokeys_testkit::{Claims, Client, Service, document, entry, token_of};

const METRICS: &str = "metrics: {listen: '127.0.0.1:0'}\n";
const SERVICE_SCOPES: [&str; 2] = ["tenant.apiKey:read", "tenant.apiKey:write"];

/// A service whose key `clerk` may do all five operations.
pub(super) fn service() -> Service {
    service_trusting(&[])
}

/// That service, which takes the tokens of further issuers.
pub(super) fn service_trusting(issuers: &[&str]) -> Service {
    let entries = [entry("admin", true, &["*"]), entry("clerk", true, &SERVICE_SCOPES)];
    let builder = Service::builder().tenant("t1", &document(&entries)).settings(METRICS);
    issuers.iter().fold(builder, |builder, issuer| builder.other_issuer(issuer)).start()
}

/// A request whose caller was found valid, and which has yet to end.
pub(super) struct UnderWay {
    stream: TcpStream,
    rest: Vec<u8>,
}

/// How a credential comes: its header, and as what it is counted.
#[derive(Clone)]
pub(super) struct Credential {
    header: String,
    method: &'static str,
}

pub(super) fn api_key(token: &str) -> Credential {
    Credential { header: format!("X-API-KEY: {token}"), method: "api_key" }
}

pub(super) fn bearer(token: &str) -> Credential {
    Credential { header: format!("Authorization: Bearer {token}"), method: "bearer" }
}

/// How many credentials of a method came out so until now.
async fn counted(service: &Service, method: &str, outcome: &str) -> u64 {
    let reply = Client::of_another(service.metrics().unwrap()).get("").await;
    let page = reply.text();
    let row =
        format!("neokeys_authentications_total{{method=\"{method}\",outcome=\"{outcome}\"}} ");
    let line = page.lines().find_map(|line| line.strip_prefix(&row));
    line.unwrap_or_else(|| panic!("no {row} in {page}")).trim().parse().unwrap()
}

/// Sends a request but for its last `held` bytes, and waits until its caller was found valid.
pub(super) async fn begin(
    service: &Service,
    request: (&str, &str, &str),
    credential: &Credential,
    held: usize,
) -> UnderWay {
    try_begin(service, request, credential, held).await.expect("the caller is valid")
}

/// The same; none if the caller was refused.
pub(super) async fn try_begin(
    service: &Service,
    request: (&str, &str, &str),
    credential: &Credential,
    held: usize,
) -> Option<UnderWay> {
    let (method, path, body) = request;
    let form = if body.starts_with('{') { "json" } else { "x-www-form-urlencoded" };
    let bytes = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}\r\n\
         Content-Type: application/{form}\r\nContent-Length: {}\r\n\r\n{body}",
        credential.header,
        body.len()
    )
    .into_bytes();
    let accepted = counted(service, credential.method, "accepted").await;
    let address = service.origin().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let (now, rest) = bytes.split_at(bytes.len() - held);
    let refused = counted(service, credential.method, "refused").await;
    stream.write_all(now).unwrap();
    while counted(service, credential.method, "accepted").await == accepted {
        if counted(service, credential.method, "refused").await > refused {
            return None;
        }
    }
    Some(UnderWay { stream, rest: rest.to_vec() })
}

impl UnderWay {
    /// Sends what was held back, and gives the whole answer.
    pub(super) fn end(mut self) -> String {
        self.stream.write_all(&self.rest).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

/// Ways in which an administrator takes the rights of the key `clerk`, and the status that follows.
const WAYS: [(&str, u16); 4] =
    [("deleted", 401), ("disabled", 401), ("narrowed", 403), ("taken out by hand", 401)];

pub(super) async fn revoke(service: &Service, way: &str) {
    let admin = service.admin();
    match way {
        "deleted" => assert_eq!(admin.delete(&key("clerk")).await.status, 204),
        "disabled" | "narrowed" => {
            let body = json!({"enabled": way == "narrowed", "permissions": ["orders:read"]});
            assert_eq!(admin.put(&key("clerk"), body).await.status, 200);
        }
        _ => service.replace_document("t1", &document(&[entry("admin", true, &["*"])])),
    }
}

const BACKDOOR: &str = r#"{"name":"backdoor","permissions":["*"]}"#;
const ENABLE: &str = r#"{"enabled":true,"permissions":["*"]}"#;
const INTROSPECT: &str = "/api/t1/introspect";

#[tokio::test]
async fn a_key_that_ends_in_the_middle_of_a_body_changes_and_learns_nothing() {
    let (itself, other) = (key("clerk"), key("admin"));
    let question = format!("token={}", token_of("admin"));
    for (method, path, body) in [
        ("POST", KEYS, BACKDOOR),
        ("PUT", &itself, ENABLE),
        ("PUT", &other, ENABLE),
        ("POST", INTROSPECT, &question),
    ] {
        for (way, status) in WAYS {
            let service = service();
            let credential = api_key(&token_of("clerk"));
            let under_way = begin(&service, (method, path, body), &credential, 1).await;
            revoke(&service, way).await;
            let before = service.read_document("t1");
            let answer = under_way.end();
            let expected = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(&expected), "{method} {path}, {way}: {answer}");
            assert!(answer.contains("www-authenticate: "), "{answer}");
            assert_eq!(service.read_document("t1"), before, "{method} {path}, {way}");
        }
    }
}

#[tokio::test]
async fn a_key_as_a_clients_secret_that_ends_in_the_middle_of_a_body_learns_nothing() {
    let service = service();
    // clerk:token-of-clerk
    let credential = Credential {
        header: "Authorization: Basic Y2xlcms6dG9rZW4tb2YtY2xlcms=".to_owned(),
        method: "api_key",
    };
    let question = format!("token={}", token_of("admin"));
    let under_way = begin(&service, ("POST", INTROSPECT, &question), &credential, 1).await;
    revoke(&service, "deleted").await;
    let answer = under_way.end();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn of_two_credentials_both_must_be_valid_to_the_end() {
    let service = service();
    let token = service.issuer.token(&["t1"], &["*"]);
    let header = format!("X-API-KEY: {}\r\nAuthorization: Bearer {token}", token_of("clerk"));
    let both = Credential { header, method: "api_key" };
    let under_way = begin(&service, ("POST", KEYS, BACKDOOR), &both, 1).await;
    revoke(&service, "deleted").await;
    let answer = under_way.end();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(!service.read_document("t1").contains("backdoor"));
}

/// A request by a bearer token that ends soon: so soon that a machine which is busy may find it ended
/// already, when the next one has longer.
async fn begin_with_a_short_bearer(
    service: &Service,
    path: &str,
    body: &str,
) -> (String, UnderWay) {
    for seconds in [2, 10, 60] {
        // A token that has run out is good for as long as clocks may differ: 30 s.
        let claims = Claims::new(&["t1"], &["*"]).ending_in(seconds - 30);
        let token = service.issuer.sign(&claims);
        if let Some(begun) = try_begin(service, ("POST", path, body), &bearer(&token), 1).await {
            return (token, begun);
        }
    }
    panic!("a token of a minute has always ended before it is judged");
}

#[tokio::test]
async fn a_bearer_whose_time_ends_in_the_middle_of_a_body_changes_and_learns_nothing() {
    let question = format!("token={}", token_of("admin"));
    for (path, body) in [(KEYS, BACKDOOR), (INTROSPECT, &question)] {
        let service = service();
        let (token, under_way) = begin_with_a_short_bearer(&service, path, body).await;
        let caller = service.client().with_bearer(&token);
        while caller.get(KEYS).await.status != 401 {
            tokio::task::yield_now().await;
        }
        let answer = under_way.end();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{path}: {answer}");
        assert!(!service.read_document("t1").contains("backdoor"));
    }
}

#[tokio::test]
async fn a_bearer_whose_issuer_withdraws_the_key_in_the_middle_of_a_body_changes_nothing() {
    let service = service();
    let token = service.issuer.token(&["t1"], &["*"]);
    let under_way = begin(&service, ("POST", KEYS, BACKDOOR), &bearer(&token), 1).await;
    service.replace_key_set(&json!({"keys": []}));
    // A key that is not known lets the set be asked for.
    let unknown = service.issuer.sign_as("unknown", &Claims::new(&["t1"], &["*"]));
    assert_eq!(service.client().with_bearer(&unknown).get(KEYS).await.status, 401);
    assert_eq!(service.client().with_bearer(&token).get(KEYS).await.status, 401);
    let answer = under_way.end();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(!service.read_document("t1").contains("backdoor"));
}

/// Holds a tenant's lock, as a backup or another process does.
async fn hold_lock(service: &Service) -> File {
    let made = json!({"name": "first", "permissions": ["p"]});
    assert_eq!(service.admin().post(KEYS, made).await.status, 201);
    let store = service.document_path("t1").parent().unwrap().parent().unwrap().to_owned();
    let lock = File::options().read(true).write(true).open(store.join(".neokeys/t1.lock"));
    let lock = lock.unwrap();
    lock.lock().unwrap();
    lock
}

#[tokio::test]
async fn who_waits_for_the_tenants_lock_is_judged_when_its_turn_comes() {
    let itself = key("clerk");
    for (method, path, body) in
        [("POST", KEYS, BACKDOOR), ("PUT", &*itself, ENABLE), ("DELETE", &*itself, "")]
    {
        for (clerk, status) in [
            (None, 401),
            (Some(entry("clerk", false, &SERVICE_SCOPES)), 401),
            (Some(entry("clerk", true, &["tenant.apiKey:read"])), 403),
        ] {
            let service = service();
            let lock = hold_lock(&service).await;
            let credential = api_key(&token_of("clerk"));
            let under_way = begin(&service, (method, path, body), &credential, 0).await;
            let entries: Vec<_> = [Some(entry("admin", true, &["*"])), clerk].into();
            let entries: Vec<_> = entries.into_iter().flatten().collect();
            service.replace_document("t1", &document(&entries));
            let before = service.read_document("t1");
            lock.unlock().unwrap();
            let answer = under_way.end();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{method}: {answer}");
            assert_eq!(service.read_document("t1"), before);
        }
    }
}

#[tokio::test]
async fn a_bearer_whose_time_ends_while_a_person_has_the_file_open_changes_nothing() {
    // On a machine that is busy the token may end too early.
    for _ in 0..10 {
        let service = service();
        assert_eq!(service.admin().get(KEYS).await.status, 200);
        let open = File::options().append(true).open(service.document_path("t1")).unwrap();
        // What somebody has open and does not write to is waited for, for two seconds.
        let claims = Claims::new(&["t1"], &["*"]).ending_in(2 - 30);
        let token = service.issuer.sign(&claims);
        let begun = try_begin(&service, ("POST", KEYS, BACKDOOR), &bearer(&token), 0).await;
        let Some(under_way) = begun else { continue };
        let answer = under_way.end();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(!service.read_document("t1").contains("backdoor"));
        // Whoever may still is not stopped by it.
        let made = json!({"name": "n", "permissions": ["p"]});
        assert_eq!(service.admin().post(KEYS, made).await.status, 201);
        drop(open);
        return;
    }
    panic!("the token always ended before its request was judged");
}

#[tokio::test]
async fn a_bearer_whose_time_ends_while_it_waits_for_the_tenants_lock_changes_nothing() {
    // On a machine that is busy the token may end too early, or the lock be waited for too long.
    for _ in 0..10 {
        let service = service();
        let lock = hold_lock(&service).await;
        let claims = Claims::new(&["t1"], &["*"]).ending_in(2 - 30);
        let token = service.issuer.sign(&claims);
        let begun = try_begin(&service, ("POST", KEYS, BACKDOOR), &bearer(&token), 0).await;
        let Some(under_way) = begun else { continue };
        let caller = service.client().with_bearer(&token);
        while caller.get(KEYS).await.status != 401 {
            tokio::task::yield_now().await;
        }
        lock.unlock().unwrap();
        let answer = under_way.end();
        assert!(!service.read_document("t1").contains("backdoor"), "{answer}");
        if !answer.starts_with("HTTP/1.1 503 ") {
            assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
            return;
        }
    }
    panic!("the token always ended before its request was judged, or after the lock was given up");
}
