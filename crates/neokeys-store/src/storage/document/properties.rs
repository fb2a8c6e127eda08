//! Random layouts and random edits against a plain model: the keys come to the same, every byte
//! outside of the touched entry stays, and the places kept while editing are those that a fresh
//! reading finds.

mod plans;
mod random_details;
mod random_document;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use neokeys_testkit::documents::Writer;
use proptest::prelude::*;

use self::random_document::{Choices, random_document};
use super::{Document, DocumentEditor};
use crate::domain::{
    AllowedIps, ApiKey, Change, Description, DetailsPatch, Digest, KeyDetails, KeyName,
    KeyringEdit, Label, ManagedBy, Owner, Patch, Precondition, Rotation, Scopes, Timestamp,
};

const PERMISSIONS: [&str; 7] = ["a:read", "b.write", "*", "true", "it's", "7", "x,y"];

/// The definitions of a document, by name: whether a key is on, its permissions, its hash and its details.
type Model = BTreeMap<String, (bool, Vec<String>, String, KeyDetails)>;

fn model_of(document: &Document) -> Model {
    let keys = document.keyring().keys().iter();
    keys.map(|key| {
        let scopes = key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        let told = (key.enabled, scopes, key.digest.to_hex(), key.details().clone());
        (key.name.as_str().to_owned(), told)
    })
    .collect()
}

fn random_scopes(choices: &mut Choices<'_>) -> Vec<&'static str> {
    let count = 1 + choices.below(4);
    let mut scopes = Vec::new();
    for _ in 0..count {
        let scope = PERMISSIONS[choices.below(PERMISSIONS.len())];
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}

fn random_edit(choices: &mut Choices<'_>, model: &Model, number: usize) -> KeyringEdit {
    let existing: Vec<&String> = model.keys().collect();
    let kind = if existing.is_empty() { 0 } else { choices.below(8) };
    let pick = |choices: &mut Choices<'_>| {
        KeyName::parse(existing[choices.below(existing.len())]).unwrap()
    };
    match kind {
        0 => {
            let names = ["new", "true", "12e", "_x", "3.5", "z.z"];
            let name = format!("{}{number}", names[choices.below(names.len())]);
            KeyringEdit::Create(ApiKey::new(
                KeyName::parse(&name).unwrap(),
                choices.flip(),
                Scopes::parse(&random_scopes(choices)).unwrap(),
                Digest::of(name.as_bytes()),
            ))
        }
        1 => KeyringEdit::Update {
            name: pick(choices),
            enabled: choices.flip(),
            scopes: Scopes::parse(&random_scopes(choices)).unwrap(),
        },
        2 => KeyringEdit::Delete { name: pick(choices) },
        3 | 4 => KeyringEdit::Amend { name: pick(choices), patch: random_patch(choices) },
        5 | 6 => KeyringEdit::Rotate {
            name: pick(choices),
            rotation: Rotation {
                digest: Digest::of(format!("rotated {number} {}", choices.below(256)).as_bytes()),
                overlap: Duration::from_secs([0, 1, 1000][choices.below(3)]),
                expires_at: random_end(choices),
            },
        },
        _ => {
            let name = pick(choices);
            let (_, _, hash, details) = &model[name.as_str()];
            let digest = details.previous.first().map(|token| token.digest);
            match digest.filter(|_| choices.flip()) {
                Some(digest) => KeyringEdit::EndToken { name, digest },
                None if choices.flip() => KeyringEdit::EndOverlap { name },
                None => KeyringEdit::EndToken { name, digest: Digest::parse(hash).unwrap() },
            }
        }
    }
}

fn random_end(choices: &mut Choices<'_>) -> Patch<Timestamp> {
    match choices.below(3) {
        0 => Patch::Keep,
        1 => Patch::Remove,
        _ => Patch::Set(at(10_000 + choices.below(256) as u64)),
    }
}

fn random_patch(choices: &mut Choices<'_>) -> DetailsPatch {
    fn any<T>(choices: &mut Choices<'_>, mut values: Vec<T>) -> Patch<T> {
        match choices.below(4) {
            0 | 1 => Patch::Keep,
            2 => Patch::Remove,
            _ => Patch::Set(values.swap_remove(choices.below(values.len()))),
        }
    }
    let networks = |texts: &[&str]| AllowedIps::parse(texts).unwrap();
    let texts =
        ["x", "CRM nightly", "it's \"so\" \\", "a\nb\t# c: ", "caf\u{e9} \u{1f511}\u{2028}"];
    let label = |text: &str| Label::parse(text).unwrap();
    DetailsPatch {
        expires_at: random_end(choices),
        allowed_ips: any(
            choices,
            vec![networks(&["203.0.113.0/24"]), networks(&["::1", "10.0.0.1", "2001:db8::/32"])],
        ),
        description: any(choices, texts.map(|it| Description::parse(it).unwrap()).into()),
        owner: any(choices, texts.map(|it| Owner::parse(it).unwrap()).into()),
        labels: any(
            choices,
            vec![
                [(label("env"), Some(label("prod")))].into(),
                [(label("true"), Some(label("1"))), (label("env"), None)].into(),
                [(label("a/b"), Some(label("2027-02-24"))), (label("null"), Some(label("-")))]
                    .into(),
            ],
        ),
        managed_by: any(choices, texts.map(|it| ManagedBy::parse(it).unwrap()).into()),
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_epoch(Duration::from_secs(seconds))
}

fn apply_to_model(model: &mut Model, edit: &KeyringEdit, changed: &ApiKey) {
    let texts = |scopes: &Scopes| scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
    match edit {
        KeyringEdit::Create(key) => {
            let told =
                (key.enabled, texts(&key.scopes), key.digest.to_hex(), KeyDetails::default());
            model.insert(key.name.as_str().to_owned(), told);
        }
        KeyringEdit::Update { name, enabled, scopes } => {
            let told = model.get_mut(name.as_str()).unwrap();
            (told.0, told.1) = (*enabled, texts(scopes));
            told.3.previous.clone_from(&changed.details().previous);
        }
        KeyringEdit::Delete { name } => {
            model.remove(name.as_str());
        }
        KeyringEdit::Amend { .. }
        | KeyringEdit::Rotate { .. }
        | KeyringEdit::EndOverlap { .. }
        | KeyringEdit::EndToken { .. } => {
            // The rules of these have tests of their own.
            let told = model.get_mut(changed.name.as_str()).unwrap();
            told.0 = changed.enabled;
            (told.2, told.3) = (changed.digest.to_hex(), changed.details().clone());
        }
    }
}

/// The marks of comments and unknown members: `M` and a number, in the order of the text.
fn marks(text: &str) -> Vec<&str> {
    text.split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| word.starts_with('M') && word[1..].bytes().all(|byte| byte.is_ascii_digit()))
        .collect()
}

/// The text after an edit as it would be if a text that ended with the document, without a line ending,
/// were not marked so now that something comes after it.
fn with_text_at_end(before: &str, after: &str) -> String {
    let same = before.bytes().zip(after.bytes()).take_while(|(one, other)| one == other).count();
    let is_mark = !before.ends_with('\n')
        && before[..same].trim_end_matches('2').ends_with(['|', '>'])
        && after[same..].starts_with('-');
    if !is_mark {
        return after.to_owned();
    }
    let kept = if before[same..].starts_with('+') { "+" } else { "" };
    format!("{}{kept}{}", &after[..same], &after[same + 1..])
}

/// Holds a text after an edit against the one before: what is outside of the touched lines stays.
fn demand_untouched(
    before: &str,
    after: &str,
    entry: Option<std::ops::Range<usize>>,
    edit: &KeyringEdit,
) {
    let shown = || format!("{edit:?}\n--- before\n{before}\n--- after\n{after}\n---");
    let unstripped = with_text_at_end(before, after);
    let after = unstripped.as_str();
    let common = before.bytes().zip(after.bytes()).take_while(|(one, other)| one == other).count();
    let common_end = before
        .bytes()
        .rev()
        .zip(after.bytes().rev())
        .take_while(|(one, other)| one == other)
        .count()
        .min(before.len() - common);
    let changed = common..before.len() - common_end;
    match (edit, entry) {
        (KeyringEdit::Create(_), _) => {
            let old: Vec<_> = marks(before);
            assert_eq!(old, marks(after), "{}", shown());
            let gone = before[changed].split('#').next().unwrap_or_default();
            let gone: String = gone.split_whitespace().collect();
            assert!(["", "[]", "[", "]"].contains(&&*gone), "{gone:?} {}", shown());
        }
        (_, Some(entry)) => {
            let is_update = !matches!(edit, KeyringEdit::Delete { .. });
            // A comment on the last line of an entry that goes is one of its own.
            let rest = before[entry.end..].lines().next().unwrap_or_default();
            let is_comment = rest.trim_start_matches([' ', ',']).starts_with('#');
            let comment = if is_comment && !is_update { rest.len() } else { 0 };
            let outside = (marks(&before[..entry.start]), marks(&before[entry.end + comment..]));
            let (left, found) = (outside.0.len() + outside.1.len(), marks(after));
            assert!(found.starts_with(&outside.0), "{}", shown());
            assert!(found.ends_with(&outside.1), "{}", shown());
            assert!(found.len() >= left, "{}", shown());
            if is_update {
                assert!(after.starts_with(&before[..entry.start]), "{}", shown());
                assert!(after.ends_with(&before[entry.end..]), "{}", shown());
                let lines = before[entry].lines().skip(1);
                let lost =
                    lines.filter(|line| marks(line).iter().any(|mark| !found.contains(mark)));
                for line in lost {
                    let is_of_item = PARTS.iter().any(|part| line.trim_start().starts_with(part));
                    assert!(is_of_item || holder_goes(before, after, line), "{line:?} {}", shown());
                }
            }
        }
        (_, None) => panic!("no entry"),
    }
}

/// The starts of lines that may go with an item or a member of a collection.
const PARTS: [&str; 13] = [
    "- ",
    "{",
    "expiresAt:",
    "allowedIps:",
    "hash:",
    "env:",
    "team:",
    "\"true\":",
    "owner:",
    "'2001",
    "M",
    "rotatedAt:",
    "labels:",
];

/// Whether a line stands within a member that the document has fewer of now.
fn holder_goes(before: &str, after: &str, line: &str) -> bool {
    let end = before.find(line).unwrap_or_default();
    let holders = ["limits", "previousHashes", "labels"];
    let holder = holders.iter().filter_map(|it| Some((before[..end + line.len()].rfind(it)?, it)));
    let count = |text: &str, name: &str| text.matches(name).count();
    holder.max().is_some_and(|(_, name)| count(after, name) < count(before, name))
}

fn edit_and_compare(text: &str, choices: &mut Choices<'_>) {
    let mut document = Document::parse(Bytes::copy_from_slice(text.as_bytes()))
        .unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    assert!(document.keyring().faulty_entries().is_empty(), "{text}");
    let mut model = model_of(&document);
    for number in 0..1 + choices.below(6) {
        let edit = random_edit(choices, &model, number);
        let now = at(1000 + number as u64);
        let Ok(change) = document.keyring().judge(&edit, &Precondition::default(), now) else {
            continue;
        };
        let mut draft = DocumentEditor::of(&document);
        let before = std::str::from_utf8(document.bytes()).unwrap().to_owned();
        draft.make(&change).unwrap_or_else(|refused| panic!("{refused:?} {edit:?}\n{before}"));
        let edited = draft.finish().unwrap();
        apply_to_model(&mut model, &edit, change.key());
        let after = std::str::from_utf8(edited.bytes()).unwrap();
        let read = Document::parse(edited.bytes().clone())
            .unwrap_or_else(|fault| panic!("{fault} {edit:?}\n{before}\n---\n{after}"));
        assert_eq!(
            model_of(&read),
            model,
            "{edit:?}\n--- before\n{before}\n--- after\n{after}\n---"
        );
        assert_eq!(read.keyring().keys(), edited.keyring().keys(), "{after}");
        assert_eq!(read.layout.entries, edited.layout.entries, "{edit:?}\n{before}\n---\n{after}");
        assert_eq!(read.layout.section, edited.layout.section, "{edit:?}\n{before}\n---\n{after}");
        let position = match &change {
            Change::Inserted(_) => None,
            Change::Replaced(key) | Change::Removed(key) => {
                document.keyring().position(key.name.as_str())
            }
        };
        let entry = position.map(|position| document.layout.entries[position].range.clone());
        demand_untouched(&before, after, entry, &edit);
        document = edited;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_of_any_layout_equal_edits_of_a_plain_model(
        layout in proptest::collection::vec(any::<u8>(), 0..120),
        edits in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let text = random_document(&mut Choices::new(&layout));
        edit_and_compare(&text, &mut Choices::new(&edits));
    }
}

/// Reads around a change, which must not pass where the whole does not: of large documents only that
/// is read.
#[test]
fn what_reads_back_around_a_change_reads_back_in_the_whole() {
    let mut state = 1_u64;
    let mut random = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for _ in 0..3_000 {
        let (text, _) = Writer::new(&mut random).document();
        let mut document = Document::parse(Bytes::from(text)).unwrap();
        for number in 0..4 {
            let bytes: Vec<u8> = (0..8).map(|_| random(256) as u8).collect();
            let edit = random_edit(&mut Choices::new(&bytes), &model_of(&document), number);
            let now = at(1000 + number as u64);
            let Ok(change) = document.keyring().judge(&edit, &Precondition::default(), now) else {
                continue;
            };
            let mut draft = DocumentEditor::of(&document);
            let before = String::from_utf8_lossy(document.bytes()).into_owned();
            draft.make(&change).unwrap_or_else(|refused| panic!("{refused:?} {edit:?}\n{before}"));
            let after = draft.finish();
            document = after.unwrap_or_else(|| panic!("{edit:?} does not read back\n{before}"));
        }
    }
}
