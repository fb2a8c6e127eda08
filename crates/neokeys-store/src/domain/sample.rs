//! Keys of tests.

use std::sync::Arc;
use std::time::Duration;

use super::{ApiKey, Digest, KeyName, Keyring, KeyringEdit, Label, Scopes, Timestamp};

/// The first second of these tests.
pub(super) const NOW: Timestamp = Timestamp::EPOCH;
pub(super) const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn name(text: &str) -> KeyName {
    KeyName::parse(text).unwrap()
}

pub(super) fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

pub(super) fn key(of: &str, enabled: bool, token: &str) -> ApiKey {
    let scopes = Scopes::parse(&["passes:read"]).unwrap();
    ApiKey::new(name(of), enabled, scopes, Digest::of(token.as_bytes()))
}

pub(super) fn keyring(keys: &[ApiKey]) -> Keyring {
    Keyring::new(keys.iter().cloned().map(Arc::new).collect(), Vec::new())
}

pub(super) fn names(keyring: &Keyring) -> Vec<&str> {
    keyring.keys().iter().map(|key| key.name.as_str()).collect()
}

pub(super) fn delete(of: &str) -> KeyringEdit {
    KeyringEdit::Delete { name: name(of) }
}
