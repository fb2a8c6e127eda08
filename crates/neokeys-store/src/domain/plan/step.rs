//! One key's part of a plan.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::member_change::MemberChange;
use super::{PlanError, judged};
use crate::domain::{
    ApiKey, DesiredKey, DetailsPatch, Digest, EditError, KeyDetails, KeyName, Keyring, KeyringEdit,
    Label, Labels, Limits, ManagedBy, Patch, Rotation, Scopes, Timestamp,
};

/// What a plan does to one key.
#[derive(Debug, Clone)]
pub struct PlanStep {
    /// Which key.
    pub name: KeyName,
    /// Whether it comes, changes or goes.
    pub action: PlanAction,
    /// What of it changes; of a new key, what it has.
    pub changes: Vec<MemberChange>,
    edits: Edits,
}

/// The fate of a key in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanAction {
    /// There is none of its name yet.
    Create,
    /// It stays, with other members.
    Change,
    /// It goes.
    Delete,
}

#[derive(Debug, Clone)]
enum Edits {
    Known(Vec<KeyringEdit>),
    New(Box<NewKey>),
}

/// A new key but for the time at which it is made, and for its token where that is made then too.
#[derive(Debug, Clone)]
struct NewKey {
    name: KeyName,
    enabled: bool,
    scopes: Scopes,
    digest: Option<Digest>,
    details: KeyDetails,
}

impl NewKey {
    fn made(&self, digest: Digest, created_at: Option<Timestamp>) -> ApiKey {
        let key = ApiKey::new(self.name.clone(), self.enabled, self.scopes.clone(), digest);
        key.with_details(KeyDetails { created_at, ..self.details.clone() })
    }
}

impl PlanStep {
    /// The end of a key.
    pub(super) fn delete(name: &KeyName) -> Self {
        let edits = Edits::Known(vec![KeyringEdit::Delete { name: name.clone() }]);
        Self { name: name.clone(), action: PlanAction::Delete, changes: Vec::new(), edits }
    }

    /// What makes one key what is wanted of it; nothing where it is that already.
    pub(super) fn toward(
        keyring: &Keyring,
        desired: &DesiredKey,
        managed_by: &ManagedBy,
        adopt: bool,
        now: Timestamp,
    ) -> Result<Option<Self>, PlanError> {
        match keyring.get_by_name(&desired.name) {
            Ok(key) => Self::change(keyring, key, desired, managed_by, adopt, now),
            Err(EditError::NotFound) => Self::create(desired, managed_by).map(Some),
            Err(faulty) => Err(faulty.into()),
        }
    }

    fn create(desired: &DesiredKey, managed_by: &ManagedBy) -> Result<Self, PlanError> {
        let scopes = desired.scopes.clone().ok_or(PlanError::NoScopes)?;
        let limits = Limits {
            expires_at: desired.expires_at.applied(&None),
            allowed_ips: desired.allowed_ips.applied(&None),
        };
        let details = KeyDetails {
            limits,
            description: desired.description.applied(&None),
            owner: desired.owner.applied(&None),
            labels: desired.labels.clone().unwrap_or_default(),
            managed_by: Some(managed_by.clone()),
            ..KeyDetails::default()
        };
        let (name, digest) = (desired.name.clone(), desired.digest);
        let enabled = desired.enabled.unwrap_or(true);
        let new = NewKey { name: name.clone(), enabled, scopes, digest, details };
        let changes = MemberChange::of_new(&new.made(Digest::of(b""), None));
        Ok(Self { name, action: PlanAction::Create, changes, edits: Edits::New(Box::new(new)) })
    }

    fn change(
        keyring: &Keyring,
        key: &Arc<ApiKey>,
        desired: &DesiredKey,
        managed_by: &ManagedBy,
        adopt: bool,
        now: Timestamp,
    ) -> Result<Option<Self>, PlanError> {
        let details = key.details();
        let is_own = details.managed_by.as_ref() == Some(managed_by);
        if !is_own && !adopt {
            return Err(PlanError::OtherOwner(details.managed_by.clone()));
        }
        let name = &desired.name;
        let mut edits = Vec::new();
        let enabled = desired.enabled.unwrap_or(key.enabled);
        let scopes = desired.scopes.as_ref().unwrap_or(&key.scopes);
        if enabled != key.enabled || *scopes != key.scopes {
            let (name, scopes) = (name.clone(), scopes.clone());
            edits.push(KeyringEdit::Update { name, enabled, scopes });
        }
        let mut patch = DetailsPatch {
            expires_at: changed(&desired.expires_at, &details.limits.expires_at),
            allowed_ips: changed(&desired.allowed_ips, &details.limits.allowed_ips),
            description: changed(&desired.description, &details.description),
            owner: changed(&desired.owner, &details.owner),
            labels: only(desired.labels.as_ref(), &details.labels),
            managed_by: changed(&Patch::Set(managed_by.clone()), &details.managed_by),
        };
        if let Some(digest) = desired.digest.filter(|digest| *digest != key.digest) {
            let overlap = demand_newer(key, &digest, desired.overlap)?;
            // A key that has ended is rotated only with an end in the future.
            let expires_at = std::mem::take(&mut patch.expires_at);
            let rotation = Rotation { digest, overlap, expires_at };
            edits.push(KeyringEdit::Rotate { name: name.clone(), rotation });
        }
        if patch != DetailsPatch::default() {
            edits.push(KeyringEdit::Amend { name: name.clone(), patch });
        }
        if edits.is_empty() {
            return Ok(None);
        }
        let after = judged(keyring, &edits, now)?;
        let changes = MemberChange::between(key, after.get_by_name(name)?);
        let edits = Edits::Known(edits);
        Ok(Some(Self { name: name.clone(), action: PlanAction::Change, changes, edits }))
    }

    /// Whether it makes a key that has no token yet.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        matches!(&self.edits, Edits::New(new) if new.digest.is_none())
    }

    /// The edits that it comes to now, with a token from `issue` for a key that has none yet.
    pub(super) fn edits(
        &self,
        now: Timestamp,
        issue: &mut impl FnMut(&KeyName) -> Digest,
    ) -> Vec<KeyringEdit> {
        match &self.edits {
            Edits::Known(edits) => edits.clone(),
            Edits::New(new) => {
                let digest = new.digest.unwrap_or_else(|| issue(&new.name));
                vec![KeyringEdit::Create(new.made(digest, Some(now)))]
            }
        }
    }
}

/// The change to a value, if it is none that it has already.
fn changed<T: Clone + PartialEq>(wanted: &Patch<T>, present: &Option<T>) -> Patch<T> {
    if wanted.applied(present) == *present { Patch::Keep } else { wanted.clone() }
}

/// The change to labels that leaves the wanted ones alone.
fn only(wanted: Option<&Labels>, present: &Labels) -> Patch<BTreeMap<Label, Option<Label>>> {
    let Some(wanted) = wanted.filter(|wanted| *wanted != present) else { return Patch::Keep };
    let gone = present.iter().map(|(name, _)| (name.clone(), None));
    let set = wanted.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
    Patch::Set(gone.chain(set).collect())
}

/// How long the present token is valid yet, where a wanted one takes its place.
fn demand_newer(
    key: &ApiKey,
    digest: &Digest,
    overlap: Option<Duration>,
) -> Result<Duration, PlanError> {
    if key.details().previous.iter().any(|token| token.digest == *digest) {
        return Err(PlanError::OlderToken);
    }
    overlap.ok_or(PlanError::NoOverlap)
}
