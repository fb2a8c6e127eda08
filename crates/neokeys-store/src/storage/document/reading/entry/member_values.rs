//! What each member of an entry says, or what is wrong with it.

use super::{
    EntryReader, MOST_PERMISSIONS, Member, REMOVE_TAG, encrypted, fault_at, text_of, without_stop,
    wrong_kind,
};
use crate::domain::{Digest, KeyName, Scope, Scopes};
use crate::storage::document::diagnostics::Diagnostic;
use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::{Content, Node, TagUse};

impl<'t> EntryReader<'_, 't> {
    pub(crate) fn name(
        &self,
        entry: &Node<'t>,
        member: Option<Member>,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<KeyName> {
        let Some(Member { value, .. }) = member else {
            faults.push(fault_at(entry, "the entry has no name", "add a line \"name: …\""));
            return None;
        };
        let node = self.tree.node(value);
        let Some(text) = text_of(self.tree, value) else {
            faults.push(wrong_kind(node, self.tree.resolved(value), "name", "a text"));
            return None;
        };
        match KeyName::parse(text) {
            Ok(name) => Some(name),
            Err(error) => {
                let told = encrypted(node, self.tree.resolved(value), "name");
                let plain = || fault_at(node, "the name is not allowed", &without_stop(error));
                faults.push(told.unwrap_or_else(plain));
                None
            }
        }
    }

    pub(crate) fn enabled(
        &self,
        member: Option<Member>,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<bool> {
        let Some(Member { value, .. }) = member else { return Some(true) };
        match &self.tree.resolved(value).content {
            Content::Scalar { value: Value::Bool(enabled), .. } => Some(*enabled),
            Content::Scalar { .. }
            | Content::Sequence { .. }
            | Content::Mapping { .. }
            | Content::Alias(_) => {
                let node = self.tree.node(value);
                let found = self.tree.resolved(value);
                let told = encrypted(node, found, "enabled");
                let fault = format!("enabled is {}, not a boolean", found.kind());
                let plain = || fault_at(node, &fault, "write true or false, without quotes");
                faults.push(told.unwrap_or_else(plain));
                None
            }
        }
    }

    pub(crate) fn permissions(
        &mut self,
        member: Option<Member>,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Scopes> {
        let tree = self.tree;
        let Some(Member { value, .. }) = member else { return Some(Scopes::default()) };
        let Content::Sequence { items, .. } = &tree.resolved(value).content else {
            let node = tree.node(value);
            faults.push(wrong_kind(node, tree.resolved(value), "permissions", "a list"));
            return None;
        };
        if let TagUse::Other(_) = tree.resolved(value).tag {
            let fault = "permissions has a tag that neokeys does not know";
            faults.push(fault_at(tree.node(value), fault, REMOVE_TAG));
            return None;
        }
        let items = tree.items(items);
        if items.len() > MOST_PERMISSIONS {
            faults.push(fault_at(
                tree.node(value),
                &format!("there are {} permissions", items.len()),
                &format!("keep at most {MOST_PERMISSIONS}"),
            ));
            return None;
        }
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match text_of(tree, *item) {
                Some(text) => texts.push(text),
                None => {
                    let node = tree.node(*item);
                    faults.push(wrong_kind(node, tree.resolved(*item), "the permission", "a text"));
                }
            }
        }
        if texts.len() < items.len() {
            return None;
        }
        if let Some(scopes) = self.lists.get(&texts) {
            return Some(scopes.clone());
        }
        let mut scopes = Vec::with_capacity(texts.len());
        for (text, item) in texts.iter().zip(items) {
            match self
                .scopes
                .get(text)
                .map_or_else(|| Scope::parse(text), |scope| Ok(scope.clone()))
            {
                Ok(scope) => {
                    self.scopes.entry(text).or_insert_with(|| scope.clone());
                    scopes.push(scope);
                }
                Err(error) => faults.push(fault_at(
                    tree.node(*item),
                    "the permission is not allowed",
                    &format!("it {error}"),
                )),
            }
        }
        if scopes.len() < texts.len() {
            return None;
        }
        let scopes = Scopes::new(scopes);
        self.lists.insert(texts, scopes.clone());
        Some(scopes)
    }

    pub(crate) fn hash(
        &self,
        entry: &Node<'t>,
        member: Option<Member>,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Digest> {
        let Some(Member { value, .. }) = member else {
            faults.push(fault_at(
                entry,
                "the entry has no hash",
                "add a line \"hash: …\" with the SHA-256 of the token",
            ));
            return None;
        };
        let (node, found) = (self.tree.node(value), self.tree.resolved(value));
        let Content::Scalar { text, value, .. } = &found.content else {
            faults.push(wrong_kind(node, found, "hash", "a text"));
            return None;
        };
        if *value == Value::Null {
            faults.push(fault_at(node, "hash is empty", "write the SHA-256 of the token"));
            return None;
        }
        // A hash may be all digits: its text counts, not what YAML would make of it.
        match Digest::parse(text) {
            Ok(digest) => Some(digest),
            Err(error) => {
                let told = encrypted(node, found, "the hash");
                let plain = || fault_at(node, "the hash is no SHA-256", &error.to_string());
                faults.push(told.unwrap_or_else(plain));
                None
            }
        }
    }
}
