//! An issuer's key set (RFC 7517 §5), vetted before it is used.

use std::collections::HashMap;

use serde_json::Value;

use super::jwk::{Jwk, is_for_encryption};
use super::strict_json::{self, Object};
use super::verifying_key::VerifyingKey;
use super::{BearerError, KeyFault, SigningAlgorithm};

/// The largest key set, and the largest discovery document, in bytes.
pub(super) const LARGEST: usize = 1024 * 1024;
/// The most keys in a set.
const MOST: usize = 100;

/// Why an answer is no key set. The keys that were known before stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum KeySetError {
    #[error("the key set is not one JSON object")]
    NotJson,
    #[error("the key set has no array \"keys\"")]
    NoKeys,
    #[error("the key set has more than {MOST} keys")]
    TooManyKeys,
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
        let document =
            strict_json::parse_object(without_mark(json)).ok().ok_or(KeySetError::NotJson)?;
        Self::vet(issuer, &document)
    }

    /// The usable keys of a document whose members are unique.
    pub(super) fn vet(issuer: &str, document: &Object) -> Result<Self, KeySetError> {
        let members = document.get("keys").and_then(Value::as_array).ok_or(KeySetError::NoKeys)?;
        if members.len() > MOST {
            return Err(KeySetError::TooManyKeys);
        }
        let mut keys = Vec::new();
        for (verdict, jwk) in vet_all(members).into_iter().zip(members) {
            match verdict {
                Ok(key) => keys.push(key),
                Err(fault) => {
                    let key_id = jwk.get("kid").and_then(Value::as_str);
                    let reason = fault.to_string();
                    // A key for encryption in the set, or one twice, is nothing to mend.
                    if matches!(fault, KeyFault::Purpose | KeyFault::Duplicate) {
                        tracing::info!(issuer, key.id = ?key_id, reason, "ignoring an unusable key of a key \
                            set");
                    } else {
                        tracing::warn!(issuer, key.id = ?key_id, reason, "ignoring an unusable key of a key \
                            set");
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
        let key = fitting.next().ok_or(BearerError::UnknownKey)?;
        // One key under two names is one key.
        if fitting.all(|other| other.is_same(key)) {
            Ok(key)
        } else {
            Err(BearerError::AmbiguousKey)
        }
    }
}

/// The verdict on each member of `keys`. Every member counts for the repetition of a `kid`, also one
/// that is left out for another reason, but for keys that are for encryption alone, and for the very
/// same key once more.
fn vet_all(members: &[Value]) -> Vec<Result<VerifyingKey, KeyFault>> {
    let mut parsed: Vec<_> = members.iter().map(Jwk::parse).collect();
    for place in 1..parsed.len() {
        let (earlier, rest) = parsed.split_at_mut(place);
        if rest[0].is_ok() && earlier.contains(&rest[0]) {
            rest[0] = Err(KeyFault::Duplicate);
        }
    }
    let ids: Vec<_> = members.iter().map(|jwk| jwk.get("kid").and_then(Value::as_str)).collect();
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for ((jwk, verdict), id) in members.iter().zip(&parsed).zip(&ids) {
        let counts = *verdict != Err(KeyFault::Duplicate) && !is_for_encryption(jwk);
        if let Some(id) = id.filter(|_| counts) {
            *uses.entry(id).or_default() += 1;
        }
    }
    let repeated = |id: &Option<&str>| id.is_some_and(|id| uses.get(id).is_some_and(|n| *n > 1));
    let verdict = |(jwk, id): (Result<Jwk, KeyFault>, _)| match jwk {
        Ok(_) if repeated(id) => Err(KeyFault::RepeatedId),
        jwk => jwk.and_then(VerifyingKey::new),
    };
    parsed.into_iter().zip(&ids).map(verdict).collect()
}

/// JSON without the byte order mark that some servers write before it (RFC 8259 §8.1 lets it be passed
/// over).
pub(super) fn without_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{SIGNERS, changed, key_set, signer};
    use super::{BearerError, KeyFault, KeySet, KeySetError, SigningAlgorithm, vet_all};

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
        let (rsa, last) =
            (signer(SigningAlgorithm::Rs256).jwk(), signer(SigningAlgorithm::EdDsa).jwk());
        for changes in [
            json!({}),
            json!({ "alg": "ES384" }),
            json!({ "use": "wrap" }),
            json!({ "use": "enc", "d": "AQAB" }),
            json!({ "kty": "oct", "k": "AAAA" }),
            json!({ "x": "AAAA" }),
        ] {
            let mut other = signer(SigningAlgorithm::Es256).jwk();
            other["kid"] = "k-RS256".into();
            let other = changed(other, &changes);
            let faults = faults(&[rsa.clone(), other.clone(), last.clone()]);
            assert_eq!(faults[0], Some(KeyFault::RepeatedId), "{changes}");
            assert!(faults[1].is_some() && faults[2].is_none(), "{changes}");
            assert_eq!(
                self::faults(&[other, rsa.clone()])[1],
                Some(KeyFault::RepeatedId),
                "{changes}"
            );
        }
    }

    fn faults(members: &[Value]) -> Vec<Option<KeyFault>> {
        vet_all(members).into_iter().map(Result::err).collect()
    }

    #[test]
    fn the_very_same_key_and_a_twin_for_encryption_leave_a_key_usable() {
        let rsa = signer(SigningAlgorithm::Rs256).jwk();
        let last = signer(SigningAlgorithm::EdDsa).jwk();
        let mut turned = json!({ "x5t": "AAAA", "e": rsa["e"], "n": rsa["n"] });
        for name in ["kid", "alg", "kty"] {
            turned[name] = rsa[name].clone();
        }
        turned["n"] = format!("AAAA{}", rsa["n"].as_str().unwrap()).into();
        for same in [rsa.clone(), turned] {
            let told = faults(&[rsa.clone(), last.clone(), same.clone(), same.clone()]);
            let duplicate = Some(KeyFault::Duplicate);
            assert_eq!(told, [None, None, duplicate, duplicate], "{same}");
        }
        for changes in [
            json!({ "use": "enc" }),
            json!({ "use": "enc", "alg": "RSA-OAEP" }),
            json!({ "use": "enc", "n": "AQAB" }),
            json!({ "use": "(absent)", "alg": "RSA-OAEP-256" }),
            json!({ "use": "enc", "kty": "OKP", "crv": "X25519", "x": "AAAA" }),
            json!({ "use": "(absent)", "kty": "EC", "crv": "P-256", "alg": "ECDH-ES+A256KW" }),
        ] {
            let twin = changed(rsa.clone(), &changes);
            for members in [[rsa.clone(), twin.clone()], [twin.clone(), rsa.clone()]] {
                let told = faults(&members);
                assert_eq!(told.iter().filter(|it| it.is_none()).count(), 1, "{changes} {told:?}");
                assert!(!told.contains(&Some(KeyFault::RepeatedId)), "{changes} {told:?}");
            }
        }
    }

    #[test]
    fn one_key_under_two_names_is_one_key() {
        let mut other = signer(SigningAlgorithm::Rs256).jwk();
        other["kid"] = "other".into();
        let document =
            json!({ "keys": [signer(SigningAlgorithm::Rs256).jwk(), other] }).to_string();
        for document in [document.clone(), format!("\u{feff}{document}")] {
            let keys = KeySet::parse("https://issuer.example/", document.as_bytes()).unwrap();
            assert_eq!(keys.len(), 2);
            assert!(keys.get(None, SigningAlgorithm::Rs256).is_ok());
        }
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
