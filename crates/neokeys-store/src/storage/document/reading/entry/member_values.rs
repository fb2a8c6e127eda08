//! The values of an entry's members: how each is read, or what is wrong with it, and what each says of a
//! key.

use std::borrow::Cow;

use super::members::{Member, MemberName, text_value};
use super::written_details::Written;
use super::{EntryReader, REMOVE_TAG};
use crate::domain::{ApiKey, Digest, KeyName, Scope, ScopeError, Scopes};
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::{Node, NodeId, TagUse};

/// The value of a member, to be written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MemberValue<'k> {
    Text(Cow<'k, str>),
    Flag(bool),
    List(Vec<&'k str>),
    Tree(Written),
}

impl<'k> MemberValue<'k> {
    /// The value that a member has in the entry of a key; none where the entry has no need of it.
    pub(crate) fn of(key: &'k ApiKey, member: MemberName) -> Option<Self> {
        Some(match member {
            MemberName::Name => Self::Text(key.name.as_str().into()),
            MemberName::Enabled => Self::Flag(key.enabled),
            MemberName::Permissions => Self::List(key.scopes.iter().map(Scope::as_str).collect()),
            MemberName::Hash => Self::Text(key.digest.to_hex().into()),
            MemberName::Limits
            | MemberName::PreviousHashes
            | MemberName::CreatedAt
            | MemberName::RotatedAt
            | MemberName::Description
            | MemberName::Owner
            | MemberName::Labels
            | MemberName::ManagedBy => Self::Tree(Written::of(key.details(), member)?),
        })
    }
}

/// The node of a value, and the one that it is an alias of.
struct Found<'a, 't> {
    place: &'a Node<'t>,
    node: &'a Node<'t>,
}

impl Found<'_, '_> {
    /// A diagnostic of the value; where another program encrypted it, that is told instead.
    fn refused(&self, what: &str, fault: impl Into<String>, hint: impl Into<String>) -> Diagnostic {
        match self.node.text().and_then(encrypted_value) {
            Some((how, hint)) => self.place.diagnostic(format!("{what} is {how}"), hint),
            None => self.place.diagnostic(fault, hint),
        }
    }

    fn wrong_type(&self, what: &str, wanted: &str) -> Diagnostic {
        let hint = match self.node.value() {
            Some(Value::Other) => REMOVE_TAG.to_owned(),
            Some(Value::Bool(_) | Value::Number) if wanted == "a text" => {
                "put it in quotes".to_owned()
            }
            Some(_) | None => format!("write {wanted}, or remove the line"),
        };
        self.refused(what, format!("{what} is {}, not {wanted}", self.node.kind()), hint)
    }
}

impl<'a, 't> EntryReader<'a, 't> {
    fn found(&self, value: NodeId) -> Found<'a, 't> {
        Found { place: self.tree.node(value), node: self.tree.resolved(value) }
    }

    pub(super) fn name(
        &self,
        entry: &Node<'_>,
        member: Option<Member>,
    ) -> Result<KeyName, Diagnostic> {
        let missing = || entry.diagnostic("the entry has no name", "add a line \"name: …\"");
        let found = self.found(member.ok_or_else(missing)?.value);
        let text = text_value(found.node).ok_or_else(|| found.wrong_type("name", "a text"))?;
        KeyName::parse(text).map_err(|error| {
            let hint = error.to_string();
            found.refused("name", "the name is not allowed", hint.trim_end_matches('.'))
        })
    }

    pub(super) fn enabled(&self, member: Option<Member>) -> Result<bool, Diagnostic> {
        let Some(Member { value, .. }) = member else { return Ok(true) };
        let found = self.found(value);
        if let Some(Value::Bool(enabled)) = found.node.value() {
            return Ok(enabled);
        }
        let fault = format!("enabled is {}, not a boolean", found.node.kind());
        Err(found.refused("enabled", fault, "write true or false, without quotes"))
    }

    pub(super) fn permissions(
        &mut self,
        member: Option<Member>,
    ) -> Result<Scopes, Vec<Diagnostic>> {
        let tree = self.tree;
        let Some(Member { value, .. }) = member else { return Ok(Scopes::default()) };
        let list = self.found(value);
        let items = tree
            .items_of(list.node)
            .ok_or_else(|| vec![list.wrong_type("permissions", "a list")])?;
        if let TagUse::Other(_) = list.node.tag {
            let fault = "permissions has a tag that neokeys does not know";
            return Err(vec![list.place.diagnostic(fault, REMOVE_TAG)]);
        }
        if items.len() > Scopes::MOST {
            let fault = format!("there are {} permissions", items.len());
            return Err(vec![
                list.place.diagnostic(fault, format!("keep at most {}", Scopes::MOST)),
            ]);
        }
        let texts = all(items.iter().map(|item| {
            let found = self.found(*item);
            text_value(found.node).ok_or_else(|| found.wrong_type("the permission", "a text"))
        }))?;
        if let Some(scopes) = self.lists.get(&texts) {
            return Ok(scopes.clone());
        }
        let scopes = all(texts.iter().zip(items).map(|(text, item)| {
            self.scope(text).map_err(|error| {
                tree.node(*item).diagnostic("the permission is not allowed", format!("it {error}"))
            })
        }))?;
        let scopes = Scopes::new(scopes);
        self.lists.insert(texts, scopes.clone());
        Ok(scopes)
    }

    fn scope(&mut self, text: &'a str) -> Result<Scope, ScopeError> {
        if let Some(known) = self.scopes.get(text) {
            return Ok(known.clone());
        }
        let scope = Scope::parse(text)?;
        self.scopes.insert(text, scope.clone());
        Ok(scope)
    }

    pub(super) fn hash(
        &self,
        entry: &Node<'_>,
        member: Option<Member>,
    ) -> Result<Digest, Diagnostic> {
        let missing = || {
            let hint = "add a line \"hash: …\" with the SHA-256 of the token";
            entry.diagnostic("the entry has no hash", hint)
        };
        let found = self.found(member.ok_or_else(missing)?.value);
        let text = found.node.text().ok_or_else(|| found.wrong_type("hash", "a text"))?;
        if found.node.value() == Some(Value::Null) {
            return Err(found.place.diagnostic("hash is empty", "write the SHA-256 of the token"));
        }
        // A hash may be all digits: its text counts, not what YAML would make of it.
        Digest::parse(text).map_err(|error| {
            found.refused("the hash", "the hash is not a SHA-256", error.to_string())
        })
    }
}

/// All the values, or all that is wrong with them.
pub(in crate::storage::document::reading) fn all<T>(
    results: impl Iterator<Item = Result<T, Diagnostic>>,
) -> Result<Vec<T>, Vec<Diagnostic>> {
    let (mut values, mut faults) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

/// The program that encrypted a single value, and how to have it decrypted.
fn encrypted_value(text: &str) -> Option<(&'static str, &'static str)> {
    if text.trim_start().starts_with("$ANSIBLE_VAULT;") {
        Some((
            "encrypted with ansible-vault",
            "put the decrypted value here (ansible-vault decrypt)",
        ))
    } else if text.starts_with("ENC[") {
        Some(("encrypted with SOPS", "keep the decrypted file here (sops decrypt)"))
    } else {
        None
    }
}
