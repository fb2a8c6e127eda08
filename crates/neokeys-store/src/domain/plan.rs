//! The plan from the keys that there are to those that there should be.
//!
//! Keys are matched by name. Keys of other owners are never touched; of the owner's own, only the members
//! that are named. A plan shows no token and no digest.

mod member_change;
mod step;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

pub use self::member_change::MemberChange;
pub use self::step::{PlanAction, PlanStep};
use super::{
    DesiredKey, DesiredKeys, Digest, EditError, EntityTag, KeyName, KeyPolicy, Keyring,
    KeyringEdit, ManagedBy, Precondition, Timestamp,
};

/// The steps that make a keyring what its owner wants it to be.
#[derive(Debug, Clone)]
pub struct KeyringPlan {
    /// The state of the keys that the plan was made on.
    pub on: EntityTag,
    /// The step for each key that does not stay as it is: deletions, changes, and then new keys.
    pub steps: Vec<PlanStep>,
}

/// The reach of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanReach {
    /// Whether keys of the owner that are not wanted any more are deleted.
    pub prune: bool,
    /// Whether wanted keys of others become the owner's.
    pub adopt: bool,
}

/// A wanted key that stands in the way of the whole plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRefusal {
    /// Its place among the wanted keys.
    pub position: usize,
    /// Its name.
    pub name: KeyName,
    /// The reason.
    pub reason: PlanError,
}

/// Why a key cannot become what is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Somebody else manages the key.
    #[error("{} manages the key of this name", owner(.0.as_ref()))]
    OtherOwner(Option<ManagedBy>),
    /// A new key has no scopes.
    #[error("there is no key of this name yet, and a new one needs permissions")]
    NoScopes,
    /// A new token takes the place of another, and nothing says until when that one is valid.
    #[error("the hash is new, and overlap does not say how long the old token stays valid")]
    NoOverlap,
    /// The token is one that the key had before.
    #[error("the key was rotated since: the hash is that of an older token")]
    OlderToken,
    /// The token is another key's.
    #[error("the hash is that of the key {0}")]
    TokenOfOther(KeyName),
    /// The rules on keys forbid it.
    #[error(transparent)]
    Edit(#[from] EditError),
}

fn owner(owner: Option<&ManagedBy>) -> &str {
    owner.map_or("nobody", ManagedBy::as_str)
}

impl PlanError {
    /// The remedy, for people.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherOwner(_) => "choose another name, or adopt the key",
            Self::NoScopes => "name its permissions",
            Self::NoOverlap => "name the overlap: 0 if the token leaked, else a time such as 24h",
            Self::OlderToken => "name the hash of the present token, or none",
            Self::TokenOfOther(_) => "give each key a token of its own",
            Self::Edit(EditError::TooManyTokens) => "end them first, or name an overlap of 0",
            Self::Edit(EditError::KeyExpired { .. }) => "name an expiresAt in the future",
            Self::Edit(EditError::BeyondPolicy(_)) => {
                "name an expiresAt and an overlap that the deployment's policy allows"
            }
            Self::Edit(_) => "fix or remove the entry in the tenant's security.yml",
        }
    }
}

impl KeyringPlan {
    /// The steps from a keyring to the keys that its owner wants.
    ///
    /// # Errors
    /// Every [`PlanRefusal`] that there is.
    pub fn of(
        keyring: &Keyring,
        desired: &DesiredKeys,
        reach: PlanReach,
        policy: &KeyPolicy,
        now: Timestamp,
    ) -> Result<Self, Vec<PlanRefusal>> {
        let unwanted = unwanted(keyring, desired, reach);
        let tokens = Tokens::of(keyring, desired, &unwanted);
        let mut steps: Vec<_> = unwanted.iter().map(PlanStep::delete).collect();
        let (mut created, mut refusals) = (Vec::new(), Vec::new());
        for (position, key) in desired.keys.iter().enumerate() {
            let step = tokens.demand_own(key).and_then(|()| {
                PlanStep::toward(keyring, key, &desired.managed_by, (reach.adopt, policy), now)
            });
            match step {
                Ok(None) => {}
                Ok(Some(step)) if step.action == PlanAction::Create => created.push(step),
                Ok(Some(step)) => steps.push(step),
                Err(reason) => {
                    refusals.push(PlanRefusal { position, name: key.name.clone(), reason });
                }
            }
        }
        steps.extend(created);
        let on = keyring.details_entity_tag();
        if refusals.is_empty() { Ok(Self { on, steps }) } else { Err(refusals) }
    }

    /// The new keys that no token is known of.
    pub fn without_token(&self) -> impl Iterator<Item = &KeyName> {
        self.steps.iter().filter(|step| step.needs_token()).map(|step| &step.name)
    }

    /// The edits of all steps, in order. Each new key without a token is given one.
    pub fn edits(&self, mut issue: impl FnMut(&KeyName) -> Digest) -> Vec<KeyringEdit> {
        self.steps.iter().flat_map(|step| step.edits(&mut issue)).collect()
    }
}

/// The owner's keys that are to go.
fn unwanted(keyring: &Keyring, desired: &DesiredKeys, reach: PlanReach) -> Vec<KeyName> {
    if !reach.prune {
        return Vec::new();
    }
    let wanted: HashSet<_> = desired.keys.iter().map(|key| key.name.as_str()).collect();
    let keys = keyring.keys().iter().filter(|key| {
        key.details().managed_by.as_ref() == Some(&desired.managed_by)
            && !wanted.contains(key.name.as_str())
    });
    keys.map(|key| key.name.clone()).collect()
}

/// Whose each token is, once the plan is carried out.
struct Tokens<'a>(HashMap<Digest, &'a KeyName>);

impl<'a> Tokens<'a> {
    fn of(keyring: &'a Keyring, desired: &'a DesiredKeys, unwanted: &[KeyName]) -> Self {
        let gone: HashSet<_> = unwanted.iter().collect();
        let staying = keyring.keys().iter().filter(|key| !gone.contains(&key.name));
        let held = staying.flat_map(|key| {
            let previous = key.details().previous.iter().map(|token| token.digest);
            previous.chain([key.digest]).map(|digest| (digest, &key.name))
        });
        let wanted = desired.keys.iter().filter_map(|key| Some((key.digest?, &key.name)));
        let mut holders = HashMap::new();
        held.chain(wanted).for_each(|(digest, name)| {
            holders.entry(digest).or_insert(name);
        });
        Self(holders)
    }

    fn demand_own(&self, key: &DesiredKey) -> Result<(), PlanError> {
        let holder = key.digest.and_then(|digest| self.0.get(&digest));
        match holder.filter(|holder| ***holder != key.name) {
            Some(holder) => Err(PlanError::TokenOfOther((*holder).clone())),
            None => Ok(()),
        }
    }
}

/// The keyring after edits that are made one after another.
fn judged(keyring: &Keyring, edits: &[KeyringEdit], now: Timestamp) -> Result<Keyring, EditError> {
    let mut after = keyring.clone();
    for edit in edits {
        let change = after.judge(edit, &Precondition::default(), now)?;
        after.make(&change);
    }
    Ok(after)
}
