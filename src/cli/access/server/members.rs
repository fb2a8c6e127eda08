//! Wanted keys, as the documented operations take them in JSON.

use serde_json::{Map, Value};

use crate::domain::{
    AllowedIps, DesiredKey, DesiredKeys, DetailsPatch, Label, Patch, PlanReach, Scope, Scopes,
};

/// The members of a change of details.
pub(super) fn of_patch(patch: &DetailsPatch) -> Map<String, Value> {
    let mut members = Map::new();
    put(&mut members, "expiresAt", &patch.expires_at, |it| it.to_string().into());
    put(&mut members, "allowedIps", &patch.allowed_ips, of_networks);
    put(&mut members, "description", &patch.description, |it| it.as_str().into());
    put(&mut members, "owner", &patch.owner, |it| it.as_str().into());
    put(&mut members, "labels", &patch.labels, |labels| {
        let label = |(name, value): (&Label, &Option<Label>)| {
            (name.as_str().to_owned(), value.as_ref().map(Label::as_str).into())
        };
        Value::Object(labels.iter().map(label).collect())
    });
    members
}

/// The body of a plan.
pub(super) fn of_plan(
    desired: &DesiredKeys,
    reach: PlanReach,
    dry_run: bool,
) -> Map<String, Value> {
    let keys: Vec<Value> = desired.keys.iter().map(|key| of_key(key).into()).collect();
    Map::from_iter([
        ("managedBy".to_owned(), desired.managed_by.as_str().into()),
        ("apiKeys".to_owned(), keys.into()),
        ("prune".to_owned(), reach.prune.into()),
        ("adopt".to_owned(), reach.adopt.into()),
        ("dryRun".to_owned(), dry_run.into()),
    ])
}

fn of_key(key: &DesiredKey) -> Map<String, Value> {
    let mut members = of_patch(&DetailsPatch {
        expires_at: key.expires_at.clone(),
        allowed_ips: key.allowed_ips.clone(),
        description: key.description.clone(),
        owner: key.owner.clone(),
        ..DetailsPatch::default()
    });
    let mut name = |member: &str, value: Value| members.insert(member.to_owned(), value);
    name("name", key.name.as_str().into());
    if let Some(enabled) = key.enabled {
        name("enabled", enabled.into());
    }
    if let Some(scopes) = &key.scopes {
        name("permissions", of_scopes(scopes));
    }
    if let Some(digest) = &key.digest {
        name("hash", digest.to_hex().into());
    }
    if let Some(overlap) = key.overlap {
        name("overlapSeconds", overlap.as_secs().into());
    }
    if let Some(labels) = &key.labels {
        let label = |(name, value): (&Label, &Label)| {
            (name.as_str().to_owned(), Value::from(value.as_str()))
        };
        name("labels", Value::Object(labels.iter().map(label).collect()));
    }
    members
}

/// The permissions of a key.
pub(super) fn of_scopes(scopes: &Scopes) -> Value {
    scopes.iter().map(Scope::as_str).collect()
}

fn of_networks(networks: &AllowedIps) -> Value {
    networks.iter().map(|it| Value::from(it.to_string())).collect()
}

/// Puts a value that is named; `null` says that there is none.
pub(super) fn put<T>(
    members: &mut Map<String, Value>,
    name: &str,
    patch: &Patch<T>,
    json: impl FnOnce(&T) -> Value,
) {
    let value = match patch {
        Patch::Keep => return,
        Patch::Set(value) => json(value),
        Patch::Remove => Value::Null,
    };
    members.insert(name.to_owned(), value);
}
