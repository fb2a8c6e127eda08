//! Several edits in one commit: judged one after another on a draft of their own, which counts only if
//! all of them may be made.
//!
//! Invariant: every right is judged on the keys as the plan saw them, so no edit of it gives another one a
//! right, or takes it away.

use super::audit_actions::{KeyAction, make};
use super::queue::CommitResult;
use crate::domain::{Commit, CommitError, EditError, Timestamp, Together};
use crate::storage::document::DocumentEditor;

/// Makes a commit with all that belongs to it, or nothing of it.
pub(super) fn apply_together(
    draft: &mut DocumentEditor,
    commit: &Commit,
    together: &Together,
    now: Timestamp,
    actions: &mut Vec<KeyAction>,
) -> CommitResult {
    let edits = || std::iter::once(&commit.edit).chain(&together.edits);
    for edit in edits() {
        commit.right.authorize(draft.keyring(), edit, now)?;
    }
    if draft.keyring().details_entity_tag() != together.on {
        return Err(CommitError::Edit(EditError::PreconditionFailed));
    }
    let mut attempt = draft.clone();
    let first = make(&mut attempt, commit, &commit.edit, now, actions)?;
    for edit in &together.edits {
        make(&mut attempt, commit, edit, now, actions)?;
    }
    *draft = attempt;
    Ok(first)
}
