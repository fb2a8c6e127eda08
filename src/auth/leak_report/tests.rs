//! Signatures, and the keys that they are judged by.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use neokeys_testkit::clock::TestClock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{KEY_ID, LeakReporter, ReporterKeys, SIGNATURE};

const ID: &str = "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a";
const KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\n\
    kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==\n\
    -----END PUBLIC KEY-----\n";
const SIGNED: &str = "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=";
const BODY: &str = r#"[{"token":"some_token","type":"some_type","url":"some_url"}]"#;

fn headers(id: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [(KEY_ID, id), (SIGNATURE, signature)] {
        let name = HeaderName::from_static(name);
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[expect(clippy::disallowed_methods, reason = "a test's file need not outlive a power cut")]
fn reporter(folder: &tempfile::TempDir) -> LeakReporter {
    let file = folder.path().join("keys.json");
    let key = serde_json::json!({"key_identifier": ID, "key": KEY, "is_current": true});
    let bad = serde_json::json!({"key_identifier": "bad", "key": "none", "is_current": false});
    std::fs::write(&file, serde_json::json!({"public_keys": [bad, key]}).to_string()).unwrap();
    LeakReporter::new(ReporterKeys::File(file), TestClock::new()).unwrap()
}

#[tokio::test]
async fn the_published_example_is_good_and_nothing_that_was_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let reporter = reporter(&folder);
    reporter.verify(&headers(ID, SIGNED), BODY.as_bytes()).await.unwrap();
    for (id, signature, body) in [
        (ID, SIGNED, format!("{BODY}\n")),
        (ID, SIGNED, BODY.replace("some_url", "some_uri")),
        (ID, SIGNED, String::new()),
        (ID, &SIGNED.replace("MEUC", "MEUD"), BODY.to_owned()),
        (ID, "", BODY.to_owned()),
        (ID, "no Base64", BODY.to_owned()),
        ("bad", SIGNED, BODY.to_owned()),
        ("another", SIGNED, BODY.to_owned()),
    ] {
        let refused = reporter.verify(&headers(id, signature), body.as_bytes()).await;
        let problem = refused.expect_err("a signature that is none");
        assert_eq!(problem.kind().status().as_u16(), 400, "{id} {signature} {body}");
    }
    let mut twice = headers(ID, SIGNED);
    twice.append(HeaderName::from_static(KEY_ID), HeaderValue::from_static(ID));
    assert!(reporter.verify(&twice, BODY.as_bytes()).await.is_err());
    assert!(reporter.verify(&HeaderMap::new(), BODY.as_bytes()).await.is_err());
}

#[tokio::test]
async fn without_keys_nobody_knows_and_they_are_not_asked_for_again_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let missing =
        LeakReporter::new(ReporterKeys::File(folder.path().join("none")), TestClock::new())
            .unwrap();
    for _ in 0..2 {
        let problem = missing.verify(&headers(ID, SIGNED), BODY.as_bytes()).await.unwrap_err();
        assert_eq!(problem.kind().status().as_u16(), 503);
    }
}

/// An HTTPS server on loopback that publishes keys, as they are then.
struct Publisher {
    url: String,
    certificate: reqwest::Certificate,
    asked: Arc<AtomicUsize>,
    answer: Arc<Mutex<String>>,
}

impl Publisher {
    async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/keys", listener.local_addr().unwrap());
        let (asked, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
        let (counted, told) = (Arc::clone(&asked), Arc::clone(&answer));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = tls.accept(stream).await else { continue };
                let mut head = [0; 4096];
                let read = stream.read(&mut head).await.unwrap();
                assert!(head[..read].starts_with(b"GET /keys HTTP/1.1\r\n"));
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = told.lock().unwrap().clone();
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        let certificate = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
        Self { url, certificate, asked, answer }
    }

    /// Publishes the example's key under this id.
    fn publish(&self, id: &str) {
        let key = serde_json::json!({"key_identifier": id, "key": KEY, "is_current": true});
        self.answer_with("200 OK", &serde_json::json!({"public_keys": [key]}).to_string());
    }

    fn answer_with(&self, status: &str, body: &str) {
        let length = body.len();
        *self.answer.lock().unwrap() = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
    }

    fn reporter(
        &self,
        clock: &Arc<TestClock>,
        certificates: Vec<reqwest::Certificate>,
    ) -> LeakReporter {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only(certificates);
        let keys = self.url.parse().unwrap();
        LeakReporter::with_client(keys, client.build().unwrap(), Arc::clone(clock) as _)
    }
}

/// The status of the example under the id of a key.
async fn status(reporter: &LeakReporter, id: &str) -> u16 {
    let verified = reporter.verify(&headers(id, SIGNED), BODY.as_bytes()).await;
    verified.map_or_else(|problem| problem.kind().status().as_u16(), |()| 200)
}

#[tokio::test]
async fn keys_from_an_address_are_kept_until_an_unknown_one_comes_and_asked_for_once_a_minute() {
    let (publisher, clock) = (Publisher::start().await, TestClock::new());
    let reporter = publisher.reporter(&clock, vec![publisher.certificate.clone()]);
    let asked = || publisher.asked.load(Ordering::SeqCst);
    publisher.publish("first");
    for _ in 0..3 {
        assert_eq!(status(&reporter, "first").await, 200);
    }
    assert_eq!(asked(), 1);
    // A second key comes; nobody looks for it within the minute, however often it is named.
    publisher.publish("second");
    clock.advance(59);
    for _ in 0..3 {
        assert_eq!(status(&reporter, "second").await, 400);
        assert_eq!(status(&reporter, "first").await, 200);
    }
    assert_eq!(asked(), 1);
    clock.advance(1);
    assert_eq!(status(&reporter, "second").await, 200);
    assert_eq!(status(&reporter, "first").await, 400);
    assert_eq!(asked(), 2);
    // A publisher that fails leaves what is known, and is not asked at once either.
    publisher.answer_with("500 Internal Server Error", "{}");
    clock.advance(60);
    for _ in 0..3 {
        assert_eq!(status(&reporter, "third").await, 503);
        assert_eq!(status(&reporter, "second").await, 200);
    }
    assert_eq!(asked(), 3);
    publisher.publish("third");
    clock.advance(60);
    assert_eq!(status(&reporter, "third").await, 200);
}

#[tokio::test]
async fn many_reports_at_once_by_an_unknown_key_ask_for_it_once() {
    let (publisher, clock) = (Publisher::start().await, TestClock::new());
    let reporter = publisher.reporter(&clock, vec![publisher.certificate.clone()]);
    publisher.publish(ID);
    let (a, b, c) =
        tokio::join!(status(&reporter, ID), status(&reporter, ID), status(&reporter, "another"),);
    assert_eq!([a, b, c], [200, 200, 400]);
    assert_eq!(publisher.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_publisher_that_nobody_vouches_for_is_not_believed() {
    let (publisher, clock) = (Publisher::start().await, TestClock::new());
    publisher.publish(ID);
    let other = Publisher::start().await.certificate;
    let reporter = publisher.reporter(&clock, vec![other]);
    assert_eq!(status(&reporter, ID).await, 503);
    assert_eq!(publisher.asked.load(Ordering::SeqCst), 0);
}
