//! Editors that have a document open for writing, and how long they are waited for.
//!
//! The system tells by a read lease ([`file_lease`]): it is granted only while nobody has the file
//! open for writing. Where there are no leases, nobody can tell, and a document is taken as it is.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use file_lease::{LeaseError, ReadLease};

use super::Folder;
use super::file_system::FileState;
use super::file_version::{FileVersion, LastWrite};
use crate::domain::TenantId;
use crate::storage::document_store::{DocumentError, Version};

/// How long a document that somebody has open has to stand still to be taken as it is, and how long
/// what was known of it is served meanwhile.
pub(super) const STANDS_STILL: Duration = Duration::from_secs(2);
/// How long it has to stand still where it ends in the middle of a line.
const STANDS_STILL_IN_A_LINE: Duration = Duration::from_secs(60);
/// How often it is looked at.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

/// The answer of the system to who has a file open for writing.
#[derive(Debug)]
pub(super) enum Hold<'f> {
    /// Nobody has, as long as the lease lasts.
    Held(ReadLease<'f>),
    /// Somebody has.
    OpenElsewhere,
    /// It does not say.
    NoLeases,
}

/// Editors that were seen writing to documents.
#[derive(Debug)]
pub(super) struct Editors {
    /// How long a change waits for a document that goes on changing.
    patience: Duration,
    /// Documents that were open for writing when they should have been read.
    reading: papaya::HashMap<TenantId, Unread>,
    /// Documents that were open for writing when they should have been written.
    writing: papaya::HashMap<TenantId, Seen>,
    told: AtomicBool,
}

/// A document that changed and was not read, since somebody writes to it.
#[derive(Debug, Clone)]
struct Unread {
    /// The state that is served in its place.
    known: Version,
    since: Instant,
    /// When somebody asked last.
    asked: Instant,
}

/// A state of a document, and since when it is known to be so.
#[derive(Debug, Clone, Copy)]
struct Seen {
    identity: FileState,
    since: Instant,
}

/// The next step with a document that should be read and is open for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextStep {
    /// The known state serves on.
    ServeKnown,
    /// Look again in a moment.
    Wait,
    /// Take it as it is.
    TakeIt,
}

impl Editors {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            // Who stands still must be told from who goes on.
            patience: patience.max(STANDS_STILL + 10 * PAUSE),
            reading: papaya::HashMap::new(),
            writing: papaya::HashMap::new(),
            told: AtomicBool::new(false),
        }
    }

    /// The document was read.
    pub(super) fn end_reading(&self, tenant: &TenantId) {
        self.reading.pin().remove(tenant);
    }

    /// The document was written, or nobody has it open any more.
    pub(super) fn end_writing(&self, tenant: &TenantId) {
        self.writing.pin().remove(tenant);
    }

    /// Nothing is kept of a tenant that is no more.
    pub(super) fn forget(&self, tenant: &TenantId) {
        self.end_reading(tenant);
        self.end_writing(tenant);
    }
}

impl Folder {
    /// Asks who has a file open for writing. The lease is for moments: who opens the file meanwhile
    /// waits.
    pub(super) fn hold<'f>(&self, file: &'f File, path: &Path) -> Hold<'f> {
        match self.files.lease(file) {
            Ok(lease) => Hold::Held(lease),
            Err(LeaseError::OpenForWriting) => Hold::OpenElsewhere,
            Err(LeaseError::NotPossible(error)) => {
                if !self.editors.told.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        document = %path.display(),
                        %error,
                        "cannot tell who is writing a document here: a lease needs a local file \
                         system and a file of neokeys' own user, or CAP_LEASE. An edit in place that \
                         takes its time may be read half-done, and lost where a key is changed \
                         meanwhile"
                    );
                }
                Hold::NoLeases
            }
        }
    }

    /// The next step with a document that should be read and is open for writing. `last_write` is what
    /// the journal said before it was opened, `waiting` since when this reading waits.
    pub(super) fn then(
        &self,
        tenant: &TenantId,
        known: Option<&Version>,
        found: &FileState,
        last_write: LastWrite,
        waiting: &mut Option<Instant>,
    ) -> NextStep {
        let now = self.files.now();
        if found.age(now) >= STANDS_STILL {
            return NextStep::TakeIt;
        }
        // What came in the place of what is known may have been acknowledged to somebody: the known
        // does not serve on, and the reading waits. Number and birth of a file do not tell it for certain:
        // both can be those of a file before it, within a tick of the clock. The journal does.
        let is_known = |known: &FileVersion| {
            known.file.is_surely_same_file(found)
                && known.last_write == last_write
                && last_write != LastWrite::Unknown
        };
        let serving = known.filter(|known| FileVersion::of(known).is_some_and(is_known));
        if let Some(known) = serving {
            let reading = self.editors.reading.pin();
            let before = reading.get(tenant).filter(|before| before.known == *known).cloned();
            let since = before.as_ref().map_or(now.steady, |before| before.since);
            reading
                .insert(tenant.clone(), Unread { known: known.clone(), since, asked: now.steady });
            if now.since(since) < STANDS_STILL {
                return NextStep::ServeKnown;
            }
            // Where nobody asked for a while, this may be another edit than the one that was seen.
            let asked = before.map_or(now.steady, |before| before.asked);
            if waiting.is_none() && now.since(asked) < STANDS_STILL {
                return NextStep::TakeIt;
            }
        }
        let began = *waiting.get_or_insert(now.steady);
        if now.since(began) < STANDS_STILL { NextStep::Wait } else { NextStep::TakeIt }
    }

    /// Whether a document that somebody has open may be replaced: it has stood still, so whoever has
    /// it open does nothing. What they write yet is brought over.
    pub(super) fn stands_still(
        &self,
        tenant: &TenantId,
        found: FileState,
        ends_in_a_line: impl FnOnce() -> bool,
    ) -> bool {
        let now = self.files.now();
        let writing = self.editors.writing.pin();
        let seen = match writing.get(tenant).filter(|seen| seen.identity == found) {
            Some(seen) => *seen,
            None => {
                let seen = Seen { identity: found, since: now.steady };
                writing.insert(tenant.clone(), seen);
                seen
            }
        };
        let time = now.since(seen.since);
        time >= STANDS_STILL && (time >= STANDS_STILL_IN_A_LINE || !ends_in_a_line())
    }

    /// Waits a moment for who writes to a document, or gives up.
    pub(super) fn wait_for_editor(
        &self,
        began: Instant,
        document: &Path,
    ) -> Result<(), DocumentError> {
        let waited = self.files.now().since(began);
        if waited >= self.editors.patience {
            let location = document.display().to_string();
            return Err(DocumentError::BeingEdited { location, waited });
        }
        self.files.pause(PAUSE);
        Ok(())
    }
}
