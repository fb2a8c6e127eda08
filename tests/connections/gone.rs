//! Clients that close their connection while their change waits, and some that seem to.

use std::fs::File;
use std::io::Write as _;
use std::net::Shutdown;
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};

use crate::clients::{Client, Way};
use crate::node::{ADMIN, KEYS, Node, at_last, entry, request};

const SETTINGS: &str = "log: {level: debug, format: json}\nmetrics: {listen: 127.0.0.1:0}\n";

/// The changes that wait or are being written.
const WAITING: &str = "neokeys_commits_waiting";

/// How often a change is asked for until it is left.
const TRIES: usize = 5;

/// How a client goes.
#[derive(Debug, Clone, Copy)]
enum Farewell {
    /// It says so, where TLS has a word for it, and closes.
    Closes,
    /// It closes without a word.
    Vanishes,
    /// Its connection is reset: something that it was sent was never read.
    Resets,
}

fn node(is_secure: bool) -> (Node, Way) {
    let builder = Node::builder().settings(SETTINGS).entries(&entry("kept", "token-of-kept"));
    if !is_secure {
        return (builder.start(), Way::Plain);
    }
    let node = builder.secure().start();
    let way = Way::secure(&node);
    (node, way)
}

/// The lock of the tenant, held as a backup does.
fn hold(node: &Node) -> File {
    let own = node.path("data/.neokeys");
    std::fs::create_dir_all(&own).unwrap();
    let lock = File::create(own.join("t1.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    lock
}

fn commits(node: &Node, outcome: &str) -> f64 {
    node.metric(&commits_that_ended(outcome))
}

fn commits_that_ended(outcome: &str) -> String {
    format!("neokeys_commits_total{{outcome=\"{outcome}\"}}")
}

fn waiting(node: &Node) -> f64 {
    node.metric(WAITING)
}

/// How many changes were refused, how many were left, and how many wait.
fn fates(node: &Node) -> [f64; 3] {
    let [refused, left] = ["unavailable", "left"].map(commits_that_ended);
    node.metrics([&refused, &left, WAITING])
}

fn create(name: &str) -> String {
    request("POST", KEYS, &format!("{{\"name\": \"{name}\", \"permissions\": [\"a\"]}}"))
}

/// The three ways to change something.
fn changes() -> [String; 3] {
    let kept = format!("{KEYS}/kept");
    let body = "{\"enabled\": false, \"permissions\": [\"other\"]}";
    [create("late"), request("PUT", &kept, body), request("DELETE", &kept, "")]
}

fn ends_sending(client: &mut Client) {
    match client {
        Client::Plain(stream) => stream.shutdown(Shutdown::Write).unwrap(),
        Client::Secure(stream) => {
            stream.conn.send_close_notify();
            stream.flush().unwrap();
            stream.sock.shutdown(Shutdown::Write).unwrap();
        }
    }
}

/// When a change counts as left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Once that is told, or nothing of it is in memory: that of a connection which breaks is not always told.
    Told,
    /// Once nothing of it is in memory, while the lock is still held.
    Forgotten,
}

/// Asks for a change while the lock is held, and goes. A machine that is so slow that the wait for the
/// lock is over first answers the client: then it is done again.
fn left_by(node: &Node, what: &str, when: Left, mut ask_and_go: impl FnMut()) {
    for _ in 0..TRIES {
        let [refused, left, _] = fates(node);
        ask_and_go();
        let mut is_left = false;
        at_last(&format!("{what} is left or refused"), || {
            let [now_refused, now_left, waiting] = fates(node);
            let is_refused = now_refused > refused;
            let is_told = when == Left::Told && now_left > left;
            is_left = !is_refused && (is_told || waiting == 0.0);
            is_left || is_refused
        });
        if is_left {
            return;
        }
    }
    panic!("{what} was never left: it waited for the lock to the end, {TRIES} times");
}

fn ask_and_go(node: &Node, way: &Way, change: &str, farewell: Farewell) {
    let [refused, _, at_first] = fates(node);
    let mut client = way.connect(node);
    if matches!(farewell, Farewell::Resets) {
        // Its answer stays unread.
        client.send(&crate::node::get("/health/live"));
    }
    client.send(change);
    at_last("the change waits", || {
        let [now_refused, _, waiting] = fates(node);
        waiting > at_first || now_refused > refused
    });
    if matches!(farewell, Farewell::Closes) && matches!(client, Client::Secure(_)) {
        ends_sending(&mut client);
    }
}

fn what_waits_is_left(is_secure: bool) {
    let (node, way) = node(is_secure);
    let document = || std::fs::read_to_string(node.path("data/t1/security.yml")).unwrap();
    let before = document();
    for change in changes() {
        for farewell in [Farewell::Closes, Farewell::Vanishes, Farewell::Resets] {
            let lock = hold(&node);
            let what = format!("{farewell:?}: {}", change.lines().next().unwrap());
            left_by(&node, &what, Left::Told, || ask_and_go(&node, &way, &change, farewell));
            drop(lock);
            at_last("nothing is left in memory", || waiting(&node) == 0.0);
            assert_eq!(document(), before, "{what}");
        }
    }
    // A connection that breaks can end before its request is told, and the request with it.
    at_last("the log says so", || node.log().matches("\"client.gone\":true").count() >= 6);
    assert!(commits(&node, "left") >= 6.0);
    assert!(node.log().contains("the client had gone before its change was begun"));
    // Nothing is a failure but what was refused since this machine was too slow.
    let failures = node.log().matches("\"level\":\"ERROR\"").count();
    assert!(failures as f64 <= commits(&node, "unavailable"), "{}", node.log());
    // The next one who stays has all that it asks for.
    let mut client = way.connect(&node);
    client.send(&create("after"));
    let made = client.answer();
    assert!(made.starts_with("HTTP/1.1 201 "), "{made}");
    assert_eq!(commits(&node, "committed"), 1.0);
}

#[test]
fn a_change_that_waits_is_left_when_its_client_goes() {
    what_waits_is_left(false);
}

#[test]
fn a_change_that_waits_is_left_when_its_client_goes_over_tls() {
    what_waits_is_left(true);
}

#[test]
fn curl_that_gives_up_leaves_nothing_behind() {
    for is_secure in [false, true] {
        let (node, _) = node(is_secure);
        let lock = hold(&node);
        let (_, port) = node.address().rsplit_once(':').unwrap();
        let url = if is_secure {
            format!("https://localhost:{port}{KEYS}")
        } else {
            format!("http://localhost:{port}{KEYS}")
        };
        left_by(&node, "curl's change", Left::Forgotten, || {
            let curl = Command::new("curl")
                .args(["-4", "-sS", "-m", "1", "-X", "POST", &url, "--cacert"])
                .arg(node.path("cert.pem"))
                .args([
                    "-H",
                    &format!("X-API-KEY: {ADMIN}"),
                    "-H",
                    "Content-Type: application/json",
                ])
                .args(["-d", "{\"name\": \"late\", \"permissions\": [\"a\"]}"])
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert_eq!(curl.status.code(), Some(28), "{curl:?}");
        });
        drop(lock);
        at_last("nothing is left in memory", || waiting(&node) == 0.0);
        let list = node_list(&node, is_secure);
        assert!(!list.contains("late") && list.contains("kept"), "{list}");
    }
}

fn node_list(node: &Node, is_secure: bool) -> String {
    let way = if is_secure { Way::secure(node) } else { Way::Plain };
    let mut client = way.connect(node);
    client.send(&crate::node::get(KEYS));
    client.answer()
}

#[test]
fn who_only_ends_its_sending_side_has_its_answer() {
    for is_secure in [false, true] {
        let (node, way) = node(is_secure);
        for number in 0..20 {
            let mut client = way.connect(&node);
            client.send(&create(&format!("half-{number}")));
            ends_sending(&mut client);
            let answer = client.rest();
            assert!(answer.starts_with("HTTP/1.1 201 "), "{number}: {answer}");
        }
        // Several in one piece.
        let mut client = way.connect(&node);
        client.send(&(create("one") + &create("two") + &changes()[2]));
        ends_sending(&mut client);
        let answers = client.rest();
        assert_eq!(answers.matches("HTTP/1.1 201 ").count(), 2, "{answers}");
        assert_eq!(answers.matches("HTTP/1.1 204 ").count(), 1, "{answers}");
        assert_eq!(commits(&node, "left"), 0.0);
        // One that has to wait is told that nothing was changed.
        let lock = hold(&node);
        let mut client = way.connect(&node);
        client.send(&create("late"));
        ends_sending(&mut client);
        let answer = client.rest();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("Nothing was changed"), "{answer}");
        drop(lock);
    }
}

#[test]
fn what_was_begun_is_done_though_its_client_goes() {
    let (node, way) = node(false);
    // Somebody has the document open for writing: the change is begun, and waits for them.
    for change in changes() {
        let done = commits(&node, "committed");
        let path = node.path("data/t1/security.yml");
        let editor = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        let mut client = way.connect(&node);
        client.send(&change);
        at_last("the change is there", || {
            waiting(&node) > 0.0 || commits(&node, "committed") > done
        });
        drop(client);
        at_last("the change is done", || commits(&node, "committed") > done);
        drop(editor);
    }
    assert_eq!(commits(&node, "left"), 0.0);
    let list = node.list();
    assert!(list.contains("late") && !list.contains("kept"), "{list}");
}
