//! Credentials that end while the service itself waits, for a document or for another issuer's keys:
//! the answer is judged by what holds when it is given.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::revoked_in_flight::{
    api_key, bearer, begin, revoke, service, service_trusting, try_begin,
};
use crate::{KEYS, key};
use neokeys_testkit::{Claims, Issuer, token_of};

#[tokio::test]
async fn a_bearer_whose_time_ends_while_the_tenant_is_first_read_learns_nothing() {
    for path in [KEYS, &key("admin"), "/auth/t1", "/auth/t1?scope=orders:read"] {
        refused_after_the_first_read(path).await;
    }
}

async fn refused_after_the_first_read(path: &str) {
    // On a machine that is busy the token may end too early.
    for _ in 0..10 {
        let service = service();
        let token = service.issuer.sign(&Claims::new(&["t1"], &["*"]).ending_in(1 - 30));
        // What somebody writes to is read when it has stood still for two seconds.
        let mut open = File::options().append(true).open(service.document_path("t1")).unwrap();
        open.write_all(b"# being edited\n").unwrap();
        let Some(under_way) = try_begin(&service, ("GET", path, ""), &bearer(&token), 0).await
        else {
            continue;
        };
        let answer = under_way.end();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{path}: {answer}");
        return;
    }
    panic!("the token always ended before its request was judged");
}

/// An issuer that has no keys, and tells the second who asks for them only when it is let.
struct SlowIssuer {
    name: String,
    listener: TcpListener,
}

impl SlowIssuer {
    fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { name: format!("http://{}", listener.local_addr().unwrap()), listener }
    }

    /// Takes the next request; its answer is not sent yet.
    fn take(&self) -> TcpStream {
        let (stream, _) = self.listener.accept().unwrap();
        let mut lines = BufReader::new(&stream).lines();
        while !lines.next().unwrap().unwrap().is_empty() {}
        drop(lines);
        stream
    }

    fn answer(stream: &mut TcpStream, body: &str) {
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).unwrap();
    }

    /// The discovery document, and then the key set.
    fn tell_keys(&self, mut discovery: TcpStream) {
        let name = &self.name;
        let document = format!(r#"{{"issuer":"{name}","jwks_uri":"{name}/keys"}}"#);
        Self::answer(&mut discovery, &document);
        Self::answer(&mut self.take(), r#"{"keys":[]}"#);
    }
}

#[tokio::test]
async fn a_key_that_ends_while_another_issuers_keys_are_asked_for_learns_nothing() {
    let issuer = SlowIssuer::bind();
    let name = issuer.name.clone();
    let starting = std::thread::spawn(move || service_trusting(&[&name]));
    issuer.tell_keys(issuer.take());
    let service = starting.join().unwrap();
    let claims = Claims::new(&["t1"], &["*"]).with("iss", issuer.name.as_str());
    let question = format!("token={}", Issuer::generate().sign(&claims));
    let request = ("POST", "/api/t1/introspect", &*question);
    let under_way = begin(&service, request, &api_key(&token_of("clerk")), 0).await;
    let asked = issuer.take();
    revoke(&service, "deleted").await;
    issuer.tell_keys(asked);
    let answer = under_way.end();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}
