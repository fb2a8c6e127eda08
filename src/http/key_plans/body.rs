//! The keys that a request wants.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::contract::{OperationWithBody, RequestBody};
use crate::domain::{
    DesiredKey, DesiredKeys, DetailsPatch, Digest, KeyName, Labels, ManagedBy, Patch, PlanReach,
    Scopes,
};
use crate::http::key_details::{MEMBERS, read_detail, read_overlap};
use crate::http::operations::ApplyApiKeyPlan;
use crate::http::request::json_body::JsonBody;
use crate::problem::{Faults, Problem};

/// The wanted keys, and the reach of the plan.
pub(super) struct PlanRequest {
    pub(super) desired: DesiredKeys,
    pub(super) reach: PlanReach,
    pub(super) dry_run: bool,
}

/// The members of a request; those that are faulty are absent.
#[derive(Debug, Default)]
pub(crate) struct PlanBody {
    managed_by: Option<ManagedBy>,
    keys: Option<Vec<DesiredKey>>,
    reach: PlanReach,
    dry_run: bool,
}

impl OperationWithBody for ApplyApiKeyPlan {
    type Body = PlanBody;
}

impl RequestBody for PlanBody {
    const REQUIRED: &'static [&'static str] = &["managedBy", "apiKeys"];

    fn read_member(&mut self, name: &str, value: &Value) -> Result<(), Vec<String>> {
        match name {
            "managedBy" => {
                let read = ManagedBy::parse(text(value)?);
                self.managed_by = Some(read.map_err(|error| vec![format!("The value {error}.")])?);
            }
            "apiKeys" => self.keys = Some(keys(value)?),
            "prune" => self.reach.prune = flag(value)?,
            "adopt" => self.reach.adopt = flag(value)?,
            "dryRun" => self.dry_run = flag(value)?,
            _ => {
                return Err(one(
                    "There is no such member; the members are: managedBy, apiKeys, prune, adopt, dryRun.",
                ));
            }
        }
        Ok(())
    }
}

/// The wanted keys of a body, if it is whole.
pub(super) fn wanted(body: JsonBody<ApplyApiKeyPlan>) -> Result<PlanRequest, Problem> {
    let PlanBody { managed_by, keys, reach, dry_run } = body.into_value()?;
    match (managed_by, keys) {
        (Some(managed_by), Some(keys)) => {
            Ok(PlanRequest { desired: DesiredKeys { managed_by, keys }, reach, dry_run })
        }
        _ => Err(Problem::validation(Faults::default())),
    }
}

fn keys(value: &Value) -> Result<Vec<DesiredKey>, Vec<String>> {
    let items = value.as_array().ok_or_else(|| one("The value must be an array of objects."))?;
    let (mut keys, mut faults, mut names) = (Vec::new(), Vec::new(), HashSet::new());
    for (position, item) in items.iter().enumerate() {
        let read =
            item.as_object().ok_or_else(|| one("The value must be an object.")).and_then(key);
        let read = read.and_then(|key| match names.insert(key.name.clone()) {
            true => Ok(key),
            false => Err(one("An earlier key has the same name.")),
        });
        match read {
            Ok(key) => keys.push(key),
            Err(all) => faults.extend(all.into_iter().map(|it| format!("[{position}]: {it}"))),
        }
    }
    if faults.is_empty() { Ok(keys) } else { Err(faults) }
}

fn key(members: &Map<String, Value>) -> Result<DesiredKey, Vec<String>> {
    let told = |error: &dyn std::fmt::Display| one(&error.to_string());
    let name = members.get("name").ok_or_else(|| one("The member name is required."))?;
    let name = KeyName::parse(text(name)?).map_err(|error| told(&error))?;
    let (mut key, mut patch) = (DesiredKey::named(name), DetailsPatch::default());
    let mut faults = Vec::new();
    for (member, value) in members {
        if let Some(outcome) = read_detail(&mut patch, member, value) {
            faults.extend(outcome.err().into_iter().flatten());
            continue;
        }
        let read = match member.as_str() {
            "name" => Ok(()),
            "enabled" => flag(value).map(|it| key.enabled = Some(it)),
            "permissions" => scopes(value).map(|it| key.scopes = Some(it)),
            "hash" => text(value)
                .and_then(|it| Digest::parse(it).map_err(|error| told(&error)))
                .map(|it| key.digest = Some(it)),
            "overlapSeconds" => read_overlap(value).map(|it| key.overlap = Some(it)),
            _ => Err(vec![format!(
                "There is no such member; the members are: name, enabled, permissions, {}, hash, overlapSeconds.",
                MEMBERS.join(", ")
            )]),
        };
        faults.extend(read.err().into_iter().flatten());
    }
    key.labels = match patch.labels {
        Patch::Keep => None,
        Patch::Remove => Some(Labels::default()),
        Patch::Set(pairs) => {
            let set = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
            Labels::new(set).map_err(|error| faults.extend(told(&error))).ok()
        }
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    let DetailsPatch { expires_at, allowed_ips, description, owner, .. } = patch;
    Ok(DesiredKey { expires_at, allowed_ips, description, owner, ..key })
}

fn scopes(value: &Value) -> Result<Scopes, Vec<String>> {
    let items =
        value.as_array().ok_or_else(|| one("The permissions must be an array of strings."))?;
    let texts: Vec<_> = items.iter().map(text).collect::<Result<_, _>>()?;
    Scopes::parse(&texts).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn text(value: &Value) -> Result<&str, Vec<String>> {
    value.as_str().ok_or_else(|| one("The value must be a string."))
}

fn flag(value: &Value) -> Result<bool, Vec<String>> {
    value.as_bool().ok_or_else(|| one("The value must be true or false."))
}

fn one(sentence: &str) -> Vec<String> {
    vec![sentence.to_owned()]
}
