//! An issuer's key set (RFC 7517 §5), vetted before it is used.

use std::collections::HashMap;

use serde_json::Value;

use super::json::{self, Object};
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
                    tracing::warn!(issuer, key.id = ?key_id, reason, "a key is left out");
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
        if repeated(id) { Err(KeyFault::RepeatedId) } else { VerifyingKey::parse(jwk) }
    };
    members.iter().zip(ids()).map(verdict).collect()
}
