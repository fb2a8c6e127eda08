//! Documents that are found to be others than the last ones in their logs.

use std::sync::Arc;

use super::document::Document;
use super::document_store::{AuditLog, DocumentError};
use super::log_draft::LogDraft;
use crate::audit::{Action, DocumentChange, DocumentState, KeyringChange};
use crate::domain::{Keyring, TenantId};

/// The change that made a document what it is, if it is another than the last one in the log. `known` are the
/// keys of that one, where somebody has them; `keyring` those of the present one, where it can be read.
pub(super) async fn found_change(
    log: &dyn AuditLog,
    tenant: &TenantId,
    draft: &LogDraft,
    known: Option<Arc<Keyring>>,
    present: DocumentState,
    keyring: Option<&Keyring>,
) -> Result<Option<(Action, DocumentChange)>, DocumentError> {
    let last = draft.document();
    let is_new = last.is_none() && present == DocumentState::Absent;
    if last == Some(present) || is_new {
        return Ok(None);
    }
    let before = match (last, known) {
        (Some(last), None) => recalled(log, tenant, last).await?,
        (Some(_), known) => known,
        (None, _) => Some(no_keys()),
    };
    let change = before.zip(keyring).map(|(before, keyring)| KeyringChange::of(&before, keyring));
    let before = last.unwrap_or(DocumentState::Absent);
    Ok(Some((Action::Found(change), DocumentChange { before, after: present })))
}

/// The keys in the bytes of a document; none where they cannot be read.
pub(super) fn keys_in(bytes: &[u8]) -> Option<Arc<Keyring>> {
    let document = Document::parse(bytes.to_vec().into()).ok()?;
    Some(Arc::clone(document.keyring()))
}

/// The keys of the last document in the log, if a copy of it was kept.
async fn recalled(
    log: &dyn AuditLog,
    tenant: &TenantId,
    last: DocumentState,
) -> Result<Option<Arc<Keyring>>, DocumentError> {
    if last == DocumentState::Absent {
        return Ok(Some(no_keys()));
    }
    let copy = log.recall(tenant).await?.filter(|bytes| DocumentState::of(bytes) == last);
    Ok(copy.and_then(|bytes| keys_in(&bytes)))
}

fn no_keys() -> Arc<Keyring> {
    Arc::new(Keyring::new(Vec::new(), Vec::new()))
}
