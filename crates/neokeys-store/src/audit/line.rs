//! Lines of a log: events as OCSF 1.8.0 writes them, class Entity Management (3004).

use std::net::IpAddr;

use bytes::Bytes;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::action::Action;
use super::difference::{KeyChange, KeyringChange};
use super::document_state::DocumentChange;
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
    metadata: Metadata<'e>,
    actor: Actor<'e>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_endpoint: Option<Endpoint>,
    entity: Entity<'e>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unmapped: Option<Unmapped>,
}

#[derive(Serialize)]
struct Metadata<'e> {
    version: &'static str,
    sequence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_uid: Option<&'e str>,
    tenant_uid: &'e str,
    product: Product,
}

#[derive(Serialize)]
struct Product {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Actor<'e> {
    user: User<'e>,
}

#[derive(Serialize)]
struct User<'e> {
    name: &'e str,
    r#type: &'e str,
    type_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'e str>,
}

#[derive(Serialize)]
struct Endpoint {
    ip: IpAddr,
}

#[derive(Serialize)]
struct Entity<'e> {
    name: &'e str,
    r#type: &'static str,
    type_id: u32,
    #[serde(skip_serializing_if = "Details::is_empty")]
    data: Details<'e>,
}

#[derive(Serialize)]
struct Unmapped {
    document: DocumentChange,
}

/// The details of an action beyond its name, and where it was found that it is to be done.
struct Details<'e> {
    told: Told<'e>,
    found_at: Option<&'e str>,
    /// As many of each kind of difference are named.
    most: usize,
}

/// The details of an action.
#[derive(Clone, Copy)]
enum Told<'e> {
    Nothing,
    Numbers([Option<(&'static str, u64)>; 2]),
    Key(&'e KeyChange),
    Keyring(&'e KeyringChange),
}

/// A change of a key, told beside others.
struct NamedChange<'e> {
    name: &'e str,
    change: &'e KeyChange,
    most: usize,
}

impl Event {
    /// The event as the line of this place in the log, without a newline.
    #[must_use]
    pub fn line(&self, sequence: u64) -> Bytes {
        let mut line = Vec::new();
        self.write_line(sequence, &mut line);
        line.into()
    }

    /// Appends the line to others.
    #[expect(clippy::expect_used, reason = "maps have keys of text, and nothing else can fail")]
    pub(crate) fn write_line(&self, sequence: u64, lines: &mut Vec<u8>) {
        let (start, mut most) = (lines.len(), MOST_DIFFERENCES);
        loop {
            serde_json::to_writer(&mut *lines, &self.to_ocsf(sequence, most))
                .expect("a line is JSON");
            if lines.len() - start <= Self::LONGEST || most == 0 {
                return;
            }
            lines.truncate(start);
            most /= 2;
        }
    }

    fn to_ocsf(&self, sequence: u64, most: usize) -> Line<'_> {
        let (activity_id, activity_name) = self.action.activity();
        let is_done = self.refusal.is_none() && !matches!(self.action, Action::Refusals(_));
        Line {
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
            metadata: Metadata {
                version: VERSION,
                sequence,
                uid: self.initiator.request_id.as_deref(),
                correlation_uid: self.plan.as_deref(),
                tenant_uid: self.tenant.as_str(),
                product: Product { name: "neokeys", version: env!("CARGO_PKG_VERSION") },
            },
            actor: self.actor(),
            src_endpoint: self.initiator.address.map(|ip| Endpoint { ip }),
            entity: self.entity(most),
            unmapped: self.document.map(|document| Unmapped { document }),
        }
    }

    fn actor(&self) -> Actor<'_> {
        let actor = &self.initiator.actor;
        let (kind, type_id) = match &actor.kind {
            ActorKind::Caller(methods) => (methods.as_str(), OTHER),
            ActorKind::SystemUser => ("User", USER),
            ActorKind::File => ("file", OTHER),
            ActorKind::Service => ("System", SYSTEM),
        };
        let (uid, domain) = (actor.uid.as_deref(), actor.issuer.as_deref());
        Actor { user: User { name: &actor.name, r#type: kind, type_id, uid, domain } }
    }

    fn entity(&self, most: usize) -> Entity<'_> {
        let (name, kind) = match &self.subject {
            Subject::Key(name) if self.initiator.telling_names.contains(name) => {
                ("[token]", "API key")
            }
            Subject::Key(name) => (name.as_str(), "API key"),
            Subject::Tenant => (self.tenant.as_str(), "Tenant"),
        };
        let found_at = self.initiator.found_at.as_deref();
        let data = Details { told: self.action.told(), found_at, most };
        Entity { name, r#type: kind, type_id: OTHER, data }
    }
}

impl Action {
    /// The details of it.
    fn told(&self) -> Told<'_> {
        let numbers = |first, second| Told::Numbers([Some(first), second]);
        match self {
            Self::Create(change) | Self::Update(change) => Told::Key(change),
            Self::Copy(Some(change)) | Self::Found(Some(change)) => Told::Keyring(change),
            Self::Rotate { overlap: Some(overlap) } => {
                numbers(("overlapSeconds", overlap.as_secs()), None)
            }
            Self::Undone { first, last } => numbers(("first", *first), Some(("last", *last))),
            Self::Refusals(count) => numbers(("count", *count), None),
            Self::Repair { bytes } => numbers(("bytes", *bytes), None),
            Self::Recover { first, lines } => numbers(("since", *first), Some(("lines", *lines))),
            Self::Rotate { overlap: None }
            | Self::EndOverlap
            | Self::Revoke { .. }
            | Self::Delete
            | Self::CreateTenant
            | Self::DeleteTenant
            | Self::Copy(None)
            | Self::Found(None) => Told::Nothing,
        }
    }
}

impl Details<'_> {
    fn is_empty(&self) -> bool {
        self.found_at.is_none()
            && match self.told {
                Told::Nothing => true,
                Told::Numbers(_) => false,
                Told::Key(change) => *change == KeyChange::default(),
                Told::Keyring(change) => *change == KeyringChange::default(),
            }
    }
}

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = serializer.serialize_map(None)?;
        match self.told {
            Told::Key(change) => put_key(&mut told, change, self.most)?,
            Told::Keyring(change) => put_keyring(&mut told, change, self.most)?,
            Told::Numbers(numbers) => {
                for (name, number) in numbers.iter().flatten() {
                    told.serialize_entry(name, number)?;
                }
            }
            Told::Nothing => {}
        }
        if let Some(place) = self.found_at {
            told.serialize_entry("foundAt", place)?;
        }
        told.end()
    }
}

impl Serialize for NamedChange<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = serializer.serialize_map(None)?;
        told.serialize_entry("name", self.name)?;
        put_key(&mut told, self.change, self.most)?;
        told.end()
    }
}

fn put_key<M: SerializeMap>(told: &mut M, change: &KeyChange, most: usize) -> Result<(), M::Error> {
    put_first(told, "added", &change.added, most)?;
    put_first(told, "removed", &change.removed, most)?;
    if let Some(enabled) = change.enabled {
        told.serialize_entry("enabled", &enabled)?;
    }
    if let Some(end) = &change.expires_at {
        told.serialize_entry("expiresAt", end)?;
    }
    if !change.members.is_empty() {
        told.serialize_entry("members", &change.members)?;
    }
    Ok(())
}

fn put_keyring<M: SerializeMap>(
    told: &mut M,
    change: &KeyringChange,
    most: usize,
) -> Result<(), M::Error> {
    put_first(told, "came", &change.came, most)?;
    put_first(told, "went", &change.went, most)?;
    let first = change.changed.iter().take(most);
    let changed: Vec<_> = first.map(|(name, change)| NamedChange { name, change, most }).collect();
    told.serialize_entry("changed", &changed)?;
    put_count_of_others(told, "changed", change.changed.len(), most)
}

/// A list of the first, and how many more there are.
fn put_first<M: SerializeMap>(
    told: &mut M,
    name: &str,
    all: &[String],
    most: usize,
) -> Result<(), M::Error> {
    told.serialize_entry(name, &all[..all.len().min(most)])?;
    put_count_of_others(told, name, all.len(), most)
}

fn put_count_of_others<M: SerializeMap>(
    told: &mut M,
    name: &str,
    all: usize,
    most: usize,
) -> Result<(), M::Error> {
    match all.saturating_sub(most) {
        0 => Ok(()),
        more => told.serialize_entry(&format!("{name}More"), &more),
    }
}
