//! Tokens that nobody thought of: whatever comes, the verdict is a verdict, and what is granted
//! stands in the claims.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::{collection, proptest};
use serde_json::{Map, Value};

use neokeys::auth::bearer::{BearerError, SigningAlgorithm};
use neokeys::auth::{Principal, Tenants};
use neokeys_testkit::clock::NOW;
use neokeys_testkit::signer::signer;

use super::es256;
use crate::{claims, verdict};

fn judge(token: &str) -> Result<Principal, BearerError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(verdict(token))
}

/// JSON values of every type, often such as a claim may hold.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (NOW - 100..NOW + 100).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c *]{0,4}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(Value::from("https://api.example/")),
        Just(Value::from("JWT")),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::vec(("[a-c]", inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Replacements of some of these members.
fn members(names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    let member = (0..names.len(), value());
    collection::vec(member, 0..3).prop_map(|list| {
        list.into_iter().map(|(at, value)| (names[at].to_owned(), value)).collect()
    })
}

fn with(mut object: Value, changes: Map<String, Value>) -> Value {
    for (name, value) in changes {
        object[name] = value;
    }
    object
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_that_nobody_signed_is_taken(text in any::<String>(), parts in "[A-Za-z0-9_.=-]{0,200}") {
        assert!(judge(&text).is_err());
        assert!(judge(&parts).is_err());
        let token = es256().token(&claims());
        assert!(judge(&format!("{token}{parts}A")).is_err());
        assert!(judge(&format!("{parts}A{token}")).is_err());
    }

    #[test]
    fn no_header_but_the_right_one_is_taken(
        changes in members(&["alg", "kid", "typ", "crit", "b64", "jku", "cty"]),
    ) {
        let header = with(es256().header(), changes);
        if judge(&es256().sign(&header, &claims())).is_ok() {
            assert_eq!(&header["alg"], "ES256");
            assert_eq!(&header["kid"], "k-ES256");
            assert!(header.get("crit").is_none());
        }
    }

    #[test]
    fn what_a_token_grants_stands_in_its_claims(
        changes in members(&[
            "iss", "aud", "exp", "nbf", "sub", "scope", "scp", "permissions", "tenants", "client_id",
        ]),
    ) {
        let claims = with(claims(), changes);
        if let Ok(principal) = judge(&signer(SigningAlgorithm::EdDsa).token(&claims)) {
            let number = |name: &str| claims[name].as_f64().unwrap();
            #[expect(clippy::cast_precision_loss, reason = "a time of today is exact in 53 bits")]
            let now = NOW as f64;
            assert!(number("exp") + 30.0 > now && number("nbf") - 30.0 <= now);
            let told = |name: &str| claims.get(name).map(Value::to_string).unwrap_or_default();
            let scopes = [told("scope"), told("scp"), told("permissions")].concat();
            for scope in &principal.scopes {
                assert!(scopes.contains(&*scope.as_str().replace('"', "\\\"")));
            }
            let tenants = told("tenants");
            if principal.tenants == Tenants::All {
                assert_eq!(tenants, "\"*\"");
            }
            let named = principal.tenants.named();
            assert!(named.iter().all(|tenant| tenants.contains(tenant.as_str())));
        }
    }
}
