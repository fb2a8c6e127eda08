//! Verification of a tenant's log in its store: lines, head, and the document that they tell of.

use std::time::Duration;

use super::document_store::{AuditLog, DocumentError, DocumentStore, LogHead, Reading};
use crate::audit::{DocumentState, LogFault, Verification, VerifiedLines};
use crate::domain::TenantId;
use crate::transparency::{BLOCK, Checkpoint, CheckpointError, TreeHash, VerifyingKey};

/// How long a change under way is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// A log that is what its head was signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLog {
    /// How many lines it has.
    pub lines: u64,
    /// For how many of them a head was signed: all, but where no key is known that verifies.
    pub signed: u64,
    /// The head that was signed; empty where none ever was.
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
    #[error("the kept checkpoint cannot be trusted")]
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
pub(super) async fn verify_log(
    documents: &dyn DocumentStore,
    tenant: &TenantId,
    keys: &[VerifyingKey],
    kept: Option<&str>,
) -> Result<VerifiedLog, VerifyLogError> {
    let log = documents.audit_log().ok_or(VerifyLogError::NoLog)?;
    let kept = kept.map(|note| Checkpoint::open(note, tenant.as_str(), keys)).transpose();
    let kept = kept.map_err(VerifyLogError::Kept)?;
    let lines = Verification::new(tenant.as_str(), kept);
    let mut walk = Walk { log, tenant, lines, signed: None, spoilt: None };
    let mut turn = None;
    loop {
        let end = match log.read_end(tenant).await {
            // The first line with a fault says more than that the end is not where the head says.
            Err(DocumentError::LogDamaged { location, reason }) => {
                walk.go_to(u64::MAX).await?;
                let fault = LogFault::Damaged(reason);
                return Err(VerifyLogError::Fault { place: location, fault });
            }
            end => end?,
        };
        let verified = walk.hold_against(&end.head, keys).await?;
        let state = state(documents, tenant).await?;
        let is_same = verified.document.is_none_or(|last| last == state);
        let size = end.head.size;
        // Where lines and head are put together, none are beyond it but what somebody put there.
        let is_beyond = end.goes_on || !log.read_lines(tenant, size).await?.is_empty();
        let is_whole = !is_beyond && end.torn == 0;
        if is_same && is_whole || turn.is_some() {
            if is_beyond && !end.goes_on {
                let again = log.read_end(tenant).await?;
                if again.goes_on || again.head.size > size {
                    continue;
                }
            }
            if !is_whole {
                let fault = if is_beyond { LogFault::BeyondHead } else { LogFault::Torn };
                return Err(walk.fault(size, fault));
            }
            let signed = walk.signed.map_or(0, |signed| signed.size);
            if signed < size && !keys.is_empty() {
                return Err(walk.fault(signed, LogFault::Unsigned));
            }
            return Ok(VerifiedLog {
                lines: size,
                signed,
                checkpoint: end.head.checkpoint,
                is_document_changed: !is_same,
            });
        }
        // A change may be under way; behind it, all is as it stays. Who may not wait for it sees what is.
        turn = Some(documents.lock(tenant, PATIENCE).await.ok());
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
    /// The last signed head that the lines were held against.
    signed: Option<Checkpoint>,
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

    /// Takes all lines up to the head, and holds them against it.
    async fn hold_against(
        &mut self,
        head: &LogHead,
        keys: &[VerifyingKey],
    ) -> Result<VerifiedLines, VerifyLogError> {
        let last = head.size.saturating_sub(1);
        // Without a key that verifies, nobody can tell whose head it is.
        if !head.checkpoint.is_empty() && !keys.is_empty() {
            let signed = Checkpoint::open(&head.checkpoint, self.tenant.as_str(), keys);
            let signed = signed.map_err(|error| self.fault(last, LogFault::Head(error)))?;
            if signed.size > head.size {
                return Err(self.fault(last, LogFault::HeadMember("size")));
            }
            if self.signed != Some(signed) {
                self.go_to(signed.size).await?;
                self.lines.hold_against(&signed).map_err(|fault| self.at_first(fault))?;
                self.signed = Some(signed);
            }
        }
        self.go_to(head.size).await?;
        let (lines, size) = (self.lines.taken(), head.size);
        if lines < size {
            return Err(self.fault(lines, LogFault::Short { lines, size }));
        }
        if let Some(block) = self.spoilt {
            return Err(self.fault(block * BLOCK, LogFault::BlockHash));
        }
        let verified = self.lines.finish().map_err(|fault| self.fault(lines, fault))?;
        let is_tree = verified.tree.subtrees() == head.subtrees;
        let is_document = verified.document == head.document;
        match (is_tree, is_document) {
            (true, true) => Ok(verified),
            (false, _) => Err(self.fault(last, LogFault::HeadMember("tree"))),
            (true, false) => Err(self.fault(last, LogFault::HeadMember("document"))),
        }
    }

    /// The fault of the lines that were taken. Where only their root shows it, the hashes of blocks may
    /// say where it begins.
    fn at_first(&self, fault: LogFault) -> VerifyLogError {
        let taken = self.lines.taken();
        let tail = taken.saturating_sub(1) / BLOCK * BLOCK;
        let is_root = matches!(fault, LogFault::Root);
        let spoilt = self.spoilt.map_or(tail, |block| block * BLOCK);
        self.fault(if is_root { spoilt } else { taken }, fault)
    }
}

#[cfg(test)]
mod tests;
