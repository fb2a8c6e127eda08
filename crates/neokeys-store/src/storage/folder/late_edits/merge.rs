//! An edit by hand that went to a file which was no longer the document, brought over.
//!
//! Invariant: what comes out is a document that can be read, and holds every change of a key that
//! either side made; where that cannot be, nothing comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use super::merge_lines;
use crate::domain::{ApiKey, Change, EditError, KeyName, Keyring};
use crate::storage::document::{Document, DocumentEditor};

/// Makes the change from `old` to `theirs` in `ours`, which was made of `old` by neokeys or by other
/// hands.
pub(in crate::storage::folder) fn merge(
    old: &Bytes,
    theirs: &Bytes,
    ours: &Bytes,
) -> Option<Bytes> {
    let theirs_read = Document::parse(theirs.clone()).ok()?;
    let ours_read = Document::parse(ours.clone()).ok()?;
    let old_read = Document::parse(old.clone()).ok();
    let wanted = wanted(old_read.as_ref(), &theirs_read, &ours_read)?;
    let by_lines = || Some(Bytes::from(merge_lines::merge(old, theirs, ours)?));
    let by_keys = || replayed(old_read.as_ref()?, &theirs_read, &ours_read);
    let holds = |merged: &Bytes| {
        Document::parse(merged.clone()).is_ok_and(|merged| holds(&merged, &wanted, &theirs_read))
    };
    by_lines().filter(holds).or_else(|| by_keys().filter(holds))
}

type Keys = BTreeMap<KeyName, Arc<ApiKey>>;

fn keys(document: &Document) -> Keys {
    document.keyring().keys().iter().map(|key| (key.name.clone(), Arc::clone(key))).collect()
}

/// The keys that both changes together make; none where both changed one key, each in its own way.
fn wanted(old: Option<&Document>, theirs: &Document, ours: &Document) -> Option<Keys> {
    // Where nobody can tell what there was, whatever either side has was put there.
    let old = old.map(keys).unwrap_or_default();
    let (theirs, ours) = (keys(theirs), keys(ours));
    let names: BTreeSet<&KeyName> = old.keys().chain(theirs.keys()).chain(ours.keys()).collect();
    let mut wanted = Keys::new();
    for name in names {
        let (was, their, our) = (old.get(name), theirs.get(name), ours.get(name));
        let key = if our == was || our == their {
            their
        } else if their == was {
            our
        } else {
            return None;
        };
        wanted.extend(key.map(|key| (name.clone(), Arc::clone(key))));
    }
    Some(wanted)
}

/// Whether a document has these keys, and no entry is faulty that is not so in theirs.
fn holds(merged: &Document, wanted: &Keys, theirs: &Document) -> bool {
    let faulty = |document: &Document| document.keyring().faulty_entries().len();
    keys(merged) == *wanted && faulty(merged) <= faulty(theirs)
}

/// Theirs with our changes of keys made in it: for a hand that wrote the document anew. Only where
/// our side is nothing but changes of keys.
fn replayed(old: &Document, theirs: &Document, ours: &Document) -> Option<Bytes> {
    let changes = changes(old.keyring(), ours.keyring());
    let is_all_we_did = make(old, &changes)? == *ours.bytes();
    if is_all_we_did { make(theirs, &changes) } else { None }
}

fn changes(from: &Keyring, to: &Keyring) -> Vec<Change> {
    // A key that was rotated is the same one; one that was deleted and made again comes last.
    let is_same = |before: &ApiKey, now: &ApiKey| {
        before.digest == now.digest || before.details().rotated_at != now.details().rotated_at
    };
    let mut changes = Vec::new();
    for key in from.keys() {
        match to.find_by_name(key.name.as_str()) {
            Some(now) if now == key => {}
            Some(now) if is_same(key, now) => changes.push(Change::Replaced(Arc::clone(now))),
            _ => changes.push(Change::Removed(Arc::clone(key))),
        }
    }
    for key in to.keys() {
        let before = from.find_by_name(key.name.as_str());
        if before.is_none_or(|before| !is_same(before, key)) {
            changes.push(Change::Inserted(Arc::clone(key)));
        }
    }
    changes
}

fn make(document: &Document, changes: &[Change]) -> Option<Bytes> {
    let mut draft = DocumentEditor::of(document);
    for change in changes {
        let name = &change.key().name;
        match (change, draft.keyring().get_by_name(name)) {
            (Change::Removed(_), Err(_)) => continue,
            (Change::Removed(_) | Change::Replaced(_), Ok(_))
            | (Change::Inserted(_), Err(EditError::NotFound)) => {}
            _ => return None,
        }
        draft.make(change).ok()?;
    }
    Some(draft.finish()?.bytes().clone())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{make, merge};
    use std::sync::Arc;

    use crate::domain::Change;
    use crate::storage::document::Document;

    fn hash(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    fn entry(name: &str) -> String {
        let hash = hash(name.chars().next().unwrap());
        format!(
            "  - name: {name}\n    enabled: true\n    permissions:\n      - x\n    hash: {hash}\n"
        )
    }

    fn document(names: &[&str]) -> String {
        format!("apiKeys:\n{}", names.iter().map(|name| entry(name)).collect::<String>())
    }

    fn merged(old: &str, theirs: &str, ours: &str) -> Option<String> {
        let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let merged = merge(&bytes(old), &bytes(theirs), &bytes(ours))?;
        Some(String::from_utf8(merged.to_vec()).unwrap())
    }

    #[test]
    fn the_rest_of_a_half_written_line_goes_to_its_place() {
        let whole = document(&["a", "b"]) + "roles: 1\n";
        let made_on = |half: &str| {
            let half = Document::parse(Bytes::from(half.to_owned())).ok()?;
            let made = Document::parse(Bytes::from(document(&["c"]))).unwrap();
            let key = made.keyring().find_by_name("c").unwrap();
            let made = make(&half, &[Change::Inserted(Arc::clone(key))])?;
            Some(String::from_utf8(made.to_vec()).unwrap())
        };
        let first = whole.find(&hash('a')).unwrap();
        let second = whole.rfind(&hash('b')).unwrap();
        let mut came_together = 0;
        for cut in [first, first + 20, first + 64, second, second + 20, second + 64, second + 65] {
            let half = &whole[..cut];
            // Where no key could be made on the half, nothing has to come together.
            let Some(ours) = made_on(half) else { continue };
            came_together += 1;
            let merged = merged(half, &whole, &ours).unwrap();
            let entries = [entry("a"), entry("b"), entry("c"), "roles: 1\n".to_owned()];
            assert!(entries.iter().all(|entry| merged.contains(entry)), "cut at {cut}: {merged}");
            assert_eq!(merged.len(), whole.len() + entry("c").len(), "cut at {cut}: {merged}");
        }
        assert!(came_together >= 4, "{came_together}");
    }

    #[test]
    fn a_hand_that_wrote_everything_anew_keeps_its_text_and_our_keys() {
        let theirs = format!("# mine\n\n{}roles: [x]\n", document(&["b", "a"]));
        let ours = document(&["a", "c"]);
        let expected = format!("# mine\n\n{}roles: [x]\n", document(&["a", "c"]));
        assert_eq!(merged(&document(&["a", "b"]), &theirs, &ours).unwrap(), expected);
        assert_eq!(
            merged("", &document(&["a"]), &document(&["c"])).unwrap(),
            document(&["a", "c"])
        );
    }

    #[test]
    fn two_sides_that_say_different_things_of_one_key_do_not_come_together() {
        let old = document(&["a", "b"]);
        let disabled = old.replacen("true", "false", 1);
        assert_eq!(merged(&old, &disabled, &document(&["b"])), None);
        let other = document(&["a", "b", "c"]).replace(&hash('c'), &hash('d'));
        assert_eq!(merged(&old, &other, &document(&["a", "b", "c"])), None);
    }

    #[test]
    fn what_cannot_be_read_does_not_come_over() {
        let old = document(&["a"]);
        assert_eq!(merged(&old, &(old.clone() + "  - name: [\n"), &document(&["a", "c"])), None);
        assert_eq!(merged(&old, "apiKeys:\n\t- x\n", &old), None);
    }

    #[test]
    fn text_of_other_hands_on_our_side_is_not_lost() {
        let old = document(&["a", "b"]);
        let ours = format!("# another hand\n{}", document(&["a", "b", "c"]));
        let merged = merged(&old, &(old.clone() + "# late\n"), &ours).unwrap();
        assert_eq!(merged, format!("# another hand\n{}# late\n", document(&["a", "b", "c"])));
    }
}
