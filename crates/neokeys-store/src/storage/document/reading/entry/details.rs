//! The members of an entry beside its definition: limits, older tokens, and texts for people.
//!
//! Limits fail closed: one that is not understood is one that would not be kept, so it makes the entry no
//! key. A broken older token never works, and the key does with the others. Texts decide nothing: one that
//! breaks a rule is told, and not shown.

use super::EntryReader;
use super::member_values::all;
use super::members::{EntryMembers, Member, MemberName, text_value};
use super::written_details::{ALLOWED_IPS, EXPIRES_AT, HASH};
use crate::domain::{
    AllowedIps, AllowedIpsError, Annotation, Digest, KeyDetails, Label, Labels, Limits,
    PreviousToken, Timestamp,
};
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::reading::misspelled_members::shown;
use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::{NodeId, TagUse};

/// A list of diagnostics that a value may have.
type Faults = Vec<Diagnostic>;

impl<'a> EntryReader<'a, '_> {
    /// The details that an entry has, with how much is mistyped in its own members. Broken limits are the
    /// error; all else that is broken is added to the warnings.
    pub(super) fn details(
        &self,
        known: &EntryMembers,
        own: &EntryMembers,
        warnings: &mut Faults,
    ) -> Result<KeyDetails, Faults> {
        let limits = known.get(MemberName::Limits).map(|member| self.limits(member)).transpose()?;
        let mut details = KeyDetails { limits: limits.unwrap_or_default(), ..Default::default() };
        if let Some(member) = known.get(MemberName::PreviousHashes) {
            let told = warnings.len();
            details.previous = self.previous(member, warnings);
            details.mistyped.previous =
                self.mistyped(own, MemberName::PreviousHashes, told, warnings);
        }
        details.created_at = self.time_of(known, MemberName::CreatedAt, warnings);
        details.rotated_at = self.time_of(known, MemberName::RotatedAt, warnings);
        details.description = self.annotation(known, MemberName::Description, warnings);
        details.owner = self.annotation(known, MemberName::Owner, warnings);
        details.managed_by = self.annotation(known, MemberName::ManagedBy, warnings);
        if let Some(member) = known.get(MemberName::Labels) {
            let told = warnings.len();
            details.labels = self.labels(member, warnings);
            details.mistyped.labels = self.mistyped(own, MemberName::Labels, told, warnings);
        }
        Ok(details)
    }

    fn limits(&self, member: Member) -> Result<Limits, Faults> {
        let mut limits = Limits::default();
        let mut faults = Vec::new();
        for (key, value) in self.mapping(member.value, "limits").map_err(|fault| vec![fault])? {
            let node = self.tree.node(key);
            match text_value(self.tree.resolved(key)) {
                Some(EXPIRES_AT) => match self.time(value, EXPIRES_AT) {
                    Ok(time) => limits.expires_at = Some(time),
                    Err(fault) => faults.push(fault),
                },
                Some(ALLOWED_IPS) => match self.allowed_ips(value) {
                    Ok(networks) => limits.allowed_ips = Some(networks),
                    Err(all) => faults.extend(all),
                },
                name => {
                    let name = name.or_else(|| self.tree.text_of(key)).unwrap_or_default();
                    let fault = format!(
                        "limits has {}, which this version does not know and so could not enforce",
                        shown(name)
                    );
                    let hint = "the limits are expiresAt and allowedIps; remove this one, or use a \
                                version that keeps it";
                    faults.push(node.diagnostic(fault, hint));
                }
            }
        }
        if faults.is_empty() { Ok(limits) } else { Err(faults) }
    }

    pub(super) fn allowed_ips(&self, value: NodeId) -> Result<AllowedIps, Faults> {
        let list = self.tree.node(value);
        let items = self.list(value, ALLOWED_IPS).map_err(|fault| vec![fault])?;
        let texts = all(items.iter().map(|item| {
            let hint = "write it as a text, such as 203.0.113.0/24";
            text_value(self.tree.resolved(*item))
                .ok_or_else(|| self.tree.node(*item).diagnostic("the address is not a text", hint))
        }))?;
        AllowedIps::parse(&texts).map_err(|errors| {
            let told = errors.iter().map(|error| match error {
                AllowedIpsError::Network { position, source } => self
                    .tree
                    .node(items[*position - 1])
                    .diagnostic("the address is not allowed", format!("it {source}")),
                AllowedIpsError::Missing | AllowedIpsError::TooMany => {
                    let hint = error.to_string();
                    list.diagnostic("allowedIps is not allowed", hint.trim_end_matches('.'))
                }
            });
            told.collect()
        })
    }

    /// The older tokens, without those that are broken.
    fn previous(&self, member: Member, warnings: &mut Faults) -> Vec<PreviousToken> {
        let Some(items) = told_of(self.list(member.value, "previousHashes"), warnings) else {
            return Vec::new();
        };
        let read = items.iter().filter_map(|item| told_of(self.previous_token(*item), warnings));
        read.collect()
    }

    fn previous_token(&self, item: NodeId) -> Result<PreviousToken, Diagnostic> {
        let broken = |place: NodeId, why: &str| {
            let fault = format!("this older token never works: {why}");
            let hint =
                "an item of previousHashes is \"{ hash: …, expiresAt: … }\"; fix or remove it";
            self.tree.node(place).diagnostic(fault, hint)
        };
        let members =
            self.mapping(item, "the item").or(Err(broken(item, "it is not a mapping")))?;
        let (mut digest, mut expires_at) = (None, None);
        for (key, value) in members {
            match text_value(self.tree.resolved(key)) {
                Some(HASH) => {
                    let text = self.tree.resolved(value).text().unwrap_or_default();
                    let read = Digest::parse(text);
                    digest = Some(read.or(Err(broken(value, "its hash is not a SHA-256")))?);
                }
                Some(EXPIRES_AT) => {
                    let read = self.time(value, EXPIRES_AT);
                    let why = "its expiresAt is not a date and time with an offset";
                    expires_at = Some(read.or(Err(broken(value, why)))?);
                }
                _ => return Err(broken(key, "it has a member that is not known")),
            }
        }
        match (digest, expires_at) {
            (Some(digest), Some(expires_at)) => Ok(PreviousToken::new(digest, expires_at)),
            (None, _) => Err(broken(item, "it has no hash")),
            (Some(_), None) => Err(broken(item, "it has no expiresAt")),
        }
    }

    /// How many warnings were told of a member that stands in the entry itself and is not empty.
    fn mistyped(
        &self,
        own: &EntryMembers,
        name: MemberName,
        told: usize,
        warnings: &Faults,
    ) -> usize {
        let value = own.get(name).map(|member| self.tree.node(member.value));
        let is_written =
            value.is_some_and(|node| !node.is_alias() && node.value() != Some(Value::Null));
        if is_written { warnings.len() - told } else { 0 }
    }

    /// The labels, without those that are broken.
    pub(super) fn labels(&self, member: Member, faults: &mut Faults) -> Labels {
        let Some(members) = told_of(self.mapping(member.value, "labels"), faults) else {
            return Labels::default();
        };
        let part = |id: NodeId| {
            let text = text_value(self.tree.resolved(id));
            let label = text.and_then(|text| Label::parse(text).ok());
            let hint = "a label's name and its value are texts of 1 to 63 of A-Z a-z 0-9 _ . / -";
            label.ok_or_else(|| self.tree.node(id).diagnostic("the label is not shown", hint))
        };
        let pairs = members.filter_map(|(key, value)| {
            told_of(part(key).and_then(|name| Ok((name, part(value)?))), faults)
        });
        let pairs: Vec<_> = pairs.collect();
        let node = self.tree.node(member.value);
        let labels = Labels::new(pairs)
            .map_err(|error| node.diagnostic("the labels are not shown", error.to_string()));
        told_of(labels, faults).unwrap_or_default()
    }

    pub(super) fn annotation<const MOST: usize>(
        &self,
        known: &EntryMembers,
        name: MemberName,
        warnings: &mut Faults,
    ) -> Option<Annotation<MOST>> {
        let value = known.get(name)?.value;
        let node = self.tree.resolved(value);
        if matches!(node.value(), Some(Value::Null)) || node.text() == Some("") {
            return None;
        }
        let told = |why: String| {
            let fault = format!("{} is not shown", name.as_str());
            self.tree.node(value).diagnostic(fault, why)
        };
        let read = text_value(node).ok_or_else(|| told("write a text".to_owned()));
        let read = read.and_then(|text| {
            Annotation::parse(text).map_err(|error| told(format!("the text {error}")))
        });
        told_of(read, warnings)
    }

    fn time_of(
        &self,
        known: &EntryMembers,
        name: MemberName,
        warnings: &mut Faults,
    ) -> Option<Timestamp> {
        told_of(self.time(known.get(name)?.value, name.as_str()), warnings)
    }

    pub(super) fn time(&self, value: NodeId, what: &str) -> Result<Timestamp, Diagnostic> {
        let text = text_value(self.tree.resolved(value)).unwrap_or_default();
        Timestamp::parse(text).map_err(|error| {
            let fault = format!("{what} is not a point in time");
            self.tree.node(value).diagnostic(fault, format!("it {error}"))
        })
    }

    fn mapping(
        &self,
        value: NodeId,
        what: &str,
    ) -> Result<impl Iterator<Item = (NodeId, NodeId)> + use<'a>, Diagnostic> {
        let node = self.tree.resolved(value);
        let members = self.tree.members_of(node).filter(|_| !matches!(node.tag, TagUse::Other(_)));
        let members = members.ok_or_else(|| {
            let fault = format!("{what} is {}, not a mapping", node.kind());
            self.tree.node(value).diagnostic(fault, "write its members beneath it, or remove it")
        })?;
        Ok(members.iter().map(|[key, value]| (*key, *value)))
    }

    fn list(&self, value: NodeId, what: &str) -> Result<&'a [NodeId], Diagnostic> {
        let node = self.tree.resolved(value);
        let items = self.tree.items_of(node).filter(|_| !matches!(node.tag, TagUse::Other(_)));
        items.ok_or_else(|| {
            let fault = format!("{what} is {}, not a list", node.kind());
            self.tree.node(value).diagnostic(fault, "write a list, or remove it")
        })
    }
}

/// The value, or a warning more.
fn told_of<T>(read: Result<T, Diagnostic>, warnings: &mut Faults) -> Option<T> {
    read.map_err(|fault| warnings.push(fault)).ok()
}
