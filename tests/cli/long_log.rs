//! A long log, served by the program: it is read in parts, only those that are needed, and never held whole.

use neokeys::domain::Digest;
use neokeys_testkit::long_log::{self, RARE_KEY};
use neokeys_testkit::server::Server;
use neokeys_testkit::tenants::tenant;
use neokeys_testkit::workplace::Workplace;
use serde_json::Value;

use crate::requests::{answer, ask};

const EVENTS: u64 = 100_000;
/// The most lines that a page looks at.
const LOOKED_AT: u64 = 16_384;
const ADMIN: &str = "the administrator's token";
const EVENTS_OF: &str = "/api/acme/admin/audit/events?";

/// A store whose one tenant has a long log, and the mean length of a line.
fn place() -> (Workplace, u64) {
    let place = Workplace::new();
    std::fs::create_dir_all(place.path("data/acme")).unwrap();
    let hash = Digest::of(ADMIN.as_bytes()).to_hex();
    let document = format!("apiKeys:\n  - name: admin\n    permissions: ['*']\n    hash: {hash}\n");
    place.write("data/acme/security.yml", &document);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(long_log::write(&place.path("data"), &tenant("acme"), EVENTS));
    let segment =
        |number| place.path(&format!("data/.neokeys/audit/acme/events-000{number}.jsonl"));
    let lengths = [1, 2].map(|number| segment(number).metadata().unwrap().len());
    (place, lengths.iter().sum::<u64>() / EVENTS)
}

/// Bytes that the program has read so far, from wherever.
fn has_read(server: &Server) -> u64 {
    figure(server, "io", "rchar: ")
}

/// The most memory that the program ever held, in bytes.
fn peak(server: &Server) -> u64 {
    figure(server, "status", "VmHWM:") * 1024
}

fn figure(server: &Server, file: &str, name: &str) -> u64 {
    let id = server.process.id().as_raw_nonzero();
    let text = std::fs::read_to_string(format!("/proc/{id}/{file}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The answer to a GET, and how much was read for it.
fn get(server: &Server, path: &str) -> (String, u64) {
    let before = has_read(server);
    let (status, body) = answer(ask(server.address(), ADMIN, "GET", path, ""));
    assert_eq!(status, 200, "{path}: {body:.500}");
    (body, has_read(server) - before)
}

/// The events of a page, and how much was read for it.
fn page(server: &Server, query: &str) -> (usize, u64) {
    let (body, read) = get(server, &format!("{EVENTS_OF}{query}"));
    let page: Value = serde_json::from_str(&body).unwrap();
    assert!(page["next"].is_string(), "{query}: that was not all");
    (page["items"].as_array().unwrap().len(), read)
}

#[test]
fn a_long_log_is_read_in_parts_and_held_in_none() {
    let (place, line) = place();
    let (blocks, little) = (|count: u64| count * 256 * line, 64 * 1024);
    let server = place.serve(&[]);
    // The start, the first check of a key, and the first change.
    get(&server, "/api/acme/admin/apiKeys");
    let body = r#"{"name": "new", "permissions": ["a"]}"#;
    let address = server.address();
    let (status, said) = answer(ask(address, ADMIN, "POST", "/api/acme/admin/apiKeys", body));
    assert_eq!(status, 201, "{said}");
    let read = has_read(&server);
    assert!(read < 1 << 20, "{read} bytes before anybody asked for the log");

    let (found, read) = page(&server, "limit=100");
    assert!(
        found == 100 && read < blocks(2) + little,
        "{found} events, {read} bytes of {line} a line"
    );
    let (found, read) = page(&server, &format!("key={RARE_KEY}&limit=1"));
    assert!(found == 1 && read < blocks(12) + little, "{found} events, {read} bytes");
    let (found, read) = page(&server, "key=nobody&limit=100");
    let most = LOOKED_AT * line * 11 / 10 + little;
    assert!(found == 0 && read < most, "{found} events, {read} bytes of {most}");
    let (_, read) = get(&server, "/api/acme/admin/audit/proof?sequence=50000");
    // Its own block and the last one, once for each hash of them that it takes.
    assert!(read < blocks(16) + little, "{read} bytes for a proof");

    let before = peak(&server);
    let mut exports: Vec<_> =
        (0..4).map(|_| ask(address, ADMIN, "GET", "/api/acme/admin/audit/export", "")).collect();
    // One reader is slow: it has the beginning when the others have all.
    let slow = exports.pop().unwrap();
    for mut export in exports {
        let length = std::io::copy(&mut export, &mut std::io::sink()).unwrap();
        assert!(length >= EVENTS * line, "{length} bytes");
    }
    let length = std::io::copy(&mut { slow }, &mut std::io::sink()).unwrap();
    assert!(length >= EVENTS * line, "{length} bytes");
    let took = peak(&server) - before;
    assert!(took < EVENTS * line / 4, "{took} bytes for exports of {}", EVENTS * line);
    let verified = place.run(&["audit", "verify", "--tenant", "acme"]).done();
    assert!(verified.starts_with("100001 lines verified."), "{verified}");
}
