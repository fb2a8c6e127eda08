//! Commits made on a draft of their document, one after another, each with the actions that the
//! audit log has of it.

use super::audit_actions::{KeyAction, action_of, make};
use super::queue::{CommitResult, QueuedCommit};
use super::several_edits::apply_together;
use crate::domain::{Commit, KeyringEdit, Timestamp};
use crate::storage::document::{Document, DocumentEditor};

/// Every commit made on a document, one after another, with the outcome of each.
pub(super) fn apply_each(
    document: &Document,
    batch: &[QueuedCommit],
    now: Timestamp,
) -> (Option<Document>, Vec<CommitResult>, Vec<Vec<KeyAction>>) {
    let apply_all = |draft: &mut DocumentEditor| {
        let commits = batch.iter().map(|waiting| &waiting.commit);
        commits.map(|commit| apply_commit(draft, commit, now)).unzip()
    };
    let mut draft = DocumentEditor::of(document);
    let (outcomes, actions) = apply_all(&mut draft);
    if let Some(made) = draft.finish() {
        return (Some(made), outcomes, actions);
    }
    // One of them does not read back as it was meant: each by itself, so that the others are made.
    let mut draft = DocumentEditor::careful(document);
    let (outcomes, actions) = apply_all(&mut draft);
    (draft.finish(), outcomes, actions)
}

pub(super) fn apply_commit(
    draft: &mut DocumentEditor,
    commit: &Commit,
    now: Timestamp,
) -> (CommitResult, Vec<KeyAction>) {
    let mut actions = Vec::new();
    let outcome = if let Some(together) = &commit.together {
        apply_together(draft, commit, together, now, &mut actions)
    } else {
        commit
            .right
            .authorize(draft.keyring(), &commit.edit, now)
            .map_err(Into::into)
            .and_then(|()| make(draft, commit, &commit.edit, now, &mut actions))
    };
    if outcome.is_err() {
        let refused = |edit: &KeyringEdit| (edit.name().clone(), action_of(edit, None, None));
        actions = vec![refused(&commit.edit)];
    }
    (outcome, actions)
}
