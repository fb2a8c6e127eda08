//! Reading lines back.

use std::time::Duration;

use serde::Deserialize;

use super::action::Action;
use super::document_state::{DocumentChange, DocumentState};
use super::line::CLASS;

/// A line as whoever reads a log takes it. The line itself has more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the log, from 0.
    pub sequence: u64,
    /// The tenant whose log it is of.
    pub tenant: String,
    /// The time since the Unix epoch.
    pub at: Duration,
    /// The action's name, such as `Rotate`.
    pub action: String,
    /// Whether it was done; a line [`Undone`](super::Action::Undone) may take that back.
    pub is_done: bool,
    /// Who did it.
    pub actor: String,
    /// The name of the key or tenant.
    pub subject: String,
    /// Whether that is a key.
    pub is_of_key: bool,
    /// The document's states around it.
    pub document: Option<DocumentChange>,
    /// The first and last line that a line `Not done` takes back.
    pub undone: Option<(u64, u64)>,
}

/// Why bytes are no line of a log. No text says anything of the bytes.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is no JSON, or lacks what every line has.
    #[error("the line is not an event of OCSF's class {CLASS}")]
    NoEvent(#[source] serde_json::Error),
    /// It is of another class.
    #[error("the line is of OCSF's class {0}, and not of {CLASS}")]
    OtherClass(u32),
    /// Its states of the document are none.
    #[error("the line has a document whose state cannot be read")]
    NoState,
}

#[derive(Deserialize)]
struct Line {
    class_uid: u32,
    time: u64,
    activity_name: String,
    status_id: u32,
    metadata: Metadata,
    actor: Actor,
    entity: Entity,
    unmapped: Option<Unmapped>,
}

#[derive(Deserialize)]
struct Metadata {
    sequence: u64,
    tenant_uid: String,
}

#[derive(Deserialize)]
struct Actor {
    user: Named,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Entity {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    data: Option<Lines>,
}

#[derive(Deserialize)]
struct Lines {
    first: Option<u64>,
    last: Option<u64>,
}

#[derive(Deserialize)]
struct Unmapped {
    document: Option<Document>,
}

#[derive(Deserialize)]
struct Document {
    before: String,
    after: String,
}

impl Record {
    /// Whether it is of a change that a batch makes, and not of a document that was found or led back.
    #[must_use]
    pub fn is_of_change(&self) -> bool {
        self.undone.is_none() && self.action != Action::Found(None).name()
    }

    /// Reads a line without its newline.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn parse(line: &[u8]) -> Result<Self, RecordError> {
        let line: Line = serde_json::from_slice(line).map_err(RecordError::NoEvent)?;
        if line.class_uid != CLASS {
            return Err(RecordError::OtherClass(line.class_uid));
        }
        let state = |text: &str| text.parse::<DocumentState>().or(Err(RecordError::NoState));
        let document = line.unmapped.and_then(|it| it.document);
        let document = document
            .map(|it| Ok(DocumentChange { before: state(&it.before)?, after: state(&it.after)? }));
        Ok(Self {
            sequence: line.metadata.sequence,
            tenant: line.metadata.tenant_uid,
            at: Duration::from_millis(line.time),
            action: line.activity_name,
            is_done: line.status_id == 1,
            actor: line.actor.user.name,
            is_of_key: line.entity.kind == "API key",
            subject: line.entity.name,
            document: document.transpose()?,
            undone: line.entity.data.and_then(|data| Some((data.first?, data.last?))),
        })
    }
}
