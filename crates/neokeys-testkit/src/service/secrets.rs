//! Secrets that no answer of any test may hold: a presented credential, a hash, or a token but in the answer
//! that issues it.

use http::HeaderMap;

use super::Reply;

/// The credentials of a request that are long enough to be nobody else's words.
pub(super) fn presented(headers: &HeaderMap) -> Vec<String> {
    let named = ["authorization", "x-api-key"].into_iter().flat_map(|name| headers.get_all(name));
    let words =
        named.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split([' ', '.']));
    words.filter(|word| word.len() >= 10).map(str::to_owned).collect()
}

/// Panics if an answer holds one of them, or anything that looks like a hash or a new token.
pub(super) fn assert_absent(presented: &[String], path: &str, reply: &Reply) {
    let headers = reply.headers.iter().map(|(name, value)| format!("{name}: {value:?}\n"));
    let text = headers.collect::<String>() + &String::from_utf8_lossy(&reply.body);
    for secret in presented {
        assert!(!text.contains(secret.as_str()), "{secret} comes back: {text}");
    }
    // What tells states of a document apart in an audit log is the hash of no token.
    let states = if path.contains("/admin/audit/") { "sha256:" } else { "\0" };
    let mut parts = text.split(states);
    let first = parts.next().unwrap_or_default().to_owned();
    let text = parts.fold(first, |text, part| text + part.get(64..).unwrap_or(part));
    let longest = |allowed: fn(&char) -> bool, text: &str| {
        text.split(|character| !allowed(&character)).map(str::len).max().unwrap_or_default()
    };
    // Whoever reports a leak has the token itself, and is told its hash by its protocol.
    let has_tokens = path == "/leaks/github" && reply.status == 200;
    assert!(has_tokens || longest(char::is_ascii_hexdigit, &text) < 64, "a hash: {text}");
    let tokens = text
        .split("nsk_")
        .skip(1)
        .filter(|rest| rest.bytes().take_while(u8::is_ascii_alphanumeric).count() >= 49);
    let is_rotation = reply.status == 200 && path.ends_with("/rotate");
    // A plan issues a token for each new key that has none.
    let is_plan = reply.status == 200 && path.ends_with("/apiKeyPlans");
    let planned = if is_plan { text.matches("\"needsToken\":true").count() } else { 0 };
    let shown = usize::from(reply.status == 201 || is_rotation) + planned;
    assert!(tokens.count() <= shown, "a token: {text}");
}
