//! Plans on documents of any layout: once one is carried out there is nothing left to do, and what is
//! another owner's has not changed by a byte.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::Config as ProptestConfig;

use super::random_document::{Choices, random_document};
use super::{at, random_patch, with_text_at_end};
use crate::domain::{
    ApiKey, DesiredKey, DesiredKeys, Digest, KeyName, KeyPolicy, KeyringEdit, KeyringPlan, Labels,
    ManagedBy, Patch, PlanReach, Precondition, Scopes,
};
use crate::storage::document::{Document, DocumentEditor};

fn manager(text: &str) -> ManagedBy {
    ManagedBy::parse(text).unwrap()
}

fn edited(document: &Document, edits: &[KeyringEdit]) -> Document {
    let mut draft = DocumentEditor::of(document);
    for edit in edits {
        let change = draft.keyring().judge(edit, &Precondition::default(), at(1000)).unwrap();
        draft.make(&change).unwrap_or_else(|refused| panic!("{refused:?} {edit:?}"));
    }
    draft.finish().unwrap()
}

/// The document with owners for some of its keys.
fn with_owners(document: &Document, choices: &mut Choices<'_>) -> Document {
    let owners = ["git", "terraform"];
    let names: Vec<_> = document.keyring().keys().iter().map(|key| key.name.clone()).collect();
    let edits = names.into_iter().filter_map(|name| {
        let owner = owners.get(choices.below(3))?;
        let managed_by = Patch::Set(manager(owner));
        let patch = crate::domain::DetailsPatch { managed_by, ..Default::default() };
        Some(KeyringEdit::Amend { name, patch })
    });
    let edits: Vec<_> = edits.collect();
    edited(document, &edits)
}

fn random_desired(document: &Document, choices: &mut Choices<'_>, adopt: bool) -> DesiredKeys {
    let git = manager("git");
    let may =
        |key: &&std::sync::Arc<ApiKey>| adopt || key.details().managed_by.as_ref() == Some(&git);
    let names = document.keyring().keys().iter().filter(may).map(|key| key.name.clone());
    let mut names: Vec<_> = names.filter(|_| choices.below(3) > 0).collect();
    let new = |number| KeyName::parse(&format!("new-{number}")).unwrap();
    names.extend((0..choices.below(3)).map(new));
    let keys = names.into_iter().enumerate().map(|(number, name)| {
        let patch = random_patch(choices);
        let labels = match patch.labels {
            Patch::Keep => None,
            Patch::Remove => Some(Labels::default()),
            Patch::Set(pairs) => {
                let set = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
                Some(Labels::new(set).unwrap())
            }
        };
        let is_new = document.keyring().find_by_name(name.as_str()).is_none();
        let scopes = [&["a"][..], &["b", "a"], &["*"]][choices.below(3)];
        let token = Digest::of(format!("token {number}").as_bytes());
        DesiredKey {
            name,
            enabled: [None, Some(true), Some(false)][choices.below(3)],
            scopes: (is_new || choices.flip()).then(|| Scopes::parse(scopes).unwrap()),
            digest: choices.flip().then_some(token),
            overlap: Some(std::time::Duration::from_secs([0, 60][choices.below(2)])),
            expires_at: patch.expires_at,
            allowed_ips: patch.allowed_ips,
            description: patch.description,
            owner: patch.owner,
            labels,
        }
    });
    DesiredKeys { managed_by: git.clone(), keys: keys.collect() }
}

/// The entries of other owners, as they are written.
fn texts_of_others(document: &Document, adopted: &DesiredKeys) -> Vec<(String, String)> {
    let text = std::str::from_utf8(document.bytes()).unwrap();
    let ranges = document.layout.entries.iter().filter(|entry| entry.is_key);
    let keys = document.keyring().keys().iter().zip(ranges).filter(|(key, _)| {
        key.details().managed_by != Some(manager("git"))
            && adopted.keys.iter().all(|it| it.name != key.name)
    });
    keys.map(|(key, entry)| {
        let written = text[entry.range.clone()].trim_end().trim_end_matches(',').to_owned();
        (key.name.to_string(), written)
    })
    .collect()
}

fn plan_and_apply(document: &Document, desired: &DesiredKeys, reach: PlanReach) {
    let plan = |document: &Document| {
        let planned =
            KeyringPlan::of(document.keyring(), desired, reach, &KeyPolicy::default(), at(1000));
        planned.unwrap_or_else(|refusals| panic!("{refusals:?}"))
    };
    let edits = plan(document).edits(|name| Digest::of(name.as_str().as_bytes()));
    let after = edited(document, &edits);
    let read = Document::parse(after.bytes().clone()).unwrap();
    let again = plan(&read);
    assert!(again.steps.is_empty(), "{again:?}\n{}", String::from_utf8_lossy(read.bytes()));
    let (was, mut now) = (texts_of_others(document, desired), texts_of_others(&after, desired));
    if !document.bytes().ends_with(b"\n")
        && let (Some((_, was)), Some((_, now))) = (was.last(), now.last_mut())
    {
        *now = with_text_at_end(was, now);
    }
    assert_eq!(was, now);
    if edits.is_empty() {
        assert_eq!(document.bytes(), after.bytes());
    }
    let gone = document.keyring().keys().iter().filter(|key| {
        key.details().managed_by == Some(manager("git"))
            && desired.keys.iter().all(|it| it.name != key.name)
    });
    for key in gone {
        assert_eq!(after.keyring().find_by_name(key.name.as_str()).is_none(), reach.prune);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_a_plan_was_carried_out_nothing_is_left_to_do(
        layout in proptest::collection::vec(any::<u8>(), 0..120),
        wanted in proptest::collection::vec(any::<u8>(), 0..120),
        prune in any::<bool>(),
        adopt in any::<bool>(),
    ) {
        let text = random_document(&mut Choices::new(&layout));
        let Ok(document) = Document::parse(Bytes::from(text)) else { return Ok(()) };
        let choices = &mut Choices::new(&wanted);
        let document = with_owners(&document, choices);
        let desired = random_desired(&document, choices, adopt);
        plan_and_apply(&document, &desired, PlanReach { prune, adopt });
    }
}
