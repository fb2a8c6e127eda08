//! Verification of a tenant's log in its store: lines, head, and the document that they tell of.

use std::time::Duration;

use super::audit_log::{AuditLog, LogEnd};
use super::document_store::{DocumentError, DocumentStore, Reading};
use crate::audit::{DocumentState, LogFault, Verification, VerifiedLines};
use crate::domain::TenantId;
use crate::transparency::{BLOCK, Checkpoint, CheckpointError, TreeHash, VerifyingKey};

/// How long a change under way is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A log that is what its head was signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLog {
    /// How many lines it has.
    pub lines: u64,
    /// Its signed head; empty where nothing was ever logged.
    pub checkpoint: String,
    /// Whether the document is another than the last one in the log. neokeys logs that when it loads it.
    pub is_document_changed: bool,
}

/// Why a log is not verified.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum VerifyLogError {
    #[error("there is no tenant {0}")]
    NoSuchTenant(TenantId),
    #[error("the store keeps no audit log")]
    NoLog,
    #[error("the checkpoint that was kept is not to be believed")]
    Kept(#[source] CheckpointError),
    /// The first fault of the log.
    #[error("{place}: {fault}")]
    Fault { place: String, fault: LogFault },
    #[error("the log cannot be read")]
    Unreadable(#[from] DocumentError),
}

/// Verifies a tenant's log, and that it begins with what a checkpoint says that somebody kept.
///
/// # Errors
/// [`VerifyLogError`], with the first fault.
pub async fn verify_log(
    documents: &dyn DocumentStore,
    tenant: &TenantId,
    keys: &[VerifyingKey],
    kept: Option<&str>,
) -> Result<VerifiedLog, VerifyLogError> {
    let log = documents.audit_log().ok_or(VerifyLogError::NoLog)?;
    let kept = kept.map(|note| Checkpoint::open(note, tenant.as_str(), keys)).transpose();
    let kept = kept.map_err(VerifyLogError::Kept)?;
    let mut walk =
        Walk { log, tenant, lines: Verification::new(tenant.as_str(), kept), spoilt: None };
    let mut turn = None;
    loop {
        let end = log.read_end(tenant).await?;
        walk.go_to(end.head.size).await?;
        let verified = walk.hold_against(&end, keys)?;
        let state = state(documents, tenant).await?;
        let is_same = verified.document.is_none_or(|last| last == state);
        let is_whole = !end.goes_on && end.torn == 0;
        if is_same && is_whole || turn.is_some() {
            if !is_whole {
                let fault = if end.goes_on { LogFault::Unsigned } else { LogFault::Torn };
                return Err(walk.fault(end.head.size, fault));
            }
            return Ok(VerifiedLog {
                lines: end.head.size,
                checkpoint: end.head.checkpoint,
                is_document_changed: !is_same,
            });
        }
        // A change may be under way; behind it, all is as it stays.
        turn = Some(documents.lock(tenant, PATIENCE).await?);
    }
}

async fn state(
    documents: &dyn DocumentStore,
    tenant: &TenantId,
) -> Result<DocumentState, VerifyLogError> {
    match documents.read_newest(tenant, None).await? {
        Reading::Found(stored) if stored.version.is_absent() => Ok(DocumentState::Absent),
        Reading::Found(stored) => Ok(DocumentState::of(&stored.bytes)),
        Reading::NoSuchTenant => Err(VerifyLogError::NoSuchTenant(tenant.clone())),
        Reading::Unchanged | Reading::Confirmed(_) | Reading::BeingAcknowledged => {
            Err(DocumentError::GivenUp.into())
        }
    }
}

/// A way through a log.
struct Walk<'w> {
    log: &'w dyn AuditLog,
    tenant: &'w TenantId,
    lines: Verification<'w>,
    /// The first block whose kept hash is not its lines'.
    spoilt: Option<u64>,
}

impl Walk<'_> {
    fn fault(&self, sequence: u64, fault: LogFault) -> VerifyLogError {
        VerifyLogError::Fault { place: self.log.locate_line(self.tenant, sequence), fault }
    }

    /// Takes all lines up to there, as far as there are any.
    async fn go_to(&mut self, size: u64) -> Result<(), VerifyLogError> {
        let mut kept = Vec::<TreeHash>::new().into_iter();
        while self.lines.taken() < size {
            let from = self.lines.taken();
            let lines = self.log.read_lines(self.tenant, from).await?;
            if lines.is_empty() {
                return Ok(());
            }
            let due = usize::try_from(size - from).unwrap_or(usize::MAX);
            for (line, sequence) in lines.iter().take(due).zip(from..) {
                let block = self.lines.take(line).map_err(|fault| self.fault(sequence, fault))?;
                let Some(hash) = block else { continue };
                let number = sequence / BLOCK;
                if kept.len() == 0 {
                    kept = self.log.block_hashes(self.tenant, number).await?.into_iter();
                }
                if kept.next() != Some(hash) {
                    self.spoilt.get_or_insert(number);
                }
            }
        }
        Ok(())
    }

    /// Holds the lines against the head.
    fn hold_against(
        &self,
        end: &LogEnd,
        keys: &[VerifyingKey],
    ) -> Result<VerifiedLines, VerifyLogError> {
        let head = &end.head;
        let last = head.size.saturating_sub(1);
        let at_head = |fault| self.fault(last, fault);
        let signed = match head.checkpoint.as_str() {
            "" if head.size == 0 => None,
            note => Some(
                Checkpoint::open(note, self.tenant.as_str(), keys)
                    .map_err(|error| at_head(LogFault::Head(error)))?,
            ),
        };
        if signed.is_some_and(|signed| signed.size != head.size) {
            return Err(at_head(LogFault::HeadMember("size")));
        }
        // Where another than the signed root comes out, the hashes of blocks may say where it begins.
        let tail = self.lines.taken() / BLOCK * BLOCK;
        let spoilt = self.spoilt.map(|block| block * BLOCK);
        let verified = self.lines.verified(signed.as_ref()).map_err(|fault| {
            let is_root = matches!(fault, LogFault::Root);
            let first = if is_root { spoilt.unwrap_or(tail.min(last)) } else { self.lines.taken() };
            self.fault(first, fault)
        })?;
        if let Some(sequence) = spoilt {
            return Err(self.fault(sequence, LogFault::BlockHash));
        }
        if verified.tree.subtrees() != head.subtrees {
            return Err(at_head(LogFault::HeadMember("tree")));
        }
        if verified.document != head.document {
            return Err(at_head(LogFault::HeadMember("document")));
        }
        Ok(verified)
    }
}

#[cfg(test)]
mod tests;
