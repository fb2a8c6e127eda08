//! One key's definition.

use std::fmt;

use ring::digest::{Context, SHA256};

use super::{Digest, EntityTag, KeyDetails, KeyName, LastUse, Minute, Scopes, Timestamp, Usage};

/// A key as a tenant's document defines it. The plaintext is nowhere in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The name that it is addressed by.
    pub name: KeyName,
    /// Whether the key may be used now.
    pub enabled: bool,
    /// The scopes that it grants.
    pub scopes: Scopes,
    /// The digest of its current token.
    pub digest: Digest,
    /// Never the details of a key without any, so that equal keys are equal here too.
    pub(super) details: Option<Box<KeyDetails>>,
    /// The last use of its current token in this process.
    pub(super) last_use: LastUse,
}

/// The state of a key at a time, as people are told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyStatus {
    /// It may be used.
    Active,
    /// It is turned off, whether or not its end has come too.
    Disabled,
    /// Its end has come.
    Expired,
}

impl KeyStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Active, Self::Disabled, Self::Expired];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
        }
    }

    /// The status that a word is for.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl ApiKey {
    /// A key without details.
    #[must_use]
    pub fn new(name: KeyName, enabled: bool, scopes: Scopes, digest: Digest) -> Self {
        Self { name, enabled, scopes, digest, details: None, last_use: LastUse::default() }
    }

    /// The key with these details in place of its own.
    #[must_use]
    pub fn with_details(self, details: KeyDetails) -> Self {
        let details = (details != *KeyDetails::NONE).then(|| Box::new(details));
        Self { details, ..self }
    }

    /// Its limits, older tokens, and texts for people.
    #[must_use]
    pub fn details(&self) -> &KeyDetails {
        self.details.as_deref().unwrap_or(KeyDetails::NONE)
    }

    /// The digests of its tokens, the current one first, each with its last use in this process.
    pub(super) fn tokens(&self) -> impl Iterator<Item = (&Digest, &LastUse)> {
        let previous = self.details().previous.iter();
        let previous = previous.map(|token| (&token.digest, &token.last_use));
        std::iter::once((&self.digest, &self.last_use)).chain(previous)
    }

    /// The minute in which one of its tokens was used last, if that is known.
    #[must_use]
    pub fn last_used(&self, usage: &Usage) -> Option<Minute> {
        self.tokens().filter_map(|(token, _)| usage.last_used(token)).max()
    }

    /// The status at a time.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        let has_ended = self.details().limits.expires_at.is_some_and(|end| end <= now);
        match (self.enabled, has_ended) {
            (false, _) => KeyStatus::Disabled,
            (true, true) => KeyStatus::Expired,
            (true, false) => KeyStatus::Active,
        }
    }

    /// The entity tag of this definition, without a trace of the digest. Details have no part in it.
    #[must_use]
    pub fn entity_tag(&self) -> EntityTag {
        EntityTag::of_keys([self])
    }

    /// The entity tag of this definition together with its details. Digests have no part in it: that a
    /// token is another one is told by the time of the rotation, of which no two of one key are equal.
    #[must_use]
    pub fn details_entity_tag(&self) -> EntityTag {
        let mut hash = Context::new(&SHA256);
        hash.update(self.entity_tag().as_bytes());
        let mut tell = |member: &str, value: &dyn fmt::Display| {
            // Its length ends each part, so no two details write the same bytes.
            let text = value.to_string();
            hash.update(format!("{member}:{}:{text}", text.len()).as_bytes());
        };
        let details = self.details();
        let times = [
            ("expiresAt", details.limits.expires_at),
            ("createdAt", details.created_at),
            ("rotatedAt", details.rotated_at),
        ];
        for (member, time) in times {
            time.inspect(|time| tell(member, time));
        }
        details.previous.iter().for_each(|token| tell("previous", &token.expires_at));
        details.limits.allowed_ips.iter().flatten().for_each(|it| tell("allowedIps", it));
        details.description.iter().for_each(|it| tell("description", &it.as_str()));
        details.owner.iter().for_each(|it| tell("owner", &it.as_str()));
        details.managed_by.iter().for_each(|it| tell("managedBy", &it.as_str()));
        for (name, value) in details.labels.iter() {
            tell("label", name);
            tell("value", value);
        }
        EntityTag::of_hash(hash)
    }
}

impl EntityTag {
    /// The entity tag of definitions with their details, in their order.
    pub(super) fn of_details<'a>(keys: impl IntoIterator<Item = &'a ApiKey>) -> Self {
        let mut hash = Context::new(&SHA256);
        keys.into_iter().for_each(|key| hash.update(key.details_entity_tag().as_bytes()));
        Self::of_hash(hash)
    }

    /// The entity tag of definitions in their order.
    pub(super) fn of_keys<'a>(keys: impl IntoIterator<Item = &'a ApiKey>) -> Self {
        let mut hash = Context::new(&SHA256);
        let mut written = Vec::with_capacity(256);
        for key in keys {
            // No part can hold the byte that ends it, so no two definitions write the same bytes.
            written.clear();
            written.extend_from_slice(key.name.as_str().as_bytes());
            written.extend_from_slice(if key.enabled { b"\0+" } else { b"\0-" });
            for scope in &key.scopes {
                written.extend_from_slice(scope.as_str().as_bytes());
                written.push(b'\0');
            }
            written.push(b'\n');
            hash.update(&written);
        }
        Self::of_hash(hash)
    }

    fn of_hash(hash: Context) -> Self {
        let mut bytes = [0; Self::LENGTH];
        bytes.copy_from_slice(&hash.finish().as_ref()[..Self::LENGTH]);
        Self::from_bytes(bytes)
    }
}
