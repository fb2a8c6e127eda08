//! A JSON document with a finger on one place in it, so that a fault can say where it is.

use std::fmt;

use serde_json::Value;

/// A fault and its place: displays as ` at <JSON pointer>: <sentence>`, to follow a file's name.
#[derive(Debug)]
pub struct Fault {
    pointer: String,
    sentence: String,
}

impl Fault {
    pub(super) fn new(pointer: &str, sentence: impl Into<String>) -> Self {
        Self { pointer: pointer.to_owned(), sentence: sentence.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            write!(formatter, ": {}", self.sentence)
        } else {
            write!(formatter, " at {}: {}", self.pointer, self.sentence)
        }
    }
}

/// Reads the document; a syntax fault names line and column.
pub(super) fn parse(text: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::new("", format!("is no JSON: {error}")))
}

/// A value and its JSON pointer (RFC 6901).
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    value: &'a Value,
    pointer: String,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, pointer: String::new() }
    }

    /// Where this is, as the generated source looks it up again.
    pub(super) fn pointer(&self) -> &str {
        &self.pointer
    }

    pub(super) fn value(&self) -> &'a Value {
        self.value
    }

    pub(super) fn fault(&self, sentence: impl Into<String>) -> Fault {
        Fault::new(&self.pointer, sentence)
    }

    fn below(&self, name: &str, value: &'a Value) -> Self {
        let name = name.replace('~', "~0").replace('/', "~1");
        Self { value, pointer: format!("{}/{name}", self.pointer) }
    }

    /// The member of this name, if the value is an object that has it.
    pub(super) fn find(&self, name: &str) -> Option<Self> {
        self.value.get(name).filter(|_| self.value.is_object()).map(|value| self.below(name, value))
    }

    pub(super) fn member(&self, name: &str) -> Result<Self, Fault> {
        self.find(name).ok_or_else(|| self.fault(format!("has no member `{name}`")))
    }

    pub(super) fn members(&self) -> Result<Vec<(&'a str, Self)>, Fault> {
        let object = self.value.as_object().ok_or_else(|| self.fault("is no object"))?;
        Ok(object.iter().map(|(name, value)| (name.as_str(), self.below(name, value))).collect())
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, Fault> {
        let array = self.value.as_array().ok_or_else(|| self.fault("is no array"))?;
        let item = |(index, value): (usize, &'a Value)| self.below(&index.to_string(), value);
        Ok(array.iter().enumerate().map(item).collect())
    }

    pub(super) fn text(&self) -> Result<&'a str, Fault> {
        self.value.as_str().ok_or_else(|| self.fault("is no string"))
    }

    /// Refuses members that are not in the list, because nobody would look at them.
    pub(super) fn demand_known_members(&self, known: &[&str]) -> Result<(), Fault> {
        match self.members()?.into_iter().find(|(name, _)| !known.contains(name)) {
            Some((name, member)) => {
                Err(member.fault(format!("the generator does not know the member `{name}` here")))
            }
            None => Ok(()),
        }
    }
}

/// Refuses a `$ref` that leads nowhere.
pub(super) fn demand_resolved_references(root: &Node<'_>) -> Result<(), Fault> {
    let mut waiting = vec![root.clone()];
    while let Some(node) = waiting.pop() {
        if let Some(reference) = node.find("$ref") {
            let target = reference.text()?;
            let pointer = target.strip_prefix('#').and_then(|path| root.value.pointer(path));
            if pointer.is_none() {
                return Err(reference.fault(format!("`{target}` leads nowhere")));
            }
        }
        if node.value.is_object() {
            waiting.extend(node.members()?.into_iter().map(|(_, member)| member));
        } else if node.value.is_array() {
            waiting.extend(node.items()?);
        }
    }
    Ok(())
}
