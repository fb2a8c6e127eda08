//! An issuer's key set (RFC 7517 §5), vetted before it is used.

use std::collections::HashMap;

use serde_json::Value;

use super::json::{self, Object};
use super::jwk::Jwk;
use super::key::VerifyingKey;
use super::{BearerError, KeyFault, SigningAlgorithm};

/// The largest key set, and the largest discovery document, in bytes.
pub(super) const LARGEST: usize = 1024 * 1024;
/// The most keys in a set.
const MOST: usize = 100;

/// Why an answer is no key set. The keys that were known before stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Not one JSON object with each member once.
    #[error("the key set is not one JSON object")]
    NotJson,
    /// No array `keys`.
    #[error("the key set has no array \"keys\"")]
    NoKeys,
    /// More than 100 keys.
    #[error("the key set has more than {MOST} keys")]
    TooManyKeys,
    /// More than 1 MiB.
    #[error("the key set is larger than 1 MiB")]
    TooLarge,
}

/// The usable keys of one issuer at one time.
#[derive(Clone, PartialEq, Default)]
pub(super) struct KeySet {
    keys: Vec<VerifyingKey>,
}

impl KeySet {
    /// Reads a key set. A key that may not be used is left out and the log says why; a well-formed
    /// set without usable keys is an issuer that has withdrawn all of them.
    pub(super) fn parse(issuer: &str, json: &[u8]) -> Result<Self, KeySetError> {
        if json.len() > LARGEST {
            return Err(KeySetError::TooLarge);
        }
        let document = json::parse_object(json).ok().ok_or(KeySetError::NotJson)?;
        Self::vet(issuer, &document)
    }

    /// The usable keys of a document whose members are unique.
    pub(super) fn vet(issuer: &str, document: &Object) -> Result<Self, KeySetError> {
        let members = document.get("keys").and_then(Value::as_array).ok_or(KeySetError::NoKeys)?;
        if members.len() > MOST {
            return Err(KeySetError::TooManyKeys);
        }
        let mut keys = Vec::new();
        for (verdict, jwk) in judge(members).into_iter().zip(members) {
            match verdict {
                Ok(key) => keys.push(key),
                Err(fault) => {
                    let key_id = jwk.get("kid").and_then(Value::as_str);
                    let reason = fault.to_string();
                    // A key for encryption in the set is nothing to mend.
                    if fault == KeyFault::Purpose {
                        tracing::info!(issuer, key.id = ?key_id, reason, "a key is left out");
                    } else {
                        tracing::warn!(issuer, key.id = ?key_id, reason, "a key is left out");
                    }
                }
            }
        }
        Ok(Self { keys })
    }

    /// How many keys may be used.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key for a token's header: the one of its `kid`, or, when it names none, the only one
    /// that fits.
    pub(super) fn get(
        &self,
        key_id: Option<&str>,
        algorithm: SigningAlgorithm,
    ) -> Result<&VerifyingKey, BearerError> {
        if let Some(id) = key_id {
            let named = self.keys.iter().find(|key| key.id() == Some(id));
            let key = named.ok_or(BearerError::UnknownKey)?;
            return if key.fits(algorithm) { Ok(key) } else { Err(BearerError::KeyMismatch) };
        }
        let mut fitting = self.keys.iter().filter(|key| key.fits(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(BearerError::UnknownKey),
            (Some(_), Some(_)) => Err(BearerError::AmbiguousKey),
        }
    }
}

/// The verdict on each member of `keys`. Every member counts for the repetition of a `kid`, also
/// one that is left out for another reason.
fn judge(members: &[Value]) -> Vec<Result<VerifyingKey, KeyFault>> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    let ids = || members.iter().map(|jwk| jwk.get("kid").and_then(Value::as_str));
    for id in ids().flatten() {
        *uses.entry(id).or_default() += 1;
    }
    let repeated = |id: Option<&str>| id.is_some_and(|id| uses.get(id).is_some_and(|n| *n > 1));
    let verdict = |(jwk, id)| {
        if repeated(id) {
            Err(KeyFault::RepeatedId)
        } else {
            Jwk::parse(jwk).and_then(VerifyingKey::new)
        }
    };
    members.iter().zip(ids()).map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{SIGNERS, key_set, signer};
    use super::{BearerError, KeyFault, KeySet, KeySetError, SigningAlgorithm, judge};

    fn parse(json: &str) -> Result<usize, KeySetError> {
        KeySet::parse("https://issuer.example/", json.as_bytes()).map(|keys| keys.len())
    }

    #[test]
    fn answers_that_are_no_key_set_are_refused() {
        for (json, error) in [
            ("", KeySetError::NotJson),
            ("<!doctype html><title>Sign in</title>", KeySetError::NotJson),
            ("[]", KeySetError::NotJson),
            (r#"{"keys":[]} {"keys":[]}"#, KeySetError::NotJson),
            (r#"{"keys":[],"keys":[]}"#, KeySetError::NotJson),
            (r#"{"keys":[{"kty":"RSA","kty":"oct"}]}"#, KeySetError::NotJson),
            ("{}", KeySetError::NoKeys),
            (r#"{"keys":{}}"#, KeySetError::NoKeys),
            (r#"{"keys":null}"#, KeySetError::NoKeys),
            (r#"{"Keys":[]}"#, KeySetError::NoKeys),
        ] {
            assert_eq!(parse(json), Err(error), "{json}");
        }
        let many = |count: usize| format!(r#"{{"keys":[{}]}}"#, vec!["{}"; count].join(","));
        assert_eq!(parse(&many(100)), Ok(0));
        assert_eq!(parse(&many(101)), Err(KeySetError::TooManyKeys));
        assert_eq!(parse(&many(100_000)), Err(KeySetError::TooManyKeys));
        let large = format!(r#"{{"keys":[]}}{}"#, " ".repeat(1024 * 1024));
        assert_eq!(parse(&large), Err(KeySetError::TooLarge));
        assert_eq!(parse(r#"{"keys":[],"more":1}"#), Ok(0));
    }

    #[test]
    fn a_bad_key_takes_no_other_with_it() {
        let mut document = key_set(SIGNERS.iter());
        let keys = document["keys"].as_array_mut().unwrap();
        keys.insert(0, json!(null));
        keys.push(json!({ "kty": "oct", "k": "AAAA", "kid": "k-HS256" }));
        assert_eq!(parse(&document.to_string()), Ok(SIGNERS.len()));
    }

    #[test]
    fn keys_of_one_kid_are_all_left_out() {
        let mut other = signer(SigningAlgorithm::Es256).jwk();
        other["kid"] = "k-RS256".into();
        other["use"] = "enc".into();
        let members =
            [signer(SigningAlgorithm::Rs256).jwk(), other, signer(SigningAlgorithm::EdDsa).jwk()];
        let faults: Vec<_> = judge(&members).into_iter().map(Result::err).collect();
        assert_eq!(faults, [Some(KeyFault::RepeatedId), Some(KeyFault::RepeatedId), None]);
    }

    #[test]
    fn a_kid_is_compared_exactly_and_binds() {
        let mut nameless = signer(SigningAlgorithm::EdDsa).jwk();
        nameless.as_object_mut().unwrap().shift_remove("kid");
        let keys = [signer(SigningAlgorithm::Rs256).jwk(), nameless];
        let document = json!({ "keys": keys }).to_string();
        let keys = KeySet::parse("https://issuer.example/", document.as_bytes()).unwrap();
        let get = |id: Option<&str>, algorithm| keys.get(id, algorithm).map(|_| ()).err();
        assert_eq!(get(Some("k-RS256"), SigningAlgorithm::Rs256), None);
        assert_eq!(get(Some("k-RS256"), SigningAlgorithm::Ps256), Some(BearerError::KeyMismatch));
        assert_eq!(get(Some("K-RS256"), SigningAlgorithm::Rs256), Some(BearerError::UnknownKey));
        assert_eq!(get(Some(""), SigningAlgorithm::EdDsa), Some(BearerError::UnknownKey));
        assert_eq!(get(None, SigningAlgorithm::EdDsa), None);
        assert_eq!(get(None, SigningAlgorithm::Es256), Some(BearerError::UnknownKey));
        assert!(document.parse::<Value>().is_ok());
    }
}
