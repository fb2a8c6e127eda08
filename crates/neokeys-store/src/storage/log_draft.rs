//! Lines on their way to a log: their places in it, and the head that it has with them.

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
    /// The last changes in the log, where nothing says yet whether they were done.
    in_doubt: Option<InDoubt>,
    /// Bytes behind the last line that are none.
    torn: u64,
}

/// Changes of one batch that may have been done or not.
struct InDoubt {
    first: u64,
    last: u64,
    change: DocumentChange,
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
        let mut draft = Self {
            tenant: tenant.clone(),
            after: LogHead::default(),
            head,
            tree,
            lines: Vec::new(),
            blocks: Vec::new(),
            starts: Vec::new(),
            in_doubt: None,
            torn,
        };
        if goes_on {
            draft.read_on(log).await?;
        }
        draft.after = draft.head.clone();
        Ok(draft)
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
                self.note(sequence, &record);
                self.count(&line, record.document);
            }
        }
    }

    /// The document's state by the last line that says one.
    pub(super) fn document(&self) -> Option<DocumentState> {
        self.head.document
    }

    /// Whether the log was never begun.
    pub(super) fn is_first(&self) -> bool {
        self.head.size == 0
    }

    /// An id for events that belong together, from the place of the first.
    pub(super) fn plan(&self) -> smol_str::SmolStr {
        smol_str::format_smolstr!("{}-{}", self.tenant, self.head.size)
    }

    /// Appends an event.
    pub(super) fn push(&mut self, event: &Event) {
        let line = event.line(self.head.size);
        self.lines.extend_from_slice(&line);
        self.lines.push(b'\n');
        self.count(&line, event.document);
    }

    /// Says of changes in doubt that they were not done, if that is known or shown by the present
    /// document; and that a line was torn.
    pub(super) fn settle(
        &mut self,
        present: DocumentState,
        is_undone: bool,
        at: std::time::Duration,
    ) {
        let event = |action, document| Event {
            at,
            initiator: Initiator::of(Actor::SERVICE),
            tenant: self.tenant.clone(),
            subject: Subject::Tenant,
            action,
            refusal: None,
            document,
            plan: None,
        };
        let mut events = Vec::new();
        if self.torn > 0 {
            events.push(event(Action::Repair { bytes: self.torn }, None));
        }
        if let Some(InDoubt { first, last, change: DocumentChange { before, after } }) =
            self.in_doubt
            && present != after
            && (is_undone || present == before)
        {
            let back = DocumentChange { before: after, after: before };
            events.push(event(Action::Undone { first, last }, Some(back)));
        }
        self.in_doubt = None;
        events.iter().for_each(|event| self.push(event));
    }

    /// The lines with the head that the log has with them; nothing if there are none.
    pub(super) fn finish(mut self, key: Option<&SigningKey>) -> Option<LogEntry> {
        if self.lines.is_empty() {
            return None;
        }
        let checkpoint = Checkpoint { size: self.tree.size(), root: self.tree.root() };
        if let Some(key) = key {
            self.head.checkpoint = checkpoint.sign(self.tenant.as_str(), key);
        }
        tracing::info!(
            tenant.id = %self.tenant,
            audit.size = checkpoint.size,
            audit.root = %checkpoint.root,
            "changes are recorded"
        );
        self.head.subtrees = self.tree.subtrees().to_vec();
        let Self { after, head, lines, torn, blocks, starts, .. } = self;
        Some(LogEntry { after, lines: lines.into(), torn, blocks, starts, head })
    }

    /// Takes note of what a line that is there says.
    fn note(&mut self, sequence: u64, record: &Record) {
        let Some(change) = record.document else { return };
        if !record.is_of_change() {
            self.in_doubt = None;
            return;
        }
        match &mut self.in_doubt {
            Some(batch) if batch.change == change => batch.last = sequence,
            other => *other = Some(InDoubt { first: sequence, last: sequence, change }),
        }
    }

    /// Counts a line in.
    fn count(&mut self, line: &[u8], document: Option<DocumentChange>) {
        if self.head.size.is_multiple_of(SEGMENT) {
            self.head.segment_bytes = 0;
        }
        if self.head.size.is_multiple_of(BLOCK) {
            self.starts.push((self.head.size / BLOCK, self.head.segment_bytes));
        }
        self.head.size += 1;
        self.head.segment_bytes += line.len() as u64 + 1;
        self.head.document = document.map(|change| change.after).or(self.head.document);
        self.blocks.extend(self.tree.append(TreeHash::of_line(line)));
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
