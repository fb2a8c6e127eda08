//! Tokens that are signed well and written ill: parts, Base64, and texts that are no plain JSON.

use serde_json::json;

use super::{BearerError, MALFORMED, Rows, Table, es256, header_with, row};
use neokeys_testkit::signer::base64url;

pub(super) fn rows(table: &Table<'_>) -> Rows {
    [extensions(table), types(table), parts(table), texts(table)].into_iter().flatten().collect()
}

/// Critical headers that are not understood (RFC 7515 §4.1.11, RFC 7797).
fn extensions(table: &Table<'_>) -> Rows {
    let mut rows = Vec::new();
    for changes in [
        json!({ "crit": ["exp"] }),
        json!({ "crit": [] }),
        json!({ "crit": null }),
        json!({ "crit": ["b64"], "b64": true }),
        json!({ "crit": ["b64"], "b64": false }),
        json!({ "b64": false }),
    ] {
        let token = es256().sign(&header_with(&changes), &table.claims());
        rows.push(row(changes.to_string(), token, BearerError::CriticalHeader));
    }
    // The payload unencoded in the signature, and in the token.
    let header = base64url(header_with(&json!({ "b64": false, "crit": ["b64"] })).to_string());
    rows.push(row("unencoded", es256().sign_input(&format!("{header}.{{}}")), MALFORMED));
    rows
}

fn types(table: &Table<'_>) -> Rows {
    let mut rows = Vec::new();
    for typ in
        ["JWE", "dpop+jwt", "logout+jwt", "secevent+jwt", "id+jwt", "kb+jwt", "at", "at+JWT+"]
    {
        let token = es256().sign(&header_with(&json!({ "typ": typ })), &table.claims());
        rows.push(row(format!("typ {typ}"), token, BearerError::WrongType));
    }
    rows
}

/// Tokens that are not three parts of canonical Base64url.
fn parts(table: &Table<'_>) -> Rows {
    let token = es256().token(&table.claims());
    let parts: Vec<_> = token.split('.').collect();
    let mut rows = Vec::new();
    for count in [1, 2, 4, 5, 6, 7] {
        let parts: Vec<_> = parts.iter().cycle().take(count).copied().collect();
        rows.push(row(format!("{count} parts"), parts.join("."), MALFORMED));
    }
    for (name, bent) in [
        ("dots", "..".to_owned()),
        ("padded", format!("{token}==")),
        ("padded inside", format!("{}=.{}.{}", parts[0], parts[1], parts[2])),
        ("a newline after", format!("{token}\n")),
        ("a space before", format!(" {token}")),
        ("a NUL after", format!("{token}\0")),
        ("a second scheme", format!("Bearer {token}")),
        ("an empty header", format!(".{}.{}", parts[1], parts[2])),
        ("an empty payload", format!("{}..{}", parts[0], parts[2])),
        ("an empty signature", format!("{}.{}.", parts[0], parts[1])),
        ("standard Base64", format!("{}.{}.{}", parts[0], parts[1], "+/".repeat(43))),
        ("percent-encoded", token.replace('.', "%2E")),
        ("a wide dot", token.replacen('.', "\u{ff0e}", 1)),
        ("JSON serialization", json!({ "payload": parts[1], "signature": parts[2] }).to_string()),
    ] {
        rows.push(row(name, bent, MALFORMED));
    }
    // The same 64 bytes with stray bits at the end: a lenient decoder takes them for the signature.
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (before, last) = token.split_at(token.len() - 1);
    let value = DIGITS.find(last).unwrap();
    for stray in 1..16 {
        let digit = char::from(DIGITS.as_bytes()[value | stray]);
        rows.push(row(format!("stray bits {stray}"), format!("{before}{digit}"), MALFORMED));
    }
    rows
}

/// Parts that are not one plain JSON object.
fn texts(table: &Table<'_>) -> Rows {
    let (header, payload) = (es256().header().to_string(), table.claims().to_string());
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    let utf16_le = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let bom = |text: &str| format!("\u{feff}{text}").into_bytes();
    let expires = (table.now + 600).to_string();
    let first = |more: &str| payload.replacen('{', &format!("{{{more},"), 1);
    let headers = [
        ("UTF-16 header", utf16(&header)),
        ("UTF-16 header, the other way", utf16_le(&header)),
        ("BOM header", bom(&header)),
        ("two headers", format!("{header}{header}").into()),
        ("array header", format!("[{header}]").into()),
        ("surrogate kid", header.replace("k-ES256", "\\udfff").into()),
        ("repeated alg", header.replacen('{', r#"{"alg":"none","#, 1).into()),
        ("repeated kid", header.replacen('{', r#"{"kid":"x","#, 1).into()),
        ("null header", "null".into()),
        ("deep header", format!("{{\"x\":{}", "[".repeat(10_000)).into()),
    ];
    let payloads = [
        ("UTF-16 claims", utf16(&payload)),
        ("UTF-16 claims, the other way", utf16_le(&payload)),
        ("BOM claims", bom(&payload)),
        ("array claims", format!("[{payload}]").into()),
        ("text after", format!("{payload}x").into()),
        ("surrogate", payload.replace("user-1", "\\ud800").into()),
        ("surrogates turned round", payload.replace("user-1", "\\udc00\\ud800").into()),
        ("repeated iss", first(r#""iss":"x""#).into()),
        ("repeated exp", first(r#""exp":1"#).into()),
        ("repeated sub", first(r#""sub":"admin""#).into()),
        ("escaped twin", first(r#""\u0073ub":"a""#).into()),
        ("nested twin", first(r#""x":{"a":1,"a":2}"#).into()),
        ("raw newline", payload.replace("user-1", "user\n1").into()),
        ("not UTF-8", [&b"{\"sub\":\"\xff\","[..], &payload.as_bytes()[1..]].concat()),
        ("deep", format!("{{\"x\":{}", "[".repeat(10_000)).into()),
        ("exp 1e999", payload.replace(&expires, "1e999").into()),
        ("exp -1e999", payload.replace(&expires, "-1e999").into()),
        ("exp Infinity", payload.replace(&expires, "Infinity").into()),
        ("exp NaN", payload.replace(&expires, "NaN").into()),
        ("exp in hexadecimal", payload.replace(&expires, "0x7fffffff").into()),
        ("a comment", first("/**/\"x\":1").into()),
        ("a comma at the end", format!("{},}}", &payload[..payload.len() - 1]).into()),
        ("a space", " ".into()),
        ("null", "null".into()),
        ("text", "\"{}\"".into()),
    ];
    let bent_headers = headers
        .map(|(name, bent)| row(name, es256().sign_text(bent, payload.as_bytes()), MALFORMED));
    let bent_payloads = payloads
        .map(|(name, bent)| row(name, es256().sign_text(header.as_bytes(), bent), MALFORMED));
    bent_headers.into_iter().chain(bent_payloads).collect()
}
