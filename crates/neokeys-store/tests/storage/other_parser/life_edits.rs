//! Edits of a key's life: rotations, ends of overlaps, and changes of details, as the judge is told of them.

use std::time::Duration;

use neokeys_store::domain::{
    AllowedIps, ApiKey, Description, DetailsPatch, Digest, KeyDetails, KeyringEdit, Label, Patch,
    Rotation, Timestamp,
};
use neokeys_testkit::seeded::Seeded;
use serde_json::{Map, Value, json};

/// An edit of a key's life.
pub(super) fn random_life_edit(
    random: &mut Seeded,
    key: &ApiKey,
    number: usize,
) -> (KeyringEdit, Value) {
    let name = key.name.clone();
    match random.below(4) {
        0 => {
            let told = json!({"end_overlap": name.as_str()});
            (KeyringEdit::EndOverlap { name }, told)
        }
        1 | 2 => {
            let digest = Digest::of(format!("rotated {name} {number}").as_bytes());
            let is_full = key.details().previous.len() >= KeyDetails::MOST_PREVIOUS;
            let overlap = if is_full { 0 } else { [0, 86_400][random.below(2)] };
            let told =
                json!({"rotate": name.as_str(), "hash": digest.to_hex(), "overlap": overlap});
            let overlap = Duration::from_secs(overlap);
            let rotation = Rotation { digest, overlap, expires_at: Patch::Keep };
            (KeyringEdit::Rotate { name, rotation }, told)
        }
        _ => {
            let (patch, told) = random_patch(random);
            (
                KeyringEdit::Amend { name: name.clone(), patch },
                json!({"amend": name.as_str(), "patch": told}),
            )
        }
    }
}

/// Changes of details, and the same as a merge patch.
fn random_patch(random: &mut Seeded) -> (DetailsPatch, Map<String, Value>) {
    let mut told = Map::new();
    let mut value = |random: &mut Seeded, name: &str, values: &[Value]| {
        let value = match random.below(5) {
            0 | 1 => return None,
            2 => Value::Null,
            _ => values[random.below(values.len())].clone(),
        };
        told.insert(name.to_owned(), value.clone());
        Some(value)
    };
    let expires_at = value(random, "expiresAt", &[json!("2998-01-01T00:00:00Z")]);
    let networks = [json!(["::1", "10.0.0.1"]), json!(["203.0.113.0/24"])];
    let allowed_ips = value(random, "allowedIps", &networks);
    let texts = [json!("x"), json!("it's \"so\": #1"), json!("caf\u{e9}\nb")];
    let description = value(random, "description", &texts);
    let pairs = [json!({"env": null, "team": "y"}), json!({"new": "true", "env": "x"})];
    let labels = value(random, "labels", &pairs);
    let label = |text: &str| Label::parse(text).unwrap();
    let patch = DetailsPatch {
        expires_at: patch_of(expires_at, |it| Timestamp::parse(it.as_str().unwrap()).unwrap()),
        allowed_ips: patch_of(allowed_ips, |it| {
            let texts: Vec<_> = it.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            AllowedIps::parse(&texts).unwrap()
        }),
        description: patch_of(description, |it| Description::parse(it.as_str().unwrap()).unwrap()),
        labels: patch_of(labels, |it| {
            let pairs = it.as_object().unwrap().iter();
            pairs.map(|(name, value)| (label(name), value.as_str().map(label))).collect()
        }),
        ..Default::default()
    };
    (patch, told)
}

fn patch_of<T>(value: Option<Value>, read: impl FnOnce(&Value) -> T) -> Patch<T> {
    match value {
        None => Patch::Keep,
        Some(Value::Null) => Patch::Remove,
        Some(value) => Patch::Set(read(&value)),
    }
}
