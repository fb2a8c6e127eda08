//! Ends to the second, on the program itself, whose clock is set from outside (Debian's `faketime`).

use std::path::PathBuf;
use std::process::{Command, Stdio};

use neokeys::domain::Digest;
use neokeys_testkit::server::Server;
use neokeys_testkit::workplace::Workplace;

const LAST: &str = "2027-02-24 20:59:59";
const FIRST_AFTER: &str = "2027-02-24 21:00:00";

/// The library that stands between a program and the clock.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut libraries = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    let found = libraries.find(|library| library.exists());
    found.unwrap_or_else(|| {
        panic!("libfaketimeMT.so.1 is missing; install it: apt-get install -y faketime")
    })
}

/// Sets the clock, which stands still.
fn set_clock(place: &Workplace, time: &str) {
    place.write("clock.new", &format!("{time}\n"));
    std::fs::rename(place.path("clock.new"), place.path("clock")).unwrap();
}

/// The head of the answer to a token.
fn ask(server: &Server, token: &str) -> String {
    let address = format!("http://{}/api/demo/apiKey", server.address());
    let header = format!("X-API-KEY: {token}");
    let output = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-D", "-", "-H", &header, &address])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().to_lowercase()
}

#[test]
fn a_token_is_good_in_the_last_second_before_its_end_and_not_in_the_next() {
    let place = Workplace::with_tenant();
    let hash = |token: &str| Digest::of(token.as_bytes()).to_hex();
    place.write(
        "data/demo/security.yml",
        &format!(
            "apiKeys:\n\
             - name: ends\n  permissions: [a]\n  hash: {}\n  limits: {{expiresAt: 2027-02-24T21:00:00Z}}\n\
             - name: rotated\n  permissions: [a]\n  hash: {}\n  previousHashes:\n  \
             - {{hash: {}, expiresAt: '2027-02-24T22:00:00+01:00'}}\n",
            hash("ends"),
            hash("newest"),
            hash("older"),
        ),
    );
    set_clock(&place, LAST);
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    command
        .env("LD_PRELOAD", library())
        .env("TZ", "UTC")
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("FAKETIME_TIMESTAMP_FILE", place.path("clock"));
    let server = Server::start_logged(&mut command, &place.path("log"));
    let is_good = |token: &str| ask(&server, token).starts_with("http/1.1 200 ");
    for _ in 0..3 {
        assert!(is_good("ends") && is_good("older") && is_good("newest"));
        assert!(ask(&server, "ends").contains("\napi-key-expires: 2027-02-24t21:00:00z\r\n"));
        // An overlap ends and a key does, while the service runs and nobody writes to the file.
        set_clock(&place, FIRST_AFTER);
        for token in ["ends", "older"] {
            let refused = ask(&server, token);
            assert!(refused.starts_with("http/1.1 401 "), "{refused}");
            assert!(refused.contains("the api key expired at 2027-02-24t21:00:00z"), "{refused}");
        }
        assert!(is_good("newest"));
        // A clock that is set back counts as it is: what had ended is good again.
        set_clock(&place, LAST);
    }
}
