//! Whoever asks for metrics waits for nobody who does not ask.

use std::io::Write as _;

use crate::node::{Node, answer, ask, connect, get};

#[test]
fn a_scrape_waits_for_no_idle_connection() {
    // Nothing ends by itself while this test runs.
    let node = Node::start(
        "metrics: {listen: '127.0.0.1:0'}\nlimits: {idle_time: 1000s, head_time: 1000s}\n",
    );
    let scrape = get("/metrics");
    let mut held = Vec::new();
    for number in 0..300 {
        let mut stream = connect(node.metrics_address());
        match number % 3 {
            0 => {}
            1 => stream.write_all(b"GET").unwrap(),
            _ => {
                stream.write_all(scrape.as_bytes()).unwrap();
                assert!(answer(&mut stream).starts_with("HTTP/1.1 200 "), "{number}");
            }
        }
        held.push(stream);
    }
    let page = ask(node.metrics_address(), &scrape);
    assert!(page.contains("neokeys_build_info"), "{page}");
    assert!(node.metric("process_open_fds") < 150.0);
}
