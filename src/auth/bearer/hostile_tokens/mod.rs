//! The table of hostile tokens: each made with a good key where that is possible, so that nothing
//! but the rule in question stands in its way, and each refused by that rule.

mod any_text;
mod signatures;
mod texts;

use std::collections::BTreeMap;

use serde_json::Value;

use super::testing::{Signer, signer, verdict};
use super::{BearerError, SigningAlgorithm};

const MALFORMED: &str = "malformed";

fn es256() -> &'static Signer {
    signer(SigningAlgorithm::Es256)
}

/// The ES256 header with some members replaced.
fn header_with(changes: &Value) -> Value {
    let mut header = es256().header();
    for (name, value) in changes.as_object().unwrap() {
        header[name] = value.clone();
    }
    header
}

/// Runs a table: a name, a token, and the rule that must refuse it.
async fn refuse_all(rows: Vec<(String, String, BearerError)>) {
    let mut failures = BTreeMap::new();
    for (name, token, expected) in rows {
        let verdict = verdict(&token).await.map(|_| ());
        let same_kind = matches!(
            (verdict, expected),
            (Err(BearerError::Malformed(_)), BearerError::Malformed(_))
        );
        if verdict != Err(expected) && !same_kind {
            failures.insert(name, (verdict, expected));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

fn malformed() -> BearerError {
    BearerError::Malformed(MALFORMED)
}
