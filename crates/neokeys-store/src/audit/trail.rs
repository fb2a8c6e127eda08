//! Reading of logs, whatever store they are in.

use std::ops::Range;

use bytes::Bytes;

use crate::domain::{MaybeReady, TenantId, Unavailable};
use crate::transparency::{BLOCK, LogReader, TreeHash};

/// An answer of a trail.
pub type TrailFuture<'a, T> = MaybeReady<'a, Result<T, Unavailable>>;

/// Gives lines of tenants' logs, a block at a time, so that whoever reads one of any size holds little of it.
pub trait AuditTrail: Send + Sync {
    /// The head of a tenant's log. A log that was never begun has none.
    fn head<'a>(&'a self, tenant: &'a TenantId) -> TrailFuture<'a, Option<TrailHead>>;

    /// The lines from a sequence on, without newlines: those to the end of its block, as far as there
    /// are any.
    fn lines<'a>(&'a self, tenant: &'a TenantId, from: u64) -> TrailFuture<'a, Vec<Bytes>>;

    /// The hashes of whole blocks from this one on: some of them, at least one where there is one.
    fn block_hashes<'a>(
        &'a self,
        tenant: &'a TenantId,
        from: u64,
    ) -> TrailFuture<'a, Vec<TreeHash>>;
}

/// The head of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailHead {
    /// How many lines the log has.
    pub size: u64,
    /// The last head that was signed, which may be of fewer lines.
    pub signed: Option<SignedHead>,
}

/// A head that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// How many lines it is of.
    pub size: u64,
    /// Size and root, signed: a [`Checkpoint`](crate::transparency::Checkpoint).
    pub checkpoint: String,
}

/// A tenant's log as the leaves of its tree.
pub struct TenantTrail<'t> {
    trail: &'t dyn AuditTrail,
    tenant: &'t TenantId,
}

impl<'t> TenantTrail<'t> {
    /// The log of this tenant.
    #[must_use]
    pub const fn new(trail: &'t dyn AuditTrail, tenant: &'t TenantId) -> Self {
        Self { trail, tenant }
    }

    /// Lines of one block.
    ///
    /// # Errors
    /// What the trail answers, and lines that are not there.
    pub async fn lines(&self, range: Range<u64>) -> Result<Vec<Bytes>, Unavailable> {
        let mut lines = self.trail.lines(self.tenant, range.start).await?;
        lines.truncate(length(&range));
        whole(lines, &range)
    }
}

impl LogReader for TenantTrail<'_> {
    type Error = Unavailable;

    async fn line_hashes(&self, lines: Range<u64>) -> Result<Vec<TreeHash>, Unavailable> {
        let lines = self.lines(lines).await?;
        Ok(lines.iter().map(|line| TreeHash::of_line(line)).collect())
    }

    async fn block_hashes(&self, blocks: Range<u64>) -> Result<Vec<TreeHash>, Unavailable> {
        let mut hashes = Vec::new();
        let mut next = blocks.start;
        while next < blocks.end {
            let more = self.trail.block_hashes(self.tenant, next).await?;
            if more.is_empty() {
                break;
            }
            next += count(&more);
            hashes.extend(more);
        }
        hashes.truncate(length(&blocks));
        whole(hashes, &blocks)
    }
}

/// A part of a log is not there, though its head says so.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the log is shorter than its head says; `neokeys audit verify` says where")]
struct Missing;

fn whole<T>(parts: Vec<T>, range: &Range<u64>) -> Result<Vec<T>, Unavailable> {
    if parts.len() == length(range) { Ok(parts) } else { Err(Unavailable::new(Missing)) }
}

fn length(range: &Range<u64>) -> usize {
    usize::try_from(range.end - range.start).unwrap_or(usize::MAX)
}

fn count<T>(parts: &[T]) -> u64 {
    u64::try_from(parts.len()).unwrap_or(u64::MAX)
}

/// The sequence with which the block of a sequence begins.
pub(super) const fn block_start(sequence: u64) -> u64 {
    sequence / BLOCK * BLOCK
}
