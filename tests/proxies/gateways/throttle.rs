//! Failures behind a gateway are counted by the address of who calls, whatever it says of itself.

use std::io::Write as _;

use super::way::{GATEWAYS, ORDERS, Way};
use crate::raw::read_answer;

/// Asks with an unknown key, from an address of this machine.
async fn fail_from(way: &Way, address: &str, said: &str) -> u16 {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    let host = way.proxy.address();
    let stream = socket.connect(host.parse().unwrap()).await.unwrap();
    let mut stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    let request =
        format!("GET {ORDERS} HTTP/1.1\r\nHost: {host}\r\nX-API-KEY: unknown\r\n{said}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    read_answer(&mut stream).status
}

#[tokio::test]
async fn failures_are_counted_by_who_calls_and_not_by_what_it_says() {
    let settings = "  throttle:\n    failures_per_minute: 3\n    trusted_proxies: [127.0.0.1/32]\n";
    for gateway in GATEWAYS {
        let way = Way::start(gateway, &gateway.documented(), settings);
        let mut statuses = Vec::new();
        for number in 0..8 {
            let said = format!(
                "X-Forwarded-For: 192.0.2.{number}\r\nForwarded: for=198.51.100.{number}\r\n"
            );
            statuses.push(fail_from(&way, "127.0.0.2", &said).await);
        }
        let label = format!("{gateway:?}: {statuses:?}");
        assert_eq!(statuses[0], 401, "{label}");
        // nginx has no other word for it than 500.
        assert!(statuses[7] == 429 || statuses[7] == 500, "{label}");
        let another = fail_from(&way, "127.0.0.3", "").await;
        assert_eq!(another, 401, "{label}: another caller is slowed down too");
    }
}
