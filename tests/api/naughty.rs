//! Text that has broken other people's programs, in every place where a caller can put text; and
//! bodies that are nearly JSON.
//!
//! Each text is made of two parts, so that what is harmless alone meets what ends it. The client holds
//! every answer against the contract besides.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::KEYS;
use neokeys_testkit::{Client, Reply, Service, token_of};

/// Parts of texts, each of a kind that was somebody's fault somewhere.
const PARTS: &[&str] = &[
    "",
    "a",
    "0",
    "-1",
    "1e309",
    "0x7f",
    "NaN",
    "true",
    "~",
    "null",
    "undefined",
    ".",
    "..",
    "../t2/security.yml",
    "/",
    "\\",
    "//x",
    "C:\\x",
    "%2e%2e%2f",
    "%00",
    "\0",
    "\u{7}",
    "\u{8}",
    "\t",
    "\n",
    "\r\n",
    "\u{b}",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffd}",
    "\u{ffff}",
    "\u{10ffff}",
    "e\u{301}\u{302}\u{303}",
    "\u{1f469}\u{200d}\u{1f4bb}",
    "\u{ff21}\u{ff22}",
    "\u{430}dmin",
    "\u{130}\u{131}\u{df}",
    "'",
    "\"",
    "`",
    "' OR 1=1--",
    "\"; DROP TABLE keys;--",
    "<script>alert(1)</script>",
    "]]>",
    "&lt;",
    "${7*7}",
    "{{7*7}}",
    "#{7*7}",
    "$(id)",
    "| id",
    "; id",
    "%s%n%x",
    "{0}",
    "&anchor",
    "*alias",
    "!!bool true",
    "- x",
    "? x",
    "key: value",
    " #",
    "|\n  x",
    ">-",
    "%TAG ! x",
    "---",
    "...",
    "[",
    "{",
    "@",
    "=",
    "+",
    " ",
    "tenant.apiKey:write",
    "apiKeys:",
];

fn texts() -> impl Iterator<Item = String> {
    PARTS.iter().enumerate().flat_map(|(place, first)| {
        // Every part meets itself, its neighbours and parts far from it.
        [0, 1, 7, 31].map(|step| format!("{first}{}", PARTS[(place + step) % PARTS.len()]))
    })
}

/// The grammar of names, written down a second time.
fn is_name(text: &str) -> bool {
    let allowed = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    (1..=128).contains(&text.len()) && text.chars().all(allowed) && text != "." && text != ".."
}

/// RFC 6749 §3.3.
fn is_scope(text: &str) -> bool {
    let allowed = |it: char| matches!(it, '!'..='~') && it != '"' && it != '\\';
    (1..=256).contains(&text.len()) && text.chars().all(allowed)
}

async fn post(client: &Client, body: impl Into<bytes::Bytes>) -> Reply {
    let request = client.request("POST", KEYS).header("content-type", "application/json");
    request.body(body).send().await
}

#[tokio::test]
async fn any_text_is_a_name_or_a_permission_or_is_refused() {
    let service = Service::start();
    let admin = service.admin();
    let mut made = vec!["reader", "writer", "admin", "off"];
    let names: Vec<_> = texts().collect();
    for name in &names {
        let reply = admin.post(KEYS, json!({"name": name, "permissions": ["p"]})).await;
        let expected = match (is_name(name), made.contains(&name.as_str())) {
            (false, _) => 400,
            (true, true) => 409,
            (true, false) => 201,
        };
        assert_eq!(reply.status, expected, "{name:?}: {reply:?}");
        if expected == 201 {
            made.push(name);
        }
    }
    for (number, permission) in names.iter().enumerate() {
        let name = format!("permission-{number}");
        let body = json!({"name": name, "permissions": [permission, "p"]});
        let reply = admin.post(KEYS, body).await;
        assert_eq!(reply.status == 201, is_scope(permission), "{permission:?}: {reply:?}");
        if reply.status == 201 {
            let key: Value = admin.get(&format!("{KEYS}/{name}")).await.json();
            assert_eq!(key["permissions"][0], permission.as_str(), "{key}");
        }
    }
    // What was written is read back by whoever comes next: another process.
    let list = service.start_process().admin().get(KEYS).await;
    assert_eq!(list.json(), admin.get(KEYS).await.json());
    let shown: Vec<_> = list.json().as_array().unwrap()[..made.len()]
        .iter()
        .map(|key| key["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(shown, made);
}

#[tokio::test]
async fn any_text_in_a_path_a_query_a_form_or_a_header_is_answered() {
    let service = Service::start();
    let admin = service.admin();
    for text in texts() {
        let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
        let of_key = admin.get(&format!("{KEYS}/{encoded}")).await;
        let expected: &[u16] =
            if ["admin", "off"].contains(&&*text) { &[200] } else { &[200, 401, 404, 405] };
        assert!(expected.contains(&of_key.status.as_u16()), "{text:?}: {of_key:?}");
        let of_tenant = admin.get(&format!("/api/{encoded}/admin/apiKeys")).await;
        assert!([401, 404].contains(&of_tenant.status.as_u16()), "{text:?}: {of_tenant:?}");
        let asked = admin.get(&format!("/auth/t1?scope={encoded}&any={encoded}")).await;
        assert!([200, 400, 403].contains(&asked.status.as_u16()), "{text:?}: {asked:?}");
        // The document says which characters a token has (RFC 6749, appendix A.12).
        if !text.is_empty() && text.chars().all(|it| (' '..='~').contains(&it)) {
            let form = admin
                .request("POST", "/api/t1/introspect")
                .header("content-type", "application/x-www-form-urlencoded");
            let answer = form.body(format!("token={encoded}")).send().await;
            assert_eq!(answer.json(), json!({"active": false}), "{text:?}");
        }
        // What a header cannot hold, no client can send.
        let Ok(value) = http::HeaderValue::from_bytes(text.as_bytes()) else { continue };
        for name in ["x-api-key", "authorization", "if-match", "if-none-match", "accept"] {
            let client = if name == "x-api-key" { service.client() } else { admin.clone() };
            let request = client.request("GET", KEYS).header(name, value.clone());
            let reply = request.send().await;
            let status = reply.status.as_u16();
            assert!([200, 304, 400, 401, 412].contains(&status), "{name}: {text:?}: {reply:?}");
            assert!(name != "x-api-key" || status == 401, "{text:?} is a key");
        }
        let named = admin.request("GET", KEYS).header("x-request-id", value.clone()).send().await;
        assert_eq!(named.status, 200, "{text:?}: {named:?}");
    }
    assert_eq!(admin.get(KEYS).await.json().as_array().unwrap().len(), 4);
}

/// Bodies that say the same, however they are written (RFC 8259); `NAME` is the name to make.
const JSON: &[&str] = &[
    r#"{"name":"NAME","permissions":["p"]}"#,
    "\n\t{ \"name\"\r:\n\"NAME\" ,\t\"permissions\" : [ \"p\" ] }\r\n ",
    r#"{"permissions":["p"],"name":"NAME"}"#,
    r#"{"n\u0061me":"NAME","permissions":["\u0070"]}"#,
    r#"{"\u006e\u0061\u006D\u0065":"NAME","permissions":["p","p"]}"#,
    r#"{"name":"NAME","enabled":true,"permissions":["p"]}"#,
    r#"{"name":"NAME","enabled":false,"permissions":["p","\/","a\/b"]}"#,
];

/// Changes that make of good JSON bad JSON, or other JSON than the operation takes.
const SPOILS: &[(&str, &str)] = &[
    ("{", ""),
    ("{", "{,"),
    ("{", "["),
    ("}", ""),
    ("}", ",}"),
    ("}", "}}"),
    ("}", "} x"),
    ("}", "}{}"),
    ("}", "} // end"),
    ("}", "}\0"),
    ("{", "\u{feff}\u{feff}{"),
    ("{", "/* begin */ {"),
    ("[", ""),
    ("[", "[,"),
    ("[", "[[[["),
    ("]", ",]"),
    ("]", ""),
    (":", "="),
    (":", ""),
    (":", "::"),
    (",", ";"),
    (",", ",,"),
    (",", ""),
    ("\"NAME\"", "'NAME'"),
    ("\"NAME\"", "NAME"),
    ("\"NAME\"", "\"NAME"),
    ("\"NAME\"", "\"NAME\\\""),
    ("\"NAME\"", "\"NA\nME\""),
    ("\"NAME\"", "\"NA\u{1}ME\""),
    ("\"NAME\"", "\"NA\\xME\""),
    ("\"NAME\"", "\"NA\\u12ME\""),
    ("\"NAME\"", "\"\\ud800\""),
    ("\"NAME\"", "\"\\udc00\\ud800\""),
    ("\"NAME\"", "\"NAME\" \"NAME\""),
    ("\"NAME\"", "\"NAME\",\"name\":\"other\""),
    ("\"NAME\"", "\"NAME\",\"n\\u0061me\":\"NAME\""),
    ("\"NAME\"", "01"),
    ("\"NAME\"", "+1"),
    ("\"NAME\"", ".5"),
    ("\"NAME\"", "1."),
    ("\"NAME\"", "1e"),
    ("\"NAME\"", "0x10"),
    ("\"NAME\"", "1e9999"),
    ("\"NAME\"", "NaN"),
    ("\"NAME\"", "Infinity"),
    ("\"NAME\"", "True"),
    ("\"NAME\"", "nul"),
    ("\"NAME\"", "null"),
    ("\"NAME\"", "{}"),
    ("\"NAME\"", "[\"NAME\"]"),
    ("\"NAME\"", "{\"$ref\":\"#\"}"),
];

#[tokio::test]
async fn a_body_is_json_to_the_letter_or_is_refused() {
    let service = Service::start();
    let admin = service.admin();
    let mut made = 4;
    for (number, text) in JSON.iter().enumerate() {
        let reply = post(&admin, text.replace("NAME", &format!("good-{number}"))).await;
        assert_eq!(reply.status, 201, "{text}: {reply:?}");
        made += 1;
        for (part, spoilt) in SPOILS.iter().filter(|(part, _)| text.contains(part)) {
            let first = text.replacen(part, spoilt, 1);
            let last = text
                .rfind(part)
                .map(|place| format!("{}{spoilt}{}", &text[..place], &text[place + part.len()..]));
            for body in [Some(first), last].into_iter().flatten() {
                let reply = post(&admin, body.replace("NAME", "bad")).await;
                assert_eq!(reply.status, 400, "{body}: {reply:?}");
            }
        }
        // Cut anywhere, it is no JSON.
        let whole = text.trim_end().replace("NAME", "bad");
        for end in 0..whole.len() {
            assert_eq!(
                post(&admin, whole[..end].to_owned()).await.status,
                400,
                "{}",
                &whole[..end]
            );
        }
    }
    // Bytes that are no UTF-8, in every place of a body.
    let good = br#"{"name":"bad","permissions":["p"]}"#;
    for place in 0..=good.len() {
        for bytes in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"] {
            let body = [&good[..place], bytes, &good[place..]].concat();
            assert_eq!(post(&admin, body).await.status, 400, "{bytes:?} at {place}");
        }
    }
    assert_eq!(admin.get(KEYS).await.json().as_array().unwrap().len(), made);
    assert_eq!(service.client().with_api_key(&token_of("bad")).get(KEYS).await.status, 401);
}
