//! Lines on their way to a log: their places in it, and the head that it has with them.

mod unsettled;

use self::unsettled::{Refuted, Unsettled};
use super::document_store::{AuditLog, DocumentError, LogEnd, LogEntry, LogHead, SEGMENT};
use crate::audit::{Action, DocumentChange, DocumentState, Event, Record, Subject};
use crate::domain::{Actor, Initiator, TenantId};
use crate::transparency::{BLOCK, Checkpoint, CompactRange, SigningKey, TreeHash};

/// Lines that go behind the end of a tenant's log.
pub(super) struct LogDraft {
    tenant: TenantId,
    after: LogHead,
    head: LogHead,
    tree: CompactRange,
    lines: Vec<u8>,
    blocks: Vec<TreeHash>,
    starts: Vec<(u64, u64)>,
    unsettled: Unsettled,
    /// The lines of the stored head, where the log has more.
    recovered_from: Option<u64>,
    /// Bytes behind the last line that are none.
    torn: u64,
}

impl LogDraft {
    /// Nothing yet, behind the end of the tenant's log.
    pub(super) async fn at_end(
        log: &dyn AuditLog,
        tenant: &TenantId,
    ) -> Result<Self, DocumentError> {
        let damaged = |sequence, reason| DocumentError::LogDamaged {
            location: log.locate_line(tenant, sequence),
            reason,
        };
        let LogEnd { head, goes_on, torn } = log.read_end(tenant).await?;
        let tree = CompactRange::resume(head.size, head.subtrees.clone());
        let tree = tree.ok_or_else(|| damaged(head.size, "has a head that is not its own"))?;
        let size = head.size;
        let mut draft = Self {
            tenant: tenant.clone(),
            after: LogHead::default(),
            head,
            tree,
            lines: Vec::new(),
            blocks: Vec::new(),
            starts: Vec::new(),
            unsettled: Unsettled::default(),
            recovered_from: goes_on.then_some(size),
            torn,
        };
        if goes_on {
            draft.read_on(log).await?;
        } else if draft.document() == Some(DocumentState::Absent) {
            draft.note_last(log).await?;
        }
        draft.after = draft.head.clone();
        Ok(draft)
    }

    /// Takes note of the last line, if it tells of a tenant as a whole: nothing shows in the head whether that
    /// was done.
    async fn note_last(&mut self, log: &dyn AuditLog) -> Result<(), DocumentError> {
        let Some(last) = self.head.size.checked_sub(1) else { return Ok(()) };
        let lines = log.read_lines(&self.tenant, last).await?;
        let record = lines.first().and_then(|line| Record::parse(line).ok());
        if let Some(record) = record.filter(|it| !it.is_of_key && it.is_of_change()) {
            self.unsettled.note(&record);
        }
        Ok(())
    }

    /// The last line, if it says that the tenant was made and none says so of a key since.
    pub(super) fn last_creation(&self) -> Option<u64> {
        self.unsettled.last_creation()
    }

    /// Counts in the lines that are behind the head.
    async fn read_on(&mut self, log: &dyn AuditLog) -> Result<(), DocumentError> {
        loop {
            let lines = log.read_lines(&self.tenant, self.head.size).await?;
            if lines.is_empty() {
                return Ok(());
            }
            let mut rest: u64 = lines.iter().map(|line| line.len() as u64 + 1).sum();
            for line in lines {
                let sequence = self.head.size;
                let record = Record::parse(&line).ok();
                let Some(record) = record.filter(|record| record.sequence == sequence) else {
                    // What a power cut left of lines that nobody was told of.
                    self.torn += rest + unread(log, &self.tenant, sequence).await?;
                    return Ok(());
                };
                rest -= line.len() as u64 + 1;
                self.unsettled.note(&record);
                self.count(TreeHash::of_line(&line), line.len(), record.document);
            }
        }
    }

    /// The document's state by the last line that says one.
    pub(super) fn document(&self) -> Option<DocumentState> {
        self.head.document
    }

    /// An id for events that belong together, from the place of the first.
    pub(super) fn plan(&self) -> smol_str::SmolStr {
        smol_str::format_smolstr!("{}-{}", self.tenant, self.head.size)
    }

    /// Appends an event.
    pub(super) fn push(&mut self, event: &Event) {
        let start = self.lines.len();
        event.write_line(self.head.size, &mut self.lines);
        self.count(
            TreeHash::of_line(&self.lines[start..]),
            self.lines.len() - start,
            event.document,
        );
        self.lines.push(b'\n');
    }

    /// Says of changes that were not made that they were not, as far as the present document shows it; that a
    /// line was torn; and that lines were behind the head, so that nobody's are counted in unseen. `undone` are
    /// heads with changes that are known not to have been made, which may be in the log.
    pub(super) fn settle(
        &mut self,
        present: DocumentState,
        undone: &[LogHead],
        at: std::time::Duration,
    ) {
        let ends_with = |head: &LogHead| head.subtrees == self.tree.subtrees();
        let is_own = undone.iter().any(ends_with);
        let refuted = self.unsettled.refuted(present, is_own);
        let first = self.recovered_from.filter(|_| !is_own).unwrap_or(self.head.size);
        let lines = self.head.size - first;
        if self.torn > 0 {
            self.push_own(Action::Repair { bytes: self.torn }, None, at);
        }
        if lines > 0 {
            self.push_own(Action::Recover { first, lines }, None, at);
        }
        if let Some(Refuted { first, last, back }) = refuted {
            self.push_own(Action::Undone { first, last }, Some(back), at);
        }
    }

    /// Says of lines that changed no document that what they tell of was not done.
    pub(super) fn take_back(&mut self, first: u64, last: u64, at: std::time::Duration) {
        self.unsettled = Unsettled::default();
        self.push_own(Action::Undone { first, last }, None, at);
    }

    fn push_own(
        &mut self,
        action: Action,
        document: Option<DocumentChange>,
        at: std::time::Duration,
    ) {
        self.push(&Event {
            at,
            initiator: Initiator::of(Actor::SERVICE),
            tenant: self.tenant.clone(),
            subject: Subject::Tenant,
            action,
            refusal: None,
            document,
            plan: None,
        });
    }

    /// The lines with the head that the log has with them; nothing if there are none, and the stored head is
    /// the log's.
    pub(super) fn finish(mut self, key: Option<&SigningKey>) -> Option<LogEntry> {
        if self.lines.is_empty() && self.recovered_from.is_none() {
            return None;
        }
        let checkpoint = Checkpoint { size: self.tree.size(), root: self.tree.root() };
        if let Some(key) = key {
            self.head.checkpoint = checkpoint.sign(self.tenant.as_str(), key);
        }
        self.head.subtrees = self.tree.subtrees().to_vec();
        let Self { after, head, lines, torn, blocks, starts, .. } = self;
        Some(LogEntry { after, lines: lines.into(), torn, blocks, starts, head })
    }

    /// Counts a line of so many bytes in.
    fn count(&mut self, leaf: TreeHash, length: usize, document: Option<DocumentChange>) {
        if self.head.size.is_multiple_of(SEGMENT) {
            self.head.segment_bytes = 0;
        }
        if self.head.size.is_multiple_of(BLOCK) {
            self.starts.push((self.head.size / BLOCK, self.head.segment_bytes));
        }
        self.head.size += 1;
        self.head.segment_bytes += length as u64 + 1;
        self.head.document = document.map(|change| change.after).or(self.head.document);
        self.blocks.extend(self.tree.append(leaf));
    }
}

impl LogEntry {
    /// Names, in neokeys' own log, the head that a tenant's log has with this entry: once it has, since whoever
    /// keeps that log is a witness of it.
    pub(super) fn tell(&self, tenant: &TenantId) {
        let LogHead { size, subtrees, .. } = &self.head;
        if let Some(tree) = CompactRange::resume(*size, subtrees.clone()) {
            let root = tree.root();
            tracing::info!(tenant.id = %tenant, audit.size = size, audit.root = %root, "changes are recorded");
        }
    }
}

/// Bytes of the lines behind the block of this one.
async fn unread(
    log: &dyn AuditLog,
    tenant: &TenantId,
    sequence: u64,
) -> Result<u64, DocumentError> {
    let (mut bytes, mut next) = (0, (sequence / BLOCK + 1) * BLOCK);
    // A batch that is torn ends with its segment, at the latest.
    while !next.is_multiple_of(SEGMENT) {
        let lines = log.read_lines(tenant, next).await?;
        if lines.is_empty() {
            break;
        }
        bytes += lines.iter().map(|line| line.len() as u64 + 1).sum::<u64>();
        next += BLOCK;
    }
    Ok(bytes)
}
