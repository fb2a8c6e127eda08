//! One key's part of a plan.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::member_change::MemberChange;
use super::{PlanError, judged};
use crate::domain::{
    ApiKey, DesiredKey, DetailsPatch, Digest, EditError, KeyName, KeyPolicy, Keyring, KeyringEdit,
    Label, Labels, ManagedBy, Patch, Precondition, Rotation, Timestamp,
};

/// The step of a plan for one key.
#[derive(Debug, Clone)]
pub struct PlanStep {
    /// Which key.
    pub name: KeyName,
    /// Whether it comes, changes or goes.
    pub action: PlanAction,
    /// Its members that change; of a new key, those that it has.
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
    /// A new key but for its token, which is made when the plan is carried out.
    WithoutToken(Box<ApiKey>),
}

impl PlanStep {
    /// The end of a key.
    pub(super) fn delete(name: &KeyName) -> Self {
        let edits = Edits::Known(vec![KeyringEdit::Delete { name: name.clone() }]);
        Self { name: name.clone(), action: PlanAction::Delete, changes: Vec::new(), edits }
    }

    /// The edits that make one key the wanted one; none where it is that already.
    pub(super) fn toward(
        keyring: &Keyring,
        desired: &DesiredKey,
        managed_by: &ManagedBy,
        (adopt, policy): (bool, &KeyPolicy),
        now: Timestamp,
    ) -> Result<Option<Self>, PlanError> {
        match keyring.get_by_name(&desired.name) {
            Ok(key) => Self::change(keyring, key, desired, managed_by, (adopt, policy), now),
            Err(EditError::NotFound) => Self::create(desired, managed_by, policy, now).map(Some),
            Err(faulty) => Err(faulty.into()),
        }
    }

    fn create(
        desired: &DesiredKey,
        managed_by: &ManagedBy,
        policy: &KeyPolicy,
        now: Timestamp,
    ) -> Result<Self, PlanError> {
        let scopes = desired.scopes.clone().ok_or(PlanError::NoScopes)?;
        let (name, enabled) = (desired.name.clone(), desired.enabled.unwrap_or(true));
        let patch = DetailsPatch {
            expires_at: desired.expires_at.clone(),
            allowed_ips: desired.allowed_ips.clone(),
            description: desired.description.clone(),
            owner: desired.owner.clone(),
            labels: only(desired.labels.as_ref(), &Labels::default()),
            managed_by: Patch::Set(managed_by.clone()),
        };
        let digest = desired.digest.unwrap_or(Digest::of(b""));
        let edit = policy.create(ApiKey::new(name.clone(), enabled, scopes, digest), patch, now)?;
        let made = Keyring::default().judge(&edit, &Precondition::default(), now)?;
        let changes = MemberChange::of_new(made.key());
        let edits = match desired.digest {
            Some(_) => Edits::Known(vec![edit]),
            None => Edits::WithoutToken(Box::new(ApiKey::clone(made.key()))),
        };
        Ok(Self { name, action: PlanAction::Create, changes, edits })
    }

    fn change(
        keyring: &Keyring,
        key: &Arc<ApiKey>,
        desired: &DesiredKey,
        managed_by: &ManagedBy,
        (adopt, policy): (bool, &KeyPolicy),
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
            // A key that has ended is rotated only with an end in the future, and one that is named is
            // not replaced by the default.
            patch.expires_at = Patch::Keep;
            let rotation = Rotation { digest, overlap, expires_at: desired.expires_at.clone() };
            let edit = policy.rotate(name.clone(), rotation, now);
            edits.push(edit.map_err(EditError::from)?);
        }
        if patch != DetailsPatch::default() {
            edits.push(policy.amend(name.clone(), patch, now).map_err(EditError::from)?);
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
        matches!(self.edits, Edits::WithoutToken(_))
    }

    /// The edits that it comes to, with a token from `issue` for a key that has none yet.
    pub(super) fn edits(&self, issue: &mut impl FnMut(&KeyName) -> Digest) -> Vec<KeyringEdit> {
        match &self.edits {
            Edits::Known(edits) => edits.clone(),
            Edits::WithoutToken(key) => {
                let digest = issue(&self.name);
                vec![KeyringEdit::Create(ApiKey { digest, ..ApiKey::clone(key) })]
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
