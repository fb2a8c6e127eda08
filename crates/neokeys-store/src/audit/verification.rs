//! Verification of a log: that its lines are those that its head was signed for, and explain its document.

use std::cmp::Ordering;

use super::document_state::{DocumentChange, DocumentState};
use super::record::{Record, RecordError};
use crate::transparency::{Checkpoint, CheckpointError, CompactRange, TreeHash};

/// A log under verification, which is given line after line.
#[derive(Debug)]
pub struct Verification<'v> {
    tenant: &'v str,
    kept: Option<Checkpoint>,
    tree: CompactRange,
    document: Option<DocumentChange>,
}

/// A log whose lines were all good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLines {
    /// The tree over them.
    pub tree: CompactRange,
    /// The document's state by the last line that says one.
    pub document: Option<DocumentState>,
}

/// The fault of a log.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum LogFault {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("the line is of the log of the tenant {0}")]
    OtherTenant(String),
    #[error(
        "the line has the sequence {found} in place of {due}: lines were removed, repeated or put in another \
         order"
    )]
    Sequence { found: u64, due: u64 },
    #[error("the line records a change of a document other than the last one in the log")]
    OtherDocument,
    #[error("the log ends here, with {lines} lines, and its head was signed for {size}")]
    Short { lines: u64, size: u64 },
    #[error("from here on there are lines that the log's head does not have")]
    BeyondHead,
    #[error("from here on there are lines that no head was signed for")]
    Unsigned,
    #[error("the line {0}")]
    Damaged(&'static str),
    #[error("the last line is incomplete")]
    Torn,
    #[error("the lines from here on are not those that the head was signed for")]
    Root,
    #[error("the head of the log cannot be trusted: {0}")]
    Head(CheckpointError),
    #[error("the head of the log has another {0} than the lines")]
    HeadMember(&'static str),
    #[error(
        "the stored hash of the {} lines from here on is not theirs",
        crate::transparency::BLOCK
    )]
    BlockHash,
    #[error("the log ends here, with {lines} lines, and the kept checkpoint has {size}")]
    ShorterThanKept { lines: u64, size: u64 },
    #[error("the lines up to here are not those that the kept checkpoint was signed for")]
    OtherThanKept,
}

impl<'v> Verification<'v> {
    /// A verification of a tenant's log, and that it begins with what a head says that somebody kept.
    #[must_use]
    pub fn new(tenant: &'v str, kept: Option<Checkpoint>) -> Self {
        Self { tenant, kept, tree: CompactRange::default(), document: None }
    }

    /// Takes the next line, and gives the hash of the block that it completes.
    ///
    /// # Errors
    /// The fault of this line.
    pub fn take(&mut self, line: &[u8]) -> Result<Option<TreeHash>, LogFault> {
        let Record { sequence, tenant, document, .. } = Record::parse(line)?;
        if tenant != self.tenant {
            return Err(LogFault::OtherTenant(tenant));
        }
        let due = self.tree.size();
        if sequence != due {
            return Err(LogFault::Sequence { found: sequence, due });
        }
        if let Some(change) = document {
            // All lines of a batch tell of the whole batch.
            let follows = |last| change == last || change.before == last.after;
            if !self.document.is_none_or(follows) {
                return Err(LogFault::OtherDocument);
            }
            self.document = Some(change);
        }
        let block = self.tree.append(TreeHash::of_line(line));
        let is_other =
            |kept: Checkpoint| kept.size == self.tree.size() && kept.root != self.tree.root();
        if self.kept.is_some_and(is_other) {
            return Err(LogFault::OtherThanKept);
        }
        Ok(block)
    }

    /// How many lines were taken.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.tree.size()
    }

    /// Holds the lines that were taken against a head that was signed for as many.
    ///
    /// # Errors
    /// A head of other lines.
    pub fn hold_against(&self, head: &Checkpoint) -> Result<(), LogFault> {
        let (lines, size) = (self.taken(), head.size);
        match lines.cmp(&size) {
            Ordering::Less => Err(LogFault::Short { lines, size }),
            Ordering::Equal if head.root == self.tree.root() => Ok(()),
            Ordering::Equal | Ordering::Greater => Err(LogFault::Root),
        }
    }

    /// Ends the log here.
    ///
    /// # Errors
    /// A head that was kept, of more lines.
    pub fn finish(&self) -> Result<VerifiedLines, LogFault> {
        let lines = self.taken();
        match self.kept {
            Some(kept) if kept.size > lines => {
                Err(LogFault::ShorterThanKept { lines, size: kept.size })
            }
            _ => Ok(VerifiedLines {
                tree: self.tree.clone(),
                document: self.document.map(|last| last.after),
            }),
        }
    }
}
