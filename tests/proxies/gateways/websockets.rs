//! Websockets through every gateway, and nothing else that a connection could turn into.

use std::io::{Read as _, Write as _};

use super::way::{ORDERS, Way, identity, of_shop, ways};
use crate::raw::{Answer, connect, read_answer};
use crate::upstream::{WEBSOCKET_ACCEPT, WEBSOCKET_KEY};
use neokeys_testkit::token_of;
use std::net::TcpStream;

/// Asks to make something else of a connection.
fn open(way: &Way, key: &str, lines: &[&str]) -> (TcpStream, Answer) {
    let host = way.proxy.address();
    let mut connection = connect(host);
    let token = token_of(key);
    let lines: String = lines.iter().map(|it| format!("{it}\r\n")).collect();
    let request = format!(
        "GET {ORDERS} HTTP/1.1\r\nHost: {host}\r\nX-API-KEY: {token}\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {WEBSOCKET_KEY}\r\n{lines}\r\n"
    );
    connection.write_all(request.as_bytes()).unwrap();
    let answer = read_answer(&mut connection);
    (connection, answer)
}

#[tokio::test]
async fn a_websocket_opens_for_whoever_may_and_carries_bytes_both_ways() {
    for way in ways() {
        for lines in [
            ["Connection: Upgrade", "Upgrade: websocket"],
            ["Connection: keep-alive, Upgrade", "Upgrade: WebSocket"],
            ["Connection: Upgrade, X-Auth-Tenant, X-Auth-Scopes", "Upgrade: websocket"],
            ["Connection: X-Auth-Principal\r\nConnection: upgrade", "Upgrade: websocket"],
            ["Connection: Upgrade", "Upgrade: websocket\r\nX.Auth.Scopes: *\r\nX-Auth-Method: *"],
        ] {
            let (mut connection, answer) = open(&way, "shop", &lines);
            let label = format!("{:?}: {lines:?}: {answer:?}", way.gateway);
            assert_eq!(answer.status, 101, "{label}");
            let accepted = format!("sec-websocket-accept: {WEBSOCKET_ACCEPT}").to_lowercase();
            assert!(answer.head.contains(&accepted), "{label}");
            for said in [&b"hello"[..], &[0x81, 0x05, 0, 0xff, b'\r', b'\n']] {
                connection.write_all(said).unwrap();
                let mut heard = vec![0; said.len()];
                connection.read_exact(&mut heard).unwrap();
                assert_eq!(heard, said, "{label}");
            }
            let told = way.upstream.last().unwrap();
            assert_eq!(identity(&told), of_shop(), "{label}");
            assert!(!told.to_string().contains(&token_of("shop")), "{label}");
        }
    }
}

#[tokio::test]
async fn a_websocket_that_is_open_stays_when_its_key_goes_and_no_other_opens() {
    for way in ways() {
        let lines = ["Connection: Upgrade", "Upgrade: websocket"];
        let (mut connection, answer) = open(&way, "shop", &lines);
        assert_eq!(answer.status, 101, "{:?}: {answer:?}", way.gateway);
        let admin = way.service.client().with_api_key(&token_of("admin"));
        assert_eq!(admin.delete("/api/demo/admin/apiKeys/shop").await.status, 204);
        assert_eq!(open(&way, "shop", &lines).1.status, 401, "{:?}", way.gateway);
        connection.write_all(b"still").unwrap();
        let mut heard = [0; 5];
        connection.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"still", "{:?}", way.gateway);
    }
}

#[tokio::test]
async fn a_websocket_opens_for_nobody_else() {
    for way in ways() {
        for (key, status) in [("nobody", 401), ("off", 401), ("other", 401), ("clerk", 403)] {
            let (_, answer) = open(&way, key, &["Connection: Upgrade", "Upgrade: websocket"]);
            assert_eq!(answer.status, status, "{:?}: {key}: {answer:?}", way.gateway);
            assert_eq!(way.upstream.reached(), 0, "{:?}: {key}", way.gateway);
        }
    }
}

#[tokio::test]
async fn a_connection_turns_into_nothing_else() {
    for way in ways() {
        for upgrade in
            ["h2c", "h2c, websocket", "websocket, h2c", "TLS/1.0", "HTTP/2.0", "websocketx", "x"]
        {
            for connection in ["Connection: Upgrade, HTTP2-Settings", "Connection: Upgrade"] {
                let line = format!("Upgrade: {upgrade}");
                let settings = "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA";
                let (_, answer) = open(&way, "shop", &[connection, &line, settings]);
                let label = format!("{:?}: {upgrade}: {answer:?}", way.gateway);
                assert!(matches!(answer.status, 200 | 400 | 403), "{label}");
                if answer.status == 200 {
                    assert_eq!(answer.json()["headers"].get("upgrade"), None, "{label}");
                }
            }
        }
        for second in ["h2c", "TLS/1.0"] {
            let lines =
                ["Connection: Upgrade", "Upgrade: websocket", &format!("Upgrade: {second}")];
            let (_, answer) = open(&way, "shop", &lines);
            let told = if answer.status == 101 { way.upstream.last() } else { None };
            let label = format!("{:?}: {second}: {answer:?}: {told:?}", way.gateway);
            assert!(matches!(answer.status, 101 | 200 | 400 | 403), "{label}");
            let upgrade = told.map(|it| it["headers"]["upgrade"].to_string().to_lowercase());
            assert!(upgrade.is_none_or(|it| it == "[\"websocket\"]"), "{label}");
        }
    }
}
