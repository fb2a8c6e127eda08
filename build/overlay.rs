//! Applies an OpenAPI Overlay (1.0.0) to a document.

use serde_json::Value;
use serde_json_path::{JsonPath, NormalizedPath, PathElement};

use super::document::{Fault, Node};

/// The document after every action of the overlay, in order.
///
/// # Errors
/// [`Fault`]: an action that cannot be read, or whose target matches nothing.
pub(crate) fn apply(document: &Value, overlay: &Value) -> Result<Value, Fault> {
    let root = Node::root(overlay);
    let version = root.member("overlay")?;
    if !version.text()?.starts_with("1.0.") {
        return Err(version.fault("is a version that the generator does not know"));
    }
    let mut document = document.clone();
    for action in root.member("actions")?.items()? {
        action.demand_known_members(&["target", "description", "update", "remove"])?;
        let target = action.member("target")?;
        let places = places(&document, &target)?;
        let remove = action.find("remove").is_some_and(|it| it.value() == &Value::Bool(true));
        match (remove, action.find("update")) {
            (true, None) => places.iter().rev().for_each(|place| drop(take(&mut document, place))),
            (false, Some(update)) => {
                for place in &places {
                    let target = document.pointer_mut(&pointer(place));
                    let target = target.ok_or_else(|| update.fault("its target is gone"))?;
                    merge(target, update.value());
                }
            }
            _ => return Err(action.fault("must have either `update` or `remove: true`")),
        }
    }
    Ok(document)
}

/// Where a target is in the document: at least once.
fn places(document: &Value, target: &Node<'_>) -> Result<Vec<Vec<Step>>, Fault> {
    let text = target.text()?;
    let path = JsonPath::parse(text)
        .map_err(|error| target.fault(format!("`{text}` is no JSONPath: {error}")))?;
    let located = path.query_located(document);
    let places: Vec<_> = located.locations().map(steps).collect();
    if places.is_empty() {
        return Err(target.fault(format!("`{text}` matches nothing")));
    }
    Ok(places)
}

/// One step of a place in a document.
#[derive(Debug, Clone)]
enum Step {
    Member(String),
    Item(usize),
}

fn steps(path: &NormalizedPath<'_>) -> Vec<Step> {
    path.iter()
        .map(|element| match element {
            PathElement::Name(name) => Step::Member((*name).to_owned()),
            PathElement::Index(index) => Step::Item(*index),
        })
        .collect()
}

fn pointer(place: &[Step]) -> String {
    place
        .iter()
        .map(|step| match step {
            Step::Member(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            Step::Item(index) => format!("/{index}"),
        })
        .collect()
}

fn take(document: &mut Value, place: &[Step]) -> Option<Value> {
    let (last, parents) = place.split_last()?;
    match (document.pointer_mut(&pointer(parents))?, last) {
        (Value::Object(members), Step::Member(name)) => members.shift_remove(name),
        (Value::Array(items), Step::Item(index)) if *index < items.len() => {
            Some(items.remove(*index))
        }
        _ => None,
    }
}

/// Objects are merged member by member, a list takes an entry at its end, a list inside an update
/// is added to the one that is there, and anything else is replaced.
fn merge(target: &mut Value, update: &Value) {
    match (target, update) {
        (Value::Object(target), Value::Object(update)) => {
            for (name, value) in update {
                match target.get_mut(name) {
                    Some(present) => merge(present, value),
                    None => drop(target.insert(name.clone(), value.clone())),
                }
            }
        }
        (Value::Array(target), Value::Array(update)) => target.extend(update.iter().cloned()),
        (Value::Array(target), update) => target.push(update.clone()),
        (target, update) => *target = update.clone(),
    }
}
