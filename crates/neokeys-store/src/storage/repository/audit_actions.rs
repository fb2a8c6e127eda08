//! Edits made on a draft, and the action that the audit log has of each.

use std::sync::Arc;

use super::queue::CommitResult;
use crate::audit::{Action, KeyChange};
use crate::domain::{ApiKey, ChangeKind, Commit, Committed, KeyName, KeyringEdit, Timestamp};
use crate::storage::document::DocumentEditor;

/// A key, and the action on it.
pub(super) type KeyAction = (KeyName, Action);

/// Makes one edit of a commit.
pub(super) fn make(
    draft: &mut DocumentEditor,
    commit: &Commit,
    edit: &KeyringEdit,
    now: Timestamp,
    actions: &mut Vec<KeyAction>,
) -> CommitResult {
    let change = draft.keyring().judge(edit, &commit.precondition, now)?;
    let before = draft.keyring().find_by_name(edit.name().as_str()).cloned();
    draft.make(&change)?;
    let key = Arc::clone(change.key());
    // Whoever reports a token that has ended, as often as they like, changes nothing.
    let is_again = matches!(edit, KeyringEdit::EndToken { .. }) && before.as_ref() == Some(&key);
    if !is_again {
        actions.push((edit.name().clone(), action_of(edit, before.as_deref(), Some(&key))));
    }
    Ok(Committed { key })
}

/// The action of a change of this kind, of which nothing more is known.
pub(super) fn action_of_kind(kind: ChangeKind) -> Action {
    match kind {
        ChangeKind::Create => Action::Create(KeyChange::default()),
        ChangeKind::Update => Action::Update(KeyChange::default()),
        ChangeKind::Rotate => Action::Rotate { overlap: None },
        ChangeKind::EndOverlap => Action::EndOverlap,
        ChangeKind::Delete => Action::Delete,
    }
}

/// The action of an edit, done or not.
pub(super) fn action_of(
    edit: &KeyringEdit,
    before: Option<&ApiKey>,
    after: Option<&ApiKey>,
) -> Action {
    let change = || after.map_or_else(KeyChange::default, |after| KeyChange::of(before, after));
    match edit {
        KeyringEdit::Create(key) => Action::Create(KeyChange::of(None, key)),
        KeyringEdit::Update { .. } | KeyringEdit::Amend { .. } => Action::Update(change()),
        KeyringEdit::Delete { .. } => Action::Delete,
        KeyringEdit::Rotate { rotation, .. } => Action::Rotate { overlap: Some(rotation.overlap) },
        KeyringEdit::EndOverlap { .. } => Action::EndOverlap,
        KeyringEdit::EndToken { .. } => {
            let disables =
                before.is_some_and(|key| key.enabled) && after.is_some_and(|it| !it.enabled);
            Action::Revoke { disables }
        }
    }
}
