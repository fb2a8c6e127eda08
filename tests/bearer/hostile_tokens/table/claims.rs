//! Tokens that are signed and written well, and say what they may not.

use serde_json::{Value, json};

use super::BearerError::{
    Expired, InvalidClaim, MissingClaim, NotYetValid, TooLong, UnknownIssuer, WrongAudience,
};
use super::{BearerError, Rows, Table, es256, row};
use neokeys_testkit::signer::AUDIENCE;

pub(super) fn rows(table: &Table<'_>) -> Rows {
    let bent = times(table.now).into_iter().chain(parties()).chain(grants());
    bent.map(|(changes, rule)| {
        let name = changes.to_string().chars().take(60).collect::<String>();
        row(name, es256().token(&table.claims_with(&changes)), rule)
    })
    .collect()
}

fn times(now: u64) -> Vec<(Value, BearerError)> {
    let mut rows = vec![
        (json!({ "exp": "(absent)" }), MissingClaim("exp")),
        (json!({ "exp": now - 31 }), Expired),
        (json!({ "exp": 0 }), Expired),
        (json!({ "exp": -1 }), Expired),
        (json!({ "exp": -1e300 }), Expired),
        (json!({ "nbf": now + 300 }), NotYetValid),
        (json!({ "nbf": 1e300 }), NotYetValid),
    ];
    for claim in ["exp", "nbf"] {
        for value in [
            json!((now + 600).to_string()),
            json!(""),
            json!([now + 600]),
            json!({ "at": now + 600 }),
            json!(true),
            json!(null),
        ] {
            rows.push((json!({ (claim): value }), InvalidClaim(claim)));
        }
    }
    rows
}

fn parties() -> Vec<(Value, BearerError)> {
    vec![
        (json!({ "iss": "(absent)" }), MissingClaim("iss")),
        (json!({ "iss": ["https://issuer.example/"] }), InvalidClaim("iss")),
        (json!({ "iss": null }), InvalidClaim("iss")),
        (json!({ "iss": "https://issuer.example" }), UnknownIssuer),
        (json!({ "iss": "https://ISSUER.example/" }), UnknownIssuer),
        (json!({ "iss": "https://issuer.example/ " }), UnknownIssuer),
        (json!({ "iss": "https://issuer.example/x" }), UnknownIssuer),
        (json!({ "iss": "" }), UnknownIssuer),
        (json!({ "aud": "(absent)" }), MissingClaim("aud")),
        (json!({ "aud": "" }), WrongAudience),
        (json!({ "aud": [] }), WrongAudience),
        (json!({ "aud": [""] }), WrongAudience),
        (json!({ "aud": "https://api.example" }), WrongAudience),
        (json!({ "aud": "https://api.example/x" }), WrongAudience),
        (json!({ "aud": "HTTPS://API.EXAMPLE/" }), WrongAudience),
        (json!({ "aud": ["https://api.example", "other"] }), WrongAudience),
        (json!({ "aud": format!("{AUDIENCE} other") }), WrongAudience),
        (json!({ "aud": null }), InvalidClaim("aud")),
        (json!({ "aud": [[AUDIENCE]] }), InvalidClaim("aud")),
        (json!({ "aud": [AUDIENCE, 1] }), InvalidClaim("aud")),
        (json!({ "aud": { AUDIENCE: true } }), InvalidClaim("aud")),
        (json!({ "sub": 1 }), InvalidClaim("sub")),
        // An ID token is for the client that asked for it.
        (
            json!({ "aud": "client-1", "azp": "client-1", "nonce": "n", "at_hash": "h",
                "auth_time": 1, "email": "a@b.example" }),
            WrongAudience,
        ),
    ]
}

fn grants() -> Vec<(Value, BearerError)> {
    let many = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    let mut rows = vec![
        (json!({ "tenants": { "demo": true } }), InvalidClaim("of tenants")),
        (json!({ "tenants": null }), InvalidClaim("of tenants")),
        (json!({ "tenants": [["demo"]] }), InvalidClaim("of tenants")),
        (json!({ "scope": many(10_000) }), TooLong),
    ];
    for claim in ["scope", "scp", "permissions"] {
        for value in [json!({ "tenant.apiKey:read": true }), json!([["*"]]), json!(null), json!(1)]
        {
            rows.push((json!({ (claim): value }), InvalidClaim(claim)));
        }
        // A look-alike, another space, and more than anybody needs.
        for value in [
            json!("ten\u{430}nt.apiKey:read"),
            json!("tenant.apiKey:read\u{a0}*"),
            json!(["tenant.apiKey:read tenant.apiKey:write"]),
            json!(many(257)),
        ] {
            rows.push((json!({ (claim): value }), InvalidClaim("of scopes")));
        }
    }
    rows
}
