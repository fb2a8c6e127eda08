//! Lines of a log: events as OCSF 1.8.0 writes them, class Entity Management (3004).

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::action::Action;
use super::difference::{KeyChange, KeyringChange};
use super::event::{Event, Subject};
use crate::domain::ActorKind;

/// The class, and its category, Identity & Access Management.
pub(super) const CLASS: u32 = 3004;
const CATEGORY: u32 = 3;
/// The version of OCSF.
const VERSION: &str = "1.8.0";
/// The most of each kind of difference that are named; the others are counted.
const MOST_DIFFERENCES: usize = 64;
/// OCSF's number of a kind that it has no number for, and of a user of the operating system.
const OTHER: u32 = 99;
const USER: u32 = 1;
const SYSTEM: u32 = 3;

#[derive(Serialize)]
struct Line<'e> {
    class_uid: u32,
    category_uid: u32,
    type_uid: u32,
    activity_id: u32,
    activity_name: &'static str,
    time: u64,
    severity_id: u32,
    status_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'e str>,
    metadata: Value,
    actor: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_endpoint: Option<Value>,
    entity: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    unmapped: Option<Value>,
}

impl Event {
    /// The event as the line of this place in the log, without a newline.
    #[must_use]
    pub fn line(&self, sequence: u64) -> Bytes {
        let mut most = MOST_DIFFERENCES;
        loop {
            let line = self.line_with(sequence, most);
            if line.len() <= Self::LONGEST || most == 0 {
                return line.into();
            }
            most /= 2;
        }
    }

    #[expect(clippy::expect_used, reason = "maps have keys of text, and nothing else can fail")]
    fn line_with(&self, sequence: u64, most: usize) -> Vec<u8> {
        let (activity_id, activity_name) = self.action.activity();
        let is_done = self.refusal.is_none() && !matches!(self.action, Action::Refusals(_));
        let line = Line {
            class_uid: CLASS,
            category_uid: CATEGORY,
            type_uid: CLASS * 100 + activity_id,
            activity_id,
            activity_name,
            time: u64::try_from(self.at.as_millis()).unwrap_or(u64::MAX),
            severity_id: 1,
            status_id: if is_done { 1 } else { 2 },
            status_detail: self.refusal.as_ref().map(|it| it.0.as_str()),
            comment: self.initiator.reason.as_deref(),
            metadata: self.metadata(sequence),
            actor: self.actor(),
            src_endpoint: self.initiator.address.map(|ip| json!({ "ip": ip.to_string() })),
            entity: self.entity(most),
            unmapped: self.document.map(|change| {
                let (before, after) = (change.before.to_string(), change.after.to_string());
                json!({ "document": { "before": before, "after": after } })
            }),
        };
        serde_json::to_vec(&line).expect("a line is JSON")
    }

    fn metadata(&self, sequence: u64) -> Value {
        let mut metadata = Map::new();
        let mut put = |name: &str, value: Value| metadata.insert(name.to_owned(), value);
        put("version", VERSION.into());
        put("sequence", sequence.into());
        if let Some(id) = &self.initiator.request_id {
            put("uid", id.as_str().into());
        }
        if let Some(plan) = &self.plan {
            put("correlation_uid", plan.as_str().into());
        }
        put("tenant_uid", self.tenant.as_str().into());
        put("product", json!({ "name": "neokeys", "version": env!("CARGO_PKG_VERSION") }));
        Value::Object(metadata)
    }

    fn actor(&self) -> Value {
        let actor = &self.initiator.actor;
        let (kind, type_id) = match &actor.kind {
            ActorKind::Caller(methods) => (methods.as_str(), OTHER),
            ActorKind::SystemUser => ("User", USER),
            ActorKind::File => ("file", OTHER),
            ActorKind::Service => ("System", SYSTEM),
        };
        let mut user = json!({ "name": actor.name.as_str(), "type": kind, "type_id": type_id });
        if let Some(uid) = &actor.uid {
            user["uid"] = uid.as_str().into();
        }
        if let Some(issuer) = &actor.issuer {
            user["domain"] = (**issuer).into();
        }
        json!({ "user": user })
    }

    fn entity(&self, most: usize) -> Value {
        let (name, kind) = match &self.subject {
            Subject::Key(name) if self.initiator.telling_names.contains(name) => {
                ("[token]", "API key")
            }
            Subject::Key(name) => (name.as_str(), "API key"),
            Subject::Tenant => (self.tenant.as_str(), "Tenant"),
        };
        let mut entity = json!({ "name": name, "type": kind, "type_id": OTHER });
        let mut told = told_of(&self.action, most);
        if let Some(place) = &self.initiator.found_at {
            told.insert("foundAt".to_owned(), place.as_str().into());
        }
        if !told.is_empty() {
            entity["data"] = Value::Object(told);
        }
        entity
    }
}

/// The details of an action beyond its name.
fn told_of(action: &Action, most: usize) -> Map<String, Value> {
    let mut told = Map::new();
    let mut put = |name: &str, value: Value| told.insert(name.to_owned(), value);
    match action {
        Action::Create(change) | Action::Update(change) => told = told_of_key(change, most),
        Action::Copy(Some(change)) | Action::Found(Some(change)) => {
            told = told_of_keyring(change, most);
        }
        Action::Rotate { overlap } => {
            if let Some(overlap) = overlap {
                put("overlapSeconds", overlap.as_secs().into());
            }
        }
        Action::Undone { first, last } => {
            put("first", (*first).into());
            put("last", (*last).into());
        }
        Action::Refusals(count) => {
            put("count", (*count).into());
        }
        Action::Repair { bytes } => {
            put("bytes", (*bytes).into());
        }
        Action::Recover { first, lines } => {
            put("since", (*first).into());
            put("lines", (*lines).into());
        }
        Action::EndOverlap
        | Action::Revoke { .. }
        | Action::Delete
        | Action::CreateTenant
        | Action::DeleteTenant
        | Action::Copy(None)
        | Action::Found(None) => {}
    }
    told
}

fn told_of_key(change: &KeyChange, most: usize) -> Map<String, Value> {
    let mut told = Map::new();
    put_some(&mut told, "added", &change.added, most, |it| it.as_str().into());
    put_some(&mut told, "removed", &change.removed, most, |it| it.as_str().into());
    if let Some(enabled) = change.enabled {
        told.insert("enabled".to_owned(), enabled.into());
    }
    if let Some(end) = &change.expires_at {
        told.insert("expiresAt".to_owned(), end.as_deref().into());
    }
    if !change.members.is_empty() {
        told.insert("members".to_owned(), change.members.as_slice().into());
    }
    told
}

fn told_of_keyring(change: &KeyringChange, most: usize) -> Map<String, Value> {
    let mut told = Map::new();
    put_some(&mut told, "came", &change.came, most, |it| it.as_str().into());
    put_some(&mut told, "went", &change.went, most, |it| it.as_str().into());
    put_some(&mut told, "changed", &change.changed, most, |(name, change)| {
        let mut told = Map::from_iter([("name".to_owned(), name.as_str().into())]);
        told.extend(told_of_key(change, most));
        Value::Object(told)
    });
    told
}

/// A list of the first, and how many more there are.
fn put_some<T>(
    told: &mut Map<String, Value>,
    name: &str,
    all: &[T],
    most: usize,
    tell: impl Fn(&T) -> Value,
) {
    told.insert(name.to_owned(), all.iter().take(most).map(tell).collect());
    if let Some(more) = all.len().checked_sub(most).filter(|more| *more > 0) {
        told.insert(format!("{name}More"), more.into());
    }
}
