//! Tokens and their hashes without a store.

use std::io::Write as _;
use std::process::Stdio;

use neokeys_testkit::workplace::Workplace;

/// The program's answer to the text on its standard input.
fn hash(place: &Workplace, token: &str) -> (Option<i32>, String, String) {
    let mut command = place.command(&["token", "--hash", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(token.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_token_and_its_hash_make_a_key_that_works() {
    let place = Workplace::with_tenant();
    let made = place.run(&["token"]);
    let line = made.remarks.clone();
    let token = made.done();
    assert!(token.starts_with("nsk_") && token.lines().count() == 1, "{token}");
    assert!(line.starts_with("hash: ") && line.trim_end().len() == 6 + 64, "{line}");
    for text in [token.trim_end().to_owned(), token.clone(), token.replace('\n', "\r\n")] {
        assert_eq!(hash(&place, &text), (Some(0), line.clone(), String::new()));
    }
    let entry = format!("apiKeys:\n  - name: a\n    permissions: [x]\n    {line}");
    place.write("data/demo/security.yml", &entry);
    assert_eq!(place.run(&["keys", "list", "--tenant", "demo", "--json"]).json()[0]["name"], "a");
}

#[test]
fn a_token_is_no_argument_and_is_not_repeated() {
    let place = Workplace::new();
    let refused = place.run(&["token", "--hash", "nsk_secret"]).refused(2);
    assert!(refused.contains("standard input") && !refused.contains("nsk_secret"), "{refused}");
    let (code, results, remarks) = hash(&place, "\n");
    assert_eq!((code, results.as_str()), (Some(2), ""));
    assert!(remarks.contains("no token"), "{remarks}");
}
