//! The possession of an API key's token, as the right to end that token and to nothing else.

use std::sync::Arc;
use std::time::Instant;

use crate::domain::{
    Actor, ActorKind, CallerRight, Commit, Digest, Generation, Initiator, KeyName, Keyring,
    KeyringEdit, Precondition, Right, RightError, TenantId, Timestamp,
};

/// A token that somebody holds and that one of a tenant's keys has. No use of the key is noted.
#[derive(Debug, Clone)]
pub(crate) struct HeldToken {
    tenant: TenantId,
    key: KeyName,
    digest: Digest,
    is_current: bool,
}

impl HeldToken {
    /// The token of this digest among a tenant's keys, whether or not it is still good for anything.
    pub(crate) fn find(keyring: &Keyring, tenant: &TenantId, digest: Digest) -> Option<Self> {
        let found = keyring.find_by_digest(&digest)?;
        let is_current = found.generation == Generation::Current;
        Some(Self { tenant: tenant.clone(), key: found.key.name.clone(), digest, is_current })
    }

    /// The key.
    pub(crate) fn key(&self) -> &KeyName {
        &self.key
    }

    /// Whether it is the key's newest token, and no older one that still works.
    pub(crate) fn is_current(&self) -> bool {
        self.is_current
    }

    /// The end of the token: of the current one, the key is disabled; an older one ends alone. `reporter`
    /// is who came with it, for the record.
    pub(crate) fn end(&self, reporter: &str) -> Commit {
        let actor = Actor {
            name: reporter.into(),
            kind: ActorKind::Caller("held_token".into()),
            uid: None,
            issuer: None,
        };
        Commit {
            tenant: self.tenant.clone(),
            edit: KeyringEdit::EndToken { name: self.key.clone(), digest: self.digest },
            precondition: Precondition::default(),
            right: Right::Caller(Arc::new(Possession(self.digest))),
            initiator: Initiator::of(actor),
            together: None,
            asked_at: Instant::now(),
        }
    }
}

/// The right of whoever holds the token of this digest.
#[derive(Debug)]
struct Possession(Digest);

impl CallerRight for Possession {
    fn authorize(
        &self,
        keyring: &Keyring,
        edit: &KeyringEdit,
        _: Timestamp,
    ) -> Result<(), RightError> {
        let KeyringEdit::EndToken { digest, .. } = edit else {
            return Err(RightError::CredentialInvalid);
        };
        let is_held = *digest == self.0 && keyring.find_by_digest(digest).is_some();
        is_held.then_some(()).ok_or(RightError::CredentialInvalid)
    }
}
