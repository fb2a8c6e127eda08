//! Records of changes: who did what to which key, one JSON object of OCSF 1.8.0 a line.
//!
//! An [`Event`] is what happened; [`Event::line`] writes it as it stands in a tenant's log, and
//! [`Record`] reads the line back. A line has its place in the log (`metadata.sequence`, from 0) and,
//! if the document changed, its [`DocumentState`] before and after (`unmapped.document`). Nothing in
//! here keeps a log or knows where one is.
//!
//! # How the lines of a log explain its document
//!
//! - All lines of one batch of changes say the same `before` and `after`, those of the whole batch.
//! - Any other line's `before` is the `after` of the last line that says one; the first line of a log
//!   has no `before` to keep to.
//! - A batch whose document was never written is followed by a line [`Action::Undone`], which leads
//!   back from its `after` to its `before`; a change by other means by a line [`Action::Found`].
//! - A line [`Action::Undone`] takes back all lines that it names, those of its own kind among them: so the lines
//!   that hold are found from the last one to the first.
//! - A line without `document` (a refusal) changes nothing.
//!
//! Invariants: no line holds a token or a digest of one; a line is at most [`Event::LONGEST`] bytes.

mod action;
mod difference;
mod document_state;
mod event;
mod line;
mod page;
mod record;
mod trail;
mod verification;

pub use action::{Action, NoAction, Refusal};
pub use difference::{KeyChange, KeyringChange};
pub use document_state::{DocumentChange, DocumentState, DocumentStateError};
pub use event::{Event, Subject};
pub use page::{EventFilter, EventPage};
pub use record::{Record, RecordError};
pub use trail::{AuditTrail, SignedHead, TenantTrail, TrailFuture, TrailHead};
pub use verification::{LogFault, Verification, VerifiedLines};

#[cfg(test)]
mod tests;
