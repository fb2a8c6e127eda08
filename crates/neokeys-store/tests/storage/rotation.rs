//! A rotation through a store: one commit, after which both tokens are valid for whoever reads it.

use std::time::Duration;

use neokeys_store::domain::{
    CommitError, Digest, EditError, Generation, KeyRepository as _, KeyringEdit, Patch,
    Precondition, Rotation, Timestamp, Validators,
};
use neokeys_testkit::tenants::{Folder, commit, commit_on, create, name};

fn rotate(token: &[u8], overlap: u64) -> KeyringEdit {
    let rotation = Rotation {
        digest: Digest::of(token),
        overlap: Duration::from_secs(overlap),
        expires_at: Patch::Keep,
    };
    KeyringEdit::Rotate { name: name("one"), rotation }
}

#[tokio::test]
async fn a_rotated_key_has_both_tokens_for_every_reader() {
    let folder = Folder::new();
    let store = folder.open();
    let made = commit(&store, &folder.t, create("one")).await.unwrap();
    let only = Validators::OneOf(vec![made.key.details_entity_tag()]);
    let only = Precondition { matches: Some(only), ..Precondition::default() };
    commit_on(&store, &folder.t, rotate(b"two", 86_400), only.clone()).await.unwrap();
    // An answer that was lost is asked for again, and makes no third token.
    let again = commit_on(&store, &folder.t, rotate(b"three", 86_400), only).await.unwrap_err();
    assert!(matches!(again, CommitError::Edit(EditError::PreconditionFailed)), "{again:?}");
    for reader in [store, folder.open()] {
        let keyring = reader.get_keyring(&folder.t).await.unwrap();
        let find = |token: &[u8]| {
            let found = keyring.find_by_digest(&Digest::of(token))?;
            Some((found.generation, found.expires_at()))
        };
        let (older, end) = find(b"one").unwrap();
        assert_eq!(older, Generation::Previous { position: 0 });
        let end = end.unwrap();
        assert!(keyring.verify_token(&Digest::of(b"one"), Timestamp::EPOCH, None).is_ok());
        assert!(keyring.verify_token(&Digest::of(b"one"), end, None).is_err());
        assert_eq!(find(b"two"), Some((Generation::Current, None)));
        assert_eq!(find(b"three"), None);
        assert_eq!(keyring.keys().len(), 1);
    }
    let store = folder.open();
    commit(&store, &folder.t, KeyringEdit::EndOverlap { name: name("one") }).await.unwrap();
    let keyring = store.get_keyring(&folder.t).await.unwrap();
    assert!(keyring.find_by_digest(&Digest::of(b"one")).is_none());
    assert!(keyring.find_by_digest(&Digest::of(b"two")).is_some());
}
