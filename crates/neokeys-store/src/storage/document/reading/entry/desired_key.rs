//! A wanted key in a file of them: its members by name, each as an entry of `security.yml` has it, but for
//! limits, which stand beside the others.

use std::time::Duration;

use foldhash::{HashMap, HashMapExt as _};

use super::EntryReader;
use super::member_values::all;
use super::members::{EntryMembers, Member, MemberName};
use super::written_details::{ALLOWED_IPS, EXPIRES_AT};
use crate::domain::{DesiredKey, Labels, Patch, parse_span_or_zero};
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::reading::misspelled_members::shown;
use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::{NodeId, TagUse};

const OVERLAP: &str = "overlap";

/// The members of a wanted key that an entry does not have, or not there.
const OTHERS: [&str; 3] = [EXPIRES_AT, ALLOWED_IPS, OVERLAP];

impl EntryReader<'_, '_> {
    /// Reads a wanted key.
    pub(crate) fn desired(&mut self, id: NodeId) -> Result<DesiredKey, Vec<Diagnostic>> {
        let tree = self.tree;
        let (place, node) = (tree.node(id), tree.resolved(id));
        let members = tree.members_of(node).filter(|_| !matches!(node.tag, TagUse::Other(_)));
        let members = members.ok_or_else(|| {
            let hint = "write it as a mapping with name and permissions";
            vec![place.diagnostic(format!("the key is {}, not a mapping", node.kind()), hint)]
        })?;
        let known = EntryMembers::of(tree, members);
        let value_of = |name: &str| {
            members.iter().find(|[key, _]| tree.text_of(*key) == Some(name)).map(|it| it[1])
        };
        let mut faults: Vec<_> =
            members.iter().filter_map(|[key, _]| self.unknown_member(*key)).collect();
        let name = self.name(place, known.get(MemberName::Name));
        let name = name.map_err(|fault| faults.push(fault)).ok();
        let enabled = known.get(MemberName::Enabled).map(|it| self.enabled(Some(it)));
        let enabled = enabled.transpose().map_err(|fault| faults.push(fault));
        let scopes = known.get(MemberName::Permissions).map(|it| self.permissions(Some(it)));
        let scopes = scopes.transpose().map_err(|all| faults.extend(all));
        let digest = known.get(MemberName::Hash).map(|it| self.hash(place, Some(it)));
        let digest = digest.transpose().map_err(|fault| faults.push(fault));
        let overlap = value_of(OVERLAP).map(|value| self.overlap(value)).transpose();
        let overlap = overlap.map_err(|fault| faults.push(fault));
        let one = |read: Result<_, Diagnostic>| read.map_err(|fault| vec![fault]);
        let expires_at =
            self.patch(value_of(EXPIRES_AT), |value| one(self.time(value, EXPIRES_AT)));
        let expires_at = expires_at.map_err(|all| faults.extend(all));
        let allowed_ips = self.patch(value_of(ALLOWED_IPS), |value| self.allowed_ips(value));
        let allowed_ips = allowed_ips.map_err(|all| faults.extend(all));
        let text = |member: MemberName| known.get(member).is_some();
        let description = self.annotation(&known, MemberName::Description, &mut faults);
        let owner = self.annotation(&known, MemberName::Owner, &mut faults);
        let labels = known.get(MemberName::Labels).map(|it| self.all_labels(it)).transpose();
        let labels = labels.map_err(|all| faults.extend(all));
        match (name, enabled, scopes, digest, overlap, expires_at, allowed_ips, labels) {
            (
                Some(name),
                Ok(enabled),
                Ok(scopes),
                Ok(digest),
                Ok(overlap),
                Ok(expires_at),
                Ok(allowed_ips),
                Ok(labels),
            ) if faults.is_empty() => Ok(DesiredKey {
                name,
                enabled,
                scopes,
                digest,
                overlap,
                expires_at,
                allowed_ips,
                description: named(text(MemberName::Description), description),
                owner: named(text(MemberName::Owner), owner),
                labels,
            }),
            _ => Err(faults),
        }
    }

    fn unknown_member(&self, key: NodeId) -> Option<Diagnostic> {
        let name = self.tree.text_of(key).unwrap_or_default();
        let hint = match MemberName::of_key(self.tree, key) {
            Some(MemberName::Limits) => "write expiresAt and allowedIps beside the other members",
            Some(MemberName::ManagedBy) => "write managedBy beside tenant, once for all keys",
            Some(MemberName::PreviousHashes | MemberName::CreatedAt | MemberName::RotatedAt) => {
                "remove it: the service writes it"
            }
            Some(_) => return None,
            None if OTHERS.contains(&name) => return None,
            None => {
                "the members are name, enabled, permissions, expiresAt, allowedIps, description, owner, \
                 labels, hash and overlap; fix or remove this one"
            }
        };
        let fault = format!("the key has {}, which is not a member of a wanted key", shown(name));
        Some(self.tree.node(key).diagnostic(fault, hint))
    }

    /// The fate of a value: `null` takes it away.
    fn patch<T>(
        &self,
        value: Option<NodeId>,
        read: impl FnOnce(NodeId) -> Result<T, Vec<Diagnostic>>,
    ) -> Result<Patch<T>, Vec<Diagnostic>> {
        match value {
            None => Ok(Patch::Keep),
            Some(value) if self.is_null(value) => Ok(Patch::Remove),
            Some(value) => read(value).map(Patch::Set),
        }
    }

    fn is_null(&self, value: NodeId) -> bool {
        self.tree.resolved(value).value() == Some(Value::Null)
    }

    fn all_labels(&self, member: Member) -> Result<Labels, Vec<Diagnostic>> {
        if self.is_null(member.value) {
            return Ok(Labels::default());
        }
        let mut faults = Vec::new();
        let labels = self.labels(member, &mut faults);
        if faults.is_empty() { Ok(labels) } else { Err(faults) }
    }

    fn overlap(&self, value: NodeId) -> Result<Duration, Diagnostic> {
        let text = self.tree.resolved(value).text().unwrap_or_default();
        parse_span_or_zero(text).map_err(|error| {
            self.tree.node(value).diagnostic("overlap is not a duration", error.to_string())
        })
    }

    /// Reads all wanted keys of a list.
    pub(crate) fn all_desired(
        &mut self,
        items: &[NodeId],
    ) -> Result<Vec<DesiredKey>, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let keys = items.iter().map(|item| self.desired(*item).map_err(|all| faults.extend(all)));
        let keys: Vec<_> = keys.collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let keys: Vec<_> = keys.into_iter().flatten().collect();
        let mut first = HashMap::with_capacity(keys.len());
        all(keys.iter().zip(items).map(|(key, item)| {
            let node = self.tree.node(*item);
            let Some(line) = first.insert(key.name.as_str(), node.line()) else { return Ok(()) };
            let fault = format!("the key at line {line} has the same name");
            Err(node.diagnostic(fault, "give each key a name of its own"))
        }))?;
        Ok(keys)
    }
}

/// The fate of a text that is named or not.
fn named<T>(is_named: bool, value: Option<T>) -> Patch<T> {
    match value {
        Some(value) => Patch::Set(value),
        None if is_named => Patch::Remove,
        None => Patch::Keep,
    }
}
