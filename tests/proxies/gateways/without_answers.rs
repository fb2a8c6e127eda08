//! Without a plain yes of neokeys nobody passes: where it refuses, is gone, or answers in no way that
//! it ever would.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::way::{GATEWAYS, ORDERS, Way, ways};
use crate::raw::get;
use neokeys_testkit::{Service, token_of};

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
    for Way { gateway, service, upstream, proxy } in ways() {
        let client = proxy.client().with_api_key(&token_of("shop"));
        assert_eq!(client.get(ORDERS).await.status, 200, "{gateway:?}");
        end(service);
        let reply = client.get(ORDERS).await;
        // Envoy refuses with 403 whatever it got no answer to.
        let expected = if gateway.is_envoy() { 403 } else { 500 };
        assert!(reply.status.as_u16() >= expected, "{gateway:?}: {reply:?}");
        assert_eq!(upstream.reached(), 1, "{gateway:?}");
    }
}

/// Something in the place of neokeys, which gives every request the bytes that it is told.
struct Stranger {
    address: String,
    answer: Arc<Mutex<Vec<u8>>>,
}

impl Stranger {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answer = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&answer);
        // It lasts as long as the tests, as does every connection that a gateway keeps.
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (connection, told) = (connection.unwrap(), Arc::clone(&told));
                std::thread::spawn(move || answer_once(connection, &told));
            }
        });
        Self { address, answer }
    }
}

/// Reads one head, answers it, and closes.
fn answer_once(mut connection: TcpStream, told: &Mutex<Vec<u8>>) {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        match connection.read(&mut buffer) {
            Ok(read @ 1..) => head.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    let answer = told.lock().unwrap().clone();
    let _ = connection.write_all(&answer);
}

/// Headers of somebody who would pass.
const SOMEBODY: &str = "X-Auth-Tenant: demo\r\nX-Auth-Principal: shop\r\nX-Auth-Scopes: *\r\n\
                        X-Auth-Method: api_key\r\nLocation: http://127.0.0.1:1/\r\n";

/// The answers that are no yes.
fn answers() -> Vec<String> {
    let statuses = (300..=308).chain(400..=431).chain([451]).chain(500..=511).chain([599]);
    // 304 is for who asked whether something changed; 407 is a proxy's own.
    let mut answers: Vec<_> = statuses
        .map(|status| {
            format!(
                "HTTP/1.1 {status} Told\r\n{SOMEBODY}Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
        })
        .collect();
    answers.extend([
        String::new(),
        "200 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nX-Auth-Tenant: demo\r\nX-Auth-Prin".to_owned(),
        "HTTP/1.1 2000 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 OK\r\n\r\n".to_owned(),
        format!("HTTP/1.1 100 Continue\r\n{SOMEBODY}\r\n"),
        format!("HTTP/1.1 101 Switching Protocols\r\n{SOMEBODY}Upgrade: x\r\nConnection: upgrade\r\n\r\n"),
        format!("HTTP/1.1 103 Early Hints\r\n{SOMEBODY}\r\n"),
    ]);
    answers
}

#[tokio::test]
async fn nothing_but_a_yes_lets_anybody_pass() {
    // What speaks no HTTP/2 answers nothing over gRPC.
    for gateway in GATEWAYS.into_iter().filter(|it| !it.asks_over_grpc()) {
        let stranger = Stranger::start();
        let (proxy, upstream) = Way::before(gateway, &stranger.address);
        let key = format!("X-API-KEY: {}", token_of("shop")).into_bytes();
        let ask = || get(proxy.address(), ORDERS, std::slice::from_ref(&key));
        let yes =
            format!("HTTP/1.1 200 OK\r\n{SOMEBODY}Content-Length: 0\r\nConnection: close\r\n\r\n");
        *stranger.answer.lock().unwrap() = yes.into_bytes();
        assert_eq!(ask().status, 200, "{gateway:?}");
        for no in answers() {
            *stranger.answer.lock().unwrap() = no.clone().into_bytes();
            let answer = ask();
            let label = format!("{gateway:?}: {no:?}: {answer:?}");
            // Whatever a gateway makes of it: Caddy 2.6 gives an empty 200 for a 101.
            assert_eq!(upstream.reached(), 1, "{label}");
        }
    }
}
